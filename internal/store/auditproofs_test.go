package store_test

import (
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// pulse is a silent proof for a lane.
func pulse(lane, id string, version int) alerting.Notice {
	n := event(lane, "pulse/"+lane, id, rules.Low)
	n.Kind, n.Flow, n.Version = alerting.KindPulse, alerting.FlowState, version
	return n
}

// TestALaneIsProvedByAPulseThatWasTaken, by no other notice, and by none that
// failed.
func TestALaneIsProvedByAPulseThatWasTaken(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	enqueue(t, s, pulse("ops/C1", "p1", 1), pulse("mail/sre", "p2", 1), event("pager/x", "a", "1", rules.High))
	at := ten.Add(time.Second).Truncate(time.Microsecond)
	for _, c := range claim(t, s, "ops/C1", 0) {
		finish(t, s, c, nil)
	}
	for _, c := range claim(t, s, "mail/sre", 0) {
		finish(t, s, c, waiting(alerting.ClassTransient, time.Minute))
	}
	for _, c := range claim(t, s, "pager/x", 0) {
		finish(t, s, c, nil)
	}
	proofs, err := s.Proofs(t.Context())
	if err != nil || len(proofs) != 3 {
		t.Fatalf("%v, %v; want three lanes", proofs, err)
	}
	for lane, want := range map[string]struct{ sent, proved, last time.Time }{
		"ops/C1":   {at, at, at},
		"mail/sre": {},
		"pager/x":  {sent: at, last: at},
	} {
		if p := proofs[lane]; !p.Sent.Equal(want.sent) || !p.Proved.Equal(want.proved) || !p.Last().Equal(want.last) || p.Lane != lane {
			t.Errorf("%s: %+v, want %+v", lane, p, want)
		}
	}
}

// TestDeadLettersAreThoseOfIncidents that nobody has dropped or tried again.
func TestDeadLettersAreThoseOfIncidents(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	e, c := failed("a", "h1", noon, minute(2))
	step(t, s, e, c)
	id := turn(t, s, minute(2)).Decision.Incidents[0].ID
	of := func(name, subject string, kind alerting.Kind) {
		n := event(name+"/x", subject, name, rules.High)
		n.Kind = kind
		enqueue(t, s, n)
	}
	of("page", id, alerting.KindPage)
	of("update", id, alerting.KindUpdate)
	of("merchant", id, alerting.KindMerchant)
	of("test", id, alerting.KindTest)
	of("digest", "digest/acme/health/0", "digest")
	of("pulse", "pulse/pulse/x", alerting.KindPulse)
	want := func(when string, want int) {
		t.Helper()
		if got, err := s.DeadLetters(t.Context()); err != nil || got != want {
			t.Errorf("%s: %d dead letters, %v; want %d", when, got, err, want)
		}
	}
	want("while they wait", 0)
	for _, lane := range []string{"page/x", "update/x", "merchant/x", "test/x", "digest/x", "pulse/x"} {
		for _, c := range claim(t, s, lane, 0) {
			finish(t, s, c, func(o *alerting.Outcome) { o.Result, o.Class = alerting.ResultDead, alerting.ClassDestination })
		}
	}
	want("all are dead", 2)
	if err := s.DropNotice(t.Context(), "page", "ana"); err != nil {
		t.Fatal(err)
	}
	want("one was dropped", 1)
	if err := s.RetryNotice(t.Context(), "update", "ana"); err != nil {
		t.Fatal(err)
	}
	want("the other is tried again", 0)
}

// TestCriticalIncidentsAreThoseThatLive and stand for themselves; they can be
// read while somebody else holds the lock for writing.
func TestCriticalIncidentsAreThoseThatLive(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	opens := func(id string, severity rules.Severity, at time.Time) *endpoint {
		e := endpointOn(id, "h-"+id)
		e.pend(at, "refused")
		step(t, s, e, e.open(at, severity))
		turn(t, s, at)
		return e
	}
	opens("second", rules.Critical, minute(3))
	opens("first", rules.Critical, minute(2))
	opens("high", rules.High, minute(4))
	over := opens("over", rules.Critical, minute(5))
	step(t, s, over, over.clear(minute(6)))
	turn(t, s, minute(6))

	db, err := sql.Open("sqlite", filepath.Join(dir, "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(t.Context(), `BEGIN IMMEDIATE`); err != nil {
		t.Fatal(err)
	}
	list, err := s.CriticalIncidents(t.Context())
	if err != nil || len(list) != 2 || list[0].Scope != "endpoint:first" || list[1].Scope != "endpoint:second" || len(list[0].Members) != 1 {
		t.Errorf("%+v, %v; want first and second, with their members", list, err)
	}
	if n, err := s.DeadLetters(t.Context()); err != nil || n != 0 {
		t.Errorf("dead letters while locked: %d, %v", n, err)
	}
	if _, err := s.Proofs(t.Context()); err != nil {
		t.Errorf("proofs while locked: %v", err)
	}
}
