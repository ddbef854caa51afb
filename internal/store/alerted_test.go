package store_test

import "testing"

// TestTheFirstNoticeIsTold: each incident once, whatever else is sent of it.
func TestTheFirstNoticeIsTold(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	first := 0
	s.Alerted = func() { first++ }
	e, c := failed("a", "h1", noon, minute(2))
	step(t, s, e, c)
	turnOf(t, s, desk(), minute(2))
	if first != 0 {
		t.Errorf("%d before anything was sent", first)
	}
	send(t, s, "mail/sre", minute(3))
	send(t, s, "ops/C1", minute(3))
	step(t, s, e, e.clear(minute(9)))
	turnOf(t, s, desk(), minute(9))
	send(t, s, "mail/sre", minute(10))
	if first != 1 {
		t.Errorf("%d times, want once", first)
	}
}
