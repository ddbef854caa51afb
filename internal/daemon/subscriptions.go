package daemon

import (
	"context"
	"slices"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/alerting/digest"
	"github.com/hookvigil/hookvigil/internal/api"
	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/internal/subscription"
)

// unsubscribed are the addresses that get no digests.
type unsubscribed map[subscription.Place]subscription.Row

// unsubscribed reads who has left.
func (d *Daemon) unsubscribed(ctx context.Context) (unsubscribed, error) {
	rows, err := d.store.EveryUnsubscribed(ctx)
	if err != nil {
		return nil, err
	}
	off := make(unsubscribed, len(rows))
	for _, r := range rows {
		off[subscription.Place{Merchant: r.Merchant, Address: r.Address}] = r
	}
	return off, nil
}

// of returns the row of an address of a merchant; false when it gets digests.
func (u unsubscribed) of(merchant, address string) (subscription.Row, bool) {
	r, off := u[subscription.Place{Merchant: merchant, Address: subscription.Same(address)}]
	return r, off
}

// listening returns the subscriber without those of its destinations that have
// left, and whether there were any: one who has nobody left keeps its windows,
// which say so.
func (u unsubscribed) listening(sub digest.Subscriber) (left digest.Subscriber, known bool) {
	had := len(sub.To) > 0
	if sub.Merchant != "" {
		sub.To = slices.DeleteFunc(slices.Clone(sub.To), func(to alerting.Destination) bool {
			_, off := u.of(sub.Merchant, to.Recipient)
			return off
		})
	}
	return sub, had
}

// left counts those who get no digests, and names who left in the window.
func (g gathering) left(snap *registry.Snapshot) (digest.Unsubscribed, error) {
	off, err := g.d.unsubscribed(g.ctx)
	var u digest.Unsubscribed
	if err != nil || len(off) == 0 {
		return u, err
	}
	for _, m := range snap.Merchants() {
		for _, address := range addressesOf(m) {
			r, gone := off.of(m.ID, address)
			if !gone {
				continue
			}
			u.Total++
			if !r.At.Before(g.window.Start) && r.At.Before(g.window.End) {
				u.New = append(u.New, digest.Leaver{Merchant: m.ID, Name: m.Name, Address: address, At: r.At})
			}
		}
	}
	slices.SortStableFunc(u.New, func(a, b digest.Leaver) int { return b.At.Compare(a.At) })
	u.More = max(0, len(u.New)-digest.MostLeavers)
	u.New = u.New[:len(u.New)-u.More]
	return u, nil
}

// addressesOf are the addresses of a merchant's digests, each once, whatever
// its case.
func addressesOf(m registry.Merchant) []string {
	var list []string
	for _, address := range m.Digest.To {
		if !slices.ContainsFunc(list, func(a string) bool { return subscription.Same(a) == subscription.Same(address) }) {
			list = append(list, address)
		}
	}
	return list
}

// subscriptions is who gets digests, as the API sees it.
type subscriptions struct{ d *Daemon }

var _ api.Subscriptions = subscriptions{}

// Subscription implements [api.Subscriptions].
func (s subscriptions) Subscription(token string) (api.Subscription, bool) {
	t, ok := subscription.ParseToken(token)
	if !ok {
		return api.Subscription{}, false
	}
	m, ok := s.d.registry.Snapshot().Merchant(t.Merchant)
	if !ok {
		return api.Subscription{}, false
	}
	address, ok := t.For(s.d.unsubscribing, subscription.KindDigest, addressesOf(m))
	return api.Subscription{Merchant: m.ID, Name: m.Name, Language: m.Language, Address: address}, ok
}

// HasUnsubscribed implements [api.Subscriptions].
func (s subscriptions) HasUnsubscribed(ctx context.Context, merchant, address string) (bool, error) {
	return s.d.store.HasUnsubscribed(ctx, merchant, address)
}

// Unsubscribed implements [api.Subscriptions].
func (s subscriptions) Unsubscribed(ctx context.Context, f subscription.Filter) ([]subscription.Row, error) {
	return s.d.store.Unsubscribed(ctx, f)
}

// SetSubscription implements [api.Subscriptions]. Whoever comes back is told of
// the next window that closes.
func (s subscriptions) SetSubscription(ctx context.Context, c subscription.Change) (bool, error) {
	changed, err := s.d.store.SetSubscription(ctx, c)
	if err != nil {
		s.d.metrics.StoreFailed("subscription")
		return false, err
	}
	if changed {
		s.d.log.InfoContext(ctx, "subscription to digests changed", "merchant", c.Merchant, "off", c.Off, "reason", c.Reason)
	}
	return changed, nil
}

// openUnsubscribing reads the key of the links by which digests end. Without one
// everything goes on but the links: they are no reason to be without a watcher.
func (d *Daemon) openUnsubscribing(dir string) {
	var err error
	if d.unsubscribing, err = subscription.OpenKey(dir, d.log); err != nil {
		d.log.Error("digests have no unsubscribe links, and those in earlier mails are not known, until a start with a sound key", "err", err)
	}
}

// linkRemarks says that digests have no links although they should.
func (d *Daemon) linkRemarks() []string {
	if d.unsubscribing != (subscription.Key{}) || d.settings.Load().Server.PublicURL == nil {
		return nil
	}
	return []string{"digests have no unsubscribe links, and those in earlier mails are not known: " + subscription.KeyFile + " in data_dir could not be read at the start; the log says why"}
}

// operatorURL is whom strangers may ask; empty: it is not configured.
func (d *Daemon) operatorURL() string {
	if u := d.settings.Load().Server.OperatorURL; u != nil {
		return u.String()
	}
	return ""
}
