package api

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/internal/subscription"
)

// Subscriptions is who gets digests. All are safe for concurrent use.
type Subscriptions interface {
	// Subscription returns whom the token of a link was made for; false when it
	// was made for nobody who is on a merchant's list now. It does not block.
	Subscription(token string) (Subscription, bool)
	// HasUnsubscribed reports whether an address of a merchant gets no digests.
	HasUnsubscribed(ctx context.Context, merchant, address string) (bool, error)
	// Unsubscribed lists the addresses that get none, by merchant and address.
	Unsubscribed(ctx context.Context, f subscription.Filter) ([]subscription.Row, error)
	// SetSubscription ends the digests to an address, or begins them again, once
	// that is stored; changed is false when it was so already.
	SetSubscription(ctx context.Context, c subscription.Change) (changed bool, err error)
}

// Subscription is an address on the list of a merchant's digests.
type Subscription struct {
	Merchant string // ID
	Name     string // shown; empty: Merchant
	Language string // en or id; empty: en
	Address  string // as it stands in the list
}

func (s Subscription) name() string     { return cmp.Or(s.Name, s.Merchant) }
func (s Subscription) language() string { return cmp.Or(s.Language, "en") }

// subscriptionRoutes are about who gets digests, and the links by which they
// end.
func (s *Server) subscriptionRoutes() {
	given := s.deps.Subscriptions != nil
	register(s, access{role: RoleViewer}, get("/api/v1/digests/unsubscribed", "list-unsubscribed", "List the addresses that have unsubscribed from their merchant's digests"),
		served(given, s.listUnsubscribed))
	register(s, access{role: RoleOperator}, post("/api/v1/digests/unsubscribe", "unsubscribe", "End the digests to an address of a merchant"),
		served(given, s.subscribing(true)))
	register(s, access{role: RoleOperator}, post("/api/v1/digests/subscribe", "subscribe", "Send digests again to an address of a merchant that has unsubscribed"),
		served(given, s.subscribing(false)))
	show, act := leaveOperations()
	s.plain(access{open: true}, show, s.leaving(s.showSubscription))
	s.plain(access{open: true}, act, s.leaving(s.setSubscription))
}

type listUnsubscribedInput struct {
	Limit    int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"Most items to answer"`
	Cursor   string `query:"cursor" maxLength:"1000" doc:"next of the answer before"`
	Merchant string `query:"merchant" maxLength:"256" doc:"Of this merchant alone"`
}

// unsubscribedView is an address that gets no digests.
type unsubscribedView struct {
	Merchant string              `json:"merchant"`
	Address  string              `json:"address" doc:"In lower case"`
	Reason   subscription.Reason `json:"reason" enum:"one_click,page,operator,bounce,complaint" doc:"one_click: the button of a mail program; page: that of the page behind the link"`
	Detail   string              `json:"detail" doc:"Who did it, or what the mail server said; may be empty"`
	At       time.Time           `json:"at"`
	Listed   bool                `json:"listed" doc:"The merchant has the address among those of its digest"`
}

// listUnsubscribed answers by merchant and address.
func (s *Server) listUnsubscribed(ctx context.Context, in *listUnsubscribedInput) (*pageOutput[unsubscribedView], error) {
	place, bad := listInput{in.Limit, in.Cursor}.after()
	if bad != nil {
		return nil, bad
	}
	merchant, address, _ := strings.Cut(place, "\x00")
	rows, err := s.unsubscribedFor(ctx, in, subscription.Place{Merchant: merchant, Address: address})
	if err != nil {
		return nil, err
	}
	items, next := cutPage(rows, in.Limit, func(r subscription.Row) string { return r.Merchant + "\x00" + r.Address })
	out := &pageOutput[unsubscribedView]{Body: page[unsubscribedView]{Items: []unsubscribedView{}, Next: next}}
	for _, r := range items {
		out.Body.Items = append(out.Body.Items, unsubscribedView{
			Merchant: r.Merchant, Address: r.Address, Reason: r.Reason, Detail: r.Detail, At: r.At.UTC(), Listed: s.listed(r.Merchant, r.Address) != "",
		})
	}
	return out, nil
}

// unsubscribedFor reads the rows that the caller sees behind a place. A caller
// with a scope has each of its merchants asked for, so that nobody else's rows
// are read.
func (s *Server) unsubscribedFor(ctx context.Context, in *listUnsubscribedInput, behind subscription.Place) ([]subscription.Row, error) {
	c, merchants := callerOf(ctx), []string{in.Merchant}
	switch {
	case in.Merchant != "" && !c.sees(in.Merchant):
		return nil, nil
	case in.Merchant == "" && c.scoped():
		merchants = c.merchantList()
	}
	var rows []subscription.Row
	for _, m := range merchants {
		if len(rows) > in.Limit {
			break
		}
		some, err := s.deps.Subscriptions.Unsubscribed(ctx, subscription.Filter{Merchant: m, After: behind, Limit: probeLimit(in.Limit)})
		if err != nil {
			return nil, s.unread(ctx, err)
		}
		rows = append(rows, some...)
	}
	return rows, nil
}

type subscribingInput struct {
	Body struct {
		Merchant string `json:"merchant" minLength:"1" maxLength:"256"`
		Address  string `json:"address" minLength:"1" maxLength:"254" doc:"As in the merchant's digest.to; its case does not matter"`
	}
}

type subscribingOutput struct {
	Body struct {
		Merchant   string `json:"merchant"`
		Address    string `json:"address"`
		Subscribed bool   `json:"subscribed" doc:"It gets digests, if it is among the merchant's addresses"`
		Changed    bool   `json:"changed" doc:"false: it was so already"`
	}
}

// subscribing ends digests, or begins them again. Nobody is unsubscribed who is
// on no list: it would be a slip of the pen.
func (s *Server) subscribing(off bool) func(context.Context, *subscribingInput) (*subscribingOutput, error) {
	return func(ctx context.Context, in *subscribingInput) (*subscribingOutput, error) {
		c, b := callerOf(ctx), in.Body
		m, known := s.deps.Registry.Snapshot().Merchant(b.Merchant)
		if !c.sees(b.Merchant) || !known && off {
			return nil, notFound("merchant", b.Merchant)
		}
		address := s.listed(b.Merchant, b.Address)
		left := false // an address that the merchant has dropped from its list since may come back to it
		if address == "" && !off {
			var err error
			if left, err = s.deps.Subscriptions.HasUnsubscribed(ctx, b.Merchant, b.Address); err != nil {
				return nil, s.unread(ctx, err)
			}
		}
		if address == "" && !left {
			return nil, unprocessable(detail("body.address", "is not among the digest addresses of "+quote(b.Merchant)+addresses(m)))
		}
		address = cmp.Or(address, b.Address)
		changed, err := s.deps.Subscriptions.SetSubscription(ctx, subscription.Change{
			Merchant: b.Merchant, Address: address, Off: off, Reason: subscription.Operator, By: c.name,
		})
		if err != nil {
			return nil, err
		}
		out := &subscribingOutput{}
		out.Body.Merchant, out.Body.Address, out.Body.Subscribed, out.Body.Changed = b.Merchant, address, !off, changed
		return out, nil
	}
}

// listed returns an address as it stands in the list of a merchant; empty when
// it does not.
func (s *Server) listed(merchant, address string) string {
	m, ok := s.deps.Registry.Snapshot().Merchant(merchant)
	if !ok {
		return ""
	}
	for _, a := range m.Digest.To {
		if subscription.Same(a) == subscription.Same(address) {
			return a
		}
	}
	return ""
}

// addresses says which there are.
func addresses(m registry.Merchant) string {
	if len(m.Digest.To) == 0 {
		return "; it has none"
	}
	const most = 5
	shown := strings.Join(m.Digest.To[:min(len(m.Digest.To), most)], ", ")
	if len(m.Digest.To) > most {
		shown += ", ..."
	}
	return "; wanted one of " + shown
}
