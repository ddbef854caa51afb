package store_test

import (
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// What was decided before the clock was set back goes now, not when the clock
// comes there again.
func TestTheClockIsSetBack(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	n := event("mail/sre", "inc_1", "n1", rules.Critical)
	n.Created, n.Due = noon, noon
	enqueue(t, s, n)
	got, err := s.Claim(t.Context(), alerting.ClaimRequest{Lane: "mail/sre", Owner: "me", Now: noon, Limit: 1, Lease: time.Minute})
	if err != nil || len(got) != 1 {
		t.Fatalf("claimed %d: %v", len(got), err)
	}
	_, err = s.Finish(t.Context(), alerting.Outcome{
		ID: got[0].ID, Fence: got[0].Fence, Lane: "mail/sre", Kind: "email", Began: noon, Ended: noon, Result: alerting.ResultWaiting,
		Class: alerting.ClassLimited, Failing: true, Due: noon.Add(time.Hour), PauseUntil: noon.Add(time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	back := noon.Add(-24 * time.Hour)
	if err := s.Recover(t.Context(), alerting.Recovery{Now: back}); err != nil {
		t.Fatal(err)
	}
	got, err = s.Claim(t.Context(), alerting.ClaimRequest{Lane: "mail/sre", Owner: "me", Now: back, Limit: 1, Lease: time.Minute})
	if err != nil || len(got) != 1 || !got[0].Created.Equal(back) {
		t.Fatalf("a day back, claimed %+v: %v", got, err)
	}
	w, err := s.Lanes(t.Context(), back.Add(2*time.Minute))
	if err != nil || len(w.Lanes) != 1 || !w.Lanes[0].FailingSince.Equal(back) {
		t.Errorf("lanes %+v: %v; want one that fails since the clock was set back", w.Lanes, err)
	}
}
