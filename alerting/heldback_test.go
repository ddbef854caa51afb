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

// TestASummaryHasOneWording: receivers lay out what is said here, and say nothing
// of their own.
func TestASummaryHasOneWording(t *testing.T) {
	t.Parallel()
	const at = "https://h.example/1"
	for sentence, tc := range map[string]struct {
		held             alerting.HeldBack
		name, what, line string
	}{
		"an incident":          {alerting.HeldBack{Number: "kq72ma", Title: "a is down", Severity: rules.High, State: alerting.StateOpen, URL: at, Messages: 1}, "kq72ma", "high, open: a is down", "kq72ma high, open: a is down, " + at},
		"several messages":     {alerting.HeldBack{Number: "kq72ma", Title: "a is down", Severity: rules.High, State: alerting.StateResolved, Messages: 1_204}, "kq72ma", "high, resolved: a is down, 1,204 messages", "kq72ma high, resolved: a is down, 1,204 messages"},
		"about no incident":    {alerting.HeldBack{Title: "a notice died", Severity: rules.High, Messages: 1}, "notice", "high: a notice died", "notice, high: a notice died"},
		"and nothing is known": {alerting.HeldBack{Title: "a notice died"}, "notice", "a notice died", "notice: a notice died"},
		"a hostile one":        {alerting.HeldBack{Number: "k\nq", Title: "a\r\nBcc: x\u202e", Severity: "hi\ngh", URL: "javascript:alert(1)"}, "k q", "hi gh: a Bcc: x", "k q hi gh: a Bcc: x"},
	} {
		w := tc.held.Words(alerting.Line, 80, 80)
		if w.Name != tc.name || w.What() != tc.what || w.Line() != tc.line {
			t.Errorf("%s: got %q, %q, %q; want %q, %q, %q", sentence, w.Name, w.What(), w.Line(), tc.name, tc.what, tc.line)
		}
	}
	for want, f := range map[string]alerting.Facts{
		"": {MemberCount: 3},
		"1,200 messages about others: hookvigil incident ls": {MemberCount: 1_203, Held: []alerting.HeldBack{{Messages: 3}}},
		"1 message about others: hookvigil incident ls":      {MemberCount: 4, Held: []alerting.HeldBack{{Messages: 3}}},
	} {
		if got := f.HeldRest(); got != want {
			t.Errorf("the rest: got %q, want %q", got, want)
		}
	}
}
