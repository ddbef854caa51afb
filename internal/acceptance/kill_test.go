//go:build integration

package acceptance_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/hooktest"
)

// The daemon is killed again and again while endpoints come and go, attempts
// come in, and all receivers misbehave. Nothing that was acknowledged or
// decided is lost, and nothing is counted twice. make chaos kills it 500 times.
func TestKills(t *testing.T) {
	haste := strings.NewReplacer("confirm: 1,", "confirm: 0,", "rules: {", "rules: {common_cause: {endpoints: 1000}, ").Replace(rulesOfHaste)
	h := furnish(t, 12, haste+"sources: [{id: core}]\n", true)
	misbehave(t, h)
	h.start()
	h.healthy()
	stop := make(chan struct{})
	var wg sync.WaitGroup
	posted := 0
	wg.Go(func() { posted = h.keepPosting(stop) })
	wg.Go(func() { h.keepBreaking(stop) })
	dice := rand.New(rand.NewPCG(uint64(*kills), 42))
	for range *kills {
		h.quiet(500*time.Millisecond + time.Duration(dice.Int64N(int64(5*time.Second))))
		h.kill()
		h.start()
	}
	close(stop)
	wg.Wait()
	h.calm(t)
	h.within(10*time.Minute, "everything is told", func() bool { return h.settled() })
	h.within(10*time.Minute, "all that was acknowledged is counted", func() bool { return h.counted() >= posted })
	h.judge(t, posted)
}

// counted is how many first attempts the daemon knows of.
func (h *house) counted() int {
	h.t.Helper()
	begin := time.Now().Add(-6 * time.Hour).UTC().Format(time.RFC3339)
	end := time.Now().Add(time.Minute).UTC().Format(time.RFC3339)
	return read[ratio](h, "/api/v1/ratios?scope=platform&from="+begin+"&to="+end).First
}

// misbehave makes the receivers fail in turn.
func misbehave(t *testing.T, h *house) {
	t.Helper()
	err := h.slack.Play(hooktest.SlackAny,
		hooktest.SlackStep{Times: 3}, hooktest.SlackStep{Fault: hooktest.SlackDropAfter, Times: 1}, hooktest.SlackStep{Times: 3},
		hooktest.SlackStep{Fault: hooktest.SlackLimited, RetryAfter: time.Second, Times: 1}, hooktest.SlackStep{Times: 5},
		hooktest.SlackStep{Fault: hooktest.SlackError503, Times: 2}, hooktest.SlackStep{Times: 5},
		hooktest.SlackStep{Fault: hooktest.SlackDropAfter, Times: 1}, hooktest.SlackStep{Delay: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	err = h.pager.Play(hooktest.PagerDutyAny, hooktest.PagerDutyStep{Times: 3}, hooktest.PagerDutyStep{Fault: hooktest.PagerDutyDropAfter, Times: 1},
		hooktest.PagerDutyStep{Times: 4}, hooktest.PagerDutyStep{Fault: hooktest.PagerDutyStatus, Status: 503, Times: 2}, hooktest.PagerDutyStep{Delay: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.mail.Play(hooktest.SMTPDot, hooktest.SMTPStep{Times: 4}, hooktest.SMTPStep{Fault: hooktest.SMTPDropBefore, Keep: true, Times: 1}, hooktest.SMTPStep{Delay: 100 * time.Millisecond}); err != nil {
		t.Fatal(err)
	}
}

// keepPosting sends attempts until stop, each batch until it is acknowledged,
// and returns how many were.
func (h *house) keepPosting(stop <-chan struct{}) (posted int) {
	for n := 0; ; n++ {
		var batch []record
		for i := range 100 {
			batch = append(batch, record{event: fmt.Sprintf("kill_%d_%d", n, i), channel: "QR", at: time.Now()})
		}
		body := lines(batch)
		for {
			if _, status := h.post(body); status == http.StatusOK {
				posted += len(batch)
				break
			}
			h.quiet(50 * time.Millisecond)
		}
		select {
		case <-stop:
			return posted
		default:
			h.quiet(20 * time.Millisecond)
		}
	}
}

// keepBreaking stops and starts each receiver at its own pace until stop, and
// leaves all started.
func (h *house) keepBreaking(stop <-chan struct{}) {
	var wg sync.WaitGroup
	for i, r := range h.receivers {
		wg.Go(func() {
			dice := rand.New(rand.NewPCG(3, uint64(i)))
			for {
				r.Stop()
				h.quiet(time.Duration(2000+dice.IntN(4000)) * time.Millisecond)
				if err := r.Start(); err != nil {
					h.t.Error(err)
				}
				select {
				case <-stop:
					return
				default:
					h.quiet(time.Duration(2000+dice.IntN(4000)) * time.Millisecond)
				}
			}
		})
	}
	wg.Wait()
}

// calm ends the misbehaviour.
func (h *house) calm(t *testing.T) {
	t.Helper()
	if err := h.slack.Play(hooktest.SlackAny); err != nil {
		t.Fatal(err)
	}
	if err := h.mail.Play(hooktest.SMTPDot); err != nil {
		t.Fatal(err)
	}
	if err := h.pager.Play(hooktest.PagerDutyAny); err != nil {
		t.Fatal(err)
	}
	h.hook.behave()
}

// settled reports whether all incidents are over and all notices have ended,
// but for the summaries of a storm, which wait for its end. What waits for a
// later try is tried now, as a person would.
func (h *house) settled() bool {
	for _, in := range h.incidents() {
		if in.State != "resolved" {
			return false
		}
	}
	done := true
	for _, r := range h.outbox() {
		switch {
		case r.Kind == "summary":
		case r.State == "waiting":
			h.call(http.MethodPost, "/api/v1/outbox/"+r.ID+"/retry", nil)
			done = false
		case r.State == "sending":
			done = false
		}
	}
	return done
}

// judge compares what the daemon says with what arrived.
func (h *house) judge(t *testing.T, posted int) {
	t.Helper()
	if got := h.counted(); got != posted {
		t.Errorf("%d attempts are counted, %d were acknowledged", got, posted)
	}
	mails := map[string]int{}
	for _, m := range h.mail.Messages() {
		mails[m.ID]++
	}
	sent := map[string]int{}
	for _, r := range h.outbox() {
		sent[r.State]++
		if r.State != "sent" && r.State != "replaced" && r.State != "withheld" && r.Kind != "summary" {
			t.Errorf("notice %s (%s in %s) is %s", r.ID, r.Kind, r.Lane, r.State)
		}
		if r.State == "sent" && strings.HasPrefix(r.Lane, "ops/") && r.Kind != "root" && h.slack.Copies(hooktest.DefaultSlackChannel, r.IdemKey) == 0 {
			t.Errorf("notice %s (%s) is sent, and Slack never saw it", r.IdemKey, r.Kind)
		}
	}
	mailRows := 0
	for _, r := range h.outbox() {
		if r.Lane == "mail/sre@example.com" && r.State == "sent" {
			mailRows++
		}
	}
	// One on the wire at a kill may have arrived, and be told by a summary after all.
	if len(mails) < mailRows || len(mails) > mailRows+*kills {
		t.Errorf("%d mails are recorded as sent, %d different ones arrived", mailRows, len(mails))
	}
	h.judgePrograms(t)
	for _, in := range h.incidents() {
		if strings.HasSuffix(in.Rule, "_error_ratio") {
			t.Errorf("an incident of %s: %s; every attempt was delivered", in.Rule, in.Title)
		}
	}
	slack, mail := h.slack.Stats(), h.mail.Stats()
	if most := *kills + 2; slack.Duplicates > most || mail.Duplicates > most {
		t.Errorf("%d duplicates in Slack, %d by mail; want at most %d of each: one a kill and one a dropped answer", slack.Duplicates, mail.Duplicates, most)
	}
	t.Logf("%d kills, %d attempts, %d incidents, notices %v, Slack %+v, mail messages %d, duplicates %d",
		*kills, posted, len(h.incidents()), sent, slack, mail.Messages, mail.Duplicates)
}

// judgePrograms compares what the pager and the webhook have with what was
// sent to them.
func (h *house) judgePrograms(t *testing.T) {
	t.Helper()
	calls, pages := 0, 0
	for _, r := range h.outbox() {
		switch {
		case r.State != "sent":
		case strings.HasPrefix(r.Lane, "hook/"):
			calls++
		case strings.HasPrefix(r.Lane, "pager/"):
			pages++
		}
	}
	different, again := h.hook.counts()
	// One call in seven loses its answer, and one on the wire at a kill may.
	if different < calls || different > calls+*kills || again > *kills+different/5+2 {
		t.Errorf("%d calls are recorded as sent, %d different ones arrived, %d of them again", calls, different, again)
	}
	for _, a := range h.pager.Alerts() {
		if a.State != hooktest.PagerDutyResolved {
			t.Errorf("the pager still has %s as %s: %s", a.Key, a.State, a.Summary)
		}
	}
	if pages > 0 && len(h.pager.Alerts()) == 0 {
		t.Errorf("%d notices are sent to the pager, and it has nothing", pages)
	}
	t.Logf("webhook: %d calls, %d of them again; pager: %d notices, %d alerts", different, again, pages, len(h.pager.Alerts()))
}
