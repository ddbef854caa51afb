package daemon

import (
	"context"
	"fmt"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/alerting/digest"
	"github.com/hookvigil/hookvigil/internal/config"
	"github.com/hookvigil/hookvigil/internal/registry"
)

// tickDigests closes the windows that are over. The ledger knows which; gocron
// only wakes it.
func (d *Daemon) tickDigests(ctx context.Context) {
	now := time.Now()
	if d.hears(now); d.column.hearing.settling(now) || !d.column.caughtUp(now) {
		return // what is told of the window is still coming
	}
	err := d.digest.Load().Tick(ctx, now, now.Sub(d.started))
	d.digestFacts(ctx, d.store.Digests(), err)
	if err != nil && ctx.Err() == nil {
		d.log.Error("digests are not made", "err", err)
		d.metrics.StoreFailed("digest")
		return
	}
	d.column.outbox.Poke()
}

// subscribers are who gets digests, as the registry and the configuration have
// it.
type subscribers struct{ d *Daemon }

// Subscribers implements [digest.Source].
func (s subscribers) Subscribers(ctx context.Context) ([]digest.Subscriber, error) {
	since, err := s.d.store.MerchantsSince(ctx)
	if err != nil {
		return nil, err
	}
	off, err := s.d.unsubscribed(ctx)
	if err != nil {
		return nil, err
	}
	cfg := s.d.settings.Load().Digest
	var list []digest.Subscriber
	if to := s.d.column.ways.Load().leads[cfg.ReportTo]; len(to) > 0 {
		list = append(list, digest.Subscriber{To: to, Since: s.d.firstSeen(since)})
	}
	for _, m := range s.d.registry.Snapshot().Merchants() {
		if !m.Digest.Told() {
			continue
		}
		if sub, known := off.listening(s.d.subscriberOf(m, since[m.ID])); known {
			list = append(list, sub)
		}
	}
	return list, nil
}

// subscriberOf says whom the digests of a merchant reach: its addresses, by the
// receiver for mail, and its Slack channel. What is not configured is left out.
func (d *Daemon) subscriberOf(m registry.Merchant, since time.Time) digest.Subscriber {
	sub := digest.Subscriber{Merchant: m.ID, Name: m.Name, Zone: m.Timezone, Language: m.Language, Mode: m.Digest.Mode, Since: since}
	if mail := d.settings.Load().Digest.Receiver; mail != "" {
		for _, to := range m.Digest.To {
			sub.To = append(sub.To, alerting.Destination{Lane: mail + "/" + to, Recipient: to})
		}
	}
	if ways := d.column.ways.Load(); ways.ports.Named[m.Digest.Slack].Kind == config.KindSlack {
		sub.To = append(sub.To, ways.leads[m.Digest.Slack]...)
	}
	return sub
}

// firstSeen is since when anything is watched here: the platform's own digests
// begin with the first merchant.
func (d *Daemon) firstSeen(since map[string]time.Time) time.Time {
	first := d.started
	for _, at := range since {
		if at.Before(first) {
			first = at
		}
	}
	return first
}

// Gather implements [digest.Source].
func (s subscribers) Gather(ctx context.Context, sub digest.Subscriber, w digest.Window) (digest.Facts, error) {
	g := gathering{d: s.d, ctx: ctx, window: w, now: time.Now().UTC().Truncate(time.Microsecond)}
	if sub.Merchant == "" {
		return g.platform()
	}
	return g.merchant(sub.Merchant)
}

// digests is the ledger and its previews, as the API sees them.
type digests struct{ d *Daemon }

// Digests implements api.Digests.
func (q digests) Digests(ctx context.Context, f digest.Filter) ([]digest.Row, error) {
	return q.d.store.Digests().List(ctx, f)
}

// DigestPreview implements api.Digests: the snapshot of the window when it is
// frozen, else what it would be now.
func (q digests) DigestPreview(ctx context.Context, merchant string, at time.Time) (digest.Facts, error) {
	sub, err := q.subscriber(merchant)
	if err != nil {
		return digest.Facts{}, err
	}
	kind := digest.KindHealth
	if merchant == "" {
		kind = digest.KindPlatform
	}
	rows, err := q.d.store.Digests().List(ctx, digest.Filter{Merchant: merchant, Kind: kind, Limit: 1000})
	if err != nil {
		return digest.Facts{}, err
	}
	for _, r := range rows {
		if r.Merchant == merchant && r.Snapshot != nil && (at.IsZero() || !at.Before(r.Window.Start) && at.Before(r.Window.End)) {
			return digest.Decode(r.Snapshot)
		}
	}
	return q.unfrozen(ctx, sub, kind, at)
}

func (q digests) subscriber(merchant string) (digest.Subscriber, error) {
	if merchant == "" {
		return digest.Subscriber{}, nil
	}
	m, ok := q.d.registry.Snapshot().Merchant(merchant)
	if !ok {
		return digest.Subscriber{}, fmt.Errorf("there is no merchant %q: %w", merchant, registry.ErrNotFound)
	}
	return q.d.subscriberOf(m, time.Time{}), nil
}

// unfrozen gathers a window that has no row: it runs, or was not told.
func (q digests) unfrozen(ctx context.Context, sub digest.Subscriber, kind string, at time.Time) (digest.Facts, error) {
	zone, err := time.LoadLocation(sub.Zone)
	if err != nil {
		zone = time.UTC
	}
	if at.IsZero() {
		at = time.Now()
	}
	cfg := q.d.settings.Load().Digest.Config
	w := cfg.Next(zone, at.Add(-cfg.Every))
	for !at.Before(w.End) { // the one that at lies in
		w = cfg.Next(zone, w.End)
	}
	f, err := subscribers(q).Gather(ctx, sub, w)
	if err != nil {
		return digest.Facts{}, err
	}
	f.Version, f.Kind, f.Merchant, f.Name, f.Language, f.Zone, f.Window = digest.Version, kind, sub.Merchant, sub.Name, sub.Language, zone.String(), w
	f.Footer.Mode = sub.Mode
	if now := time.Now(); now.Before(w.End) {
		f.Until = now // it still runs
	}
	return digest.Judge(f), nil
}
