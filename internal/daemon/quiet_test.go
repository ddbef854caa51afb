package daemon

import (
	"context"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/rules"
)

// TestProbesInMaintenanceAreNotCounted: half an hour of planned work of a
// merchant each night leaves no trace in the quarters of its endpoint.
func TestProbesInMaintenanceAreNotCounted(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	plan, faults := alerting.Maintenance{
		ID: "nights", Matcher: alerting.Matcher{Merchant: []string{"shop"}}, Zone: "UTC", Start: begin.AddDate(-1, 0, 0).Add(20 * time.Minute),
		Length: 30 * time.Minute, Recurrence: "FREQ=DAILY", By: "ana", Reason: "backup",
	}.Settled(begin)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	channel := plan
	channel.ID, channel.Matcher = "bank", alerting.Matcher{Channel: []string{"QR"}}
	for sentence, tc := range map[string]struct {
		plans         []alerting.Maintenance
		covered, down time.Duration
	}{
		"without a plan":           {nil, time.Hour, 30 * time.Minute},
		"in the merchant's nights": {[]alerting.Maintenance{channel, plan}, 30 * time.Minute, 0},
		"in those of a channel":    {[]alerting.Maintenance{channel}, time.Hour, 30 * time.Minute},
	} {
		q := newQuarters(rules.BucketLength)
		q.quiet.Store(&quietNow{plans: alerting.Quiet{Maintenance: tc.plans}, owner: func(string) string { return "shop" }})
		for minute := range 60 {
			r := probes.Result{At: begin.Add(time.Duration(minute) * time.Minute), Verdict: probes.Healthy, Status: 200, Took: time.Second}
			if minute >= 20 && minute < 50 {
				r.Verdict, r.Fault, r.Status = probes.Down, probes.FaultHTTP5xx, 503
			}
			q.probed("pay", r, time.Minute)
		}
		var all rules.Bucket
		for _, p := range q.take(begin.Add(time.Hour), true) {
			all.Merge(p.Bucket)
		}
		if all.Covered != tc.covered || all.Down != tc.down {
			t.Errorf("%s: %s covered, %s of it down; want %s and %s", sentence, all.Covered, all.Down, tc.covered, tc.down)
		}
	}
}

// heldUp is a context that holds up, once, who asks for its end below all of the
// functions that it names.
type heldUp struct {
	context.Context //nolint:containedctx // it is one

	below    []string
	once     sync.Once
	came, on chan struct{}
}

// Done implements [context.Context].
func (h *heldUp) Done() <-chan struct{} {
	callers := make([]uintptr, 64)
	frames := runtime.CallersFrames(callers[:runtime.Callers(1, callers)])
	met := map[string]bool{}
	for more := true; more; {
		var f runtime.Frame
		f, more = frames.Next()
		met[f.Function[strings.LastIndexByte(f.Function, '.')+1:]] = true
	}
	if !slices.ContainsFunc(h.below, func(name string) bool { return !met[name] }) {
		h.once.Do(func() { close(h.came); <-h.on })
	}
	return h.Context.Done()
}

// TestPlannedWorkIsKnownOnceItIsStored, and gone once it is dropped, though the
// job has read what was planned before, and is slow.
func TestPlannedWorkIsKnownOnceItIsStored(t *testing.T) {
	t.Parallel()
	d := opened(t, "")
	plan, faults := alerting.Maintenance{
		ID: "work", Matcher: alerting.Matcher{Endpoint: []string{"pay"}}, Zone: "UTC", Start: time.Now().Add(-time.Hour), Length: 24 * time.Hour, By: "ana", Reason: "backup",
	}.Settled(time.Now())
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	whileTheJobReads := func(change func()) {
		t.Helper()
		slow := &heldUp{Context: t.Context(), below: []string{"MaintenanceSince", "readMaintenance"}, came: make(chan struct{}), on: make(chan struct{})}
		var job sync.WaitGroup
		job.Go(func() { d.refreshQuiet(slow) })
		<-slow.came
		change()
		close(slow.on)
		job.Wait()
	}
	whileTheJobReads(func() {
		var err error
		if plan, err = (quiets{d}).PutMaintenance(t.Context(), plan); err != nil {
			t.Error(err)
		}
	})
	if !d.InMaintenance("pay") {
		t.Error("it is stored, and what is seen in it is counted")
	}
	whileTheJobReads(func() {
		if err := (quiets{d}).RemoveMaintenance(t.Context(), plan.ID, plan.Version, "ana"); err != nil {
			t.Error(err)
		}
	})
	if d.InMaintenance("pay") {
		t.Error("it was dropped, and what is seen is not counted")
	}
}

// InMaintenance reports whether the probes of an endpoint are not counted now.
func (d *Daemon) InMaintenance(endpoint string) bool {
	return d.quarters.quiet.Load().covers(endpoint, time.Now())
}
