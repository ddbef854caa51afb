package alerting_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/rules"
)

// lastTold returns the facts of the last notice to the mail.
func (h *house) lastTold(t *testing.T) alerting.Facts {
	t.Helper()
	for _, n := range slices.Backward(h.notices) {
		if strings.HasPrefix(n.Lane, "mail/") {
			return factsOf(t, n)
		}
	}
	t.Fatal("no mail")
	return alerting.Facts{}
}

// TestWhatIsToldAgainShowsHowItIsNow: who is woken after an hour reads the
// figures of that hour, and since when it has been so.
func TestWhatIsToldAgainShowsHowItIsNow(t *testing.T) {
	t.Parallel()
	level := rules.Evidence{Numerator: 1204, Denominator: 9800, From: at(25), To: at(30), Low: 0.11, High: 0.13, Baseline: 0.003}
	for name, c := range map[string]struct {
		then func(h *house)
		want string
	}{
		"a ratio, by its last window": {
			func(h *house) {
				h.decide(at(0), platform(true, at(-4), at(0)))
				h.world.Levels = map[rules.Scope]alerting.Level{rules.ScopePlatform: {Evidence: level}}
				h.decide(at(30))
			},
			"1,204 of 9,800 first attempts failed (12.3%) in the last 5m, to 2026-11-21 12:30:00 UTC; ordinarily 0.3%; failures are up since 2026-11-21 11:56:00 UTC",
		},
		"a ratio of which nothing came lately": {
			func(h *house) {
				c := platform(true, at(-4), at(0))
				c.Evidence.Text = "4 of 20 failed"
				h.decide(at(0), c)
				h.decide(at(30))
			},
			"4 of 20 failed (as it was at 2026-11-21 12:00:00 UTC)",
		},
		"an endpoint, by what is seen of it": {
			func(h *house) {
				h.d.About = func(alerting.Incident, bool) alerting.About {
					return alerting.About{Now: "http_5xx, 31 probes in a row since 2026-11-21 12:00:00 UTC"}
				}
				h.loudEndpoint()
				h.decide(at(33))
			},
			"http_5xx, 31 probes in a row since 2026-11-21 12:00:00 UTC",
		},
		"an endpoint of which nothing newer is known": {
			func(h *house) {
				h.loudEndpoint()
				h.decide(at(33))
			},
			"refused since 12:00 (as it was at 2026-11-21 12:02:00 UTC)",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := &house{d: lively()}
			c.then(h)
			f := h.lastTold(t)
			if f.Again == 0 || f.Evidence.Text != c.want {
				t.Errorf("told for the %d. time: %q, want %q", f.Again+1, f.Evidence.Text, c.want)
			}
			if f.StartedAt.After(at(0)) {
				t.Errorf("since %s, want the time at which it began", f.StartedAt)
			}
		})
	}
}

// loudEndpoint opens a critical incident of one endpoint.
func (h *house) loudEndpoint() {
	c := down("a", "h1", true, noon, at(2))
	c.Severity = rules.Critical
	h.decide(at(2), c)
}

func TestTheOpeningShowsItsOwnEvidence(t *testing.T) {
	t.Parallel()
	h := &house{d: lively()}
	h.d.About = func(alerting.Incident, bool) alerting.About { return alerting.About{Now: "something else"} }
	h.loudEndpoint()
	if got := h.lastTold(t).Evidence.Text; got != "refused since 12:00" {
		t.Errorf("it says %q", got)
	}
}

func TestACommonCauseCountsThoseThatFailNow(t *testing.T) {
	t.Parallel()
	h := &house{d: lively()}
	h.decide(at(3), h.fifty(50, "timeout_connect")...)
	for i := range 20 {
		id, host := string(h.world.Failing[i].Scope)[len("endpoint:"):], h.world.Failing[i].Host
		h.decide(at(4), down(id, host, false, at(0), at(4)))
	}
	h.decide(at(8))
	want := "30 of 50 endpoints fail now, since 2026-11-21 12:00:00 UTC: first e0: refused since 12:00"
	if got := h.lastTold(t).Evidence.Text; got != want {
		t.Errorf("it says %q, want %q", got, want)
	}
}

func TestNoticesSayWhy(t *testing.T) {
	t.Parallel()
	advised := alerting.About{Cause: "endpoint_down", Host: "h1", Advice: "No connection can be made (refused) since 2026-11-21 12:00:00 UTC. Offer TLS 1.2 or newer."}
	for name, c := range map[string]struct {
		about     alerting.About
		decide    func(h *house)
		why, rest string
	}{
		"an endpoint, by the advice on it": {
			advised, (*house).loudEndpoint,
			"no connection can be made (refused) since 2026-11-21 12:00:00 UTC, at h1", "Offer TLS 1.2 or newer.",
		},
		"an endpoint, by its fault when there is no advice": {
			alerting.About{}, (*house).loudEndpoint, "the connection is refused (refused) at h1; down since 2026-11-21 12:00:00 UTC", "",
		},
		"many, by what they share": {
			advised, func(h *house) { h.decide(at(3), h.fifty(50, "tls_expired")...) },
			"the certificate has expired (tls_expired), at 50 hosts; it began with e0 at 2026-11-21 12:00:00 UTC", advised.Advice,
		},
		"many, by what the signals together say": {
			alerting.About{Cause: string(rules.CauseOurTrustStore), Advice: "The sender's roots are old. Update them; the merchants have nothing to do."},
			func(h *house) { h.decide(at(3), h.fifty(50, "tls_untrusted")...) },
			"the sender's roots are old", "Update them; the merchants have nothing to do.",
		},
		"a ratio that nothing explains": {
			alerting.About{}, func(h *house) { h.decide(at(0), platform(true, at(-4), at(0))) },
			"not known: no one place and no one fault explains most of the failures; it began at 2026-11-21 11:56:00 UTC", "",
		},
		"a ratio, by where the failures come from": {
			alerting.About{},
			func(h *house) {
				ch := platform(true, at(-4), at(0))
				ch.Evidence.Where = rules.Attribution{Dimension: rules.DimensionChannel, Value: "ID_BCA", Share: 0.64}
				ch.Evidence.How = rules.Attribution{Dimension: rules.DimensionFault, Value: "tls_expired", Share: 0.8}
				h.decide(at(0), ch)
			},
			"64% of the excess failures are at channel ID_BCA; 80% of the failures end alike: the certificate has expired (tls_expired)", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := &house{d: lively()}
			h.d.About = func(alerting.Incident, bool) alerting.About { return c.about }
			c.decide(h)
			if a := h.lastTold(t).About; a.Why != c.why || a.Advice != c.rest {
				t.Errorf("cause %q, to do %q; want %q, %q", a.Why, a.Advice, c.why, c.rest)
			}
		})
	}
}

// TestEveryAdviceHasACause: whatever the signals say, the cause is a sentence
// of its own and what to do is another.
func TestEveryAdviceHasACause(t *testing.T) {
	t.Parallel()
	for _, fault := range probes.Faults()[1:] {
		for _, flow := range []rules.Flow{rules.FlowFailing, rules.FlowOK} {
			for _, verdict := range []probes.Verdict{probes.Down, probes.Healthy} {
				f := rules.CauseOf(rules.CauseFact{Flow: flow, Fault: fault, Status: 503, Since: noon, Reach: rules.Look{Verdict: verdict, Fault: fault}})
				if f.Advice.English == "" {
					continue
				}
				h := &house{d: lively()}
				h.d.About = func(alerting.Incident, bool) alerting.About {
					return alerting.About{Cause: string(f.Cause), Advice: f.Advice.English}
				}
				h.loudEndpoint()
				a := h.lastTold(t).About
				if len(a.Why) < 20 || strings.HasSuffix(a.Why, ".") || len(a.Advice) < 20 || !strings.HasSuffix(a.Advice, ".") {
					t.Errorf("%s, %s, %s: cause %q, to do %q", fault, flow, verdict, a.Why, a.Advice)
				}
			}
		}
	}
}

func TestEveryFaultHasWords(t *testing.T) {
	t.Parallel()
	for _, f := range probes.Faults()[1:] {
		if w := alerting.FaultInWords(f); w == "" || strings.Contains(w, "_") {
			t.Errorf("%s: %q", f, w)
		}
	}
	if w := alerting.FaultInWords("made_up"); w != "" {
		t.Errorf("a word that is none: %q", w)
	}
}
