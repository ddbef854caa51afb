package pagerduty_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/alerting/pagerduty"
	"github.com/hookvigil/hookvigil/internal/hooktest"
	"github.com/hookvigil/hookvigil/rules"
)

// bench is a receiver with the PagerDuty that it talks to.
type bench struct {
	t *testing.T
	p *hooktest.PagerDuty
	r *pagerduty.Receiver
}

func newBench(t *testing.T, change ...func(*pagerduty.Config)) bench {
	t.Helper()
	p := hooktest.StartPagerDuty(t, hooktest.PagerDutyOptions{})
	cfg := pagerduty.Config{RoutingKey: hooktest.DefaultPagerDutyKey, URL: p.URL(), Timeout: generous}
	for _, c := range change {
		c(&cfg)
	}
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	return bench{t: t, p: p, r: pagerduty.New(cfg)}
}

// generous is for calls that are not to run out of time: the longest there is.
const generous = 30 * time.Second

// patience are the bounds, one after the other, of a call that is to run out of
// time once PagerDuty has heard it: a machine that stands still uses up a short
// one before that.
func patience(silent bool) []time.Duration {
	if !silent {
		return []time.Duration{generous}
	}
	return []time.Duration{1500 * time.Millisecond, 10 * time.Second, generous}
}

func (b bench) play(a hooktest.PagerDutyAction, steps ...hooktest.PagerDutyStep) {
	b.t.Helper()
	if err := b.p.Play(a, steps...); err != nil {
		b.t.Fatal(err)
	}
}

// send must go well.
func (b bench) send(n alerting.Notice, prev alerting.Ref) alerting.Ref {
	b.t.Helper()
	ref, err := b.r.Send(b.t.Context(), n, prev)
	if err != nil || ref.Root == "" {
		b.t.Fatalf("send %s: got %+v, %v", n.Kind, ref, err)
	}
	return ref
}

// fail must not; the error has the class.
func (b bench) fail(n alerting.Notice, want alerting.Class) alerting.SendError {
	b.t.Helper()
	ref, err := b.r.Send(b.t.Context(), n, alerting.Ref{})
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

// person does something to an alert in PagerDuty's own pages.
func (b bench) person(action, key string) {
	b.t.Helper()
	body := fmt.Sprintf(`{"routing_key":%q,"event_action":%q,"dedup_key":%q}`, hooktest.DefaultPagerDutyKey, action, key)
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.p.URL()+"/v2/enqueue", strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusAccepted {
		b.t.Fatalf("%s: got %s", action, resp.Status)
	}
}

// classOf is the class of a failure; empty: there is none.
func classOf(err error) alerting.Class {
	if e, ok := errors.AsType[*alerting.SendError](err); ok {
		return e.Class
	}
	return ""
}

// actions are those of all calls, in order.
func (b bench) actions() []hooktest.PagerDutyAction {
	var list []hooktest.PagerDutyAction
	for _, c := range b.p.Calls() {
		list = append(list, c.Action)
	}
	return list
}

func (b bench) alert(key string, state hooktest.PagerDutyState, pages int) {
	b.t.Helper()
	if a, _ := b.p.Alert(key); a.State != state || a.Pages != pages {
		b.t.Errorf("got %+v, want it %s after %d pages", a, state, pages)
	}
}

const key = "v1:platform_error_ratio:platform:3"

var opened = time.Date(2023, 11, 11, 14, 48, 5, 0, time.UTC)

// ratio is a critical incident of the whole platform.
func ratio() alerting.Facts {
	return alerting.Facts{
		Incident: "inc_4kd7aq2mxz5rt6wy", Number: "5rt6wy", Key: key, Rule: rules.RulePlatformErrorRatio, Scope: rules.ScopePlatform,
		Title: "webhook failures are up on the platform, most of them at channel ID_BCA", State: alerting.StateOpen, Severity: rules.Critical,
		Evidence:  rules.Evidence{Text: "62 of 1000 first attempts failed (6.2%) between 14:43 and 14:48 UTC; ordinarily 0.3%", Clears: "10 min below 2%"},
		StartedAt: opened.Add(-183 * time.Second), OpenedAt: opened, At: opened, MemberCount: 1,
		Members:  []alerting.Member{{Rule: rules.RulePlatformErrorRatio, Scope: rules.ScopePlatform, Open: true, Since: opened}},
		Happened: "webhook failures are up on the platform, most of them at channel ID_BCA: 6.2% of first attempts fail",
		Share:    0.062, PeakShare: 0.081,
		URL: "https://hooks.example.com/incidents/inc_4kd7aq2mxz5rt6wy", Runbook: "https://wiki.example.com/a?x=1&y=2",
		About: alerting.About{
			Cause: "our_side", Why: "attempts of all channels fail before they leave us", Advice: "look at the last deploy of the sender, and roll it back",
			Endpoints: 14, Merchants: 9, Waiting: 620, AtRisk: 18, NextLoss: opened.Add(5 * time.Hour),
		},
	}
}

func with(change func(*alerting.Facts)) alerting.Facts {
	f := ratio()
	change(&f)
	return f
}

func acknowledged() alerting.Facts {
	return with(func(f *alerting.Facts) {
		f.State, f.AcknowledgedAt, f.AcknowledgedBy, f.AckUntil = alerting.StateAcknowledged, opened.Add(4*time.Minute), "Budi", opened.Add(244*time.Minute)
		f.Happened, f.At = "acknowledged by Budi", f.AcknowledgedAt
	})
}

func recovering() alerting.Facts {
	return with(func(f *alerting.Facts) {
		f.State, f.RecoveringAt = alerting.StateRecovering, opened.Add(7*time.Minute)
		f.Happened, f.At = "below what would clear it; over when it stays so", f.RecoveringAt
	})
}

func resolved() alerting.Facts {
	return with(func(f *alerting.Facts) {
		f.State, f.ResolvedAt = alerting.StateResolved, opened.Add(17*time.Minute)
		f.Happened, f.At = "below 2% for 10 min", f.ResolvedAt
	})
}

func notice(t *testing.T, kind alerting.Kind, version int, f alerting.Facts) alerting.Notice {
	t.Helper()
	raw, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	return alerting.Notice{
		ID: fmt.Sprintf("n%d", version), IdemKey: fmt.Sprintf("%s:%s:%d:pager/events", key, kind, version), Lane: "pager/events", Subject: "inc_4kd7aq2mxz5rt6wy",
		Version: version, Kind: kind, Flow: alerting.FlowState, Severity: f.Severity, Facts: raw, Created: opened, Due: opened, Attempts: 1,
	}
}

func TestAnIncidentIsOneAlertThroughItsLife(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ref := b.send(notice(t, alerting.KindState, 1, ratio()), alerting.Ref{})
	b.alert(key, "triggered", 1)
	ref = b.send(notice(t, alerting.KindState, 2, acknowledged()), ref)
	b.alert(key, "acknowledged", 1)
	better := acknowledged()
	better.State, better.MitigatedAt = alerting.StateMitigated, opened.Add(10*time.Minute)
	ref = b.send(notice(t, alerting.KindState, 3, better), ref)
	b.alert(key, "acknowledged", 1)
	ref = b.send(notice(t, alerting.KindState, 4, resolved()), ref)
	b.alert(key, "resolved", 1)
	b.send(notice(t, alerting.KindState, 5, ratio()), ref) // reopened
	b.alert(key, "triggered", 2)
	if all := b.p.Alerts(); len(all) != 1 || len(b.p.Calls()) != 5 {
		t.Errorf("got %+v by %d calls, want one alert by 5", all, len(b.p.Calls()))
	}
}

func TestTheStateSaysWhatIsDone(t *testing.T) {
	t.Parallel()
	ack := alerting.Ref{Root: key, Last: "acknowledge/4"}
	for sentence, tc := range map[string]struct {
		kind  alerting.Kind
		facts alerting.Facts
		prev  alerting.Ref
		want  []hooktest.PagerDutyAction
	}{
		"open":                          {"state", ratio(), alerting.Ref{}, []hooktest.PagerDutyAction{"trigger"}},
		"open, told before":             {"state", ratio(), alerting.Ref{Root: key, Last: "trigger/6"}, []hooktest.PagerDutyAction{"trigger"}},
		"open, this version told":       {"state", ratio(), alerting.Ref{Root: key, Last: "trigger/7"}, nil},
		"open, this version of another": {"state", ratio(), alerting.Ref{Root: "x", Last: "trigger/7"}, []hooktest.PagerDutyAction{"trigger"}},
		"a page of a version told":      {"page", ratio(), alerting.Ref{Root: key, Last: "trigger/7"}, []hooktest.PagerDutyAction{"trigger"}},
		"mitigated":                     {"state", with(func(f *alerting.Facts) { f.State = alerting.StateMitigated }), alerting.Ref{}, []hooktest.PagerDutyAction{"trigger"}},
		"recovering, somebody has it": {"state", with(func(f *alerting.Facts) { f.State, f.AcknowledgedAt = alerting.StateRecovering, opened }), alerting.Ref{},
			[]hooktest.PagerDutyAction{"acknowledge"}},
		"recovering, over in the end":           {"resolve", with(func(f *alerting.Facts) { f.State = alerting.StateRecovering }), alerting.Ref{}, []hooktest.PagerDutyAction{"resolve"}},
		"a dead letter about one that recovers": {"dead_letter", recovering(), alerting.Ref{}, []hooktest.PagerDutyAction{"trigger"}},
		"a state of next year":                  {"state", with(func(f *alerting.Facts) { f.State = "burning" }), alerting.Ref{}, []hooktest.PagerDutyAction{"trigger"}},
		"no state":                              {"state", alerting.Facts{Title: "x"}, alerting.Ref{}, []hooktest.PagerDutyAction{"trigger"}},
		"acknowledged, told before":             {"state", acknowledged(), alerting.Ref{Root: key, Last: "trigger/1"}, []hooktest.PagerDutyAction{"acknowledge"}},
		"acknowledged, never told":              {"state", acknowledged(), alerting.Ref{}, []hooktest.PagerDutyAction{"acknowledge"}},
		"over, never told":                      {"state", resolved(), alerting.Ref{}, []hooktest.PagerDutyAction{"resolve"}},
		"reconciled":                            {"state", with(func(f *alerting.Facts) { f.State = alerting.StateReconciled }), ack, []hooktest.PagerDutyAction{"resolve"}},
		"the acknowledgement has expired":       {"state", ratio(), ack, []hooktest.PagerDutyAction{"resolve", "trigger"}},
		"a page in place of another":            {"page", ratio(), alerting.Ref{}, []hooktest.PagerDutyAction{"trigger"}},
		"its end in place of another":           {"resolve", resolved(), alerting.Ref{}, []hooktest.PagerDutyAction{"resolve"}},
		"a mail in place of another":            {"mail", acknowledged(), alerting.Ref{}, []hooktest.PagerDutyAction{"acknowledge"}},
		"the lane was Slack's once":             {"state", ratio(), alerting.Ref{Root: "1700000000.0001", Last: "1700000000.0002"}, []hooktest.PagerDutyAction{"trigger"}},
		"a dead letter about one over":          {"dead_letter", resolved(), alerting.Ref{}, []hooktest.PagerDutyAction{"trigger"}},
		"a summary":                             {"summary", alerting.Facts{Title: "7 more messages were held back"}, alerting.Ref{}, []hooktest.PagerDutyAction{"trigger"}},
		"a test":                                {"test", alerting.Facts{}, alerting.Ref{}, []hooktest.PagerDutyAction{"trigger", "resolve"}},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			ref := b.send(notice(t, tc.kind, 7, tc.facts), tc.prev)
			if got := b.actions(); !slices.Equal(got, tc.want) {
				t.Errorf("got %v, want %v", got, tc.want)
			}
			if len(tc.want) > 0 && ref.Last != string(tc.want[len(tc.want)-1])+"/7" {
				t.Errorf("got %+v, want the last of %v", ref, tc.want)
			}
		})
	}
}

// TestNobodyIsWokenForWhatIsOver: nor for what somebody has already.
func TestNobodyIsWokenForWhatIsOver(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ref := b.send(notice(t, alerting.KindState, 2, acknowledged()), alerting.Ref{})
	b.send(notice(t, alerting.KindState, 3, resolved()), ref)
	if st, all := b.p.Stats(), b.p.Alerts(); st.Pages != 0 || len(all) != 0 || st.Events != 2 {
		t.Errorf("got %+v, alerts %+v, want none by two events", st, all)
	}
}

// TestWhatRecoversWakesNobody: not even when the alert never came to be, or a
// person has closed it. Once it fails again it does.
func TestWhatRecoversWakesNobody(t *testing.T) {
	t.Parallel()
	expired := recovering()
	expired.AcknowledgedAt, expired.AckUntil = opened, opened.Add(time.Minute)
	for sentence, tc := range map[string]struct {
		kind  alerting.Kind
		facts alerting.Facts
		prev  alerting.Ref
	}{
		"never told":             {alerting.KindState, recovering(), alerting.Ref{}},
		"told before":            {alerting.KindState, recovering(), alerting.Ref{Root: key, Last: "trigger/1"}},
		"in place of another":    {alerting.KindPage, recovering(), alerting.Ref{}},
		"a mail in its place":    {alerting.KindMail, recovering(), alerting.Ref{}},
		"somebody had it before": {alerting.KindState, expired, alerting.Ref{Root: key, Last: "acknowledge/1"}},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			if _, err := b.r.Send(t.Context(), notice(t, tc.kind, 2, tc.facts), tc.prev); classOf(err) != alerting.ClassWithheld || len(b.p.Calls()) != 0 {
				t.Errorf("got %v after %d calls, want it withheld, and none", err, len(b.p.Calls()))
			}
		})
	}
	b := newBench(t)
	ref := b.send(notice(t, alerting.KindState, 1, ratio()), alerting.Ref{})
	b.person("resolve", key)
	b.fail(notice(t, alerting.KindState, 2, recovering()), alerting.ClassWithheld)
	b.alert(key, "resolved", 1)
	b.send(notice(t, alerting.KindState, 3, ratio()), ref)
	b.alert(key, "triggered", 2)
}

// TestALostAnswerLeavesNothingOpen: the trigger arrived, nobody knows, and the
// next thing to tell is that it is over.
func TestALostAnswerLeavesNothingOpen(t *testing.T) {
	t.Parallel()
	for _, fault := range []hooktest.PagerDutyFault{hooktest.PagerDutyHangAfter, hooktest.PagerDutyDropAfter} {
		b := newBench(t)
		b.play(hooktest.PagerDutyTrigger, hooktest.PagerDutyStep{Fault: fault, Times: 1})
		ctx, cancel := context.WithCancel(t.Context())
		var heard sync.WaitGroup
		heard.Go(func() {
			defer cancel() // of the silence
			if err := b.p.Wait(t.Context(), func(s hooktest.PagerDutyStats) bool { return s.Calls > 0 }); err != nil {
				t.Error(err)
			}
		})
		ref, err := b.r.Send(ctx, notice(t, alerting.KindState, 1, ratio()), alerting.Ref{})
		heard.Wait()
		b.failed(ref, err, alerting.ClassTransient)
		b.alert(key, "triggered", 1)
		b.send(notice(t, alerting.KindState, 2, resolved()), alerting.Ref{})
		b.alert(key, "resolved", 1)
	}
}

func TestALostAnswerPagesOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.play(hooktest.PagerDutyTrigger, hooktest.PagerDutyStep{Fault: hooktest.PagerDutyDropAfter, Times: 3})
	n := notice(t, alerting.KindState, 1, ratio())
	for range 3 {
		b.fail(n, alerting.ClassTransient)
		n.Attempts++
	}
	b.send(n, alerting.Ref{})
	b.alert(key, "triggered", 1)
}

// TestWhatIsOpenAgainWakesAgain: a trigger alone would not.
func TestWhatIsOpenAgainWakesAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ref := b.send(notice(t, alerting.KindState, 1, ratio()), alerting.Ref{})
	ref = b.send(notice(t, alerting.KindState, 2, acknowledged()), ref)
	ref = b.send(notice(t, alerting.KindState, 3, ratio()), ref)
	b.alert(key, "triggered", 2)
	b.send(notice(t, alerting.KindState, 4, ratio()), ref)
	b.alert(key, "triggered", 2)
}

func TestATestLeavesNothingOpen(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	n := notice(t, alerting.KindTest, 1, alerting.Facts{Title: "Test of receiver pager", Severity: rules.Low})
	n.IdemKey, n.Subject = "test/1:0", "test/1"
	b.send(n, alerting.Ref{})
	b.alert("test/1:0", "resolved", 1)

	b.play(hooktest.PagerDutyResolve, hooktest.PagerDutyStep{Fault: hooktest.PagerDutyStatus, Status: 503})
	if e := b.fail(n, alerting.ClassTransient); e.Error() != "transient: pagerduty: resolve: answered 503 Service Unavailable: invalid event: Event object is invalid; the test's alert is open, resolve it in PagerDuty" {
		t.Errorf("got %s", e.Error())
	}
}

func TestALongKeyStaysTheSame(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, long := range []string{string(make([]byte, 300)), "v1:merchant:\u202e\x00", string(slices.Repeat([]byte("k"), 256))} {
		f := with(func(f *alerting.Facts) { f.Key = long })
		ref := b.send(notice(t, alerting.KindState, 1, f), alerting.Ref{})
		f.State = alerting.StateResolved
		b.send(notice(t, alerting.KindState, 2, f), ref)
		if len(ref.Root) > 255 {
			t.Errorf("got a key of %d characters", len(ref.Root))
		}
		b.alert(ref.Root, "resolved", 1)
	}
	if got := len(b.p.Alerts()); got != 3 {
		t.Errorf("got %d alerts, want 3", got)
	}
	ref := b.send(notice(t, alerting.KindState, 1, with(func(f *alerting.Facts) { f.Key = "" })), alerting.Ref{})
	if ref.Root != "inc_4kd7aq2mxz5rt6wy" {
		t.Errorf("got key %q, want the subject", ref.Root)
	}
}

const proofKey = "R0HOOKTEST0HOOKTEST0HOOKTEST0PRO"

// pulse is a silent proof.
func pulse(t *testing.T) alerting.Notice {
	t.Helper()
	n := notice(t, alerting.KindPulse, 1, alerting.Facts{Title: "hookvigil is alive", Severity: rules.Low, At: opened})
	n.IdemKey, n.Subject, n.Lane, n.Severity = "pulse/pager/proof:2023-11-06T00:00:00Z", "pulse/pager/proof", "pager/proof", rules.Low
	return n
}

// TestAProofTouchesTheTestServiceAlone: the service that wakes people is not
// asked, whatever becomes of the proof.
func TestAProofTouchesTheTestServiceAlone(t *testing.T) {
	t.Parallel()
	for sentence, tc := range map[string]struct {
		known []string // keys that PagerDuty knows
		play  hooktest.PagerDutyStep
		class alerting.Class
		calls int
		open  bool // the proof's alert stays so
	}{
		"it goes well":                {known: []string{proofKey}, calls: 2},
		"the key is refused":          {known: []string{hooktest.DefaultPagerDutyKey}, class: alerting.ClassAuth, calls: 1},
		"PagerDuty is in trouble":     {known: []string{proofKey}, play: hooktest.PagerDutyStep{Fault: hooktest.PagerDutyStatus, Status: 503}, class: alerting.ClassTransient, calls: 2, open: true},
		"the answer to its end drops": {known: []string{proofKey}, play: hooktest.PagerDutyStep{Fault: hooktest.PagerDutyDropAfter, Times: 1}, class: alerting.ClassTransient, calls: 2},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			p := hooktest.StartPagerDuty(t, hooktest.PagerDutyOptions{Keys: tc.known})
			r := pagerduty.New(pagerduty.Config{RoutingKey: hooktest.DefaultPagerDutyKey, TestKey: proofKey, URL: p.URL(), Timeout: generous})
			if tc.play.Fault != "" {
				if err := p.Play(hooktest.PagerDutyResolve, tc.play); err != nil {
					t.Fatal(err)
				}
			}
			_, err := r.Send(t.Context(), pulse(t), alerting.Ref{})
			if classOf(err) != tc.class || err != nil && (!strings.Contains(err.Error(), "test_key") || strings.Contains(err.Error(), proofKey)) {
				t.Errorf("got %v, want class %q, naming test_key and no key", err, tc.class)
			}
			if got := len(p.Calls()); got != tc.calls {
				t.Errorf("got %d calls, want %d", got, tc.calls)
			}
			for _, c := range p.Calls() {
				if !strings.Contains(string(c.Body), proofKey) || strings.Contains(string(c.Body), hooktest.DefaultPagerDutyKey) ||
					c.Action == hooktest.PagerDutyTrigger && !strings.Contains(string(c.Body), `"severity":"info"`) {
					t.Errorf("got %s, want it for the test service", c.Body)
				}
			}
			if all := p.Alerts(); tc.class != alerting.ClassAuth && (len(all) != 1 || (all[0].State == hooktest.PagerDutyTriggered) != tc.open || all[0].Key != pulse(t).IdemKey) {
				t.Errorf("got %+v", all)
			}
		})
	}
}

func TestWithoutATestKeyNothingIsProved(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.fail(pulse(t), alerting.ClassDestination)
	if len(b.p.Calls()) != 0 {
		t.Errorf("got %v, want no call", b.actions())
	}
}

// TestAnAlarmEndsWithWhatItTellsOf: the alert about another receiver's
// credentials, and no other.
func TestAnAlarmEndsWithWhatItTellsOf(t *testing.T) {
	t.Parallel()
	for sentence, gone := range map[string]bool{"it works again": false, "it is no longer configured": true} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			alarm := notice(t, alerting.KindDead, 1, alerting.Facts{Title: `Receiver "mail" refuses our credentials`, Severity: rules.Critical, At: opened, Key: key})
			alarm.Subject, alarm.Flow = "stopped:mail/sre@example.com:1699714085000000", alerting.FlowEvent
			alarm.IdemKey = alarm.Subject + ":fallback:pager/events" // another pager could not be reached
			other := notice(t, alerting.KindDead, 1, alerting.Facts{Title: "A notice could not be delivered"})
			other.IdemKey = "dead:x:1"
			ref := b.send(alarm, alerting.Ref{})
			b.send(other, alerting.Ref{})
			b.send(notice(t, alerting.KindState, 1, ratio()), alerting.Ref{})
			b.alert(alarm.IdemKey, "triggered", 1)
			over := alerting.AlarmOver(alarm, gone, opened.Add(time.Hour))
			b.send(over, ref)
			b.send(over, ref) // its answer was lost
			b.alert(alarm.IdemKey, "resolved", 1)
			b.alert(other.IdemKey, "triggered", 1)
			b.alert(key, "triggered", 1)
		})
	}
}
