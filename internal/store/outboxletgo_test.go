package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/internal/store"
	"github.com/hookvigil/hookvigil/rules"
)

// A success in a lane that failed lets go what waits there for its back-off, in
// the order of the decisions; in a lane that did not fail, all wait as before.
func TestASuccessLetsWaitingNoticesGo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		class alerting.Class
		fails bool          // the lane failed
		after time.Duration // the success, after the tries
		want  []string
		later []string // those that may go when a minute has passed
	}{
		"what failed for the moment goes, in order":       {alerting.ClassTransient, true, 30 * time.Second, []string{"a:1", "b:2"}, nil},
		"what may have arrived goes too":                  {alerting.ClassAmbiguous, true, 30 * time.Second, []string{"a:1", "b:2"}, nil},
		"what was tried a moment ago waits for a moment":  {alerting.ClassTransient, true, time.Second, nil, []string{"a:1", "b:2"}},
		"what the receiver limited waits":                 {alerting.ClassLimited, true, 30 * time.Second, nil, nil},
		"in a lane that did not fail the back-offs stand": {alerting.ClassTransient, false, 30 * time.Second, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, t.TempDir())
			first, second, other := event("ops/C1", "a", "1", rules.High), event("ops/C1", "b", "2", rules.High), event("ops/C2", "c", "3", rules.High)
			second.Created, second.Due = ten.Add(time.Microsecond), ten.Add(time.Microsecond)
			enqueue(t, s, first, second, other)
			for _, lane := range []string{"ops/C1", "ops/C1", "ops/C2"} {
				n, key := claimKey(t, s, lane, time.Microsecond)
				finish(t, s, n, func(o *alerting.Outcome) {
					due := time.Hour
					if key == "b:2" {
						due = 30 * time.Minute // the order is that of the decisions, not of the back-offs
					}
					waiting(c.class, due)(o)
					o.Failing = c.fails
				})
			}
			enqueue(t, s, event("ops/C1", "d", "4", rules.High))
			good, key := claimKey(t, s, "ops/C1", c.after)
			if key != "d:4" {
				t.Fatalf("claimed %q, want the new notice", key)
			}
			finish(t, s, good, func(o *alerting.Outcome) { o.Ended = ten.Add(c.after) })
			if got := claimAll(t, s, c.after); !slices.Equal(got, c.want) {
				t.Errorf("after the success %q went, want %q", got, c.want)
			}
			if got := claimAll(t, s, time.Minute); !slices.Equal(got, c.later) {
				t.Errorf("after a minute %q went, want %q", got, c.later)
			}
			if got := rowOf(t, s, "c:3"); got.Due.Before(ten.Add(time.Hour)) {
				t.Errorf("a notice of another lane is due at %s", got.Due)
			}
		})
	}
}

// A notice that fails alone in a lane that works for others is tried once a
// minute, not at each success.
func TestANoticeThatFailsAloneIsNotHammered(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	enqueue(t, s, event("ops/C1", "bad", "0", rules.High))
	tries := 0
	for second := range 180 {
		at := time.Duration(second) * time.Second
		good := event("ops/C1", "good", fmt.Sprintf("g%03d", second), rules.High)
		good.Created, good.Due = ten.Add(at), ten.Add(at)
		enqueue(t, s, good)
		for {
			n, key := claimKey(t, s, "ops/C1", at)
			if key == "" {
				break
			}
			if key == "bad:0" {
				tries++
			}
			finish(t, s, n, func(o *alerting.Outcome) {
				o.Began, o.Ended = ten.Add(at), ten.Add(at)
				if key == "bad:0" {
					waiting(alerting.ClassTransient, at+24*time.Hour)(o)
				}
			})
		}
	}
	if tries < 4 || tries > 12 {
		t.Errorf("tried %d times in 3 min, want some, and no more than one in 5 s, 10 s, 15 s and so on", tries)
	}
}

// A state that is to wait goes when the one that it replaces would have gone:
// states that come faster than they are due do not put each other off.
func TestANewerStateGoesWhenTheOldOneWouldHave(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	for v := range 3 {
		n := stateOf(v + 1)
		n.Created = ten.Add(time.Duration(v) * 3 * time.Second)
		n.Due = n.Created.Add(5 * time.Second)
		enqueue(t, s, n)
	}
	if _, got := claimKey(t, s, "ops/C1", 4*time.Second); got != "" {
		t.Errorf("claimed %q before any was due", got)
	}
	if _, got := claimKey(t, s, "ops/C1", 5*time.Second); got != "a:s3" {
		t.Errorf("claimed %q when the first was due, want the newest", got)
	}
}

func claimAll(t *testing.T, s *store.Store, after time.Duration) []string {
	t.Helper()
	var keys []string
	for {
		_, key := claimKey(t, s, "ops/C1", after)
		if key == "" {
			return keys
		}
		keys = append(keys, key)
	}
}
