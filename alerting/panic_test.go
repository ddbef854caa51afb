package alerting_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// A template that panics harms neither the process nor the page: the next try
// has the plain form. A bug that is not one of the form is tried on and on.
func TestWhatPanicsGoesInItsPlainForm(t *testing.T) {
	for sentence, tc := range map[string]struct {
		panics func(nth int, n alerting.Notice) bool
		tries  int
	}{
		"the full form alone panics": {func(_ int, n alerting.Notice) bool { return !n.Reduced }, 2},
		"any form, for a while":      {func(nth int, _ alerting.Notice) bool { return nth < 4 }, 4},
	} {
		t.Run(sentence, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newSends(func(_ context.Context, nth int, n alerting.Notice) (alerting.Ref, error) {
					if tc.panics(nth, n) {
						panic("template: a nil map")
					}
					return alerting.Ref{}, nil
				})
				q := newMemory(event("ops/C1", "a", "1", rules.High))
				drained(t, q, slackLike(map[string]alerting.Receiver{"ops": r}))
				got := r.seen()
				if len(got) != tc.tries || got[0].Reduced || q.states()["a:1"] != "sent" {
					t.Fatalf("tried %v, and it is %s; want %d tries, then sent", got, q.states()["a:1"], tc.tries)
				}
				for _, again := range got[1:] {
					if !again.Reduced || again.at < time.Second {
						t.Errorf("tried again %v, want the plain form, after the back-off", again)
					}
				}
			})
		})
	}
}
