package daemon

import (
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/rules"
)

func TestQuartersCoverNoMoreThanWasSeen(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	q := newQuarters(rules.BucketLength)
	at := func(s int, v probes.Verdict, f probes.Fault) {
		q.probed("ep", probes.Result{At: begin.Add(time.Duration(s) * time.Second), Verdict: v, Fault: f, Status: 200, Took: time.Second}, time.Minute)
	}
	at(0, probes.Healthy, probes.FaultNone)     // one interval
	at(60, probes.Down, probes.FaultHTTP5xx)    // a minute, bad
	at(90, probes.Unknown, probes.FaultUnknown) // no opinion
	at(600, probes.Healthy, probes.FaultNone)   // a gap: an interval and a half
	at(16*60, probes.Healthy, probes.FaultNone) // in the next quarter
	list := q.take(begin.Add(17*time.Minute), false)
	if len(list) != 2 {
		t.Fatalf("%d quarters, want 2", len(list))
	}
	for _, p := range list {
		if !p.Start.Equal(begin) {
			continue
		}
		if p.Bucket.Covered != 210*time.Second || p.Bucket.Down != time.Minute || p.Bucket.Total() != 3 || p.Bucket.Failed() != 1 {
			t.Errorf("covered %s, down %s, %d of %d failed; want 3m30s, 1m, 1 of 3", p.Bucket.Covered, p.Bucket.Down, p.Bucket.Failed(), p.Bucket.Total())
		}
	}
	at(17*60, probes.Healthy, probes.FaultNone)
	if again := q.take(begin.Add(17*time.Minute+time.Second), false); again != nil {
		t.Errorf("took %d a second later, want none yet", len(again))
	}
	if rest := q.take(begin.Add(17*time.Minute+time.Second), true); len(rest) != 1 {
		t.Errorf("took %d at the end, want 1", len(rest))
	}
}
