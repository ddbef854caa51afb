package web

import (
	"cmp"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

const maxConditions = 20 // on the page of an endpoint

// conditionRow is one condition on the page of an endpoint.
type conditionRow struct {
	Mark   signal // how loud it is, or that it is pending
	Rule   rules.Rule
	Fault  string
	Since  time.Time
	For    string // how long it has lasted; empty: it is not said
	Text   string
	Clears string // what would clear it; empty: it is pending, or nobody knows
	Low    bool   // it opens no incident
}

// endpointConditions is what the page of an endpoint shows of conditions.
type endpointConditions struct {
	Rows []conditionRow
	More int // than are shown
}

// conditionsAt picks the conditions of one endpoint, the loudest and newest
// first, what is pending last.
func conditionsAt(all []rules.Standing, endpoint string, now time.Time) endpointConditions {
	var list []rules.Standing
	for _, s := range all {
		if s.Scope == rules.ScopeOf(rules.ScopeEndpoint, endpoint) {
			list = append(list, s)
		}
	}
	slices.SortFunc(list, loudestFirst)
	shown := list[:min(len(list), maxConditions)]
	found := endpointConditions{More: len(list) - len(shown)}
	for _, s := range shown {
		found.Rows = append(found.Rows, conditionRowOf(s, now))
	}
	return found
}

func conditionRowOf(s rules.Standing, now time.Time) conditionRow {
	since := s.Episode.Since
	row := conditionRow{
		Rule: s.Rule, Fault: s.Episode.Fault, Since: since, For: lasting(now.Sub(since)),
		Mark: signal{Mark: rules.StateNoData, Word: string(rules.PhasePending)},
		Text: brevity{scope: s.Scope, since: since, now: now}.shorten(s.Evidence.Text),
	}
	if severity := loudness(s); severity != "" {
		row.Mark = signal{Mark: severityMark(severity), Word: string(severity)}
		row.Low, row.Clears = severity == rules.Low, s.Evidence.Clears
	}
	return row
}

// loudness is the severity of an open condition; one that is pending has none.
func loudness(s rules.Standing) rules.Severity {
	if s.Episode.Phase != rules.PhaseOpen {
		return ""
	}
	return s.Episode.Worst
}

func loudestFirst(a, b rules.Standing) int {
	loudA, loudB := loudness(a), loudness(b)
	switch {
	case loudA.Worse(loudB):
		return -1
	case loudB.Worse(loudA):
		return 1
	default:
		return cmp.Or(b.Episode.Since.Compare(a.Episode.Since), cmp.Compare(a.Rule, b.Rule))
	}
}

// quietOnes counts the open conditions that are low: no incident shows them.
func quietOnes(all []rules.Standing) int {
	n := 0
	for _, s := range all {
		if loudness(s) == rules.Low {
			n++
		}
	}
	return n
}

// countedAs says what the numerator of a rule's evidence counts. Of a common
// cause, and of a rule without a word here, the text of the evidence says it.
func countedAs(rule rules.Rule) string {
	switch rule {
	case rules.RuleEndpointDown:
		return "Failed probes"
	case rules.RulePlatformErrorRatio, rules.RuleProductErrorRatio, rules.RuleChannelErrorRatio, rules.RuleTypeErrorRatio,
		rules.RuleMerchantErrorRatio, rules.RuleEndpointFailing:
		return "Failed first attempts"
	case rules.RuleEndpointSlow:
		return "Slow answers"
	case rules.RuleLossComing:
		return "Events at risk, of those that wait"
	case rules.RuleEventsLost:
		return "Lost lately, of all lost events"
	case rules.RuleRetriesMissing:
		return "Overdue tries, of events that wait"
	case rules.RuleUpstreamDelay:
		return "Events confirmed late"
	case rules.RuleDuplicates:
		return "Attempts sent again"
	default:
		return "Counted"
	}
}
