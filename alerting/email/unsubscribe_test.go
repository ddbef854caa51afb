package email_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/alerting/email"
	"github.com/hookvigil/hookvigil/internal/hooktest"
)

// sentWith sends a notice whose letter has that link, signed, and returns its
// mail and the public key.
func sentWith(t *testing.T, link string, reduced bool) (m hooktest.SMTPMessage, txt string) {
	t.Helper()
	s, key := hooktest.StartSMTP(t, hooktest.SMTPOptions{}), rsaKey(t, 2048)
	c := configFor(s)
	c.DKIM = email.DKIM{Domain: "watch.test", Selector: "s2023", Key: pemOf(t, key)}
	c.Wordings = map[alerting.Kind]email.Wording{kindDigest: func(n alerting.Notice) (email.Letter, error) {
		return email.Letter{Subject: "OK", Text: "to " + n.Recipient, HTML: "<p>x</p>", Unsubscribe: link}, nil
	}}
	n := digestNotice()
	n.Reduced = reduced
	if _, err := receiver(t, c).Send(t.Context(), n, alerting.Ref{}); err != nil {
		t.Fatal(err)
	}
	return s.Messages()[0], record(t, key)
}

func TestWhereARecipientLeaves(t *testing.T) {
	t.Parallel()
	const oneClick = "List-Unsubscribe=One-Click"
	long := "https://hooks.example.com/unsubscribe/" + strings.Repeat("a", 380)
	for sentence, tc := range map[string]struct {
		link       string
		reduced    bool
		want, post string
	}{
		"by https":                          {"https://hooks.example.com/unsubscribe/AXRva28", false, "<https://hooks.example.com/unsubscribe/AXRva28>", oneClick},
		"by https, as plain text":           {"https://hooks.example.com/unsubscribe/AXRva28", true, "<https://hooks.example.com/unsubscribe/AXRva28>", oneClick},
		"by the longest link":               {long, false, "<" + long + ">", oneClick},
		"by http: no click may go there":    {"http://hooks.example.com/unsubscribe/AXRva28", false, "<http://hooks.example.com/unsubscribe/AXRva28>", ""},
		"nowhere":                           {"", false, "", ""},
		"by something else":                 {"mailto:x@example.com", false, "", ""},
		"by what would end the header":      {"https://x.example/\r\nBcc: all@example.com", false, "", ""},
		"by what would end the address":     {"https://x.example/a>,<https://evil.example/", false, "", ""},
		"by more than fits into a line":     {"https://x.example/" + strings.Repeat("a", 1000), false, "", ""},
		"by an address that is not ASCII":   {"https://bücher.example/unsubscribe/a", false, "", ""},
		"by an address with a name to send": {"https://me:secret@x.example/", false, "", ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			m, txt := sentWith(t, tc.link, tc.reduced)
			if got, post := m.Header.Get("List-Unsubscribe"), m.Header.Get("List-Unsubscribe-Post"); got != tc.want || post != tc.post {
				t.Errorf("got %q and %q, want %q and %q", got, post, tc.want, tc.post)
			}
			if err := verified(t, m.Data, txt); err != nil {
				t.Errorf("signature: %v\n%s", err, m.Data)
			}
			for line := range bytes.SplitSeq(m.Data, []byte("\r\n")) {
				if len(line) > 998 {
					t.Errorf("a line has %d bytes", len(line))
				}
			}
		})
	}
}

// TestTheSignatureCoversWhereARecipientLeaves: as RFC 8058 section 4 demands, by
// the word of the signature and by the judgement of another library.
func TestTheSignatureCoversWhereARecipientLeaves(t *testing.T) {
	t.Parallel()
	const link = "https://hooks.example.com/unsubscribe/AXRva28"
	m, txt := sentWith(t, link, false)
	names := strings.ToLower(strings.Join(strings.Fields(m.Header.Get("DKIM-Signature")), ""))
	_, names, _ = strings.Cut(names, ";h=")
	names, _, _ = strings.Cut(names, ";")
	for _, want := range []string{"list-unsubscribe", "list-unsubscribe-post"} {
		if !strings.Contains(":"+names+":", ":"+want+":") {
			t.Errorf("h=%s does not cover %s", names, want)
		}
	}
	data := string(m.Data)
	for sentence, forged := range map[string]string{
		"another link":        strings.Replace(data, link, link+"X", 1),
		"the link taken out":  strings.Replace(data, "List-Unsubscribe: <"+link+">\r\n", "", 1),
		"the click taken out": strings.Replace(data, "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", "", 1),
		"another link added":  "List-Unsubscribe: <https://evil.example/>\r\n" + data,
		"a click added":       "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" + data,
	} {
		if forged == data {
			t.Errorf("%s: nothing was changed in\n%s", sentence, data)
		}
		if err := verified(t, []byte(forged), txt); err == nil {
			t.Errorf("%s: it is believed", sentence)
		}
	}
}

func TestIncidentsHaveNoLinkToLeave(t *testing.T) {
	t.Parallel()
	s := hooktest.StartSMTP(t, hooktest.SMTPOptions{})
	if _, err := receiver(t, configFor(s)).Send(t.Context(), noticeOf(t, openFacts()), alerting.Ref{}); err != nil {
		t.Fatal(err)
	}
	if h := s.Messages()[0].Header; h.Get("List-Unsubscribe") != "" || h.Get("List-Unsubscribe-Post") != "" {
		t.Errorf("got %v", h)
	}
}
