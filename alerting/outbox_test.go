package alerting_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

func TestCriticalNoticesFallBackAfterAMinute(t *testing.T) {
	for name, c := range map[string]struct {
		answer func(context.Context, int, alerting.Notice) (alerting.Ref, error)
		at     time.Duration
	}{
		"the receiver fails":             {always(fails(alerting.ClassTransient)), 60 * time.Second},
		"the receiver hangs":             {hangs, 60 * time.Second},
		"the receiver wants us to wait":  {always(&alerting.SendError{Class: alerting.ClassLimited, RetryAfter: time.Hour}), 60 * time.Second},
		"the receiver refuses our token": {always(fails(alerting.ClassAuth)), 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				bad, pager := newSends(c.answer), newSends(nil)
				root := stateOf("a", 1)
				root.Severity = rules.Critical
				held := event("ops/C1", "later", "9", rules.Critical)
				held.Due = time.Now().Add(time.Hour)
				q := newMemory(root, held, event("ops/C1", "b", "2", rules.High))
				ports := slackLike(map[string]alerting.Receiver{"ops": bad, "pager": pager})
				ports.Fallback = []alerting.Address{{Lane: "ops/C1"}, {Lane: "pager/key", Recipient: "key"}}
				_, stop := runOutbox(t, q, alerting.OutboxConfig{}, ports)
				defer stop()
				time.Sleep(5 * time.Minute)
				synctest.Wait()
				var got []sendSeen
				for _, n := range pager.seen() {
					if n.Kind != alerting.KindDead { // the alarm about the stopped lane
						got = append(got, n)
					}
				}
				if len(got) != 1 {
					t.Fatalf("the pager got %v, want the critical subject once", got)
				}
				n := got[0]
				if n.at != c.at || n.Subject != "a" || n.Kind != alerting.KindPage || n.Recipient != "key" || n.IdemKey != "a:s001:fallback:pager/key" {
					t.Errorf("the pager got %v, want a page after %s", n, c.at)
				}
				if !strings.Contains(string(n.Facts), `told here because \"ops\" fails; it broke`) {
					t.Errorf("it says %s", n.Facts)
				}
				if s := q.states()["a:s001"]; s != "waiting" && s != "sending" {
					t.Errorf("the state is %s, want it kept: the lane catches up", s)
				}
			})
		})
	}
}

func TestFallBackSkipsALaneThatFailsToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bad, mail := newSends(always(fails(alerting.ClassTransient))), newSends(nil)
		q := newMemory(event("ops/C1", "a", "1", rules.Critical))
		ports := slackLike(map[string]alerting.Receiver{"ops": bad, "pager": bad, "mail": mail})
		ports.Fallback = []alerting.Address{{Lane: "ops/C1"}, {Lane: "pager/key"}, {Lane: "mail/sre"}}
		_, stop := runOutbox(t, q, alerting.OutboxConfig{}, ports)
		defer stop()
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if got := mail.seen(); len(got) != 1 || got[0].at != 2*time.Minute || !got[0].Late {
			t.Errorf("mail got %v, want it late, a minute after the pager began to fail", got)
		}
	})
}

func TestRelays(t *testing.T) {
	t.Parallel()
	open, over := []byte(`{"state":"open"}`), []byte(`{"state":"resolved"}`)
	for name, c := range map[string]struct {
		n     alerting.Notice
		known int
		want  bool
	}{
		"a lane that knows nothing hears of it":          {alerting.Notice{Kind: alerting.KindUpdate, Version: 3, Facts: open}, -1, true},
		"a lane that knows as much does not":             {alerting.Notice{Kind: alerting.KindPage, Version: 3, Facts: open}, 3, false},
		"another page is news":                           {alerting.Notice{Kind: alerting.KindPage, Version: 3, Facts: open}, 2, true},
		"a thread's update is not":                       {alerting.Notice{Kind: alerting.KindUpdate, Version: 3, Facts: open}, 2, false},
		"a root message that is brought up to date, nor": {alerting.Notice{Kind: alerting.KindRoot, Version: 3, Facts: open}, 2, false},
		"a root message that says it is over is":         {alerting.Notice{Kind: alerting.KindRoot, Version: 3, Facts: over}, 2, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := alerting.Relays(c.n, c.known); got != c.want {
				t.Errorf("got %t, want %t", got, c.want)
			}
		})
	}
}

func TestRelayOfWhatIsOverResolves(t *testing.T) {
	t.Parallel()
	n := alerting.Notice{IdemKey: "k", Kind: alerting.KindRoot, Facts: []byte(`{"state":"resolved"}`)}
	if got := alerting.Relay(n, alerting.Address{Lane: "pager/key"}, noon); got.Kind != alerting.KindResolve {
		t.Errorf("kind %s, want %s", got.Kind, alerting.KindResolve)
	}
}

func TestStormBecomesOneSummary(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newSends(nil)
		q := newMemory()
		for i := range 50 {
			q.add(event("ops/C1", fmt.Sprint("s", i), fmt.Sprintf("%03d", i), rules.High))
		}
		for i := range 30 {
			q.add(event("ops/C1", fmt.Sprint("c", i), fmt.Sprintf("%03d", 100+i), rules.Critical))
		}
		heldBack := 0
		var mu sync.Mutex
		cfg := alerting.OutboxConfig{Observe: alerting.Observer{Held: func(string) { mu.Lock(); heldBack++; mu.Unlock() }}}
		_, stop := runOutbox(t, q, cfg, slackLike(map[string]alerting.Receiver{"ops": r}))
		defer stop()
		time.Sleep(20 * time.Minute)
		synctest.Wait()
		kinds := map[string]int{}
		for _, n := range r.seen() {
			kinds[fmt.Sprint(n.Kind, " ", n.Severity, " ", n.at)]++
		}
		// The critical ones go first and fill the cap; none of them is held.
		if len(r.seen()) != 31 || kinds["update critical 0s"] != 30 || kinds["summary high 10m0s"] != 1 {
			t.Errorf("sent %v, want 30 critical ones and a summary after 10 min", kinds)
		}
		if last := r.seen()[len(r.seen())-1]; !strings.Contains(string(last.Facts), "50 more messages were held back") {
			t.Errorf("the summary says %s", last.Facts)
		}
		if f := factsOf(t, r.seen()[len(r.seen())-1].Notice); len(f.Held) != 1 || f.Held[0].Title != "acme is down" || f.Held[0].Messages != 50 || f.HeldMore() != 0 {
			t.Errorf("the summary names %v of %d", f.Held, f.MemberCount)
		}
		if got := count(q, "replaced"); got != 50 || heldBack != 50 {
			t.Errorf("%d replaced, %d counted, want 50", got, heldBack)
		}
	})
}

func TestStormCapCountsNewMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newSends(nil)
		q := newMemory()
		o, stop := runOutbox(t, q, alerting.OutboxConfig{Storm: alerting.StormCap{Most: 3, Every: time.Minute}}, slackLike(map[string]alerting.Receiver{"ops": r}))
		defer stop()
		send := func(n alerting.Notice) string {
			q.add(n)
			o.Poke()
			synctest.Wait()
			return q.states()[n.IdemKey]
		}
		resolve := func(subject, id string) alerting.Notice {
			n := event("ops/C1", subject, id, rules.High)
			n.Kind = alerting.KindResolve
			return n
		}
		test, merchant := event("ops/C1", "t", "80", rules.High), event("ops/C1", "m", "81", rules.High)
		test.Kind, merchant.Kind = alerting.KindTest, alerting.KindMerchant
		for i, step := range []struct {
			n    alerting.Notice
			want string
		}{
			{stateOf("a", 1), "sent"},
			{stateOf("a", 2), "sent"}, // an edit: no new message
			{stateOf("a", 3), "sent"},
			{stateOf("a", 4), "sent"},
			{event("ops/C1", "a", "10", rules.High), "sent"}, // a reply in its thread: none either
			{event("ops/C1", "b", "11", rules.High), "sent"},
			{event("ops/C1", "c", "12", rules.High), "sent"},
			{event("ops/C1", "x", "13", rules.High), "replaced"}, // the fourth
			{stateOf("d", 1), "replaced"},
			{stateOf("a", 5), "sent"},
			{resolve("a", "60"), "sent"},     // it ends what people have seen
			{resolve("z", "61"), "replaced"}, // nobody has seen it
			{event("ops/C1", "e", "70", rules.Critical), "sent"},
			{test, "sent"},
			{merchant, "sent"}, // the summary would speak to operators
		} {
			if got := send(step.n); got != step.want {
				t.Errorf("step %d, %s: %s, want %s", i, step.n.IdemKey, got, step.want)
			}
		}
		time.Sleep(time.Minute)
		if got := send(event("ops/C1", "f", "90", rules.High)); got != "sent" {
			t.Errorf("after the window: %s, want sent", got)
		}
	})
}

func TestWhatIsOnTheWireFinishesWithinTheDrain(t *testing.T) {
	for name, c := range map[string]struct {
		lasts time.Duration
		ends  time.Duration
		state string
	}{
		"it is quick":                        {3 * time.Second, 3 * time.Second, "sent"},
		"it is too slow, and may be told":    {time.Hour, 5 * time.Second, "waiting"},
		"it ends in the last moment of time": {5*time.Second - 1, 5*time.Second - 1, "sent"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newSends(func(ctx context.Context, _ int, _ alerting.Notice) (alerting.Ref, error) {
					select {
					case <-time.After(c.lasts):
						return alerting.Ref{}, nil
					case <-ctx.Done():
						return alerting.Ref{}, ctx.Err()
					}
				})
				q := newMemory(event("ops/C1", "a", "1", rules.High), event("ops/C1", "b", "2", rules.High))
				_, stop := runOutbox(t, q, alerting.OutboxConfig{}, slackLike(map[string]alerting.Receiver{"ops": r}))
				synctest.Wait()
				start := time.Now()
				stop()
				if got := time.Since(start); got != c.ends {
					t.Errorf("Run lasted %s, want %s", got, c.ends)
				}
				if got := q.states(); got["a:1"] != c.state || got["b:2"] != "waiting" || len(r.seen()) != 1 {
					t.Errorf("states %v after %d sends, want %s, and the other untouched", got, len(r.seen()), c.state)
				}
			})
		})
	}
}

func TestStartGoesOnWithWhatTheLastRunLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newMemory(event("ops/C1", "a", "1", rules.High), event("ops/C2", "b", "2", rules.High))
		for lane, owner := range map[string]string{"ops/C1": "hookvigil", "ops/C2": "replica-2"} {
			got, err := q.Claim(t.Context(), alerting.ClaimRequest{Lane: lane, Owner: owner, Now: time.Now(), Limit: 1, Lease: time.Minute})
			if err != nil || len(got) != 1 {
				t.Fatalf("claimed %v, %v", got, err)
			}
		}
		r := newSends(nil)
		drained(t, q, slackLike(map[string]alerting.Receiver{"ops": r}))
		got := r.seen()
		if len(got) != 2 || got[0].IdemKey != "a:1" || got[0].at != 0 || got[0].Attempts != 2 {
			t.Fatalf("sent %v, want our own at once, as its second try", got)
		}
		if got[1].at != time.Minute {
			t.Errorf("the other's went after %s, want when its lease ended", got[1].at)
		}
	})
}

func TestAQueueThatIsAwayAtTheStartIsAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newMemory(event("ops/C1", "a", "1", rules.High), event("ops/C2", "b", "2", rules.High))
		if got, err := q.Claim(t.Context(), alerting.ClaimRequest{Lane: "ops/C1", Owner: "hookvigil", Now: time.Now(), Limit: 1, Lease: time.Hour}); err != nil || len(got) != 1 {
			t.Fatalf("claimed %v, %v", got, err)
		}
		q.lane("ops/C2").stopped = time.Now()
		r := newSends(nil)
		_, stop := runOutbox(t, &queueWith{memory: q, away: time.Now().Add(3500 * time.Millisecond)}, alerting.OutboxConfig{},
			slackLike(map[string]alerting.Receiver{"ops": r}))
		defer stop()
		for !q.idle() {
			<-q.changed
		}
		if got, want := r.times(), []time.Duration{4 * time.Second, 4 * time.Second}; !slices.Equal(got, want) {
			t.Errorf("sent after %v, want %v: what the last run left, and what had stopped", got, want)
		}
	})
}

func TestPokeIsHeardAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newSends(nil)
		q := newMemory()
		o, stop := runOutbox(t, q, alerting.OutboxConfig{}, slackLike(map[string]alerting.Receiver{"ops": r}))
		defer stop()
		time.Sleep(1500 * time.Millisecond)
		q.add(event("ops/C1", "a", "1", rules.High))
		o.Poke()
		synctest.Wait()
		time.Sleep(100 * time.Millisecond)
		q.add(event("ops/C1", "b", "2", rules.High)) // nobody pokes
		time.Sleep(time.Second)
		synctest.Wait()
		if got, want := r.times(), []time.Duration{1500 * time.Millisecond, 2500 * time.Millisecond}; !slices.Equal(got, want) {
			t.Errorf("sent after %v, want %v", got, want)
		}
	})
}

func TestObserverIsToldWhatHappened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var said []string
		say := func(format string, a ...any) {
			mu.Lock()
			defer mu.Unlock()
			said = append(said, fmt.Sprintf(format, a...))
		}
		troubled := false
		cfg := alerting.OutboxConfig{Observe: alerting.Observer{
			Tried: func(kind string, class alerting.Class, took time.Duration) { say("%s %q %s", kind, class, took) },
			Dead:  func(kind string, n alerting.Notice) { say("%s dead %s", kind, n.IdemKey) },
			Lanes: func(w alerting.Work) {
				for _, l := range w.Lanes {
					troubled = troubled || !l.FailingSince.IsZero()
				}
			},
		}}
		r := newSends(func(_ context.Context, nth int, _ alerting.Notice) (alerting.Ref, error) {
			time.Sleep(time.Second)
			return alerting.Ref{}, []error{errors.New("a reset"), nil, fails(alerting.ClassDestination)}[nth-1]
		})
		n := event("ops/C1", "a", "1", rules.High)
		n.Created = time.Now().Add(-time.Minute)
		q := newMemory(n, event("ops/C1", "a", "2", rules.High))
		_, stop := runOutbox(t, q, cfg, slackLike(map[string]alerting.Receiver{"ops": r}))
		for !q.idle() {
			<-q.changed
		}
		stop()
		took := time.Minute + r.times()[1] + time.Second
		want := []string{`slack "transient" 1s`, fmt.Sprintf(`slack "" %s`, took), `slack "destination" 1s`, "slack dead a:2"}
		if !slices.Equal(said, want) || !troubled {
			t.Errorf("said %q, lane in trouble: %t; want %q", said, troubled, want)
		}
	})
}
