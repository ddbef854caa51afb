package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/internal/store"
	"github.com/hookvigil/hookvigil/rules"
)

// stopAlarmOf is the alarm that a lane has stopped, told through a pager.
func stopAlarmOf(lane string, when time.Duration) alerting.Notice {
	n := event("pager/events", fmt.Sprintf("stopped:%s:%d", lane, ten.Add(when).UnixMicro()), "", rules.Critical)
	n.IdemKey, n.Kind, n.Facts = n.Subject, alerting.KindDead, []byte(`{"title":"refused","at":"2026-03-01T10:00:00Z"}`)
	return n
}

// stops lets the next notice of a lane be refused, which stops it.
func stops(t *testing.T, s *store.Store, lane string, when time.Duration) {
	t.Helper()
	c, _ := claimKey(t, s, lane, when)
	alarm := stopAlarmOf(lane, when)
	finish(t, s, c, func(o *alerting.Outcome) {
		o.Result, o.Class, o.Text, o.Due, o.Failing, o.Stop, o.Extra = alerting.ResultWaiting, alerting.ClassAuth, "no", ten, true, true, &alarm
	})
}

// alarmsOf lists the notices about stopped lanes: kind, state and lane.
func alarmsOf(t *testing.T, s *store.Store) (list []string) {
	t.Helper()
	for _, r := range outboxOf(t, s, alerting.OutboxFilter{Limit: 1000}) {
		if lane, ok := alerting.StoppedLane(r.Subject); ok {
			list = append(list, fmt.Sprintf("%s %s %s", lane, r.Kind, r.State))
		}
	}
	slices.Sort(list)
	return list
}

func TestTheAlarmOfAStoppedLaneEnds(t *testing.T) {
	t.Parallel()
	recovers := func(gone func(string) bool) func(*testing.T, *store.Store) {
		return func(t *testing.T, s *store.Store) {
			t.Helper()
			if err := s.Recover(t.Context(), alerting.Recovery{Now: ten.Add(time.Hour), Lanes: true, Gone: gone}); err != nil {
				t.Fatal(err)
			}
		}
	}
	none := func(string) bool { return false }
	works := func(t *testing.T, s *store.Store) {
		t.Helper()
		recovers(none)(t, s)
		c, _ := claimKey(t, s, "ops/C1", time.Hour)
		finish(t, s, c, nil)
	}
	told := func(change func(*alerting.Outcome)) func(*testing.T, *store.Store) {
		return func(t *testing.T, s *store.Store) {
			t.Helper()
			c, key := claimKey(t, s, "pager/events", time.Minute)
			if !strings.HasPrefix(key, "stopped:ops/C1") {
				t.Fatalf("the pager has %q", key)
			}
			finish(t, s, c, change)
		}
	}
	died := func(class alerting.Class) func(*testing.T, *store.Store) {
		return told(func(o *alerting.Outcome) { o.Result, o.Class = alerting.ResultDead, class })
	}
	for sentence, tc := range map[string]struct {
		steps []func(*testing.T, *store.Store)
		want  string
	}{
		"told, and nothing since":               {[]func(*testing.T, *store.Store){told(nil)}, "[ops/C1 dead_letter sent]"},
		"told, and a reload":                    {[]func(*testing.T, *store.Store){told(nil), recovers(none)}, "[ops/C1 dead_letter sent]"},
		"told, and it works":                    {[]func(*testing.T, *store.Store){told(nil), works}, "[ops/C1 dead_letter sent ops/C1 resolve waiting]"},
		"told, and it works again and again":    {[]func(*testing.T, *store.Store){told(nil), works, works, recovers(none)}, "[ops/C1 dead_letter sent ops/C1 resolve waiting]"},
		"not told, and it works":                {[]func(*testing.T, *store.Store){works}, "[ops/C1 dead_letter withheld]"},
		"perhaps told, and it works":            {[]func(*testing.T, *store.Store){told(waiting(alerting.ClassTransient, time.Hour)), works}, "[ops/C1 dead_letter waiting ops/C1 resolve waiting]"},
		"dead, and it works":                    {[]func(*testing.T, *store.Store){died(alerting.ClassDestination), works}, "[ops/C1 dead_letter dead]"},
		"dead, perhaps told, and it works":      {[]func(*testing.T, *store.Store){died(alerting.ClassAmbiguous), works}, "[ops/C1 dead_letter dead ops/C1 resolve waiting]"},
		"told, and its receiver goes":           {[]func(*testing.T, *store.Store){told(nil), recovers(func(lane string) bool { return lane == "ops/C1" })}, "[ops/C1 dead_letter sent ops/C1 resolve waiting]"},
		"told, and both receivers go":           {[]func(*testing.T, *store.Store){told(nil), recovers(func(string) bool { return true })}, "[ops/C1 dead_letter sent]"},
		"told, and another receiver goes":       {[]func(*testing.T, *store.Store){told(nil), recovers(func(lane string) bool { return lane == "mail/sre" })}, "[ops/C1 dead_letter sent]"},
		"not told, and its receiver goes":       {[]func(*testing.T, *store.Store){recovers(func(lane string) bool { return lane == "ops/C1" })}, "[ops/C1 dead_letter withheld]"},
		"its receiver goes, started long since": {[]func(*testing.T, *store.Store){told(nil), recovers(nil), recovers(func(lane string) bool { return lane == "ops/C1" })}, "[ops/C1 dead_letter sent ops/C1 resolve waiting]"},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			s := open(t, t.TempDir())
			enqueue(t, s, event("ops/C1", "a", "1", rules.High), event("ops/C1", "b", "2", rules.High))
			stops(t, s, "ops/C1", 0)
			for _, step := range tc.steps {
				step(t, s)
			}
			if got := fmt.Sprint(alarmsOf(t, s)); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

// A lane that works ends what it has stopped, each time, and nothing of a lane
// whose name begins alike.
func TestALaneThatWorksEndsItsOwnAlarms(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	for i, lane := range []string{"ops/C1", "ops/C1:x", "ops/C12"} {
		enqueue(t, s, event(lane, "a", fmt.Sprint(i), rules.High))
		stops(t, s, lane, 0)
	}
	if err := s.Recover(t.Context(), alerting.Recovery{Now: ten.Add(time.Minute), Lanes: true}); err != nil {
		t.Fatal(err)
	}
	stops(t, s, "ops/C1", time.Minute) // the reload has mended nothing
	for range 4 {
		c, key := claimKey(t, s, "pager/events", 2*time.Minute)
		if key == "" {
			t.Fatal("the pager has no fourth alarm")
		}
		finish(t, s, c, nil)
	}
	if err := s.Recover(t.Context(), alerting.Recovery{Now: ten.Add(time.Hour), Lanes: true}); err != nil {
		t.Fatal(err)
	}
	c, _ := claimKey(t, s, "ops/C1", time.Hour)
	finish(t, s, c, nil)
	var ends []string
	for c, key := claimKey(t, s, "pager/events", 2*time.Hour); key != ""; c, key = claimKey(t, s, "pager/events", 2*time.Hour) {
		if !strings.Contains(string(c.Facts), strings.TrimSuffix(key, ":over")) || c.Kind != alerting.KindResolve {
			t.Errorf("%s tells %s", key, c.Facts)
		}
		ends = append(ends, key)
		finish(t, s, c, nil)
	}
	slices.Sort(ends)
	want := []string{stopAlarmOf("ops/C1", 0).IdemKey + ":over", stopAlarmOf("ops/C1", time.Minute).IdemKey + ":over"}
	if !slices.Equal(ends, want) {
		t.Errorf("ended %q, want %q", ends, want)
	}
}
