package store_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// TestEveryLineOutOfOrderSaysWhy, also when the one right above it is earlier
// still; that the clock was set back is said once.
func TestEveryLineOutOfOrderSaysWhy(t *testing.T) {
	t.Parallel()
	now := time.Now().Truncate(time.Second)
	ago := func(s int) time.Time { return now.Add(-time.Duration(s) * time.Second) }
	for sentence, tc := range map[string]struct {
		at  []time.Time
		why []string // empty: it says nothing
	}{
		"two were late":             {[]time.Time{ago(30), ago(50), ago(40), ago(30), ago(20)}, []string{"", "(written at ", "(written at ", "", ""}},
		"the clock was set back":    {[]time.Time{ago(-3600), ago(9), ago(8)}, []string{"", "(the clock was set back", ""}},
		"and one was late after it": {[]time.Time{ago(-3600), ago(7), ago(9)}, []string{"", "(the clock was set back", "(written at "}},
	} {
		for _, atOnce := range []bool{true, false} {
			s := open(t, t.TempDir())
			e, c := failed("a", "h1", noon, minute(2))
			step(t, s, e, c)
			id := turn(t, s, minute(2)).Decision.Incidents[0].ID
			_, before := incident(t, s, id)
			var entries []alerting.Entry
			for i, at := range tc.at {
				entries = append(entries, alerting.Entry{Incident: id, Seq: len(before) + 1 + i, At: at, Kind: alerting.EntryNote, Text: "told"})
			}
			groups := [][]alerting.Entry{entries}
			if !atOnce {
				groups = slices.Collect(slices.Chunk(entries, 1))
			}
			for _, some := range groups {
				if _, err := s.CommitDesk(t.Context(), request(now), func(alerting.World, []rules.Change) alerting.Decision { return alerting.Decision{Entries: some} }); err != nil {
					t.Fatal(err)
				}
			}
			_, all := incident(t, s, id)
			for i, why := range tc.why {
				if got := all[len(before)+i].Text; got == "told" != (why == "") || !strings.HasPrefix(got, strings.TrimSpace("told "+why)) {
					t.Errorf("%s, at once %t: line %d says %q, want why %q", sentence, atOnce, i, got, why)
				}
			}
		}
	}
}
