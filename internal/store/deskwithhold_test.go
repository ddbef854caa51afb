package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/internal/store"
	"github.com/hookvigil/hookvigil/rules"
)

// everybody is told in each of the forms.
func everybody() alerting.Desk {
	d := desk()
	d.Routes = func(alerting.Incident) []alerting.Destination {
		return []alerting.Destination{
			{Lane: "hook/x", Form: alerting.FormHook}, {Lane: "mail/sre", Recipient: "sre@x.example"},
			{Lane: "ops/C1", Recipient: "C1", Form: alerting.FormThread}, {Lane: "pager/events", Form: alerting.FormState},
		}
	}
	return d
}

func turnOf(tb testing.TB, s *store.Store, d alerting.Desk, now time.Time) {
	tb.Helper()
	_, err := s.CommitDesk(tb.Context(), request(now), func(w alerting.World, c []rules.Change) alerting.Decision { return d.Decide(w, c, now) })
	if err != nil {
		tb.Fatal(err)
	}
}

// An incident that begins and ends while nobody can be reached is told once,
// late, with its true times; pagers wake nobody for it.
func TestWhatIsOverBeforeItLeftIsToldOnce(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	e, c := failed("a", "h1", noon, minute(2))
	step(t, s, e, c)
	turnOf(t, s, everybody(), minute(2))
	step(t, s, e, e.clear(minute(9)))
	turnOf(t, s, everybody(), minute(9))
	for lane, want := range map[string]string{"mail/sre": "resolve", "ops/C1": "root", "hook/x": "hook hook", "pager/events": ""} {
		if got := kindsOf(send(t, s, lane, minute(10))); got != want {
			t.Errorf("%s: sent %q, want %q", lane, got, want)
		}
	}
	in := incidents(t, s, alerting.IncidentFilter{})[0]
	_, entries := incident(t, s, in.ID)
	var said []string
	for _, e := range entries {
		said = append(said, string(e.Kind))
	}
	if got, want := fmt.Sprint(said), "[opened resolved withheld alerted]"; got != want {
		t.Errorf("timeline %s, want %s", got, want)
	}
	if text := entries[2].Text; text != "over before it left: not told through pager" {
		t.Errorf("withheld: %q", text)
	}
	if rows := outboxOf(t, s, alerting.OutboxFilter{Lane: "pager/events"}); len(rows) != 2 || rows[0].State != "withheld" || rows[0].Reason != "it was over before it left" {
		t.Errorf("the pager's notices: %+v", rows)
	}
}

// What was told hears the end, and so does what may have been.
func TestWhatMayHaveBeenToldHearsTheEnd(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		meanwhile func(*testing.T, *store.Store)
		want      string
	}{
		"sent": {func(t *testing.T, s *store.Store) {
			t.Helper()
			send(t, s, "mail/sre", minute(3))
		}, "resolve"},
		"perhaps sent": {func(t *testing.T, s *store.Store) {
			t.Helper()
			got, err := s.Claim(t.Context(), alerting.ClaimRequest{Lane: "mail/sre", Owner: "me", Now: minute(3), Limit: 1, Lease: time.Minute})
			if err != nil || len(got) != 1 {
				t.Fatalf("claimed %d: %v", len(got), err)
			}
			_, err = s.Finish(t.Context(), alerting.Outcome{
				ID: got[0].ID, Fence: got[0].Fence, Lane: "mail/sre", Kind: "email", Began: minute(3), Ended: minute(3),
				Result: alerting.ResultWaiting, Class: alerting.ClassAmbiguous, Due: minute(4),
			})
			if err != nil {
				t.Fatal(err)
			}
		}, "mail resolve"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, t.TempDir())
			e, c := failed("a", "h1", noon, minute(2))
			step(t, s, e, c)
			turnOf(t, s, everybody(), minute(2))
			tc.meanwhile(t, s)
			step(t, s, e, e.clear(minute(9)))
			turnOf(t, s, everybody(), minute(9))
			if got := kindsOf(send(t, s, "mail/sre", minute(10))); got != tc.want {
				t.Errorf("sent %q, want %q", got, tc.want)
			}
		})
	}
}

// What a pager would have woken somebody for, but did not because it was
// recovering by then, was told to nobody there: the timeline says so.
func TestAPageThatWasHeldBackIsWithheld(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	e, c := failed("a", "h1", noon, minute(2))
	step(t, s, e, c)
	turnOf(t, s, everybody(), minute(2))
	got, err := s.Claim(t.Context(), alerting.ClaimRequest{Lane: "pager/events", Owner: "me", Now: minute(3), Limit: 1, Lease: time.Minute})
	if err != nil || len(got) != 1 {
		t.Fatalf("claimed %d: %v", len(got), err)
	}
	_, err = s.Finish(t.Context(), alerting.Outcome{
		ID: got[0].ID, Fence: got[0].Fence, Lane: "pager/events", Kind: "pagerduty", Began: minute(3), Ended: minute(3),
		Result: alerting.ResultHushed, Text: "it recovers",
	})
	if err != nil {
		t.Fatal(err)
	}
	if proofs, err := s.Proofs(t.Context()); err != nil || !proofs["pager/events"].Last().IsZero() {
		t.Errorf("the lane is proved: %+v, %v", proofs, err)
	}
	step(t, s, e, e.clear(minute(9)))
	turnOf(t, s, everybody(), minute(9))
	if got := kindsOf(send(t, s, "pager/events", minute(10))); got != "" {
		t.Errorf("sent %q, want nothing", got)
	}
	in := incidents(t, s, alerting.IncidentFilter{})[0]
	if !in.AlertedAt.IsZero() {
		t.Errorf("somebody was alerted at %s", in.AlertedAt)
	}
	_, entries := incident(t, s, in.ID)
	if last := entries[len(entries)-1]; last.Kind != alerting.EntryWithheld || last.Text != "over before it left: not told through pager" {
		t.Errorf("the timeline ends with %+v", last)
	}
}
