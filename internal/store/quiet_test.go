package store_test

import (
	"errors"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/internal/store"
	"github.com/hookvigil/hookvigil/rules"
)

// silenceOf is a silence of a merchant that lasts so long from now.
func silenceOf(merchant string, length time.Duration) alerting.Silence {
	return alerting.Silence{
		Matcher: alerting.Matcher{Merchant: []string{merchant}}, Until: time.Now().Add(length), By: "ana", Reason: "they  move\tto another host",
	}
}

func addSilence(tb testing.TB, s *store.Store, q alerting.Silence) alerting.Silence {
	tb.Helper()
	q, err := s.AddSilence(tb.Context(), q)
	if err != nil {
		tb.Fatal(err)
	}
	return q
}

// planOf is maintenance of a merchant, each Sunday night for two hours, that
// began a year ago.
func planOf(id, merchant string) alerting.Maintenance {
	return alerting.Maintenance{
		ID: id, Matcher: alerting.Matcher{Merchant: []string{merchant}}, Zone: "Asia/Jakarta", Start: time.Date(2025, 6, 1, 2, 0, 0, 0, time.FixedZone("", 7*3600)),
		Length: 2 * time.Hour, Recurrence: "FREQ=WEEKLY;BYDAY=SU", By: "budi", Reason: "database",
	}
}

func putMaintenance(tb testing.TB, s *store.Store, m alerting.Maintenance) alerting.Maintenance {
	tb.Helper()
	m, err := s.PutMaintenance(tb.Context(), m)
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

func silences(tb testing.TB, s *store.Store, f alerting.SilenceFilter) []alerting.Silence {
	tb.Helper()
	list, err := s.Silences(tb.Context(), f)
	if err != nil {
		tb.Fatal(err)
	}
	return list
}

func idsOf(list []alerting.Silence) []string {
	ids := []string{}
	for _, q := range list {
		ids = append(ids, q.ID)
	}
	return ids
}

func quietOf(tb testing.TB, s *store.Store, now time.Time) alerting.Quiet {
	tb.Helper()
	q, err := s.Quiet(tb.Context(), now)
	if err != nil {
		tb.Fatal(err)
	}
	return q
}

func TestASilenceIsStoredAsItWasSaid(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	before := time.Now().Truncate(time.Microsecond)
	said := silenceOf("toko", time.Hour)
	said.Matcher.Rule = []rules.Rule{rules.RuleEndpointDown}
	said.ID, said.RemovedBy, said.From = "sil_mine", "nobody", before.Add(-time.Hour) // an ID is given, the past is not silenced
	q := addSilence(t, s, said)
	if !strings.HasPrefix(q.ID, "sil_") || len(q.ID) != 14 || q.ID == "sil_mine" || q.From.Before(before) || !q.From.Equal(q.Created) || q.RemovedBy != "" {
		t.Errorf("stored %+v, want an ID of its own, from now on", q)
	}
	if q.Reason != "they move to another host" {
		t.Errorf("reason %q, want one line", q.Reason)
	}
	shut(t, s)
	s = open(t, dir)
	got, err := s.Silence(t.Context(), q.ID)
	if err != nil || !reflect.DeepEqual(got, q) {
		t.Errorf("read %+v, %v; want %+v", got, err, q)
	}
	rows, err := s.Audit(t.Context(), 1)
	if err != nil || rows[0].Actor != "ana" || rows[0].Action != "create" || rows[0].Kind != "silence" || rows[0].ID != q.ID || rows[0].After == "" ||
		rows[0].Detail != "merchant toko, rule endpoint_down" {
		t.Errorf("audit %+v, %v", rows, err)
	}
}

func TestASilenceWithFaultsIsRefused(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	for sentence, change := range map[string]func(*alerting.Silence){
		"matcher: names nothing": func(q *alerting.Silence) { q.Matcher = alerting.Matcher{} },
		"until: is 8d after":     func(q *alerting.Silence) { q.Until = time.Now().Add(8 * 24 * time.Hour) },
		"reason: is missing":     func(q *alerting.Silence) { q.Reason = "" },
	} {
		q := silenceOf("toko", time.Hour)
		change(&q)
		_, err := s.AddSilence(t.Context(), q)
		if _, ok := errors.AsType[*registry.InvalidError](err); !ok || !strings.Contains(err.Error(), sentence) {
			t.Errorf("error %v, want %q", err, sentence)
		}
	}
	if list := silences(t, s, alerting.SilenceFilter{}); len(list) != 0 {
		t.Errorf("%+v are stored, want none", list)
	}
}

func TestASilenceIsEndedOnce(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	q := addSilence(t, s, silenceOf("toko", time.Hour))
	if err := s.RemoveSilence(t.Context(), q.ID, "budi"); err != nil {
		t.Fatal(err)
	}
	got, err := s.Silence(t.Context(), q.ID)
	if err != nil || got.RemovedBy != "budi" || got.RemovedAt.Before(q.From) || got.State(got.RemovedAt) != alerting.SilenceEnded {
		t.Errorf("after its end %+v, %v", got, err)
	}
	over, ok := errors.AsType[*alerting.SilenceOverError](s.RemoveSilence(t.Context(), q.ID, "ana"))
	if !ok || over.By != "budi" || !over.At.Equal(got.RemovedAt) {
		t.Errorf("a second end says %+v, want by whom it ended", over)
	}
	if err := s.RemoveSilence(t.Context(), "sil_none", "ana"); !errors.Is(err, alerting.ErrNoSilence) {
		t.Errorf("error %v, want that there is none", err)
	}
	rows, err := s.Audit(t.Context(), 10)
	if err != nil || len(rows) != 2 || rows[0].Action != "remove" || rows[0].Actor != "budi" || rows[0].Before != rows[1].After {
		t.Errorf("audit %+v, %v; want one end by budi", rows, err)
	}
}

func TestSilencesAreListedByStateAndMerchant(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	pending := silenceOf("toko", 3*time.Hour)
	pending.From = time.Now().Add(2 * time.Hour)
	p := addSilence(t, s, pending).ID
	a := addSilence(t, s, silenceOf("toko", time.Hour)).ID
	both := silenceOf("toko", time.Hour)
	both.Matcher.Merchant = []string{"toko", "warung"}
	b := addSilence(t, s, both).ID
	house := silenceOf("toko", time.Hour)
	house.Matcher = alerting.Matcher{Channel: []string{"QR"}}
	h := addSilence(t, s, house).ID
	e := addSilence(t, s, silenceOf("warung", time.Hour)).ID
	if err := s.RemoveSilence(t.Context(), e, "ana"); err != nil {
		t.Fatal(err)
	}
	later := time.Now().Add(90 * time.Minute)
	for sentence, tc := range map[string]struct {
		f    alerting.SilenceFilter
		want []string
	}{
		"all, the newest first":          {alerting.SilenceFilter{}, []string{e, h, b, a, p}},
		"what is active":                 {alerting.SilenceFilter{State: alerting.SilenceActive}, []string{h, b, a}},
		"what is to come":                {alerting.SilenceFilter{State: alerting.SilencePending}, []string{p}},
		"what has ended":                 {alerting.SilenceFilter{State: alerting.SilenceEnded}, []string{e}},
		"what will have ended":           {alerting.SilenceFilter{State: alerting.SilenceEnded, Now: later}, []string{e, h, b, a}},
		"of one merchant alone":          {alerting.SilenceFilter{Merchants: []string{"toko"}}, []string{a, p}},
		"of two merchants and no others": {alerting.SilenceFilter{Merchants: []string{"warung", "toko"}}, []string{e, b, a, p}},
		"a page":                         {alerting.SilenceFilter{Limit: 2}, []string{e, h}},
		"the next page":                  {alerting.SilenceFilter{Limit: 2, Before: h}, []string{b, a}},
		"behind one that is not there":   {alerting.SilenceFilter{Before: "sil_none"}, []string{}},
	} {
		if got := idsOf(silences(t, s, tc.f)); !slices.Equal(got, tc.want) {
			t.Errorf("%s: %v, want %v", sentence, got, tc.want)
		}
	}
	now := time.Now()
	q := quietOf(t, s, now)
	if got := idsOf(q.Silences); len(got) != 4 || slices.Contains(got, e) {
		t.Errorf("quiet are %v, want all but what has ended", got)
	}
	if q := quietOf(t, s, later); !slices.Equal(idsOf(q.Silences), []string{p}) || !q.NextChange(later).Equal(q.Silences[0].From) {
		t.Errorf("later quiet are %v, want the one that is to come", idsOf(q.Silences))
	}
	hush, ok := q.Covers(alerting.Quieted{Rule: rules.RuleEndpointDown, Scope: "endpoint:x", Merchant: "toko"}, now)
	if !ok || hush.Kind != alerting.HushSilence || hush.By != "ana" {
		t.Errorf("covered by %+v, want a silence of ana", hush)
	}
}

func TestMaintenanceIsPutByItsVersion(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	m := putMaintenance(t, s, planOf("sundays", "toko"))
	if m.Version != 1 || m.Created.IsZero() || !m.Updated.Equal(m.Created) {
		t.Errorf("stored %+v, want version 1", m)
	}
	again, ok := errors.AsType[*alerting.MaintenanceVersionError](second(s.PutMaintenance(t.Context(), planOf("sundays", "toko"))))
	if !ok || again.Has != 1 || again.Want != 0 {
		t.Errorf("a second new one says %v, want that there is one", again)
	}
	longer := m
	longer.Length, longer.By, longer.Recurrence = 3*time.Hour, "ana", "FREQ=WEEKLY;BYDAY=SU;COUNT=1000"
	longer = putMaintenance(t, s, longer)
	if longer.Version != 2 || !longer.Created.Equal(m.Created) || longer.EndsAt.IsZero() {
		t.Errorf("changed to %+v, want version 2 with an end", longer)
	}
	late, ok := errors.AsType[*alerting.MaintenanceVersionError](second(s.PutMaintenance(t.Context(), m)))
	if !ok || late.Has != 2 || late.Want != 1 {
		t.Errorf("a late change says %v, want the version now", late)
	}
	shut(t, s)
	s = open(t, dir)
	got, err := s.Maintenance(t.Context(), "sundays")
	if err != nil || got.Version != 2 || got.Length != 3*time.Hour || !got.Start.Equal(m.Start) || !got.EndsAt.Equal(longer.EndsAt) || got.By != "ana" || got.Zone != "Asia/Jakarta" {
		t.Errorf("read %+v, %v; want %+v", got, err, longer)
	}
	if err := s.RemoveMaintenance(t.Context(), "sundays", 1, "budi"); err == nil || !strings.Contains(err.Error(), "is at version 2, not 1") {
		t.Errorf("removed at an old version: %v", err)
	}
	if err := s.RemoveMaintenance(t.Context(), "sundays", 2, "budi"); err != nil {
		t.Fatal(err)
	}
	_, err = s.Maintenance(t.Context(), "sundays")
	removed := s.RemoveMaintenance(t.Context(), "sundays", 3, "budi")
	if !errors.Is(err, alerting.ErrNoMaintenance) || !errors.Is(removed, alerting.ErrNoMaintenance) {
		t.Errorf("what was removed is read: %v, and removed: %v; want that there is none", err, removed)
	}
	gone, ok := errors.AsType[*alerting.MaintenanceVersionError](second(s.PutMaintenance(t.Context(), got)))
	if !ok || gone.Has != 0 || !strings.Contains(gone.Error(), "was removed") {
		t.Errorf("a change of what was removed says %v", gone)
	}
	if back := putMaintenance(t, s, planOf("sundays", "toko")); back.Version != 4 {
		t.Errorf("anew it has version %d, want 4: a late change must not meet it", back.Version)
	}
	rows, err := s.Audit(t.Context(), 10)
	var done []string
	for _, r := range rows {
		done = append(done, r.Actor+" "+r.Action)
	}
	if want := []string{"budi create", "budi remove", "ana update", "budi create"}; err != nil || !slices.Equal(done, want) {
		t.Errorf("audit %v, %v; want %v", done, err, want)
	}
}

func second[T any](_ T, err error) error { return err }

func TestMaintenanceThatIsNotOverMayBeQuiet(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	m := putMaintenance(t, s, planOf("sundays", "toko"))
	soon := planOf("once", "warung")
	soon.Start, soon.Recurrence = time.Now().Add(time.Hour), ""
	soon = putMaintenance(t, s, soon)
	putMaintenance(t, s, planOf("removed", "toko"))
	if err := s.RemoveMaintenance(t.Context(), "removed", 1, "ana"); err != nil {
		t.Fatal(err)
	}
	ids := func(q alerting.Quiet) (list []string) {
		for _, m := range q.Maintenance {
			list = append(list, m.ID)
		}
		return list
	}
	during := soon.Start.Add(soon.Length - 1)
	if got := ids(quietOf(t, s, during)); !slices.Equal(got, []string{"once", "sundays"}) {
		t.Errorf("quiet may be %v, want both", got)
	}
	if got := ids(quietOf(t, s, during.Add(1))); !slices.Equal(got, []string{"sundays"}) {
		t.Errorf("quiet may be %v, want the one that recurs", got)
	}
	from, _, ok := m.Next(time.Now())
	hush, covered := quietOf(t, s, from).Covers(alerting.Quieted{Scope: "endpoint:x", Merchant: "toko"}, from)
	if !ok || from.Weekday() != time.Saturday || from.Hour() != 19 || !covered || hush.ID != "sundays" || !hush.Until.Equal(from.Add(2*time.Hour)) {
		t.Errorf("at %s covered by %+v, want Sunday 02:00 in Jakarta for two hours", from, hush)
	}
	list, err := s.Maintenances(t.Context())
	if err != nil || len(list) != 2 {
		t.Errorf("listed %+v, %v; want two", list, err)
	}
}

func TestWhatEndedLongAgoIsDropped(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	live := addSilence(t, s, silenceOf("toko", time.Hour))
	ended := addSilence(t, s, silenceOf("toko", time.Hour))
	if err := s.RemoveSilence(t.Context(), ended.ID, "ana"); err != nil {
		t.Fatal(err)
	}
	putMaintenance(t, s, planOf("sundays", "toko"))
	putMaintenance(t, s, planOf("removed", "toko"))
	if err := s.RemoveMaintenance(t.Context(), "removed", 1, "ana"); err != nil {
		t.Fatal(err)
	}
	for i, tc := range []struct {
		before time.Time
		want   int
	}{{live.Created, 0}, {time.Now(), 2}, {live.Until, 0}, {live.Until.Add(time.Microsecond), 1}} {
		if n, err := s.DropQuiet(t.Context(), tc.before); err != nil || n != tc.want {
			t.Errorf("%d: dropped %d, %v; want %d", i, n, err, tc.want)
		}
	}
	if list, err := s.Maintenances(t.Context()); err != nil || len(list) != 1 {
		t.Errorf("left are %+v, %v; want the one that goes on", list, err)
	}
}

func TestThereAreNotTooManySilences(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	shut(t, open(t, dir))
	edit(t, filepath.Join(dir, "state.db"), `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 999)
		INSERT INTO silence (id, matcher, starts_at, ends_at, author, reason, created_at)
		SELECT 'sil_' || i, '{"all":true}', 1, 9000000000000000, 'ana', 'x', 1 FROM n`)
	s := open(t, dir)
	addSilence(t, s, silenceOf("toko", time.Hour))
	_, err := s.AddSilence(t.Context(), silenceOf("toko", time.Hour))
	if many, ok := errors.AsType[*alerting.TooQuietError](err); !ok || many.Most != 1000 {
		t.Errorf("one more: %v, want that there are too many", err)
	}
	if q := quietOf(t, s, time.Now()); len(q.Silences) != 1000 {
		t.Errorf("%d are in force, want all", len(q.Silences))
	}
}
