package alerting_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// refusing is an endpoint that opens, with its own time in the text as rules
// write it.
func refusing(id string, since, when time.Time) rules.Change {
	c := down(id, "h", true, since, when)
	c.Evidence.Text = "refused at level reach since " + since.Format("15:04:05")
	return c
}

// TestATimelineReadsDownwards: what opened at once stands in the order in which
// it began, and what began earlier than the lines above says so.
func TestATimelineReadsDownwards(t *testing.T) {
	t.Parallel()
	for sentence, tc := range map[string]struct {
		turns [][]rules.Change // three minutes apart, the first at 12:05
		want  string
	}{
		"at once, in the order of the store": {
			[][]rules.Change{{refusing("c", at(3), at(5)), refusing("a", at(1), at(5)), refusing("b", at(2), at(4.5))}},
			"opened 12:01:00\nmember_joined 12:02:00\nmember_joined 12:03:00",
		},
		"one that began first comes later": {
			[][]rules.Change{{refusing("c", at(3), at(5))}, {refusing("d", at(6), at(8)), refusing("b", at(2), at(8))}},
			"opened 12:03:00\nmember_joined 12:02:00; it was the first to fail, and is seen only now\nmember_joined 12:06:00",
		},
		"one that began later, too": {
			[][]rules.Change{{refusing("a", at(1), at(5))}, {refusing("b", at(2), at(8))}},
			"opened 12:01:00\nmember_joined 12:02:00",
		},
		"in the same second": {
			[][]rules.Change{{refusing("a", at(1).Add(900*time.Millisecond), at(5))}, {refusing("b", at(1), at(8))}},
			"opened 12:01:00\nmember_joined 12:01:00",
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			h := &house{d: desk()}
			h.d.Fold.Endpoints = 2
			for _, id := range []string{"a", "b", "c", "d", "e"} {
				h.world.Failing = append(h.world.Failing, alerting.Failing{Rule: rules.RuleEndpointDown, Scope: rules.ScopeOf(rules.ScopeEndpoint, id), Host: "h", Fault: "refused", Since: at(1)})
			}
			for i, changes := range tc.turns {
				h.decide(at(5+3*float64(i)), changes...)
			}
			if n := len(h.world.Incidents); n != 1 {
				t.Fatalf("%d incidents, want one", n)
			}
			var lines []string
			for _, e := range h.entries {
				_, since, _ := strings.Cut(e.Text, " since ")
				lines = append(lines, string(e.Kind)+" "+since)
			}
			if got := strings.Join(lines, "\n"); got != tc.want {
				t.Errorf("got\n%s\nwant\n%s", got, tc.want)
			}
		})
	}
}

// TestDetectedIsWhenTheFirstWas, of those that opened an incident at once.
func TestDetectedIsWhenTheFirstWas(t *testing.T) {
	t.Parallel()
	h := &house{d: desk()}
	h.d.Fold.Endpoints = 2
	for _, id := range []string{"a", "b"} {
		h.world.Failing = append(h.world.Failing, alerting.Failing{Rule: rules.RuleEndpointDown, Scope: rules.ScopeOf(rules.ScopeEndpoint, id), Host: "h", Fault: "refused", Since: at(1)})
	}
	in := h.decide(at(5), refusing("a", at(1), at(5)), refusing("b", at(2), at(4))).Incidents[0]
	if !in.StartedAt.Equal(at(1)) || !in.DetectedAt.Equal(at(4)) {
		t.Errorf("started %s, detected %s; want 12:01 and 12:04", in.StartedAt, in.DetectedAt)
	}
}

func TestALineBelowALaterOneSaysWhy(t *testing.T) {
	t.Parallel()
	for sentence, tc := range map[string]struct {
		at, last, now time.Time
		want          string
	}{
		"later":                     {at(2), at(1), at(2), "told"},
		"at the same moment":        {at(1), at(1), at(1), "told"},
		"within the second":         {at(1), at(1).Add(999 * time.Millisecond), at(1).Add(time.Second), "told"},
		"nothing above":             {at(1), time.Time{}, at(1), "told"},
		"a second earlier":          {at(1), at(1).Add(time.Second), at(1).Add(2 * time.Second), "told (written at 2026-11-21 12:01:02 UTC, after the line above)"},
		"the clock was set back":    {at(1), at(61), at(1), "told (the clock was set back since the line above)"},
		"and what came after that":  {at(2), at(1), at(2), "told"},
		"it waited for a long time": {at(1), at(61), at(90), "told (written at 2026-11-21 13:30:00 UTC, after the line above)"},
	} {
		if got := (alerting.Entry{At: tc.at, Text: "told"}).Below(tc.last, tc.now).Text; got != tc.want {
			t.Errorf("%s: got %q, want %q", sentence, got, tc.want)
		}
	}
}
