//go:build integration

package acceptance_test

import (
	"strings"
	"testing"

	"github.com/hookvigil/hookvigil/internal/hooktest"
)

// One endpoint that goes and comes is told in the form of each receiver: one
// message and its thread, two mails, one alert that opens and ends, a call for
// each thing that happened.
func TestEverybodyIsTold(t *testing.T) {
	t.Parallel()
	h := furnish(t, 1, rulesOfHaste, true)
	h.hook.behave()
	h.start()
	h.healthy()
	h.receivers[0].Stop()
	h.until("the pager has it", func() bool {
		list := h.pager.Alerts()
		return len(list) == 1 && list[0].State == hooktest.PagerDutyTriggered && strings.Contains(list[0].Summary, "ep-000 is down")
	})
	h.until("all the others have it", h.idle) // what is over first is told once
	if err := h.receivers[0].Start(); err != nil {
		t.Fatal(err)
	}
	h.until("it is over at the pager", func() bool { return h.pager.Alerts()[0].State == hooktest.PagerDutyResolved })
	h.until("everything is sent", func() bool { return h.settled() })
	roots, replies := h.roots()
	calls, again := h.hook.counts()
	if mails := len(h.mail.Messages()); len(roots) != 1 || len(replies) != 1 || mails != 2 || calls != 2 || again != 0 {
		t.Errorf("%d messages, %d replies, %d mails, %d calls, %d of them again; want 1, 1, 2, 2, 0", len(roots), len(replies), mails, calls, again)
	}
	if a := h.pager.Alerts()[0]; a.Pages != 1 || a.Triggers != 1 {
		t.Errorf("the pager woke somebody %d times, with %d triggers", a.Pages, a.Triggers)
	}
}
