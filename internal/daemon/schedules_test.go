package daemon

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/store"
)

var learntTries = []deliveries.Retry{{Number: 2, Offset: 15 * time.Minute}, {Number: 3, Offset: time.Hour}}

// teach lets learners hear of the retries of n events.
func teach(l *learners, n int) {
	for range n {
		l.took(store.Told{Event: deliveries.Event{Source: "core", Schedule: deliveries.Unknown}, Retries: learntTries})
	}
}

// mustNews returns all that was learnt, when some of it is new.
func mustNews(t *testing.T, l *learners) map[string][]byte {
	t.Helper()
	all, _, err := l.news()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// A schedule that becomes known, and one that gets an end, are news; what moves
// a little is not, and nothing is while nobody taught.
func TestWhatIsNewsOfASchedule(t *testing.T) {
	t.Parallel()
	var l learners
	news := func() int {
		t.Helper()
		_, changed, err := l.news()
		if err != nil {
			t.Fatal(err)
		}
		l.saved()
		for _, source := range changed {
			s, _ := l.schedule(source)
			l.retold(source, s)
		}
		return len(changed)
	}
	if teach(&l, 199); news() != 0 {
		t.Error("199 events taught a schedule, want 200")
	}
	if teach(&l, 1); news() != 1 {
		t.Error("200 events taught nothing")
	}
	if teach(&l, 100); news() != 0 {
		t.Error("the same schedule again is news")
	}
	last := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	ended := deliveries.Event{
		Source: "core", Schedule: deliveries.Learnt, State: deliveries.EventRetrying, Attempts: 3,
		FirstAttemptAt: last.Add(-time.Hour), LastAttemptAt: last,
	}
	by := ended.EndedBy()
	for range 200 {
		l.gaveUp(ended, by.Add(-2*time.Minute), by.Add(-time.Minute)) // not yet
		l.gaveUp(ended, by, by.Add(time.Minute))                      // told a minute ago
	}
	if news() != 0 {
		t.Error("events that are not given up end the schedule")
	}
	for range 200 {
		l.gaveUp(ended, by.Add(-time.Minute), by)
	}
	if news() != 1 {
		t.Error("200 events that were given up do not end the schedule")
	}
	if s, ok := l.schedule("core"); !ok || s.Open || len(s.Offsets) != 2 {
		t.Errorf("learnt %+v, %t; want 15m and 1h, closed", s, ok)
	}
}

// Sources are bounded: their names come from senders.
func TestLearnersAreBounded(t *testing.T) {
	t.Parallel()
	var l learners
	for i := range 2 * mostLearners {
		l.took(store.Told{Event: deliveries.Event{Source: fmt.Sprint("source-", i)}, Retries: learntTries})
	}
	if len(l.of) != mostLearners {
		t.Errorf("%d sources are learnt, want %d", len(l.of), mostLearners)
	}
}

// What was saved is what was learnt.
func TestLearntIsSaved(t *testing.T) {
	t.Parallel()
	var l learners
	teach(&l, 200)
	saved, _, err := l.news()
	if err != nil {
		t.Fatal(err)
	}
	var again deliveries.Learner
	if err := json.Unmarshal(saved["core"], &again); err != nil {
		t.Fatal(err)
	}
	if s, ok := again.Schedule(); !ok || len(s.Offsets) != 2 {
		t.Errorf("read back: %+v, %t", s, ok)
	}
	if again, changed, err := l.news(); err != nil || len(again) != 1 || len(changed) != 1 {
		t.Errorf("a save that failed: %d, %v, %v; want the same news again", len(again), changed, err)
	}
	l.saved()
	if again, _, err := l.news(); err != nil || len(again) != 0 {
		t.Errorf("saved again without news: %d, %v", len(again), err)
	}
	if teach(&l, 1); len(mustNews(t, &l)) != 1 {
		t.Error("what was learnt after a save is no news")
	}
	teach(&l, 1) // while that is saved
	l.saved()
	if len(mustNews(t, &l)) != 1 {
		t.Error("what was learnt during a save counts as saved")
	}
	l.saved()
	l.again("core")
	if _, changed, err := l.news(); err != nil || len(changed) != 1 {
		t.Errorf("told in vain: %v, %v; want it told again", changed, err)
	}
}
