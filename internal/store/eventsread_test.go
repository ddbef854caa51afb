package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest"
	"github.com/hookvigil/hookvigil/internal/registry"
)

// ofEvent returns an attempt of an event, so long before midday.
func ofEvent(event, endpoint string, before time.Duration, change ...func(a *deliveries.Attempt)) deliveries.Attempt {
	a := traffic(0, 1)[0]
	a.Event, a.Endpoint, a.ID, a.Status = event, endpoint, "att-"+event, 200
	a.StartedAt, a.CreatedAt = midday.Add(-before), midday.Add(-before)
	for _, c := range change {
		c(&a)
	}
	return a
}

func with500(a *deliveries.Attempt) { a.Status = 500 }

func ids(events []deliveries.Event) (all []string) {
	for _, e := range events {
		all = append(all, e.ID)
	}
	return all
}

func TestEventsNameWhatIsWrongWithAQuery(t *testing.T) {
	t.Parallel()
	s := openStore(t, t.TempDir())
	apply(t, s, newTape().group(traffic(0, 30)...))
	page, err := s.Events(t.Context(), ingest.EventQuery{Now: midday, Limit: 5})
	if err != nil || page.Next == "" {
		t.Fatalf("%v, %v", page, err)
	}
	raw, err := base64.RawURLEncoding.DecodeString(page.Next)
	if err != nil {
		t.Fatal(err)
	}
	again := func(from, to string) string { // with a sum that is right
		text := []byte(strings.Replace(string(raw[:len(raw)-4]), from, to, 1))
		return base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint32(text, crc32.ChecksumIEEE(text)))
	}
	if again("", "") != page.Next {
		t.Fatal("the test does not know how a cursor is written")
	}
	for name, tc := range map[string]struct {
		change func(q *ingest.EventQuery)
		want   string
	}{
		"no limit":                      {func(q *ingest.EventQuery) { q.Limit = 0 }, "limit: 0"},
		"a large limit":                 {func(q *ingest.EventQuery) { q.Limit = 1001 }, "limit: 1001"},
		"no time":                       {func(q *ingest.EventQuery) { q.Now = time.Time{} }, "now: "},
		"a state that does not exist":   {func(q *ingest.EventQuery) { q.States = []deliveries.EventState{"lost"} }, `states: "lost"`},
		"a cursor that is none":         {func(q *ingest.EventQuery) { q.After = "garbage!" }, "after: "},
		"a word in base64":              {func(q *ingest.EventQuery) { q.After = "aGVsbG8" }, "after: "},
		"a cursor of a later version":   {func(q *ingest.EventQuery) { q.After = again("1f", "2f") }, "after: "},
		"a cursor of a file elsewhere":  {func(q *ingest.EventQuery) { q.After = again("2026-11-21", "../../etc") }, "after: "},
		"a cursor with a negative id":   {func(q *ingest.EventQuery) { q.After = again(":0:", ":0:-") }, "after: "},
		"a cursor that was cut":         {func(q *ingest.EventQuery) { q.After = q.After[:len(q.After)-3] }, "after: "},
		"a cursor of a few bytes":       {func(q *ingest.EventQuery) { q.After = "AAA" }, "after: "},
		"a cursor with something more":  {func(q *ingest.EventQuery) { q.After += "AA" }, "after: "},
		"a cursor with a leading zero":  {func(q *ingest.EventQuery) { q.After = again(":0:", ":0:0") }, "after: "},
		"the cursor of another list":    {func(q *ingest.EventQuery) { q.States = []deliveries.EventState{"exhausted"} }, "after: is the cursor of another list"},
		"a cursor for attempts instead": {func(q *ingest.EventQuery) { q.After = again("1f", "1a") }, "after: is the cursor of another list"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := ingest.EventQuery{Now: midday, Limit: 5, After: page.Next}
			tc.change(&q)
			_, err := s.Events(t.Context(), q)
			if _, ok := errors.AsType[*registry.InvalidError](err); !ok || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want an InvalidError with %q", err, tc.want)
			}
		})
	}
	for name, err := range map[string]error{
		"attempts of no endpoint": second(s.EndpointAttempts(t.Context(), ingest.AttemptQuery{Limit: 1})),
		"attempts without limit":  second(s.EndpointAttempts(t.Context(), ingest.AttemptQuery{Endpoint: "x"})),
		"attempts after an event": second(s.EndpointAttempts(t.Context(), ingest.AttemptQuery{Endpoint: "x", Limit: 1, After: page.Next})),
		"facets of another kind":  second(s.Facets(t.Context(), "merchant", 5)),
		"facets without limit":    second(s.Facets(t.Context(), "type", 0)),
	} {
		if _, ok := errors.AsType[*registry.InvalidError](err); !ok {
			t.Errorf("%s: %v, want an InvalidError", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// A scope never shows what is another's, not even where an attempt and what is
// stored of its event name different merchants.
func TestEventsKeepMerchantsApart(t *testing.T) {
	t.Parallel()
	s, tape := openStore(t, t.TempDir()), newTape()
	followXendit(t, s)
	of := func(merchant string) func(a *deliveries.Attempt) {
		return func(a *deliveries.Attempt) { a.Merchant = merchant }
	}
	apply(t, s, tape.group(
		ofEvent("mine-good", "ep-1", time.Hour, of("mine")), ofEvent("mine-bad", "ep-1", 2*time.Hour, with500, of("mine")),
		ofEvent("other-good", "ep-2", time.Hour, of("other")), ofEvent("other-bad", "ep-2", 2*time.Hour, with500, of("other")),
		ofEvent("moved", "ep-3", 3*time.Hour, with500, of("mine")),
	))
	if _, err := s.facts.w.ExecContext(t.Context(), `UPDATE open_event SET merchant = 'other' WHERE event = 'moved'`); err != nil {
		t.Fatal(err)
	}
	scopes := []string{"mine"}
	for len(scopes) <= 2*mostRuns { // with many, the merchants are no runs any more
		for name, states := range map[string][]deliveries.EventState{"all": nil, "stored": {"retrying", "exhausted"}, "delivered": {"delivered"}} {
			got := pages(t, s, ingest.EventQuery{Merchants: scopes, States: states, Now: midday, Limit: 1}, rowsLooked, func() {})
			want := map[string][]string{"all": {"mine-good", "mine-bad"}, "stored": {"mine-bad"}, "delivered": {"mine-good"}}[name]
			if !slices.Equal(ids(got), want) {
				t.Errorf("%s, %d merchants: %v, want %v", name, len(scopes), ids(got), want)
			}
		}
		for i := range len(scopes) + 30 {
			scopes = append(scopes, fmt.Sprint("third-", i))
		}
	}
}

func TestEventsLeaveOutWhatIsNoBusiness(t *testing.T) {
	t.Parallel()
	s, tape := openStore(t, t.TempDir()), newTape()
	apply(t, s, tape.group(
		ofEvent("real", "ep", time.Hour), ofEvent("tested", "ep", time.Hour, func(a *deliveries.Attempt) { a.Mode = deliveries.Test }),
		ofEvent("probe_1", "ep", time.Hour), ofEvent("pinged", "ep", time.Hour, func(a *deliveries.Attempt) { a.Type = "hookvigil.ping" }),
		ofEvent("nowhere", "", time.Hour),
		// The test of an event is no try of it.
		ofEvent("both", "ep", 3*time.Hour, func(a *deliveries.Attempt) { a.Mode, a.Number = deliveries.Test, 2 }),
		ofEvent("both", "ep", 2*time.Hour),
	))
	if got, want := ids(pages(t, s, ingest.EventQuery{Now: midday, Limit: 10}, rowsLooked, func() {})), []string{"real", "both"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	for id, want := range map[string][2]int{"tested": {0, 1}, "probe_1": {0, 1}, "nowhere": {0, 1}, "both": {1, 2}} {
		story, err := s.EventStory(t.Context(), "core", id)
		if err != nil || len(story.Events) != want[0] || len(story.Attempts) != want[1] {
			t.Errorf("story of %s: %d events, %d attempts, %v; want %v", id, len(story.Events), len(story.Attempts), err, want)
		}
	}
}

// Windows are half-open to the nanosecond.
func TestReadingObeysItsWindow(t *testing.T) {
	t.Parallel()
	s := openStore(t, t.TempDir())
	start := midday.Add(-time.Hour + 123_456_789)
	for name, tc := range map[string]struct {
		from, to time.Duration // from the start of the attempt
		want     int
	}{
		"it begins with it":           {0, time.Second, 1},
		"it begins just behind":       {1, time.Second, 0},
		"it begins later in its ms":   {300 * time.Microsecond, time.Second, 0},
		"it begins earlier in its ms": {-300 * time.Microsecond, time.Second, 1},
		"it ends with it":             {-time.Second, 0, 0},
		"it ends just behind":         {-time.Second, 1, 1},
		"it ends later in its ms":     {-time.Second, 200 * time.Microsecond, 1},
		"it ends earlier in its ms":   {-time.Second, -200 * time.Microsecond, 0},
	} {
		apply(t, s, newTape().group(ofEvent("e", "ep", 0, func(a *deliveries.Attempt) { a.StartedAt = start })))
		q := ingest.EventQuery{From: start.Add(tc.from), To: start.Add(tc.to), Now: midday, Limit: 10}
		if got := pages(t, s, q, rowsLooked, func() {}); len(got) != tc.want {
			t.Errorf("%s: %d events, want %d", name, len(got), tc.want)
		}
		if got := attemptPages(t, s, ingest.AttemptQuery{Endpoint: "ep", From: q.From, To: q.To, Limit: 10}, rowsLooked); len(got) != tc.want {
			t.Errorf("%s: %d attempts, want %d", name, len(got), tc.want)
		}
	}
}

// Two events with the same hash are two.
func TestStoriesCompareTheWords(t *testing.T) {
	t.Parallel()
	s := openStore(t, t.TempDir())
	apply(t, s, newTape().group(
		ofEvent("e", "ep", time.Hour), ofEvent("e", "ep", time.Hour, func(a *deliveries.Attempt) { a.Source = "other" }), ofEvent("f", "ep", time.Hour),
	))
	if _, err := s.ledger.slots.open["2026-11-21"].db.w.ExecContext(t.Context(), `UPDATE attempt SET event = ?`, eventHash("core", "e")); err != nil {
		t.Fatal(err)
	}
	story, err := s.EventStory(t.Context(), "core", "e")
	if err != nil || len(story.Attempts) != 1 || len(story.Events) != 1 || story.Attempts[0].Event != "e" {
		t.Errorf("%+v, %v; want the one attempt", story, err)
	}
}

// A slot that somebody writes while it is read without locks is read again.
func TestReadingAgainWhatWasWritten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, tape := openStore(t, dir), newTape()
	apply(t, s, tape.group(ofEvent("a", "ep", 0)))
	shutStore(t, s)
	s = openStore(t, dir)
	files, err := s.historyFiles()
	if err != nil || len(files) != 1 {
		t.Fatalf("%v, %v; want one file", files, err)
	}
	calls, rows := 0, 0
	err = s.readHistory(t.Context(), files[0], s.ledger.slots, func(tx *sql.Tx) error {
		if calls++; calls == 1 {
			apply(t, s, tape.group(ofEvent("b", "ep", 0)))
			if err := s.ledger.slots.close(); err != nil { // folded in: nothing beside the file tells of it
				return err
			}
		}
		return tx.QueryRowContext(t.Context(), `SELECT count(*) FROM attempt`).Scan(&rows)
	})
	if err != nil || calls != 2 || rows != 2 {
		t.Errorf("%d rows in call %d, %v; want 2 in call 2", rows, calls, err)
	}
}

// A query that few events meet ends after so many rows, and goes on from there.
func TestEventsLookAtSoManyRows(t *testing.T) {
	t.Parallel()
	s, tape := openStore(t, t.TempDir()), newTape()
	followXendit(t, s)
	all := traffic(0, 400)
	for i := range all {
		all[i].Status = 200
		all[i].StartedAt = midday.Add(-time.Duration(i%2) * 24 * time.Hour).Add(time.Duration(i) * time.Second / 10)
	}
	all[0].Channel = "rare" // with the lowest start of its day
	apply(t, s, tape.group(all...))
	asked := question{words: []wordIs{{"channel", "rare"}}, firsts: true}
	w, err := s.walkFrom(place{}, &asked, rowsLooked)
	if err != nil || len(w.files) != 2 {
		t.Fatalf("%d files, %v", len(w.files), err)
	}
	calls, found := 0, 0
	for newest := w.files[0].key(); len(w.files) == 2; calls++ {
		w.left = 90
		rows, err := w.next(t.Context(), s, &asked, 2)
		if err != nil || w.files[0].key() == newest && w.left != 0 {
			t.Fatalf("%d left to be looked at, %v; want none while there are rows", w.left, err)
		}
		found += len(rows)
	}
	if calls != 3 || found != 1 { // it is the last of 200 rows
		t.Errorf("%d found in call %d, want 1 in call 3", found, calls)
	}
	w.left = 90
	if rows, err := w.next(t.Context(), s, &asked, 2); err != nil || len(rows) != 0 || w.left != 90 || len(w.files) != 0 {
		t.Errorf("in a file without the word %d rows, %d left, %v; want it to be done at once", len(rows), w.left, err)
	}
}

func TestReadingSkipsWhatIsDamagedOrGone(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(path string) error{
		"cut short": func(path string) error { return os.Truncate(path, 5000) },
		"empty":     func(path string) error { return os.Truncate(path, 0) },
		"cleared": func(path string) error {
			b, err := os.ReadFile(path)
			if err == nil {
				clear(b[4096:])
				err = os.WriteFile(path, b, 0o600)
			}
			return err
		},
		"no database": func(path string) error {
			return os.WriteFile(path, bytes.Repeat([]byte("nothing"), 2000), 0o600)
		},
		"gone": os.Remove,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s, tape := openStore(t, dir), newTape()
			apply(t, s, tape.group(ofEvent("a", "ep", 0), ofEvent("b", "ep", 24*time.Hour), ofEvent("c", "ep", 48*time.Hour)))
			shutStore(t, s)
			if err := damage(filepath.Join(dir, attemptsDir, "2026-11-20.db")); err != nil {
				t.Fatal(err)
			}
			s = openStore(t, dir)
			var said bytes.Buffer
			s.ledger.slots.log = slog.New(slog.NewTextHandler(&said, nil))
			for range 2 {
				if got := ids(pages(t, s, ingest.EventQuery{Now: midday, Limit: 10}, rowsLooked, func() {})); !slices.Equal(got, []string{"a", "c"}) {
					t.Errorf("events %v, want those of the days around", got)
				}
				if got := attemptPages(t, s, ingest.AttemptQuery{Endpoint: "ep", Limit: 1}, rowsLooked); len(got) != 2 {
					t.Errorf("%d attempts, want 2", len(got))
				}
				if _, err := s.EventStory(t.Context(), "core", "b"); !errors.Is(err, registry.ErrNotFound) {
					t.Errorf("story: %v, want not found", err)
				}
				if got, err := s.Facets(t.Context(), "source", 5); err != nil || len(got) != 1 {
					t.Errorf("facets %v, %v", got, err)
				}
			}
			want := 1
			if name == "gone" {
				want = 0
			}
			if n := strings.Count(said.String(), "level=ERROR"); n != want {
				t.Errorf("log %q, want %d errors", said.String(), want)
			}
			apply(t, s, tape.group(ofEvent("d", "ep", 24*time.Hour)))
			if got := ids(pages(t, s, ingest.EventQuery{Now: midday, Limit: 10}, rowsLooked, func() {})); !slices.Equal(got, []string{"a", "d", "c"}) {
				t.Errorf("events %v, want the new one too", got)
			}
		})
	}
}

// Reading a slot that nobody has open leaves nothing beside it.
func TestReadingLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openStore(t, dir)
	apply(t, s, newTape().group(ofEvent("a", "ep", 0), ofEvent("b", "ep", 24*time.Hour)))
	if got := pages(t, s, ingest.EventQuery{Now: midday, Limit: 10}, rowsLooked, func() {}); len(got) != 2 {
		t.Errorf("%d events beside the writer, want 2", len(got))
	}
	if err := s.ledger.slots.close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Events(t.Context(), ingest.EventQuery{Now: midday, Limit: 10}); err == nil {
		t.Error("a closed store was read")
	}
	s.ledger.slots = newSlots(dir, quiet())
	if got := pages(t, s, ingest.EventQuery{Now: midday, Limit: 10}, rowsLooked, func() {}); len(got) != 2 {
		t.Errorf("%d events, want 2", len(got))
	}
	if len(s.ledger.slots.open) > 0 {
		t.Errorf("%d slots are open as for the applier, want none", len(s.ledger.slots.open))
	}
	files, err := os.ReadDir(filepath.Join(dir, attemptsDir))
	if err != nil || len(files) != 2 {
		t.Errorf("files %v, %v; want the two slots alone", files, err)
	}
}

// Failed attempts of a month are found behind the slots, and once while they
// are in both.
func TestFailuresOfAMonthAreRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, tape := openStore(t, dir), newTape()
	followXendit(t, s)
	retried := ofEvent("old", "ep", 23*time.Hour, with500)
	retried.Number, retried.CreatedAt = 2, midday.Add(-24*time.Hour)
	apply(t, s, tape.group(ofEvent("new", "ep", time.Hour), ofEvent("old", "ep", 24*time.Hour, with500), retried, ofEvent("older", "ep", 25*time.Hour, with500)))
	if _, err := s.ledger.carry(t.Context(), "2026-11-20", "2026-11"); err != nil {
		t.Fatal(err)
	}
	check := func(when string, between func()) {
		t.Helper()
		if got := ids(pages(t, s, ingest.EventQuery{Now: midday, Limit: 1}, rowsLooked, between)); !slices.Equal(got, []string{"new", "old", "older"}) {
			t.Errorf("%s: events %v", when, got)
		}
		if got := attemptPages(t, s, ingest.AttemptQuery{Endpoint: "ep", Limit: 1}, rowsLooked); len(got) != 4 || !got[2].StartedAt.Equal(midday.Add(-24*time.Hour)) {
			t.Errorf("%s: %d attempts, want 4, newest first", when, len(got))
		}
		if story, err := s.EventStory(t.Context(), "core", "old"); err != nil || len(story.Attempts) != 2 {
			t.Errorf("%s: %d attempts in the story, %v; want 2", when, len(story.Attempts), err)
		}
	}
	n := 0
	check("carried on", func() {})
	check("dropped between two pages", func() {
		if n++; n == 2 { // behind the first event of the slot
			s.ledger.slots.dropBefore("2026-11-21")
		}
	})
	check("dropped", func() {})
	if err := s.ledger.slots.sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	check("removed", func() {})
	if err := s.ledger.failures.close(); err != nil {
		t.Fatal(err)
	}
	s.ledger.failures = newFailures(dir, quiet())
	if err := os.WriteFile(filepath.Join(dir, failuresDir, "2026-11.db"), []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := ids(pages(t, s, ingest.EventQuery{Now: midday, Limit: 1}, rowsLooked, func() {})); !slices.Equal(got, []string{"new"}) {
		t.Errorf("damaged: events %v, want those of the slots", got)
	}
}

func TestOpenEventsAreToldOneByOne(t *testing.T) {
	t.Parallel()
	s, tape := openStore(t, t.TempDir()), newTape()
	now := time.Now().UTC().Truncate(time.Second)
	if err := s.Ledger().Follow(t.Context(), func(endpoint, _ string) deliveries.Schedule {
		name := map[string]string{"never": "none"}[endpoint]
		if name == "" {
			name = "xendit"
		}
		p, _ := deliveries.Preset(name)
		return p
	}, nil); err != nil {
		t.Fatal(err)
	}
	at := func(event, endpoint string, ago time.Duration) deliveries.Attempt {
		a := ofEvent(event, endpoint, 0, with500)
		a.StartedAt, a.CreatedAt = now.Add(-ago), now.Add(-ago)
		return a
	}
	good, canceled := at("good", "ep", time.Hour), at("canceled", "ep", time.Hour)
	good.Status, canceled.Status, canceled.Error = 200, 0, "canceled"
	late := at("late", "ep", 2*time.Hour)
	delivered := late
	delivered.Number, delivered.Status, delivered.StartedAt = 2, 200, late.StartedAt.Add(15*time.Minute)
	g := tape.group(at("open", "ep", time.Hour), at("elsewhere", "ep-2", time.Hour), good, canceled, late, delivered,
		at("lost", "never", 23*time.Hour), at("lost-long-ago", "never", 25*time.Hour), at("overdue", "ep", 30*time.Hour), at("overdue-long-ago", "ep", 49*time.Hour))
	for i := range g.Entries {
		g.Entries[i].Received = now
	}
	apply(t, s, g)
	for name, tc := range map[string]struct {
		endpoints []string
		want      []string
	}{
		"all":           {nil, []string{"elsewhere", "lost", "open", "overdue"}},
		"of endpoints":  {[]string{"ep-2", "never", "unknown"}, []string{"elsewhere", "lost"}},
		"of none":       {[]string{}, nil},
		"of one of two": {[]string{"ep"}, []string{"open", "overdue"}},
	} {
		var got []string
		err := s.OpenEvents(t.Context(), tc.endpoints, func(e deliveries.Event) error {
			got = append(got, e.ID)
			return nil
		})
		slices.Sort(got)
		if err != nil || !slices.Equal(got, tc.want) {
			t.Errorf("%s: %v, %v; want %v", name, got, err, tc.want)
		}
	}
	enough, n := errors.New("enough"), 0
	if err := s.OpenEvents(t.Context(), nil, func(deliveries.Event) error { n++; return enough }); !errors.Is(err, enough) || n != 1 {
		t.Errorf("told %d, %v; want one, and the error of who was told", n, err)
	}
}

func TestReadingEndsWithItsContext(t *testing.T) {
	t.Parallel()
	s := openStore(t, t.TempDir())
	apply(t, s, newTape().group(traffic(0, 10)...))
	given := errors.New("given up")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(given)
	for name, err := range map[string]error{
		"events":   second(s.Events(ctx, ingest.EventQuery{Now: midday, Limit: 1})),
		"stored":   second(s.Events(ctx, ingest.EventQuery{Now: midday, Limit: 1, States: []deliveries.EventState{"retrying"}})),
		"story":    second(s.EventStory(ctx, "core", "x")),
		"attempts": second(s.EndpointAttempts(ctx, ingest.AttemptQuery{Endpoint: "ep-0", Limit: 1})),
		"facets":   second(s.Facets(ctx, "type", 1)),
		"open":     s.OpenEvents(ctx, nil, func(deliveries.Event) error { return nil }),
	} {
		if !errors.Is(err, given) {
			t.Errorf("%s: %v, want the cause", name, err)
		}
	}
	if files, err := os.ReadDir(s.ledger.slots.dir); err != nil || slices.ContainsFunc(files, func(f os.DirEntry) bool { return strings.Contains(f.Name(), "damaged") }) {
		t.Errorf("files %v, %v: nothing is damaged", files, err)
	}
}

// Reading while attempts are applied sees each group whole or in part, and
// never fails.
func TestReadingBesideApplying(t *testing.T) {
	t.Parallel()
	s, tape := openStore(t, t.TempDir()), newTape()
	followXendit(t, s)
	all := traffic(0, 200/min(slower, 4))
	for i := range all {
		all[i].StartedAt = midday.AddDate(0, 0, -i%(openSlots+1))
	}
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			pages(t, s, ingest.EventQuery{Now: midday, Limit: 100}, rowsLooked, func() {})
			if _, err := s.EventStory(t.Context(), "core", all[0].Event); err != nil && !errors.Is(err, registry.ErrNotFound) {
				t.Errorf("story: %v", err)
			}
			select {
			case <-done:
				return
			default:
			}
		}
	})
	for some := range slices.Chunk(all, 25) {
		apply(t, s, tape.group(some...))
	}
	close(done)
	wg.Wait()
	if got := pages(t, s, ingest.EventQuery{Now: midday, Limit: 100}, rowsLooked, func() {}); len(got) != len(all) {
		t.Errorf("%d events, want %d", len(got), len(all))
	}
}
