package ingest

import (
	"slices"
	"sync"

	"github.com/hookvigil/hookvigil/internal/registry"
)

// place is how an attempt without an endpoint's ID names the endpoint.
type place struct{ merchant, url string }

// places finds endpoints by merchant and URL, for records without an ID. It
// keeps the index of one snapshot, made when it is first asked for. It is safe
// for concurrent use.
type places struct {
	mu   sync.Mutex
	of   *registry.Snapshot // guarded by mu, as is the index
	list map[place][]*registry.Watched
}

// in returns the index of a snapshot, which is read-only. The first call for a
// snapshot goes through all its endpoints.
func (p *places) in(snap *registry.Snapshot) map[place][]*registry.Watched {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.of == snap && p.list != nil {
		return p.list
	}
	list := make(map[place][]*registry.Watched, len(snap.Endpoints()))
	for _, w := range snap.Endpoints() {
		at := place{w.Merchant, w.URL}
		list[at] = append(list[at], w)
	}
	p.of, p.list = snap, list
	return list
}

// pick returns the one endpoint that is meant: of several with one URL the one
// that is for the product alone. nil: none, or which one is meant?
func pick(at []*registry.Watched, product string) *registry.Watched {
	if len(at) == 1 {
		return at[0]
	}
	var found *registry.Watched
	for _, w := range at {
		switch {
		case product == "" || !slices.Contains(w.Products, product):
		case found != nil:
			return nil
		default:
			found = w
		}
	}
	return found
}
