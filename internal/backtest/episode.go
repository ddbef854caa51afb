package backtest

import (
	"cmp"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// Episode is one condition from its opening to its clearing.
type Episode struct {
	Key      rules.Key
	Severity rules.Severity // the worst that was told
	Fault    string         // the last; empty: none decides
	Merchant string         // whom the scope belongs to, when to one
	Since    time.Time      // the first bad fact, as it was known when it opened
	Opened   time.Time
	Cleared  time.Time      // zero: it was open at the end of the log
	Changes  []rules.Change // opened, raised, cleared
}

// Lasted returns how long it was open, at most until the end of the log.
func (e Episode) Lasted(end time.Time) time.Duration { return max(0, e.until(end).Sub(e.Opened)) }

// until returns when it cleared, or end while it was open.
func (e Episode) until(end time.Time) time.Time {
	if e.Cleared.IsZero() {
		return end
	}
	return e.Cleared
}

// episodesOf puts changes together that belong to one episode.
func episodesOf(changes []rules.Change) []Episode {
	var list []Episode
	at := map[rules.Key]int{}
	for _, c := range changes {
		i, there := at[c.Key]
		if !there {
			i = len(list)
			at[c.Key] = i
			list = append(list, Episode{Key: c.Key, Since: c.Since, Opened: c.At})
		}
		e := &list[i]
		e.Changes, e.Merchant = append(e.Changes, c), c.Merchant
		e.Fault = cmp.Or(c.Fault, e.Fault)
		if e.Severity == "" || c.Severity.Worse(e.Severity) {
			e.Severity = c.Severity
		}
		if !c.Open {
			e.Cleared = c.At
		}
	}
	slices.SortStableFunc(list, func(a, b Episode) int {
		return cmp.Or(a.Opened.Compare(b.Opened), cmp.Compare(a.Key.Rule, b.Key.Rule), cmp.Compare(a.Key.Scope, b.Key.Scope))
	})
	return list
}
