package pagerduty_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/internal/hooktest"
	"github.com/hookvigil/hookvigil/rules"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// bodies are what PagerDuty was sent, as people read it.
func bodies(t *testing.T, b bench) string {
	t.Helper()
	var out bytes.Buffer
	for _, c := range b.p.Calls() {
		if err := json.Indent(&out, bytes.TrimSpace(c.Body), "", "  "); err != nil {
			t.Fatal(err)
		}
		out.WriteString("\n")
	}
	return strings.ReplaceAll(out.String(), hooktest.DefaultPagerDutyKey, "<secret>")
}

func common() alerting.Facts {
	return with(func(f *alerting.Facts) {
		f.Title, f.Rule, f.Scope = "23 endpoints of 192.0.2.7: tls_expired", alerting.RuleCommonCause, rules.ScopeOf(rules.ScopeMerchant, "acme")
		f.Merchant, f.MemberCount, f.Members = "acme", 23, nil
		f.About = alerting.About{MerchantName: "Acme & Sons", Host: "hooks.acme.example", Lost: 2, Waiting: 1}
		for i := range 20 {
			f.Members = append(f.Members, alerting.Member{
				Rule: rules.RuleEndpointDown, Scope: rules.ScopeOf(rules.ScopeEndpoint, fmt.Sprintf("shop-%02d", i)), Fault: "tls_expired",
				Text: "tls_expired at level reach", Open: i < 18, Since: opened.Add(time.Duration(i) * time.Second),
			})
		}
	})
}

const nasty = "<!channel> *bold* `x` <script>alert(1)</script> [a](https://evil.example) & \u202etxt.exe\r\n@here \"},{\" \x00\xff"

func hostile() alerting.Facts {
	f := common()
	f.Title, f.Merchant, f.Happened, f.AcknowledgedBy, f.Key, f.Number = nasty, nasty, nasty, nasty, nasty, nasty
	f.AcknowledgedAt, f.Evidence.Text, f.Evidence.Clears, f.Scope, f.Rule = opened, nasty, nasty, nasty, nasty
	f.About.MerchantName, f.About.Host, f.About.Cause, f.About.Why, f.About.Advice = nasty, nasty, nasty, nasty, nasty
	f.Doubt, f.Held = nasty, []alerting.HeldBack{{Incident: nasty, Number: nasty, Title: nasty, Severity: nasty, State: nasty, URL: "https://user:hunter2@hooks.example.com/", Messages: 2}}
	f.Members = f.Members[:2]
	f.Members[0].Text, f.Members[0].Fault = nasty, nasty
	f.Members[1].Scope = rules.ScopeOf(rules.ScopeEndpoint, nasty)
	f.URL, f.Runbook = "https://user:hunter2@hooks.example.com/", "javascript:alert(1)"
	return f
}

func TestBodiesReadAsTheyShould(t *testing.T) {
	t.Parallel()
	same := func(*alerting.Notice) {}
	for name, tc := range map[string]struct {
		kind   alerting.Kind
		facts  alerting.Facts
		change func(*alerting.Notice)
	}{
		"open":         {alerting.KindState, ratio(), same},
		"acknowledged": {alerting.KindState, acknowledged(), same},
		"louder": {alerting.KindState, with(func(f *alerting.Facts) {
			f.Happened, f.At = "now critical: channel:ID_BCA: 31% of its attempts fail; Budi acknowledged it before that: it is open again", opened.Add(6*time.Minute)
			f.RecoveringAt, f.Flapping = opened.Add(5*time.Minute), true
		}), same},
		"resolved":     {alerting.KindState, resolved(), same},
		"common_cause": {alerting.KindState, common(), func(n *alerting.Notice) { n.Late = true }},
		"fallback": {alerting.KindPage, with(func(f *alerting.Facts) {
			f.Happened = `told here because "ops" fails; ` + f.Happened
		}), same},
		"dead_letter": {alerting.KindDead, alerting.Facts{
			Title: `Receiver "mail" refuses our credentials`, Severity: rules.Critical, At: opened,
			Happened: "its lane has stopped: 535 authentication failed; notices are kept, and go after the credentials are mended and reloaded",
		}, func(n *alerting.Notice) { n.IdemKey = "stopped:mail/sre@example.com:1699714085000000" }},
		"summary": {alerting.KindSummary, alerting.Facts{
			Title: "7 more messages were held back", Severity: rules.High, MemberCount: 7, At: opened,
			Happened: "more than 20 messages came here in 10m, from 2023-11-11 14:38:05 UTC to 2023-11-11 14:48:05 UTC; the rest are recorded, and were not sent",
			Held: []alerting.HeldBack{
				{Incident: "inc_a", Number: "a2b3c4", Title: "deliveries to acme-payouts fail", Severity: rules.High, State: alerting.StateOpen, URL: "https://hooks.example.com/incidents/inc_a", Messages: 3},
				{Title: "A notice could not be delivered", Severity: rules.High, Messages: 1},
			},
		}, same},
		"test": {alerting.KindTest, alerting.Facts{
			Title: "Test of receiver pager", Severity: rules.Low, At: opened, Happened: "sent by budi with hookvigil notify test; nothing is wrong",
		}, func(n *alerting.Notice) { n.IdemKey, n.Subject = "test/1:0", "test/1" }},
		"told_again": {alerting.KindState, with(func(f *alerting.Facts) {
			f.Again, f.Happened, f.At, f.Doubt = 1, "nobody has acknowledged it for 5m", opened.Add(5*time.Minute), "canary core fails: timeout_dns"
		}), same},
		"alarm_over": {alerting.KindResolve, alerting.Facts{
			Key: "stopped:mail/sre@example.com:1699714085000000", Title: `Receiver "mail" works again`, State: alerting.StateResolved, Severity: rules.High,
			StartedAt: opened, ResolvedAt: opened.Add(time.Hour), At: opened.Add(time.Hour),
		}, func(n *alerting.Notice) { n.Subject = "stopped:mail/sre@example.com:1699714085000000" }},
		"reduced":  {alerting.KindState, common(), func(n *alerting.Notice) { n.Reduced = true }},
		"no_facts": {alerting.KindState, ratio(), func(n *alerting.Notice) { n.Facts = json.RawMessage(`{"title": 1`) }},
		"hostile":  {alerting.KindState, hostile(), same},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			n := notice(t, tc.kind, 2, tc.facts)
			tc.change(&n)
			b.send(n, alerting.Ref{})
			golden(t, name, bodies(t, b))
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestHostileStringsStayWhereTheyAre: no control character, no line break, no
// link of a stranger and no user info.
func TestHostileStringsStayWhereTheyAre(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.send(notice(t, alerting.KindState, 1, hostile()), alerting.Ref{})
	var sent any
	if err := json.Unmarshal(b.p.Calls()[0].Body, &sent); err != nil {
		t.Fatal(err)
	}
	each(sent, func(s string) {
		for _, bad := range []string{"\n", "\r", "\x00", "\u202e", "\xff", "hunter2", "javascript:"} {
			if strings.Contains(s, bad) {
				t.Errorf("got %q with %q in it", s, bad)
			}
		}
	})
}

// each visits every text in a value of package json.
func each(v any, visit func(string)) {
	switch v := v.(type) {
	case string:
		visit(v)
	case []any:
		for _, e := range v {
			each(e, visit)
		}
	case map[string]any:
		for k, e := range v {
			visit(k)
			each(e, visit)
		}
	}
}

// TestNothingIsTooLongForPagerDuty: the fake refuses what PagerDuty would.
func TestNothingIsTooLongForPagerDuty(t *testing.T) {
	t.Parallel()
	for name, long := range map[string]string{
		"quotes": strings.Repeat(`"`, 9000), "words": strings.Repeat("lorem ipsum ", 900),
		"emoji": strings.Repeat("\U0001f525", 9000), "zeros": strings.Repeat("\x00", 9000), "broken": strings.Repeat("\xff", 9000),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := hostile()
			f.Title, f.Merchant, f.Happened, f.AcknowledgedBy, f.Incident, f.Key, f.Number = long, long, long, long, long, long, long
			f.Evidence.Text, f.Evidence.Clears, f.URL, f.Runbook = long, long, "https://x.example/"+long, long
			f.Severity, f.State, f.Scope, f.Rule = rules.Severity(long), alerting.State(long), rules.Scope(long), rules.Rule(long)
			f.About = alerting.About{MerchantName: long, Host: long, Cause: long, Why: long, Advice: long}
			for range 40 {
				f.Members = append(f.Members, alerting.Member{Scope: rules.Scope(long[:800]), Fault: long[:800], Text: long[:800]})
			}
			f.MemberCount = len(f.Members)
			for _, reduced := range []bool{false, true} {
				b := newBench(t)
				n := notice(t, alerting.KindState, 1, f)
				n.Reduced, n.Late, n.Severity = reduced, true, f.Severity
				b.send(n, alerting.Ref{})
				if got := len(b.p.Calls()[0].Body); got > 128<<10 {
					t.Errorf("got %d bytes, want far below 512 KB", got)
				}
			}
		})
	}
}
