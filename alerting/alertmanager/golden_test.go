package alertmanager_test

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
	"github.com/hookvigil/hookvigil/alerting/alertmanager"
	"github.com/hookvigil/hookvigil/rules"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// bodies are what Alertmanager was sent, as people read it.
func bodies(t *testing.T, b bench) string {
	t.Helper()
	var out bytes.Buffer
	for _, body := range b.am.posted() {
		if err := json.Indent(&out, bytes.TrimSpace(body), "", "  "); err != nil {
			t.Fatal(err)
		}
		out.WriteString("\n")
	}
	return out.String()
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
	louder := endpoint()
	louder.Severity, louder.Happened, louder.At, louder.Flapping = rules.Critical, "now critical: 300 events wait", opened.Add(6*time.Minute), true
	for name, tc := range map[string]struct {
		kind   alerting.Kind
		facts  alerting.Facts
		before *alerting.Facts // told before; nil: nothing
		change func(*alerting.Notice)
	}{
		"open":         {"state", ratio(), nil, same},
		"acknowledged": {"state", acknowledged(), nil, same},
		"louder":       {"state", louder, new(endpoint()), same},
		"resolved":     {"state", resolved(), nil, same},
		"common_cause": {"state", common(), nil, func(n *alerting.Notice) { n.Late = true }},
		"fallback": {"page", with(func(f *alerting.Facts) {
			f.Happened = `told here because "ops" fails; ` + f.Happened
		}), nil, same},
		"dead_letter": {"dead_letter", alerting.Facts{
			Title: `Receiver "mail" refuses our credentials`, Severity: rules.Critical, At: opened,
			Happened: "its lane has stopped: 535 authentication failed; notices are kept, and go after the credentials are mended and reloaded",
		}, nil, func(n *alerting.Notice) { n.IdemKey = "stopped:mail/sre@example.com:1699714085000000" }},
		"summary": {"summary", alerting.Facts{
			Title: "7 more messages were held back", Severity: rules.High, MemberCount: 7, At: opened,
			Happened: "more than 20 messages came here in 10m, from 2023-11-11 14:38:05 UTC to 2023-11-11 14:48:05 UTC; the rest are recorded, and were not sent",
			Held: []alerting.HeldBack{
				{Incident: "inc_a", Number: "a2b3c4", Title: "deliveries to acme-payouts fail", Severity: rules.High, State: alerting.StateOpen, URL: "https://hooks.example.com/incidents/inc_a", Messages: 3},
				{Title: "A notice could not be delivered", Severity: rules.High, Messages: 1},
			},
		}, nil, same},
		"test": {"test", alerting.Facts{
			Title: "Test of receiver am", Severity: rules.Low, At: opened, Happened: "sent by budi with hookvigil notify test; nothing is wrong",
		}, nil, func(n *alerting.Notice) { n.IdemKey, n.Subject = "test/1:0", "test/1" }},
		"told_again": {"state", with(func(f *alerting.Facts) {
			f.Again, f.Happened, f.At, f.Doubt = 1, "nobody has acknowledged it for 5m", opened.Add(5*time.Minute), "canary core fails: timeout_dns"
		}), nil, same},
		"reduced":  {"state", common(), nil, func(n *alerting.Notice) { n.Reduced = true }},
		"no_facts": {"state", ratio(), nil, func(n *alerting.Notice) { n.Facts = json.RawMessage(`{"title": 1`) }},
		"hostile":  {"state", hostile(), nil, same},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, nil, func(c *alertmanager.Config) { c.Labels = map[string]string{"team": "payments"} })
			var prev alerting.Ref
			if tc.before != nil {
				prev = b.send(notice(t, tc.kind, 1, *tc.before), prev)
			}
			n := notice(t, tc.kind, 2, tc.facts)
			tc.change(&n)
			b.send(n, prev)
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

// TestHostileStringsStayWhereTheyAre: no control character, no mention, no
// link of a stranger and no user info; a line break only between our lines.
func TestHostileStringsStayWhereTheyAre(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.send(notice(t, alerting.KindState, 1, hostile()), alerting.Ref{})
	a := b.last(1)[0]
	for _, set := range []map[string]string{a.Labels, a.Annotations} {
		for name, value := range set {
			for _, bad := range []string{"\r", "\x00", "\u202e", "\xff", "<", ">", "hunter2", "javascript:"} {
				if strings.Contains(value, bad) {
					t.Errorf("got %s %q with %q in it", name, value, bad)
				}
			}
			if strings.Contains(value, "\n") && name != "description" || strings.Contains(value, "\n@here") {
				t.Errorf("got %s %q with a line of a stranger", name, value)
			}
		}
	}
}

// TestNothingIsTooLong: an alert stays a message.
func TestNothingIsTooLong(t *testing.T) {
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
			b := newBench(t, nil)
			ref := b.send(notice(t, alerting.KindState, 1, f), alerting.Ref{})
			if got := len(b.am.posted()[0]); got > 64<<10 || len(ref.Root)+len(ref.Last) > 8<<10 {
				t.Errorf("got %d bytes and a ref of %d", got, len(ref.Root)+len(ref.Last))
			}
		})
	}
}
