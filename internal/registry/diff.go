package registry

import (
	"fmt"
	"slices"
	"strings"
)

// Diff says what differs between two snapshots, by kind.
type Diff struct {
	Merchants Changes `json:"merchants"`
	Endpoints Changes `json:"endpoints"`
	Targets   Changes `json:"targets"`
}

// Changes lists IDs, sorted; never nil.
type Changes struct {
	Added   []string `json:"added"`
	Removed []string `json:"removed"`
	Changed []string `json:"changed"`
}

// Empty reports whether nothing differs.
func (d Diff) Empty() bool { return d.Merchants.empty() && d.Endpoints.empty() && d.Targets.empty() }

// String counts: "endpoints +2 -1 ~3, targets +1".
func (d Diff) String() string {
	var parts []string
	for _, k := range []struct {
		name string
		c    Changes
	}{{"merchants", d.Merchants}, {"endpoints", d.Endpoints}, {"targets", d.Targets}} {
		if !k.c.empty() {
			parts = append(parts, fmt.Sprintf("%s +%d -%d ~%d", k.name, len(k.c.Added), len(k.c.Removed), len(k.c.Changed)))
		}
	}
	if parts == nil {
		return "no change"
	}
	return strings.Join(parts, ", ")
}

func (c Changes) empty() bool { return len(c.Added)+len(c.Removed)+len(c.Changed) == 0 }

// Compare says what is new in next against s; s may be nil.
func (s *Snapshot) Compare(next *Snapshot) Diff {
	if s == nil {
		s = &Snapshot{}
	}
	return Diff{
		Merchants: changes(s.merchants, s.sortedMerchants, next.merchants, next.sortedMerchants,
			func(m Merchant) string { return m.ID }, Merchant.same),
		Endpoints: changes(s.endpoints, s.sortedEndpoints, next.endpoints, next.sortedEndpoints,
			func(w *Watched) string { return w.ID }, func(a, b *Watched) bool { return a.print == b.print }),
		Targets: changes(s.targets, s.sortedTargets, next.targets, next.sortedTargets,
			func(w *WatchedTarget) string { return w.ID }, func(a, b *WatchedTarget) bool { return a.print == b.print }),
	}
}

// same compares what m says: an empty list says as much as none.
func (m Merchant) same(o Merchant) bool {
	return m.ID == o.ID && m.Name == o.Name && m.Timezone == o.Timezone && m.Language == o.Language && m.Origin == o.Origin &&
		m.Digest.Mode == o.Digest.Mode && m.Digest.Slack == o.Digest.Slack && slices.Equal(m.Digest.To, o.Digest.To) && slices.Equal(m.Incidents.To, o.Incidents.To)
}

func changes[T any](old map[string]T, oldSorted []T, next map[string]T, nextSorted []T, id func(T) string, same func(a, b T) bool) Changes {
	c := Changes{Added: []string{}, Removed: []string{}, Changed: []string{}}
	for _, v := range nextSorted {
		switch before, ok := old[id(v)]; {
		case !ok:
			c.Added = append(c.Added, id(v))
		case !same(before, v):
			c.Changed = append(c.Changed, id(v))
		}
	}
	for _, v := range oldSorted {
		if _, ok := next[id(v)]; !ok {
			c.Removed = append(c.Removed, id(v))
		}
	}
	return c
}
