package slack_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/alerting/slack"
	"github.com/hookvigil/hookvigil/internal/hooktest"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/rules"
)

const room = hooktest.DefaultSlackChannel

// bench is a receiver with the Slack that it talks to.
type bench struct {
	t *testing.T
	s *hooktest.Slack
	r *slack.Receiver
}

func newBench(t *testing.T, change ...func(*slack.Config)) bench {
	t.Helper()
	s := hooktest.StartSlack(t, hooktest.SlackOptions{})
	cfg := slack.Config{Token: hooktest.DefaultSlackToken, Channel: room, APIURL: s.APIURL(), Timeout: generous}
	for _, c := range change {
		c(&cfg)
	}
	if cfg.WebhookURL == "hook" {
		cfg = slack.Config{WebhookURL: probes.Secret(s.HookURL("")), Timeout: cfg.Timeout, Wordings: cfg.Wordings}
	}
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	return bench{t: t, s: s, r: slack.New(cfg, slog.New(slog.DiscardHandler))}
}

func byHook(c *slack.Config) { c.WebhookURL = "hook" }

// bySocket and byButtons give the message of an incident buttons.
func bySocket(c *slack.Config) { c.AppToken = hooktest.DefaultSlackAppToken }

func byButtons(c *slack.Config) { c.SigningSecret, c.Silences = hooktest.DefaultSlackSigning, true }

// generous is for calls that are not to run out of time: the longest there is.
const generous = 30 * time.Second

// patience are the bounds, one after the other, of a call that is to run out of
// time once Slack has heard it: a machine that stands still uses up a short one
// before that.
func patience(silent bool) []time.Duration {
	if !silent {
		return []time.Duration{generous}
	}
	return []time.Duration{1500 * time.Millisecond, 10 * time.Second, generous}
}

func (b bench) play(m hooktest.SlackMethod, steps ...hooktest.SlackStep) {
	b.t.Helper()
	if err := b.s.Play(m, steps...); err != nil {
		b.t.Fatal(err)
	}
}

// send must go well.
func (b bench) send(n alerting.Notice, prev alerting.Ref) alerting.Ref {
	b.t.Helper()
	ref, err := b.r.Send(b.t.Context(), n, prev)
	if err != nil {
		b.t.Fatalf("send %s: %v", n.Kind, err)
	}
	return ref
}

// fail must not; the error has the class.
func (b bench) fail(n alerting.Notice, prev alerting.Ref, want alerting.Class) alerting.SendError {
	b.t.Helper()
	ref, err := b.r.Send(b.t.Context(), n, prev)
	return b.failed(ref, err, want)
}

// failed is how a send ended; its error has the class.
func (b bench) failed(ref alerting.Ref, err error, want alerting.Class) alerting.SendError {
	b.t.Helper()
	e, ok := err.(*alerting.SendError) //nolint:errorlint // the contract names the type itself
	if !ok || e.Class != want || ref != (alerting.Ref{}) {
		b.t.Fatalf("got ref %v, error %v, want class %s", ref, err, want)
	}
	return *e
}

func (b bench) messages(want int) []hooktest.SlackMessage {
	b.t.Helper()
	got := b.s.Messages(room)
	if len(got) != want {
		b.t.Fatalf("got %d messages, want %d", len(got), want)
	}
	return got
}

var opened = time.Date(2023, 11, 11, 14, 48, 5, 0, time.UTC)

func facts() alerting.Facts {
	return alerting.Facts{
		Incident: "inc_4kd7aq2mxz5rt6wy", Number: "5rt6wy", Title: "acme-payouts is down: timeout_response", Rule: rules.RuleEndpointDown,
		Scope: rules.ScopeOf(rules.ScopeEndpoint, "acme-payouts"), State: alerting.StateOpen, Severity: rules.High, Merchant: "acme",
		Evidence: rules.Evidence{
			Text:   "timeout_response at level ping since 2023-11-11 14:45:02 UTC, 3 probes in a row over 3m0s",
			Clears: "2 healthy probes in a row",
		},
		StartedAt: opened.Add(-183 * time.Second), OpenedAt: opened, At: opened, MemberCount: 1,
		Happened: "acme-payouts is down: timeout_response: timeout_response at level ping since 2023-11-11 14:45:02 UTC, 3 probes in a row over 3m0s",
		URL:      "https://hooks.example.com/incidents/inc_4kd7aq2mxz5rt6wy", Runbook: "https://wiki.example.com/a?x=1&y=2",
	}
}

// notice is about f; its key names the kind and the version.
func notice(t *testing.T, kind alerting.Kind, version int, f alerting.Facts) alerting.Notice {
	t.Helper()
	raw, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	return alerting.Notice{
		ID: "n1", IdemKey: "v1:endpoint:acme-payouts:1:" + string(kind) + string(rune('0'+version)), Lane: "ops/" + room, Subject: f.Incident,
		Version: version, Kind: kind, Severity: f.Severity, Facts: raw, Created: time.Now(), Attempts: 1,
	}
}

func TestIncidentIsOneMessageWithAThread(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ref := b.send(notice(t, alerting.KindRoot, 1, facts()), alerting.Ref{})
	f := facts()
	f.State, f.Happened = alerting.StateAcknowledged, "acknowledged by Budi"
	after := b.send(notice(t, alerting.KindRoot, 2, f), ref)
	if after != ref {
		t.Errorf("after an update got ref %v, want %v", after, ref)
	}
	reply := b.send(notice(t, alerting.KindUpdate, 2, f), ref)
	last := b.send(notice(t, alerting.KindResolve, 3, f), reply)

	got := b.messages(3)
	if got[0].TS != ref.Root || len(got[0].Versions) != 2 || !strings.Contains(got[0].Latest().Text, "high, acknowledged") {
		t.Errorf("root: got %+v, want it edited once at %s", got[0], ref.Root)
	}
	if got[1].Thread != ref.Root || got[2].Thread != ref.Root || got[1].Broadcast || got[2].Broadcast {
		t.Errorf("got threads %q and %q, want quiet replies to %q", got[1].Thread, got[2].Thread, ref.Root)
	}
	if want := (alerting.Ref{Root: ref.Root, Last: got[2].TS}); last != want {
		t.Errorf("got ref %v, want %v", last, want)
	}
	meta := got[0].Latest().Metadata
	if meta.EventType != "hookvigil_notice" || meta.Idem() != "v1:endpoint:acme-payouts:1:root2" || meta.EventPayload["version"] != 2.0 {
		t.Errorf("got metadata %+v, want hookvigil_notice with key and version of the update", meta)
	}
	if calls := b.s.Stats().Calls; calls != 4 {
		t.Errorf("got %d calls, want 4: one per send", calls)
	}
}

func TestPageInAThreadIsSeenInTheChannel(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ref := b.send(notice(t, alerting.KindRoot, 1, facts()), alerting.Ref{})
	b.send(notice(t, alerting.KindPage, 1, facts()), ref)
	if got := b.messages(2)[1]; got.Thread != ref.Root || !got.Broadcast || !strings.Contains(got.Latest().Text, "high: acme-payouts is down") {
		t.Errorf("got %+v, want a full message in the thread and the channel", got)
	}
}

func TestWhatWasDeletedIsPostedAnew(t *testing.T) {
	t.Parallel()
	for _, kind := range []alerting.Kind{alerting.KindRoot, alerting.KindUpdate} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			ref := b.send(notice(t, kind, 2, facts()), alerting.Ref{Root: "1700000000.000100", Last: "1700000000.000200"})
			if got := b.messages(1)[0]; got.Thread != "" || ref != (alerting.Ref{Root: got.TS, Last: got.TS}) {
				t.Errorf("got %+v and ref %v, want a new root", got, ref)
			}
		})
	}
}

func TestRefOfAWebhookStartsAThread(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ref := b.send(notice(t, alerting.KindRoot, 2, facts()), alerting.Ref{Root: "webhook", Last: "webhook"})
	if got := b.messages(1)[0]; ref.Root != got.TS {
		t.Errorf("got ref %v, want %s", ref, got.TS)
	}
}

func TestRecipientGoesBeforeTheChannel(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if err := b.s.SetChannel(hooktest.SlackChannel{ID: "C0OTHER99"}); err != nil {
		t.Fatal(err)
	}
	n := notice(t, alerting.KindRoot, 1, facts())
	n.Recipient = "C0OTHER99"
	b.send(n, alerting.Ref{})
	if got := len(b.s.Messages("C0OTHER99")); got != 1 {
		t.Errorf("got %d messages there, want 1", got)
	}
}

func TestWebhookTellsEachEventOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t, byHook)
	ref := b.send(notice(t, alerting.KindRoot, 1, facts()), alerting.Ref{})
	if ref.Root == "" {
		t.Fatal("got an empty ref: the next state would be posted again")
	}
	if got := b.send(notice(t, alerting.KindRoot, 2, facts()), ref); got != ref {
		t.Errorf("got ref %v, want %v", got, ref)
	}
	b.send(notice(t, alerting.KindUpdate, 2, facts()), ref)
	b.send(notice(t, alerting.KindResolve, 3, facts()), ref)
	for _, m := range b.messages(3) {
		if m.Thread != "" || !m.Hook || len(m.Latest().Blocks) == 0 {
			t.Errorf("got %+v, want a message of its own with blocks", m)
		}
	}
}

func TestSendObeysItsContext(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := b.r.Send(ctx, notice(t, alerting.KindRoot, 1, facts()), alerting.Ref{})
	if err == nil || b.s.Stats().Calls != 0 {
		t.Errorf("got error %v and %d calls, want one and none", err, b.s.Stats().Calls)
	}
	if e, ok := err.(*alerting.SendError); !ok || e.Class != alerting.ClassTransient { //nolint:errorlint // the contract names the type itself
		t.Errorf("got %v, want transient: nothing was written", err)
	}
}
