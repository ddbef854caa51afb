package backtest

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// Difference is what two settings made of one log.
type Difference struct {
	OnlyA []Episode // no episode of the same rule and scope was open in B at any of that time
	OnlyB []Episode
	Both  []Pair
	Rules []RuleSum // by rule
}

// Pair is one episode as both settings saw it. Each is in one pair at most:
// where one setting saw two episodes while the other saw one, the second of
// them is in no pair, nor among what only one saw; [RuleSum] counts it.
type Pair struct {
	A, B   Episode
	Opened time.Duration // how much later B opened; negative: earlier
	Closed time.Duration // how much later B cleared; 0 also when neither did
	Raised bool          // another severity was the worst in B
}

// RuleSum counts the episodes of one rule, and how long they were open
// together.
type RuleSum struct {
	Rule           rules.Rule
	CountA, CountB int
	OpenA, OpenB   time.Duration
}

// Compare says how b differs from a, two of the [Result.Played] of one log
// that ended then.
func Compare(a, b Played, end time.Time) Difference {
	d := Difference{Rules: sumsOf(a, b, end)}
	usedB := make([]bool, len(b.Episodes))
	metB := make([]bool, len(b.Episodes))
	for _, ea := range a.Episodes {
		met, paired := false, false
		for i, eb := range b.Episodes {
			if ea.Key.Rule != eb.Key.Rule || ea.Key.Scope != eb.Key.Scope || !overlap(ea, eb, end) {
				continue
			}
			met, metB[i] = true, true
			if !paired && !usedB[i] {
				paired, usedB[i] = true, true
				d.Both = append(d.Both, pairOf(ea, eb, end))
			}
		}
		if !met {
			d.OnlyA = append(d.OnlyA, ea)
		}
	}
	for i, eb := range b.Episodes {
		if !metB[i] {
			d.OnlyB = append(d.OnlyB, eb)
		}
	}
	return d
}

// overlap reports whether two episodes are about the same time: from the first
// bad fact to the clearing.
func overlap(a, b Episode, end time.Time) bool {
	return !a.Since.After(b.until(end)) && !b.Since.After(a.until(end))
}

func pairOf(a, b Episode, end time.Time) Pair {
	return Pair{A: a, B: b, Opened: b.Opened.Sub(a.Opened), Closed: b.until(end).Sub(a.until(end)), Raised: a.Severity != b.Severity}
}

func sumsOf(a, b Played, end time.Time) []RuleSum {
	sums := map[rules.Rule]*RuleSum{}
	of := func(r rules.Rule) *RuleSum {
		if sums[r] == nil {
			sums[r] = &RuleSum{Rule: r}
		}
		return sums[r]
	}
	for _, e := range a.Episodes {
		s := of(e.Key.Rule)
		s.CountA, s.OpenA = s.CountA+1, s.OpenA+e.Lasted(end)
	}
	for _, e := range b.Episodes {
		s := of(e.Key.Rule)
		s.CountB, s.OpenB = s.CountB+1, s.OpenB+e.Lasted(end)
	}
	list := make([]RuleSum, 0, len(sums))
	for _, s := range slices.SortedFunc(maps.Values(sums), func(x, y *RuleSum) int { return cmp.Compare(x.Rule, y.Rule) }) {
		list = append(list, *s)
	}
	return list
}
