package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest"
	"github.com/hookvigil/hookvigil/probes"
)

// quarters is what a ledger has counted.
type quarters struct {
	*memory
	all       []ingest.EndpointTally
	delivered map[string]time.Time
}

func (q quarters) DeliveredSince(_ context.Context, from time.Time) (map[string]time.Time, error) {
	some := map[string]time.Time{}
	for id, at := range q.delivered {
		if !at.Before(from) {
			some[id] = at
		}
	}
	return some, q.failing("delivered")
}

func (q quarters) Quarters(_ context.Context, from time.Time) ([]ingest.EndpointTally, error) {
	var some []ingest.EndpointTally
	for _, t := range q.all {
		if !t.Start.Before(from.Truncate(ingest.Quarter)) {
			some = append(some, t)
		}
	}
	return some, q.failing("quarters")
}

// entry is a first attempt that started and came in at a moment of the test
// day, after nine o'clock.
func entry(endpoint string, at time.Duration, failed bool) ingest.Entry {
	a := usual("evt", 1)[0]
	a.Endpoint, a.StartedAt = endpoint, nine.Add(at)
	e := ingest.Entry{Attempt: a, Received: nine.Add(at), Kind: deliveries.KindFirst, Fault: probes.FaultNone, Counts: true, Position: ingest.Position{Segment: 1, Offset: 100}}
	if failed {
		e.Fault = probes.FaultHTTP5xx
	}
	return e
}

var nine = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

func TestLatelyCountsTwoQuarters(t *testing.T) {
	t.Parallel()
	all := []ingest.Entry{
		entry("ep", -time.Nanosecond, true), entry("ep", 0, false), entry("ep", 14*time.Minute, true), entry("ep", 15*time.Minute, false),
		entry("ep", 29*time.Minute, false), entry("other", 29*time.Minute, true),
	}
	var l ingest.Lately
	for _, e := range all {
		l.Took(ingest.Group{Entries: []ingest.Entry{e}}, []ingest.Verdict{ingest.Counted})
	}
	for name, tc := range map[string]struct {
		endpoint      string
		now           time.Duration
		first, failed int
		window        time.Duration
	}{
		"in the second quarter": {"ep", 29 * time.Minute, 4, 1, 29 * time.Minute},
		"as the third begins":   {"ep", 30 * time.Minute, 2, 0, 15 * time.Minute},
		"in the fourth":         {"ep", 45 * time.Minute, 0, 0, 15 * time.Minute},
		"of another":            {"other", 29 * time.Minute, 1, 1, 29 * time.Minute},
		"of one without any":    {"none", 29 * time.Minute, 0, 0, 29 * time.Minute},
	} {
		first, failed, window := l.Endpoint(tc.endpoint, nine.Add(tc.now))
		if first != tc.first || failed != tc.failed || window != tc.window {
			t.Errorf("%s: %d, %d, %v; want %d, %d, %v", name, first, failed, window, tc.first, tc.failed, tc.window)
		}
	}
}

func TestLatelyLeavesOut(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change  func(e *ingest.Entry)
		verdict ingest.Verdict
		first   int
		told    bool // that it was delivered
	}{
		"a first attempt counts":       {func(*ingest.Entry) {}, ingest.Counted, 1, true},
		"a duplicate":                  {func(*ingest.Entry) {}, ingest.Duplicate, 0, false},
		"a correction":                 {func(*ingest.Entry) {}, ingest.Replaced, 0, false},
		"a retry, though delivered":    {func(e *ingest.Entry) { e.Kind = deliveries.KindRetry }, ingest.Counted, 0, true},
		"of a source without ratios":   {func(e *ingest.Entry) { e.Counts = false }, ingest.Counted, 0, true},
		"in test mode":                 {func(e *ingest.Entry) { e.Counts, e.Attempt.Mode = false, deliveries.Test }, ingest.Counted, 0, false},
		"no endpoint":                  {func(e *ingest.Entry) { e.Attempt.Endpoint = "" }, ingest.Counted, 0, false},
		"by a clock two quarters fast": {func(e *ingest.Entry) { e.Attempt.StartedAt = e.Received.Add(2 * ingest.Quarter) }, ingest.Counted, 0, false},
	}
	for name, tc := range tests {
		var l ingest.Lately
		e := entry("ep", time.Minute, false)
		tc.change(&e)
		l.Took(ingest.Group{Entries: []ingest.Entry{e}}, []ingest.Verdict{tc.verdict})
		if first, _, _ := l.Endpoint("ep", nine.Add(2*time.Minute)); first != tc.first {
			t.Errorf("%s: %d first attempts, want %d", name, first, tc.first)
		}
		if got := l.Delivered("ep"); got.IsZero() == tc.told {
			t.Errorf("%s: delivered %v, want told: %v", name, got, tc.told)
		}
	}
}

func TestLatelyKnowsTheLastDelivery(t *testing.T) {
	t.Parallel()
	var l ingest.Lately
	for _, e := range []ingest.Entry{entry("ep", 2*time.Minute, false), entry("ep", time.Minute, false), entry("ep", 3*time.Minute, true)} {
		l.Took(ingest.Group{Entries: []ingest.Entry{e}}, []ingest.Verdict{ingest.Counted})
	}
	if got, want := l.Delivered("ep"), nine.Add(2*time.Minute); !got.Equal(want) {
		t.Errorf("delivered at %v, want %v", got, want)
	}
	l.Took(ingest.Group{Entries: []ingest.Entry{entry("other", 31*time.Minute, false)}}, []ingest.Verdict{ingest.Counted})
	if got := l.Delivered("ep"); !got.IsZero() {
		t.Errorf("an endpoint without an attempt for two quarters is kept (%v)", got)
	}
}

func TestLatelyIsBounded(t *testing.T) {
	t.Parallel()
	var l ingest.Lately
	for i := range 1000 {
		e := entry(fmt.Sprint("ep-", i), time.Duration(i)*time.Minute, false)
		l.Took(ingest.Group{Entries: []ingest.Entry{e}}, []ingest.Verdict{ingest.Counted})
	}
	if got := l.Endpoints(); got > 30 {
		t.Errorf("%d endpoints after 1000 minutes of one each, want at most 30", got)
	}
}

func TestLatelyIsLoadedOnce(t *testing.T) {
	t.Parallel()
	e := entry("ep", 16*time.Minute, true)
	before := quarters{memory: newMemory(), all: []ingest.EndpointTally{
		{Endpoint: "ep", Start: nine.Add(-ingest.Quarter), Tally: ingest.Tally{First: 100}},
		{Endpoint: "ep", Start: nine, Tally: ingest.Tally{First: 7, FailedFirst: 2, Retries: 3}},
		{Endpoint: "ep", Start: nine.Add(ingest.Quarter), Tally: ingest.Tally{First: 1, FailedFirst: 1}},
	}}
	before.p.Applied = ingest.Position{Segment: 1, Offset: 200}
	l, err := ingest.LoadLately(t.Context(), before, nine.Add(20*time.Minute), 0)
	if err != nil {
		t.Fatal(err)
	}
	l.Took(ingest.Group{Entries: []ingest.Entry{e}}, []ingest.Verdict{ingest.Counted}) // a replay: it lies before what is applied
	e.Position.Offset = 200
	l.Took(ingest.Group{Entries: []ingest.Entry{e}}, []ingest.Verdict{ingest.Counted})
	if first, failed, _ := l.Endpoint("ep", nine.Add(20*time.Minute)); first != 9 || failed != 4 {
		t.Errorf("%d first attempts, %d failed; want 9 and 4", first, failed)
	}
	before.fail = func(verb string) error {
		if verb == "quarters" {
			return errors.New("away")
		}
		return nil
	}
	if _, err := ingest.LoadLately(t.Context(), before, nine, 0); err == nil {
		t.Error("no error from a ledger that is away")
	}
}

func TestLatelyKnowsDeliveriesOfTheLastRun(t *testing.T) {
	t.Parallel()
	q := quarters{memory: newMemory(), delivered: map[string]time.Time{"ep": nine.Add(20 * time.Minute), "old": nine.Add(-time.Hour)}}
	l, err := ingest.LoadLately(t.Context(), q, nine.Add(29*time.Minute), 0)
	if err != nil {
		t.Fatal(err)
	}
	if got := l.Delivered("ep"); !got.Equal(nine.Add(20 * time.Minute)) {
		t.Errorf("ep was delivered to at %s, want 09:20", got)
	}
	if got := l.Delivered("old"); !got.IsZero() {
		t.Errorf("old was delivered to at %s, want nothing: it is no evidence any more", got)
	}
}

// What came by a clock that was ahead does not keep what comes now from being
// known: a delivery vetoes an alarm.
func TestLatelyGoesOnAfterTheClockWasSetBack(t *testing.T) {
	t.Parallel()
	var l ingest.Lately
	took := func(list ...ingest.Entry) {
		v := make([]ingest.Verdict, len(list))
		l.Took(ingest.Group{Entries: list}, counted(v))
	}
	took(entry("ep", 0, false), entry("ahead", 5*time.Hour, false))
	took(entry("ep", time.Hour, false), entry("ep", time.Hour+time.Second, true))
	if got, want := l.Delivered("ep"), nine.Add(time.Hour); !got.Equal(want) {
		t.Errorf("delivered last at %s, want %s", got, want)
	}
	if first, failed, _ := l.Endpoint("ep", nine.Add(time.Hour)); first != 2 || failed != 1 {
		t.Errorf("%d first attempts and %d of them failed, want 2 and 1", first, failed)
	}
	if got := l.Delivered("ahead"); !got.IsZero() {
		t.Errorf("a delivery is known that lies ahead: %s", got)
	}
}

// What was applied before the start says nothing of the clock: neither that it
// was set back, nor that it is later than it is. What is new says the first.
func TestLatelyTakesNoReplayForAClockThatWasSet(t *testing.T) {
	t.Parallel()
	now, late := nine.Add(29*time.Minute), ingest.EndpointTally{Endpoint: "ep", Start: nine.Add(15 * time.Minute), Tally: ingest.Tally{First: 10, FailedFirst: 9}}
	for name, tt := range map[string]struct {
		at    time.Duration // when the entry came
		fresh bool
		kept  bool
	}{
		"a replay from 50 minutes ago":   {-21 * time.Minute, false, true},
		"a replay of a clock ahead":      {5 * time.Hour, false, true},
		"a new one from 50 minutes ago":  {-21 * time.Minute, true, false},
		"a new one from a moment ago":    {28 * time.Minute, true, true},
		"a replay of one a quarter away": {time.Minute, false, true},
	} {
		from := quarters{memory: newMemory(), all: []ingest.EndpointTally{late}, delivered: map[string]time.Time{"ep": nine.Add(20 * time.Minute)}}
		from.p.Applied = ingest.Position{Segment: 1, Offset: 1000}
		l, err := ingest.LoadLately(t.Context(), from, now, 0)
		if err != nil {
			t.Fatal(err)
		}
		e := entry("other", tt.at, false)
		if tt.fresh {
			e.Position = from.p.Applied
		}
		l.Took(ingest.Group{Entries: []ingest.Entry{e}}, []ingest.Verdict{ingest.Counted})
		first, failed, _ := l.Endpoint("ep", now)
		if kept := first == 10 && failed == 9 && l.Delivered("ep").Equal(nine.Add(20*time.Minute)); kept != tt.kept {
			t.Errorf("%s: %d of %d failed, delivered %v; kept: %t, want %t", name, failed, first, l.Delivered("ep"), kept, tt.kept)
		}
	}
}
