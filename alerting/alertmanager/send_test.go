package alertmanager_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/alerting/alertmanager"
	"github.com/hookvigil/hookvigil/rules"
)

func TestTheTimesOfAnAlert(t *testing.T) {
	t.Parallel()
	const stands = 4 * time.Hour
	over := opened.Add(17 * time.Minute)
	for sentence, tc := range map[string]struct {
		kind       alerting.Kind
		facts      alerting.Facts
		start, end time.Time
	}{
		"a live incident":                     {"state", ratio(), began, now.Add(5 * time.Minute)},
		"an acknowledged one fires all along": {"state", acknowledged(), began, now.Add(5 * time.Minute)},
		"a resolved one":                      {"state", resolved(), began, over},
		"a reconciled one":                    {"state", with(func(f *alerting.Facts) { f.State, f.ResolvedAt = alerting.StateReconciled, over }), began, over},
		"one that is over, nobody knows when": {"state", with(func(f *alerting.Facts) { f.State = alerting.StateResolved }), began, opened},
		"one that ended before it began":      {"state", with(func(f *alerting.Facts) { f.State, f.ResolvedAt = alerting.StateResolved, began.Add(-time.Hour) }), began, began},
		"one that ends in the future":         {"state", with(func(f *alerting.Facts) { f.State, f.ResolvedAt = alerting.StateResolved, now.Add(time.Hour) }), began, now},
		"one that begins in the future":       {"state", with(func(f *alerting.Facts) { f.StartedAt = now.Add(time.Hour) }), now, now.Add(5 * time.Minute)},
		"one without a start":                 {"state", with(func(f *alerting.Facts) { f.StartedAt = time.Time{} }), opened, now.Add(5 * time.Minute)},
		"a page in place of another":          {"page", ratio(), began, now.Add(stands)},
		"its end in place of another":         {"resolve", resolved(), began, over},
		"a dead letter about one over":        {"dead_letter", resolved(), over, now.Add(stands)},
		"a summary":                           {"summary", alerting.Facts{Title: "7 more", At: opened}, opened, now.Add(stands)},
		"a test":                              {"test", alerting.Facts{At: opened}, opened, now.Add(5 * time.Minute)},
		"no facts at all":                     {"state", alerting.Facts{}, opened, now.Add(5 * time.Minute)},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, nil)
			b.send(notice(t, tc.kind, 1, tc.facts), alerting.Ref{})
			if a := b.last(1)[0]; !a.StartsAt.Equal(tc.start) || !a.EndsAt.Equal(tc.end) {
				t.Errorf("got %s to %s, want %s to %s", a.StartsAt, a.EndsAt, tc.start, tc.end)
			}
		})
	}
}

func TestTheLabelsOfAnAlert(t *testing.T) {
	t.Parallel()
	const id = "inc_4kd7aq2mxz5rt6wy"
	scoped := func(rule rules.Rule, kind, of string) alerting.Facts {
		return with(func(f *alerting.Facts) { f.Rule, f.Scope = rule, rules.ScopeOf(kind, of) })
	}
	for sentence, tc := range map[string]struct {
		kind  alerting.Kind
		facts alerting.Facts
		want  map[string]string // besides those of the configuration
	}{
		"the platform": {"state", ratio(), map[string]string{
			"alertname": "PlatformErrorRatio", "severity": "critical", "hookvigil_incident": id, "rule": "platform_error_ratio", "scope": "platform",
		}},
		"an endpoint": {"state", endpoint(), map[string]string{
			"alertname": "EndpointDown", "severity": "high", "hookvigil_incident": id, "rule": "endpoint_down", "scope": "endpoint", "endpoint": "acme-payouts", "merchant": "acme",
		}},
		"a channel": {"state", scoped(rules.RuleChannelErrorRatio, rules.ScopeChannel, "ID_BCA"), map[string]string{
			"alertname": "ChannelErrorRatio", "severity": "critical", "hookvigil_incident": id, "rule": "channel_error_ratio", "scope": "channel", "channel": "ID_BCA",
		}},
		"a type of event": {"state", scoped(rules.RuleTypeErrorRatio, rules.ScopeType, "payment.paid"), map[string]string{
			"alertname": "TypeErrorRatio", "severity": "critical", "hookvigil_incident": id, "rule": "type_error_ratio", "scope": "event_type", "event_type": "payment.paid",
		}},
		"a merchant": {"state", scoped(rules.RuleMerchantErrorRatio, rules.ScopeMerchant, "acme"), map[string]string{
			"alertname": "MerchantErrorRatio", "severity": "critical", "hookvigil_incident": id, "rule": "merchant_error_ratio", "scope": "merchant", "merchant": "acme",
		}},
		"a scope of next year": {"state", scoped("moon_phase", "planet", "earth"), map[string]string{
			"alertname": "MoonPhase", "severity": "critical", "hookvigil_incident": id, "rule": "moon_phase", "scope": "planet",
		}},
		"no facts":      {"state", alerting.Facts{}, map[string]string{"alertname": "Incident", "hookvigil_incident": id}},
		"a page":        {"page", endpoint(), map[string]string{"alertname": "EndpointDown", "severity": "high", "hookvigil_incident": id, "rule": "endpoint_down", "scope": "endpoint", "endpoint": "acme-payouts", "merchant": "acme"}},
		"a dead letter": {"dead_letter", ratio(), map[string]string{"alertname": "NoticeNotDelivered", "severity": "critical", "hookvigil_incident": id, "hookvigil_notice": "its key"}},
		"a summary":     {"summary", alerting.Facts{Severity: rules.High}, map[string]string{"alertname": "NoticesHeldBack", "severity": "high", "hookvigil_notice": "its key"}},
		"a test":        {"test", alerting.Facts{Severity: rules.Low}, map[string]string{"alertname": "ReceiverTest", "severity": "info", "hookvigil_notice": "its key"}},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, nil, func(c *alertmanager.Config) { c.Labels = map[string]string{"team": "payments"} })
			n := notice(t, tc.kind, 1, tc.facts)
			b.send(n, alerting.Ref{})
			tc.want["team"] = "payments"
			if tc.want["hookvigil_notice"] != "" {
				tc.want["hookvigil_notice"] = fmt.Sprintf("%x", sha256.Sum256([]byte(n.IdemKey)))[:16]
			}
			if got := b.last(1)[0].Labels; !maps.Equal(got, tc.want) {
				t.Errorf("got  %v\nwant %v", got, tc.want)
			}
		})
	}
}

// TestWhatIsToldTwiceKeepsItsLabels: another title, cause or state is the same
// alert.
func TestWhatIsToldTwiceKeepsItsLabels(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	ref := b.send(notice(t, alerting.KindState, 1, ratio()), alerting.Ref{})
	first := b.last(1)[0].Labels
	changed := acknowledged()
	changed.Title, changed.About, changed.MemberCount = "webhook failures are up", alerting.About{}, 3
	for i, f := range []alerting.Facts{changed, changed, resolved()} {
		again := b.send(notice(t, alerting.KindState, 2+i, f), ref)
		if got := b.last(1)[0].Labels; again != ref || !maps.Equal(got, first) {
			t.Errorf("got %v and ref %v, want %v and %v", got, again, first, ref)
		}
	}
}

// TestAnAlertThatChangesItsLabelsEndsTheOldOne: in one request.
func TestAnAlertThatChangesItsLabelsEndsTheOldOne(t *testing.T) {
	t.Parallel()
	louder := endpoint()
	louder.Severity = rules.Critical
	other := endpoint()
	other.Rule, other.Merchant = rules.RuleLossComing, ""
	ended := louder
	ended.State, ended.ResolvedAt = alerting.StateResolved, opened.Add(time.Minute)
	for sentence, tc := range map[string]struct {
		facts    alerting.Facts
		old, end time.Time // when they end
	}{
		"louder":          {louder, now, now.Add(5 * time.Minute)},
		"led by another":  {other, now, now.Add(5 * time.Minute)},
		"louder and over": {ended, opened.Add(time.Minute), opened.Add(time.Minute)},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, nil)
			ref := b.send(notice(t, alerting.KindState, 1, endpoint()), alerting.Ref{})
			first := b.last(1)[0].Labels
			ref = b.send(notice(t, alerting.KindState, 2, tc.facts), ref)
			list := b.last(2)
			if !maps.Equal(list[0].Labels, first) || !list[0].EndsAt.Equal(tc.old) || !list[0].StartsAt.Equal(began) {
				t.Errorf("got old %+v, want %v until %s", list[0], first, tc.old)
			}
			if maps.Equal(list[1].Labels, first) || !list[1].EndsAt.Equal(tc.end) {
				t.Errorf("got new %+v, want others until %s", list[1], tc.end)
			}
			b.send(notice(t, alerting.KindState, 3, tc.facts), ref)
			b.last(1) // the old one is not told again
		})
	}
}

func TestWhatOthersLeftBehindIsNoAlert(t *testing.T) {
	t.Parallel()
	for _, last := range []string{"1700000000.0002", "trigger/3", "{}", `{"alertname":"X","hookvigil_incident":"inc_other"}`, "null", `{"a":1}`} {
		b := newBench(t, nil)
		b.send(notice(t, alerting.KindState, 2, ratio()), alerting.Ref{Root: "x", Last: last})
		b.last(1)
	}
	b := newBench(t, nil)
	ref := b.send(notice(t, alerting.KindState, 1, ratio()), alerting.Ref{})
	b.send(notice(t, alerting.KindDead, 1, ratio()), ref)
	b.last(1) // an alarm about the incident does not end it
}

func TestRefusalsOfAFormGoReduced(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	n := notice(t, alerting.KindState, 1, ratio())
	ref := b.send(n, alerting.Ref{})
	n.Reduced = true
	b.send(n, ref)
	if a := b.last(1)[0]; a.GeneratorURL != "" || !maps.Equal(a.Annotations, map[string]string{"summary": ratio().Title}) || len(a.Labels) != 5 {
		t.Errorf("got %+v, want the same labels and the title alone", a)
	}
}

// TestOneInstanceIsEnough: and all of them are told.
func TestOneInstanceIsEnough(t *testing.T) {
	t.Parallel()
	down := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }
	var log bytes.Buffer
	good, bad := newInstance(t, nil), newInstance(t, down)
	r := alertmanager.New(alertmanager.Config{URLs: []string{bad.URL, good.URL + "/"}}, slog.New(slog.NewTextHandler(&log, nil)))
	if _, err := r.Send(t.Context(), notice(t, alerting.KindState, 1, ratio()), alerting.Ref{}); err != nil {
		t.Errorf("got %v, want it to be enough", err)
	}
	if len(good.posted()) != 1 || len(bad.posted()) != 1 || strings.Count(log.String(), "level=WARN") != 1 || !strings.Contains(log.String(), bad.URL) {
		t.Errorf("got %d and %d requests, log %s", len(good.posted()), len(bad.posted()), log.String())
	}
}

func TestInstancesThatAllFail(t *testing.T) {
	t.Parallel()
	status := func(code int, wait string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", wait)
			w.WriteHeader(code)
		}
	}
	for sentence, tc := range map[string]struct {
		first, second http.HandlerFunc
		class         alerting.Class
		retryAfter    time.Duration
	}{
		"alike":                 {status(401, ""), status(403, ""), alerting.ClassAuth, 0},
		"each in its way":       {status(401, ""), status(400, ""), alerting.ClassTransient, 0},
		"one may be back":       {status(400, ""), status(503, ""), alerting.ClassTransient, 0},
		"both limit":            {status(429, "30"), status(429, "7"), alerting.ClassLimited, 7 * time.Second},
		"one limits":            {status(429, "30"), status(503, ""), alerting.ClassTransient, 0},
		"both refuse the alert": {status(400, ""), status(413, ""), alerting.ClassMessage, 0},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			other := newInstance(t, tc.second)
			b := newBench(t, tc.first, func(c *alertmanager.Config) { c.URLs = append(c.URLs, other.URL) })
			e := b.fail(notice(t, alerting.KindState, 1, ratio()), tc.class)
			if e.RetryAfter != tc.retryAfter || !strings.Contains(e.Error(), b.am.URL) || !strings.Contains(e.Error(), other.URL) {
				t.Errorf("got %s after %s, want both named, after %s", e.Error(), e.RetryAfter, tc.retryAfter)
			}
		})
	}
}

func TestCredentialsGoAlong(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*alertmanager.Config){
		"":                   func(*alertmanager.Config) {},
		"Bearer t0k3n":       func(c *alertmanager.Config) { c.Token = "t0k3n" },
		"Basic dTpwYXNz":     func(c *alertmanager.Config) { c.Username, c.Password = "u", "pass" },
		"Basic dTpwOmE6czpz": func(c *alertmanager.Config) { c.Username, c.Password = "u", "p:a:s:s" },
	} {
		b := newBench(t, nil, change)
		b.send(notice(t, alerting.KindState, 1, ratio()), alerting.Ref{})
		if got := b.am.heads[0].Get("Authorization"); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
