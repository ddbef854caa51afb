package store

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/rules"
)

// midday is when the tests' attempts come in.
var midday = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// tape gives attempts their positions, as a log does.
type tape struct{ at ingest.Position }

func newTape() *tape { return &tape{ingest.Position{Segment: 1, Offset: 16}} }

// group returns attempts as the applier hands them over, received at midday.
func (t *tape) group(attempts ...deliveries.Attempt) ingest.Group {
	g := ingest.Group{At: midday}
	for _, a := range attempts {
		fault := a.Outcome(0)
		g.Entries = append(g.Entries, ingest.Entry{
			Attempt: a, Position: t.at, Received: midday, Kind: a.Kind(), Fault: fault,
			Counts: a.Ordinary() && fault != probes.FaultSenderError && fault != probes.FaultCanceled,
		})
		t.at.Offset += 150
		if t.at.Offset > 1<<26 {
			t.at = ingest.Position{Segment: t.at.Segment + 1, Offset: 16}
		}
	}
	g.Next = t.at
	return g
}

// traffic returns n attempts of different events from number at on: a minute
// has a thousand, one in ten failed, over 2,000 endpoints of which few have most.
func traffic(at, n int) []deliveries.Attempt {
	all := make([]deliveries.Attempt, n)
	for i := range all {
		k := at + i
		all[i] = deliveries.Attempt{
			Source: "core", ID: fmt.Sprintf("att_%08d", k), Merchant: "acme", Endpoint: fmt.Sprintf("ep-%d", k*k%44_721%2000),
			Event: fmt.Sprintf("evt_%08x", uint32(k)*2_654_435_761), Type: "payout.succeeded", Product: "PAYOUT",
			Channel: []string{"ID_BCA", "ID_BNI", "QR"}[k%3], Key: fmt.Sprintf("disb-%d", k),
			CreatedAt: midday.Add(-time.Hour), StartedAt: midday.Add(-8*time.Hour + time.Duration(k)*36*time.Millisecond),
			Duration: 200 * time.Millisecond, Number: 1, Status: 200, Trigger: deliveries.Automatic, Mode: deliveries.Live,
		}
		if k%10 == 0 {
			all[i].Status = 503
		}
	}
	return all
}

// openStore opens what attempts need of a data directory.
func openStore(tb testing.TB, dir string) *Store {
	tb.Helper()
	facts, err := openDatabase(tb.Context(), dir, factsSchema(), quiet())
	if err != nil {
		tb.Fatal(err)
	}
	s := &Store{log: quiet(), facts: facts, steps: stepsOf(rules.BucketLength)}
	s.ledger = newLedger(s, dir)
	tb.Cleanup(func() { shutStore(tb, s) })
	return s
}

func shutStore(tb testing.TB, s *Store) {
	tb.Helper()
	if err := errors.Join(s.ledger.close(), s.facts.close()); err != nil {
		tb.Error(err)
	}
}

func apply(tb testing.TB, s *Store, groups ...ingest.Group) (all []ingest.Verdict) {
	tb.Helper()
	for _, g := range groups {
		v, err := s.Ledger().Apply(tb.Context(), g)
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, v...)
	}
	return all
}

// count says how often each verdict was said.
func count(verdicts []ingest.Verdict) map[ingest.Verdict]int {
	n := map[ingest.Verdict]int{}
	for _, v := range verdicts {
		n[v]++
	}
	return n
}

// tallied returns what scopes got in two days around midday.
func tallied(tb testing.TB, s *Store, scopes ...rules.Scope) ingest.Tally {
	tb.Helper()
	a, err := s.Tally(tb.Context(), ingest.TallyQuery{Scopes: scopes, From: midday.Add(-36 * time.Hour), To: midday.Add(12 * time.Hour)})
	if err != nil {
		tb.Fatal(err)
	}
	return a.Tally
}

// everything is all that the tables of tallies say, with the buckets.
func everything(tb testing.TB, s *Store) []string {
	tb.Helper()
	var all []string
	for _, q := range []string{
		`SELECT 'minute', t.minute, d.value, t.* FROM tally_minute t JOIN dictionary d ON d.kind = 'scope' AND d.id = t.scope`,
		`SELECT 'quarter', t.slot, d.value, t.* FROM tally_quarter t JOIN dictionary d ON d.kind = 'scope' AND d.id = t.scope`,
		`SELECT 'endpoint', t.slot, d.value, 0, 0, first_attempts, failed_first, retries, failed_retries, manual, excluded
			FROM rollup t JOIN dictionary d ON d.kind = 'endpoint' AND d.id = t.endpoint`,
	} {
		rows, err := s.facts.r.QueryContext(tb.Context(), q)
		if err != nil {
			tb.Fatal(err)
		}
		for rows.Next() {
			var kind, value string
			var step, ignored int64
			var t ingest.Tally
			if err := rows.Scan(&kind, &step, &value, &ignored, &ignored, &t.First, &t.FailedFirst, &t.Retries, &t.FailedRetries, &t.Manual, &t.Excluded); err != nil {
				tb.Fatal(err)
			}
			if t != (ingest.Tally{}) {
				all = append(all, fmt.Sprint(kind, " ", step, " ", value, " ", t))
			}
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			tb.Fatal(err)
		}
	}
	for _, q := range endpointBuckets(tb, s, "deliveries") {
		if q.bucket.Total() > 0 || q.bucket.Took.Count() > 0 {
			all = append(all, fmt.Sprint("bucket ", q.slot, " ", q.endpoint, " ", q.bucket))
		}
	}
	slices.Sort(all)
	return all
}

// rowCount returns how many attempts all slots have.
func rowCount(tb testing.TB, s *Store) (n int) {
	tb.Helper()
	for _, day := range slotDays(tb, s) {
		err := s.ledger.slots.read(tb.Context(), day, func(tx *sql.Tx) error {
			var some int
			defer func() { n += some }()
			return tx.QueryRowContext(tb.Context(), `SELECT count(*) FROM attempt`).Scan(&some)
		})
		if err != nil {
			tb.Fatal(err)
		}
	}
	return n
}

func slotDays(tb testing.TB, s *Store) (days []string) {
	tb.Helper()
	files, err := filepath.Glob(filepath.Join(s.ledger.slots.dir, "*.db"))
	if err != nil {
		tb.Fatal(err)
	}
	for _, f := range files {
		days = append(days, strings.TrimSuffix(filepath.Base(f), ".db"))
	}
	return days
}

// failFacts lets no group be counted until mend is called.
func failFacts(tb testing.TB, s *Store) (mend func()) {
	tb.Helper()
	do := func(q string) {
		if _, err := s.facts.w.ExecContext(tb.Context(), q); err != nil {
			tb.Fatal(err)
		}
	}
	do(`CREATE TRIGGER broken BEFORE INSERT ON applied WHEN new.log = 'attempts' BEGIN SELECT RAISE(ABORT, 'broken'); END`)
	return func() { do(`DROP TRIGGER broken`) }
}

// copyDir copies what stands in a data directory at this moment, as a disk has
// it after the process was killed.
func copyDir(tb testing.TB, from string) string {
	tb.Helper()
	to := tb.TempDir()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		tb.Fatal(err)
	}
	return to
}

func TestApplyCountsEachAttemptOnce(t *testing.T) {
	t.Parallel()
	size := 20_000 / slower
	s := openStore(t, t.TempDir())
	tape := newTape()
	var groups, repeats []ingest.Group
	for i := range 5 {
		groups = append(groups, tape.group(traffic(i*size, size)...))
	}
	for i := range 5 {
		repeats = append(repeats, tape.group(traffic(i*size, size)...))
	}
	if got := count(apply(t, s, groups...)); got[ingest.Counted] != 5*size {
		t.Fatalf("verdicts %v, want all counted", got)
	}
	want := ingest.Tally{First: 5 * size, FailedFirst: 5 * size / 10}
	if got := tallied(t, s, rules.ScopePlatform); got != want {
		t.Fatalf("tally %+v, want %+v", got, want)
	}
	before := everything(t, s)
	for name, tc := range map[string]struct {
		groups []ingest.Group
		want   ingest.Verdict
	}{"the log is replayed": {groups, ingest.Counted}, "the senders repeat": {repeats, ingest.Duplicate}} {
		if got := count(apply(t, s, tc.groups...)); got[tc.want] != 5*size {
			t.Errorf("%s: verdicts %v, want all %d", name, got, tc.want)
		}
		if got := everything(t, s); !slices.Equal(got, before) {
			t.Errorf("%s: the tallies changed", name)
		}
	}
	if got := rowCount(t, s); got != 5*size {
		t.Errorf("%d rows, want %d", got, 5*size)
	}
	channels := tallied(t, s, rules.ScopeOf(rules.ScopeChannel, "QR"), rules.ScopeOf(rules.ScopeChannel, "ID_BCA"), rules.ScopeOf(rules.ScopeChannel, "ID_BNI"))
	if channels != want {
		t.Errorf("all channels %+v, want %+v", channels, want)
	}
	quarters, err := s.Ledger().Quarters(t.Context(), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	var endpoints ingest.Tally
	for _, q := range quarters {
		endpoints.Add(q.Tally)
	}
	if endpoints != want {
		t.Errorf("all endpoints %+v, want %+v", endpoints, want)
	}
}

// mixed is a day's trouble: attempts across midnight and out of order, repeats
// and contradictions within groups and between them.
func mixed() []ingest.Group {
	tape := newTape()
	var all []deliveries.Attempt
	for i, a := range traffic(0, 120) {
		a.StartedAt = midday.Add(-12 * time.Hour).Add(time.Duration(i*i%60-30) * time.Minute) // midnight
		all = append(all, a)
		if i%3 == 0 { // told again, otherwise
			b := a
			b.Status, b.Channel = 504, "QR"
			b.StartedAt = a.StartedAt.Add(time.Duration(i%2*2-1) * time.Minute)
			if dayOf(b.StartedAt) == dayOf(a.StartedAt) {
				all = append(all, b)
			}
		}
		if i%7 == 0 {
			all = append(all, a)
		}
	}
	slices.SortStableFunc(all, func(a, b deliveries.Attempt) int { return strings.Compare(a.ID[10:], b.ID[10:]) })
	var groups []ingest.Group
	for some := range slices.Chunk(all, 25) {
		groups = append(groups, tape.group(some...))
	}
	return groups
}

func TestACrashAtAnyPointCountsOnce(t *testing.T) {
	t.Parallel()
	groups := mixed()
	calm := openStore(t, t.TempDir())
	verdicts := apply(t, calm, groups...)
	want := everything(t, calm)
	if n := count(verdicts); n[ingest.Replaced] == 0 || n[ingest.Contradicted] == 0 || n[ingest.Duplicate] == 0 {
		t.Fatalf("verdicts %v: the groups try too little", n)
	}
	for at := range groups {
		if at%slower > 1 {
			continue
		}
		t.Run(fmt.Sprintf("after the slots of group %d", at), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			first := openStore(t, dir)
			apply(t, first, groups[:at]...)
			mend := failFacts(t, first)
			if _, err := first.Ledger().Apply(t.Context(), groups[at]); err == nil {
				t.Fatal("a group was applied without its tallies")
			}
			mend()
			second := openStore(t, copyDir(t, dir))
			shutStore(t, first)
			p, err := second.Ledger().Progress(t.Context())
			if err != nil || at > 0 && p.Applied != groups[at-1].Next || at == 0 && !p.Applied.IsZero() {
				t.Fatalf("progress %v, %v", p, err)
			}
			if got := apply(t, second, groups...); !slices.Equal(got, verdicts) { // from the oldest on
				t.Errorf("verdicts %v, want %v", got, verdicts)
			}
			if got := everything(t, second); !slices.Equal(got, want) {
				t.Errorf("tallies\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		})
	}
}

func TestFactsAreRebuiltFromTheLog(t *testing.T) {
	t.Parallel()
	groups := mixed()
	dir := t.TempDir()
	s := openStore(t, dir)
	verdicts := apply(t, s, groups...)
	want := everything(t, s)
	shutStore(t, s)
	if err := os.Remove(filepath.Join(dir, factsFile)); err != nil {
		t.Fatal(err)
	}
	s = openStore(t, dir)
	if got := apply(t, s, groups...); !slices.Equal(got, verdicts) {
		t.Errorf("verdicts %v, want %v", got, verdicts)
	}
	if got := everything(t, s); !slices.Equal(got, want) {
		t.Errorf("tallies\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestFactsOfATrimmedLog loses facts.db when the log no longer has all: what
// gives way without having been counted is not taken out.
func TestFactsOfATrimmedLog(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openStore(t, dir)
	tape := newTape()
	a := traffic(0, 1)[0]
	apply(t, s, tape.group(a))
	shutStore(t, s)
	if err := os.Remove(filepath.Join(dir, factsFile)); err != nil {
		t.Fatal(err)
	}
	s = openStore(t, dir)
	b := a
	b.StartedAt = b.StartedAt.Add(-time.Nanosecond)
	if got := apply(t, s, tape.group(b)); got[0] != ingest.Replaced {
		t.Errorf("verdict %v, want replaced", got)
	}
	if got, want := tallied(t, s, rules.ScopePlatform), (ingest.Tally{First: 1, FailedFirst: 1}); got != want {
		t.Errorf("tally %+v, want %+v", got, want)
	}
}

// TestAPowerCutThatLosesRows has facts.db ahead of a slot: the rows come back
// from the log, the tallies stay.
func TestAPowerCutThatLosesRows(t *testing.T) {
	t.Parallel()
	groups := mixed()
	dir := t.TempDir()
	s := openStore(t, dir)
	half := len(groups) / 2
	apply(t, s, groups[:half]...)
	if err := s.Ledger().Sync(t.Context(), groups[half-1].Next); err != nil {
		t.Fatal(err)
	}
	synced := copyDir(t, dir)
	verdicts := apply(t, s, groups[half:]...)
	want, rows := everything(t, s), rowCount(t, s)
	shutStore(t, s)
	if err := errors.Join(os.RemoveAll(filepath.Join(dir, attemptsDir)),
		os.CopyFS(filepath.Join(dir, attemptsDir), os.DirFS(filepath.Join(synced, attemptsDir)))); err != nil {
		t.Fatal(err)
	}
	s = openStore(t, dir)
	p, err := s.Ledger().Progress(t.Context())
	if want := (ingest.Progress{Applied: groups[len(groups)-1].Next, Synced: groups[half-1].Next}); err != nil || p != want {
		t.Fatalf("progress %v, %v; want %v", p, err, want)
	}
	if got := apply(t, s, groups[half:]...); !slices.Equal(got, verdicts) {
		t.Errorf("verdicts %v, want %v", got, verdicts)
	}
	if got := everything(t, s); !slices.Equal(got, want) {
		t.Error("the tallies changed")
	}
	if got := rowCount(t, s); got != rows {
		t.Errorf("%d rows, want %d", got, rows)
	}
}

func TestContradictionsInAnyOrder(t *testing.T) {
	t.Parallel()
	a := traffic(1, 1)[0] // delivered
	later, failed, manual := a, a, a
	later.StartedAt = a.StartedAt.Add(time.Nanosecond)
	failed.Status, failed.StartedAt, failed.Channel = 500, a.StartedAt.Add(time.Hour), "QR"
	manual.Mode, manual.StartedAt = deliveries.Test, a.StartedAt.Add(2*time.Hour)
	tests := map[string][]deliveries.Attempt{
		"the lower one first":          {a, failed},
		"the lower one last":           {failed, a},
		"a nanosecond apart":           {later, a},
		"a nanosecond apart, in order": {a, later},
		"in test mode":                 {manual, a},
		"three, falling":               {manual, failed, a},
		"three, the lowest in between": {failed, a, manual},
		"and the one that went, again": {failed, a, failed, a},
	}
	s, tape := openStore(t, t.TempDir()), newTape()
	for name, all := range tests {
		for _, together := range []bool{true, false} {
			own := fmt.Sprintf("%s, in one group: %v", name, together) // scopes of this case alone
			all := slices.Clone(all)
			for i := range all {
				all[i].Event, all[i].Endpoint, all[i].Product = own, own, own
				all[i].Channel += own
			}
			if together {
				apply(t, s, tape.group(all...))
			} else {
				for _, one := range all {
					apply(t, s, tape.group(one))
				}
			}
			checkLowest(t, s, all)
		}
	}
}

// checkLowest holds what is kept and counted of attempts that contradict each
// other against the lowest of them, which is a delivered one.
func checkLowest(t *testing.T, s *Store, all []deliveries.Attempt) {
	t.Helper()
	name := all[0].Event
	lowest := slices.MinFunc(all, deliveries.Attempt.Compare)
	want := map[rules.Scope]ingest.Tally{
		"product:" + rules.Scope(name): {First: 1}, "endpoint:" + rules.Scope(name): {First: 1},
		"channel:QR" + rules.Scope(name): {}, "channel:" + rules.Scope(lowest.Channel): {First: 1},
	}
	for scope, want := range want {
		if got := tallied(t, s, scope); got != want {
			t.Errorf("%s: %+v, want %+v", scope, got, want)
		}
	}
	known, err := s.Ledger().Known(t.Context(), all)
	if err != nil || len(known) != len(all) {
		t.Errorf("%s: %d known, %v", name, len(known), err)
	}
	for i := range known {
		if known[i] != (all[i] == lowest) {
			t.Errorf("%s: attempt %d: known %v, want the lowest one alone", name, i, known[i])
		}
	}
}

func TestWhatDoesNotCount(t *testing.T) {
	t.Parallel()
	first := traffic(1, 1)[0]
	tests := map[string]struct {
		change func(a *deliveries.Attempt)
		want   ingest.Tally
	}{
		"a first attempt":             {func(*deliveries.Attempt) {}, ingest.Tally{First: 1}},
		"a failed one":                {func(a *deliveries.Attempt) { a.Status = 500 }, ingest.Tally{First: 1, FailedFirst: 1}},
		"a retry":                     {func(a *deliveries.Attempt) { a.Number = 2 }, ingest.Tally{Retries: 1}},
		"a failed retry":              {func(a *deliveries.Attempt) { a.Number, a.Status = 2, 500 }, ingest.Tally{Retries: 1, FailedRetries: 1}},
		"one without a number":        {func(a *deliveries.Attempt) { a.Number = 0 }, ingest.Tally{Retries: 1}},
		"a person's":                  {func(a *deliveries.Attempt) { a.Trigger, a.Status = deliveries.Manual, 500 }, ingest.Tally{Manual: 1}},
		"the sender's own trouble":    {func(a *deliveries.Attempt) { a.Status, a.Error = 0, "canceled" }, ingest.Tally{Excluded: 1}},
		"in test mode":                {func(a *deliveries.Attempt) { a.Mode = deliveries.Test }, ingest.Tally{}},
		"our own ping":                {func(a *deliveries.Attempt) { a.Type = probes.PingType }, ingest.Tally{}},
		"a person's test":             {func(a *deliveries.Attempt) { a.Trigger, a.Mode = deliveries.Manual, deliveries.Test }, ingest.Tally{}},
		"of an endpoint nobody knows": {func(a *deliveries.Attempt) { a.Endpoint, a.URL = "", "https://x.example/" }, ingest.Tally{First: 1}},
	}
	s, tape := openStore(t, t.TempDir()), newTape()
	for name, tc := range tests {
		a := first
		a.ID, a.Event, a.Endpoint, a.Product, a.Channel = name, name, name, name, name // scopes of this case alone
		tc.change(&a)
		if got := apply(t, s, tape.group(a)); got[0] != ingest.Counted {
			t.Errorf("%s: verdict %v, want counted", name, got)
		}
		want := map[rules.Scope]ingest.Tally{"product:" + rules.Scope(name): tc.want, "channel:" + rules.Scope(name): tc.want, "endpoint:" + rules.Scope(name): tc.want}
		if a.Endpoint == "" {
			want["endpoint:"+rules.Scope(name)] = ingest.Tally{}
		}
		for scope, want := range want {
			if got := tallied(t, s, scope); got != want {
				t.Errorf("%s: %+v, want %+v", scope, got, want)
			}
		}
	}
}

// TestAFailedTryLeavesNothing fails a group at its rows, then at its tallies,
// and goes on with the same ledger: words that were rolled back are not used.
func TestAFailedTryLeavesNothing(t *testing.T) {
	t.Parallel()
	groups := mixed()
	for i := range groups[1].Entries { // words that nobody knows yet
		groups[1].Entries[i].Attempt.Type = fmt.Sprint("type-", i)
	}
	calm := openStore(t, t.TempDir())
	verdicts := apply(t, calm, groups...)
	s := openStore(t, t.TempDir())
	apply(t, s, groups[0])
	slot := s.ledger.slots.open["2026-11-21"].db.w
	for _, failure := range []struct {
		db *sql.DB
		on string
	}{{slot, "attempt"}, {s.facts.w, "applied"}} {
		if _, err := failure.db.ExecContext(t.Context(), `CREATE TRIGGER broken BEFORE INSERT ON `+failure.on+` BEGIN SELECT RAISE(ABORT, 'broken'); END`); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Ledger().Apply(t.Context(), groups[1]); err == nil {
			t.Fatalf("a group was applied without %s", failure.on)
		}
		if _, err := failure.db.ExecContext(t.Context(), `DROP TRIGGER broken`); err != nil {
			t.Fatal(err)
		}
	}
	if got := apply(t, s, groups[1:]...); !slices.Equal(got, verdicts[len(groups[0].Entries):]) {
		t.Errorf("verdicts %v, want %v", got, verdicts[len(groups[0].Entries):])
	}
	if got, want := everything(t, s), everything(t, calm); !slices.Equal(got, want) {
		t.Errorf("tallies\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	wordless := column(t, slot, `SELECT id FROM attempt a WHERE NOT EXISTS (SELECT 1 FROM word WHERE id = a.type AND kind = 'type')
		OR NOT EXISTS (SELECT 1 FROM word WHERE id = a.endpoint AND kind = 'endpoint')`)
	if len(wordless) > 0 {
		t.Errorf("%d rows have numbers of words that are not there", len(wordless))
	}
}

func TestAGroupThatWasAppliedInPart(t *testing.T) {
	t.Parallel()
	groups := mixed()
	calm := openStore(t, t.TempDir())
	verdicts := apply(t, calm, groups...)
	s := openStore(t, t.TempDir())
	apply(t, s, groups[0])
	whole := groups[len(groups)-1]
	whole.Entries = nil
	for _, g := range groups {
		whole.Entries = append(whole.Entries, g.Entries...)
	}
	if got := apply(t, s, whole); !slices.Equal(got, verdicts) {
		t.Errorf("verdicts %v, want %v", got, verdicts)
	}
	if got, want := everything(t, s), everything(t, calm); !slices.Equal(got, want) {
		t.Errorf("tallies\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
