package registry

import "slices"

// Registered returns the part of s that somebody registered: what is watched.
// Snapshots that differ in what was only seen share it, so that comparing two
// results by their address says whether anything that is watched has changed.
func (s *Snapshot) Registered() *Snapshot {
	if s.registered != nil {
		return s.registered
	}
	return s
}

// Within reduces a difference to what two snapshots say of it, which are the
// parts of those it was made of: an endpoint that was only seen before counts
// as added.
func (d Diff) Within(before, after *Snapshot) Diff {
	return Diff{
		Merchants: within(d.Merchants, before.merchants, after.merchants),
		Endpoints: within(d.Endpoints, before.endpoints, after.endpoints),
		Targets:   d.Targets, // none is only seen
	}
}

func within[T any](c Changes, before, after map[string]T) Changes {
	out := Changes{Added: []string{}, Removed: []string{}, Changed: []string{}}
	ids := slices.Concat(c.Added, c.Removed, c.Changed)
	slices.Sort(ids)
	for _, id := range ids {
		_, was := before[id]
		_, is := after[id]
		switch {
		case was && is:
			out.Changed = append(out.Changed, id)
		case is:
			out.Added = append(out.Added, id)
		case was:
			out.Removed = append(out.Removed, id)
		}
	}
	return out
}

// withoutSeen returns s without the endpoints that were only seen, and without
// the merchants that were only seen and have no other; nil when that is s.
func (s *Snapshot) withoutSeen() *Snapshot {
	part := &Snapshot{merchants: map[string]Merchant{}, endpoints: map[string]*Watched{}, targets: s.targets, sortedTargets: s.sortedTargets}
	needed := map[string]bool{}
	for _, w := range s.sortedEndpoints {
		if w.Origin == OriginSeen {
			continue
		}
		part.endpoints[w.ID], needed[w.Merchant] = w, true
		part.sortedEndpoints = append(part.sortedEndpoints, w)
	}
	for _, m := range s.sortedMerchants {
		if m.Origin == OriginSeen && !needed[m.ID] {
			continue
		}
		part.merchants[m.ID] = m
		part.sortedMerchants = append(part.sortedMerchants, m)
	}
	if len(part.endpoints) == len(s.endpoints) && len(part.merchants) == len(s.merchants) {
		return nil
	}
	return part
}

// registeredAfter returns what Registered says of next, which came of s by a
// change of those records: the part of s where nothing of it was touched.
func (s *Snapshot) registeredAfter(next *Snapshot, merchants, endpoints map[string]bool) *Snapshot {
	part := s.Registered()
	for id := range endpoints {
		_, was := part.endpoints[id]
		if w, is := next.endpoints[id]; was || is && w.Origin != OriginSeen {
			return next.withoutSeen()
		}
	}
	for id := range merchants {
		_, was := part.merchants[id]
		if m, is := next.merchants[id]; was || is && m.Origin != OriginSeen {
			return next.withoutSeen()
		}
	}
	return part
}
