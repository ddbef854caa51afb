package email_test

import (
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/alerting/email"
	"github.com/hookvigil/hookvigil/internal/hooktest"
	"github.com/hookvigil/hookvigil/rules"
)

// generous ends a test that hangs; impatient is for silence that is wanted.
const (
	generous  = 2 * time.Minute
	impatient = time.Second
)

// patience are the bounds, one after the other, where time is to run out at a
// certain moment: a machine that stands still uses up a short one before it.
func patience(silent bool) []time.Duration {
	if !silent {
		return []time.Duration{generous}
	}
	return []time.Duration{impatient, 5 * impatient, 15 * impatient}
}

// configFor is a config for a sink without TLS.
func configFor(s *hooktest.SMTP) email.Config {
	return email.Config{
		SMTP:    email.Server{Host: "127.0.0.1", Port: int(s.Addr().Port()), TLS: email.NoTLS},
		From:    "Hookvigil <alerts@watch.test>",
		Timeout: generous,
	}
}

func receiver(t *testing.T, c email.Config) *email.Receiver {
	t.Helper()
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	r := email.New(c, slog.New(slog.DiscardHandler))
	email.KeepFor(r, time.Hour) // a machine that stands still costs no connection
	email.AskFor(r, generous)
	return r
}

func at(clock string) time.Time {
	v, err := time.Parse(time.DateTime, "2023-11-11 "+clock)
	if err != nil {
		panic(err)
	}
	return v.In(time.FixedZone("WIB", 7*60*60)) // mails say UTC whatever comes in
}

func openFacts() alerting.Facts {
	return alerting.Facts{
		Incident: "inc_abcdefghij234567", Number: "234567", Title: "Endpoints of Toko Maju are down",
		Rule: rules.RuleEndpointDown, Scope: "endpoint:toko-maju-payouts", State: alerting.StateOpen, Severity: rules.Critical,
		Merchant: "toko-maju", StartedAt: at("14:48:00"), OpenedAt: at("14:50:00"),
		Evidence: rules.Evidence{
			Text: "22 first attempts failed", From: at("14:45:00"), To: at("14:50:00"), Numerator: 22, Denominator: 360,
			Threshold: 0.04, Clears: "5 good probes in a row",
		},
		Members: []alerting.Member{
			{Rule: rules.RuleEndpointDown, Scope: "endpoint:toko-maju-payouts", Fault: "timeout_connect", Text: "no answer within 30s", Open: true, Since: at("14:48:00")},
			{Rule: rules.RuleCertificate, Scope: "endpoint:toko-maju-invoices", Text: "expires in 6 days", Since: at("14:49:00")},
		},
		MemberCount: 23, Happened: "Endpoints of Toko Maju are down: no answer within 30s", At: at("14:50:00"),
		URL: "https://hooks.example.com/incidents/inc_abcdefghij234567", Runbook: "https://wiki.example.com/down",
		Share: 0.31, PeakShare: 0.42,
		About: alerting.About{
			MerchantName: "Toko Maju", Host: "hooks.toko-maju.example", Cause: "endpoint_down", Why: "no connection can be made (timeout_connect) since 14:48 UTC",
			Advice:    "Check that the server runs, and that its firewall lets us in.",
			Endpoints: 23, Merchants: 1, Waiting: 18, AtRisk: 4, NextLoss: at("20:10:00"), Lost: 2,
		},
	}
}

func noticeOf(t *testing.T, f alerting.Facts) alerting.Notice {
	t.Helper()
	b, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	return alerting.Notice{
		ID: "1", IdemKey: "v1:endpoint:toko:1:mail:1:mail/sre@example.com", Lane: "mail/sre@example.com", Recipient: "sre@example.com",
		Subject: f.Incident, Version: 3, Kind: alerting.KindMail, Flow: alerting.FlowEvent, Severity: f.Severity, Facts: b, Created: at("14:50:01"),
	}
}

func play(t *testing.T, s *hooktest.SMTP, verb hooktest.SMTPVerb, steps ...hooktest.SMTPStep) {
	t.Helper()
	if err := s.Play(verb, steps...); err != nil {
		t.Fatal(err)
	}
}
