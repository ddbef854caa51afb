package store_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/internal/conditions"
	"github.com/hookvigil/hookvigil/internal/store"
	"github.com/hookvigil/hookvigil/rules"
)

// desk tells a channel with threads, and a mail address.
func desk() alerting.Desk {
	d := alerting.DefaultDesk()
	d.Settle, d.Ladder = 0, alerting.Ladder{} // at once, and once: others follow the clock
	d.Routes = func(alerting.Incident) []alerting.Destination {
		return []alerting.Destination{{Lane: "ops/C1", Recipient: "C1", Form: alerting.FormThread}, {Lane: "mail/sre", Recipient: "sre@x.example"}}
	}
	return d
}

func request(now time.Time) alerting.DeskRequest {
	return alerting.DeskRequest{Now: now, Reopen: desk().Reopen, Limit: 500, Orphans: true}
}

// turn lets the desk decide once.
func turn(tb testing.TB, s *store.Store, now time.Time) alerting.DeskTurn {
	tb.Helper()
	got, err := s.CommitDesk(tb.Context(), request(now), func(w alerting.World, c []rules.Change) alerting.Decision { return desk().Decide(w, c, now) })
	if err != nil {
		tb.Fatal(err)
	}
	return got
}

// idle proves that a turn finds nothing new: it may look at what lives, and
// writes nothing.
func idle(tb testing.TB, s *store.Store, now time.Time) {
	tb.Helper()
	got, err := s.CommitDesk(tb.Context(), request(now), func(w alerting.World, c []rules.Change) alerting.Decision {
		if len(c)+len(w.Orphans) > 0 {
			tb.Errorf("at %s the desk was asked about %v and %v", now, c, w.Orphans)
		}
		return desk().Decide(w, c, now)
	})
	if d := got.Decision; err != nil || len(d.Incidents)+len(d.Entries)+len(d.Notices) > 0 {
		tb.Errorf("at %s: %d incidents, %d lines, %d notices (%v)", now, len(d.Incidents), len(d.Entries), len(d.Notices), err)
	}
}

// person speaks about an incident as it is now.
func person(tb testing.TB, s *store.Store, id string, c alerting.Command, now time.Time) alerting.Incident {
	tb.Helper()
	in, _ := incident(tb, s, id)
	after, err := s.CommandIncident(tb.Context(), id, in.Version, func(in alerting.Incident, told []alerting.Destination) (alerting.Decision, error) {
		return desk().Command(in, c, told, now)
	})
	if err != nil {
		tb.Fatal(err)
	}
	return after
}

func incident(tb testing.TB, s *store.Store, id string) (alerting.Incident, []alerting.Entry) {
	tb.Helper()
	in, entries, err := s.Incident(tb.Context(), id)
	if err != nil {
		tb.Fatal(err)
	}
	return in, entries
}

func incidents(tb testing.TB, s *store.Store, f alerting.IncidentFilter) []alerting.Incident {
	tb.Helper()
	list, err := s.Incidents(tb.Context(), f)
	if err != nil {
		tb.Fatal(err)
	}
	return list
}

// send claims and finishes what is due in a lane, and returns what was sent.
func send(tb testing.TB, s *store.Store, lane string, now time.Time) []alerting.Claimed {
	tb.Helper()
	var sent []alerting.Claimed
	for {
		got, err := s.Claim(tb.Context(), alerting.ClaimRequest{Lane: lane, Owner: "me", Now: now, Limit: 1, Lease: time.Minute})
		if err != nil {
			tb.Fatal(err)
		}
		if len(got) == 0 {
			return sent
		}
		o := alerting.Outcome{
			ID: got[0].ID, Fence: got[0].Fence, Lane: lane, Kind: "slack", Began: now, Ended: now, Result: alerting.ResultSent,
			Ref: alerting.Ref{Root: "root-" + lane, Last: got[0].ID},
		}
		if ok, err := s.Finish(tb.Context(), o); err != nil || !ok {
			tb.Fatalf("finish: %t, %v", ok, err)
		}
		sent = append(sent, got[0])
	}
}

func kindsOf(list []alerting.Claimed) string {
	var words []string
	for _, c := range list {
		words = append(words, string(c.Kind))
	}
	return strings.Join(words, " ")
}

func TestChangesBecomeNoticesThatAreSent(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	idle(t, s, noon)
	e, c := failed("a", "h1", noon, minute(2))
	step(t, s, e, c)
	got := turn(t, s, minute(2))
	if got.Changes != 1 || got.More || len(got.Decision.Incidents) != 1 {
		t.Fatalf("turn: %+v", got)
	}
	idle(t, s, minute(3))
	id := got.Decision.Incidents[0].ID
	if ops, mail := kindsOf(send(t, s, "ops/C1", minute(2))), kindsOf(send(t, s, "mail/sre", minute(2))); ops != "root" || mail != "mail" {
		t.Errorf("sent %q and %q, want the root and a mail", ops, mail)
	}
	step(t, s, e, e.clear(minute(9)))
	turn(t, s, minute(9))
	if ops, mail := kindsOf(send(t, s, "ops/C1", minute(9))), kindsOf(send(t, s, "mail/sre", minute(9))); ops != "root resolve" || mail != "resolve" {
		t.Errorf("sent %q and %q, want the end told", ops, mail)
	}
	in, entries := incident(t, s, id)
	if in.State != alerting.StateResolved || !in.ResolvedAt.Equal(minute(9)) || !in.AlertedAt.Equal(minute(2)) {
		t.Errorf("in the end %+v", in)
	}
	var lines []string
	for i, e := range entries {
		lines = append(lines, fmt.Sprintf("%d %s %s", e.Seq, e.Kind, e.At.Format("15:04")))
		if e.Seq != i+1 {
			t.Errorf("entry %d has number %d", i+1, e.Seq)
		}
	}
	if want := "1 opened 12:02, 2 alerted 12:02, 3 resolved 12:09"; strings.Join(lines, ", ") != want {
		t.Errorf("timeline %q, want %q", lines, want)
	}
	if entries[1].Text != "first told: ops" {
		t.Errorf("alerted: %q, want who was told", entries[1].Text)
	}
	idle(t, s, minute(60))
}

// TestMembersSurviveARestart: what an incident is made of is there as it was
// decided.
func TestMembersSurviveARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	e, c := failed("a", "h1", noon, minute(2))
	step(t, s, e, c)
	want := turn(t, s, minute(2)).Decision.Incidents[0]
	want.Stored = want.Version
	shut(t, s)
	s = open(t, dir)
	if got, _ := incident(t, s, want.ID); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if want.Members[0].Text != "refused since 12:00" || want.Members[0].Host != "h1" || want.Members[0].Merchant != "m-a" {
		t.Errorf("member %+v", want.Members[0])
	}
}

// image copies a store as a crash would leave it.
func image(tb testing.TB, dir string) string {
	tb.Helper()
	to := tb.TempDir()
	for _, name := range []string{"state.db", "state.db-wal", "facts.db"} {
		copyFile(tb, filepath.Join(dir, name), to)
	}
	return to
}

// TestACrashBeforeTheDeskLosesNothing: a change that is committed is decided
// after a crash, whenever that was, and always alike.
func TestACrashBeforeTheDeskLosesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	for i := range 7 {
		e, c := failed(fmt.Sprint("e", i), fmt.Sprint("h", i%4), minute(float64(i)/10), minute(2))
		step(t, s, e, c)
	}
	one, other := open(t, image(t, dir)), open(t, image(t, dir))

	// One is stopped within its turn, in two ways, and then goes on.
	cut, cancel := context.WithCancel(t.Context())
	_, err := one.CommitDesk(cut, request(minute(3)), func(w alerting.World, c []rules.Change) alerting.Decision {
		cancel()
		return desk().Decide(w, c, minute(3))
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v, want it cut off", err)
	}
	func() {
		defer func() { _ = recover() }()
		_, _ = one.CommitDesk(t.Context(), request(minute(3)), func(alerting.World, []rules.Change) alerting.Decision { panic("gone") })
	}()
	if n := len(incidents(t, one, alerting.IncidentFilter{})) + len(outboxOf(t, one, alerting.OutboxFilter{})); n != 0 {
		t.Errorf("%d rows of a turn that did not end", n)
	}
	first, second := turn(t, one, minute(3)), turn(t, other, minute(3))
	if first.Changes != 7 || !reflect.DeepEqual(first, second) {
		t.Errorf("two decisions on the same changes:\n%+v\n%+v", first, second)
	}
	a, b := outboxOf(t, one, alerting.OutboxFilter{}), outboxOf(t, other, alerting.OutboxFilter{})
	if len(a) == 0 || !reflect.DeepEqual(a, b) {
		t.Errorf("%d and %d notices, want the same", len(a), len(b))
	}
	// A crash after the turn finds it done.
	idle(t, one, minute(4))
}

func TestTurnsAreBounded(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	var all conditions.Commit
	for i := range 5 {
		e, c := failed(fmt.Sprint("e", i), "", noon, minute(2))
		all.Standing, all.Changes = append(all.Standing, e.Standing), append(all.Changes, c)
	}
	commitShard(t, s, all)
	var read []string
	for _, more := range []bool{true, true, false} {
		r := request(minute(3))
		r.Limit = 2
		got, err := s.CommitDesk(t.Context(), r, func(_ alerting.World, c []rules.Change) alerting.Decision {
			for _, ch := range c {
				read = append(read, string(ch.Key.Scope))
			}
			return alerting.Decision{}
		})
		if err != nil || got.More != more || got.Changes > 2 {
			t.Errorf("turn %+v, %v; more: want %t", got, err, more)
		}
	}
	if want := "endpoint:e0 endpoint:e1 endpoint:e2 endpoint:e3 endpoint:e4"; strings.Join(read, " ") != want {
		t.Errorf("read %v, want %s", read, want)
	}
}

func TestWhoIsTooLateIsToldSo(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	e, c := failed("a", "h1", noon, minute(2))
	step(t, s, e, c)
	in := turn(t, s, minute(2)).Decision.Incidents[0]
	ack := alerting.Command{Do: alerting.CommandAcknowledge, By: "sari"}
	after := person(t, s, in.ID, ack, minute(3))
	if after.State != alerting.StateAcknowledged || after.Stored != after.Version || after.Version != in.Version+1 {
		t.Errorf("acknowledged: %+v", after)
	}
	never := func(alerting.Incident, []alerting.Destination) (alerting.Decision, error) {
		t.Error("it was decided although the caller was too late")
		return alerting.Decision{}, nil
	}
	_, err := s.CommandIncident(t.Context(), in.ID, in.Version, never)
	if v, ok := errors.AsType[*alerting.VersionError](err); !ok || *v != (alerting.VersionError{ID: in.ID, Has: 2, Want: 1}) {
		t.Errorf("an old version: %v", err)
	}
	if _, err := s.CommandIncident(t.Context(), "inc_x", 1, never); !errors.Is(err, alerting.ErrNoIncident) {
		t.Errorf("no such incident: %v", err)
	}
	if _, _, err := s.Incident(t.Context(), "inc_x"); !errors.Is(err, alerting.ErrNoIncident) {
		t.Errorf("no such incident: %v", err)
	}
	refused := &alerting.CommandError{Do: "ack"}
	_, err = s.CommandIncident(t.Context(), in.ID, 2, func(alerting.Incident, []alerting.Destination) (alerting.Decision, error) {
		return alerting.Decision{}, refused
	})
	if !errors.Is(err, refused) {
		t.Errorf("a refused command: %v", err)
	}
	rows, err := s.Audit(t.Context(), 10)
	if err != nil || len(rows) != 1 || rows[0].Actor != "sari" || rows[0].Kind != "incident" || rows[0].ID != in.ID || rows[0].Action != "acknowledged" {
		t.Errorf("audit %+v, %v", rows, err)
	}
}

// TestADecisionOnAnOldVersionIsNotWritten: not a part of it, and the changes
// wait for the next turn.
func TestADecisionOnAnOldVersionIsNotWritten(t *testing.T) {
	t.Parallel()
	for name, stale := range map[string]func(in *alerting.Incident){
		"an older version":  func(in *alerting.Incident) { in.Stored = 7 },
		"it is not new":     func(in *alerting.Incident) { in.Stored = 0 },
		"the key is taken":  func(in *alerting.Incident) { in.Stored, in.ID = 0, "inc_other" },
		"it does not exist": func(in *alerting.Incident) { in.ID = "inc_none" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, t.TempDir())
			e, c := failed("a", "h1", noon, minute(2))
			step(t, s, e, c)
			turn(t, s, minute(2))
			step(t, s, e, e.clear(minute(9)))
			before := len(outboxOf(t, s, alerting.OutboxFilter{}))
			_, err := s.CommitDesk(t.Context(), request(minute(9)), func(w alerting.World, c []rules.Change) alerting.Decision {
				d := desk().Decide(w, c, minute(9))
				stale(&d.Incidents[0])
				return d
			})
			if _, ok := errors.AsType[*alerting.VersionError](err); !ok {
				t.Fatalf("error %v, want a *VersionError", err)
			}
			if n := len(outboxOf(t, s, alerting.OutboxFilter{})); n != before {
				t.Errorf("%d notices, want the %d from before", n, before)
			}
			if got := turn(t, s, minute(9)); got.Changes != 1 || got.Decision.Incidents[0].State != alerting.StateResolved {
				t.Errorf("the next turn: %+v", got)
			}
		})
	}
}

// TestAFallBackHearsTheEnd: the pager was told because the channel fails, and
// is told that it is over.
func TestAFallBackHearsTheEnd(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	e := endpointOn("a", "h1")
	e.pend(noon, "refused")
	step(t, s, e, e.open(minute(2), rules.Critical))
	id := turn(t, s, minute(2)).Decision.Incidents[0].ID
	n, err := s.FallBack(t.Context(), "ops/C1", []alerting.Address{{Lane: "pager/key", Recipient: "key"}}, minute(4))
	if err != nil || n != 1 {
		t.Fatalf("fall-back: %d, %v", n, err)
	}
	if got := kindsOf(send(t, s, "pager/key", minute(4))); got != "page" {
		t.Fatalf("the pager got %q", got)
	}
	person(t, s, id, alerting.Command{Do: alerting.CommandAcknowledge, By: "sari"}, minute(5))
	step(t, s, e, e.clear(minute(9)))
	turn(t, s, minute(9))
	got := send(t, s, "pager/key", minute(9))
	if kindsOf(got) != "resolve" || got[0].Recipient != "key" {
		t.Errorf("the pager got %q, want the end", kindsOf(got))
	}
}

func TestFiftyEndpointsAreOneIncidentInTheStore(t *testing.T) {
	t.Parallel()
	for name, oneByOne := range map[string]bool{"in one go": false, "one by one over three minutes": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, t.TempDir())
			var pending, opened conditions.Commit
			var list []*endpoint
			for i := range 50 {
				e := endpointOn(fmt.Sprint("e", i), fmt.Sprint("h", i))
				pending.Standing = append(pending.Standing, e.pend(minute(float64(i)/100), "timeout_connect"))
				list = append(list, e)
			}
			commitShard(t, s, pending)
			idle(t, s, minute(1))
			var roots []alerting.Claimed
			mails := 0
			look := func(now time.Time, sends bool) {
				turn(t, s, now)
				if !sends { // the channel is slower than the desk
					return
				}
				roots = append(roots, send(t, s, "ops/C1", now)...)
				mails += len(send(t, s, "mail/sre", now))
			}
			for i, e := range list {
				at := minute(2 + float64(i)*3/50)
				c := e.open(at, rules.High)
				if oneByOne {
					step(t, s, e, c)
					look(at, i%10 == 0 || i == 49)
				}
				opened.Standing, opened.Changes = append(opened.Standing, e.Standing), append(opened.Changes, c)
			}
			if !oneByOne {
				commitShard(t, s, opened)
				look(minute(3), true)
			}
			all := incidents(t, s, alerting.IncidentFilter{})
			if len(all) != 1 || all[0].Title != "50 endpoints: timeout_connect" || len(all[0].Members) != 50 || all[0].Failing != 50 {
				t.Fatalf("%d incidents, the first %q with %d members", len(all), all[0].Title, len(all[0].Members))
			}
			started := 0
			for _, r := range roots {
				if r.Kind != alerting.KindRoot || !strings.Contains(string(r.Facts), `"title":"50 endpoints: timeout_connect"`) {
					t.Errorf("the channel got %s %s", r.Kind, r.Facts)
				}
				if r.Prev.Root == "" {
					started++
				}
			}
			if started != 1 || mails != 1 {
				t.Errorf("%d root messages and %d mails, want one of each", started, mails)
			}
		})
	}
}

// TestWhatAPersonResolvedIsToldAgain when it still fails after the reopen
// window.
func TestWhatAPersonResolvedIsToldAgain(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	e, c := failed("a", "h1", noon, minute(2))
	step(t, s, e, c)
	first := turn(t, s, minute(2)).Decision.Incidents[0]
	after := person(t, s, first.ID, alerting.Command{Do: alerting.CommandResolve, By: "sari"}, minute(5))
	if after.State != alerting.StateResolved || after.ResolvedBy != "sari" || after.Members[0].Left.IsZero() {
		t.Errorf("resolved: %+v", after)
	}
	idle(t, s, minute(5))
	idle(t, s, minute(35))
	got := turn(t, s, minute(35).Add(time.Second))
	if len(got.Decision.Incidents) != 1 || got.Changes != 0 {
		t.Fatalf("after the window: %+v", got)
	}
	in, entries := incident(t, s, got.Decision.Incidents[0].ID)
	if in.Generation != 2 || in.ID == first.ID || !in.Live() || !in.StartedAt.Equal(noon) {
		t.Errorf("told again as %+v", in)
	}
	if want := "a is down: refused: still failing; was resolved by sari at 12:05 UTC: refused since 12:00"; entries[0].Text != want {
		t.Errorf("it says %q, want %q", entries[0].Text, want)
	}
	idle(t, s, minute(36))
	step(t, s, e, e.clear(minute(40)))
	turn(t, s, minute(40))
	if in, _ = incident(t, s, in.ID); in.Live() {
		t.Error("it is live although its condition cleared")
	}
	if old, _ := incident(t, s, first.ID); old.ResolvedBy != "sari" || !old.ResolvedAt.Equal(minute(5)) {
		t.Errorf("the first one changed: %+v", old)
	}
}

// TestAFoldMovesMembers: the constraint that a condition is in one live
// incident holds at every moment.
func TestAFoldMovesMembers(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	for i := range 5 {
		e, c := failed(fmt.Sprint("e", i), fmt.Sprint("h", i), minute(float64(i)), minute(float64(i)+2))
		step(t, s, e, c)
		turn(t, s, minute(float64(i)+2))
	}
	live := incidents(t, s, alerting.IncidentFilter{Live: true})
	if len(live) != 1 || len(live[0].Members) != 5 || live[0].Rule != alerting.RuleCommonCause {
		t.Fatalf("%d live incidents, the first %+v", len(live), live[0])
	}
	for _, in := range incidents(t, s, alerting.IncidentFilter{}) {
		if in.ID != live[0].ID && in.Parent != live[0].ID {
			t.Errorf("%s has parent %q, want %s", in.Title, in.Parent, live[0].ID)
		}
	}
}

func TestIncidentsAreFiltered(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	for i := range 4 {
		e, c := failed(fmt.Sprint("e", i), "", minute(float64(20*i)), minute(float64(20*i)+2))
		step(t, s, e, c)
		turn(t, s, minute(float64(20*i)+2))
		if i%2 == 0 {
			step(t, s, e, e.clear(minute(float64(20*i)+4)))
			turn(t, s, minute(float64(20*i)+4))
		}
	}
	newest := incidents(t, s, alerting.IncidentFilter{})[0]
	for name, c := range map[string]struct {
		filter alerting.IncidentFilter
		want   string
	}{
		"all, newest first":  {alerting.IncidentFilter{}, "e3 e2 e1 e0"},
		"live":               {alerting.IncidentFilter{Live: true}, "e3 e1"},
		"of merchants":       {alerting.IncidentFilter{Merchants: []string{"m-e2", "m-e1", "m-x"}}, "e2 e1"},
		"of an endpoint":     {alerting.IncidentFilter{Endpoint: "e2"}, "e2"},
		"of another one":     {alerting.IncidentFilter{Endpoint: "e"}, ""},
		"the first two":      {alerting.IncidentFilter{Limit: 2}, "e3 e2"},
		"those before":       {alerting.IncidentFilter{Before: newest.ID, Limit: 2}, "e2 e1"},
		"before one unknown": {alerting.IncidentFilter{Before: "inc_x"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, in := range incidents(t, s, c.filter) {
				_, id := in.Scope.Split()
				got = append(got, id)
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("got %v, want %s", got, c.want)
			}
		})
	}
}

func TestAnIncidentIsAlertedOnce(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	e, c := failed("a", "h1", noon, minute(2))
	step(t, s, e, c)
	id := turn(t, s, minute(2)).Decision.Incidents[0].ID
	got, err := s.Claim(t.Context(), alerting.ClaimRequest{Lane: "ops/C1", Owner: "me", Now: minute(2), Limit: 1, Lease: time.Minute})
	if err != nil || len(got) != 1 {
		t.Fatalf("%d claimed, %v", len(got), err)
	}
	failure := alerting.Outcome{
		ID: got[0].ID, Fence: got[0].Fence, Lane: "ops/C1", Kind: "slack", Began: minute(2), Ended: minute(2),
		Result: alerting.ResultWaiting, Class: alerting.ClassTransient, Due: minute(4), Failing: true,
	}
	if ok, err := s.Finish(t.Context(), failure); err != nil || !ok {
		t.Fatalf("finish: %t, %v", ok, err)
	}
	if in, entries := incident(t, s, id); !in.AlertedAt.IsZero() || len(entries) != 1 {
		t.Errorf("alerted at %s by a try that failed; %d entries", in.AlertedAt, len(entries))
	}
	send(t, s, "mail/sre", minute(3))
	send(t, s, "ops/C1", minute(5))
	in, entries := incident(t, s, id)
	if !in.AlertedAt.Equal(minute(3)) || len(entries) != 2 || entries[1].Text != "first told: mail" || in.Version != 1 || in.Entries != 2 {
		t.Errorf("alerted at %s, version %d, timeline %+v", in.AlertedAt, in.Version, entries)
	}
	step(t, s, e, e.clear(minute(9)))
	turn(t, s, minute(9))
	if _, entries := incident(t, s, id); len(entries) != 3 || entries[2].Seq != 3 {
		t.Errorf("timeline %+v", entries)
	}
}

// TestALineThatWasWrittenLateSaysSo: a receiver took the notice before the
// incident ended, and that is known only afterwards.
func TestALineThatWasWrittenLateSaysSo(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	e, c := failed("a", "h1", noon, minute(2))
	step(t, s, e, c)
	id := turn(t, s, minute(2)).Decision.Incidents[0].ID
	got, err := s.Claim(t.Context(), alerting.ClaimRequest{Lane: "ops/C1", Owner: "me", Now: minute(2), Limit: 1, Lease: time.Hour})
	if err != nil || len(got) != 1 {
		t.Fatalf("%d claimed, %v", len(got), err)
	}
	step(t, s, e, e.clear(minute(9)))
	turn(t, s, minute(9))
	sent := alerting.Outcome{ID: got[0].ID, Fence: got[0].Fence, Lane: "ops/C1", Kind: "slack", Began: minute(2), Ended: minute(3), Result: alerting.ResultSent}
	if ok, err := s.Finish(t.Context(), sent); err != nil || !ok {
		t.Fatalf("finish: %t, %v", ok, err)
	}
	in, entries := incident(t, s, id)
	last := entries[len(entries)-1]
	if !in.AlertedAt.Equal(minute(3)) || last.Kind != alerting.EntryAlerted || !last.At.Equal(minute(3)) {
		t.Fatalf("alerted at %s, last line %+v; want it of 12:03", in.AlertedAt, last)
	}
	if !strings.HasPrefix(last.Text, "first told: ops (written at ") || !strings.HasSuffix(last.Text, ", after the line above)") {
		t.Errorf("got %q below a line of 12:09, want why", last.Text)
	}
	for _, e := range entries[:len(entries)-1] {
		if strings.Contains(e.Text, "line above") {
			t.Errorf("%+v says why without a reason", e)
		}
	}
}
