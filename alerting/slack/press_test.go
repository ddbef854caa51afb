package slack_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/alerting/slack"
	"github.com/hookvigil/hookvigil/internal/hooktest"
)

// journal is a log that is written while a test reads.
type journal struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.String()
}

// desk is buttons with the Slack that they hear, and what was pressed.
type desk struct {
	bench
	buttons *slack.Buttons
	log     *journal
	done    chan slack.Press // each press that has an effect

	mu   sync.Mutex
	apps []slack.App
	does slack.Handler // nil: all goes well, without a word
}

const answerFor = 2 * time.Minute // generous: a loaded machine

var people = map[string]slack.User{
	hooktest.DefaultSlackPresser: {Name: "ana", Role: slack.RoleOperator},
	"U0VIEWER":                   {Name: "vic", Role: slack.RoleViewer},
	"U0ADMIN":                    {Name: "ada", Role: slack.RoleAdmin},
}

// newDesk posts an open incident with its buttons, and runs what hears them.
func newDesk(t *testing.T, change ...func(*slack.Config)) *desk {
	t.Helper()
	d := &desk{log: &journal{}, done: make(chan slack.Press, 100)}
	cfg := slack.Config{}
	d.bench = newBench(t, append([]func(*slack.Config){byButtons}, append(change, func(c *slack.Config) { c.Users = people; cfg = *c })...)...)
	d.apps = []slack.App{{Receiver: "ops", Config: cfg}}
	d.buttons = slack.NewButtons(d.list, d.handle, slog.New(slog.NewTextHandler(d.log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	d.send(notice(t, alerting.KindRoot, 1, facts()), alerting.Ref{})
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := d.buttons.Run(ctx); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(wg.Wait)
	t.Cleanup(cancel)
	return d
}

func (d *desk) list() []slack.App {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.apps)
}

func (d *desk) handle(ctx context.Context, p slack.Press) (string, error) {
	d.mu.Lock()
	does := d.does
	d.mu.Unlock()
	d.done <- p
	if does == nil {
		return "", nil
	}
	return does(ctx, p)
}

// signed is a press as Slack sends it at that moment.
func (d *desk) signed(p hooktest.SlackPress, at time.Time) slack.Signed {
	d.t.Helper()
	payload, err := d.s.Payload(p)
	if err != nil {
		d.t.Fatal(err)
	}
	return signedBody(hooktest.PressForm(payload), at)
}

func signedBody(body []byte, at time.Time) slack.Signed {
	h := hooktest.SignSlack(hooktest.DefaultSlackSigning, at, body)
	return slack.Signed{Timestamp: h.Get("X-Slack-Request-Timestamp"), Signature: h.Get("X-Slack-Signature"), Body: body, Remote: "192.0.2.44"}
}

// ack is who presses the button.
func ack(user string) hooktest.SlackPress {
	return hooktest.SlackPress{Action: string(slack.ActionAcknowledge), User: user}
}

// heard waits until somebody was told something.
func (d *desk) heard(answers int) []hooktest.SlackAnswer {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), answerFor)
	defer cancel()
	if err := d.s.Wait(ctx, func(s hooktest.SlackStats) bool { return s.Answers >= answers }); err != nil {
		d.t.Fatal(err)
	}
	return d.s.Answers()
}

func (d *desk) effects(want int) {
	d.t.Helper()
	if got := len(d.done); got != want {
		d.t.Errorf("got %d effects, want %d", got, want)
	}
}

func TestInteractionsOverHTTP(t *testing.T) {
	t.Parallel()
	type press = slack.Signed
	now := time.Now // each press is of its own moment: a machine may stand still between them
	for name, tt := range map[string]struct {
		make    func(d *desk) press
		err     error
		effects int
		answer  string // what the person is told; empty: nothing
		logged  string
	}{
		"genuine": {make: func(d *desk) press { return d.signed(ack(""), now()) }, effects: 1, logged: "interaction done"},
		"genuine, by an admin, silence": {make: func(d *desk) press {
			return d.signed(hooktest.SlackPress{Action: string(slack.ActionSilence), User: "U0ADMIN"}, now())
		}, effects: 1},
		"almost too old": {make: func(d *desk) press { return d.signed(ack(""), now().Add(-slack.Skew+2*time.Minute)) }, effects: 1},
		"stale":          {make: func(d *desk) press { return d.signed(ack(""), now().Add(-slack.Skew-2*time.Second)) }, err: slack.ErrRefused, logged: "why=stale"},
		"future":         {make: func(d *desk) press { return d.signed(ack(""), now().Add(slack.Skew+2*time.Minute)) }, err: slack.ErrRefused, logged: "future"},
		"unsigned": {make: func(d *desk) press {
			p := d.signed(ack(""), now())
			p.Signature = ""
			return p
		}, err: slack.ErrRefused, logged: "why=unsigned"},
		"signed without a time": {make: func(d *desk) press {
			p := d.signed(ack(""), now())
			p.Timestamp = ""
			return p
		}, err: slack.ErrRefused, logged: "why=unsigned"},
		"forged": {make: func(d *desk) press {
			p := d.signed(ack(""), now())
			p.Signature = "v0=" + strings.Repeat("ab", 32)
			return p
		}, err: slack.ErrRefused, logged: "forged"},
		"signed with an empty secret": {make: func(d *desk) press {
			at := now()
			p := d.signed(ack(""), at)
			h := hooktest.SignSlack("", at, p.Body)
			p.Signature = h.Get("X-Slack-Signature")
			return p
		}, err: slack.ErrRefused, logged: "forged"},
		"tampered with": {make: func(d *desk) press {
			p := d.signed(ack("U0VIEWER"), now())
			p.Body = bytes.ReplaceAll(p.Body, []byte("U0VIEWER"), []byte(hooktest.DefaultSlackPresser))
			return p
		}, err: slack.ErrRefused, logged: "forged"},
		"at another time than signed": {make: func(d *desk) press {
			p := d.signed(ack(""), now().Add(-time.Hour))
			p.Timestamp = d.signed(ack(""), now()).Timestamp
			return p
		}, err: slack.ErrRefused, logged: "forged"},
		"of a person who is not listed": {
			make: func(d *desk) press { return d.signed(ack("U0NOBODY"), now()) }, logged: "not listed",
			answer: "Nothing was done: hookvigil does not know you. Ask who runs it to list you under receivers.ops.users, by your ID U0NOBODY.",
		},
		"of a viewer": {
			make: func(d *desk) press { return d.signed(ack("U0VIEWER"), now()) }, logged: "role=viewer",
			answer: "Nothing was done: your role is viewer, and this needs operator. Ask who runs hookvigil to change it under receivers.ops.users.",
		},
		"of a link":       {make: func(d *desk) press { return d.signed(hooktest.SlackPress{Action: "hookvigil_runbook"}, now()) }},
		"of another kind": {make: func(*desk) press { return signedBody(form(`{"type":"shortcut","user":{"id":"U0PRESSER"}}`), now()) }},
		"of a stranger's form": {make: func(*desk) press {
			return signedBody(form(`{"type":"block_actions","actions":[{"action_id":"other"}]}`), now())
		}},
		"that is no JSON":   {make: func(*desk) press { return signedBody(form(`{"type":`), now()) }, err: slack.ErrMalformed, logged: "want a form"},
		"without a payload": {make: func(*desk) press { return signedBody([]byte("text=x"), now()) }, err: slack.ErrMalformed},
		"with two payloads": {make: func(*desk) press { return signedBody([]byte("payload=%7B%7D&payload=%7B%7D"), now()) }, err: slack.ErrMalformed},
		"without an incident": {make: func(*desk) press {
			return signedBody(form(`{"type":"block_actions","user":{"id":"U0PRESSER"},"actions":[{"action_id":"hookvigil_ack","action_ts":"1.2","value":"a b"}]}`), now())
		}, err: slack.ErrMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			p := tt.make(d)
			if err := d.buttons.Interaction(t.Context(), p); !errors.Is(err, tt.err) {
				t.Errorf("got %v, want %v", err, tt.err)
			}
			d.effects(tt.effects)
			if tt.answer != "" {
				if got := d.heard(1)[0]; got.Text != tt.answer || !got.Ephemeral || got.Replaces {
					t.Errorf("got %+v, want %q for that person alone", got, tt.answer)
				}
			}
			log := d.log.String()
			if !strings.Contains(log, tt.logged) || tt.logged != "" && !strings.Contains(log, "remote=192.0.2.44") {
				t.Errorf("want %q with the address in the log:\n%s", tt.logged, log)
			}
			if strings.Contains(log, hooktest.DefaultSlackSigning) || p.Signature != "" && strings.Contains(log, p.Signature[3:]) || strings.Contains(log, "/actions/") {
				t.Errorf("a secret is in the log:\n%s", log)
			}
		})
	}
}

func form(payload string) []byte { return []byte(url.Values{"payload": {payload}}.Encode()) }

func TestAPressSaysWhoAndWhat(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	if err := d.buttons.Interaction(t.Context(), d.signed(ack(""), time.Now())); err != nil {
		t.Fatal(err)
	}
	got := <-d.done
	want := slack.Press{Receiver: "ops", Action: slack.ActionAcknowledge, Incident: facts().Incident, UserID: hooktest.DefaultSlackPresser, User: people[hooktest.DefaultSlackPresser]}
	if got != want || got.By() != "ana (Slack)" {
		t.Errorf("got %+v by %q, want %+v by ana (Slack)", got, got.By(), want)
	}
}

// TestWhatComesTwiceHasOneEffect: the same request, the same press signed
// anew, and the same by both ways at once.
func TestWhatComesTwiceHasOneEffect(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	now := time.Now()
	first := d.signed(ack(""), now)
	louder := first
	louder.Signature = "v0=" + strings.ToUpper(first.Signature[3:]) // the same bytes
	var wg sync.WaitGroup
	for _, p := range []slack.Signed{first, first, louder, signedBody(first.Body, now.Add(time.Second)), signedBody(first.Body, now.Add(-time.Minute))} {
		wg.Go(func() {
			if err := d.buttons.Interaction(t.Context(), p); err != nil {
				t.Errorf("a repeat: got %v, want it answered", err)
			}
		})
	}
	wg.Wait()
	d.effects(1)
	if !strings.Contains(d.log.String(), "came again") {
		t.Errorf("repeats are not logged:\n%s", d.log)
	}
	if err := d.buttons.Interaction(t.Context(), d.signed(ack(""), now)); err != nil {
		t.Fatal(err)
	}
	d.effects(2) // pressed again is another press
}

func TestTheSecretTellsTheReceiver(t *testing.T) {
	t.Parallel()
	const other = "another-signing-secret"
	ops := slack.App{Receiver: "ops", Config: slack.Config{Token: "xoxb-1", Channel: room, SigningSecret: hooktest.DefaultSlackSigning, Users: people}}
	strange := slack.App{Receiver: "strange", Config: ops.Config}
	strange.Config.SigningSecret, strange.Config.Channel = other, "C0STRANGE1"
	backup := slack.App{Receiver: "backup", Config: ops.Config} // the same app in another channel
	backup.Config.Channel = "C0BACKUP01"
	hook := slack.App{Receiver: "hook", Config: slack.Config{WebhookURL: "https://hooks.slack.com/services/x"}}
	for name, tt := range map[string]struct {
		apps   []slack.App
		secret string
		want   string // receiver; empty: it has no effect
		err    error
	}{
		"one receiver":                        {[]slack.App{ops}, hooktest.DefaultSlackSigning, "ops", nil},
		"another secret among them":           {[]slack.App{strange, ops}, hooktest.DefaultSlackSigning, "ops", nil},
		"the other one's secret":              {[]slack.App{strange, ops}, other, "strange", nil},
		"two channels of one app":             {[]slack.App{backup, ops}, hooktest.DefaultSlackSigning, "ops", nil},
		"two channels, none of them that":     {[]slack.App{backup, {Receiver: "more", Config: backup.Config}}, hooktest.DefaultSlackSigning, "", nil},
		"a secret that is in force no more":   {[]slack.App{strange}, hooktest.DefaultSlackSigning, "", slack.ErrRefused},
		"none that takes interactions":        {[]slack.App{hook}, hooktest.DefaultSlackSigning, "", slack.ErrNoButtons},
		"none":                                {nil, hooktest.DefaultSlackSigning, "", slack.ErrNoButtons},
		"one whose channel has changed since": {[]slack.App{{Receiver: "moved", Config: backup.Config}}, hooktest.DefaultSlackSigning, "moved", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			payload, err := d.s.Payload(ack(""))
			if err != nil {
				t.Fatal(err)
			}
			d.mu.Lock()
			d.apps = tt.apps
			d.mu.Unlock()
			body := hooktest.PressForm(payload)
			h := hooktest.SignSlack(tt.secret, time.Now(), body)
			err = d.buttons.Interaction(t.Context(), slack.Signed{Timestamp: h.Get("X-Slack-Request-Timestamp"), Signature: h.Get("X-Slack-Signature"), Body: body})
			if !errors.Is(err, tt.err) {
				t.Errorf("got %v, want %v", err, tt.err)
			}
			got := ""
			if len(d.done) > 0 {
				got = (<-d.done).Receiver
			}
			if got != tt.want {
				t.Errorf("got a press of receiver %q, want %q", got, tt.want)
			}
		})
	}
}

func TestPeopleHearWhatBecameOfTheirPress(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		does slack.Handler
		want string
		log  string
	}{
		"an answer": {func(context.Context, slack.Press) (string, error) { return "It is over <!channel>.", nil }, "It is over &lt;!channel&gt;.", `level=INFO msg="slack interaction done"`},
		"nothing to do": {
			func(context.Context, slack.Press) (string, error) {
				return "", &slack.UndoneError{Why: "unknown incident", Answer: "Nothing was done."}
			},
			"Nothing was done.", `level=WARN msg="slack interaction changed nothing"`,
		},
		"a failure": {
			func(context.Context, slack.Press) (string, error) { return "", errors.New("database is locked") },
			"This could not be done. Press again, or use: hookvigil incident show 5rt6wy", `level=ERROR msg="slack interaction not done"`,
		},
		"a panic": {
			func(context.Context, slack.Press) (string, error) { panic("a bug") },
			"This could not be done. Press again, or use: hookvigil incident show 5rt6wy", `level=ERROR msg="slack interaction not done"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.does = tt.does
			if err := d.buttons.Interaction(t.Context(), d.signed(ack(""), time.Now())); err != nil {
				t.Errorf("got %v, want Slack answered", err)
			}
			if got := d.heard(1)[0].Text; got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if got := d.log.String(); !strings.Contains(got, tt.log) || strings.Count(got, "slack interaction") != 1 {
				t.Errorf("got\n%swant %s, and nothing else about it", got, tt.log)
			}
		})
	}
}

// TestAHandlerThatHangsIsCut: Slack waits for three seconds.
func TestAHandlerThatHangsIsCut(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	var left time.Duration
	d.does = func(ctx context.Context, _ slack.Press) (string, error) {
		until, _ := ctx.Deadline()
		left = time.Until(until)
		<-ctx.Done()
		return "", ctx.Err()
	}
	began := time.Now()
	if err := d.buttons.Interaction(t.Context(), d.signed(ack(""), began)); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took < 2*time.Second || left > 2900*time.Millisecond {
		t.Errorf("took %s of %s, want about 2.5 s", took, left)
	}
	d.heard(1)
}

// TestAnswersGoToSlackAlone: a payload names the address, and whoever has the
// secret of one app must not make us call others.
func TestAnswersGoToSlackAlone(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	called := make(chan struct{}, 9)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called <- struct{}{} }))
	t.Cleanup(elsewhere.Close)
	for _, address := range []string{elsewhere.URL + "/x", "http://hooks.slack.com/actions/x", "https://hooks.slack.com.evil.example/", "https://u:p@hooks.slack.com/", "file:///etc/passwd", "::", ""} {
		payload, err := d.s.Payload(ack("U0NOBODY"))
		if err != nil {
			t.Fatal(err)
		}
		var fields map[string]any
		if err := json.Unmarshal(payload, &fields); err != nil {
			t.Fatal(err)
		}
		fields["response_url"] = address
		if payload, err = json.Marshal(fields); err != nil {
			t.Fatal(err)
		}
		if err := d.buttons.Interaction(t.Context(), signedBody(hooktest.PressForm(payload), time.Now())); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Count(d.log.String(), "the response URL is not Slack's"); got != 7 || len(called) > 0 {
		t.Errorf("got %d refusals and %d calls, want 7 and none:\n%s", got, len(called), d.log)
	}
}

// TestAnAnswerThatFailsHoldsNoAddress: whoever has it can post there.
func TestAnAnswerThatFailsHoldsNoAddress(t *testing.T) {
	t.Parallel()
	for _, fault := range hooktest.SlackFaults() {
		if fault == hooktest.SlackHang || fault == hooktest.SlackHangAfter {
			continue // their text is that of any deadline, after ten seconds
		}
		t.Run(string(fault), func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			step := hooktest.SlackStep{Fault: fault}
			if fault == hooktest.SlackRefused {
				step.Error = d.s.URL() + "/actions/repeated"
			}
			d.play(hooktest.SlackRespond, step)
			calls := d.s.Stats().Calls
			if err := d.buttons.Interaction(t.Context(), d.signed(ack("U0NOBODY"), time.Now())); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), answerFor)
			defer cancel()
			if err := d.s.Wait(ctx, func(s hooktest.SlackStats) bool { return s.Calls > calls }); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(d.log.String(), "/actions/") {
				t.Errorf("the address is in the log:\n%s", d.log)
			}
		})
	}
}

func TestAReplayIsRefusedWhenThereIsNoRoom(t *testing.T) {
	t.Parallel()
	var s slack.Seen
	now := time.Now()
	mark := func(n int) [32]byte { return [32]byte{byte(n), byte(n >> 8), byte(n >> 16)} }
	for n := range slack.RememberAll {
		if !s.First(mark(n), now) {
			t.Fatalf("mark %d is taken for a repeat", n)
		}
	}
	if s.First(mark(slack.RememberAll), now) {
		t.Error("a mark beyond the bound is remembered")
	}
	if s.First(mark(0), now.Add(2*slack.Skew)) {
		t.Error("a mark of ten minutes ago counts as new")
	}
	if later := now.Add(2*slack.Skew + time.Second); !s.First(mark(slack.RememberAll), later) || !s.First(mark(0), later) {
		t.Error("old marks are not forgotten")
	}
}

func TestEdgesOfTheFiveMinutes(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	app := []slack.App{{Receiver: "ops", Config: slack.Config{Token: "xoxb-1", SigningSecret: hooktest.DefaultSlackSigning}}}
	for name, tt := range map[string]struct {
		at   time.Time
		good bool
	}{
		"five minutes old":            {now.Add(-slack.Skew), true},
		"a second older":              {now.Add(-slack.Skew - time.Second), false},
		"five minutes ahead":          {now.Add(slack.Skew), true},
		"a second more ahead":         {now.Add(slack.Skew + time.Second), false},
		"of this second":              {now, true},
		"of the first second of time": {time.Unix(0, 0), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := slack.Verify(signedBody([]byte("x"), tt.at), app, now); (err == nil) != tt.good {
				t.Errorf("got %v, want good: %t", err, tt.good)
			}
		})
	}
}

func FuzzReadInteraction(f *testing.F) {
	for _, seed := range []string{
		`{"type":"block_actions","user":{"id":"U0PRESSER"},"channel":{"id":"C1"},"actions":[{"action_id":"hookvigil_ack","action_ts":"1.2","value":"inc_x"}]}`,
		`{"type":"block_actions","actions":[]}`, `{"type":"view_submission"}`, `null`, `[]`, `{"actions":{}}`, strings.Repeat("[", 20_000),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		incident, user, ours, err := slack.ReadInteraction(raw)
		if err != nil && ours || ours && (incident == "" || len(incident) > 64 || user == "" || strings.ContainsAny(incident+user, " \n<>")) {
			t.Errorf("got incident %q, user %q, ours %t, %v", incident, user, ours, err)
		}
	})
}
