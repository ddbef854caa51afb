package api_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

const conditionsPath = "/api/v1/conditions"

// standing is an open condition of episode 1, since so many minutes.
func standing(rule rules.Rule, scope rules.Scope, merchant string, severity rules.Severity, minutes int) rules.Standing {
	since := at.Add(-time.Duration(minutes) * time.Minute)
	return rules.Standing{
		Rule: rule, Scope: scope, Merchant: merchant, Host: "inside.example", OpenedAt: since.Add(time.Minute),
		Episode:  rules.Episode{Number: 1, Changes: 1, Phase: rules.PhaseOpen, Since: since, Worst: severity},
		Evidence: rules.Evidence{Text: "it is so", From: since, To: at, Clears: "time"},
	}
}

func pending(s rules.Standing) rules.Standing {
	s.Episode.Phase, s.OpenedAt = rules.PhasePending, time.Time{} // Worst is still that of the episode before
	return s
}

// testConditions has some of own, of rival, of filed, and of nobody alone.
func testConditions() []rules.Standing {
	down := standing(rules.RuleEndpointDown, "endpoint:own-pay", "own", rules.High, 5)
	down.Episode.Fault, down.Evidence.Numerator, down.Evidence.Denominator = "http_5xx", 3, 3
	stray := standing(rules.RuleUpstreamDelay, "channel:QR", "", rules.High, 5)
	return []rules.Standing{
		standing(rules.RuleSilence, "endpoint:own-void", "own", rules.Low, 60),
		pending(standing(rules.RuleEndpointDown, "endpoint:rival-pay", "rival", rules.Critical, 1)),
		standing(rules.RulePlatformErrorRatio, rules.ScopePlatform, "", rules.Critical, 30),
		standing(rules.RuleEndpointSlow, "endpoint:filed-pay", "filed", rules.Low, 3),
		down, stray,
		standing(rules.RuleMerchantErrorRatio, "merchant:own", "own", rules.High, 7),
		standing(rules.RuleLossComing, "endpoint:own-pay", "own", rules.High, 4),
		pending(standing(rules.RuleCertificate, "endpoint:own-pay", "own", rules.High, 2)),
	}
}

type conditionList struct {
	Items []struct {
		Rule, Scope, Merchant, State, Severity, Fault string
		Since                                         time.Time
		OpenedAt                                      *time.Time `json:"opened_at"`
		Incident                                      *string
		Evidence                                      map[string]any
	}
	Next string
}

// short writes the conditions as "severity rule scope".
func (l conditionList) short() []string {
	var list []string
	for _, c := range l.Items {
		list = append(list, strings.TrimSpace(c.Severity+" "+c.Rule+" "+c.Scope))
	}
	return list
}

func TestConditionsAreListedByWhoSeesThem(t *testing.T) {
	t.Parallel()
	all := []string{
		"critical platform_error_ratio platform", "high loss_coming endpoint:own-pay", "high endpoint_down endpoint:own-pay",
		"high upstream_delay channel:QR", "high merchant_error_ratio merchant:own", "low endpoint_slow endpoint:filed-pay",
		"low silence endpoint:own-void", "endpoint_down endpoint:rival-pay", "certificate endpoint:own-pay",
	}
	ours := []string{all[1], all[2], all[4], all[6], all[8]}
	for name, tt := range map[string]struct {
		token, query string
		want         []string
	}{
		"all, the loudest and newest first":     {viewerToken, "", all},
		"open ones":                             {viewerToken, "?state=open", all[:7]},
		"pending ones":                          {viewerToken, "?state=pending", all[7:]},
		"of a rule":                             {viewerToken, "?rule=endpoint_down", []string{all[2], all[7]}},
		"in a scope":                            {viewerToken, "?scope=channel:QR", all[3:4]},
		"in a scope that is only begun":         {viewerToken, "?scope=channel", nil},
		"low ones":                              {viewerToken, "?severity=low", all[5:7]},
		"as critical as the episode before was": {viewerToken, "?severity=critical", all[:1]},
		"of a merchant":                         {viewerToken, "?merchant=rival", all[7:8]},
		"by all filters":                        {viewerToken, "?merchant=own&rule=silence&severity=low&state=open&scope=endpoint:own-void", all[6:7]},
		"by nothing":                            {viewerToken, "?state=&rule=&scope=&severity=&merchant=", all},
		"one's own":                             {ownViewer, "", ours},
		"one's own, said aloud":                 {ownViewer, "?merchant=own", ours},
		"another's":                             {ownViewer, "?merchant=rival", nil},
		"another's endpoint":                    {ownViewer, "?scope=endpoint:rival-pay", nil},
		"nobody's platform":                     {ownViewer, "?scope=platform", nil},
		"nobody's channel":                      {ownViewer, "?rule=upstream_delay", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got conditionList
			newWorld(t, allTokens()).ask(t, http.MethodGet, conditionsPath+tt.query, tt.token, "").into(t, 200, &got)
			if !slices.Equal(got.short(), tt.want) || got.Next != "" {
				t.Errorf("got %q, next %q; want %q", got.short(), got.Next, tt.want)
			}
		})
	}
}

// TestAScopeOfAllIsNobodysAlone: whatever a condition of the platform, a
// channel or a source says of whom it is.
func TestAScopeOfAllIsNobodysAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	w.stands = nil
	for _, scope := range []rules.Scope{rules.ScopePlatform, "channel:own", "type:own", "product:own", "source:own", "target:own", "heartbeat:own", "", "own"} {
		w.stands = append(w.stands, standing(rules.RuleSilence, scope, "own", rules.High, 1))
	}
	w.stands = append(w.stands, standing(rules.RuleSilence, "endpoint:own-pay", "", rules.High, 1)) // of nobody knows whom
	if a := w.ask(t, http.MethodGet, conditionsPath, ownViewer, ""); a.body != "{\"items\":[],\"next\":\"\"}\n" {
		t.Errorf("got %s, want nothing", a.body)
	}
}

func TestAConditionIsToldWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	w.stands[4].Evidence = rules.Evidence{
		Text: "so", From: at, To: at, Numerator: 3, Denominator: 5, Low: 0.1, High: 0.9, Threshold: 0.04, Baseline: 0.01, Clears: "2 healthy probes",
		Where: rules.Attribution{Dimension: rules.DimensionChannel, Value: "QR", Share: 0.5, N: 4, K: 2}, How: rules.Attribution{Dimension: rules.DimensionFault, Value: "refused", Share: 1, K: 2},
	}
	var got conditionList
	a := w.ask(t, http.MethodGet, conditionsPath+"?rule=endpoint_down&state=open", viewerToken, "")
	if a.into(t, 200, &got); len(got.Items) != 1 {
		t.Fatalf("got %s", a.body)
	}
	c := got.Items[0]
	if c.State != "open" || c.Fault != "http_5xx" || c.Merchant != "own" || !c.Since.Equal(at.Add(-5*time.Minute)) || c.OpenedAt == nil || !c.OpenedAt.Equal(at.Add(-4*time.Minute)) {
		t.Errorf("got %+v", c)
	}
	for _, key := range []string{"text", "from", "to", "numerator", "denominator", "low", "high", "threshold", "baseline", "clears", "where", "how"} {
		if _, ok := c.Evidence[key]; !ok {
			t.Errorf("the evidence has no %s: %s", key, a.body)
		}
	}
	if strings.Contains(a.body, "inside.example") {
		t.Errorf("the answer tells the host: %s", a.body)
	}
	var waiting conditionList
	w.ask(t, http.MethodGet, conditionsPath+"?state=pending", viewerToken, "").into(t, 200, &waiting)
	if c := waiting.Items[0]; c.OpenedAt != nil || c.Severity != "" {
		t.Errorf("one that is pending has %+v, want neither a moment nor a severity", c)
	}
}

// seated puts a condition into the incident inc_x.
func (w *world) seated(s rules.Standing, merchant string, left time.Time) {
	w.desk.incidents = append(w.desk.incidents, alerting.Incident{
		ID: "inc_x", State: alerting.StateOpen, Merchant: merchant, Members: []alerting.Membership{{Key: s.Key(), Left: left}},
	})
}

func TestAConditionNamesItsIncident(t *testing.T) {
	t.Parallel()
	said := func(s string) *string { return &s }
	for name, tt := range map[string]struct {
		token string
		world func(*world)
		want  *string
	}{
		"that it is in":                   {viewerToken, func(w *world) { w.seated(w.stands[4], "own", time.Time{}) }, said("inc_x")},
		"that a scoped caller sees":       {ownViewer, func(w *world) { w.seated(w.stands[4], "own", time.Time{}) }, said("inc_x")},
		"of many merchants is not theirs": {ownViewer, func(w *world) { w.seated(w.stands[4], "", time.Time{}) }, said("")},
		"of many, for who sees all":       {viewerToken, func(w *world) { w.seated(w.stands[4], "", time.Time{}) }, said("inc_x")},
		"none":                            {viewerToken, func(w *world) { w.desk.incidents = nil }, said("")},
		"that it has left":                {viewerToken, func(w *world) { w.desk.incidents = nil; w.seated(w.stands[4], "own", at) }, said("")},
		"of an episode before": {viewerToken, func(w *world) {
			w.desk.incidents = nil
			w.seated(w.stands[4], "own", time.Time{})
			w.stands[4].Episode.Number = 2
		}, said("")},
		"unknown, when none can be read": {viewerToken, func(w *world) { w.desk.err = errors.New("disk on fire") }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, allTokens())
			for i := range w.desk.incidents {
				w.desk.incidents[i].Members = nil
			}
			tt.world(w)
			var got conditionList
			w.ask(t, http.MethodGet, conditionsPath+"?rule=endpoint_down&state=open", tt.token, "").into(t, 200, &got)
			if len(got.Items) != 1 {
				t.Fatalf("got %+v, want one", got)
			}
			if in := got.Items[0].Incident; (in == nil) != (tt.want == nil) || in != nil && *in != *tt.want {
				t.Errorf("incident %v, want %v", in, tt.want)
			}
		})
	}
}

func TestPagesOfConditionsAreWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	for i := range 20 { // all at the same moment, by names that a cursor may trip over
		w.stands = append(w.stands, standing(rules.RuleUpstreamDelay, rules.ScopeOf(rules.ScopeChannel, strings.Repeat("|", i)+"\x00é"), "", rules.Low, 3))
	}
	found, cursor := []string(nil), ""
	for range 20 {
		var got conditionList
		w.ask(t, http.MethodGet, conditionsPath+"?limit=3&cursor="+cursor, viewerToken, "").into(t, 200, &got)
		if len(got.Items) > 3 {
			t.Fatalf("a page of %d, want 3 at most", len(got.Items))
		}
		found, cursor = append(found, got.short()...), got.Next
		if cursor == "" {
			break
		}
	}
	var whole conditionList
	w.ask(t, http.MethodGet, conditionsPath, viewerToken, "").into(t, 200, &whole)
	if len(whole.Items) != len(w.stands) || !slices.Equal(found, whole.short()) {
		t.Errorf("by pages\n%q, want\n%q", found, whole.short())
	}
}

func TestAWrongQuestionForConditionsIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	for query, where := range map[string]string{
		"?state=closed": "query.state", "?severity=loud": "query.severity", "?rule=endpoint_dwn": "query.rule", "?limit=1001": "query.limit",
		"?limit=0": "query.limit", "?cursor=x": "query.cursor", "?cursor=MTpldmVudDp4": "query.cursor", "?cursor=MTpjb25kaXRpb246eA": "query.cursor",
		"?cursor=MTpjb25kaXRpb246bG93fHh8YXxi": "query.cursor", "?scope=" + strings.Repeat("x", 513): "query.scope", "?endpoint=x": "query.endpoint",
	} {
		a := w.ask(t, http.MethodGet, conditionsPath+query, viewerToken, "")
		a.problem(t, http.StatusUnprocessableEntity).hasFault(t, where, "")
	}
	w.ask(t, http.MethodGet, conditionsPath+"?rule=x", viewerToken, "").problem(t, 422).hasFault(t, "query.rule", "one of certificate, channel_error_ratio,")
}

// TestStrangersNamesAreHarmlessInConditions: a channel may be called anything;
// the answer is JSON all the same, and finds it again.
func TestStrangersNamesAreHarmlessInConditions(t *testing.T) {
	t.Parallel()
	for name, hostile := range map[string]string{
		"a script": `<script>alert(1)</script>`, "quotes": `","severity":"critical","x":"\`, "line ends": "a\r\nSet-Cookie: x=1\r\n\r\n{}",
		"a terminal's": "\x1b[2J\x1b]0;x\x07", "right to left": "\u202eevil\u2066", "a scope in a scope": "x:platform", "NUL": "a\x00b", "200 bytes": strings.Repeat("é", 100),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, allTokens())
			s := standing(rules.RuleUpstreamDelay, rules.ScopeOf(rules.ScopeChannel, hostile), "", rules.Low, 1)
			s.Evidence.Text, s.Evidence.Where = "channel "+hostile+": late", rules.Attribution{Dimension: rules.DimensionType, Value: hostile}
			w.stands = []rules.Standing{s}
			a := w.ask(t, http.MethodGet, conditionsPath+"?scope="+url.QueryEscape(string(s.Scope)), viewerToken, "")
			var got conditionList
			if a.into(t, 200, &got); len(got.Items) != 1 || got.Items[0].Scope != string(s.Scope) || got.Items[0].Severity != "low" {
				t.Errorf("got %s, want it as it is", a.body)
			}
			if !json.Valid([]byte(a.body)) || strings.ContainsAny(a.body, "\x00\x1b\r") || a.header.Get("Content-Type") != "application/json" || a.header.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("headers %v, body %q", a.header, a.body)
			}
			if b := w.ask(t, http.MethodGet, conditionsPath, ownViewer, ""); strings.Contains(b.body, "channel") {
				t.Errorf("a name lets another in: %s", b.body)
			}
		})
	}
}
