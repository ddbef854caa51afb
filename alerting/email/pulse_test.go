package email_test

import (
	"log/slog"
	"testing"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/alerting/email"
	"github.com/hookvigil/hookvigil/internal/hooktest"
)

// A pulse logs in and sends nothing; a relay that refuses us is found out.
func TestAPulseSendsNothing(t *testing.T) {
	t.Parallel()
	s := hooktest.StartSMTP(t, hooktest.SMTPOptions{})
	r := email.New(configFor(s), slog.New(slog.DiscardHandler))
	pulse := alerting.Notice{Kind: alerting.KindPulse, IdemKey: "pulse/mail/x:1", Recipient: "x@example.com"}
	if _, err := r.Send(t.Context(), pulse, alerting.Ref{}); err != nil {
		t.Fatal(err)
	}
	if n := len(s.Messages()); n != 0 {
		t.Errorf("%d messages", n)
	}
	if err := s.Play(hooktest.SMTPGreeting, hooktest.SMTPStep{Reply: "554 5.7.1 not you"}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Send(t.Context(), pulse, alerting.Ref{}); err == nil {
		t.Error("a relay that refuses us is found to work")
	}
}
