package slack_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/alerting/slack"
	"github.com/hookvigil/hookvigil/internal/hooktest"
)

// byTicket is Socket Mode alone.
func byTicket(c *slack.Config) { c.SigningSecret, c.AppToken = "", hooktest.DefaultSlackAppToken }

// stats waits until the fake's figures are as wanted.
func (d *desk) stats(until func(hooktest.SlackStats) bool) {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), answerFor)
	defer cancel()
	if err := d.s.Wait(ctx, until); err != nil {
		d.t.Fatalf("%v\n%s", err, d.log)
	}
}

func (d *desk) sockets(want int) {
	d.t.Helper()
	d.stats(func(s hooktest.SlackStats) bool { return s.Sockets == want })
}

// pressed presses by a socket, and returns once Slack has its envelope back.
func (d *desk) pressed(p hooktest.SlackPress) {
	d.t.Helper()
	id, err := d.s.PressSocket(p)
	if err != nil {
		d.t.Fatal(err)
	}
	d.acked(id)
}

// pressedAgain delivers one press until Slack has one of its envelopes back, as
// Slack does: the socket that it is sent by may be one whose end is not noticed.
func (d *desk) pressedAgain(p hooktest.SlackPress) {
	d.t.Helper()
	payload, err := d.s.Payload(p)
	if err != nil {
		d.t.Fatal(err)
	}
	for try := range 5 {
		id := fmt.Sprint("try-", try)
		ctx, cancel := context.WithTimeout(d.t.Context(), answerFor/5)
		err = errors.Join(d.s.Deliver(map[string]any{"envelope_id": id, "type": "interactive", "payload": json.RawMessage(payload)}), d.s.AwaitAck(ctx, id))
		cancel()
		if err == nil {
			return
		}
		d.sockets(1)
	}
	d.t.Fatalf("%v\n%s", err, d.log)
}

func (d *desk) acked(id string) {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), answerFor)
	defer cancel()
	if err := d.s.AwaitAck(ctx, id); err != nil {
		d.t.Fatalf("%v\n%s", err, d.log)
	}
	if got := d.s.Acks(id); got != 1 {
		d.t.Errorf("envelope %s came back %d times, want once", id, got)
	}
}

func TestPressesBySocket(t *testing.T) {
	t.Parallel()
	d := newDesk(t, byTicket)
	d.sockets(1)
	d.pressed(ack(""))
	if got := <-d.done; got.Receiver != "ops" || got.Incident != facts().Incident || got.By() != "ana (Slack)" {
		t.Errorf("got %+v", got)
	}
	d.pressed(ack("U0VIEWER"))
	d.pressed(ack("U0NOBODY"))
	d.effects(0)
	if got := d.heard(2); !strings.Contains(got[0].Text, "your role is viewer") || !strings.Contains(got[1].Text, "does not know you") {
		t.Errorf("got %+v", got)
	}
	if err := d.buttons.Interaction(t.Context(), d.signed(ack(""), time.Now())); err == nil {
		t.Error("without a signing secret, HTTP is let in")
	}
}

// TestWhatASocketMayBring: each envelope comes back once, whatever is in it,
// and nothing ends the connection but its end.
func TestWhatASocketMayBring(t *testing.T) {
	t.Parallel()
	d := newDesk(t, byTicket)
	d.sockets(1)
	payload, err := d.s.Payload(ack(""))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range []struct{ id, kind, payload string }{
		{"a press", "interactive", string(payload)},
		{"the same press once more", "interactive", string(payload)},
		{"a payload that is nothing", "interactive", `null`},
		{"a payload of another form", "interactive", `[1]`},
		{"an event", "events_api", `{"event":{"type":"message"}}`},
		{"a command", "slash_commands", `"x"`},
		{"a kind of next year", "next_year", `{}`},
	} {
		if err := d.s.Deliver(map[string]any{"envelope_id": e.id, "type": e.kind, "payload": json.RawMessage(e.payload)}); err != nil {
			t.Fatal(err)
		}
		d.acked(e.id)
		d.effects(1)
	}
	for _, odd := range []any{"text", 7, nil, []int{1}, map[string]any{"type": 7}, map[string]any{"type": "hello"}, map[string]any{"type": "interactive"}} {
		if err := d.s.Deliver(odd); err != nil {
			t.Fatal(err)
		}
	}
	d.pressed(ack("U0ADMIN"))
	d.effects(2)
	if n := connects(d.s); n != 1 {
		t.Errorf("the connection was opened %d times, want once", n)
	}
}

// connects counts the calls for an address of a socket.
func connects(s *hooktest.Slack) int {
	n := 0
	for _, c := range s.Calls() {
		if c.Method == hooktest.SlackConnect {
			n++
		}
	}
	return n
}

// TestASocketComesBack after everything that can end it.
func TestASocketComesBack(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(t *testing.T, d *desk){
		"it is cut": func(_ *testing.T, d *desk) { d.s.CutSockets() },
		"Slack wants a new one": func(t *testing.T, d *desk) {
			t.Helper()
			if err := d.s.Disconnect("refresh_requested"); err != nil {
				t.Fatal(err)
			}
		},
		"Slack is away": func(t *testing.T, d *desk) {
			t.Helper()
			d.s.Close()
			if err := d.s.Start(); err != nil {
				t.Fatal(err)
			}
		},
		"it is limited": func(_ *testing.T, d *desk) {
			d.play(hooktest.SlackConnect, hooktest.SlackStep{Fault: hooktest.SlackLimited, RetryAfter: time.Second, Times: 1})
			d.s.CutSockets()
		},
		"it is cut and Slack is broken for a moment": func(_ *testing.T, d *desk) {
			d.play(hooktest.SlackConnect, hooktest.SlackStep{Fault: hooktest.SlackError500, Times: 1}, hooktest.SlackStep{Fault: hooktest.SlackDropAfter, Times: 1})
			d.s.CutSockets()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, byTicket)
			d.sockets(1)
			before := connects(d.s)
			end(t, d)
			d.stats(func(s hooktest.SlackStats) bool { return connects(d.s) > before && s.Sockets == 1 })
			d.pressedAgain(ack(""))
			d.effects(1)
			if got := d.s.Stats().Early; got > 0 {
				t.Errorf("%d calls came before Retry-After was over", got)
			}
		})
	}
}

func TestSocketsFollowTheConfiguration(t *testing.T) {
	t.Parallel()
	d := newDesk(t, byTicket)
	d.sockets(1)
	d.mu.Lock()
	again := d.apps[0]
	again.Receiver, again.Config.Channel = "more", "C0MORE0001" // the same app: one socket does
	d.apps = append(d.apps, again)
	d.mu.Unlock()
	d.pressed(ack(""))
	if got := (<-d.done).Receiver; got != "ops" {
		t.Errorf("got a press of %s, want ops", got)
	}
	d.mu.Lock()
	kept := d.apps
	d.apps = nil
	d.mu.Unlock()
	d.sockets(0)
	if got := d.buttons.Problems(time.Now().Add(time.Hour)); len(got) > 0 {
		t.Errorf("got problems %v of what is not wanted", got)
	}
	d.mu.Lock()
	d.apps = kept[:1]
	d.mu.Unlock()
	d.sockets(1)
	if got := connects(d.s); got != 2 {
		t.Errorf("got %d connections, want 2", got)
	}
}

func TestASocketThatIsDownIsAProblem(t *testing.T) {
	t.Parallel()
	d := newDesk(t, byTicket)
	d.sockets(1)
	d.s.Close()
	ctx, cancel := context.WithTimeout(t.Context(), answerFor)
	defer cancel()
	for len(d.buttons.Problems(time.Now().Add(2*time.Minute))) == 0 {
		if ctx.Err() != nil {
			t.Fatal("no problem is seen")
		}
		<-time.After(10 * time.Millisecond)
	}
	if got := d.buttons.Problems(time.Now().Add(2 * time.Minute))[0]; !strings.HasPrefix(got, "receiver ops: no connection to Slack's Socket Mode since ") {
		t.Errorf("got %q", got)
	}
	if got := d.buttons.Problems(time.Now()); len(got) > 0 {
		t.Errorf("got %v at once, want a minute's patience", got)
	}
}

// TestSocketsStopAtOnce whatever they wait for.
func TestSocketsStopAtOnce(t *testing.T) {
	t.Parallel()
	for name, step := range map[string]hooktest.SlackStep{
		"an open one": {}, "an address that does not come": {Fault: hooktest.SlackHang}, "the next try": {Fault: hooktest.SlackInvalidAuth},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.play(hooktest.SlackConnect, step)
			cfg := slack.Config{Token: hooktest.DefaultSlackToken, Channel: room, APIURL: b.s.APIURL(), AppToken: hooktest.DefaultSlackAppToken, Timeout: generous}
			buttons := slack.NewButtons(func() []slack.App { return []slack.App{{Receiver: "ops", Config: cfg}} }, nil, nil)
			ctx, cancel := context.WithCancel(t.Context())
			var wg sync.WaitGroup
			wg.Go(func() { _ = buttons.Run(ctx) })
			wait, enough := context.WithTimeout(t.Context(), answerFor)
			defer enough()
			if err := b.s.Wait(wait, func(s hooktest.SlackStats) bool { return s.Calls > 0 && (step.Fault != "" || s.Sockets == 1) }); err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			cancel()
			wg.Wait()
			if took := time.Since(began); took > 20*time.Second { // any of them would wait longer
				t.Errorf("took %s to stop", took)
			}
		})
	}
}

func TestPausesOfASocket(t *testing.T) {
	t.Parallel()
	limited := &alerting.SendError{Class: alerting.ClassLimited, RetryAfter: 90 * time.Second}
	for name, tt := range map[string]struct {
		n      int
		failed *alerting.SendError
		random float64
		want   time.Duration
	}{
		"the first":              {1, nil, 0.5, 500 * time.Millisecond},
		"the third":              {3, nil, 0.5, 2 * time.Second},
		"the hundredth":          {100, nil, 0.5, 30 * time.Second},
		"the shortest":           {5, nil, 0, 0},
		"a refused token":        {1, &alerting.SendError{Class: alerting.ClassAuth}, 0, time.Minute},
		"Slack asks for a pause": {1, limited, 0.25, 90*time.Second + 250*time.Millisecond},
		"limited without saying": {2, &alerting.SendError{Class: alerting.ClassLimited}, 0.5, time.Second},
		"a fault":                {2, &alerting.SendError{Class: alerting.ClassTransient}, 0.5, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := slack.Pause(tt.n, tt.failed, tt.random); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// TestSocketsKeepTheirSecrets: the token, and the ticket in the address.
func TestSocketsKeepTheirSecrets(t *testing.T) {
	t.Parallel()
	const token = "xapp-marker-5f2c"
	for name, answer := range map[string]func(w http.ResponseWriter, host string){
		"the address is no socket":   func(w http.ResponseWriter, host string) { reply(w, "ws://"+host+"/page?ticket=marker-9") },
		"the address is shut":        func(w http.ResponseWriter, _ string) { reply(w, "ws://127.0.0.1:1/link?ticket=marker-9") },
		"the address is in clear":    func(w http.ResponseWriter, _ string) { reply(w, "ws://192.0.2.1/link?ticket=marker-9") },
		"the address is none":        func(w http.ResponseWriter, _ string) { reply(w, "marker-9\x7f://") },
		"the token is repeated":      func(w http.ResponseWriter, _ string) { refuse(w, token) },
		"the token is refused":       func(w http.ResponseWriter, _ string) { refuse(w, "invalid_auth") },
		"the answer is a page":       func(w http.ResponseWriter, _ string) { _, _ = w.Write([]byte("<html>" + token)) },
		"the answer has no address":  func(w http.ResponseWriter, _ string) { reply(w, "") },
		"the address goes elsewhere": func(w http.ResponseWriter, _ string) { reply(w, "https://evil.example/?ticket=marker-9") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tried := make(chan struct{}, 99)
			var s *httptest.Server
			s = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasSuffix(r.URL.Path, "apps.connections.open") {
					defer func() { tried <- struct{}{} }()
					answer(w, strings.TrimPrefix(s.URL, "http://"))
				}
			}))
			t.Cleanup(s.Close)
			log := &journal{}
			cfg := slack.Config{Token: "xoxb-marker", Channel: room, APIURL: s.URL + "/api/", AppToken: token, Timeout: generous}
			b := slack.NewButtons(func() []slack.App { return []slack.App{{Receiver: "ops", Config: cfg}} }, nil, slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})))
			ctx, cancel := context.WithCancel(t.Context())
			var wg sync.WaitGroup
			wg.Go(func() { _ = b.Run(ctx) })
			<-tried
			for !strings.Contains(log.String(), "slack socket lost") && t.Context().Err() == nil {
				<-time.After(5 * time.Millisecond)
			}
			cancel()
			wg.Wait()
			if text := log.String(); strings.Contains(text, "marker") {
				t.Errorf("a secret is in the log:\n%s", text)
			}
		})
	}
}

func reply(w http.ResponseWriter, address string) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"ok": true, "url": address})
}

func refuse(w http.ResponseWriter, word string) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"ok": false, "error": word})
}

// TestBothWaysAtOnce: who configures both gets one effect a press.
func TestBothWaysAtOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t, func(c *slack.Config) { c.AppToken = hooktest.DefaultSlackAppToken })
	d.sockets(1)
	payload, err := d.s.Payload(ack(""))
	if err != nil {
		t.Fatal(err)
	}
	if err := d.buttons.Interaction(t.Context(), signedBody(hooktest.PressForm(payload), time.Now())); err != nil {
		t.Fatal(err)
	}
	if err := d.s.Deliver(map[string]any{"envelope_id": "e1", "type": "interactive", "payload": json.RawMessage(payload)}); err != nil {
		t.Fatal(err)
	}
	d.acked("e1")
	d.effects(1)
	if got := slices.Collect(strings.Lines(d.log.String())); len(got) == 0 {
		t.Error("nothing is logged")
	}
}
