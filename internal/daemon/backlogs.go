package daemon

import (
	"context"
	"fmt"
	"time"

	"github.com/hookvigil/hookvigil/alerting/digest"
	"github.com/hookvigil/hookvigil/internal/conditions"
	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest"
	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/rules"
)

// backlogOptions says how the backlog of now is reckoned, with so many first
// attempts a minute as usual.
func (d *Daemon) backlogOptions(now time.Time, perMinute float64) deliveries.BacklogOptions {
	presets := map[string]deliveries.Schedule{}
	return deliveries.BacklogOptions{
		Now: now, NormalPerMinute: perMinute, DigestEvery: d.settings.Load().Digest.Config.Every,
		Schedule: func(e deliveries.Event) deliveries.Schedule {
			if e.Schedule == deliveries.Learnt {
				s, _ := d.column.learners.schedule(e.Source) // nothing learnt yet: nothing is forecast
				return s
			}
			s, ok := presets[e.Schedule]
			if !ok {
				s, _ = deliveries.ParseSchedule(e.Schedule) // likewise for one that is not known any more
				presets[e.Schedule] = s
			}
			return s
		},
	}
}

// backlogOf reckons the backlog of some endpoints; nil: of all.
func (d *Daemon) backlogOf(ctx context.Context, endpoints []string, perMinute float64, now time.Time) (deliveries.Backlog, error) {
	c := deliveries.NewBacklogCounter(d.backlogOptions(now, perMinute))
	err := d.store.OpenEvents(ctx, endpoints, func(e deliveries.Event) error {
		c.Add(e)
		return nil
	})
	if err != nil {
		return deliveries.Backlog{}, fmt.Errorf("backlog: %w", err)
	}
	return c.Backlog(), nil
}

// perMinute is how many first attempts endpoints got a minute lately.
func (d *Daemon) perMinute(endpoints []string, now time.Time) (sum float64) {
	for _, id := range endpoints {
		if first, _, window := d.column.lately.Endpoint(id, now); window > 0 {
			sum += float64(first) / window.Minutes()
		}
	}
	return sum
}

// backlogs are the loss clock, as the API sees it.
type backlogs struct{ d *Daemon }

// Backlog implements api.Backlogs.
func (b backlogs) Backlog(ctx context.Context, endpoint string) (deliveries.Backlog, error) {
	now, ids := time.Now(), []string{endpoint}
	return b.d.backlogOf(ctx, ids, b.d.perMinute(ids, now), now)
}

// MerchantBacklog implements api.Backlogs: that of all endpoints of a merchant,
// or with none of all.
func (b backlogs) MerchantBacklog(ctx context.Context, merchant string) (deliveries.Backlog, error) {
	now := time.Now()
	if merchant == "" {
		rate, err := b.d.platformRate(ctx, now)
		if err != nil {
			return deliveries.Backlog{}, err
		}
		return b.d.backlogOf(ctx, nil, rate, now)
	}
	ids := endpointIDs(b.d.endpointsOf(merchant))
	return b.d.backlogOf(ctx, ids, b.d.perMinute(ids, now), now)
}

func endpointIDs(watched []*registry.Watched) []string {
	ids := make([]string, len(watched))
	for i, w := range watched {
		ids[i] = w.ID
	}
	return ids
}

// rateWindow is the time over which the platform's usual rate is taken.
const rateWindow = 30 * time.Minute

// platformRate is how many first attempts there were a minute lately.
func (d *Daemon) platformRate(ctx context.Context, now time.Time) (float64, error) {
	a, err := d.store.Tally(ctx, ingest.TallyQuery{Scopes: []rules.Scope{rules.ScopePlatform}, From: now.Add(-rateWindow), To: now})
	return float64(a.First) / rateWindow.Minutes(), err
}

// countBacklog gives the metrics what waits to be delivered, and how complete
// the sources are; the rules judge it.
func (d *Daemon) countBacklog(ctx context.Context) {
	d.column.counting.Lock()
	defer d.column.counting.Unlock()
	grades := map[[2]deliveries.Grade]int{}
	for _, r := range d.column.senders.Report(time.Now()) {
		grades[[2]deliveries.Grade{r.Declared, r.Grade}]++
	}
	d.metrics.SourceGrades(grades)
	now := time.Now()
	d.hears(now)
	options, waiting, pack := d.backlogOptions(now, 0), conditions.NewWaits(), d.settings.Load().Rules.Pack
	if from, to, absent := d.column.hearing.absent(now); absent {
		waiting.Unheard(from, to)
	}
	c, before := deliveries.NewBacklogCounter(options), d.column.backlogCounted
	err := d.store.OpenEvents(ctx, nil, func(e deliveries.Event) error {
		if !before.IsZero() {
			d.column.learners.gaveUp(e, before, now)
		}
		switch watched, seen := d.judged(e.Endpoint); {
		case watched:
			waiting.Add(e, options.Schedule(e), pack, now)
		case seen:
			waiting.AddOfSource(e, options.Schedule(e), now)
		}
		c.Add(e)
		return nil
	})
	if err != nil {
		if ctx.Err() == nil {
			d.log.Error("what waits to be delivered is not counted", "err", err)
			d.metrics.StoreFailed("backlog")
		}
		return
	}
	d.metrics.Backlog(c.Backlog())
	waiting.Remember(d.column.waiting.Load(), d.column.lately.Delivered)
	if d.column.waiting.Load() == nil {
		d.recallDelivered(ctx, waiting, now)
	}
	d.column.conditions.Waiting(waiting, now)
	d.column.waiting.Store(waiting)
	d.column.backlogCounted = now
	d.learn(ctx)
}

// backlogShare is from which share of the first attempts of the last quarters
// on events that wait are a backlog: a few always wait somewhere. It is the
// platform's limit for failures (seed: incident from 4 % of all traffic).
const backlogShare = 0.04

// backlogOfEndpoint is how many events waited for an endpoint a minute ago, when
// that is more than usual beside so many first attempts.
func (c *column) backlogOfEndpoint(endpoint string, first int) int {
	if at := c.waiting.Load().Endpoint(endpoint); float64(at.Waiting) >= backlogShare*float64(first) {
		return at.Waiting
	}
	return 0
}

// backlog returns the loss clock of some endpoints for a digest: what began to
// fail before the end of the window and waits now, and what was lost in the
// window; nil when there is nothing. What has been delivered meanwhile is
// told no more, and what fails since is for the next digest. Endpoints nil: of
// all.
func (g gathering) backlog(endpoints []string) (map[string]*digest.Backlog, *digest.Backlog, error) {
	now := g.now
	all := deliveries.NewBacklogCounter(g.d.backlogOptions(now, 0))
	of := map[string]*deliveries.BacklogCounter{}
	err := g.d.store.OpenEvents(g.ctx, endpoints, func(e deliveries.Event) error {
		if !e.FirstAttemptAt.Before(g.window.End) {
			return nil
		}
		if lost := e.LostAt(); e.StateAt(now) == deliveries.EventExhausted && (lost.Before(g.window.Start) || !lost.Before(g.window.End)) {
			return nil // the digest before told it, or the next one does
		}
		if of[e.Endpoint] == nil {
			of[e.Endpoint] = deliveries.NewBacklogCounter(g.d.backlogOptions(now, 0))
		}
		of[e.Endpoint].Add(e)
		all.Add(e)
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("backlog: %w", err)
	}
	told := make(map[string]*digest.Backlog, len(of))
	for id, c := range of {
		told[id] = toldBacklog(c.Backlog())
	}
	return told, toldBacklog(all.Backlog()), nil
}

func toldBacklog(b deliveries.Backlog) *digest.Backlog {
	if b.Undelivered == 0 && b.Lost == 0 {
		return nil
	}
	return &digest.Backlog{
		Undelivered: b.Undelivered, Oldest: b.Oldest, AtRisk1h: b.AtRisk1h, AtRisk6h: b.AtRisk6h, AtRisk24h: b.AtRisk24h,
		Lost: b.Lost, MissingRetries: b.MissingRetries, DigestsLeft: b.DigestsLeft, LossAt: b.NextLoss.At, LossEvents: b.NextLoss.Events,
		NextRetryAt: b.NextRetryAt, RecoveryMax: b.RecoveryMax,
	}
}
