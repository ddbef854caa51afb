//go:build integration

package acceptance_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/hooktest"
)

// line is one condition of an incident.
type line struct {
	Rule, Fault string
	Left        time.Time `json:"left_at"`
}

// A certificate ends, and with it every probe fails: one incident, told once.
// The certificate is renewed, and the endpoint answers nothing all the same: the
// incident goes on for what is left, and is not told to be over.
func TestACertificateThatEnds(t *testing.T) {
	t.Parallel()
	h := furnish(t, 2, rulesOfHaste, true)
	h.hook.behave()
	h.start()
	h.healthy()
	lines := func() (open []string) {
		list := h.incidents()
		if len(list) != 1 {
			return nil
		}
		for _, l := range read[struct{ Members []line }](h, "/api/v1/incidents/"+list[0].ID).Members {
			if l.Left.IsZero() {
				open = append(open, l.Rule+" "+l.Fault)
			}
		}
		return open
	}
	if err := h.receivers[0].Set(hooktest.CertExpired); err != nil {
		t.Fatal(err)
	}
	h.until("both signals say so, in one incident", func() bool { return len(lines()) == 2 })
	h.until("it is told", func() bool { roots, _ := h.roots(); return len(roots) == 1 && h.mail.Stats().Messages > 0 })
	if err := h.receivers[0].Set(hooktest.CloseAfterAsk); err != nil { // with a certificate that is good
		t.Fatal(err)
	}
	h.until("the probe alone is bad, and not for its certificate", func() bool {
		open := lines()
		return len(open) == 1 && strings.HasPrefix(open[0], "endpoint_down ") && !strings.Contains(open[0], "tls")
	})
	h.quiet(15 * time.Second) // each live incident is looked at within ten
	roots, replies := h.roots()
	if in := h.incidents(); len(in) != 1 || in[0].State != "open" || len(roots) != 1 || h.mail.Stats().Messages != 1 || h.pager.Stats().Pages > 1 {
		t.Errorf("%+v, with %d messages, %d mails and %d pages; want one incident that is open, told once", in, len(roots), h.mail.Stats().Messages, h.pager.Stats().Pages)
	}
	t.Logf("%+v, %d replies: %s", h.incidents(), len(replies), roots[0].Latest().Text)
	if err := h.receivers[0].Set(hooktest.OK); err != nil {
		t.Fatal(err)
	}
	h.until("it is over", func() bool { return h.incidents()[0].State == "resolved" && h.settled() })
	roots, _ = h.roots()
	if n := h.mail.Stats().Messages; len(h.incidents()) != 1 || len(roots) != 1 || n != 2 {
		t.Errorf("%d incidents, %d messages and %d mails in the end; want 1, 1 and 2", len(h.incidents()), len(roots), n)
	}
}
