package daemon

import (
	"context"
	"slices"
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
	failed   error // of the last commit
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
// left out of the snapshot; they stay stored. before is called when all is
// stored, just before the swap.
func (r *Registry) Import(ctx context.Context, file registry.Records, d registry.Defaults, before func()) (registry.Diff, []registry.RecordFault, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	stored, err := r.store.Registry(ctx)
	if err != nil {
		return registry.Diff{}, nil, err
	}
	merged, delta := registry.Merge(file, stored)
	next, faults := registry.Build(merged, d)
	if err := r.commitLocked(ctx, delta); err != nil {
		return registry.Diff{}, nil, err
	}
	r.records, r.defaults = merged, d
	diff := r.current.Load().Compare(next)
	before()
	r.swapLocked(next, diff)
	return diff, faults, nil
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
	next, diff, faults := r.current.Load().Apply(delta, r.defaults)
	if bad := slices.DeleteFunc(faults, func(f registry.RecordFault) bool { return f.Warning }); len(bad) > 0 {
		return registry.Diff{}, &registry.InvalidError{Faults: bad}
	}
	if err := r.commitLocked(ctx, delta); err != nil {
		return registry.Diff{}, err
	}
	r.records = records
	r.swapLocked(next, diff)
	return diff, nil
}

// commitLocked stores a change, and remembers whether that worked.
func (r *Registry) commitLocked(ctx context.Context, delta registry.Delta) error {
	err := r.store.CommitRegistry(ctx, delta)
	if ctx.Err() == nil { // a caller who hung up says nothing about the store
		r.failed = err
	}
	return err
}

// trouble returns why the last change could not be stored, nil when it was.
func (r *Registry) trouble() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed
}

func (r *Registry) swapLocked(next *registry.Snapshot, diff registry.Diff) {
	r.current.Store(next)
	r.swapped(next, diff)
}
