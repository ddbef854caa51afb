package daemon

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hookvigil/hookvigil/internal/config"
	"github.com/hookvigil/hookvigil/internal/registry"
)

// How endpoints that only attempts name are registered. An acknowledgement
// waits for none of it.
const (
	discoverEvery = time.Second       // of the duty job
	discoverAtA   = 1_000             // endpoints in a transaction: the store is held for some 50 ms
	discoverTurn  = 10_000            // endpoints in a turn of the job, swapped in together
	sweepEvery    = time.Hour         // between the sweeps of what had no attempts; also how long a refusal stands
	mostSights    = registry.MostSeen // sightings that wait
	mostSightText = 32 << 20          // bytes of their texts
	mostTurned    = 20_000            // refusals that are remembered
)

// sightKey is what a sighting is told apart by: its URL may differ each time.
type sightKey struct{ id, merchant string }

// sights are the endpoints that attempts name, until the duty job has looked
// at them. They are bounded whatever is sent; what finds no room is asked for
// again by its next attempt. The zero value is empty; it is safe for
// concurrent use.
type sights struct {
	mu sync.Mutex
	// guarded by mu
	waiting map[sightKey]registry.Sighting
	bytes   int               // of the texts that wait
	turned  map[sightKey]bool // away since the last sweep: not asked again until the next
	active  map[string]bool   // known from attempts alone, and had one since the last sweep
	swept   time.Time
	lost    int  // that found no room since the last turn
	full    bool // no more fit into the registry, and that was said
}

// Discovers implements ingest.Discoverer.
func (i intake) Discovers(source string) bool {
	return slices.ContainsFunc(i.d.settings.Load().Sources, func(s config.Source) bool { return s.ID == source && s.Discover })
}

// Sighted implements ingest.Discoverer.
func (i intake) Sighted(list []registry.Sighting) { i.d.registry.sights.add(list) }

// add lets sightings wait; the same one waits once.
func (s *sights) add(list []registry.Sighting) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range list {
		key := sightKey{one.ID, one.Merchant}
		if _, waits := s.waiting[key]; waits || s.turned[key] || s.active[one.ID] {
			continue
		}
		size := len(one.ID) + len(one.Merchant) + len(one.URL)
		if len(s.waiting) >= mostSights || s.bytes+size > mostSightText {
			s.lost++
			continue
		}
		if s.waiting == nil {
			s.waiting = map[sightKey]registry.Sighting{}
		}
		// The texts of a record are one piece of memory, which goes.
		one = registry.Sighting{ID: strings.Clone(one.ID), Merchant: strings.Clone(one.Merchant), URL: strings.Clone(one.URL)}
		s.waiting[sightKey{one.ID, one.Merchant}] = one
		s.bytes += size
	}
}

// take returns up to n of those that wait, which then do no more.
func (s *sights) take(n int) []registry.Sighting {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]registry.Sighting, 0, min(n, len(s.waiting)))
	for key, one := range s.waiting {
		if len(list) == n {
			break
		}
		list = append(list, one)
		s.dropLocked(key, one)
	}
	if len(s.waiting) == 0 {
		s.waiting = nil // a flood leaves no empty house behind
	}
	return list
}

// refuse remembers that a sighting was refused, while there is room for that.
func (s *sights) refuse(one registry.Sighting) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.turned) < mostTurned {
		if s.turned == nil {
			s.turned = map[sightKey]bool{}
		}
		s.turned[sightKey{one.ID, one.Merchant}] = true
	}
}

// touch remembers that an endpoint which is known from attempts alone had one.
func (s *sights) touch(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.active == nil {
		s.active = map[string]bool{}
	}
	s.active[id] = true
}

// forget drops endpoints that are not known any more: their next attempt tells
// of them again, and none that was there before.
func (s *sights) forget(ids []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	gone := make(map[string]bool, len(ids))
	for _, id := range ids {
		delete(s.active, id)
		gone[id] = true
	}
	for key, one := range s.waiting {
		if gone[key.id] {
			s.dropLocked(key, one)
		}
	}
}

// dropLocked lets a sighting wait no more.
func (s *sights) dropLocked(key sightKey, one registry.Sighting) {
	delete(s.waiting, key)
	s.bytes -= len(one.ID) + len(one.Merchant) + len(one.URL)
}

// sweep reports whether a sweep is due, and what had attempts since the last.
func (s *sights) sweep(now time.Time) (active []string, due bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.swept.IsZero() {
		s.swept = now // those that are stored get an hour to show themselves
	}
	if now.Sub(s.swept) < sweepEvery {
		return nil, false
	}
	for id := range s.active {
		active = append(active, id)
	}
	s.swept, s.active, s.turned = now, nil, nil
	return active, true
}

// discovered counts what became of endpoints that attempts named.
type discovered struct {
	registered int
	full       int // there are [registry.MostSeen], or too many wait
	refused    int // no record can be made of them
}

// discover is the duty job: it registers what attempts named since the last
// time, and once an hour drops what had none for [registry.SeenFor].
func (d *Daemon) discover(ctx context.Context) {
	found, err := d.registry.discover(ctx)
	d.metrics.Discovered(found.registered, found.full, found.refused)
	if found.registered+found.full+found.refused > 0 {
		d.log.Info("endpoints seen in attempts", "registered", found.registered, "full", found.full, "refused", found.refused)
	}
	if d.registry.sights.sayFull(found) {
		d.log.Warn("endpoints seen in attempts are counted and no longer registered: there are too many", "most", registry.MostSeen)
	}
	endpoints, merchants, lost := d.registry.sweepSeen(ctx, time.Now())
	if endpoints+merchants > 0 {
		d.log.Info("endpoints without attempts dropped", "endpoints", endpoints, "merchants", merchants, "after", registry.SeenFor)
	}
	if err := errors.Join(err, lost); err != nil && ctx.Err() == nil {
		d.metrics.StoreFailed("discover")
		d.log.Warn("endpoints seen in attempts not stored; will try again", "err", err)
	}
}

// sayFull reports whether it has to be said that no more endpoints fit: once,
// until some fitted again.
func (s *sights) sayFull(found discovered) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	was := s.full
	switch {
	case found.full > 0:
		s.full = true
	case found.registered > 0:
		s.full = false
	}
	return s.full && !was
}

// discover registers a turn's worth of what waits. What could not be stored
// waits again. Nothing is changed or removed meanwhile: whoever removes an
// endpoint does not find it again for what was said of it before.
func (r *Registry) discover(ctx context.Context) (discovered, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	found := discovered{full: r.sights.takeLost()}
	fit := r.sift(r.sights.take(discoverTurn), &found)
	if len(fit) == 0 {
		return found, nil
	}
	registered, full, odd, err := r.seeLocked(ctx, fit)
	found.registered, found.full, found.refused = registered, found.full+full, found.refused+odd
	if err != nil {
		r.sights.add(fit)
		return found, err
	}
	r.turnAway(fit)
	return found, nil
}

func (s *sights) takeLost() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.lost
	s.lost = 0
	return n
}

// sift returns those of the list that are to be registered: unknown, and fit
// for a record.
func (r *Registry) sift(list []registry.Sighting, found *discovered) []registry.Sighting {
	snap := r.Snapshot()
	return slices.DeleteFunc(list, func(one registry.Sighting) bool {
		w, known := snap.Endpoint(one.ID)
		switch {
		case known && w.Origin == registry.OriginSeen:
			r.sights.touch(one.ID)
		case known:
		case one.Check() != nil:
			found.refused++
			r.sights.refuse(one)
		default:
			return false
		}
		return true
	})
}

// turnAway remembers those of the list that were not registered.
func (r *Registry) turnAway(list []registry.Sighting) {
	snap := r.Snapshot()
	for _, one := range list {
		if _, known := snap.Endpoint(one.ID); !known {
			r.sights.refuse(one)
		}
	}
}

// sweepSeen drops, once an hour, what is known from attempts alone and had none
// for so long. Which had some since the last sweep is stored first: at a crash
// that of an hour is lost, of 35 days.
func (r *Registry) sweepSeen(ctx context.Context, now time.Time) (endpoints, merchants int, err error) {
	active, due := r.sights.sweep(now)
	if !due {
		return 0, 0, nil
	}
	for some := range slices.Chunk(active, discoverAtA) {
		if err := r.store.TouchSeen(ctx, some, now); err != nil {
			return 0, 0, err // who was active shows it again
		}
	}
	for ctx.Err() == nil {
		stale, err := r.store.StaleSeen(ctx, now.Add(-registry.SeenFor), discoverTurn)
		if err != nil {
			return endpoints, merchants, err
		}
		gone, without, err := r.Unsee(ctx, stale)
		endpoints, merchants = endpoints+gone, merchants+without
		if err != nil || gone == 0 {
			return endpoints, merchants, err
		}
	}
	return endpoints, merchants, ctx.Err()
}
