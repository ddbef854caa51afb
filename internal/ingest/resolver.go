package ingest

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/registry"
)

// Resolver makes the attempts whole that sources tell of, whichever way they
// come: it finds the endpoint that is meant and whose it is, and refuses what
// cannot be taken. Make one with [NewResolver]; it is safe for concurrent use.
type Resolver struct {
	snapshot func() *registry.Snapshot
	sources  func(name string) bool
	to       Discoverer // nil: nobody registers endpoints that are not known
	places   places
}

// NewResolver returns one that asks snapshot for what is watched, and sources
// whether attempts of a source are taken (nil: of all). to is told of endpoints
// that nobody knows; nil: nobody is.
func NewResolver(snapshot func() *registry.Snapshot, sources func(name string) bool, to Discoverer) *Resolver {
	if sources == nil {
		sources = func(string) bool { return true }
	}
	return &Resolver{snapshot: snapshot, sources: sources, to: to}
}

// Begin starts on attempts that were received then, of which those from floor
// on are kept ([Intake.Floor]). All of them meet what is watched now.
func (r *Resolver) Begin(received, floor time.Time) *Resolution {
	return &Resolution{
		resolver: r, snap: r.snapshot(), received: received, floor: floor,
		seen: sightings{to: r.to, met: map[sighted]bool{}},
	}
}

// Resolution is attempts that came together, on their way. It is for one
// goroutine.
type Resolution struct {
	resolver        *Resolver
	snap            *registry.Snapshot
	received, floor time.Time
	seen            sightings // what they name that nobody registered
}

// Match is the endpoint that an attempt was found to be about, for
// [Resolution.Note].
type Match struct {
	watched *registry.Watched // nil: not known here
	silent  bool              // it makes no endpoint known
}

// Resolve completes what an attempt leaves open: its endpoint and whose it is.
// Its Source is set. The reason says why it is not taken, empty when it is.
func (n *Resolution) Resolve(a *deliveries.Attempt) (m Match, reason string) {
	if !n.resolver.sources(a.Source) {
		return m, fmt.Sprintf("source %s is not configured here", quoted(a.Source))
	}
	if reason := Refusal(a.StartedAt, n.received, n.floor); reason != "" {
		return m, reason
	}
	w, several := n.endpoint(a)
	strange := w != nil && !belongs(a, w)
	return Match{watched: w, silent: strange || several}, ""
}

// Note keeps what a, which is taken, says of an endpoint that nobody
// registered, until Tell or Forget.
func (n *Resolution) Note(a *deliveries.Attempt, m Match) {
	if !m.silent {
		n.seen.note(a, m.watched)
	}
}

// Tell hands on which endpoints were noted: once the attempts that named them
// are durable.
func (n *Resolution) Tell() { n.seen.tell() }

// Forget drops what was noted, and its texts: those attempts were not taken.
func (n *Resolution) Forget() { n.seen.forget() }

// endpoint finds the endpoint that a is about; nil when it is not known here.
// several says that it is one of some that people registered at one URL, and
// not which.
func (n *Resolution) endpoint(a *deliveries.Attempt) (w *registry.Watched, several bool) {
	if a.Endpoint == "" {
		registered := n.snap.Registered() // its index outlives what is only seen meanwhile
		if at := n.resolver.places.in(registered)[place{a.Merchant, a.URL}]; len(at) > 0 {
			w = pick(at, a.Product)
			return w, w == nil
		}
		if !n.place(a) {
			return nil, false
		}
	}
	w, _ = n.snap.Endpoint(a.Endpoint)
	return w, false
}

// place gives an attempt without an endpoint's ID the one that is made of its
// merchant and URL, where unknown endpoints are registered or this one was:
// given before its identity is taken, so that the identity is the same from
// its first attempt on. It reports whether it did.
func (n *Resolution) place(a *deliveries.Attempt) bool {
	s := registry.Sighting{ID: registry.SeenID(a.Merchant, a.URL), Merchant: a.Merchant, URL: a.URL}
	if _, known := n.snap.Endpoint(s.ID); !known && (!n.seen.discovers(a.Source) || s.Check() != nil) {
		return false
	}
	a.Endpoint = s.ID
	return true
}

// belongs makes a what the registry says of its endpoint w. Whose an endpoint
// is that was only seen, no person has said: an attempt that names another
// merchant stays that merchant's. It reports whether a is about w.
func belongs(a *deliveries.Attempt, w *registry.Watched) bool {
	if w.Origin == registry.OriginSeen && a.Merchant != "" && a.Merchant != w.Merchant {
		return false
	}
	a.Endpoint, a.Merchant = w.ID, w.Merchant
	return true
}

// quoted makes a stranger's word fit to stand in a message.
func quoted(s string) string {
	b, err := json.Marshal(registry.Clean(s))
	if err != nil {
		return `""` // a string always marshals
	}
	return string(b)
}
