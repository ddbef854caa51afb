package daemon

import (
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/alerting/slack"
	"github.com/hookvigil/hookvigil/internal/config"
	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/internal/subscription"
)

// What is a merchant's own hears of nobody else's trouble, also when all other
// receivers fail, and is asked for no proof. A spare receiver is nobody's.
func TestAMerchantsOwnReceiverIsNoFallback(t *testing.T) {
	t.Parallel()
	toShop := config.Match{Merchant: []string{"shop"}}
	for name, c := range map[string]struct {
		routes  []config.Route
		report  string
		digests []string // receivers that merchants' digests go to
		own     bool
	}{
		"no route names it":                         {nil, "", nil, false},
		"a merchant's digest goes there":            {nil, "", []string{"IT"}, true},
		"another receiver gets a merchant's digest": {nil, "", []string{"ELSE"}, false},
		"a digest, and a route for all":             {[]config.Route{{To: []string{"IT"}}}, "", []string{"IT"}, false},
		"a digest, and a later step of a route":     {[]config.Route{{To: []string{"OPS"}, Escalate: []config.Rung{{To: []string{"IT"}}}}}, "", []string{"IT"}, false},
		"a digest, and the platform's own":          {nil, "IT", []string{"IT"}, false},
		"only a merchant's route names it":          {[]config.Route{{Match: toShop, To: []string{"OPS", "IT"}}, {To: []string{"OPS"}}}, "", nil, true},
		"a merchant's route, and one for all":       {[]config.Route{{Match: toShop, To: []string{"IT"}}, {To: []string{"IT"}}}, "", nil, false},
		"a merchant's route, and the platform's":    {[]config.Route{{Match: toShop, To: []string{"IT"}}}, "IT", nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := &config.Config{Routes: c.routes}
			for _, one := range []string{"OPS", "IT"} {
				cfg.Receivers = append(cfg.Receivers, config.Receiver{Name: one, Kind: config.KindSlack, Slack: &slack.Config{Token: "xoxb-1", Channel: "C0" + one}})
			}
			cfg.Digest.ReportTo = c.report
			w := openWays(cfg, slog.New(slog.DiscardHandler), func(receiver string) bool { return slices.Contains(c.digests, receiver) }, subscription.Links{})
			if got := w.ports.Barred("IT"); got != c.own {
				t.Errorf("barred from what falls back: %t, want %t", got, c.own)
			}
			if len(w.ports.Fallback) != 2 || len(w.leads["IT"]) != 1 {
				t.Errorf("falls back to %v, leads to %v", w.ports.Fallback, w.leads["IT"])
			}
			if got := w.proves(w.proofs[1]); got == c.own || !w.proves(w.proofs[0]) {
				t.Errorf("asked for proofs: %t, want %t, and OPS in any case", got, !c.own)
			}
		})
	}
}

// A merchant that comes by the API makes a receiver its own at once, and ends
// its proofs; one that goes gives it back.
func TestADigestByTheAPIMakesAReceiverTheMerchants(t *testing.T) {
	t.Parallel()
	d := opened(t, "  shop: {kind: slack, token_file: slack.token, channel: C0SHOP12345}\n")
	p := &pulses{d: d}
	check := func(what string, own bool) {
		t.Helper()
		w := d.column.ways.Load()
		asked := slices.ContainsFunc(p.lanes(time.Now()), func(one proof) bool { return alerting.ReceiverOf(one.to.Lane) == "shop" })
		if barred := w.ports.Barred("shop"); barred != own || asked == own || w.ports.Barred("ops") {
			t.Errorf("%s: barred %t, asked for a proof %t; want %t, %t, and ops never barred", what, barred, asked, own, !own)
		}
	}
	check("before", false)
	m := registry.Merchant{ID: "shop", Name: "Shop"}
	m.Digest.Slack = "shop"
	if _, err := d.registry.Apply(t.Context(), registry.Change{Actor: "test", PutMerchants: []registry.Merchant{m}}); err != nil {
		t.Fatal(err)
	}
	check("with a merchant of the API", true)
	if _, err := d.registry.Apply(t.Context(), registry.Change{Actor: "test", DropMerchants: []string{"shop"}}); err != nil {
		t.Fatal(err)
	}
	check("after it went", false)
}
