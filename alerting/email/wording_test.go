package email_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/alerting/email"
	"github.com/hookvigil/hookvigil/internal/hooktest"
)

const kindDigest alerting.Kind = "digest"

func digestNotice() alerting.Notice {
	return alerting.Notice{
		ID: "d1", IdemKey: "v1:digest/toko/health/1:mail/ops@example.com", Lane: "mail/ops@example.com", Recipient: "ops@example.com",
		Subject: "digest/toko/health/1", Version: 1, Kind: kindDigest, Flow: alerting.FlowEvent, Severity: "low",
		Facts: json.RawMessage(`{"merchant":"toko","incidents":[{"id":"1"}],"state":7}`), Created: at("18:03:00"), Due: at("18:03:00"),
	}
}

func TestAKindMayHaveItsOwnWording(t *testing.T) {
	t.Parallel()
	sound := func(n alerting.Notice) (email.Letter, error) {
		return email.Letter{Subject: "OK: all is well\r\nBcc: all@example.com", Text: "facts: " + string(n.Facts), HTML: "<p>all is <b>well</b></p>"}, nil
	}
	broken := func(alerting.Notice) (email.Letter, error) {
		return email.Letter{}, errors.New("version 2 is not known")
	}
	for sentence, tc := range map[string]struct {
		wording       email.Wording
		reduced       bool
		class         alerting.Class // empty: it is sent
		subject       string
		text, html    string // are in it
		withoutMarkup bool
	}{
		"a sound one":                      {sound, false, "", "OK: all is well Bcc: all@example.com", `"merchant":"toko"`, "<b>well</b>", false},
		"a sound one, as plain text":       {sound, true, "", "OK: all is well Bcc: all@example.com", `"merchant":"toko"`, "", true},
		"one that fails":                   {broken, false, alerting.ClassMessage, "", "", "", false},
		"one that fails, as plain text":    {broken, true, "", "[digest] This message could not be worded", "version 2 is not known.\n\nWhat it would have told is kept: hookvigil outbox ls shows notice d1", "", true},
		"one that panics":                  {func(alerting.Notice) (email.Letter, error) { panic("template") }, false, alerting.ClassMessage, "", "", "", false},
		"one that panics, as plain text":   {func(alerting.Notice) (email.Letter, error) { panic("template") }, true, "", "[digest] This message could not be worded", "a panic, see the log", "", true},
		"one that has no text":             {func(alerting.Notice) (email.Letter, error) { return email.Letter{Subject: "x"}, nil }, false, alerting.ClassMessage, "", "", "", false},
		"one without HTML needs no twin":   {func(alerting.Notice) (email.Letter, error) { return email.Letter{Subject: "x", Text: "y"}, nil }, false, "", "x", "y", "", true},
		"the wording of another kind":      {nil, false, alerting.ClassMessage, "", "", "", false}, // state is no word
		"no text, and reduced: it says so": {func(alerting.Notice) (email.Letter, error) { return email.Letter{}, nil }, true, "", "[digest] This message could not be worded", "no text came out", "", true},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			s := hooktest.StartSMTP(t, hooktest.SMTPOptions{})
			c := configFor(s)
			c.Wordings = map[alerting.Kind]email.Wording{"other": sound, kindDigest: tc.wording}
			n := digestNotice()
			n.Reduced = tc.reduced
			ref, err := receiver(t, c).Send(t.Context(), n, alerting.Ref{})
			if tc.class != "" {
				if e, ok := errors.AsType[*alerting.SendError](err); !ok || e.Class != tc.class || len(s.Messages()) != 0 {
					t.Fatalf("got %v and %d mails, want class %s", err, len(s.Messages()), tc.class)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			m := s.Messages()[0]
			text, html := parts(t, m)
			text = strings.ReplaceAll(text, "\r\n", "\n")
			if m.Header.Get("Subject") != tc.subject || !strings.Contains(text, tc.text) || !strings.Contains(html, tc.html) || (html == "") != tc.withoutMarkup {
				t.Errorf("got %q with text\n%s\nand HTML\n%s", m.Header.Get("Subject"), text, html)
			}
			for name, want := range map[string]string{
				"Bcc": "", "Auto-Submitted": "auto-generated", "X-Hookvigil-Kind": "digest", "X-Hookvigil-Severity": "low",
				"X-Hookvigil-Merchant": "toko", "X-Hookvigil-State": "", "Message-Id": ref.Last, "References": ref.Root,
			} {
				if got := m.Header.Get(name); got != want {
					t.Errorf("%s: got %q, want %q", name, got, want)
				}
			}
		})
	}
}

func TestEachTryOfAWordedNoticeIsTheSameMail(t *testing.T) {
	t.Parallel()
	s := hooktest.StartSMTP(t, hooktest.SMTPOptions{})
	c := configFor(s)
	c.Wordings = map[alerting.Kind]email.Wording{kindDigest: func(alerting.Notice) (email.Letter, error) {
		return email.Letter{Subject: "x", Text: "y", HTML: "<p>y</p>"}, nil
	}}
	for range 2 {
		if _, err := receiver(t, c).Send(t.Context(), digestNotice(), alerting.Ref{}); err != nil {
			t.Fatal(err)
		}
	}
	if a, b := undated(s.Messages()[0].Data), undated(s.Messages()[1].Data); a != b {
		t.Errorf("got\n%s\nand\n%s", a, b)
	}
}
