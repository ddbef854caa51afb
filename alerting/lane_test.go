package alerting_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

func TestLaneObeysRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limited := newSends(func(_ context.Context, nth int, _ alerting.Notice) (alerting.Ref, error) {
			if nth == 1 {
				return alerting.Ref{}, &alerting.SendError{Class: alerting.ClassLimited, RetryAfter: 30*time.Second + 300*time.Millisecond}
			}
			return alerting.Ref{Root: "1"}, nil
		})
		other := newSends(nil)
		q := newMemory(event("ops/C1", "a", "1", rules.High), event("ops/C1", "b", "2", rules.High), event("ops/C2", "c", "3", rules.High))
		drained(t, q, slackLike(map[string]alerting.Receiver{"ops": receiverOf{"ops/C1": limited, "ops/C2": other}}))
		wait := 30*time.Second + 300*time.Millisecond
		if got, want := limited.times(), []time.Duration{0, wait, wait}; !slices.Equal(got, want) {
			t.Errorf("the limited lane tried at %v, want %v: the pause is the lane's", got, want)
		}
		if got, want := other.times(), []time.Duration{0}; !slices.Equal(got, want) {
			t.Errorf("the other lane tried at %v, want %v", got, want)
		}
	})
}

// receiverOf is one receiver that behaves differently for each lane.
type receiverOf map[string]alerting.Receiver

func (r receiverOf) Send(ctx context.Context, n alerting.Notice, prev alerting.Ref) (alerting.Ref, error) {
	return r[n.Lane].Send(ctx, n, prev)
}

func TestHungReceiverDelaysNoOtherLane(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hung, good := newSends(hangs), newSends(nil)
		q := newMemory()
		for i := range 20 {
			q.add(event(fmt.Sprintf("hung/%d", i), "a", fmt.Sprintf("h%02d", i), rules.High), event("good/1", fmt.Sprint(i), fmt.Sprintf("g%02d", i), rules.Critical))
		}
		_, stop := runOutbox(t, q, alerting.OutboxConfig{}, slackLike(map[string]alerting.Receiver{"hung": hung, "good": good}))
		defer stop()
		synctest.Wait()
		if got := good.times(); len(got) != 20 || slices.Max(got) != 0 {
			t.Errorf("the good lane sent at %v, want 20 at once", got)
		}
		time.Sleep(29 * time.Second)
		synctest.Wait()
		if got := len(hung.seen()); got != 20 {
			t.Errorf("the hung lanes tried %d times within their 30 s, want once each", got)
		}
		time.Sleep(5 * time.Second) // their time is over, and the first back-off
		synctest.Wait()
		if got := len(hung.seen()); got < 40 {
			t.Errorf("the hung lanes tried %d times after 34 s, want again each", got)
		}
	})
}

func TestLanesOfOneReceiverAtOnceAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var now, most int
		slow := newSends(nil)
		slow.answer = func(_ context.Context, _ int, _ alerting.Notice) (alerting.Ref, error) {
			slow.mu.Lock()
			now++
			most = max(most, now)
			slow.mu.Unlock()
			time.Sleep(time.Second)
			slow.mu.Lock()
			now--
			slow.mu.Unlock()
			return alerting.Ref{}, nil
		}
		q := newMemory()
		for i := range 50 {
			q.add(event(fmt.Sprintf("mail/%d", i), "a", fmt.Sprintf("%02d", i), rules.High))
		}
		drained(t, q, alerting.Ports{Named: map[string]alerting.Port{"mail": {Receiver: slow, Kind: "email", AtOnce: 5}}})
		if most != 5 {
			t.Errorf("%d sends at once, want 5", most)
		}
		if got, want := slices.Max(slow.times()), 9*time.Second; got != want {
			t.Errorf("the last started after %s, want %s: a free place is taken at once", got, want)
		}
	})
}

func TestEventsOfASubjectGoInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newSends(func(_ context.Context, _ int, n alerting.Notice) (alerting.Ref, error) {
			if n.IdemKey == "a:1" && n.Attempts < 3 {
				return alerting.Ref{}, fails(alerting.ClassTransient)
			}
			return alerting.Ref{}, nil
		})
		q := newMemory(event("ops/C1", "a", "1", rules.High), event("ops/C1", "a", "2", rules.High), event("ops/C1", "b", "3", rules.High), event("ops/C1", "a", "4", rules.High))
		drained(t, q, slackLike(map[string]alerting.Receiver{"ops": r}))
		if got, want := r.keys(), []string{"a:1", "b:3", "a:1", "a:1", "a:2", "a:4"}; !slices.Equal(got, want) {
			t.Errorf("sent %v, want %v", got, want)
		}
	})
}

func TestWhatIsCriticalGoesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newSends(nil)
		q := newMemory(event("ops/C1", "a", "1", rules.Low), event("ops/C1", "b", "2", rules.High), event("ops/C1", "c", "3", rules.Critical))
		drained(t, q, slackLike(map[string]alerting.Receiver{"ops": r}))
		if got, want := r.keys(), []string{"c:3", "a:1", "b:2"}; !slices.Equal(got, want) {
			t.Errorf("sent %v, want %v", got, want)
		}
	})
}

func TestAfterAnOutageOnlyTheNewestStateGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := true
		r := newSends(nil)
		r.answer = func(context.Context, int, alerting.Notice) (alerting.Ref, error) {
			if down {
				return alerting.Ref{}, fails(alerting.ClassTransient)
			}
			return alerting.Ref{Root: "root"}, nil
		}
		q := newMemory()
		o, stop := runOutbox(t, q, alerting.OutboxConfig{}, slackLike(map[string]alerting.Receiver{"ops": r}))
		defer stop()
		q.add(stateOf("a", 0), event("ops/C1", "a", "e1", rules.High)) // a root, and a reply to it
		for v := range 40 {
			q.add(stateOf("a", v+1))
			o.Poke()
			time.Sleep(90 * time.Second)
		}
		synctest.Wait()
		for _, n := range r.seen() {
			if n.IdemKey == "a:e1" {
				t.Fatal("the reply was tried before its root stood")
			}
		}
		down = false
		tried := len(r.seen())
		for !q.idle() {
			<-q.changed
		}
		got := r.seen()[tried:]
		if len(got) != 2 || got[0].Version != 40 || !got[0].Late && got[0].at-got[0].Created.Sub(r.start) > time.Minute {
			t.Fatalf("sent %v, want version 40, saying so when it is late, and then the reply", got)
		}
		if got[1].IdemKey != "a:e1" || got[1].prev.Root != "root" || !got[1].Late {
			t.Errorf("sent %v, want the late reply to the root", got[1])
		}
		if replaced := count(q, "replaced"); replaced != 40 {
			t.Errorf("%d states replaced, want 40", replaced)
		}
	})
}

func count(q *memory, state string) int {
	n := 0
	for _, s := range q.states() {
		if s == state {
			n++
		}
	}
	return n
}

func TestAStateThatMayHaveArrivedIsFoundBeforeItIsReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newSends(func(_ context.Context, nth int, _ alerting.Notice) (alerting.Ref, error) {
			if nth == 1 {
				return alerting.Ref{}, fails(alerting.ClassAmbiguous)
			}
			return alerting.Ref{Root: "root"}, nil
		})
		q := newMemory(stateOf("a", 1))
		_, stop := runOutbox(t, q, alerting.OutboxConfig{}, slackLike(map[string]alerting.Receiver{"ops": r}))
		defer stop()
		synctest.Wait()
		q.add(stateOf("a", 2), stateOf("a", 3))
		for !q.idle() {
			<-q.changed
		}
		if got, want := r.keys(), []string{"a:s001", "a:s001", "a:s003"}; !slices.Equal(got, want) {
			t.Errorf("sent %v, want %v", got, want)
		}
		if last := r.seen()[len(r.seen())-1]; last.prev.Root != "root" {
			t.Errorf("the newest was given %+v, want the root that the retry found", last.prev)
		}
	})
}

func TestARefusedFormGoesOnceMoreReduced(t *testing.T) {
	for name, c := range map[string]struct {
		plainWorks bool
		state      string
		told       int
	}{
		"plain text is taken":   {true, "sent", 0},
		"plain text is refused": {false, "dead", 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				picky := newSends(func(_ context.Context, _ int, n alerting.Notice) (alerting.Ref, error) {
					if n.Reduced && c.plainWorks {
						return alerting.Ref{}, nil
					}
					return alerting.Ref{}, fails(alerting.ClassMessage)
				})
				mail := newSends(nil)
				q := newMemory(event("ops/C1", "a", "1", rules.High))
				ports := slackLike(map[string]alerting.Receiver{"ops": picky, "mail": mail})
				ports.Fallback = []alerting.Address{{Lane: "ops/C9"}, {Lane: "mail/sre", Recipient: "sre@x.example"}}
				drained(t, q, ports)
				if got := picky.seen(); len(got) != 2 || got[0].Reduced || !got[1].Reduced || got[1].at != 0 {
					t.Errorf("tried %v, want the full form and then the plain one, at once", got)
				}
				if got := q.states()["a:1"]; got != c.state {
					t.Errorf("the notice is %s, want %s", got, c.state)
				}
				if l := q.lanes["ops/C1"]; !l.failing.IsZero() {
					t.Error("the lane counts as failing, want the form alone refused")
				}
				if got := mail.seen(); len(got) != c.told {
					t.Errorf("told elsewhere: %v, want %d", got, c.told)
				}
			})
		})
	}
}

func TestADeadLetterIsToldByAnotherReceiver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		closed, mail := newSends(always(fails(alerting.ClassDestination))), newSends(nil)
		q := newMemory(event("ops/C1", "a", "1", rules.Critical))
		ports := slackLike(map[string]alerting.Receiver{"ops": closed, "mail": mail})
		ports.Fallback = []alerting.Address{{Lane: "ops/C2"}, {Lane: "mail/sre", Recipient: "sre@x.example"}}
		drained(t, q, ports)
		got := mail.seen()
		if len(got) != 1 || len(closed.seen()) != 1 {
			t.Fatalf("%d alarms after %d tries, want 1 after 1", len(got), len(closed.seen()))
		}
		if n := got[0]; n.Kind != alerting.KindDead || n.Severity != rules.Critical || n.Recipient != "sre@x.example" || n.at != 0 ||
			!strings.Contains(string(n.Facts), `through \"ops\" was not delivered: said no; it broke`) || !strings.Contains(string(n.Facts), "acme is down") {
			t.Errorf("told %v: %s", n, n.Facts)
		}
	})
}

// TestAFailedTestIsNoDeadLetter: whoever asked for it reads why it failed, and
// nobody is told of it elsewhere.
func TestAFailedTestIsNoDeadLetter(t *testing.T) {
	for _, class := range []alerting.Class{alerting.ClassDestination, alerting.ClassAuth, alerting.ClassTransient, alerting.ClassMessage} {
		t.Run(string(class), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				closed, mail := newSends(always(fails(class))), newSends(nil)
				n := event("ops/C1", "test/1", "1", rules.Low)
				n.Kind = alerting.KindTest
				q := newMemory(n)
				ports := slackLike(map[string]alerting.Receiver{"ops": closed, "mail": mail})
				ports.Fallback = []alerting.Address{{Lane: "mail/sre"}}
				died := 0
				cfg := alerting.OutboxConfig{Observe: alerting.Observer{Dead: func(string, alerting.Notice) { died++ }}}
				_, stop := runOutbox(t, q, cfg, ports)
				synctest.Wait()
				stop()
				if count(q, "dropped") != 1 || len(closed.seen()) != 1 || len(mail.seen()) != 0 || died != 0 {
					t.Errorf("%v after %d tries, %d told elsewhere, %d counted as dead", q.states(), len(closed.seen()), len(mail.seen()), died)
				}
			})
		})
	}
}

func TestDeadLettersOfDeadLettersEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		closed := newSends(always(fails(alerting.ClassDestination)))
		q := newMemory(event("a/1", "a", "1", rules.High))
		ports := slackLike(map[string]alerting.Receiver{"a": closed, "b": closed, "c": closed})
		ports.Fallback = []alerting.Address{{Lane: "a/1"}, {Lane: "b/1"}, {Lane: "c/1"}}
		drained(t, q, ports)
		var lanes []string
		for _, n := range closed.seen() {
			lanes = append(lanes, n.Lane)
		}
		if want := []string{"a/1", "b/1", "c/1"}; !slices.Equal(lanes, want) {
			t.Errorf("asked %v, want each once", lanes)
		}
		if dead := count(q, "dead"); dead != 3 {
			t.Errorf("%d are dead, want all 3", dead)
		}
	})
}

func TestNoticesOfAReceiverThatIsGoneDieVisibly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mail := newSends(nil)
		q := newMemory(event("old/C1", "a", "1", rules.High))
		ports := slackLike(map[string]alerting.Receiver{"mail": mail})
		ports.Fallback = []alerting.Address{{Lane: "mail/sre"}}
		drained(t, q, ports)
		if got := mail.seen(); len(got) != 1 || !strings.Contains(string(got[0].Facts), `receiver \"old\" is not configured`) {
			t.Errorf("told %v", got)
		}
	})
}

func TestRefusedCredentialsStopTheLaneAndNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		revoked, mail := newSends(always(fails(alerting.ClassAuth))), newSends(nil)
		q := newMemory(event("ops/C1", "a", "1", rules.High), event("ops/C1", "b", "2", rules.High), event("mail/x", "a", "3", rules.High))
		ports := slackLike(map[string]alerting.Receiver{"ops": revoked, "mail": mail})
		ports.Fallback = []alerting.Address{{Lane: "mail/sre"}}
		o, stop := runOutbox(t, q, alerting.OutboxConfig{}, ports)
		defer stop()
		time.Sleep(time.Hour)
		synctest.Wait()
		if got := len(revoked.seen()); got != 1 {
			t.Errorf("the lane was tried %d times, want once", got)
		}
		got := mail.seen()
		slices.SortFunc(got, func(a, b sendSeen) int { return strings.Compare(a.Lane, b.Lane) })
		if len(got) != 2 || got[0].Kind != alerting.KindDead || got[1].IdemKey != "a:3" || !strings.Contains(string(got[0].Facts), "refuses our credentials") {
			t.Errorf("mail sent %v, want its own notice and the alarm", got)
		}
		if got := q.states(); got["a:1"] != "waiting" || got["b:2"] != "waiting" {
			t.Errorf("states %v, want the notices kept", got)
		}
		mended := newSends(nil)
		o.Reload(slackLike(map[string]alerting.Receiver{"ops": mended, "mail": mail}))
		synctest.Wait()
		if got, want := mended.keys(), []string{"a:1", "b:2"}; !slices.Equal(got, want) {
			t.Errorf("after the reload %v were sent, want %v", got, want)
		}
	})
}

func TestAPanicIsATransientFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newSends(func(_ context.Context, nth int, _ alerting.Notice) (alerting.Ref, error) {
			if nth == 1 {
				panic("a nil map")
			}
			return alerting.Ref{}, nil
		})
		q := newMemory(event("ops/C1", "a", "1", rules.High))
		drained(t, q, slackLike(map[string]alerting.Receiver{"ops": r}))
		if got := r.times(); len(got) != 2 || got[1] < time.Second {
			t.Errorf("tried at %v, want a second time after the back-off", got)
		}
	})
}

func TestAnOutcomeIsRecordedAndNotSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newSends(nil)
		q := newMemory(event("ops/C1", "a", "1", rules.High))
		q.refuseFinish(errors.New("disk full"))
		_, stop := runOutbox(t, q, alerting.OutboxConfig{}, slackLike(map[string]alerting.Receiver{"ops": r}))
		defer stop()
		time.Sleep(20 * time.Second)
		q.refuseFinish(nil)
		for !q.idle() {
			<-q.changed
		}
		if got := r.keys(); len(got) != 1 {
			t.Errorf("sent %v, want once", got)
		}
	})
}

// queueWith is a memory that can be made to behave badly.
type queueWith struct {
	*memory
	claimed func(nth int, got []alerting.Claimed)
	n       atomic.Int32
	away    time.Time // until then it refuses all
}

func (q *queueWith) Recover(ctx context.Context, r alerting.Recovery) error {
	if r.Now.Before(q.away) {
		return errors.New("locked")
	}
	return q.memory.Recover(ctx, r)
}

func (q *queueWith) Claim(ctx context.Context, r alerting.ClaimRequest) ([]alerting.Claimed, error) {
	got, err := q.memory.Claim(ctx, r)
	nth := int(q.n.Add(1))
	if q.claimed != nil {
		q.claimed(nth, got)
	}
	return got, err
}

func TestASleeperDoesNotSendOnALeaseThatMayEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newSends(nil)
		q := newMemory(event("ops/C1", "a", "1", rules.High))
		slow := &queueWith{memory: q, claimed: func(nth int, _ []alerting.Claimed) {
			if nth == 1 {
				time.Sleep(31 * time.Second) // the process was stopped: 29 s of the lease are left, a send may take 30
			}
		}}
		_, stop := runOutbox(t, slow, alerting.OutboxConfig{}, slackLike(map[string]alerting.Receiver{"ops": r}))
		defer stop()
		for !q.idle() {
			<-q.changed
		}
		if got, want := r.times(), []time.Duration{time.Minute}; !slices.Equal(got, want) {
			t.Errorf("sent after %v, want %v: when the lease has ended", got, want)
		}
	})
}

func TestWhatComesInALanesLastMomentIsNotForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newSends(nil)
		q := newMemory()
		var o *alerting.Outbox
		last := &queueWith{memory: q}
		last.claimed = func(nth int, _ []alerting.Claimed) {
			if nth == 2 { // it was empty
				time.Sleep(time.Millisecond)
				q.add(event("ops/C1", "b", "2", rules.High))
				o.Poke()
				time.Sleep(time.Millisecond)
			}
		}
		var stop func()
		o, stop = runOutbox(t, last, alerting.OutboxConfig{}, slackLike(map[string]alerting.Receiver{"ops": r}))
		defer stop()
		q.add(event("ops/C1", "a", "1", rules.High))
		o.Poke()
		time.Sleep(10 * time.Millisecond)
		synctest.Wait()
		if got, want := r.times(), []time.Duration{0, 2 * time.Millisecond}; !slices.Equal(got, want) {
			t.Errorf("sent after %v, want %v", got, want)
		}
	})
}

func TestAnErrorWithoutAClassGetsOne(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(context.Context, int, alerting.Notice) (alerting.Ref, error)
		want   alerting.Class
	}{
		"some error is transient":            {always(errors.New("a reset")), alerting.ClassTransient},
		"a send error without a class, too":  {always(&alerting.SendError{Err: errors.New("no")}), alerting.ClassTransient},
		"a send error that is nil, too":      {always((*alerting.SendError)(nil)), alerting.ClassTransient},
		"out of time: it may have arrived":   {hangs, alerting.ClassAmbiguous},
		"a wrapped send error keeps its own": {always(fmt.Errorf("post: %w", fails(alerting.ClassLimited))), alerting.ClassLimited},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q := newMemory(event("ops/C1", "a", "1", rules.High))
				_, stop := runOutbox(t, q, alerting.OutboxConfig{}, slackLike(map[string]alerting.Receiver{"ops": newSends(c.answer)}))
				<-q.changed
				stop()
				if got := q.rows[0].class; got != c.want {
					t.Errorf("class %q, want %q", got, c.want)
				}
			})
		})
	}
}

// What a receiver holds back is neither sent nor a failure: it ends, its lane
// is as it was, and what comes next goes.
func TestWhatIsWithheldHarmsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pager := newSends(func(_ context.Context, nth int, n alerting.Notice) (alerting.Ref, error) {
			if nth == 1 {
				return alerting.Ref{}, fails(alerting.ClassWithheld)
			}
			return alerting.Ref{Root: n.IdemKey}, nil
		})
		q := newMemory(event("pager/events", "a", "1", rules.Critical), event("pager/events", "b", "2", rules.High))
		q.lane("pager/events").failing = time.Now()
		var tried int
		_, stop := runOutbox(t, q, alerting.OutboxConfig{Observe: alerting.Observer{Tried: func(string, alerting.Class, time.Duration) { tried++ }}},
			slackLike(map[string]alerting.Receiver{"pager": pager}))
		time.Sleep(time.Minute)
		stop()
		if got := q.states(); got["a:1"] != "withheld" || got["b:2"] != "sent" || len(pager.seen()) != 2 || tried != 1 {
			t.Errorf("got %v by %v, %d tries counted", got, pager.seen(), tried)
		}
	})
}

// The alarm that a lane has stopped ends with the trouble: where it was told,
// under its key, once. Another lane's does not.
func TestTheAlarmOfAStoppedLaneEnds(t *testing.T) {
	const refuses = `dead_letter Receiver "ops" refuses our credentials`
	for sentence, tc := range map[string]struct {
		gone      bool
		fixed     bool
		told      []string // to the pager of ops/C1
		ofAnother []string // of ops/C1:x, which stays broken
	}{
		"nothing is done":         {told: []string{refuses}, ofAnother: []string{refuses}},
		"a reload mends nothing":  {told: []string{refuses, refuses}, ofAnother: []string{refuses, refuses}},
		"it works after a reload": {fixed: true, told: []string{refuses, `resolve Receiver "ops" works again`}, ofAnother: []string{refuses, refuses}},
		"its receiver is no longer configured": {gone: true, told: []string{refuses, `resolve Receiver "ops" is no longer configured`},
			ofAnother: []string{refuses, `resolve Receiver "ops" is no longer configured`}},
	} {
		t.Run(sentence, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var mended atomic.Bool
				ops := newSends(func(_ context.Context, _ int, n alerting.Notice) (alerting.Ref, error) {
					if !mended.Load() || n.Lane != "ops/C1" {
						return alerting.Ref{}, fails(alerting.ClassAuth)
					}
					return alerting.Ref{Root: n.IdemKey}, nil
				})
				pager := newSends(nil)
				named := map[string]alerting.Receiver{"ops": ops, "pager": pager}
				with := func() alerting.Ports {
					p := slackLike(named)
					p.Fallback = []alerting.Address{{Lane: "pager/events", Recipient: "p"}}
					return p
				}
				q := newMemory(event("ops/C1", "a", "1", rules.High), event("ops/C1:x", "b", "2", rules.High))
				o, stop := runOutbox(t, q, alerting.OutboxConfig{}, with())
				time.Sleep(time.Minute)
				mended.Store(tc.fixed)
				if tc.gone {
					delete(named, "ops")
				}
				if sentence != "nothing is done" {
					o.Reload(with())
				}
				time.Sleep(time.Minute)
				q.add(event("ops/C1", "a", "3", rules.High)) // works, or is stopped, once more
				time.Sleep(time.Hour)
				stop()
				told, open := map[string][]string{}, map[string]bool{}
				for _, n := range pager.seen() {
					lane, ok := alerting.StoppedLane(n.Subject)
					if !ok {
						continue // of a notice that died with its receiver
					}
					f := factsOf(t, n.Notice)
					told[lane] = append(told[lane], string(n.Kind)+" "+f.Title)
					if n.Kind == alerting.KindDead {
						open[n.IdemKey] = true
					} else if !open[f.Key] || f.State != alerting.StateResolved || n.Severity == rules.Critical || !strings.HasPrefix(n.Subject, "stopped:"+lane+":") {
						t.Errorf("the end %s of %s tells %+v", n.IdemKey, f.Key, f)
					}
				}
				if !slices.Equal(told["ops/C1"], tc.told) || !slices.Equal(told["ops/C1:x"], tc.ofAnother) {
					t.Errorf("told %q, want %q and %q", told, tc.told, tc.ofAnother)
				}
			})
		})
	}
}

// An alarm that could not be told where it was to be, and was told elsewhere,
// ends there too.
func TestTheAlarmOfAnAlarmEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mended atomic.Bool
		ops := newSends(func(_ context.Context, _ int, n alerting.Notice) (alerting.Ref, error) {
			if !mended.Load() {
				return alerting.Ref{}, fails(alerting.ClassAuth)
			}
			return alerting.Ref{Root: n.IdemKey}, nil
		})
		mail := newSends(nil)
		ports := slackLike(map[string]alerting.Receiver{"ops": ops, "pager": newSends(always(fails(alerting.ClassDestination))), "mail": mail})
		ports.Fallback = []alerting.Address{{Lane: "pager/events"}, {Lane: "mail/sre"}}
		o, stop := runOutbox(t, newMemory(event("ops/C1", "a", "1", rules.High)), alerting.OutboxConfig{}, ports)
		defer stop()
		time.Sleep(time.Minute)
		mended.Store(true)
		o.Reload(ports)
		time.Sleep(time.Hour)
		synctest.Wait()
		got := mail.seen()
		if len(got) != 2 || got[0].Kind != alerting.KindDead || got[1].Kind != alerting.KindResolve || got[1].Subject != got[0].Subject || factsOf(t, got[1].Notice).Key != got[0].IdemKey {
			t.Errorf("the mail told %v, want the alarm and its end", got)
		}
	})
}

// A silent proof of a receiver that is no longer configured wakes nobody.
func TestAProofOfAReceiverThatIsGoneEndsSilently(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		proof := event("gone/C1", "pulse/gone/C1", "1", rules.Low)
		proof.Kind, proof.Flow = alerting.KindPulse, alerting.FlowState
		mail := newSends(nil)
		q := newMemory(proof)
		ports := slackLike(map[string]alerting.Receiver{"mail": mail})
		ports.Fallback = []alerting.Address{{Lane: "mail/sre"}}
		drained(t, q, ports)
		if got := q.states(); got["pulse/gone/C1:1"] != "dropped" || len(mail.seen()) != 0 {
			t.Errorf("got %v, and %v by mail; want it dropped", got, mail.seen())
		}
	})
}
