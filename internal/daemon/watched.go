package daemon

import (
	"strings"

	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/internal/store"
)

// watched is what the second signal looks at in one turn.
type watched struct {
	key     string // in the schedule
	subject store.Subject
	url     string // of an endpoint, or the address of a target
	watch   registry.Watch
}

func endpointSubject(id string) store.Subject { return store.Subject{Kind: store.KindEndpoint, ID: id} }
func targetSubject(id string) store.Subject   { return store.Subject{Kind: store.KindTarget, ID: id} }
func fileSubject(id string) store.Subject     { return store.Subject{Kind: store.KindFile, ID: id} }

// targetPrefix keeps the keys of targets apart from those of endpoints in the
// schedule of certificates: an ID cannot hold a slash.
const targetPrefix = "target/"

// watchedBy finds what the second signal watches under a key of its schedule.
func watchedBy(snap *registry.Snapshot, key string) (watched, bool) {
	if id, ok := strings.CutPrefix(key, targetPrefix); ok {
		t, found := snap.Target(id)
		if !found {
			return watched{}, false
		}
		return watched{key, targetSubject(id), t.Address, t.Watch}, true
	}
	w, found := snap.Endpoint(key)
	if !found || w.Watch == nil || w.Suspended {
		return watched{}, false
	}
	return watched{key, endpointSubject(key), w.URL, *w.Watch}, true
}
