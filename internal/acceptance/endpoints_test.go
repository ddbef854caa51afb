//go:build integration

package acceptance_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/hooktest"
)

// One endpoint stops and starts: one incident, one message in Slack that is
// kept up to date, with what happened in its thread, and two mails.
func TestOneEndpointIsOneIncident(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 3, rulesOfHaste)
	h.start()
	h.healthy()
	h.receivers[0].Stop()
	h.until("it is told in Slack and by mail", func() bool {
		roots, _ := h.roots()
		return len(roots) == 1 && h.mail.Stats().Messages == 1
	})
	if err := h.receivers[0].Start(); err != nil {
		t.Fatal(err)
	}
	h.until("it is resolved in the thread and by mail", func() bool {
		_, replies := h.roots()
		return len(replies) == 1 && h.mail.Stats().Messages == 2
	})
	h.quiet(5 * time.Second)
	h.until("all notices have ended", h.idle)
	roots, replies := h.roots()
	list := h.incidents()
	if len(list) != 1 || list[0].State != "resolved" || list[0].Scope != "endpoint:ep-000" {
		t.Errorf("incidents: %+v, want one of endpoint:ep-000, resolved", list)
	}
	if len(roots) != 1 || len(replies) != 1 || replies[0].Thread != roots[0].TS {
		t.Errorf("Slack has %d messages and %d replies, want one of each, in one thread", len(roots), len(replies))
	}
	mails := h.mail.Messages()
	if len(mails) != 2 {
		t.Fatalf("%d mails, want 2", len(mails))
	}
	if ref := mails[1].Header.Get("References"); mails[0].ID == mails[1].ID || !strings.Contains(ref, "@") {
		t.Errorf("Message-IDs %s and %s, References %q: want two in one thread", mails[0].ID, mails[1].ID, ref)
	}
	for _, r := range h.outbox() {
		if r.State != "sent" && r.State != "replaced" {
			t.Errorf("notice %s (%s in %s) is %s", r.ID, r.Kind, r.Lane, r.State)
		}
	}
}

// Fifty endpoints on fifty hosts stop: one incident, not fifty.
func TestFiftyEndpointsAreOneIncident(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 55, rulesOfHaste)
	h.start()
	h.healthy()
	h.pause() // they stop at one moment, as by a common cause: the first is not confirmed before the fifth has failed
	for _, r := range h.receivers[:50] {
		r.Stop()
	}
	h.wake()
	h.until("all fifty are in one incident", func() bool {
		for _, in := range h.incidents() {
			if in.Members == 50 {
				return true
			}
		}
		return false
	})
	h.until("it is told", func() bool { roots, _ := h.roots(); return len(roots) > 0 && h.mail.Stats().Messages > 0 && h.idle() })
	h.quiet(3 * time.Second)
	if list := h.incidents(); len(list) != 1 || list[0].Rule != "common_cause" || list[0].Severity != "critical" {
		t.Errorf("incidents: %+v, want one common cause, critical", list)
	}
	if roots, _ := h.roots(); len(roots) != 1 {
		t.Errorf("%d messages in Slack, want 1", len(roots))
	}
	if n := h.mail.Stats().Messages; n != 1 {
		t.Errorf("%d mails, want 1", n)
	}
	for _, r := range h.receivers[:50] {
		if err := r.Start(); err != nil {
			t.Fatal(err)
		}
	}
	h.until("it is resolved", func() bool { return h.incidents()[0].State == "resolved" })
	h.until("all is told", func() bool { _, replies := h.roots(); return len(replies) > 0 && h.mail.Stats().Messages == 2 })
	h.quiet(2 * time.Second)
	if n := h.mail.Stats().Messages; n != 2 {
		t.Errorf("%d mails, want 2: one when it opened, one when it was resolved", n)
	}
}

// A certificate goes bad while the endpoint answers as before.
func TestACertificateAloneOpensItsOwn(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 2, strings.Replace(rulesOfHaste, "interval: 1s,", "interval: 1h,", 1))
	h.start()
	h.healthy()
	if err := h.receivers[1].Set(hooktest.CertExpired); err != nil {
		t.Fatal(err)
	}
	h.until("its incident is open and told", func() bool { roots, _ := h.roots(); return len(roots) == 1 && h.mail.Stats().Messages == 1 })
	if list := h.incidents(); len(list) != 1 || list[0].Rule != "certificate" || list[0].Scope != "endpoint:ep-001" {
		t.Errorf("incidents: %+v, want one of the certificate of ep-001", list)
	}
	if err := h.receivers[1].Set(hooktest.OK); err != nil {
		t.Fatal(err)
	}
	h.until("it is resolved", func() bool { return h.incidents()[0].State == "resolved" })
}

// A restart of 20 s pages nobody: with every default but the interval.
func TestARestartPagesNobody(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 1, "defaults: {probe: {interval: 5s}}\n")
	h.start()
	h.healthy()
	h.receivers[0].Stop()
	h.until("the failure is seen", func() bool {
		return read[struct{ Items []struct{ State string } }](h, "/api/v1/endpoints").Items[0].State != "healthy"
	})
	h.quiet(20 * time.Second)
	if err := h.receivers[0].Start(); err != nil {
		t.Fatal(err)
	}
	h.healthy()
	h.quiet(10 * time.Second)
	if list, rows := h.incidents(), h.outbox(); len(list) != 0 || len(rows) != 0 {
		t.Errorf("incidents %+v, notices %+v: want none", list, rows)
	}
}
