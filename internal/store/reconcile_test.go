package store_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/internal/store"
)

// unreconciled returns the IDs of what is to be reconciled.
func unreconciled(tb testing.TB, s *store.Store, since time.Time) (ids []string) {
	tb.Helper()
	list, err := s.Unreconciled(tb.Context(), since)
	if err != nil {
		tb.Fatal(err)
	}
	for _, in := range list {
		ids = append(ids, in.ID)
	}
	return ids
}

// opened opens an incident about an endpoint at a minute.
func opened(tb testing.TB, s *store.Store, id string, at float64) string {
	tb.Helper()
	e, c := failed(id, "h-"+id, minute(at-2), minute(at))
	step(tb, s, e, c)
	return turn(tb, s, minute(at)).Decision.Incidents[0].ID
}

func TestWhatIsToBeReconciled(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	live, over := opened(t, s, "a", 2), opened(t, s, "b", 60)
	person(t, s, over, alerting.Command{Do: alerting.CommandResolve, By: "dewi"}, minute(70))
	for name, tt := range map[string]struct {
		since time.Time
		want  []string
	}{
		"newest first":                          {minute(70), []string{over, live}},
		"what was over before is left out":      {minute(70).Add(time.Microsecond), []string{live}},
		"what lives is there however old it is": {minute(9000), []string{live}},
	} {
		if got := unreconciled(t, s, tt.since); !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %v, want %v", name, got, tt.want)
		}
	}
	list, err := s.Unreconciled(t.Context(), noon)
	if err != nil || len(list) != 2 || len(list[0].Members) != 1 || list[0].Members[0].Key.Scope != "endpoint:b" {
		t.Errorf("got %+v, %v, want the members too", list, err)
	}
}

// recount counts a channel of an incident anew.
func recount(tb testing.TB, s *store.Store, id string, now time.Time, counts ...alerting.FailedCount) []alerting.Reconciliation {
	tb.Helper()
	rows, err := s.SaveReconciliation(tb.Context(), id, counts, now)
	if err != nil {
		tb.Fatal(err)
	}
	stored, err := s.Reconciliation(tb.Context(), id)
	if err != nil || !slices.Equal(rows, stored) {
		tb.Fatalf("saved  %+v\nstored %+v, %v", rows, stored, err)
	}
	return rows
}

func TestOnlyRowsThatDifferAreWritten(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	id := opened(t, s, "a", 2)
	if rows := recount(t, s, id, minute(3)); len(rows) != 0 {
		t.Errorf("nothing counted: %+v", rows)
	}
	bca := alerting.FailedCount{Name: "ID_BCA", Failed: 4, Redelivered: 1, Waiting: 3, ExpectedAt: minute(60), DeliveredAt: minute(3)}
	qr := alerting.FailedCount{Name: "QR", Failed: 2, Redelivered: 2, DeliveredAt: minute(4)}
	recount(t, s, id, minute(5), bca, qr)
	rows := recount(t, s, id, minute(6), bca, qr)
	if !rows[0].UpdatedAt.Equal(minute(5)) || rows[0].State != alerting.ReconcileInProgress || !rows[0].ExpectedAt.Equal(minute(60)) || !rows[1].DoneAt.Equal(minute(4)) {
		t.Errorf("counted alike, got %+v", rows)
	}
	bca.Redelivered, bca.Waiting, bca.DeliveredAt = 4, 0, minute(7)
	rows = recount(t, s, id, minute(8), bca, qr)
	if !rows[0].UpdatedAt.Equal(minute(8)) || !rows[0].DoneAt.Equal(minute(7)) || !rows[1].UpdatedAt.Equal(minute(5)) || !alerting.WhollyDone(rows) {
		t.Errorf("one delivered, got %+v", rows)
	}
	if in, _ := incident(t, s, id); in.Version != 1 {
		t.Errorf("counting made it version %d, want 1", in.Version)
	}
}

func TestAPersonsWordOutlivesCounting(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	id := opened(t, s, "a", 2)
	bca := alerting.FailedCount{Name: "ID_BCA", Failed: 40, Redelivered: 28, Exhausted: 12}
	recount(t, s, id, minute(5), bca)
	before, _ := incident(t, s, id)
	in, err := s.ReconcileIncident(t.Context(), id, before.Version, alerting.ReconcileCommand{
		Do: alerting.ReconcileWriteOff, Channel: "ID_BCA", Count: 11, By: "dewi", Note: "settled by hand",
	}, minute(6))
	after, entries := incident(t, s, id)
	if err != nil || in.Version != before.Version+1 || after.Version != in.Version || after.Entries != in.Entries || in.Stored != in.Version {
		t.Fatalf("got version %d, %v, stored %d, want %d", in.Version, err, after.Version, before.Version+1)
	}
	if last := entries[len(entries)-1]; last.Kind != alerting.EntryReconciliation || last.Actor != "dewi" || last.Text != "ID_BCA: 11 of 40 failed events written off, 1 left: settled by hand" {
		t.Errorf("timeline ends with %+v", last)
	}
	shut(t, s)
	s = open(t, dir)
	bca.Redelivered, bca.Exhausted = 29, 11
	rows := recount(t, s, id, minute(9), bca)
	want := alerting.Reconciliation{
		Incident: id, Channel: "ID_BCA", State: alerting.ReconcileDone, Failed: 40, Redelivered: 29, Exhausted: 11, WrittenOff: 11,
		DoneAt: minute(9), UpdatedAt: minute(9), UpdatedBy: "dewi", Note: "settled by hand",
	}
	if len(rows) != 1 || rows[0] != want {
		t.Errorf("got  %+v\nwant %+v", rows, want)
	}
	audit, err := s.Audit(t.Context(), 1)
	if err != nil || len(audit) != 1 || audit[0].Actor != "dewi" || audit[0].Action != "reconciliation" || audit[0].ID != id {
		t.Errorf("audit %+v, %v", audit, err)
	}
}

func TestARefusedReconciliationChangesNothing(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	id := opened(t, s, "a", 2)
	rows := recount(t, s, id, minute(5), alerting.FailedCount{Name: "QR", Failed: 3, Exhausted: 3})
	before, entries := incident(t, s, id)
	write := alerting.ReconcileCommand{Do: alerting.ReconcileWriteOff, Channel: "QR", Count: 4, By: "dewi"}
	_, err := s.ReconcileIncident(t.Context(), id, before.Version, write, minute(6))
	if _, ok := errors.AsType[*alerting.CommandError](err); !ok {
		t.Errorf("too many: %v, want a CommandError", err)
	}
	write.Count = 3
	_, err = s.ReconcileIncident(t.Context(), id, before.Version+1, write, minute(6))
	if wrong, ok := errors.AsType[*alerting.VersionError](err); !ok || wrong.Has != before.Version {
		t.Errorf("another version: %v, want a VersionError", err)
	}
	if _, err = s.ReconcileIncident(t.Context(), "inc_none", 1, write, minute(6)); !errors.Is(err, alerting.ErrNoIncident) {
		t.Errorf("no incident: %v", err)
	}
	cut, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err = s.ReconcileIncident(cut, id, before.Version, write, minute(6)); !errors.Is(err, context.Canceled) {
		t.Errorf("cut: %v", err)
	}
	after, later := incident(t, s, id)
	if stored, err := s.Reconciliation(t.Context(), id); err != nil || !slices.Equal(stored, rows) || after.Version != before.Version || len(later) != len(entries) {
		t.Errorf("it changed: %+v, %v, version %d", stored, err, after.Version)
	}
}
