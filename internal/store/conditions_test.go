package store_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/internal/conditions"
	"github.com/hookvigil/hookvigil/internal/store"
	"github.com/hookvigil/hookvigil/rules"
)

// noon is a moment as it is stored.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func minute(m float64) time.Time { return noon.Add(time.Duration(m * float64(time.Minute))) }

// endpoint is an endpoint_down of one endpoint, driven by hand. Its zero
// Standing has seen nothing.
type endpoint struct{ rules.Standing }

func endpointOn(id, host string) *endpoint {
	return &endpoint{rules.Standing{Rule: rules.RuleEndpointDown, Scope: rules.ScopeOf(rules.ScopeEndpoint, id), Merchant: "m-" + id, Host: host}}
}

func (e *endpoint) pend(since time.Time, fault string) rules.Standing {
	e.Episode.Phase, e.Episode.Since, e.Episode.Fault = rules.PhasePending, since, fault
	e.OpenedAt, e.Cleared, e.Evidence = time.Time{}, time.Time{}, rules.Evidence{}
	return e.Standing
}

func (e *endpoint) drop() {
	e.Episode.Phase, e.Episode.Since, e.Episode.Fault = rules.PhaseNone, time.Time{}, ""
}

func (e *endpoint) open(at time.Time, severity rules.Severity) rules.Change {
	if e.Episode.Phase == rules.PhaseOpen {
		e.Episode.Changes++
	} else {
		e.Episode.Number, e.Episode.Changes, e.Episode.Phase = e.Episode.Number+1, 1, rules.PhaseOpen
		e.OpenedAt = at
	}
	e.Episode.Worst = severity
	return e.change(at, e.Episode.Fault+" since "+e.Episode.Since.Format("15:04"))
}

func (e *endpoint) clear(at time.Time) rules.Change {
	e.Episode.Changes++
	e.Episode.Phase, e.Cleared = rules.PhaseNone, at
	return e.change(at, "answers again")
}

func (e *endpoint) change(at time.Time, text string) rules.Change {
	e.Evidence = rules.Evidence{Text: text, From: e.Episode.Since, To: at, Numerator: 3, Denominator: 3, Clears: "2 healthy probes in a row"}
	return rules.Change{
		Key: e.Key(), Number: e.Episode.Changes, Open: e.Episode.Phase == rules.PhaseOpen, Since: e.Episode.Since, At: at,
		Severity: e.Episode.Worst, Fault: e.Episode.Fault, Merchant: e.Merchant, Host: e.Host, Evidence: e.Evidence,
	}
}

// failed makes an endpoint that has failed since a moment and is open.
func failed(id, host string, since, at time.Time) (*endpoint, rules.Change) {
	e := endpointOn(id, host)
	e.pend(since, "refused")
	return e, e.open(at, rules.High)
}

func commitShard(tb testing.TB, s *store.Store, c conditions.Commit) {
	tb.Helper()
	if c.Now.IsZero() {
		c.Now = noon
	}
	if err := s.CommitShard(tb.Context(), c); err != nil {
		tb.Fatal(err)
	}
}

// step commits one endpoint as it stands, with what changed.
func step(tb testing.TB, s *store.Store, e *endpoint, changes ...rules.Change) {
	tb.Helper()
	commitShard(tb, s, conditions.Commit{Standing: []rules.Standing{e.Standing}, Changes: changes})
}

func saved(tb testing.TB, s *store.Store) conditions.Saved {
	tb.Helper()
	got, err := s.Conditions(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	return got
}

func TestConditionsStandAsTheyStood(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]func(t *testing.T, s *store.Store) []rules.Standing{
		"pending for the first time": func(t *testing.T, s *store.Store) []rules.Standing {
			t.Helper()
			e := endpointOn("a", "h1")
			e.pend(noon, "refused")
			step(t, s, e)
			return []rules.Standing{e.Standing}
		},
		"pending and dropped": func(t *testing.T, s *store.Store) []rules.Standing {
			t.Helper()
			e := endpointOn("a", "h1")
			e.pend(noon, "refused")
			step(t, s, e)
			e.drop()
			step(t, s, e)
			return nil
		},
		"open, with another fault by now": func(t *testing.T, s *store.Store) []rules.Standing {
			t.Helper()
			e, c := failed("a", "h1", noon, minute(2))
			step(t, s, e, c)
			e.Episode.Fault = "http_5xx"
			step(t, s, e)
			return []rules.Standing{e.Standing}
		},
		"louder": func(t *testing.T, s *store.Store) []rules.Standing {
			t.Helper()
			e, c := failed("a", "h1", noon, minute(2))
			step(t, s, e, c)
			step(t, s, e, e.open(minute(3), rules.Critical))
			return []rules.Standing{e.Standing}
		},
		"cleared": func(t *testing.T, s *store.Store) []rules.Standing {
			t.Helper()
			e, c := failed("a", "h1", noon, minute(2))
			step(t, s, e, c)
			step(t, s, e, e.clear(minute(9)))
			return []rules.Standing{e.Standing}
		},
		"opened and cleared in one commit, and pending again": func(t *testing.T, s *store.Store) []rules.Standing {
			t.Helper()
			e, opened := failed("a", "h1", noon, minute(2))
			cleared := e.clear(minute(9))
			e.pend(minute(10), "reset")
			step(t, s, e, opened, cleared)
			return []rules.Standing{e.Standing}
		},
		"cleared and pending again in one commit, then dropped": func(t *testing.T, s *store.Store) []rules.Standing {
			t.Helper()
			e, c := failed("a", "h1", noon, minute(2))
			step(t, s, e, c)
			cleared := e.clear(minute(9))
			want := e.Standing
			e.pend(minute(10), "reset")
			step(t, s, e, cleared)
			e.drop()
			step(t, s, e)
			return []rules.Standing{want}
		},
		"the second episode of one, the first of another": func(t *testing.T, s *store.Store) []rules.Standing {
			t.Helper()
			e, c := failed("a", "h1", noon, minute(2))
			step(t, s, e, c)
			step(t, s, e, e.clear(minute(9)))
			e.pend(minute(20), "reset")
			step(t, s, e)
			step(t, s, e, e.open(minute(22), rules.Critical))
			other, c := failed("b", "h2", minute(1), minute(3))
			step(t, s, other, c)
			return []rules.Standing{e.Standing, other.Standing}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s := open(t, dir)
			want := test(t, s)
			shut(t, s)
			if got := saved(t, open(t, dir)).Standing; !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		})
	}
}

func TestSeriesAndPositionAreKept(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	a := conditions.SeriesState{Series: "channel_error_ratio/channel:ID_BCA", Version: 1, State: []byte{1}}
	b := conditions.SeriesState{Series: "platform_error_ratio/platform", Version: 1, State: []byte{2}}
	commitShard(t, s, conditions.Commit{Series: []conditions.SeriesState{a, b}, Position: 7})
	commitShard(t, s, conditions.Commit{})
	b.State = []byte{3, 4}
	gone := a
	gone.State = nil
	commitShard(t, s, conditions.Commit{Series: []conditions.SeriesState{gone, b}})
	want := conditions.Saved{Series: []conditions.SeriesState{b}, Position: 7}
	if got := saved(t, s); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	err := s.CommitShard(t.Context(), conditions.Commit{Position: 9, Now: noon, Series: []conditions.SeriesState{{Series: "nowhere", State: []byte{1}}}})
	if err == nil || !strings.Contains(err.Error(), `series "nowhere": want <rule>/<scope>`) {
		t.Errorf("a series without a scope: %v", err)
	}
	if got := saved(t, s); got.Position != 7 {
		t.Errorf("position %d after a commit that failed, want 7", got.Position)
	}
}

// TestAReplayedChangeChangesNothing: rules that decide again after a crash make
// the same changes; the condition stands as it stood, and the desk reads each
// once.
func TestAReplayedChangeChangesNothing(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	e, opened := failed("a", "h1", noon, minute(2))
	step(t, s, e, opened)
	cleared := e.clear(minute(9))
	step(t, s, e, cleared)
	again := opened
	again.At, again.Fault, again.Evidence.Text = minute(3), "other", "other"
	commitShard(t, s, conditions.Commit{Changes: []rules.Change{again, cleared}})
	if got := saved(t, s).Standing; !reflect.DeepEqual(got, []rules.Standing{e.Standing}) {
		t.Errorf("got %+v, want %+v", got, e.Standing)
	}
	var read []rules.Change
	_, err := s.CommitDesk(t.Context(), alerting.DeskRequest{Now: minute(9), Limit: 10}, func(_ alerting.World, c []rules.Change) alerting.Decision {
		read = c
		return alerting.Decision{}
	})
	if want := []rules.Change{opened, cleared}; err != nil || !reflect.DeepEqual(read, want) {
		t.Errorf("the desk read %+v (%v), want %+v", read, err, want)
	}
}

// TestEvidenceThatIsNoNumberKeepsItsText: it must never hold up a commit.
func TestEvidenceThatIsNoNumberKeepsItsText(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	e, c := failed("a", "h1", noon, minute(2))
	nan := rules.Ratio(0)
	nan /= nan
	c.Evidence.Low = nan
	e.Evidence = c.Evidence
	step(t, s, e, c)
	if got := saved(t, s).Standing[0].Evidence; got.Text != "refused since 12:00" {
		t.Errorf("evidence %+v", got)
	}
}
