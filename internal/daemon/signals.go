package daemon

import (
	"cmp"
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"syscall"
	"time"

	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
	"github.com/hookvigil/hookvigil/rules"
)

// probeGrace is what probes in flight get at shutdown before they are
// canceled (DESIGN section 12).
const probeGrace = 5 * time.Second

// lookAgainAfter is when a first bad round of looks at a certificate is
// confirmed: a quick second look, as probes have.
const lookAgainAfter = 30 * time.Second

// The names of the signals in metrics and logs.
const (
	signalProbe       = "probe"
	signalCertificate = "certificate"
)

// graceful returns a context for looks that ends probeGrace after ctx, so
// that what is on the wire can finish.
func graceful(ctx context.Context) (context.Context, context.CancelFunc) {
	looks, cancel := context.WithCancel(context.WithoutCancel(ctx)) // draining outlives ctx
	stop := context.AfterFunc(ctx, func() {
		timer := time.NewTimer(probeGrace)
		defer timer.Stop()
		select {
		case <-timer.C:
			cancel()
		case <-looks.Done():
		}
	})
	return looks, func() { stop(); cancel() }
}

// runProbes is the first signal.
func (d *Daemon) runProbes(ctx context.Context) error {
	looks, cancel := graceful(ctx)
	defer cancel()
	return d.probeTurns.Run(ctx, func(_ context.Context, t probes.Tick) time.Duration { return d.probe(looks, t) })
}

// runCertificates is the second signal: its own schedule, dial and verdict.
func (d *Daemon) runCertificates(ctx context.Context) error {
	looks, cancel := graceful(ctx)
	defer cancel()
	return d.certificateTurns.Run(ctx, func(_ context.Context, t probes.Tick) time.Duration { return d.look(looks, t) })
}

// probe makes one probe and follows its fact up the column: looked at,
// remembered, shown.
func (d *Daemon) probe(ctx context.Context, t probes.Tick) (next time.Duration) {
	defer d.recovered("probe turn", t.ID)
	w, ok := d.registry.Snapshot().Endpoint(t.ID)
	if !ok || w.Suspended {
		return 0
	}
	r := d.eyes.Load().prober.Probe(ctx, w.Probe)
	if r.Fault == probes.FaultCanceled {
		return 0 // shutting down: this says nothing
	}
	before, _ := rules.EndpointState(d.board.view(w, time.Now()))
	memory, next, current := d.board.probed(w, r)
	if current {
		d.quarters.probed(w.ID, memory.Last, w.Probe.Policy.Interval)
		again := d.column.conditions.Probed(d.downFact(w, memory), time.Now())
		next = cmp.Or(next, again) // what its own answer asked for goes first
	}
	d.noteState(w, before)
	d.probeLateness.saw(t.Due, t.Late, r.Fault == probes.FaultInternal, time.Now())
	d.metrics.Skipped(signalProbe, t.Skipped)
	d.metrics.Probed(memory.Last, t.Late)
	d.log.Debug("probed", "endpoint", w.ID, "verdict", memory.Last.Verdict, "fault", r.Fault, "status", r.Status,
		"took", r.Took, "late", t.Late, "detail", r.Detail)
	return next
}

// look makes one round of looks at a certificate.
func (d *Daemon) look(ctx context.Context, t probes.Tick) time.Duration {
	defer d.recovered("certificate turn", t.ID)
	w, ok := watchedBy(d.registry.Snapshot(), t.ID)
	if !ok {
		return 0
	}
	begun := time.Now()
	answered := d.board.answered(w.subject.ID) // before this look: an answer that comes during it contradicts nothing
	seen := d.eyes.Load().looker.Look(ctx, w.watch.Target)
	if ctx.Err() != nil {
		return 0 // shutting down: this says nothing
	}
	ep, known := d.registry.Snapshot().Endpoint(t.ID)
	before := rules.StateNoData
	if known {
		before, _ = rules.EndpointState(d.board.view(ep, time.Now()))
	}
	report, current := d.board.looked(w, seen, time.Now())
	again := current && d.column.conditions.Looked(d.certificateFact(w, report, answered), time.Now())
	if known {
		d.noteState(ep, before)
	}
	d.certificateLateness.saw(t.Due, t.Late, slices.Contains(report.Faults, certificate.FaultInternal), time.Now())
	d.metrics.Skipped(signalCertificate, t.Skipped)
	d.metrics.Looked(report, time.Since(begun), t.Late)
	d.log.Debug("looked at certificate", "target", t.ID, "verdict", report.Verdict, "faults", report.Faults, "detail", report.Detail)
	if again {
		return min(lookAgainAfter, w.watch.Interval)
	}
	return 0
}

// noteState logs when an endpoint's state has changed.
func (d *Daemon) noteState(w *registry.Watched, before rules.Word) {
	word, reasons := rules.EndpointState(d.board.view(w, time.Now()))
	if word == before {
		return
	}
	why := []string{}
	for _, r := range reasons {
		why = append(why, r.Signal+": "+r.Text)
	}
	d.log.Info("endpoint changed state", "endpoint", w.ID, "merchant", w.Merchant, "from", before, "to", word, "why", why)
}

// recovered is deferred around each turn: a bug in one look harms no other.
func (d *Daemon) recovered(part, id string) {
	if v := recover(); v != nil {
		d.log.Error("panic recovered", "part", part, "id", id, "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
		d.metrics.Panicked(part)
	}
}

// setTurns gives both schedules what the snapshot holds. What has never been
// looked at comes first, faster than its interval and still spread.
// What changed is looked at again by both signals, spread alike.
func (d *Daemon) setTurns(snap *registry.Snapshot, diff registry.Diff) {
	probeSlots := make([]probes.Slot, 0, len(snap.Endpoints()))
	certificateSlots := make([]probes.Slot, 0, len(snap.Endpoints())+len(snap.Targets()))
	first := firstRound(len(diff.Endpoints.Added) + len(diff.Targets.Added))
	for _, w := range snap.Endpoints() {
		if w.Suspended {
			continue
		}
		probed, looked := d.board.knows(endpointSubject(w.ID), w.URL)
		probeSlots = append(probeSlots, slot(w.ID, w.Probe.Policy.Interval, first, probed))
		if w.Watch != nil {
			certificateSlots = append(certificateSlots, slot(w.ID, w.Watch.Interval, first, looked))
		}
	}
	for _, t := range snap.Targets() {
		_, known := d.board.knows(targetSubject(t.ID), t.Address)
		certificateSlots = append(certificateSlots, slot(targetPrefix+t.ID, t.Watch.Interval, first, known))
	}
	d.probeTurns.Set(probeSlots)
	d.certificateTurns.Set(certificateSlots)
	changed := slices.Clone(diff.Endpoints.Changed)
	d.probeTurns.Soon(changed, againRound(len(changed)))
	for _, id := range diff.Targets.Changed {
		changed = append(changed, targetPrefix+id)
	}
	d.certificateTurns.Soon(changed, againRound(len(changed)))
}

func slot(id string, interval, first time.Duration, known bool) probes.Slot {
	if known {
		first = 0
	}
	return probes.Slot{ID: id, Interval: interval, First: first}
}

// firstRound is how long the first round over n new endpoints takes: at most
// 200 a second, and no less than 5 s.
func firstRound(n int) time.Duration {
	return max(5*time.Second, time.Duration(n)*5*time.Millisecond)
}

// againRound is how long it takes to look again at n endpoints that changed:
// a few at once, many at 200 a second.
func againRound(n int) time.Duration { return time.Duration(n) * 5 * time.Millisecond }

// mostLooks bounds the looks of one signal that run at a time: 10,000, or what
// the descriptors of this process allow for (a look needs a connection, and
// the resolver's sockets for a moment; the store and the pages need theirs).
func mostLooks() int {
	const reserve, each, most, least = 100, 4, 10_000, 16
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || limit.Cur > reserve+2*each*most {
		return most
	}
	return max(least, (int(limit.Cur)-reserve)/(2*each))
}

// eyes is what looks: replaced whole when the guard or the roots change.
type eyes struct {
	prober *probes.Prober
	looker *certificate.Looker
}
