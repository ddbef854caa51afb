package slack_test

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
	"unicode/utf8"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/alerting/slack"
	"github.com/hookvigil/hookvigil/rules"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// said is a message as people read it: its text, then its blocks.
func said(t *testing.T, b bench) string {
	t.Helper()
	all := b.s.Messages(room)
	v := all[len(all)-1].Latest()
	var out bytes.Buffer
	fmt.Fprintf(&out, "%s\n\n", v.Text)
	if len(v.Blocks) > 0 {
		if err := json.Indent(&out, v.Blocks, "", "  "); err != nil {
			t.Fatal(err)
		}
	}
	return strings.TrimSpace(out.String()) + "\n"
}

func acknowledged() alerting.Facts {
	f := facts()
	f.State, f.AcknowledgedAt, f.AcknowledgedBy = alerting.StateAcknowledged, opened.Add(4*time.Minute), "Budi"
	f.Happened, f.At = "acknowledged by Budi", f.AcknowledgedAt
	return f
}

func resolved() alerting.Facts {
	f := acknowledged()
	f.State, f.ResolvedAt = alerting.StateResolved, opened.Add(17*time.Minute)
	f.Happened, f.At = "answers again: healthy with 200 after 312ms", f.ResolvedAt
	f.Evidence = rules.Evidence{Text: f.Happened}
	return f
}

func common() alerting.Facts {
	f := facts()
	f.Title, f.Rule, f.Scope, f.Severity, f.Merchant = "23 endpoints of 192.0.2.7: tls_expired", alerting.RuleCommonCause, rules.ScopePlatform, rules.Critical, ""
	f.MemberCount = 23
	for i := range 20 {
		f.Members = append(f.Members, alerting.Member{
			Rule: rules.RuleEndpointDown, Scope: rules.ScopeOf(rules.ScopeEndpoint, fmt.Sprintf("shop-%02d", i)), Fault: "tls_expired",
			Text: "tls_expired at level reach", Open: i < 18, Since: opened.Add(time.Duration(i) * time.Second),
		})
	}
	f.Happened, f.At = "shop-17 joined: tls_expired", opened.Add(time.Minute)
	return f
}

const nasty = "<!channel> *bold* `x` <https://evil.example|Slack> & \u202etxt.exe\r\n@here :tada: \x00\xff"

func hostile() alerting.Facts {
	f := common()
	f.Title, f.Merchant, f.Happened, f.AcknowledgedBy = nasty, nasty, nasty, nasty
	f.AcknowledgedAt, f.Evidence.Text, f.Evidence.Clears = opened, nasty, nasty
	f.Members = f.Members[:2]
	f.Members[0].Text, f.Members[0].Fault = nasty, nasty
	f.Members[1].Scope = rules.ScopeOf(rules.ScopeEndpoint, nasty)
	f.URL, f.Runbook = "https://hooks.example.com/x|<!channel>", "javascript:alert(1)"
	return f
}

func TestMessagesReadAsTheyShould(t *testing.T) {
	t.Parallel()
	thread := func(n alerting.Notice) alerting.Notice { return n }
	for name, tt := range map[string]struct {
		kind   alerting.Kind
		facts  alerting.Facts
		reply  bool
		change func(alerting.Notice) alerting.Notice
	}{
		"open":               {alerting.KindRoot, facts(), false, thread},
		"acknowledged":       {alerting.KindRoot, acknowledged(), false, thread},
		"acknowledged_reply": {alerting.KindUpdate, acknowledged(), true, thread},
		"resolved":           {alerting.KindRoot, resolved(), false, thread},
		"resolved_reply":     {alerting.KindResolve, resolved(), true, thread},
		"common_cause":       {alerting.KindRoot, common(), false, thread},
		"hostile":            {alerting.KindRoot, hostile(), false, thread},
		"test":               {alerting.KindTest, alerting.Facts{}, false, thread},
		"reduced": {alerting.KindRoot, common(), false, func(n alerting.Notice) alerting.Notice {
			n.Reduced = true
			return n
		}},
		"late": {alerting.KindRoot, facts(), false, func(n alerting.Notice) alerting.Notice {
			n.Late, n.Created = true, opened
			return n
		}},
		"dead_letter": {alerting.KindDead, alerting.Facts{
			Title: `Receiver "mail" refuses our credentials`, Severity: rules.Critical, Happened: "its lane has stopped", At: opened,
		}, false, thread},
		"no_facts": {alerting.KindRoot, facts(), false, func(n alerting.Notice) alerting.Notice {
			n.Facts = json.RawMessage(`{"title": 1`)
			return n
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			var prev alerting.Ref
			if tt.reply {
				prev = b.send(notice(t, alerting.KindRoot, 1, facts()), prev)
			}
			b.send(tt.change(notice(t, tt.kind, 2, tt.facts)), prev)
			golden(t, name, said(t, b))
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

// TestReducedUpdateDropsTheBlocks: those were what Slack refused.
func TestReducedUpdateDropsTheBlocks(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ref := b.send(notice(t, alerting.KindRoot, 1, facts()), alerting.Ref{})
	n := notice(t, alerting.KindRoot, 2, resolved())
	n.Reduced = true
	b.send(n, ref)
	if got := b.messages(1)[0].Latest(); string(got.Blocks) != "[]" || !strings.Contains(got.Text, "Resolved: 2023-11-11 15:05:05 UTC") {
		t.Errorf("got blocks %s and text %q, want none and everything", got.Blocks, got.Text)
	}
}

// TestNothingIsTooLongForSlack: the fake refuses what Slack would.
func TestNothingIsTooLongForSlack(t *testing.T) {
	t.Parallel()
	for name, long := range map[string]string{
		"angle brackets": strings.Repeat("<", 4000),
		"words":          strings.Repeat("lorem ipsum ", 400),
		"emoji":          strings.Repeat("\U0001f525", 4000),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := hostile()
			f.Title, f.Merchant, f.Happened, f.AcknowledgedBy, f.ResolvedBy, f.Incident = long, long, long, long, long, long
			f.Evidence.Text, f.Evidence.Clears, f.URL, f.Runbook = long, long, "https://x.example/"+long, long
			f.ResolvedAt, f.Severity = opened, rules.Severity(long)
			short := string([]rune(long)[:300])
			for i := range 18 {
				f.Members = append(f.Members, alerting.Member{Scope: rules.Scope(short), Fault: short, Text: short, Open: i%2 == 0})
			}
			for _, reduced := range []bool{false, true} {
				for _, kind := range []alerting.Kind{alerting.KindRoot, alerting.KindUpdate} {
					for _, change := range [][]func(*slack.Config){nil, {byHook}} {
						b := newBench(t, change...)
						n := notice(t, kind, 1, f)
						n.Reduced, n.Late = reduced, true
						b.send(n, alerting.Ref{})
						if got := b.messages(1)[0].Latest().Text; utf8.RuneCountInString(got) > 40_000 {
							t.Errorf("got a text of %d characters", utf8.RuneCountInString(got))
						}
					}
				}
			}
		})
	}
}
