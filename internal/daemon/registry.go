package daemon

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/probes/certificate"
)

// registryStore is what the registry asks of the store.
type registryStore interface {
	Registry(ctx context.Context) (registry.Records, error)
	CommitRegistry(ctx context.Context, d registry.Delta) error
	TouchSeen(ctx context.Context, ids []string, at time.Time) error
	StaleSeen(ctx context.Context, before time.Time, limit int) ([]string, error)
}

// Registry is the one place where what is watched changes: it merges files
// and API, and what attempts show besides, makes each change durable first,
// and swaps an immutable snapshot second. It is safe for concurrent use.
type Registry struct {
	store   registryStore
	swapped func(*registry.Snapshot, registry.Diff) // called after each change of what is watched, in order, with that part alone
	sights  sights
	current atomic.Pointer[registry.Snapshot]
	usual   atomic.Pointer[registry.Defaults] // nobody who asks for them waits for the store

	mu sync.Mutex
	// guarded by mu
	records registry.Records
	failed  error // of the last commit
}

// newRegistry returns an empty registry; Import fills it.
func newRegistry(store registryStore, swapped func(*registry.Snapshot, registry.Diff)) *Registry {
	r := &Registry{store: store, swapped: swapped}
	r.current.Store(&registry.Snapshot{})
	r.usual.Store(&registry.Defaults{})
	return r
}

// Snapshot returns what is watched now, and what was only seen.
func (r *Registry) Snapshot() *registry.Snapshot { return r.current.Load() }

// Defaults returns what records leave out now.
func (r *Registry) Defaults() registry.Defaults { return *r.usual.Load() }

// CertificateFiles returns the watched files, and how they are judged.
func (r *Registry) CertificateFiles() ([]registry.CertificateFile, certificate.Policy) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.records.CertificateFiles, r.Defaults().Certificate.Policy
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
	r.records = merged
	r.usual.Store(&d)
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
	next, diff, faults := r.current.Load().Apply(delta, r.Defaults())
	faults = append(faults, registry.CheckReceivers(c.PutMerchants, r.Defaults())...)
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

// seeLocked registers endpoints that attempts name, in transactions of a thousand,
// and swaps them in together. Each passed its Check; what is known by now is
// left out. full counts those for which there was no room, and odd those whose
// merchant is stored and of no use. An error is the store's: those that were
// stored before it are registered all the same.
func (r *Registry) seeLocked(ctx context.Context, list []registry.Sighting) (registered, full, odd int, err error) {
	_, delta, full := r.records.See(list)
	next, diff, faults := r.current.Load().Apply(delta, r.Defaults())
	if odd = len(faults); odd > 0 {
		delta = without(delta, faults)
		next, diff, _ = r.current.Load().Apply(delta, r.Defaults())
	}
	var stored registry.Delta
	for _, part := range delta.Parts(discoverAtA) {
		if err = r.commitLocked(ctx, part); err != nil {
			break
		}
		stored.PutMerchants = append(stored.PutMerchants, part.PutMerchants...)
		stored.PutEndpoints = append(stored.PutEndpoints, part.PutEndpoints...)
	}
	if registered = len(stored.PutEndpoints); registered == 0 {
		return 0, full, odd, err
	}
	if err != nil {
		next, diff, _ = r.current.Load().Apply(stored, r.Defaults())
	}
	r.records.Merchants = append(r.records.Merchants, stored.PutMerchants...)
	r.records.Endpoints = append(r.records.Endpoints, stored.PutEndpoints...)
	r.swapLocked(next, diff)
	return registered, full, odd, err
}

// without returns d without the endpoints that have those faults, and without
// the merchants that only they needed.
func without(d registry.Delta, faults []registry.RecordFault) registry.Delta {
	bad := map[string]bool{}
	for _, f := range faults {
		bad[f.ID] = true
	}
	needed := map[string]bool{}
	d.PutEndpoints = slices.DeleteFunc(d.PutEndpoints, func(ep registry.Endpoint) bool {
		needed[ep.Merchant] = needed[ep.Merchant] || !bad[ep.ID]
		return bad[ep.ID]
	})
	d.PutMerchants = slices.DeleteFunc(d.PutMerchants, func(m registry.Merchant) bool { return !needed[m.ID] })
	return d
}

// Unsee drops those of the endpoints that are known from attempts alone, then
// the merchants so known that have none left, in transactions of a thousand. An
// error is the store's: what was dropped before it is gone all the same.
func (r *Registry) Unsee(ctx context.Context, ids []string) (endpoints, merchants int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delta, gone := r.records.Unsee(ids), registry.Delta{Seen: true}
	for part := range slices.Chunk(delta.DropEndpoints, discoverAtA) {
		if err = r.commitLocked(ctx, registry.Delta{Seen: true, DropEndpoints: part}); err != nil {
			break
		}
		gone.DropEndpoints = append(gone.DropEndpoints, part...)
	}
	for part := range slices.Chunk(delta.DropMerchants, discoverAtA) {
		if err != nil {
			break
		}
		if err = r.commitLocked(ctx, registry.Delta{Seen: true, DropMerchants: part}); err == nil {
			gone.DropMerchants = append(gone.DropMerchants, part...)
		}
	}
	if endpoints, merchants = len(gone.DropEndpoints), len(gone.DropMerchants); endpoints+merchants > 0 {
		next, diff, _ := r.current.Load().Apply(gone, r.Defaults()) // it puts nothing: there are no faults
		r.records = r.records.Without(gone)
		r.swapLocked(next, diff)
	}
	return endpoints, merchants, err
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
	was := r.current.Swap(next)
	r.sights.forget(diff.Endpoints.Removed)
	if before, after := was.Registered(), next.Registered(); before != after {
		r.swapped(after, diff.Within(before, after))
	}
}
