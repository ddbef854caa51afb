package store_test

import (
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// What ended long ago goes; what waits, is dead, or ended lately stays.
func TestNoticesOfLongAgoGo(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	enqueue(t, s, event("mail/a", "one", "n1", rules.High), event("mail/b", "two", "n2", rules.High), event("mail/c", "three", "n3", rules.High))
	for lane, change := range map[string]func(*alerting.Outcome){
		"mail/a": func(*alerting.Outcome) {}, "mail/b": func(o *alerting.Outcome) { o.Result = alerting.ResultDead },
	} {
		c, key := claimKey(t, s, lane, 0)
		if key == "" {
			t.Fatalf("nothing to claim in %s", lane)
		}
		finish(t, s, c, change)
	}
	drop := func(before time.Time, want int) {
		t.Helper()
		if n, err := s.DropNotices(t.Context(), before); n != want || err != nil {
			t.Errorf("%d dropped before %s, want %d: %v", n, before, want, err)
		}
	}
	drop(ten, 0)
	drop(ten.Add(time.Hour), 1)
	var left []string
	for _, r := range outboxOf(t, s, alerting.OutboxFilter{}) {
		left = append(left, r.State)
	}
	if len(left) != 2 {
		t.Errorf("left %v, want the dead and the waiting one", left)
	}
}
