package alerting_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// TestASilenceThatIsOverIsNotTold: the hush is kept in mind after its end, for
// when something fails again; a notice says nothing of it.
func TestASilenceThatIsOverIsNotTold(t *testing.T) {
	t.Parallel()
	h := &house{d: lively()}
	h.decide(at(3), down("a", "h", true, at(0), at(3)))
	h.world.Quiet = silenced(alerting.Matcher{Merchant: []string{"m_a"}}, 5)
	h.decide(at(6))
	h.through(6.1, 58)
	if f := h.only(t).Facts("x", at(30), ""); f.QuietBy == "" || f.QuietUntil.IsZero() {
		t.Errorf("while it is silenced: quiet by %q until %s", f.QuietBy, f.QuietUntil)
	}
	h.decide(at(64), down("a", "h", false, at(0), at(64)))
	h.through(64.1, 66)
	if f := h.only(t).Facts("x", at(66), ""); f.QuietBy != "" || !f.QuietUntil.IsZero() {
		t.Errorf("the silence is over; quiet by %q until %s", f.QuietBy, f.QuietUntil)
	}
}

// TestACommonCauseIsCalledWhatItIs: by how many there were while nothing is
// left, and by what they show now.
func TestACommonCauseIsCalledWhatItIs(t *testing.T) {
	t.Parallel()
	turned := func(list []rules.Change, fault string) []rules.Change {
		list = slices.Clone(list)
		for i := range list {
			list[i].Number, list[i].Fault, list[i].Evidence.Text, list[i].At = 2, fault, fault, at(30)
		}
		return list
	}
	cleared := func(list []rules.Change) []rules.Change {
		list = slices.Clone(list)
		for i := range list {
			list[i].Number, list[i].Open, list[i].At = 3, false, at(31)
		}
		return list
	}
	for name, c := range map[string]struct {
		then func(h *house, all []rules.Change)
		want string
	}{
		"all recover: how many there were": {func(h *house, all []rules.Change) { h.decide(at(31), cleared(all)...) }, "10 endpoints: refused"},
		"most change their fault": {func(h *house, all []rules.Change) {
			h.decide(at(30), turned(all[:8], "timeout_connect")...)
			h.decide(at(31), cleared(all[9:])...)
		}, "9 endpoints: timeout_connect"},
		"all change their fault, and nothing else happens": {
			func(h *house, all []rules.Change) { h.decide(at(30), turned(all, "timeout_connect")...) }, "10 endpoints: timeout_connect",
		},
		"half change their fault: what brought them together": {func(h *house, all []rules.Change) {
			h.decide(at(30), turned(all[:4], "timeout_connect")...)
			h.decide(at(31), cleared(all[8:])...)
		}, "8 endpoints: refused"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := &house{d: lively()}
			all := h.fifty(10, "refused")
			h.decide(at(3), all...)
			c.then(h, all)
			if in := h.only(t); in.Title != c.want {
				t.Errorf("%s: title %q, want %q", in.State, in.Title, c.want)
			}
		})
	}
}

// TestOnlyWhatIsToldAgainSaysSo: a line that comes after the second telling is
// other news.
func TestOnlyWhatIsToldAgainSaysSo(t *testing.T) {
	t.Parallel()
	h := &house{d: lively()}
	h.decide(at(0), platform(true, at(-4), at(0)))
	h.world.Levels = map[rules.Scope]alerting.Level{rules.ScopePlatform: failing(200)}
	h.decide(at(30))
	h.world.Levels = map[rules.Scope]alerting.Level{rules.ScopePlatform: failing(50)}
	h.decide(at(32))
	said := map[bool]int{}
	for _, n := range h.notices {
		if f := factsOf(t, n); n.Kind == alerting.KindUpdate || n.Kind == alerting.KindMail {
			again := strings.Contains(f.Happened, "nobody has acknowledged it")
			said[again]++
			if again != (f.Again > 0) {
				t.Errorf("%s of %s: %q, told for the %d. time", n.Kind, n.Created.Format(time.TimeOnly), f.Happened, f.Again+1)
			}
		}
	}
	if said[true] == 0 || said[false] < 2 || h.only(t).MitigatedAt.IsZero() {
		t.Errorf("%v: want both kinds, and a first fix", said)
	}
}

// TestTheWorstIsNeverLessThanNow: a peak that rises a little rises.
func TestTheWorstIsNeverLessThanNow(t *testing.T) {
	t.Parallel()
	h := &house{d: lively()}
	h.decide(at(0), platform(true, at(-4), at(0)))
	h.world.Levels = map[rules.Scope]alerting.Level{rules.ScopePlatform: failing(39)}
	h.decide(at(1))
	h.world.Levels = map[rules.Scope]alerting.Level{rules.ScopePlatform: failing(40)}
	h.decide(at(30))
	if f := h.lastTold(t); f.Again == 0 || f.Share != 0.04 || f.PeakShare != 0.04 {
		t.Errorf("%g now, at worst %g; want 0.04 twice", f.Share, f.PeakShare)
	}
}

// TestTheEndSaysWhenItsEvidenceWas: what is over is not told as if it were so.
func TestTheEndSaysWhenItsEvidenceWas(t *testing.T) {
	t.Parallel()
	h := &house{d: desk()}
	c := expiredAt("endpoint:a")
	h.decide(at(2), c)
	c.Number, c.Open, c.At, c.Evidence.Text = 2, false, at(3), "the certificate is good again"
	h.decide(at(3), c)
	f := h.lastTold(t)
	want := "leaf api expired 2026-11-21 11:00 UTC, issuer CA (as it was at 2026-11-21 12:02:00 UTC)"
	if f.State.Live() || f.Evidence.Text != want {
		t.Errorf("%s: %q, want %q", f.State, f.Evidence.Text, want)
	}
}

// expiredAt is the change of an expired certificate.
func expiredAt(scope rules.Scope) rules.Change {
	c := down("a", "ledger.example:443", true, at(0), at(2))
	c.Key = rules.Key{Rule: rules.RuleCertificate, Scope: scope, Episode: 1}
	c.Severity, c.Fault, c.Evidence.Text = rules.Critical, "expired_leaf", "leaf api expired 2026-11-21 11:00 UTC, 60m ago, issuer CA"
	return c
}

// TestAServiceOfOnesOwnIsToldLikeAnEndpoint: why, what to do, and whose it is.
func TestAServiceOfOnesOwnIsToldLikeAnEndpoint(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ fault, cause, why, advice string }{
		"its certificate has expired": {
			"expired_leaf", "certificate", "its certificate has expired, and strict senders deliver nothing, at ledger.example:443", "Renew it",
		},
		"it ends soon": {"expiring", "certificate_expiring", "its certificate ends soon, at ledger.example:443", "Renew it"},
		"nobody gets there": {
			"connect_refused", "endpoint_down", "no connection can be made (refused), at ledger.example:443", "Check that the server runs",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := &house{d: desk()}
			ch := expiredAt("target:ledger")
			ch.Merchant, ch.Fault = "", c.fault
			h.decide(at(2), ch)
			if a := h.lastTold(t).About; a.Service != "ledger" || a.Cause != c.cause || a.Why != c.why || !strings.HasPrefix(a.Advice, c.advice) {
				t.Errorf("%+v", a)
			}
			ch.Number, ch.Open, ch.At, ch.Evidence.Text = 2, false, at(3), "the certificate is good again"
			h.decide(at(3), ch)
			if a := h.lastTold(t).About; a.Service != "ledger" || a.Advice != "" {
				t.Errorf("when it is over: %+v", a)
			}
		})
	}
}

func TestBetweenFitsTheTimesBesideIt(t *testing.T) {
	t.Parallel()
	from := at(0).Add(49*time.Second + 100*time.Millisecond)
	for name, c := range map[string]struct {
		to   time.Time
		want time.Duration
	}{
		"a part of a second more":      {at(2).Add(7*time.Second + 900*time.Millisecond), 78 * time.Second},
		"a part of a second less":      {at(2).Add(7*time.Second + 50*time.Millisecond), 78 * time.Second},
		"in the same second":           {from.Add(800 * time.Millisecond), 0},
		"before":                       {from.Add(-time.Minute), 0},
		"in the next, 200 ms after it": {at(0).Add(50 * time.Second), time.Second},
	} {
		if got := alerting.Between(from, c.to); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
