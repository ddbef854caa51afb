package ingest_test

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest"
)

// memory is a ledger that keeps attempts by identity and does as it is told.
type memory struct {
	mu     sync.Mutex // guards the fields below
	p      ingest.Progress
	groups []ingest.Group
	kept   map[[16]byte]deliveries.Attempt
	asked  int // attempts that Known was asked about
	synced []ingest.Position
	floor  time.Time

	fail func(verb string) error // nil: nothing fails
}

func newMemory() *memory { return &memory{kept: map[[16]byte]deliveries.Attempt{}} }

func (m *memory) failing(verb string) error {
	if m.fail == nil {
		return nil
	}
	return m.fail(verb)
}

func (m *memory) Progress(context.Context) (ingest.Progress, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.p, m.failing("progress")
}

func (m *memory) Apply(_ context.Context, g ingest.Group) ([]ingest.Verdict, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.failing("apply"); err != nil {
		return nil, err
	}
	m.groups = append(m.groups, g)
	v := make([]ingest.Verdict, len(g.Entries))
	for i, e := range g.Entries {
		if _, ok := m.kept[e.Attempt.Identity()]; !ok {
			m.kept[e.Attempt.Identity()] = e.Attempt
			v[i] = ingest.Counted
		}
	}
	if m.p.Applied.Before(g.Next) {
		m.p.Applied = g.Next
	}
	return v, nil
}

func (m *memory) Known(_ context.Context, attempts []deliveries.Attempt) ([]bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asked += len(attempts)
	known := make([]bool, len(attempts))
	for i, a := range attempts {
		known[i] = m.kept[a.Identity()] == a
	}
	return known, m.failing("known")
}

func (m *memory) Sync(_ context.Context, upTo ingest.Position) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.failing("sync"); err != nil {
		return err
	}
	m.p.Synced = upTo
	m.synced = append(m.synced, upTo)
	return nil
}

func (m *memory) Floor() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.floor
}

// failWith says from now on what fails.
func (m *memory) failWith(fail func(verb string) error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail = fail
}

func (m *memory) syncs() []ingest.Position {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.synced)
}

// applied returns the events of each group.
func (m *memory) applied() (all [][]string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, g := range m.groups {
		all = append(all, eventsOf(g))
	}
	return all
}

// eventsOf returns the events of a group, each once in a row.
func eventsOf(g ingest.Group) (events []string) {
	for _, e := range g.Entries {
		if n := len(events); n == 0 || events[n-1] != e.Attempt.Event {
			events = append(events, e.Attempt.Event)
		}
	}
	return events
}
