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
	at(600, probes.Healthy, probes.FaultNone)   // a gap: an interval and a half, and the second it took
	at(16*60, probes.Healthy, probes.FaultNone) // in the next quarter
	list := q.take(begin.Add(17*time.Minute), false)
	if len(list) != 2 {
		t.Fatalf("%d quarters, want 2", len(list))
	}
	for _, p := range list {
		if !p.Start.Equal(begin) {
			continue
		}
		if p.Bucket.Covered != 211*time.Second || p.Bucket.Down != time.Minute || p.Bucket.Total() != 3 || p.Bucket.Failed() != 1 {
			t.Errorf("covered %s, down %s, %d of %d failed; want 3m31s, 1m, 1 of 3", p.Bucket.Covered, p.Bucket.Down, p.Bucket.Failed(), p.Bucket.Total())
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

// A probe that hangs stands for all of its time: with a timeout longer than half
// of the interval turns are skipped, and what is skipped is bad time.
func TestQuartersCountHangingTimeWhole(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	const interval, timeout = 2 * time.Second, 3 * time.Second
	for sentence, tc := range map[string]struct {
		from, to time.Duration // it hangs
		wait     time.Duration // from the start of a hanging probe to the next
	}{
		"more than half of the time":             {20 * time.Second, 94 * time.Second, 4 * time.Second},
		"each turn is taken late":                {20 * time.Second, 94 * time.Second, timeout},
		"all of the time":                        {0, 140 * time.Second, 4 * time.Second},
		"a hang that is shorter than the turn":   {20 * time.Second, 24 * time.Second, 4 * time.Second},
		"not at all, each is answered in a jiff": {0, 0, interval},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			q := newQuarters(rules.BucketLength)
			for at := time.Duration(0); at < 140*time.Second; {
				r := probes.Result{At: begin.Add(at), Verdict: probes.Healthy, Fault: probes.FaultNone, Status: 200, Took: time.Millisecond}
				wait := interval
				if at >= tc.from && at < tc.to {
					r.Verdict, r.Fault, r.Status, r.Took, wait = probes.Down, probes.FaultTimeoutResponse, 0, timeout, tc.wait
				}
				q.probed("ep", r, interval)
				at += wait
			}
			var b rules.Bucket
			for _, p := range q.take(begin.Add(time.Hour), true) {
				b.Merge(p.Bucket)
			}
			if off := (b.Covered - 140*time.Second).Abs(); off > 4*time.Second {
				t.Errorf("covered %s of 2m20s", b.Covered)
			}
			if off := (b.Down - (tc.to - tc.from)).Abs(); off > 3*time.Second {
				t.Errorf("down for %s, want %s to a turn", b.Down, tc.to-tc.from)
			}
		})
	}
}

// What waits to be saved is told all the same, once.
func TestQuartersTellWhatIsNotSaved(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	q := newQuarters(rules.BucketLength)
	for _, minute := range []int{0, 14, 15, 29, 30} {
		q.probed("ep", probes.Result{At: begin.Add(time.Duration(minute) * time.Minute), Verdict: probes.Healthy, Fault: probes.FaultNone, Status: 200}, time.Minute)
	}
	for sentence, tc := range map[string]struct {
		endpoint string
		from, to int // minutes
		want     int // looks
	}{
		"all quarters":               {"ep", 0, 60, 5},
		"the window ends before one": {"ep", 0, 15, 2},
		"it begins after one":        {"ep", 15, 45, 3},
		"it begins within one":       {"ep", 20, 45, 3},
		"another endpoint":           {"other", 0, 60, 0},
	} {
		n := 0
		for _, one := range q.unsaved(nil, []string{tc.endpoint}, begin.Add(time.Duration(tc.from)*time.Minute), begin.Add(time.Duration(tc.to)*time.Minute)) {
			n += one.Probe.Total()
		}
		if n != tc.want {
			t.Errorf("%s: %d looks, want %d", sentence, n, tc.want)
		}
	}
	told := q.unsaved(nil, []string{"ep"}, begin, begin.Add(15*time.Minute))
	told[0].Probe.Add(probes.FaultHTTP5xx, 0) // whoever reads changes nothing
	for _, p := range q.take(begin.Add(time.Hour), true) {
		if p.Bucket.Failed() > 0 {
			t.Error("what was told is what is kept")
		}
	}
	if left := q.unsaved(nil, []string{"ep"}, begin, begin.Add(time.Hour)); len(left) != 0 {
		t.Errorf("%d quarters are told again after they were saved", len(left))
	}
}
