package alerting_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// said makes a change of a rule about the deliveries of one endpoint of a
// merchant.
func said(rule rules.Rule, endpoint, merchant string, severity rules.Severity, minute float64) rules.Change {
	return rules.Change{
		Key: rules.Key{Rule: rule, Scope: rules.ScopeOf(rules.ScopeEndpoint, endpoint), Episode: 1}, Number: 1, Open: true, Since: at(minute), At: at(minute),
		Severity: severity, Merchant: merchant, Host: endpoint + ".example", Evidence: rules.Evidence{Text: "18 events"},
	}
}

// live returns the titles of the incidents that run, in order.
func (h *house) live() []string {
	var titles []string
	for _, in := range h.world.Incidents {
		if in.Live() {
			titles = append(titles, in.Title)
		}
	}
	slices.Sort(titles)
	return titles
}

// What is low is for pages and digests: it tells nobody, until it is louder.
func TestLowConditionsOpenNothing(t *testing.T) {
	t.Parallel()
	h := &house{d: desk()}
	low := said(rules.RuleEndpointSlow, "a", "toko", rules.Low, 1)
	if got := h.decide(at(1), low); len(h.world.Incidents) != 0 || len(got.Notices) != 0 {
		t.Fatalf("low: %d incidents, told %s", len(h.world.Incidents), kinds(got.Notices))
	}
	low.Open, low.Number = false, 2
	if h.decide(at(2), low); len(h.world.Incidents) != 0 {
		t.Fatalf("its end: %d incidents", len(h.world.Incidents))
	}
	high := said(rules.RuleEndpointSlow, "a", "toko", rules.High, 3)
	high.Number = 2
	if got := h.decide(at(4), high); len(h.live()) != 1 || len(got.Notices) == 0 || h.live()[0] != "a answers slowly" {
		t.Errorf("louder: %q, told %s", h.live(), kinds(got.Notices))
	}
}

// The ratio of an endpoint is a line of the incident in which it is down, and
// opens none.
func TestTheRatioOfAnEndpointIsALine(t *testing.T) {
	t.Parallel()
	h := &house{d: desk()}
	failing := said(rules.RuleEndpointFailing, "a", "m_a", rules.High, 3)
	if h.decide(at(3), failing); len(h.live()) != 0 {
		t.Errorf("alone, live %q", h.live())
	}
	h.decide(at(4), down("a", "h1", true, noon, at(4)), failing)
	if got := h.live(); len(got) != 1 || len(h.world.Incidents[0].Members) != 2 {
		t.Errorf("beside endpoint_down live %q", got)
	}
	h.world.Orphans = []alerting.Orphan{{Change: failing}}
	if h.decide(at(5), down("a", "h1", false, noon, at(5))); len(h.live()) != 0 {
		t.Errorf("up again, live %q: the ratio comes down later", h.live())
	}
	if h.decide(at(6)); len(h.live()) != 0 {
		t.Errorf("a turn later, live %q", h.live())
	}
}

// What goes up at the same time in several ways to divide the same traffic is
// one cause, and pages once; two values of one dimension are one cause only when they go up at
// once.
func TestRatiosOfTheSameTrafficAreOneIncident(t *testing.T) {
	t.Parallel()
	channel, product := rules.ScopeOf(rules.ScopeChannel, "ID_BCA"), rules.ScopeOf(rules.ScopeProduct, "VA")
	for name, tt := range map[string]struct {
		changes []rules.Change
		want    []string
	}{
		"a channel, its product, a type and a merchant": {[]rules.Change{
			risen(rules.RuleChannelErrorRatio, channel, rules.Critical, 1), risen(rules.RuleProductErrorRatio, product, rules.Critical, 1.5),
			risen(rules.RuleTypeErrorRatio, rules.ScopeOf(rules.ScopeType, "va.paid"), rules.High, 2),
			risen(rules.RuleMerchantErrorRatio, rules.ScopeOf(rules.ScopeMerchant, "toko"), rules.Critical, 3),
		}, []string{"webhook failures are up on channel ID_BCA"}},
		"two channels at once": {[]rules.Change{
			risen(rules.RuleChannelErrorRatio, channel, rules.Critical, 1), risen(rules.RuleChannelErrorRatio, "channel:ID_BNI", rules.Critical, 2),
		}, []string{"webhook failures are up on 2 channels: ID_BCA and 1 more"}},
		"two channels one after the other": {[]rules.Change{
			risen(rules.RuleChannelErrorRatio, channel, rules.Critical, 1), risen(rules.RuleChannelErrorRatio, "channel:ID_BNI", rules.Critical, 2.1),
		}, []string{"webhook failures are up on channel ID_BCA", "webhook failures are up on channel ID_BNI"}},
		"a product long after a channel": {[]rules.Change{
			risen(rules.RuleChannelErrorRatio, channel, rules.Critical, 1), risen(rules.RuleProductErrorRatio, product, rules.Critical, 31),
		}, []string{"webhook failures are up on channel ID_BCA", "webhook failures are up on product VA"}},
		"all of them, and then the platform": {[]rules.Change{
			risen(rules.RuleChannelErrorRatio, channel, rules.Critical, 1), risen(rules.RuleProductErrorRatio, product, rules.Critical, 1.5),
			risen(rules.RulePlatformErrorRatio, rules.ScopePlatform, rules.Critical, 3), risen(rules.RuleTypeErrorRatio, "type:va.paid", rules.High, 4),
		}, []string{"webhook failures are up on the whole platform"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := &house{d: desk()}
			for _, c := range tt.changes {
				h.decide(c.At, c)
			}
			if got := h.live(); !slices.Equal(got, tt.want) {
				t.Errorf("live %q, want %q", got, tt.want)
			}
			mails := strings.Count(kinds(h.notices), "mail:mail")
			if mails != len(tt.want) {
				t.Errorf("%d mails, want %d: one for each cause", mails, len(tt.want))
			}
		})
	}
}

// A platform's alarm that names the channel whose incident runs is a line of it,
// and says it louder only when it is; one that names another is its own.
func TestThePlatformJoinsTheCauseThatItNames(t *testing.T) {
	t.Parallel()
	channel := risen(rules.RuleChannelErrorRatio, "channel:QR", rules.Critical, 1)
	platform := risen(rules.RulePlatformErrorRatio, rules.ScopePlatform, rules.Critical, 3)
	platform.Evidence.Where = rules.Attribution{Dimension: rules.DimensionChannel, Value: "QR", Share: 1, N: 100, K: 40}
	h := &house{d: desk()}
	h.decide(at(1), channel)
	got := h.decide(at(3), platform)
	if live := h.live(); len(live) != 1 || live[0] != "webhook failures are up on channel QR" || kinds(got.Notices) != "ops:root" {
		t.Errorf("live %q, told %s; want a line of the channel's", live, kinds(got.Notices))
	}
	channel.Open, channel.Number = false, 2
	if h.decide(at(4), channel); len(h.live()) != 1 {
		t.Error("it is over while the platform's ratio is up")
	}

	platform.Evidence.Where.Value = "CARD"
	channel.Open, channel.Number = true, 1
	h = &house{d: desk()}
	h.decide(at(1), channel)
	if h.decide(at(3), platform); h.live()[0] != "webhook failures are up on the platform, most of them at channel CARD" {
		t.Errorf("live %q; want the platform's own", h.live())
	}
}

// What the deliveries of a merchant's endpoints say is one incident, or a line
// of the one in which the endpoint is down; that goes on under it when the
// endpoint is up.
func TestDeliveriesOfAMerchantAreOneIncident(t *testing.T) {
	t.Parallel()
	h := &house{d: desk()}
	h.decide(at(1), said(rules.RuleLossComing, "a", "toko", rules.High, 1))
	h.decide(at(2), said(rules.RuleLossComing, "b", "toko", rules.High, 2), said(rules.RuleEventsLost, "a", "toko", rules.High, 2))
	h.decide(at(3), said(rules.RuleLossComing, "c", "warung", rules.High, 3))
	if got := h.live(); len(got) != 2 || len(h.world.Incidents[0].Members) != 3 {
		t.Errorf("live %q; want one for each merchant", got)
	}

	h = &house{d: desk()}
	h.decide(at(1), down("a", "h1", true, noon, at(1)))
	h.decide(at(9), said(rules.RuleLossComing, "a", "m_a", rules.High, 9))
	if got := h.live(); len(got) != 1 || got[0] != "a is down: refused" {
		t.Errorf("beside a probe that fails live %q", got)
	}

	up := down("a", "h1", false, noon, at(20))
	h.decide(at(20), up)
	if got := h.live(); len(got) != 1 || got[0] != "events of a get their last automatic try soon" {
		t.Errorf("up again, live %q", got)
	}
}

// While the whole platform fails, an endpoint that is slow is no news; what stays
// when that is over is an incident of its own. A loss is news at any time.
func TestThePlatformExplainsItsEndpoints(t *testing.T) {
	t.Parallel()
	h := &house{d: desk()}
	platform := risen(rules.RulePlatformErrorRatio, rules.ScopePlatform, rules.Critical, 1)
	failing := said(rules.RuleEndpointSlow, "a", "toko", rules.High, 2)
	h.decide(at(1), platform)
	h.world.Orphans = []alerting.Orphan{{Change: failing}}
	if h.decide(at(2), failing); len(h.live()) != 1 {
		t.Errorf("while the platform fails live %q", h.live())
	}
	h.decide(at(3), said(rules.RuleLossComing, "b", "warung", rules.High, 3))
	if got := h.live(); len(got) != 2 {
		t.Errorf("with a loss live %q; want it beside the platform's", got)
	}
	platform.Open, platform.Number = false, 2
	h.decide(at(4), platform)
	h.decide(at(5))
	if got := h.live(); len(got) != 2 || got[0] != "a answers slowly" {
		t.Errorf("after it live %q; want the endpoint's own, and the loss", got)
	}
}

// The last hour before a loss is told again, at once, to everybody who was told.
func TestALossThatIsUrgentIsToldAgain(t *testing.T) {
	t.Parallel()
	h := &house{d: desk()}
	c := said(rules.RuleLossComing, "a", "toko", rules.High, 1)
	h.decide(at(1), c)
	c.Number, c.At, c.Evidence.Text = 2, at(300), "18 events get their last try by 17:50"
	if got := h.decide(at(300), c); kinds(got.Notices) != "ops:root ops:update mail:mail" || !strings.Contains(string(got.Notices[1].Facts), "17:50") {
		t.Errorf("told %s", kinds(got.Notices))
	}
	if got := h.decide(at(301), c); len(got.Notices) != 0 {
		t.Errorf("the same again told %s", kinds(got.Notices))
	}
	c.Open, c.Number = false, 3
	if h.decide(at(302), c); len(h.live()) != 0 {
		t.Errorf("over, and live are %q", h.live())
	}
}

// Every rule has a name that people understand.
func TestEveryRuleHasATitle(t *testing.T) {
	t.Parallel()
	for _, rule := range rules.Rules() {
		if rule == rules.RuleEndpointFailing {
			continue // opens none
		}
		h := &house{d: desk()}
		h.decide(at(1), rules.Change{
			Key: rules.Key{Rule: rule, Scope: "endpoint:shop-a", Episode: 1}, Number: 1, Open: true, Since: noon, At: at(1), Severity: rules.High,
		})
		if got := h.live(); len(got) != 1 || strings.Contains(got[0], string(rule)) && rule != rules.RuleCertificate {
			t.Errorf("%s is called %q", rule, got)
		}
	}
}
