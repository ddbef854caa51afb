package slack_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/alerting/slack"
	"github.com/hookvigil/hookvigil/internal/hooktest"
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

// shopName is what a merchant calls itself: in every golden file, so that no
// message is worded without it.
const shopName = "Toko <!channel> *Maju* _~`x`~_"

// known is facts with all that the desk knows around an incident.
func known() alerting.Facts {
	f := facts()
	f.Share, f.PeakShare = 0.38, 0.624
	f.About = alerting.About{
		MerchantName: shopName, Host: "hooks.acme.example", Cause: "auth_changed",
		Why:       "the endpoint refuses our token since 14:45 (401), while it answers probes without one",
		Advice:    "Ask acme whether they changed the callback token, and put the new one into its endpoint.",
		Endpoints: 3, Merchants: 1, Waiting: 12_345, AtRisk: 18, NextLoss: opened.Add(5*time.Hour + 22*time.Minute), Lost: 4,
	}
	return f
}

func critical() alerting.Facts {
	f := known()
	f.Severity = rules.Critical
	return f
}

func acknowledged() alerting.Facts {
	f := known()
	f.State, f.AcknowledgedAt, f.AcknowledgedBy = alerting.StateAcknowledged, opened.Add(4*time.Minute), "Budi"
	f.AckUntil = f.AcknowledgedAt.Add(4 * time.Hour)
	f.Happened, f.At = "acknowledged by Budi", f.AcknowledgedAt
	return f
}

func mitigated() alerting.Facts {
	f := acknowledged()
	f.State, f.MitigatedAt, f.Share = alerting.StateMitigated, opened.Add(9*time.Minute), 0.18
	f.Happened, f.At = "first fix: 18% fails, after 62.4% at worst", f.MitigatedAt
	return f
}

func recovering() alerting.Facts {
	f := mitigated()
	f.State, f.RecoveringAt, f.Share = alerting.StateRecovering, opened.Add(12*time.Minute), 0
	f.Happened, f.At = "healthy so far; resolved when it stays so for 5 probes", f.RecoveringAt
	return f
}

func resolved() alerting.Facts {
	f := recovering()
	f.State, f.ResolvedAt = alerting.StateResolved, opened.Add(17*time.Minute)
	f.About.Waiting, f.About.AtRisk, f.About.NextLoss = 0, 0, time.Time{}
	f.Happened, f.At = "answers again: healthy with 200 after 312ms", f.ResolvedAt
	f.Evidence = rules.Evidence{Text: f.Happened}
	return f
}

func reopened() alerting.Facts {
	f := known()
	f.Happened, f.At = "bad again 11m after it was resolved: timeout_response", opened.Add(28*time.Minute)
	return f
}

func flaps() alerting.Facts {
	f := reopened()
	f.Flapping, f.Happened = true, "comes and goes: 4 times in 30 min"
	return f
}

func silenced() alerting.Facts {
	f := known()
	f.QuietUntil, f.QuietBy = opened.Add(time.Hour), "ana (Slack), silenced for 1h"
	f.Happened, f.At = "silenced for 1h by ana (Slack)", opened.Add(2*time.Minute)
	return f
}

func again() alerting.Facts {
	f := critical()
	f.Again, f.Happened, f.At = 1, "nobody has acknowledged it for 30m", opened.Add(30*time.Minute)
	return f
}

func common() alerting.Facts {
	f := facts()
	f.Title, f.Rule, f.Scope, f.Severity, f.Merchant = "50 endpoints of 192.0.2.7: tls_expired", alerting.RuleCommonCause, rules.ScopePlatform, rules.Critical, ""
	f.MemberCount = 50
	f.About = alerting.About{Endpoints: 48, Merchants: 12, Host: "192.0.2.7", Why: "the certificate of " + shopName + " expired", Waiting: 1, AtRisk: 1}
	for i := range 20 {
		f.Members = append(f.Members, alerting.Member{
			Rule: rules.RuleEndpointDown, Scope: rules.ScopeOf(rules.ScopeEndpoint, fmt.Sprintf("shop-%02d", i)), Fault: "tls_expired",
			Text: "tls_expired at level reach", Open: i < 18, Since: opened.Add(time.Duration(i) * time.Second),
		})
	}
	f.Happened, f.At = "shop-17 joined: tls_expired", opened.Add(time.Minute)
	return f
}

func fallBack() alerting.Facts {
	f := critical()
	f.Happened = `told here because "pager" fails; ` + f.Happened
	return f
}

const nasty = "<!channel> *bold* `x` _~z~_ <https://evil.example|Slack> <@U0123> & \u202etxt.exe\r\n@here :tada: \x00\xff"

// hostile puts a stranger's text wherever one can come from.
func hostile(f alerting.Facts, text string) alerting.Facts {
	f.Title, f.Merchant, f.Happened, f.AcknowledgedBy, f.ResolvedBy, f.QuietBy, f.Doubt = text, text, text, text, text, text, text
	f.Held = slices.Clone(f.Held)
	for i := range f.Held {
		f.Held[i] = alerting.HeldBack{Incident: text, Number: text, Title: text, Severity: rules.Severity(text), State: alerting.State(text), URL: text, Messages: 2}
	}
	f.Evidence.Text, f.Evidence.Clears = text, text
	f.About.MerchantName, f.About.Host, f.About.Cause, f.About.Why, f.About.Advice, f.About.Language, f.About.Zone = text, text, text, text, text, text, text
	f.Members = slices.Clone(f.Members)
	for i := range f.Members {
		f.Members[i].Text, f.Members[i].Fault = text, text
		if i%2 == 1 {
			f.Members[i].Scope = rules.ScopeOf(rules.ScopeEndpoint, text)
		}
	}
	return f
}

func hostileLinks() alerting.Facts {
	f := hostile(common(), nasty)
	f.AcknowledgedAt = opened
	f.Members = f.Members[:2]
	f.URL, f.Runbook = "https://hooks.example.com/x|<!channel>", "javascript:alert(1)"
	return f
}

// told is one message as the outbox has it sent.
type told struct {
	kind   alerting.Kind
	facts  alerting.Facts
	reply  bool // there is a thread already
	change func(*alerting.Notice)
	cfg    func(*slack.Config)
}

// messages are all that people read, by the name of their golden file.
func messages() map[string]told {
	reduced := func(n *alerting.Notice) { n.Reduced = true }
	late := func(n *alerting.Notice) { n.Late, n.Created = true, opened }
	dead := alerting.Facts{Title: `Receiver "mail" refuses our credentials`, Severity: rules.Critical, Happened: "its lane has stopped", At: opened}
	letter := critical()
	letter.Happened, letter.At = `a notice (page) through "mail" was not delivered: 550 no such user; `+letter.Happened, opened.Add(time.Minute)
	storm := alerting.Facts{
		Title: "37 more messages were held back", Severity: rules.High, MemberCount: 37, At: opened,
		Happened: "more than 20 messages came here in 10m, from 2023-11-11 14:38:05 UTC to 2023-11-11 14:48:05 UTC; the rest are recorded, and were not sent",
		Held: []alerting.HeldBack{
			{Incident: "inc_a", Number: "a2b3c4", Title: "deliveries to " + shopName + " fail", Severity: rules.High, State: alerting.StateOpen, URL: "https://hooks.example.com/incidents/inc_a", Messages: 3},
			{Incident: "inc_b", Number: "d5e6f7", Title: "acme-refunds answers slowly", Severity: rules.Low, State: alerting.StateResolved, URL: "https://hooks.example.com/incidents/inc_b", Messages: 1},
		},
	}
	doubted := critical()
	doubted.Doubt = "canary core fails: timeout_dns"
	return map[string]told{
		"open":          {kind: alerting.KindRoot, facts: facts()},
		"open_critical": {kind: alerting.KindRoot, facts: critical()},
		"open_doubted":  {kind: alerting.KindRoot, facts: doubted},
		"test_of_ops": {kind: alerting.KindTest, facts: alerting.Facts{
			Title: "Test of receiver ops", Severity: rules.Low, At: opened, Happened: "sent by budi with hookvigil notify test; nothing is wrong",
		}},
		"open_buttons":       {kind: alerting.KindRoot, facts: critical(), cfg: byButtons},
		"open_no_silencer":   {kind: alerting.KindRoot, facts: critical(), cfg: bySocket},
		"open_webhook":       {kind: alerting.KindRoot, facts: critical(), cfg: byHook},
		"told_again":         {kind: alerting.KindUpdate, facts: again(), reply: true},
		"acknowledged":       {kind: alerting.KindRoot, facts: acknowledged(), cfg: byButtons},
		"acknowledged_reply": {kind: alerting.KindUpdate, facts: acknowledged(), reply: true},
		"mitigated":          {kind: alerting.KindRoot, facts: mitigated(), cfg: byButtons},
		"recovering":         {kind: alerting.KindRoot, facts: recovering(), cfg: byButtons},
		"resolved":           {kind: alerting.KindRoot, facts: resolved(), cfg: byButtons},
		"resolved_reply":     {kind: alerting.KindResolve, facts: resolved(), reply: true},
		"reopened":           {kind: alerting.KindRoot, facts: reopened(), cfg: byButtons},
		"reopened_reply":     {kind: alerting.KindUpdate, facts: reopened(), reply: true},
		"flapping":           {kind: alerting.KindRoot, facts: flaps()},
		"silenced":           {kind: alerting.KindRoot, facts: silenced(), cfg: byButtons},
		"common_cause":       {kind: alerting.KindRoot, facts: common(), cfg: byButtons},
		"hostile":            {kind: alerting.KindRoot, facts: hostileLinks(), cfg: byButtons},
		"test":               {kind: alerting.KindTest},
		"reduced":            {kind: alerting.KindRoot, facts: common(), change: reduced, cfg: byButtons},
		"late":               {kind: alerting.KindRoot, facts: known(), change: late},
		"dead_letter":        {kind: alerting.KindDead, facts: letter},
		"lane_stopped":       {kind: alerting.KindDead, facts: dead},
		"summary":            {kind: alerting.KindSummary, facts: storm},
		"fall_back":          {kind: alerting.KindPage, facts: fallBack(), cfg: byButtons},
		"no_facts": {kind: alerting.KindRoot, facts: facts(), change: func(n *alerting.Notice) {
			n.Facts = json.RawMessage(`{"title": 1`)
		}},
	}
}

// show sends m, and returns the Slack that has it.
func (m told) show(t *testing.T) bench {
	t.Helper()
	cfg := m.cfg
	if cfg == nil {
		cfg = func(*slack.Config) {}
	}
	b := newBench(t, cfg)
	var prev alerting.Ref
	if m.reply {
		prev = b.send(notice(t, alerting.KindRoot, 1, facts()), prev)
	}
	n := notice(t, m.kind, 2, m.facts)
	if m.change != nil {
		m.change(&n)
	}
	b.send(n, prev)
	return b
}

func TestMessagesReadAsTheyShould(t *testing.T) {
	t.Parallel()
	for name, m := range messages() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			golden(t, name, said(t, m.show(t)))
		})
	}
}

// TestStrangersTextStaysText sends every message with strangers' text in all
// places: Slack takes it (the fake refuses what is too long), and nothing in it
// is markup, a mention, a link, a line of its own or a turn of direction.
func TestStrangersTextStaysText(t *testing.T) {
	t.Parallel()
	for way, text := range map[string]string{
		"markup": nasty, "ten kilobytes": strings.Repeat("<!channel> *x* ", 700),
		"turns, breaks and rubbish": "\u202e\u2066\u05d0\u05d1\u200fa\r\nSubject: x\n\n\n*b*\u2028c\xff\xfe\x80",
	} {
		for name, m := range messages() {
			t.Run(way+" "+name, func(t *testing.T) {
				t.Parallel()
				m.facts = hostile(m.facts, text)
				b := m.show(t)
				all := b.s.Messages(room)
				checkHarmless(t, all[len(all)-1].Latest())
			})
		}
	}
}

func checkHarmless(t *testing.T, v hooktest.SlackVersion) {
	t.Helper()
	if strings.ContainsAny(v.Text, "<>\r\x00\u202e\u2066\u200f\u2028") || !utf8.ValidString(v.Text) {
		t.Errorf("text is not escaped: %q", v.Text)
	}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			text, _ := v["text"].(string)
			if strings.ContainsAny(text, "\r\x00\u202e\u2066\u200f\u2028") {
				t.Errorf("text turns or breaks: %q", text)
			}
			// Only our own links are markup, and those hold no stranger's text.
			if v["type"] == "mrkdwn" && (!strings.HasPrefix(text, "<https://") || strings.Count(text, "<") != 1) || v["emoji"] == true {
				t.Errorf("markup: %q", text)
			}
			for _, e := range v {
				walk(e)
			}
		}
	}
	var blocks any
	if len(v.Blocks) > 0 {
		if err := json.Unmarshal(v.Blocks, &blocks); err != nil {
			t.Fatal(err)
		}
	}
	walk(blocks)
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
			f := hostileLinks()
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
