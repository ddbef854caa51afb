package daemon

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/alerting/digest"
	"github.com/hookvigil/hookvigil/internal/store"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/rules"
)

// TestAvailabilityAgreesWithWhatIsSaidOfMaintenance probes an endpoint each
// minute through a window with plans and outages: what the quarters hold is the
// time outside of the spans that the digest tells, and the ratio that of its
// minutes.
func TestAvailabilityAgreesWithWhatIsSaidOfMaintenance(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 11, 21, 6, 0, 0, 0, time.UTC)
	window := digest.Window{Start: begin, End: begin.Add(6 * time.Hour)}
	rapid.Check(t, func(t *rapid.T) {
		var plans []alerting.Maintenance
		for i := range rapid.IntRange(0, 3).Draw(t, "plans") {
			m := alerting.Maintenance{
				ID: string(rune('a' + i)), Matcher: rapid.SampledFrom([]alerting.Matcher{
					{Merchant: []string{"shop"}}, {Endpoint: []string{"pay"}}, {Merchant: []string{"shop"}, Endpoint: []string{"pay"}},
					{Merchant: []string{"other"}}, {Channel: []string{"QR"}}, {Endpoint: []string{"pay"}, Product: []string{"cards"}},
				}).Draw(t, "matcher"),
				Zone: "Asia/Jakarta", Start: begin.AddDate(0, 0, -3).Add(time.Duration(rapid.IntRange(-120, 350).Draw(t, "start")) * time.Minute),
				Length: time.Duration(rapid.IntRange(1, 200).Draw(t, "length")) * time.Minute, Recurrence: "FREQ=DAILY", By: "ana", Reason: "backup",
				Created: begin.AddDate(0, 0, -4),
			}
			m, faults := m.Settled(begin)
			if len(faults) > 0 {
				t.Fatal(faults)
			}
			plans = append(plans, m)
		}
		q := newQuarters(rules.BucketLength)
		q.quiet.Store(&quietNow{plans: alerting.Quiet{Maintenance: plans}, owner: func(string) string { return "shop" }})
		var down [360]bool
		for from := rapid.IntRange(0, 359).Draw(t, "fails at"); from < 360 && rapid.Bool().Draw(t, "goes on"); from++ {
			down[from] = true
		}
		spans := newPlansOf(plans, begin).spans("pay", "shop", window)
		within := func(at time.Time) bool {
			for _, s := range spans {
				if !at.Before(s.Start) && at.Before(s.End) {
					return true
				}
			}
			return false
		}
		var counted, bad time.Duration
		for minute := range 360 {
			at := begin.Add(time.Duration(minute) * time.Minute)
			r := probes.Result{At: at, Verdict: probes.Healthy, Status: 200, Took: time.Second}
			if down[minute] {
				r.Verdict, r.Fault, r.Status = probes.Down, probes.FaultHTTP5xx, 503
			}
			q.probed("pay", r, time.Minute)
			if within(at) {
				continue
			}
			if counted += time.Minute; down[minute] {
				bad += time.Minute
			}
		}
		var all rules.Bucket
		var quarters []store.EndpointQuarter
		for _, p := range q.take(window.End, true) {
			all.Merge(p.Bucket)
			quarters = append(quarters, store.EndpointQuarter{Endpoint: p.Endpoint, Start: p.Start, Probe: p.Bucket})
		}
		if all.Covered != counted || all.Down != bad {
			t.Fatalf("%s covered, %s of it down; want %s and %s outside of %v", all.Covered, all.Down, counted, bad, spans)
		}
		e := digest.Endpoint{Covered: all.Covered, Down: all.Down}
		if ratio, known := e.Availability(); known != (counted > 0) || known && ratio != rules.Ratio(float64(counted-bad)/float64(counted)) {
			t.Fatalf("available %v, %t", ratio, known)
		}
		if kept := uncounted(append([]digest.Window(nil), spans...), quarters, rules.BucketLength); len(kept) != len(spans) {
			t.Fatalf("of %v only %v are told", spans, kept)
		}
	})
}

// A plan that was changed afterwards claims time in which probes were counted:
// the digest does not say that they were not.
func TestWhatWasCountedIsNotSaidToBeMaintenance(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 11, 21, 6, 0, 0, 0, time.UTC)
	span := func(from, until int) digest.Window {
		return digest.Window{Start: begin.Add(time.Duration(from) * time.Minute), End: begin.Add(time.Duration(until) * time.Minute)}
	}
	quarter := func(minute int, covered time.Duration) store.EndpointQuarter {
		return store.EndpointQuarter{Start: begin.Add(time.Duration(minute) * time.Minute), Probe: rules.Bucket{Covered: covered}}
	}
	for sentence, tc := range map[string]struct {
		span     digest.Window
		quarters []store.EndpointQuarter
		told     bool
	}{
		"nothing was counted":               {span(60, 120), nil, true},
		"only what lies outside":            {span(60, 120), []store.EndpointQuarter{quarter(45, 15*time.Minute), quarter(120, 15*time.Minute)}, true},
		"all of it was counted":             {span(60, 90), []store.EndpointQuarter{quarter(60, 15*time.Minute), quarter(75, 15*time.Minute)}, false},
		"a quarter of it, by the edges":     {span(60, 120), []store.EndpointQuarter{quarter(60, 15*time.Minute)}, true},
		"it is shorter than a whole bucket": {span(61, 74), []store.EndpointQuarter{quarter(60, 15*time.Minute)}, true},
	} {
		if told := len(uncounted([]digest.Window{tc.span}, tc.quarters, rules.BucketLength)) == 1; told != tc.told {
			t.Errorf("%s: told %t, want %t", sentence, told, tc.told)
		}
	}
}
