package web_test

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/dashboards/web"
	"github.com/hookvigil/hookvigil/rules"
)

// stands is an open condition since so many minutes.
func stands(rule rules.Rule, scope rules.Scope, severity rules.Severity, minutes int, e rules.Evidence) rules.Standing {
	since := now.Add(-time.Duration(minutes) * time.Minute)
	return rules.Standing{
		Rule: rule, Scope: scope, OpenedAt: since.Add(time.Minute), Evidence: e,
		Episode: rules.Episode{Number: 1, Phase: rules.PhaseOpen, Since: since, Worst: severity},
	}
}

// pending is one that is not confirmed; it was critical the time before.
func pending(s rules.Standing) rules.Standing {
	s.Episode.Phase, s.OpenedAt, s.Episode.Worst = rules.PhasePending, time.Time{}, rules.Critical
	return s
}

// standsOnABadDay are conditions of acme-payouts, and two low ones elsewhere.
func standsOnABadDay() []rules.Standing {
	here := rules.ScopeOf(rules.ScopeEndpoint, "acme-payouts")
	down := stands(rules.RuleEndpointDown, here, rules.High, 4, rules.Evidence{
		Text: "timeout_response at level reach since 2026-11-21 11:56:00 UTC, 5 probes in a row over 4m", Clears: "2 healthy probes in a row"})
	down.Episode.Fault = "timeout_response"
	return []rules.Standing{
		stands(rules.RuleEndpointSlow, here, rules.Low, 95, rules.Evidence{
			Text: "210 of 360 answers took longer than 5s (58.3%) since 2026-11-21 10:00:00 UTC, p99 14.2s of a deadline of 30s", Numerator: 210, Denominator: 360,
			Clears: "at most 10% slower than 5s and a p99 of at most 7.5s, in at least 20 answers within 1h"}),
		pending(stands(rules.RuleCertificate, here, "", 1, rules.Evidence{Text: "expired_leaf: valid until 2026-11-18, not confirmed yet"})),
		down,
		stands(rules.RuleLossComing, here, rules.High, 2, rules.Evidence{Text: "18 events get their last automatic try within 6h; 18 wait in all", Clears: "no event that gets its last automatic try within 6h"}),
		stands(rules.RuleSilence, rules.ScopeOf(rules.ScopeEndpoint, "acme"), rules.Low, 95, rules.Evidence{Text: "endpoint acme: no attempt"}),
		stands(rules.RuleEndpointSlow, rules.ScopeOf(rules.ScopeEndpoint, "acme-payouts2"), rules.Low, 95, rules.Evidence{Text: "no one's here"}),
		stands(rules.RulePlatformErrorRatio, rules.ScopePlatform, rules.Critical, 42, rules.Evidence{Text: "platform"}),
	}
}

var rowOfConditions = regexp.MustCompile(`(?s)<div><dt><span class="mark (\w+)">.*?</svg>(\w+)</span> <code>(\w+)</code>`)

// conditionsIn lists the conditions of a page: mark, severity and rule.
func conditionsIn(page string) (list []string) {
	for _, m := range rowOfConditions.FindAllStringSubmatch(page, -1) {
		list = append(list, strings.Join(m[1:], " "))
	}
	return list
}

func TestEndpointPageListsItsConditions(t *testing.T) {
	t.Parallel()
	page := get(t, badDay(), "/endpoints/acme-payouts").Body.String()
	want := []string{"failing high loss_coming", "failing high endpoint_down", "degraded low endpoint_slow", "no_data pending certificate"}
	if got := conditionsIn(page); !slices.Equal(got, want) {
		t.Errorf("conditions %q, want %q", got, want)
	}
	for _, want := range []string{"It clears with:</strong> <bdi>at most 10% slower than 5s", "opens no incident by itself", "<code><bdi>timeout_response</bdi></code>", "for 95 minutes since"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q", want)
		}
	}
	if n := strings.Count(page, "opens no incident"); n != 1 {
		t.Errorf("%d conditions open no incident, want the low one", n)
	}
	if page := get(t, badDay(), "/endpoints/ceres").Body.String(); strings.Contains(page, `id="conditions"`) {
		t.Error("an endpoint without conditions has a section of them")
	}
}

func TestManyConditionsOfAnEndpointAreCut(t *testing.T) {
	t.Parallel()
	src := seven()
	for i := range 25 {
		src.stands = append(src.stands, stands(rules.Rule(fmt.Sprintf("rule_%d", i)), "endpoint:dewi", rules.Low, i, rules.Evidence{}))
	}
	page := get(t, src, "/endpoints/dewi").Body.String()
	if n := len(conditionsIn(page)); n != 20 || !strings.Contains(page, "<p>5 more are not shown: <code>hookvigil condition ls</code> lists them.</p>") {
		t.Errorf("%d conditions, want 20 and that 5 are not shown", n)
	}
}

func TestOverviewCountsLowConditions(t *testing.T) {
	t.Parallel()
	low := stands(rules.RuleSilence, "endpoint:dewi", rules.Low, 1, rules.Evidence{})
	loud := stands(rules.RuleSilence, "source:core", rules.Critical, 1, rules.Evidence{})
	waits := low
	waits.Episode.Phase, waits.Episode.Worst = rules.PhasePending, rules.Low
	for name, tt := range map[string]struct {
		stands []rules.Standing
		path   string
		want   string // empty: nothing is said
	}{
		"none":                             {nil, "/", ""},
		"one among others":                 {[]rules.Standing{low, loud, waits}, "/", "1 condition of low severity is open and opens no incident by itself"},
		"many":                             {slices.Repeat([]rules.Standing{low}, 1200), "/", "1,200 conditions of low severity are open and open no incident by themselves"},
		"loud and pending ones alone":      {[]rules.Standing{loud, waits}, "/", ""},
		"to a reader who looks for others": {[]rules.Standing{low}, "/?q=dewi", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src := seven()
			src.stands = tt.stands
			page := get(t, src, tt.path).Body.String()
			if said := strings.Contains(page, "of low severity"); said != (tt.want != "") || !strings.Contains(page, tt.want) {
				t.Errorf("low ones are mentioned: %t, want %q", said, tt.want)
			}
		})
	}
}

// TestNothingLinksToAPageOfConditions: there is none.
func TestNothingLinksToAPageOfConditions(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/", "/endpoints/acme-payouts"} {
		for _, m := range regexp.MustCompile(`href="(/[^"#?]*)`).FindAllStringSubmatch(get(t, badDay(), path).Body.String(), -1) {
			if strings.HasPrefix(m[1], "/api/") {
				continue // served elsewhere
			}
			if rec := get(t, badDay(), m[1]); rec.Code != http.StatusOK {
				t.Errorf("%s links to %s, which answers %d", path, m[1], rec.Code)
			}
		}
	}
}

func TestHostileConditionsStayTexts(t *testing.T) {
	t.Parallel()
	for name, text := range hostileTexts() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src := seven()
			s := stands(rules.RuleEndpointSlow, "endpoint:dewi", rules.Low, 1, rules.Evidence{Text: "channel " + text + ": late", Clears: text})
			s.Episode.Fault, s.Merchant = text, text
			channel := stands(rules.RuleUpstreamDelay, rules.ScopeOf(rules.ScopeChannel, text), rules.Low, 1, rules.Evidence{Text: text})
			src.stands = []rules.Standing{s, channel}
			for _, path := range []string{"/", "/endpoints/dewi"} {
				page := get(t, src, path).Body.String()
				checkHarmless(t, page)
				if len(page) > 30_000 {
					t.Errorf("%s: %d bytes, want texts to be cut", path, len(page))
				}
			}
			if page := get(t, src, "/endpoints/dewi").Body.String(); len(conditionsIn(page)) != 1 {
				t.Error("the condition is not listed")
			}
		})
	}
}

// TestCountsSayWhatTheyCount: not every numerator is a failure.
func TestCountsSayWhatTheyCount(t *testing.T) {
	t.Parallel()
	fails := map[rules.Rule]string{
		rules.RuleEndpointDown: "Failed probes", rules.RuleEndpointFailing: "Failed first attempts", rules.RulePlatformErrorRatio: "Failed first attempts",
		rules.RuleProductErrorRatio: "Failed first attempts", rules.RuleChannelErrorRatio: "Failed first attempts", rules.RuleTypeErrorRatio: "Failed first attempts",
		rules.RuleMerchantErrorRatio: "Failed first attempts",
	}
	for _, rule := range append(rules.Rules(), alerting.RuleCommonCause) {
		src := seven()
		in := quick("counts", rules.High, 5)
		in.Rule, in.Evidence = rule, rules.Evidence{Text: "so it is", Numerator: 1200, Denominator: 4800}
		src.desk.incidents = []alerting.Incident{in}
		page := get(t, web.Source(src), "/incidents/counts").Body.String()
		m := regexp.MustCompile(`<dt>([^<]+)</dt><dd>1,200 of 4,800 \(25%\)</dd>`).FindStringSubmatch(page)
		if m == nil || fails[rule] != "" && m[1] != fails[rule] || fails[rule] == "" && strings.Contains(m[1], "ailed") {
			t.Errorf("%s: %q, want %q or no failure", rule, m, fails[rule])
		}
	}
}
