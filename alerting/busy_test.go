package alerting_test

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// rootWait is how long the root message of a decision waits; -1: there is none.
func rootWait(d alerting.Decision, now time.Time) time.Duration {
	i := slices.IndexFunc(d.Notices, func(n alerting.Notice) bool { return n.Kind == alerting.KindRoot })
	if i < 0 {
		return -1
	}
	return d.Notices[i].Due.Sub(now)
}

// While members come and go the root message waits a few seconds for more of
// them; what people wait for goes at once.
func TestEditsForMembersAloneWait(t *testing.T) {
	t.Parallel()
	h := &house{d: desk()}
	changes := h.fifty(50, "timeout_connect")
	now := at(2)
	for _, step := range []struct {
		what    string
		after   time.Duration
		changes []rules.Change
		want    time.Duration
	}{
		{"the opening", 0, changes[:1], 0},
		{"one joins a second later", time.Second, changes[1:2], 5 * time.Second},
		{"some join 9 s later", 9 * time.Second, changes[2:5], 5 * time.Second},
		{"one joins 10 s later", 10 * time.Second, changes[5:6], 0},
	} {
		now = now.Add(step.after)
		if got := rootWait(h.decide(now, step.changes...), now); got != step.want {
			t.Errorf("%s: the root waits %s, want %s", step.what, got, step.want)
		}
	}
	now = now.Add(time.Second)
	in := h.world.Incidents[0]
	got, err := h.d.Command(in, alerting.Command{Do: alerting.CommandAcknowledge, By: "ana"}, h.world.Told[in.ID], now)
	if err != nil || rootWait(got, now) != 0 {
		t.Errorf("an acknowledgement waits %s, %v; want that it goes at once", rootWait(got, now), err)
	}
}

// A storm of members edits the root message once in 5 s, also when they come
// faster than that without an end.
func TestStatesThatWaitAreSentOnceInAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, q := newSends(nil), newMemory()
		o, stop := runOutbox(t, q, alerting.OutboxConfig{}, slackLike(map[string]alerting.Receiver{"ops": r}))
		defer stop()
		for v := range 60 { // one each second
			n := stateOf("a", v+1)
			if v > 0 {
				n.Due = n.Due.Add(5 * time.Second)
			}
			q.add(n)
			o.Poke()
			time.Sleep(time.Second)
		}
		time.Sleep(5 * time.Second)
		synctest.Wait()
		got := r.seen()
		if len(got) < 8 || len(got) > 14 || got[len(got)-1].Version != 60 {
			t.Errorf("%d messages for 60 states: %v; want one in about 5 s, and the last of all", len(got), got)
		}
	})
}

// When a lane works again, what waits there for its back-off goes, in order,
// and what the receiver limited does not.
func TestALaneThatWorksAgainLetsItsNoticesGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := true
		r := newSends(nil)
		r.answer = func(_ context.Context, _ int, n alerting.Notice) (alerting.Ref, error) {
			if down {
				return alerting.Ref{}, fails(alerting.ClassTransient)
			}
			return alerting.Ref{}, nil
		}
		q := newMemory(event("mail/sre", "a", "1", rules.High), event("mail/sre", "b", "2", rules.High))
		o, stop := runOutbox(t, q, alerting.OutboxConfig{}, alerting.Ports{Named: map[string]alerting.Port{"mail": {Receiver: r, Kind: "email"}}})
		defer stop()
		time.Sleep(30 * time.Second) // mail is tried again after a minute at the least
		synctest.Wait()
		down = false
		q.add(event("mail/sre", "c", "3", rules.High))
		o.Poke()
		synctest.Wait()
		if got, want := r.keys(), []string{"a:1", "b:2", "c:3", "a:1", "b:2"}; !slices.Equal(got, want) {
			t.Errorf("tried %v, want %v: at once", got, want)
		}
		if late := slices.Max(r.times()); late != 30*time.Second {
			t.Errorf("the last went after %s, want 30 s", late)
		}
	})
}

// A receiver that is barred when a notice falls back is passed over, from that
// moment on.
func TestABarredReceiverTakesNoFallback(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		page := event("pager/key", "a", "1", rules.Critical)
		bad, shop, ops := newSends(always(fails(alerting.ClassTransient))), newSends(nil), newSends(nil)
		ports := slackLike(map[string]alerting.Receiver{"pager": bad, "shop": shop, "ops": ops})
		ports.Fallback = []alerting.Address{{Lane: "shop/C1"}, {Lane: "ops/C1"}}
		var own atomic.Bool
		ports.Barred = func(receiver string) bool { return own.Load() && receiver == "shop" }
		_, stop := runOutbox(t, newMemory(page), alerting.OutboxConfig{}, ports)
		defer stop()
		own.Store(true)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if len(shop.seen()) != 0 || len(ops.seen()) != 1 {
			t.Errorf("%d to the shop, %d to ops; want ops alone to hear of it", len(shop.seen()), len(ops.seen()))
		}
	})
}
