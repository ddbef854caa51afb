package ingest

import (
	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/registry"
)

// Discoverer registers the endpoints that attempts name and nobody knows. Both
// methods are safe for concurrent use and do not block.
type Discoverer interface {
	// Discovers reports whether unknown endpoints in attempts of that source
	// are registered as seen.
	Discovers(source string) bool

	// Sighted is told, each time some attempts are durable, which endpoints
	// they named that are unknown, or known from attempts alone. Nothing of them
	// was checked. The list is not kept, and neither are its texts.
	Sighted(list []registry.Sighting)
}

// sightings are the endpoints that some attempts name and nobody registered,
// each once. The zero value tells nobody.
type sightings struct {
	to   Discoverer
	met  map[sighted]bool
	list []registry.Sighting
}

// sighted is what a sighting is told apart by: a URL may differ each time.
type sighted struct{ id, merchant string }

// discovers reports whether unknown endpoints of a source are registered.
func (l *sightings) discovers(source string) bool { return l.to != nil && l.to.Discovers(source) }

// note keeps the endpoint of a, which is w or not known. Test traffic and our
// own pings make no endpoint known.
func (l *sightings) note(a *deliveries.Attempt, w *registry.Watched) {
	switch {
	case l.to == nil || a.Endpoint == "" && a.URL == "" || a.Mode == deliveries.Test || a.Synthetic():
		return
	case w != nil && w.Origin != registry.OriginSeen:
		return
	case w == nil && !l.to.Discovers(a.Source):
		return
	}
	key := sighted{a.Endpoint, a.Merchant}
	if key.id == "" { // one that no ID could be made of
		key.id = a.URL
	}
	if !l.met[key] {
		l.met[key] = true
		l.list = append(l.list, registry.Sighting{ID: a.Endpoint, Merchant: a.Merchant, URL: a.URL})
	}
}

// tell hands on what was noted, once the attempts that told of it are durable.
func (l *sightings) tell() {
	if len(l.list) > 0 {
		l.to.Sighted(l.list)
	}
	l.forget()
}

// forget drops what was noted.
func (l *sightings) forget() {
	clear(l.met)
	clear(l.list) // and the texts
	l.list = l.list[:0]
}
