package store_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/internal/store"
	"github.com/hookvigil/hookvigil/rules"
)

// ten is a moment with a part of a microsecond: nothing may become early by
// being stored.
var ten = time.Date(2026, 3, 1, 10, 0, 0, 1500, time.UTC)

func event(lane, subject, id string, severity rules.Severity) alerting.Notice {
	return alerting.Notice{
		ID: id, IdemKey: subject + ":" + id, Lane: lane, Recipient: "r", Subject: subject, Version: 1, Kind: alerting.KindUpdate,
		Flow: alerting.FlowEvent, Severity: severity, Facts: []byte(`{"title":"acme is down"}`), Created: ten, Due: ten,
	}
}

func stateOf(version int) alerting.Notice {
	n := event("ops/C1", "a", fmt.Sprintf("s%d", version), rules.High)
	n.Kind, n.Flow, n.Version = alerting.KindRoot, alerting.FlowState, version
	return n
}

func enqueue(tb testing.TB, s *store.Store, notices ...alerting.Notice) {
	tb.Helper()
	if err := s.Enqueue(tb.Context(), notices); err != nil {
		tb.Fatal(err)
	}
}

// claim claims at most one notice, at a moment after ten.
func claim(tb testing.TB, s *store.Store, lane string, after time.Duration) []alerting.Claimed {
	tb.Helper()
	got, err := s.Claim(tb.Context(), alerting.ClaimRequest{Lane: lane, Owner: "me", Now: ten.Add(time.Microsecond + after), Limit: 1, Lease: time.Minute})
	if err != nil {
		tb.Fatal(err)
	}
	return got
}

// claimKey claims the next notice and returns its key, "" for none.
func claimKey(tb testing.TB, s *store.Store, lane string, after time.Duration) (alerting.Claimed, string) {
	tb.Helper()
	got := claim(tb, s, lane, after)
	if len(got) == 0 {
		return alerting.Claimed{}, ""
	}
	return got[0], got[0].IdemKey
}

// finish finishes c with what change makes of a success.
func finish(tb testing.TB, s *store.Store, c alerting.Claimed, change func(*alerting.Outcome)) bool {
	tb.Helper()
	o := alerting.Outcome{
		ID: c.ID, Fence: c.Fence, Lane: c.Lane, Kind: "slack", Began: ten, Ended: ten.Add(time.Second), Result: alerting.ResultSent,
	}
	if change != nil {
		change(&o)
	}
	applied, err := s.Finish(tb.Context(), o)
	if err != nil {
		tb.Fatal(err)
	}
	return applied
}

func waiting(class alerting.Class, due time.Duration) func(*alerting.Outcome) {
	return func(o *alerting.Outcome) {
		o.Result, o.Class, o.Text, o.Due, o.Failing = alerting.ResultWaiting, class, "said no", ten.Add(due), true
	}
}

func outboxOf(tb testing.TB, s *store.Store, f alerting.OutboxFilter) []alerting.OutboxRow {
	tb.Helper()
	rows, err := s.Outbox(tb.Context(), f)
	if err != nil {
		tb.Fatal(err)
	}
	return rows
}

// rowOf returns the notice with that key.
func rowOf(tb testing.TB, s *store.Store, key string) alerting.OutboxRow {
	tb.Helper()
	rows := outboxOf(tb, s, alerting.OutboxFilter{Limit: 1000})
	i := slices.IndexFunc(rows, func(r alerting.OutboxRow) bool { return r.IdemKey == key })
	if i < 0 {
		tb.Fatalf("no notice %q", key)
	}
	return rows[i]
}

func TestEnqueueIsIdempotent(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	n := event("ops/C1", "a", "1", rules.High)
	enqueue(t, s, n, n)
	again := n
	again.ID, again.Facts = "2", []byte(`{"title":"something else"}`)
	enqueue(t, s, again)
	bare := alerting.Notice{IdemKey: "bare", Lane: "ops/C1", Flow: alerting.FlowEvent, Severity: rules.Low, Kind: alerting.KindTest}
	enqueue(t, s, bare)
	rows := outboxOf(t, s, alerting.OutboxFilter{})
	if len(rows) != 2 {
		t.Fatalf("%d notices, want 2", len(rows))
	}
	if r := rowOf(t, s, "a:1"); r.ID != "1" || string(r.Facts) != `{"title":"acme is down"}` || r.State != "waiting" {
		t.Errorf("kept %+v, want the first", r)
	}
	if r := rowOf(t, s, "bare"); len(r.ID) != 36 || time.Since(r.Created) > time.Hour || r.Due.Sub(r.Created) > time.Microsecond || string(r.Facts) != "{}" {
		t.Errorf("stored %+v, want an ID and its times made", r)
	}
}

func TestEnqueueIsWholeOrAbsent(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string]func(n *alerting.Notice){
		"no key":              func(n *alerting.Notice) { n.IdemKey = "" },
		"no lane":             func(n *alerting.Notice) { n.Lane = "" },
		"no destination":      func(n *alerting.Notice) { n.Lane = "ops/" },
		"no receiver":         func(n *alerting.Notice) { n.Lane = "/C1" },
		"no flow":             func(n *alerting.Notice) { n.Flow = "" },
		"facts are no JSON":   func(n *alerting.Notice) { n.Facts = []byte("{") },
		"an ID twice":         func(n *alerting.Notice) { n.ID = "1" },
		"an unknown severity": func(n *alerting.Notice) { n.Severity = "loud" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, t.TempDir())
			n := event("ops/C1", "a", "2", rules.High)
			bad(&n)
			if err := s.Enqueue(t.Context(), []alerting.Notice{event("ops/C1", "a", "1", rules.High), n}); err == nil {
				t.Error("no error")
			}
			if rows := outboxOf(t, s, alerting.OutboxFilter{}); len(rows) != 0 {
				t.Errorf("%d notices are there, want none", len(rows))
			}
		})
	}
}

func TestNoticesKnowTheirIncident(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	shut(t, open(t, dir))
	edit(t, filepath.Join(dir, "state.db"), `INSERT INTO incident (id, group_key, generation, kind, scope, severity, state, title, facts,
		started_at, detected_at, opened_at, updated_at) VALUES ('i1', 'k', 1, 'endpoint_down', 'endpoint:e', 'high', 'open', 't', '{}', 1, 1, 1, 1)`)
	s := open(t, dir)
	about := event("ops/C1", "dead:x", "2", rules.High)
	about.Facts = []byte(`{"incident":"i1"}`)
	enqueue(t, s, event("ops/C1", "i1", "1", rules.High), about, event("ops/C1", "digest/m", "3", rules.High))
	for key, want := range map[string]string{"i1:1": "i1", "dead:x:2": "i1", "digest/m:3": ""} {
		if got := rowOf(t, s, key).Incident; got != want {
			t.Errorf("%s: incident %q, want %q", key, got, want)
		}
	}
}

func TestTwoClaimersNeverGetTheSameNotice(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	var all []alerting.Notice
	for i := range 120 {
		all = append(all, event(fmt.Sprint("ops/", i%3), fmt.Sprint("sub", i), fmt.Sprintf("%03d", i), rules.High))
	}
	enqueue(t, s, all...)
	var mu sync.Mutex
	var wg sync.WaitGroup
	got := map[string]int{}
	for worker := range 6 {
		wg.Go(func() {
			for empty := 0; empty < 3; {
				r := alerting.ClaimRequest{Lane: fmt.Sprint("ops/", (worker+empty)%3), Owner: fmt.Sprint(worker), Now: ten.Add(time.Second), Limit: 3, Lease: time.Minute}
				list, err := s.Claim(t.Context(), r)
				if err != nil {
					t.Error(err)
					return
				}
				if len(list) == 0 {
					empty++
				}
				mu.Lock()
				for _, c := range list {
					got[c.ID]++
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if len(got) != len(all) {
		t.Errorf("%d notices claimed, want %d", len(got), len(all))
	}
	for id, n := range got {
		if n != 1 {
			t.Errorf("%s was claimed %d times", id, n)
		}
	}
}

func TestClaimKeepsTheOrderOfASubject(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	late := event("ops/C1", "later", "0", rules.Critical)
	late.Due = ten.Add(time.Hour)
	enqueue(t, s, late, event("ops/C1", "a", "1", rules.High), event("ops/C1", "a", "2", rules.High),
		event("ops/C1", "b", "3", rules.High), event("ops/C1", "c", "4", rules.Critical), event("ops/C2", "a", "5", rules.High))
	list, err := s.Claim(t.Context(), alerting.ClaimRequest{Lane: "ops/C1", Owner: "me", Now: ten.Add(time.Second), Limit: 10, Lease: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, c := range list {
		keys = append(keys, c.IdemKey)
	}
	if want := []string{"c:4", "a:1", "b:3"}; !slices.Equal(keys, want) {
		t.Fatalf("claimed %v, want %v: the critical one first, one of each subject", keys, want)
	}
	finish(t, s, list[1], waiting(alerting.ClassTransient, time.Minute))
	if _, got := claimKey(t, s, "ops/C1", 30*time.Second); got != "" {
		t.Errorf("claimed %s while the one before it waits", got)
	}
	c, got := claimKey(t, s, "ops/C1", time.Minute)
	if got != "a:1" || c.Attempts != 2 || c.Fence != 2 {
		t.Errorf("claimed %q, attempt %d, fence %d; want a:1 again", got, c.Attempts, c.Fence)
	}
	finish(t, s, c, nil)
	if _, got := claimKey(t, s, "ops/C1", time.Minute); got != "a:2" {
		t.Errorf("claimed %q, want a:2", got)
	}
}

func TestOfAStateOnlyTheNewestGoes(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	enqueue(t, s, stateOf(1), event("ops/C1", "a", "e1", rules.High), stateOf(2), stateOf(3))
	c, got := claimKey(t, s, "ops/C1", 0)
	if got != "a:s3" {
		t.Fatalf("claimed %q, want the newest, and before the event: it starts the thread", got)
	}
	for _, key := range []string{"a:s1", "a:s2"} {
		if r := rowOf(t, s, key); r.State != "replaced" || r.ReplacedBy != "s3" || r.Finished.IsZero() {
			t.Errorf("%s is %+v, want replaced by s3", key, r)
		}
	}
	enqueue(t, s, stateOf(4))
	if _, got := claimKey(t, s, "ops/C1", 0); got != "" {
		t.Errorf("claimed %s while another of its subject is out", got)
	}
	finish(t, s, c, func(o *alerting.Outcome) { o.Ref = alerting.Ref{Root: "17.1", Last: "17.1"} })
	e, got := claimKey(t, s, "ops/C1", 0)
	if got != "a:e1" || e.Prev != (alerting.Ref{Root: "17.1", Last: "17.1"}) {
		t.Fatalf("claimed %q after %+v, want the event in its thread", got, e.Prev)
	}
	finish(t, s, e, func(o *alerting.Outcome) { o.Ref = alerting.Ref{Last: "17.2"} })
	if c, got := claimKey(t, s, "ops/C1", 0); got != "a:s4" || c.Prev != (alerting.Ref{Root: "17.1", Last: "17.2"}) {
		t.Errorf("claimed %q after %+v, want a:s4 with the same root", got, c.Prev)
	}
}

func TestAnOldStateDoesNotOverwriteANewerOne(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	enqueue(t, s, stateOf(1))
	c, _ := claimKey(t, s, "ops/C1", 0)
	finish(t, s, c, func(o *alerting.Outcome) { o.Result, o.Class = alerting.ResultDead, alerting.ClassMessage })
	enqueue(t, s, stateOf(2))
	c, _ = claimKey(t, s, "ops/C1", 0)
	finish(t, s, c, nil)
	if err := s.RetryNotice(t.Context(), "s1", "dewi"); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Claim(t.Context(), alerting.ClaimRequest{Lane: "ops/C1", Owner: "me", Now: time.Now().Add(time.Second), Limit: 1, Lease: time.Minute}); err != nil || len(got) != 0 {
		t.Errorf("claimed %v, %v", got, err)
	}
	if r := rowOf(t, s, "a:s1"); r.State != "replaced" || r.ReplacedBy != "s2" {
		t.Errorf("the old state is %s by %q, want replaced", r.State, r.ReplacedBy)
	}
}

func TestAStateThatMayHaveArrivedGoesFirst(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	enqueue(t, s, stateOf(1))
	c, _ := claimKey(t, s, "ops/C1", 0)
	finish(t, s, c, waiting(alerting.ClassAmbiguous, time.Minute))
	enqueue(t, s, stateOf(2))
	if _, got := claimKey(t, s, "ops/C1", 0); got != "" {
		t.Errorf("claimed %s, want nothing before it is known what became of the first", got)
	}
	c, _ = claimKey(t, s, "ops/C1", time.Minute)
	finish(t, s, c, waiting(alerting.ClassTransient, 2*time.Minute)) // says nothing about the first try
	c, got := claimKey(t, s, "ops/C1", 2*time.Minute)
	if got != "a:s1" {
		t.Fatalf("claimed %q, want a:s1", got)
	}
	finish(t, s, c, nil)
	if _, got := claimKey(t, s, "ops/C1", 2*time.Minute); got != "a:s2" {
		t.Errorf("claimed %q, want a:s2", got)
	}
}

func TestAnOldFenceChangesNothing(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	enqueue(t, s, event("ops/C1", "a", "1", rules.High))
	old, _ := claimKey(t, s, "ops/C1", 0)
	if err := s.Recover(t.Context(), alerting.Recovery{Now: ten.Add(time.Minute)}); err != nil {
		t.Fatal(err)
	}
	if r := rowOf(t, s, "a:1"); r.State != "sending" {
		t.Fatalf("the notice is %s just before its lease ends", r.State)
	}
	extra := event("mail/x", "alarm", "2", rules.High)
	if err := s.Recover(t.Context(), alerting.Recovery{Now: ten.Add(time.Minute + time.Microsecond)}); err != nil {
		t.Fatal(err)
	}
	if r := rowOf(t, s, "a:1"); r.State != "waiting" || r.Class != alerting.ClassAmbiguous || r.Attempts != 1 {
		t.Fatalf("recovered to %+v", r)
	}
	if finish(t, s, old, func(o *alerting.Outcome) { o.Extra = &extra }) {
		t.Error("the old outcome counts after the lease")
	}
	again, got := claimKey(t, s, "ops/C1", 2*time.Minute)
	if got != "a:1" || again.Fence != old.Fence+1 {
		t.Fatalf("claimed %q with fence %d", got, again.Fence)
	}
	if finish(t, s, old, func(o *alerting.Outcome) { o.Extra = &extra }) {
		t.Error("the old outcome counts for another's claim")
	}
	if r := rowOf(t, s, "a:1"); r.State != "sending" {
		t.Errorf("the notice is %s, want still sending", r.State)
	}
	if !finish(t, s, again, nil) || finish(t, s, again, nil) {
		t.Error("an outcome counts not exactly once")
	}
	if rows := outboxOf(t, s, alerting.OutboxFilter{}); len(rows) != 1 {
		t.Errorf("%d notices, want no alarm from an old claim", len(rows))
	}
}

func TestRecoverTakesBackWhatItsOwnerLeft(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	enqueue(t, s, event("ops/C1", "a", "1", rules.High))
	claimKey(t, s, "ops/C1", 0)
	for _, step := range []struct{ owner, want string }{{"", "sending"}, {"another", "sending"}, {"me", "waiting"}} {
		if err := s.Recover(t.Context(), alerting.Recovery{Now: ten.Add(time.Second), Owner: step.owner}); err != nil {
			t.Fatal(err)
		}
		if got := rowOf(t, s, "a:1").State; got != step.want {
			t.Errorf("after the start of %q: %s, want %s", step.owner, got, step.want)
		}
	}
}

func TestALaneWaitsAsLongAsItWasAsked(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	enqueue(t, s, event("ops/C1", "a", "1", rules.High), event("ops/C1", "b", "2", rules.High))
	c, _ := claimKey(t, s, "ops/C1", 0)
	until := ten.Add(30 * time.Second) // 500 ns beyond a microsecond
	finish(t, s, c, func(o *alerting.Outcome) {
		waiting(alerting.ClassLimited, 30*time.Second)(o)
		o.PauseUntil = until
	})
	for _, step := range []struct {
		at   time.Time
		want int
	}{{until.Add(-time.Microsecond), 0}, {until.Truncate(time.Microsecond), 0}, {until.Add(time.Microsecond), 1}} {
		got, err := s.Claim(t.Context(), alerting.ClaimRequest{Lane: "ops/C1", Owner: "me", Now: step.at, Limit: 1, Lease: time.Minute})
		if err != nil || len(got) != step.want {
			t.Errorf("%s after the pause: %d claimed, %v; want %d", step.at.Sub(until), len(got), err, step.want)
		}
	}
}

func TestAStoppedLaneIsStartedByAReloadATestOrAPerson(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	test := event("ops/C1", "test", "9", rules.Low)
	test.Kind = alerting.KindTest
	for name, start := range map[string]func(s *store.Store) error{
		"a reload": func(s *store.Store) error { return s.Recover(ctx, alerting.Recovery{Now: ten, Lanes: true}) },
		"a test":   func(s *store.Store) error { return s.Enqueue(ctx, []alerting.Notice{test}) },
		"a person": func(s *store.Store) error { return s.RetryNotice(ctx, "1", "dewi") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, t.TempDir())
			enqueue(t, s, event("ops/C1", "a", "1", rules.High))
			c, _ := claimKey(t, s, "ops/C1", 0)
			finish(t, s, c, func(o *alerting.Outcome) { waiting(alerting.ClassAuth, 0)(o); o.Stop = true })
			if _, got := claimKey(t, s, "ops/C1", time.Hour); got != "" {
				t.Fatalf("claimed %s from a stopped lane", got)
			}
			if err := start(s); err != nil {
				t.Fatal(err)
			}
			if got, err := s.Claim(t.Context(), alerting.ClaimRequest{Lane: "ops/C1", Owner: "me", Now: time.Now().Add(time.Second), Limit: 1, Lease: time.Minute}); err != nil || len(got) != 1 {
				t.Errorf("claimed %v, %v; want the lane started", got, err)
			}
		})
	}
}

func TestADeadNoticeIsVisibleWithItsAlarm(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	enqueue(t, s, event("ops/C1", "a", "1", rules.High))
	c, _ := claimKey(t, s, "ops/C1", 0)
	alarm := event("mail/sre", "dead", "2", rules.High)
	alarm.ID, alarm.Kind = "", alerting.KindDead
	finish(t, s, c, func(o *alerting.Outcome) {
		o.Result, o.Class, o.Text, o.Failing, o.Extra = alerting.ResultDead, alerting.ClassDestination, "channel_not_found", true, &alarm
	})
	dead := outboxOf(t, s, alerting.OutboxFilter{State: "dead"})
	if len(dead) != 1 || dead[0].Class != alerting.ClassDestination || dead[0].Text != "channel_not_found" || dead[0].Finished.IsZero() {
		t.Errorf("dead: %+v", dead)
	}
	if _, got := claimKey(t, s, "mail/sre", 0); got != "dead:2" {
		t.Errorf("the other lane has %q, want the alarm", got)
	}
}

func TestASummaryGrowsWhileItWaits(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	summary := event("ops/C1", "storm", "9", rules.High)
	summary.ID, summary.Kind, summary.Due = "", alerting.KindSummary, ten.Add(10*time.Minute)
	for i := range 3 {
		id := fmt.Sprint(i + 1)
		enqueue(t, s, event("ops/C1", "s"+id, id, rules.High))
		c, _ := claimKey(t, s, "ops/C1", 0)
		if c.Storm.Held != i {
			t.Errorf("the lane has held %d, want %d", c.Storm.Held, i)
		}
		extra := summary
		extra.Version, extra.Facts = i+1, fmt.Appendf(nil, `{"member_count":%d,"held":[{"incident":"inc_%d","title":"t","severity":"high","messages":1}]}`, i+1, i%2)
		finish(t, s, c, func(o *alerting.Outcome) {
			o.Result, o.Extra, o.Storm = alerting.ResultHeld, &extra, alerting.Storm{At: ten, Sent: 20, Held: i + 1}
		})
	}
	rows := outboxOf(t, s, alerting.OutboxFilter{State: "waiting"})
	if len(rows) != 1 || rows[0].Version != 3 {
		t.Fatalf("waiting: %+v, want one summary of 3", rows)
	}
	var f alerting.Facts
	if err := json.Unmarshal(rows[0].Facts, &f); err != nil || f.MemberCount != 3 || len(f.Held) != 2 || f.Held[0].Incident != "inc_0" || f.Held[0].Messages != 2 || f.HeldMore() != 0 {
		t.Errorf("the summary says %s, %v; want two incidents with three messages", rows[0].Facts, err)
	}
	for _, r := range outboxOf(t, s, alerting.OutboxFilter{State: "replaced"}) {
		if r.ReplacedBy != rows[0].ID {
			t.Errorf("%s is replaced by %q, want the summary", r.IdemKey, r.ReplacedBy)
		}
	}
	if c, got := claimKey(t, s, "ops/C1", 10*time.Minute); got != "storm:9" || !c.Storm.At.Equal(ten.Truncate(time.Microsecond)) || c.Storm.Sent != 20 {
		t.Errorf("claimed %q with %+v", got, c.Storm)
	}
}

func TestLanesSayWhatIsDueAndWhen(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	later := event("ops/C3", "a", "7", rules.Critical)
	later.Due = ten.Add(time.Hour)
	enqueue(t, s, event("ops/C1", "a", "1", rules.High), event("ops/C1", "b", "2", rules.High), event("ops/C2", "a", "3", rules.Critical),
		later, event("ops/C4", "a", "8", rules.Critical))
	c, _ := claimKey(t, s, "ops/C4", 0)
	finish(t, s, c, func(o *alerting.Outcome) { waiting(alerting.ClassAuth, 0)(o); o.Stop = true })
	enqueue(t, s, event("ops/C5", "a", "9", rules.High))
	c, _ = claimKey(t, s, "ops/C5", 0)
	finish(t, s, c, func(o *alerting.Outcome) {
		waiting(alerting.ClassLimited, time.Minute)(o)
		o.PauseUntil = ten.Add(time.Minute)
	})
	now := ten.Add(2 * time.Second)
	w, err := s.Lanes(t.Context(), now)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range w.Lanes {
		got = append(got, fmt.Sprint(l.Lane, " ", l.Waiting, " ", l.Critical, " ", l.FailingSince.IsZero(), " ", l.PausedUntil.IsZero(), " ", l.StoppedAt.IsZero()))
	}
	want := []string{
		"ops/C2 1 true true true true", "ops/C1 2 false true true true",
		"ops/C4 1 true false true false", "ops/C5 0 false false false true",
	}
	if !slices.Equal(got, want) {
		t.Errorf("lanes\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if want := ten.Add(time.Minute + 500*time.Nanosecond); !w.Next.Equal(want) {
		t.Errorf("next at %s, want %s", w.Next, want)
	}
}

func TestALaneFailsSinceItsFirstFailedTryBegan(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	enqueue(t, s, event("ops/C1", "a", "1", rules.High))
	since := func() time.Time {
		w, err := s.Lanes(t.Context(), ten.Add(time.Hour))
		if err != nil || len(w.Lanes) != 1 {
			t.Fatalf("lanes %+v, %v", w.Lanes, err)
		}
		return w.Lanes[0].FailingSince
	}
	for i, step := range []struct {
		result func(*alerting.Outcome)
		want   time.Time
	}{
		{func(o *alerting.Outcome) { waiting(alerting.ClassMessage, 0)(o); o.Failing = false }, time.Time{}},
		{waiting(alerting.ClassTransient, 0), ten.Add(time.Minute).Truncate(time.Microsecond)},
		{waiting(alerting.ClassTransient, 0), ten.Add(time.Minute).Truncate(time.Microsecond)},
	} {
		c, _ := claimKey(t, s, "ops/C1", time.Minute)
		finish(t, s, c, func(o *alerting.Outcome) {
			step.result(o)
			o.Began, o.Ended = ten.Add(time.Duration(i)*time.Minute), ten.Add(time.Duration(i+1)*time.Minute)
		})
		if got := since(); !got.Equal(step.want) {
			t.Errorf("try %d: failing since %s, want %s", i, got, step.want)
		}
	}
	c, _ := claimKey(t, s, "ops/C1", time.Minute)
	finish(t, s, c, nil)
	if w, err := s.Lanes(t.Context(), ten.Add(time.Hour)); err != nil || len(w.Lanes) != 0 {
		t.Errorf("after a success: %+v, %v; want no trouble", w.Lanes, err)
	}
}

func TestFallBackTellsEachSubjectOnce(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	held := event("ops/C1", "held", "5", rules.Critical)
	held.Due = ten.Add(time.Hour)
	second := event("ops/C1", "a", "2", rules.Critical)
	second.Version, second.Kind = 2, alerting.KindPage
	told := event("pager/k", "told", "8", rules.Critical)
	enqueue(t, s, event("ops/C1", "a", "1", rules.Critical), second, held, event("ops/C1", "b", "3", rules.High), event("ops/C1", "told", "4", rules.Critical), told)
	c, _ := claimKey(t, s, "ops/C1", 0)
	finish(t, s, c, waiting(alerting.ClassTransient, time.Hour))
	to := []alerting.Address{{Lane: "ops/C1"}, {Lane: "down/k"}, {Lane: "pager/k", Recipient: "key"}, {Lane: "mail/x"}}
	enqueue(t, s, event("down/k", "z", "9", rules.High))
	d, _ := claimKey(t, s, "down/k", 0)
	finish(t, s, d, waiting(alerting.ClassTransient, time.Hour))
	for i, want := range []int{1, 0} {
		n, err := s.FallBack(t.Context(), "ops/C1", to, ten.Add(2*time.Minute))
		if err != nil || n != want {
			t.Errorf("run %d: %d told, %v; want %d", i, n, err, want)
		}
	}
	r := rowOf(t, s, "a:2:fallback:pager/k")
	if r.FallbackOf != "2" || r.Recipient != "key" || r.State != "waiting" || r.Version != 2 || !r.Created.Equal(ten.Truncate(time.Microsecond)) {
		t.Errorf("told %+v", r)
	}
	if rows := outboxOf(t, s, alerting.OutboxFilter{Lane: "pager/k"}); len(rows) != 2 {
		t.Errorf("%d notices for the pager, want its own and one more", len(rows))
	}
	// A lane that began to fail less than a minute ago is still asked.
	n, err := s.FallBack(t.Context(), "ops/C1", to[:2], ten.Add(59*time.Second))
	if err != nil || n != 2 {
		t.Errorf("%d told, %v; want both subjects", n, err)
	}
}

func TestPeopleRetryAndDrop(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	dead := func(id string) {
		enqueue(t, s, event("ops/C1", "a", id, rules.High))
		c, _ := claimKey(t, s, "ops/C1", 0)
		finish(t, s, c, func(o *alerting.Outcome) { o.Result, o.Class = alerting.ResultDead, alerting.ClassDestination })
	}
	dead("1")
	dead("2")
	if err := errors.Join(s.RetryNotice(t.Context(), "1", "dewi"), s.DropNotice(t.Context(), "2", "budi")); err != nil {
		t.Fatal(err)
	}
	if r := rowOf(t, s, "a:1"); r.State != "waiting" || !r.Finished.IsZero() || r.FinishedBy != "dewi" || r.Reason != "" {
		t.Errorf("retried: %+v", r)
	}
	if r := rowOf(t, s, "a:2"); r.State != "dropped" || r.Finished.IsZero() || r.FinishedBy != "budi" {
		t.Errorf("dropped: %+v", r)
	}
	audit, err := s.Audit(t.Context(), 10)
	if err != nil || len(audit) != 2 {
		t.Fatalf("audit: %+v, %v", audit, err)
	}
	if a := audit[0]; a.Actor != "budi" || a.Action != "drop" || a.Kind != "notice" || a.ID != "2" || a.Detail != "was dead" {
		t.Errorf("audit: %+v", a)
	}
	for name, err := range map[string]error{"retry": s.RetryNotice(t.Context(), "2", "x"), "drop": s.DropNotice(t.Context(), "2", "x")} {
		if e, ok := errors.AsType[*alerting.NoticeStateError](err); !ok || e.State != "dropped" {
			t.Errorf("%s of a dropped notice: %v", name, err)
		}
	}
	if err := s.DropNotice(t.Context(), "none", "x"); !errors.Is(err, alerting.ErrNoNotice) {
		t.Errorf("drop of none: %v", err)
	}
	if rows := outboxOf(t, s, alerting.OutboxFilter{Before: "2", Subject: "a", Limit: 1}); len(rows) != 1 || rows[0].ID != "1" {
		t.Errorf("the page before 2: %+v", rows)
	}
}
