package alerting_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// summaryOf is a summary that stands for its n-th message.
func summaryOf(t *testing.T, n int, h alerting.HeldBack) alerting.Notice {
	t.Helper()
	h.Messages = 1
	facts, err := json.Marshal(alerting.Facts{Title: fmt.Sprint(n, " more"), MemberCount: n, Held: []alerting.HeldBack{h}})
	if err != nil {
		t.Fatal(err)
	}
	return alerting.Notice{Kind: alerting.KindSummary, Version: n, Facts: facts}
}

func TestASummaryNamesTheWorstOfWhatItStandsFor(t *testing.T) {
	t.Parallel()
	one := func(i int, severity rules.Severity, state alerting.State) alerting.HeldBack {
		return alerting.HeldBack{Incident: fmt.Sprint("inc_", i), Number: fmt.Sprint(i), Title: fmt.Sprint("t", i), Severity: severity, State: state, URL: fmt.Sprint("https://h.example/", i)}
	}
	var many []alerting.HeldBack
	for i := range 30 {
		many = append(many, one(i, rules.Low, alerting.StateOpen))
	}
	for name, c := range map[string]struct {
		held []alerting.HeldBack
		want string // numbers and messages
		more int
	}{
		"one":                     {[]alerting.HeldBack{one(1, rules.High, alerting.StateOpen)}, "1x1", 0},
		"one, several times":      {[]alerting.HeldBack{one(1, rules.High, alerting.StateOpen), one(2, rules.High, alerting.StateOpen), one(1, rules.High, alerting.StateOpen)}, "1x2 2x1", 0},
		"the loud before the low": {[]alerting.HeldBack{one(1, rules.Low, alerting.StateOpen), one(2, rules.High, alerting.StateOpen)}, "2x1 1x1", 0},
		"what is over comes last": {[]alerting.HeldBack{one(1, rules.High, alerting.StateResolved), one(2, rules.Low, alerting.StateOpen)}, "2x1 1x1", 0},
		"as it was told last":     {[]alerting.HeldBack{one(1, rules.High, alerting.StateOpen), one(2, rules.Low, alerting.StateOpen), one(1, rules.High, alerting.StateResolved)}, "2x1 1x2", 0},
		"more than it names":      {append(many, one(99, rules.High, alerting.StateOpen)), "99x1 0x1 1x1 2x1 3x1 4x1 5x1 6x1 7x1 8x1", 21},
		"about no incident":       {[]alerting.HeldBack{{Title: "a"}, {Title: "b"}, {Title: "a"}}, "x2 x1", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := summaryOf(t, 1, c.held[0])
			for i, h := range c.held[1:] {
				n = alerting.Gathered(n.Facts, summaryOf(t, i+2, h))
			}
			f := factsOf(t, n)
			var got []string
			for _, h := range f.Held {
				got = append(got, fmt.Sprint(h.Number, "x", h.Messages))
			}
			if s := strings.Join(got, " "); s != c.want || f.HeldMore() != c.more {
				t.Errorf("it names %s and %d more, want %s and %d", s, f.HeldMore(), c.want, c.more)
			}
			if f.MemberCount != len(c.held) || n.Version != len(c.held) {
				t.Errorf("it counts %d, version %d, want %d", f.MemberCount, n.Version, len(c.held))
			}
		})
	}
}
