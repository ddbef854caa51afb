package daemon

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/probes/certificate"
)

// registryStore is what the registry asks of the store.
type registryStore interface {
	Registry(ctx context.Context) (registry.Records, error)
	CommitRegistry(ctx context.Context, d registry.Delta) error
}

// Registry is the one place where what is watched changes: it merges files
// and API, makes each change durable first, and swaps an immutable snapshot
// second. It is safe for concurrent use.
type Registry struct {
	store   registryStore
	swapped func(*registry.Snapshot, registry.Diff) // called after each swap, in order
	current atomic.Pointer[registry.Snapshot]

	mu sync.Mutex
	// guarded by mu
	records  registry.Records
	defaults registry.Defaults
}

// newRegistry returns an empty registry; Import fills it.
func newRegistry(store registryStore, swapped func(*registry.Snapshot, registry.Diff)) *Registry {
	r := &Registry{store: store, swapped: swapped}
	r.current.Store(&registry.Snapshot{})
	return r
}

// Snapshot returns what is watched now.
func (r *Registry) Snapshot() *registry.Snapshot { return r.current.Load() }

// Defaults returns what records leave out now.
func (r *Registry) Defaults() registry.Defaults {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.defaults
}

// CertificateFiles returns the watched files, and how they are judged.
func (r *Registry) CertificateFiles() ([]registry.CertificateFile, certificate.Policy) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.records.CertificateFiles, r.defaults.Certificate.Policy
}

// Import puts the file's records over what is stored (the file wins) in one
// transaction and swaps. The records must have passed their checks. Records
// of the API that the new defaults make invalid are returned as faults and
// left out of the snapshot; they stay stored.
func (r *Registry) Import(ctx context.Context, file registry.Records, d registry.Defaults) (registry.Diff, []registry.RecordFault, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	stored, err := r.store.Registry(ctx)
	if err != nil {
		return registry.Diff{}, nil, err
	}
	merged, delta := registry.Merge(file, stored)
	next, faults := registry.Build(merged, d)
	if err := r.store.CommitRegistry(ctx, delta); err != nil {
		return registry.Diff{}, nil, err
	}
	r.records, r.defaults = merged, d
	return r.swapLocked(next), faults, nil
}

// Apply makes one change of the API: all of it is checked, stored and swapped
// in, or nothing is. Errors: *registry.InvalidError, registry.ErrNotFound,
// registry.ErrFromFile, or the store's.
func (r *Registry) Apply(ctx context.Context, c registry.Change) (registry.Diff, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	records, delta, err := r.records.With(c)
	if err != nil {
		return registry.Diff{}, err
	}
	next, faults := registry.Build(records, r.defaults)
	if bad := blamed(faults, c); len(bad) > 0 {
		return registry.Diff{}, &registry.InvalidError{Faults: bad}
	}
	if err := r.store.CommitRegistry(ctx, delta); err != nil {
		return registry.Diff{}, err
	}
	r.records = records
	return r.swapLocked(next), nil
}

func (r *Registry) swapLocked(next *registry.Snapshot) registry.Diff {
	diff := r.current.Load().Compare(next)
	r.current.Store(next)
	r.swapped(next, diff)
	return diff
}

// blamed returns the faults, no warnings, of the records that c wrote: another
// record's old fault must not stop a good change.
func blamed(faults []registry.RecordFault, c registry.Change) []registry.RecordFault {
	written := map[string]bool{}
	for _, m := range c.PutMerchants {
		written["merchant "+m.ID] = true
	}
	for _, ep := range c.PutEndpoints {
		written["endpoint "+ep.ID] = true
	}
	var bad []registry.RecordFault
	for _, f := range faults {
		if !f.Warning && written[f.Kind+" "+f.ID] {
			bad = append(bad, f)
		}
	}
	return bad
}
