package daemon

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/internal/conditions"
	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/internal/store"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/rules"
)

// recallDelivered finds out, after a start, which of the endpoints that wait
// for long were delivered to since. Where only the quarter is known, it is taken
// to have been after: nobody is woken for a restart.
func (d *Daemon) recallDelivered(ctx context.Context, w *conditions.Waits, now time.Time) {
	ids, from := w.Unsure(d.settings.Load().Rules.EndpointDown.OldestFor, now)
	for some := range slices.Chunk(ids, slowAtOnce) {
		quarters, err := d.store.EndpointBuckets(ctx, some, from, now)
		if err != nil {
			if ctx.Err() == nil {
				d.log.Error("the last deliveries of endpoints are not known", "err", err)
				d.metrics.StoreFailed("backlog")
			}
			return
		}
		for i := range quarters {
			q := &quarters[i]
			if end := q.Start.Add(d.quarters.length); q.Deliveries.Counts[probes.FaultNone] > 0 && end.After(w.Endpoint(q.Endpoint).Oldest) {
				w.DeliveredTo(q.Endpoint, end)
			}
		}
	}
}

// judged reports whether somebody wants to be told of an endpoint, because it
// was registered and is not suspended; or whether it was only seen, in attempts:
// then it is known and not watched, and tells of its source alone.
func (d *Daemon) judged(endpoint string) (watched, seen bool) {
	w, ok := d.registry.Snapshot().Endpoint(endpoint)
	if !ok || w.Suspended {
		return false, false
	}
	return w.Origin != registry.OriginSeen, w.Origin == registry.OriginSeen
}

// ownerOf returns whose an endpoint is and where, or the merchant as told when
// nobody registered it.
func (d *Daemon) ownerOf(endpoint, told string) (merchant, host string) {
	if w, ok := d.registry.Snapshot().Endpoint(endpoint); ok {
		return w.Merchant, hostOf(w.Probe.URL)
	}
	return told, ""
}

// judgeSources steps the rules that follow how sources send.
func (d *Daemon) judgeSources(ctx context.Context) {
	now, pack := time.Now(), d.settings.Load().Rules.Pack
	d.hears(now)
	for _, f := range d.column.senders.Upstream(now, pack.UpstreamDelay.Window) {
		d.column.conditions.Delayed(f, now)
	}
	for _, f := range d.column.senders.Duplicates(now, pack.Duplicates.Window) {
		d.column.conditions.Duplicated(f, now)
	}
	d.judgeQuiet(now)
	d.endStale(ctx, now)
}

// judgeQuiet steps silence for each source that is known and still configured.
func (d *Daemon) judgeQuiet(now time.Time) {
	known := map[rules.Scope]bool{}
	for _, f := range d.column.senders.Quiet(now, time.Time{}) {
		if _, source := f.Scope.Split(); !d.takesSource(source) {
			continue
		}
		known[f.Scope] = true
		if s, open := d.column.conditions.Open(rules.RuleSilence, f.Scope); open && !f.Known && !f.Last.After(s.Episode.Since) {
			d.column.conditions.End(rules.RuleSilence, f.Scope, "nothing came for so long that nothing is ordinary any more", now)
			continue
		}
		d.column.conditions.Quiet(f, now)
	}
	for _, s := range d.column.conditions.Standing() {
		if kind, source := s.Scope.Split(); s.Rule == rules.RuleSilence && kind == rules.ScopeSource && !known[s.Scope] {
			why := "nothing is known any more of what was ordinary"
			if !d.takesSource(source) {
				why = "the source is no longer configured"
			}
			d.column.conditions.End(s.Rule, s.Scope, why, now)
		}
	}
}

// quietFor is how long a condition about what came lately stays open while
// nothing comes that could clear it.
const quietFor = 24 * time.Hour

// endStale ends the conditions of channels and sources that send nothing more,
// and of endpoints that get nothing more. What a channel or a source sent before
// we began to listen is not known: nothing of theirs ends sooner than a day after.
func (d *Daemon) endStale(ctx context.Context, now time.Time) {
	heard := now.Sub(d.column.hearing.listening()) >= quietFor
	pack, lively := d.settings.Load().Rules.Pack, map[rules.Scope]bool{}
	for _, f := range d.column.senders.Upstream(now, max(pack.UpstreamDelay.Window, quietFor)) {
		lively[rules.ScopeOf(rules.ScopeChannel, f.Channel)] = f.N > 0
	}
	for _, r := range d.column.senders.Report(now) {
		lively[rules.ScopeOf(rules.ScopeSource, r.Source)] = now.Sub(r.Received) < quietFor
	}
	for _, s := range d.column.conditions.Standing() {
		kind, id := s.Scope.Split()
		switch {
		case s.Episode.Phase != rules.PhaseOpen || now.Sub(s.OpenedAt) < quietFor:
		case s.Rule == rules.RuleEndpointSlow:
			if d.gotNothing(ctx, id, now) {
				d.column.conditions.End(s.Rule, s.Scope, "it got nothing for a day", now)
			}
		case heard && (s.Rule == rules.RuleUpstreamDelay || s.Rule == rules.RuleDuplicates) && !lively[s.Scope]:
			d.column.conditions.End(s.Rule, s.Scope, "nothing came from this "+kind+" for a day", now)
		}
	}
}

// gotNothing reports whether nothing was delivered to an endpoint for a day.
// What was is remembered for half an hour, and stored.
func (d *Daemon) gotNothing(ctx context.Context, endpoint string, now time.Time) bool {
	if now.Sub(d.column.lately.Delivered(endpoint)) < quietFor {
		return false
	}
	quarters, err := d.store.EndpointBuckets(ctx, []string{endpoint}, now.Add(-quietFor), now)
	if err != nil {
		return false // asked again in a minute
	}
	return !slices.ContainsFunc(quarters, func(q store.EndpointQuarter) bool { return q.Deliveries.Counts[probes.FaultNone] > 0 })
}

// slowAtOnce is how many endpoints are asked about in one read: the hour of a
// hundred thousand would take 400 MB.
const slowAtOnce = 500

// judgeSlow steps endpoint_slow for the endpoints that got attempts lately, and
// for those that were slow.
func (d *Daemon) judgeSlow(ctx context.Context) {
	now, rule := time.Now(), d.settings.Load().Rules.Pack.EndpointSlow
	from := now.Add(-rule.Window)
	for ids := range slices.Chunk(d.busyEndpoints(now), slowAtOnce) {
		quarters, err := d.store.EndpointBuckets(ctx, ids, from, now)
		if err != nil {
			if ctx.Err() == nil {
				d.log.Error("how long endpoints take is not judged", "err", err)
				d.metrics.StoreFailed("slow")
			}
			return
		}
		of := map[string]*rules.Bucket{}
		for i := range quarters {
			if of[quarters[i].Endpoint] == nil {
				of[quarters[i].Endpoint] = &rules.Bucket{}
			}
			of[quarters[i].Endpoint].Merge(quarters[i].Deliveries)
		}
		for _, id := range ids {
			if b := of[id]; b != nil {
				d.column.conditions.Slow(d.slowFact(id, *b, rule, now), now)
			}
		}
	}
}

func (d *Daemon) slowFact(id string, b rules.Bucket, rule rules.EndpointSlow, now time.Time) rules.SlowFact {
	f := rules.SlowFact{
		Endpoint: id, From: now.Add(-rule.Window), To: now, Answered: b.Took.Count(), Slow: b.Took.Over(rule.Budget), Deadline: d.deadlineOf(id),
	}
	f.Merchant, f.Host = d.ownerOf(id, "")
	p99, _ := b.Took.Quantile(0.99) // of answers that took over a minute it may lie beyond what was waited for
	f.P99 = min(p99, cmp.Or(f.Deadline, deliveries.DefaultDeadline))
	return f
}

// busyEndpoints returns, in order, those that got first attempts in the last two
// quarters, and those that stand as slow.
func (d *Daemon) busyEndpoints(now time.Time) (ids []string) {
	for _, w := range d.registry.Snapshot().Endpoints() {
		if first, _, _ := d.column.lately.Endpoint(w.ID, now); first > 0 {
			ids = append(ids, w.ID)
		}
	}
	for _, s := range d.column.conditions.Standing() {
		if kind, id := s.Scope.Split(); kind == rules.ScopeEndpoint && s.Rule == rules.RuleEndpointSlow {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// saveGaps keeps what was learned of the gaps of sources, and what is held
// against them.
func (d *Daemon) saveGaps(ctx context.Context) {
	d.saveGrades(ctx)
	d.keep(ctx, store.LearntGap, d.column.senders.Gaps)
}

// loadGaps takes up what was kept. What cannot be read is learned anew.
func (d *Daemon) loadGaps(ctx context.Context) error {
	saved, err := d.store.Ledger().Learnt(ctx, store.LearntGap)
	if err != nil {
		return err
	}
	if err := d.column.senders.RecallGaps(saved, time.Now()); err != nil {
		d.log.Warn("what was learned of a source cannot be read", "err", err)
	}
	return nil
}
