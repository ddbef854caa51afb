package registry

import (
	"cmp"
	"maps"
	"slices"
)

// Apply returns the snapshot after delta, what differs, and what is wrong
// with the records that delta puts; a record with a fault that is no warning
// is left out. Only those records are resolved, so that one change costs
// little however many endpoints there are. s is not changed.
func (s *Snapshot) Apply(delta Delta, d Defaults) (*Snapshot, Diff, []RecordFault) {
	next := &Snapshot{
		merchants: maps.Clone(s.merchants), endpoints: maps.Clone(s.endpoints),
		targets: s.targets, sortedTargets: s.sortedTargets,
	}
	if next.merchants == nil {
		next.merchants, next.endpoints = map[string]Merchant{}, map[string]*Watched{}
	}
	touchedMerchants := idsOf(delta.PutMerchants, delta.DropMerchants, merchantID)
	touchedEndpoints := idsOf(delta.PutEndpoints, delta.DropEndpoints, endpointID)
	for id := range touchedMerchants {
		delete(next.merchants, id)
	}
	for id := range touchedEndpoints {
		delete(next.endpoints, id)
	}
	b := builder{defaults: d, refused: map[string]bool{}, snap: next}
	for _, m := range delta.PutMerchants {
		b.merchant(m)
	}
	for _, ep := range delta.PutEndpoints {
		b.endpoint(ep)
	}
	next.sortedMerchants = resorted(s.sortedMerchants, touchedMerchants, next.merchants, merchantID)
	next.sortedEndpoints = resorted(s.sortedEndpoints, touchedEndpoints, next.endpoints, watchedID)
	next.registered = s.registeredAfter(next, touchedMerchants, touchedEndpoints)
	diff := Diff{
		Merchants: touched(s.merchants, next.merchants, touchedMerchants, Merchant.same),
		Endpoints: touched(s.endpoints, next.endpoints, touchedEndpoints, func(a, b *Watched) bool { return a.print == b.print }),
		Targets:   Changes{Added: []string{}, Removed: []string{}, Changed: []string{}},
	}
	return next, diff, b.faults
}

func merchantID(m Merchant) string  { return m.ID }
func endpointID(ep Endpoint) string { return ep.ID }
func watchedID(w *Watched) string   { return w.ID }

func idsOf[T any](put []T, drop []string, id func(T) string) map[string]bool {
	ids := make(map[string]bool, len(put)+len(drop))
	for _, v := range put {
		ids[id(v)] = true
	}
	for _, v := range drop {
		ids[v] = true
	}
	return ids
}

// resorted is old with what was touched as it stands now, still sorted.
func resorted[T any](old []T, ids map[string]bool, now map[string]T, id func(T) string) []T {
	var fresh []T
	for k := range ids {
		if v, ok := now[k]; ok {
			fresh = append(fresh, v)
		}
	}
	slices.SortFunc(fresh, func(a, b T) int { return cmp.Compare(id(a), id(b)) })
	merged := make([]T, 0, len(old)+len(fresh))
	for _, v := range old {
		if ids[id(v)] {
			continue
		}
		for len(fresh) > 0 && id(fresh[0]) < id(v) {
			merged, fresh = append(merged, fresh[0]), fresh[1:]
		}
		merged = append(merged, v)
	}
	return append(merged, fresh...)
}

// touched says what became of the IDs.
func touched[T any](old, now map[string]T, ids map[string]bool, same func(a, b T) bool) Changes {
	c := Changes{Added: []string{}, Removed: []string{}, Changed: []string{}}
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		before, was := old[id]
		after, is := now[id]
		switch {
		case is && !was:
			c.Added = append(c.Added, id)
		case was && !is:
			c.Removed = append(c.Removed, id)
		case was && is && !same(before, after):
			c.Changed = append(c.Changed, id)
		}
	}
	return c
}
