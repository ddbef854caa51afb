package registry

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// Records is everything that is watched, as written.
type Records struct {
	Merchants        []Merchant
	Endpoints        []Endpoint
	Targets          []Target
	CertificateFiles []CertificateFile
}

// Snapshot is everything that is known at one moment, resolved and sorted:
// what is watched, because a file or the API registered it, and what was only
// seen in attempts ([OriginSeen]). What is found by its ID may be either; lists
// hold what is watched unless their name says Known, so that nobody probes,
// mails or hands out by oversight what was only seen. It is immutable and safe
// for concurrent use; the zero value is empty.
type Snapshot struct {
	merchants map[string]Merchant
	endpoints map[string]*Watched
	targets   map[string]*WatchedTarget

	sortedEndpoints []*Watched // by ID
	sortedTargets   []*WatchedTarget
	sortedMerchants []Merchant

	registered *Snapshot // the same without what was only seen; nil: that is all
}

// RecordFault is a [Fault] of one record of a set.
type RecordFault struct {
	Kind string // "merchant", "endpoint", "target"
	ID   string
	Fault
}

// String says it in one line.
func (f RecordFault) String() string {
	return fmt.Sprintf("%s %q: %s: %s", f.Kind, short(f.ID), f.Path, f.Message)
}

// Build resolves all records. A record with a fault that is no warning is
// left out of the snapshot; whether that stops anything is the caller's
// choice. The first of two records with one ID is kept.
func Build(rec Records, d Defaults) (*Snapshot, []RecordFault) {
	b := builder{defaults: d, refused: map[string]bool{}, snap: &Snapshot{
		merchants: make(map[string]Merchant, len(rec.Merchants)),
		endpoints: make(map[string]*Watched, len(rec.Endpoints)),
		targets:   make(map[string]*WatchedTarget, len(rec.Targets)),
	}}
	for _, m := range rec.Merchants {
		b.merchant(m)
	}
	for _, ep := range rec.Endpoints {
		b.endpoint(ep)
	}
	for _, t := range rec.Targets {
		b.target(t)
	}
	s := b.snap
	s.sortedEndpoints = sortedBy(s.endpoints, func(w *Watched) string { return w.ID })
	s.sortedTargets = sortedBy(s.targets, func(w *WatchedTarget) string { return w.ID })
	s.sortedMerchants = sortedBy(s.merchants, func(m Merchant) string { return m.ID })
	s.registered = s.withoutSeen()
	return s, b.faults
}

func sortedBy[T any](m map[string]T, id func(T) string) []T {
	return slices.SortedFunc(maps.Values(m), func(a, b T) int { return cmp.Compare(id(a), id(b)) })
}

type builder struct {
	defaults Defaults
	snap     *Snapshot
	faults   []RecordFault
	refused  map[string]bool // merchants with faults
}

// keep records the faults and reports whether none of them stops the record.
func (b *builder) keep(kind, id string, taken bool, faults []Fault) bool {
	if taken {
		faults = append(faults, Fault{Path: "id", Message: "is used twice", Hint: "IDs of one kind are unique over all merchants"})
	}
	good := true
	for _, f := range faults {
		b.faults = append(b.faults, RecordFault{Kind: kind, ID: id, Fault: f})
		good = good && f.Warning
	}
	return good
}

func (b *builder) merchant(m Merchant) {
	m, faults := CheckMerchant(m)
	_, taken := b.snap.merchants[m.ID]
	if b.keep("merchant", m.ID, taken, faults) {
		b.snap.merchants[m.ID] = m
	} else {
		b.refused[m.ID] = true
	}
}

func (b *builder) endpoint(ep Endpoint) {
	w, faults := ResolveEndpoint(ep, b.defaults)
	if _, ok := b.snap.merchants[ep.Merchant]; !ok {
		message := "there is no merchant %q"
		if b.refused[ep.Merchant] {
			message = "the merchant %q has faults of its own"
		}
		faults = append(faults, Fault{Path: "merchant", Message: fmt.Sprintf(message, short(ep.Merchant))})
	}
	_, taken := b.snap.endpoints[ep.ID]
	if b.keep("endpoint", ep.ID, taken, faults) {
		b.snap.endpoints[ep.ID] = &w
	}
}

func (b *builder) target(t Target) {
	w, faults := ResolveTarget(t, b.defaults)
	_, taken := b.snap.targets[t.ID]
	if b.keep("target", t.ID, taken, faults) {
		b.snap.targets[t.ID] = &w
	}
}

// Endpoint returns the endpoint with that ID, also when it was only seen.
func (s *Snapshot) Endpoint(id string) (*Watched, bool) {
	w, ok := s.endpoints[id]
	return w, ok
}

// Target returns the target with that ID.
func (s *Snapshot) Target(id string) (*WatchedTarget, bool) {
	w, ok := s.targets[id]
	return w, ok
}

// Merchant returns the merchant with that ID, also when it was only seen.
func (s *Snapshot) Merchant(id string) (Merchant, bool) {
	m, ok := s.merchants[id]
	return m, ok
}

// Endpoints returns the endpoints that are watched, by ID. The slice must not
// be changed.
func (s *Snapshot) Endpoints() []*Watched { return s.Registered().sortedEndpoints }

// KnownEndpoints returns all endpoints by ID, those that were only seen among
// them. The slice must not be changed.
func (s *Snapshot) KnownEndpoints() []*Watched { return s.sortedEndpoints }

// Targets returns all targets by ID. The slice must not be changed.
func (s *Snapshot) Targets() []*WatchedTarget { return s.sortedTargets }

// Merchants returns the merchants that somebody registered, or that have an
// endpoint which is watched, by ID. The slice must not be changed.
func (s *Snapshot) Merchants() []Merchant { return s.Registered().sortedMerchants }

// KnownMerchants returns all merchants by ID, those that were only seen among
// them. The slice must not be changed.
func (s *Snapshot) KnownMerchants() []Merchant { return s.sortedMerchants }
