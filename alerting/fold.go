package alerting

import (
	"maps"
	"slices"
	"strings"

	"github.com/hookvigil/hookvigil/rules"
)

// fold takes the single incidents of the same cause into one that they are
// part of: a common cause, the failures of the whole platform, or for a merchant's
// those of a channel, a product or a type.
func (t *turn) fold(into *Incident, g group) {
	if g.rule != RuleCommonCause && g.rule != rules.RulePlatformErrorRatio && (!ofRatios(g.rule) || g.merchant != "") {
		return
	}
	for _, id := range slices.Sorted(maps.Keys(t.incidents)) {
		in := t.incidents[id]
		if in == into || !in.Live() || in.Rule == RuleCommonCause || apart(in.StartedAt, into.StartedAt) > t.desk.Fold.Within {
			continue
		}
		seats := t.seatsIn(in)
		if len(seats) == 0 || slices.ContainsFunc(seats, func(s seat) bool { return !into.explains(in.Members[s.i]) }) {
			continue
		}
		for _, s := range seats {
			m := in.Members[s.i]
			t.leave(s)
			t.sit(into, m)
		}
		into.Story.Merchants, in.Story.Merchants = both(into.Story.Merchants, in.Story.Merchants), nil // they hear the end of that
		into.Story.Owed, in.Story.Owed = both(into.Story.Owed, in.Story.Owed), nil
		t.folded(in, into)
	}
}

// both are the names of two lists, each once and in order.
func both(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// folded ends an incident that goes on as a part of another.
func (t *turn) folded(in, into *Incident) {
	in.State, in.ResolvedAt, in.Parent = StateResolved, t.now, into.ID
	in.ResolvedBy = "folded into " + into.Number()
	for _, d := range t.leading(t.told[in.ID]) { // who was told hears how it goes on
		if d.Form != FormMerchant && !t.reaches(into, d.Lane) {
			t.further[into.ID] = append(t.further[into.ID], d)
		}
	}
	t.happened(in, EntryFolded, "one of many with the same cause: it goes on in "+into.Number(), tellThread)
}

// explains reports whether a condition has the cause of an incident.
func (in Incident) explains(m Membership) bool {
	switch {
	case in.Rule == rules.RulePlatformErrorRatio:
		return ofRatios(m.Key.Rule)
	case ofRatios(in.Rule):
		return m.Key.Rule == rules.RuleMerchantErrorRatio
	}
	if host, ok := strings.CutPrefix(in.GroupKey, keyHost); ok {
		return m.Host == host && slices.ContainsFunc(in.Members, func(o Membership) bool {
			return causeOf(o.Key.Rule, o.Fault) == causeOf(m.Key.Rule, m.Fault)
		})
	}
	return shared(m.Key.Rule) && causeOf(m.Key.Rule, m.Fault) == strings.TrimPrefix(in.GroupKey, keyCommon)
}
