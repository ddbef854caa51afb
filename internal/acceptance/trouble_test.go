//go:build integration

package acceptance_test

import (
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/hooktest"
)

// Slack answers 429 for a minute, the mail server 421 for a minute, and then
// it drops the connection after the final dot: everything arrives, nothing
// before Retry-After, and at most one message is repeated under its own ID.
func TestReceiversInTrouble(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 3, rulesOfHaste)
	h.start()
	h.healthy()
	err := h.slack.Play(hooktest.SlackAny, hooktest.SlackStep{Fault: hooktest.SlackLimited, RetryAfter: 5 * time.Second, For: time.Minute}, hooktest.SlackStep{})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.mail.Play(hooktest.SMTPGreeting, hooktest.SMTPStep{Reply: "421 4.3.2 busy", For: time.Minute}, hooktest.SMTPStep{}); err != nil {
		t.Fatal(err)
	}
	if err := h.mail.Play(hooktest.SMTPDot, hooktest.SMTPStep{Fault: hooktest.SMTPDropBefore, Keep: true, Times: 1}, hooktest.SMTPStep{}); err != nil {
		t.Fatal(err)
	}
	for _, r := range h.receivers {
		r.Stop()
	}
	h.until("all three are open", func() bool { return len(h.incidents()) == 3 })
	for _, r := range h.receivers {
		if err := r.Start(); err != nil {
			t.Fatal(err)
		}
	}
	h.within(12*time.Minute, "all notices have arrived", func() bool {
		for _, r := range h.outbox() {
			if r.State == "waiting" || r.State == "sending" {
				return false
			}
		}
		roots, _ := h.roots()
		return len(roots) == 3
	})
	for _, r := range h.outbox() {
		if r.State != "sent" && r.State != "replaced" {
			t.Errorf("notice %s in %s is %s, want sent or replaced", r.Kind, r.Lane, r.State)
		}
	}
	slack, mail := h.slack.Stats(), h.mail.Stats()
	if slack.Early != 0 || slack.Duplicates != 0 {
		t.Errorf("Slack: %d calls before Retry-After, %d duplicates; want none", slack.Early, slack.Duplicates)
	}
	if mail.Duplicates > 1 {
		t.Errorf("mail: %d duplicates, want at most 1", mail.Duplicates)
	}
	t.Logf("Slack %+v, mail %+v", slack, mail)
}

// A receiver that hangs delays neither another lane, nor a probe, nor ingest:
// all of them go on while its first call hangs, for the 30 s that it gets.
func TestAReceiverThatHangsDelaysNobody(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 2, rulesOfHaste)
	h.rewrite("kind: slack,", "kind: slack, timeout: 30s,")
	h.start()
	h.healthy()
	if err := h.slack.Play(hooktest.SlackAny, hooktest.SlackStep{Fault: hooktest.SlackHang}); err != nil {
		t.Fatal(err)
	}
	h.receivers[0].Stop()
	h.until("the mail of the first", func() bool { return h.mail.Stats().Messages == 1 })
	h.receivers[1].Stop()
	h.until("the mail of the second", func() bool { return h.mail.Stats().Messages == 2 })
	list, _ := stream("hang", 100, time.Second, 0)
	if got, status := h.post(lines(list)); status != 200 || got.Accepted != 100 {
		t.Errorf("attempts: status %d, %+v", status, got)
	}
	if slack := h.slack.Stats(); slack.Calls != 1 || slack.Pending != 1 {
		t.Errorf("Slack: %+v; want one call, which hangs all the time", slack)
	}
}
