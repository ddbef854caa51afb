package daemon

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/dashboards"
	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/rules"
)

// progress remembers how far the applier has come.
type progress struct {
	last   atomic.Pointer[ingest.ApplierReport]
	behind atomic.Int64 // since when something waits, in nanoseconds since 1970; 0: nothing does

	atStart  ingest.Position // end of the log at the start, when something of it was not applied; zero: all of it was
	caughtUp atomic.Bool
}

// applied follows each group of attempts that was applied, or was not.
func (d *Daemon) applied(r ingest.ApplierReport) {
	d.column.progress.last.Store(&r)
	if r.Err != nil {
		d.metrics.StoreFailed("apply")
	}
}

// applyLag returns how long ago something was logged that is still not
// applied; 0 when all is. It is asked each few seconds.
func (c *column) applyLag(now time.Time) time.Duration {
	last := c.progress.last.Load()
	if last == nil || c.log.End() == last.Applied {
		c.progress.behind.Store(0)
		return 0
	}
	if last.Err == nil && !last.Received.IsZero() && now.Sub(last.Received) < time.Second {
		c.progress.behind.Store(0) // it keeps up, though something always waits
		return 0
	}
	c.progress.behind.CompareAndSwap(0, now.UnixNano())
	return now.Sub(time.Unix(0, c.progress.behind.Load()))
}

// caughtUp reports whether all is applied that the log had at the start, or
// cannot be for so long that waiting for it helps nobody.
func (c *column) caughtUp(now time.Time) bool {
	if c.progress.caughtUp.Load() || now.Sub(c.hearing.begun()) >= catchUp {
		return true
	}
	last := c.progress.last.Load()
	if c.progress.atStart == (ingest.Position{}) || last != nil && !last.Applied.Before(c.progress.atStart) {
		c.progress.caughtUp.Store(true)
		return true
	}
	return false
}

// holdsBack reports whether senders may still tell what they could not send
// while nobody listened.
func (c *column) holdsBack(now time.Time) bool {
	_, _, absent := c.hearing.absent(now)
	return absent
}

// sawLate notes how many first attempts came too late, and in time, unless
// senders only tell what they could not send.
func (c *column) sawLate(late, inTime int, now time.Time) {
	if c.holdsBack(now) {
		late, inTime = 0, 0
	}
	c.lateness.saw(late, inTime, now)
}

// counted gives the metrics the first attempts that a group added to the
// ratios.
func (d *Daemon) counted(g ingest.Group, v []ingest.Verdict) {
	byFault, n := map[probes.Fault]int{}, int64(0)
	for i, e := range g.Entries {
		if v[i] == ingest.Counted && e.Counts && e.Kind == deliveries.KindFirst {
			byFault[e.Fault]++
			n++
		}
	}
	d.column.inTime.Add(n) // until the late ones among them are taken off
	d.metrics.Delivered(byFault)
}

// countFacts gives the metrics where facts stand on their way to people.
func (d *Daemon) countFacts(ctx context.Context) {
	c, now := &d.column, time.Now()
	d.metrics.LogBytes(c.log.Bytes())
	d.metrics.ApplyLag(c.applyLag(now))
	d.metrics.CommitLag(c.conditions.Lag(now))
	d.metrics.DeskLag(c.clerk.Lag(now))
	late, inTime := c.conditions.LateTotal(), c.inTime.Swap(0)
	more := int(late - c.late.Swap(late))
	d.metrics.AttemptsLate(more)
	d.hears(now)
	c.sawLate(more, int(inTime)-more, now)
	standing := c.conditions.Standing()
	d.metrics.Conditions(standing)
	d.metrics.Ratios(d.firstAttempts())
	d.metrics.Beats(c.conditions.Beats())
	live, err := d.store.Incidents(ctx, alerting.IncidentFilter{Live: true, Limit: 1000})
	if err != nil {
		d.metrics.StoreFailed("incidents")
		return
	}
	d.metrics.Incidents(live)
}

// firstAttempts are the windows that the ratio rules look at now.
func (d *Daemon) firstAttempts() map[rules.Scope]dashboards.FirstAttempts {
	list := map[rules.Scope]dashboards.FirstAttempts{}
	for scope, e := range d.column.conditions.Ratios() {
		list[scope] = dashboards.FirstAttempts{Counted: e.Denominator, Failed: e.Numerator}
	}
	return list
}
