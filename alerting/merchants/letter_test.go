package merchants_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/alerting/merchants"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/rules"
)

var update = flag.Bool("update", false, "write the golden files anew")

func at(clock string) time.Time {
	v, err := time.Parse(time.DateTime, "2023-11-11 "+clock)
	if err != nil {
		panic(err)
	}
	return v
}

func openFacts() alerting.Facts {
	return alerting.Facts{
		Incident: "inc_abcdefghij234567", Number: "234567", Key: "v1:endpoint_down:endpoint:toko-maju-payouts:1",
		Title: "toko-maju-payouts is down", Rule: rules.RuleEndpointDown, Scope: "endpoint:toko-maju-payouts",
		State: alerting.StateOpen, Severity: rules.High, Merchant: "toko-maju",
		StartedAt: at("14:48:00"), OpenedAt: at("14:50:00"), At: at("14:55:00"), Happened: "no answer in 3 probes", AcknowledgedAt: at("14:52:00"),
		Members: []alerting.Member{
			{Rule: rules.RuleEndpointDown, Scope: "endpoint:toko-maju-payouts", Fault: "timeout_connect", Text: "no answer in 3 probes", Open: true, Since: at("14:48:00")},
		},
		MemberCount: 1, Runbook: "https://wiki.example.com/down",
		About: alerting.About{
			MerchantName: "Toko Maju", Zone: "Asia/Jakarta", Language: "en", Host: "hooks.toko-maju.example",
			Cause: "endpoint_down", Why: "40% of the excess is at channel ID_BCA", Advice: "No connection can be made (timeout_connect) since 2023-11-11 14:48:00 UTC. Check that the server runs, and that its firewall lets us in.",
			Endpoints: 1, Merchants: 1, Waiting: 18, AtRisk: 4, NextLoss: at("20:10:00"), Lost: 2,
		},
	}
}

// samples are what a merchant may get in the course of an incident.
func samples() map[string]alerting.Facts {
	with := func(change func(*alerting.Facts)) alerting.Facts {
		f := openFacts()
		change(&f)
		return f
	}
	over := func(f *alerting.Facts) {
		f.State, f.At, f.RecoveringAt, f.ResolvedAt = alerting.StateResolved, at("15:30:00"), at("15:20:00"), at("15:30:00")
		f.Members[0].Open = false
		f.About.AtRisk, f.About.NextLoss, f.About.Advice, f.About.Waiting = 0, time.Time{}, "", 12
	}
	return map[string]alerting.Facts{
		"open": openFacts(),
		"updated": with(func(f *alerting.Facts) {
			f.State, f.At, f.RecoveringAt = alerting.StateRecovering, at("15:20:00"), at("15:20:00")
			f.Members[0].Open = false
		}),
		"resolved": with(over),
		"resolved_unknown": with(func(f *alerting.Facts) {
			over(f)
			f.About.Waiting, f.About.Lost = 0, 0
		}),
		"many": with(func(f *alerting.Facts) {
			f.About.Advice, f.Doubt = "", "canary core fails: timeout_dns"
			f.Members = nil
			for i, fault := range []probes.Fault{"tls_expired", "http_5xx", "dns_failed", "http_401", "timeout_response", "refused", "http_404", "http_410", "http_429", "reset", "unknown"} {
				f.Members = append(f.Members, alerting.Member{
					Rule: rules.RuleEndpointDown, Scope: rules.ScopeOf("endpoint", fmt.Sprintf("toko-maju-%02d", i+1)), Fault: string(fault), Open: true,
					Since: at("14:40:00").Add(time.Duration(i) * time.Minute),
				})
			}
		}),
		"expiring": with(func(f *alerting.Facts) {
			f.Members[0].Rule, f.Members[0].Fault = rules.RuleCertificate, "expiring"
			f.About = alerting.About{MerchantName: "Toko Maju", Zone: "Asia/Jakarta"}
		}),
		"hostile": with(func(f *alerting.Facts) {
			const evil = "Toko\x00\x1b[31m\r\nBcc: all@example.com\r\n\r\n<script>alert(1)</script> \u202egnp.exe {since} {n} </bdi><img src=http://x.test/p.png>"
			f.Merchant, f.Title, f.Happened, f.About.MerchantName, f.About.Advice, f.Number = evil, evil, evil, evil+strings.Repeat("A", 10_000), evil, evil
			f.Members[0].Scope, f.Members[0].Text, f.About.Zone = rules.Scope("endpoint:"+evil), evil, "../../etc/passwd"
		}),
	}
}

func word(t *testing.T, f alerting.Facts) merchants.Letter {
	t.Helper()
	raw, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	l, err := merchants.Word(raw)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestMailsReadWell(t *testing.T) {
	t.Parallel()
	for name, f := range samples() {
		for _, language := range []string{"en", "id"} {
			t.Run(name+" in "+language, func(t *testing.T) {
				t.Parallel()
				f := f
				f.About.Language = language
				l := word(t, f)
				golden(t, name+"."+language+".txt", "Subject: "+l.Subject+"\n\n"+l.Text)
				golden(t, name+"."+language+".html", l.HTML)
			})
		}
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
	}
}

// A merchant is told nothing of how we watch, and nothing of others.
func TestNothingInternalIsTold(t *testing.T) {
	t.Parallel()
	for name, f := range samples() {
		l := word(t, f)
		for _, part := range []string{l.Subject, l.Text, l.HTML} {
			for _, secret := range []string{
				"endpoint_down", "timeout_connect", "timeout_dns", "canary", "probe", "inc_", "v1:", "hookvigil incident", "wiki.example.com",
				"ID_BCA", "excess", "severity", "critical", "acknowledged", "platform",
			} {
				if strings.Contains(part, secret) {
					t.Errorf("%s: got %q in\n%s", name, secret, part)
				}
			}
		}
	}
}

func TestHostileNamesStayNames(t *testing.T) {
	t.Parallel()
	for _, language := range []string{"en", "id"} {
		f := samples()["hostile"]
		f.About.Language = language
		l := word(t, f)
		if strings.ContainsAny(l.Subject, "\r\n\x00\x1b\u202e") || len([]rune(l.Subject)) > 200 {
			t.Errorf("got the subject %q", l.Subject)
		}
		if strings.Contains(l.Text, "\nBcc:") || strings.ContainsAny(l.Text, "\x00\x1b\u202e") || strings.Contains(l.Text, strings.Repeat("A", 100)) {
			t.Errorf("got text\n%s", l.Text)
		}
		for _, bad := range []string{"<script", "<img", "\u202e", "\x1b", "</bdi></bdi>", "http://x.test\""} {
			if strings.Contains(l.HTML, bad) {
				t.Errorf("got %q in\n%s", bad, l.HTML)
			}
		}
	}
}

func TestTimesAreInTheMerchantsZone(t *testing.T) {
	t.Parallel()
	for zone, want := range map[string]string{
		"Asia/Jakarta":     "11 Nov 2023 21:48 WIB (14:48 UTC)",
		"Asia/Jayapura":    "11 Nov 2023 23:48 WIT (14:48 UTC)",
		"Asia/Kathmandu":   "11 Nov 2023 20:33 UTC+05:45 (14:48 UTC)",
		"Pacific/Auckland": "12 Nov 2023 03:48 NZDT (11 Nov 2023 14:48 UTC)",
		"America/New_York": "11 Nov 2023 09:48 EST (14:48 UTC)",
		"":                 "11 Nov 2023 14:48 UTC",
		"Local":            "11 Nov 2023 14:48 UTC",
		"no/where":         "11 Nov 2023 14:48 UTC",
		"Europe/London":    "11 Nov 2023 14:48 GMT",
	} {
		f := openFacts()
		f.About.Zone = zone
		if l := word(t, f); !strings.Contains(l.Text, "since "+want+".") {
			t.Errorf("%q: got\n%s\nwant %s", zone, l.Text, want)
		}
	}
}

// One mail, then the next, and the first of the next time: their subjects
// differ, or a mail program hides the second.
func TestTheEndHasAnotherSubject(t *testing.T) {
	t.Parallel()
	all, seen := samples(), map[string]string{}
	again := openFacts() // the desk keeps what has left an incident
	again.Members = append(again.Members, again.Members[0])
	again.Members[1].Open, again.Members[0].Since = false, at("15:45:00")
	all["open again"] = again
	for _, name := range []string{"open", "updated", "resolved", "open again"} {
		l := word(t, all[name])
		if other := seen[l.Subject]; other != "" {
			t.Errorf("%s and %s have one subject, %q", name, other, l.Subject)
		}
		seen[l.Subject] = name
	}
}

func TestAtMostThreeActions(t *testing.T) {
	t.Parallel()
	for name, f := range samples() {
		if l := word(t, f); strings.Contains(l.Text, "\n4. ") {
			t.Errorf("%s: got\n%s", name, l.Text)
		}
	}
}

// TestAdviceIsInTheMerchantsWordsAndZone: whatever the cause, what to do holds
// no word of a closed set, and no time but those in the merchant's zone.
func TestAdviceIsInTheMerchantsWordsAndZone(t *testing.T) {
	t.Parallel()
	for _, fault := range probes.Faults()[1:] {
		for _, flow := range []rules.Flow{rules.FlowUnknown, rules.FlowFailing, rules.FlowOK} {
			for _, verdict := range []probes.Verdict{probes.Down, probes.Healthy} {
				look := rules.Look{Verdict: verdict, Fault: fault}
				found := rules.CauseOf(rules.CauseFact{Flow: flow, Fault: fault, Status: 503, Since: at("14:48:00"), Reach: look, Ping: look})
				for _, language := range []string{"en", "id"} {
					f := openFacts()
					f.Members[0].Fault, f.About.Language = string(fault), language
					f.About.Cause, f.About.Advice = string(found.Cause), found.Advice.English
					text := word(t, f).Text
					if strings.Contains(text, "_") || strings.Contains(text, "14:48:00") || strings.Contains(strings.ReplaceAll(text, "(14:48 UTC)", ""), "14:48") {
						t.Errorf("%s, %s: got\n%s", fault, found.Cause, text)
					}
					_, list, _ := strings.Cut(text, "\n1. ")
					if first, _, _ := strings.Cut(list, "\n"); len(first) < 20 {
						t.Errorf("%s, %s: nothing to do in\n%s", fault, found.Cause, text)
					}
				}
			}
		}
	}
}

// What only we can mend is no advice to a merchant.
func TestAdviceForUsIsNotPassedOn(t *testing.T) {
	t.Parallel()
	for _, cause := range []rules.Cause{rules.CauseOurTrustStore, rules.CauseProbePathBlocked, rules.CauseDispatcherSilent} {
		f := openFacts()
		f.About.Cause, f.About.Advice = string(cause), "Update the sender's root certificates."
		if l := word(t, f); strings.Contains(l.Text, "root certificates") {
			t.Errorf("%s: got\n%s", cause, l.Text)
		}
	}
}

func TestFactsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	if l, err := merchants.Word([]byte(`{"state":7}`)); err == nil {
		t.Errorf("got %+v, want an error", l)
	}
	if l, err := merchants.Word([]byte(`{}`)); err != nil || l.Subject == "" || l.Text == "" {
		t.Errorf("got %+v and %v, want a mail that says little", l, err)
	}
}
