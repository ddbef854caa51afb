package daemon

import (
	"context"
	"fmt"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
)

// What the daemon asks of itself. A watcher that is late must say so instead
// of paging for what it did itself.
const (
	lateLimit    = 5 * time.Second  // a look may begin this late
	oursLimit    = 0.05             // this share of looks may fail for our own trouble
	storeTimeout = 5 * time.Second  // for the write test
	saveLimit    = 60 * time.Second // results may be unsaved this long (DESIGN section 10)
	lagLimit     = 10 * time.Second // what was decided may wait this long for the store, and for the desk
	applyLimit   = time.Minute      // what was acknowledged may wait this long to be counted
	dueLimit     = time.Minute      // a critical notice may wait this long for its receiver (DESIGN section 7)
	slowLimit    = 15 * time.Minute // any other
)

// duties answers the three questions that watchers ask. It implements
// api.Duties together with reloading.
type duties struct{ d *Daemon }

// Healthy says why the process should be restarted: never, while it answers.
func (q duties) Healthy() []string { return nil }

// Ready says why requests should go elsewhere.
func (q duties) Ready() []string {
	if !q.d.ready.Load() {
		return []string{"starting: the registry is not loaded yet"}
	}
	if q.d.stopping.Load() {
		return []string{"shutting down"}
	}
	return nil
}

// Duty says why this watcher is not doing its work.
func (q duties) Duty() []string {
	if problems := q.Ready(); problems != nil {
		return problems
	}
	d, now := q.d, time.Now()
	problems := []string{}
	problems = append(problems, late(signalProbe, &d.probeLateness, d.probeTurns.Overdue(now), now)...)
	problems = append(problems, late(signalCertificate, &d.certificateLateness, d.certificateTurns.Overdue(now), now)...)
	if err := d.registry.trouble(); err != nil {
		problems = append(problems, fmt.Sprintf("store: the last change was not stored: %v", err))
	}
	if since := now.Sub(d.started); d.saved.since(now) > saveLimit && since > saveLimit {
		problems = append(problems, fmt.Sprintf("store: results unsaved for %s: %s", d.saved.since(now).Round(time.Second), d.saved.problem()))
	}
	problems = append(problems, d.column.problems(now)...)
	problems = append(problems, d.feeds.problems(now)...)
	problems = append(problems, d.watch.problems(now)...)
	problems = append(problems, d.socketProblems(now)...)
	ctx, cancel := context.WithTimeout(d.base, storeTimeout)
	defer cancel()
	problems = append(problems, d.auditProblems(ctx, now)...)
	if err := d.store.Check(ctx); err != nil {
		problems = append(problems, fmt.Sprintf("store: not writable: %v", err))
	}
	return problems
}

// Remarks says what a watcher should know although nothing is wrong. It does
// not block.
func (q duties) Remarks() []string {
	if q.Ready() != nil {
		return nil
	}
	return append(q.d.watch.pulses.remarks(), q.d.linkRemarks()...)
}

// problems says where facts are stuck on their way to people.
func (c *column) problems(now time.Time) []string {
	var problems []string
	stuck := func(lag, limit time.Duration, what string) {
		if lag > limit {
			problems = append(problems, fmt.Sprintf("%s for %s", what, lag.Round(time.Second)))
		}
	}
	stuck(c.conditions.Lag(now), lagLimit, "conditions: what was decided could not be stored")
	stuck(c.clerk.Lag(now), lagLimit, "desk: the incidents could not be stored")
	if err := c.log.Check(); err != nil {
		problems = append(problems, fmt.Sprintf("attempts: refused: %v", err))
	}
	stuck(c.applyLag(now), applyLimit, "attempts: what was acknowledged has not been counted")
	if late := c.lateness.problem(); late != "" {
		problems = append(problems, late)
	}
	problems = append(problems, c.gradeProblems(now)...)
	if w := c.work.Load(); w != nil {
		ours := c.ways.Load().lanes()
		for _, l := range w.Lanes {
			if l.Critical || ours[l.Lane] || !l.StoppedAt.IsZero() {
				problems = append(problems, laneProblems(l, now)...)
			}
		}
	}
	return problems
}

// lanes are those that lead to us. That a merchant's mailbox is full is the
// merchant's trouble, and in the platform's digest.
func (w *ways) lanes() map[string]bool {
	ours := map[string]bool{}
	for _, list := range w.leads {
		for _, d := range list {
			ours[d.Lane] = true
		}
	}
	for _, p := range w.proofs {
		ours[p.to.Lane] = true
	}
	return ours
}

// laneProblems says what keeps the notices of a lane from arriving.
func laneProblems(l alerting.LaneState, now time.Time) []string {
	receiver, limit := alerting.ReceiverOf(l.Lane), slowLimit
	if l.Critical {
		limit = dueLimit
	}
	switch {
	case !l.StoppedAt.IsZero():
		return []string{fmt.Sprintf("outbox: receiver %q refuses our credentials since %s; its notices wait", receiver, l.StoppedAt.UTC().Format(time.TimeOnly+" MST"))}
	case !l.Oldest.IsZero() && now.Sub(l.Oldest) > limit:
		return []string{fmt.Sprintf("outbox: a notice for receiver %q has been due for %s", receiver, now.Sub(l.Oldest).Round(time.Second))}
	case !l.FailingSince.IsZero() && now.Sub(l.FailingSince) > limit:
		return []string{fmt.Sprintf("outbox: receiver %q fails since %s", receiver, l.FailingSince.UTC().Format(time.TimeOnly+" MST"))}
	default:
		return nil
	}
}

// selfAudit asks the duty question for the metrics and the pages, which must
// not wait for the store.
func (d *Daemon) selfAudit(context.Context) {
	if d.stopping.Load() {
		return // it is off duty because somebody said so
	}
	problems := duties{d}.Duty()
	if before := d.problems.Swap(&problems); len(problems) > 0 && (before == nil || len(*before) != len(problems)) {
		d.log.Warn("off duty", "problems", problems)
	}
	d.metrics.Duty(len(problems))
	d.metrics.Heartbeat(time.Now())
}

// late says whether a signal is unpunctual: its looks began late, or one waits
// past its time, as they all do when the schedule has stopped.
func late(signal string, l *lateness, overdue time.Duration, now time.Time) []string {
	var problems []string
	if worst := l.report(now); worst > lateLimit {
		problems = append(problems, fmt.Sprintf("%s: looks began up to %s late in the last two minutes", signal, worst.Round(time.Millisecond)))
	}
	if ours, looks := l.trouble(now); ours > 2 && float64(ours) > oursLimit*float64(looks) {
		problems = append(problems, fmt.Sprintf("%s: %d of %d looks in the last two minutes failed for our own trouble (internal): descriptors, ports, or a bug; see the log", signal, ours, looks))
	}
	if overdue > lateLimit {
		problems = append(problems, fmt.Sprintf("%s: a look has been waiting for %s beyond its time", signal, overdue.Round(time.Second)))
	}
	return problems
}
