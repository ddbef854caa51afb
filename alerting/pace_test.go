package alerting_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

func TestNextTry(t *testing.T) {
	t.Parallel()
	created := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	critical := alerting.Notice{IdemKey: "k", Severity: rules.Critical, Kind: alerting.KindPage, Attempts: 1, Created: created}
	high, reduced, test := critical, critical, critical
	high.Severity = rules.High
	reduced.Reduced = true
	test.Kind = alerting.KindTest
	for name, c := range map[string]struct {
		kind  string
		n     alerting.Notice
		class alerting.Class
		asked time.Duration
		after time.Duration // since created
		least time.Duration // wait; -1: dead
		most  time.Duration
	}{
		"a page comes back within seconds":                        {kind: "pagerduty", n: critical, class: alerting.ClassTransient, least: time.Second, most: 2 * time.Second},
		"Slack comes back within seconds at first":                {kind: "slack", n: high, class: alerting.ClassTransient, least: time.Second, most: 2 * time.Second},
		"mail comes back after a minute":                          {kind: "email", n: high, class: alerting.ClassAmbiguous, least: time.Minute, most: 2 * time.Minute},
		"a critical page is tried after a week":                   {kind: "pagerduty", n: critical, class: alerting.ClassTransient, after: 7 * 24 * time.Hour, least: time.Second, most: 2 * time.Second},
		"another page just under 48 h old is tried":               {kind: "pagerduty", n: high, class: alerting.ClassTransient, after: 48*time.Hour - 1, least: time.Second, most: 2 * time.Second},
		"another page 48 h old is dead":                           {kind: "pagerduty", n: high, class: alerting.ClassTransient, after: 48 * time.Hour, least: -1},
		"mail just under 48 h old is tried":                       {kind: "email", n: critical, class: alerting.ClassTransient, after: 48*time.Hour - 1, least: time.Minute, most: 2 * time.Minute},
		"mail 48 h old is dead":                                   {kind: "email", n: critical, class: alerting.ClassTransient, after: 48 * time.Hour, least: -1},
		"mail 48 h old is dead though the server asks for time":   {kind: "email", n: critical, class: alerting.ClassLimited, asked: time.Minute, after: 48 * time.Hour, least: -1},
		"Slack is tried for ever":                                 {kind: "slack", n: high, class: alerting.ClassTransient, after: 1000 * time.Hour, least: time.Second, most: 2 * time.Second},
		"Retry-After is obeyed to the tick":                       {kind: "slack", n: high, class: alerting.ClassLimited, asked: 30 * time.Second, least: 30 * time.Second, most: 30 * time.Second},
		"an hour is obeyed when nothing is critical":              {kind: "slack", n: high, class: alerting.ClassLimited, asked: time.Hour, least: time.Hour, most: time.Hour},
		"15 min are obeyed when it is critical":                   {kind: "slack", n: critical, class: alerting.ClassLimited, asked: 15 * time.Minute, least: 15 * time.Minute, most: 15 * time.Minute},
		"an hour is cut to 15 min when it is critical":            {kind: "slack", n: critical, class: alerting.ClassLimited, asked: time.Hour, least: 15 * time.Minute, most: 15 * time.Minute},
		"a year is cut to a day":                                  {kind: "slack", n: high, class: alerting.ClassLimited, asked: 365 * 24 * time.Hour, least: 24 * time.Hour, most: 24 * time.Hour},
		"limited without a time backs off":                        {kind: "slack", n: high, class: alerting.ClassLimited, least: time.Second, most: 2 * time.Second},
		"an address that will not work is dead":                   {kind: "slack", n: critical, class: alerting.ClassDestination, least: -1},
		"a refused form goes once more at once":                   {kind: "slack", n: high, class: alerting.ClassMessage, least: 0, most: 0},
		"a refused plain form is dead":                            {kind: "slack", n: reduced, class: alerting.ClassMessage, least: -1},
		"a plain form that fails otherwise is tried again":        {kind: "slack", n: reduced, class: alerting.ClassTransient, least: time.Second, most: 2 * time.Second},
		"refused credentials leave it due, whatever its age":      {kind: "email", n: high, class: alerting.ClassAuth, after: 100 * time.Hour, least: 0, most: 0},
		"a test is tried once, since somebody looks":              {kind: "slack", n: test, class: alerting.ClassTransient, least: -1},
		"a class that nobody knows is tried again like any other": {kind: "slack", n: high, class: "sideways", least: time.Second, most: 2 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := created.Add(c.after)
			e := &alerting.SendError{Class: c.class, RetryAfter: c.asked, Err: errors.New("no")}
			at, again := alerting.PaceOf(c.kind).NextTry(c.n, e, now)
			if again != (c.least >= 0) {
				t.Fatalf("again is %t, want %t", again, !again)
			}
			if wait := at.Sub(now); again && (wait < c.least || wait > c.most) {
				t.Errorf("waits %s, want %s to %s", wait, c.least, c.most)
			}
		})
	}
}

func TestBackOffGrowsWithinBoundsAndDecidesAlike(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	e := &alerting.SendError{Class: alerting.ClassTransient}
	waits := map[time.Duration]bool{}
	for attempt := 1; attempt <= 70; attempt++ { // beyond what a shift of 64 bits could hold
		longest := time.Duration(0)
		for key := range 200 {
			n := alerting.Notice{IdemKey: fmt.Sprint(key), Attempts: attempt, Created: now}
			at, _ := alerting.PaceOf("slack").NextTry(n, e, now)
			again, _ := alerting.PaceOf("slack").NextTry(n, e, now)
			if !at.Equal(again) {
				t.Fatalf("attempt %d: %s, then %s", attempt, at, again)
			}
			longest = max(longest, at.Sub(now))
			if attempt == 70 {
				waits[at.Sub(now).Round(time.Second)] = true
			}
			if at.Sub(now) < time.Second {
				t.Errorf("attempt %d waits %s, want at least 1s", attempt, at.Sub(now))
			}
		}
		most := min(5*time.Minute, time.Second<<min(attempt, 20))
		if longest > most || longest < most*3/4 {
			t.Errorf("attempt %d waits at most %s, want near %s", attempt, longest, most)
		}
	}
	if len(waits) < 80 {
		t.Errorf("200 notices come back in %d different seconds, want them spread over 300", len(waits))
	}
}
