package store

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/rules"
)

// bucketRow is one bucket of the rollup, read past the verbs.
type bucketRow struct {
	slot     int64
	endpoint string
	bucket   rules.Bucket
}

// endpointBuckets reads one column of all rows that have it.
func endpointBuckets(tb testing.TB, s *Store, column string) (all []bucketRow) {
	tb.Helper()
	rows, err := s.facts.r.QueryContext(tb.Context(), `SELECT t.slot, d.value, t.`+column+` FROM rollup t
		JOIN dictionary d ON d.kind = 'endpoint' AND d.id = t.endpoint WHERE t.`+column+` IS NOT NULL ORDER BY t.slot, d.value`)
	if err != nil {
		tb.Fatal(err)
	}
	for rows.Next() {
		var r bucketRow
		var data []byte
		if err := errors.Join(rows.Scan(&r.slot, &r.endpoint, &data), r.bucket.UnmarshalBinary(data)); err != nil {
			tb.Fatal(err)
		}
		all = append(all, r)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		tb.Fatal(err)
	}
	return all
}

// bucketsAt returns what is stored in two days around midday.
func bucketsAt(tb testing.TB, s *Store, endpoints ...string) []EndpointQuarter {
	tb.Helper()
	list, err := s.EndpointBuckets(tb.Context(), endpoints, midday.Add(-36*time.Hour), midday.Add(12*time.Hour))
	if err != nil {
		tb.Fatal(err)
	}
	return list
}

// deliveriesOf merges all quarters of an endpoint.
func deliveriesOf(tb testing.TB, s *Store, endpoint string) (sum rules.Bucket) {
	tb.Helper()
	for _, q := range bucketsAt(tb, s, endpoint) {
		sum.Merge(q.Deliveries)
	}
	return sum
}

func sameBucket(a, b rules.Bucket) bool {
	return a.Covered == b.Covered && a.Down == b.Down && a.Took == b.Took && (a.Total() == 0 && b.Total() == 0 || reflect.DeepEqual(a.Counts, b.Counts))
}

func saveProbes(tb testing.TB, s *Store, quarters ...ProbeQuarter) {
	tb.Helper()
	if err := s.SaveProbes(tb.Context(), quarters); err != nil {
		tb.Fatal(err)
	}
}

// bucketOf has one result, and what it covers.
func bucketOf(fault probes.Fault, took, covered time.Duration) (b rules.Bucket) {
	b.Add(fault, took)
	b.Cover(covered, fault != probes.FaultNone)
	return b
}

func TestBucketsHoldFirstAttemptsThatCount(t *testing.T) {
	t.Parallel()
	first := traffic(1, 1)[0]
	none := rules.Bucket{}
	tests := map[string]struct {
		change func(a *deliveries.Attempt)
		want   rules.Bucket
	}{
		"delivered":                  {func(*deliveries.Attempt) {}, bucketOf(probes.FaultNone, 200*time.Millisecond, 0)},
		"answered badly":             {func(a *deliveries.Attempt) { a.Status = 503 }, bucketOf(probes.FaultHTTP5xx, 200*time.Millisecond, 0)},
		"not answered":               {func(a *deliveries.Attempt) { a.Status, a.Error = 0, "timeout" }, bucketOf(probes.FaultTimeoutResponse, -1, 0)},
		"nobody says how long":       {func(a *deliveries.Attempt) { a.Duration = 0 }, bucketOf(probes.FaultNone, -1, 0)},
		"a retry":                    {func(a *deliveries.Attempt) { a.Number = 2 }, none},
		"one without a number":       {func(a *deliveries.Attempt) { a.Number = 0 }, none},
		"a person's":                 {func(a *deliveries.Attempt) { a.Trigger = deliveries.Manual }, none},
		"the sender's own trouble":   {func(a *deliveries.Attempt) { a.Status, a.Error = 0, "canceled" }, none},
		"in test mode":               {func(a *deliveries.Attempt) { a.Mode = deliveries.Test }, none},
		"our own ping":               {func(a *deliveries.Attempt) { a.Type = probes.PingType }, none},
		"a failed retry is no first": {func(a *deliveries.Attempt) { a.Number, a.Status = 3, 500 }, none},
	}
	s, tape := openStore(t, t.TempDir()), newTape()
	for name, tc := range tests {
		a := first
		a.ID, a.Event, a.Endpoint = name, name, name
		tc.change(&a)
		if want := a.Outcome(0); tc.want.Total() > 0 && tc.want.Counts[want] != 1 {
			t.Fatalf("%s: the attempt ended as %s", name, want)
		}
		apply(t, s, tape.group(a))
		if got := deliveriesOf(t, s, name); !sameBucket(got, tc.want) {
			t.Errorf("%s: %+v, want %+v", name, got, tc.want)
		}
	}
}

func TestAReplacedAttemptLeavesItsBucket(t *testing.T) {
	t.Parallel()
	slow := traffic(1, 1)[0]
	slow.Status, slow.Duration = 503, 20*time.Second
	quick := slow
	quick.Status, quick.Duration, quick.StartedAt = 200, 200*time.Millisecond, slow.StartedAt.Add(-20*time.Minute) // another quarter
	tests := map[string]func(s *Store, slow, quick deliveries.Attempt, tape *tape){
		"in one group": func(s *Store, slow, quick deliveries.Attempt, tape *tape) { apply(t, s, tape.group(slow, quick)) },
		"in two groups": func(s *Store, slow, quick deliveries.Attempt, tape *tape) {
			apply(t, s, tape.group(slow), tape.group(quick))
		},
		"again after a crash before the tallies": func(s *Store, slow, quick deliveries.Attempt, tape *tape) {
			apply(t, s, tape.group(slow))
			g := tape.group(quick)
			mend := failFacts(t, s)
			if _, err := s.Ledger().Apply(t.Context(), g); err == nil {
				t.Error("applied without tallies")
			}
			mend()
			restart(t, s)
			apply(t, s, g, g)
		},
	}
	s, tape := openStore(t, t.TempDir()), newTape()
	for name, run := range tests {
		slow, quick := slow, quick
		slow.Event, quick.Event, slow.Endpoint, quick.Endpoint = name, name, name, name
		run(s, slow, quick, tape)
		want := bucketOf(probes.FaultNone, 200*time.Millisecond, 0)
		if got := deliveriesOf(t, s, name); !sameBucket(got, want) {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
		list := bucketsAt(t, s, name)
		if i := slices.IndexFunc(list, func(q EndpointQuarter) bool { return q.Deliveries.Total() > 0 }); i < 0 || !list[i].Start.Equal(quick.StartedAt.Truncate(rules.BucketLength)) {
			t.Errorf("%s: it is in %+v, want the quarter of its start", name, list)
		}
	}
}

// TestABucketThatChangesWithinItself replaces a failure by another one in the
// same quarter: the sums stay, the bucket does not.
func TestABucketThatChangesWithinItself(t *testing.T) {
	t.Parallel()
	a := traffic(1, 1)[0]
	a.Status = 503
	b := a
	b.Status, b.StartedAt = 404, a.StartedAt.Add(-time.Microsecond)
	s, tape := openStore(t, t.TempDir()), newTape()
	apply(t, s, tape.group(a), tape.group(b))
	want := bucketOf(b.Outcome(0), 200*time.Millisecond, 0)
	if got := deliveriesOf(t, s, a.Endpoint); !sameBucket(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestAnUnreadableBucketBeginsAnew(t *testing.T) {
	t.Parallel()
	s, tape := openStore(t, t.TempDir()), newTape()
	var said bytes.Buffer
	s.log = slog.New(slog.NewTextHandler(&said, nil))
	all := traffic(1, 2)
	all[1].Endpoint = all[0].Endpoint
	apply(t, s, tape.group(all[0]))
	if _, err := s.facts.w.ExecContext(t.Context(), `UPDATE rollup SET deliveries = x'ff00'`); err != nil {
		t.Fatal(err)
	}
	apply(t, s, tape.group(all[1]))
	if got := deliveriesOf(t, s, all[0].Endpoint); got.Total() != 1 || strings.Count(said.String(), "level=WARN") != 1 {
		t.Errorf("%+v, and the log says %q", got, said.String())
	}
}

// TestASlotOfTheFirstSchemaGoesOn contradicts an attempt in a slot that does
// not know yet how the one that goes had ended.
func TestASlotOfTheFirstSchemaGoesOn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openStore(t, dir)
	old := attemptsSchema("2026-11-21.db")
	text, err := fs.ReadFile(migrations, old.folder+"/0001_tables.sql")
	if err != nil {
		t.Fatal(err)
	}
	old.root = fstest.MapFS{old.folder + "/0001_tables.sql": {Data: text}}
	if err := errors.Join(os.MkdirAll(s.ledger.slots.dir, 0o700), openFile(t, s.ledger.slots.dir, old).close()); err != nil {
		t.Fatal(err)
	}
	a := traffic(1, 1)[0]
	b := a
	b.Status, b.StartedAt = 404, a.StartedAt.Add(-time.Microsecond)
	if got := apply(t, s, newTape().group(a, b)); got[1] != ingest.Replaced {
		t.Errorf("verdicts %v, want replaced", got)
	}
	if got, want := deliveriesOf(t, s, a.Endpoint), bucketOf(b.Outcome(0), 200*time.Millisecond, 0); !sameBucket(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestProbesMergeOverRestarts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openStore(t, dir)
	good, bad := bucketOf(probes.FaultNone, 100*time.Millisecond, time.Minute), bucketOf(probes.FaultHTTP5xx, 3*time.Second, 2*time.Minute)
	quarter := func(endpoint string, after time.Duration, b rules.Bucket) ProbeQuarter {
		return ProbeQuarter{Endpoint: endpoint, Start: midday.Add(after), Bucket: b}
	}
	saveProbes(t, s, quarter("a", 0, bad), quarter("b", 0, good), quarter("a", 15*time.Minute, good))
	shutStore(t, s)
	s = openStore(t, dir)
	saveProbes(t, s, quarter("a", 14*time.Minute, bad), quarter("c", 0, bad), quarter("a", time.Minute, good))
	saveProbes(t, s) // nothing
	both := rules.Bucket{}
	for _, b := range []rules.Bucket{bad, bad, good} {
		both.Merge(b)
	}
	want := []bucketRow{{stepsOf(rules.BucketLength).slot(midday), "a", both}, {stepsOf(rules.BucketLength).slot(midday), "b", good}, {stepsOf(rules.BucketLength).slot(midday), "c", bad}, {stepsOf(rules.BucketLength).slot(midday) + 1, "a", good}}
	if got := endpointBuckets(t, s, "probe"); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	got := column(t, s.facts.r, `SELECT covered_us || ' ' || probes || ' ' || probes_down || ' ' || version FROM rollup ORDER BY slot, endpoint`)
	if want := []string{"300000000 3 2 2", "60000000 1 0 2", "120000000 1 1 2", "60000000 1 0 2"}; !slices.Equal(got, want) {
		t.Errorf("columns %q, want %q", got, want)
	}
	if ids := column(t, s.facts.r, `SELECT count(DISTINCT id) FROM dictionary WHERE kind = 'endpoint'`); ids[0] != "3" {
		t.Errorf("%s numbers, want 3", ids)
	}
}

func TestProbesThatCannotBeSaved(t *testing.T) {
	t.Parallel()
	s := openStore(t, t.TempDir())
	for name, bad := range map[string]ProbeQuarter{
		"no endpoint": {Start: midday}, "no start": {Endpoint: "a"}, "an endpoint that is no text": {Endpoint: "\xff", Start: midday},
	} {
		if err := s.SaveProbes(t.Context(), []ProbeQuarter{probed(1, midday), bad}); err == nil || !strings.Contains(err.Error(), "want the ID of an endpoint and a start") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := column(t, s.facts.r, `SELECT count(*) FROM rollup`); got[0] != "0" {
		t.Errorf("%s rows, want none", got)
	}
}

// TestProbesAndAttemptsShareARow saves probes while attempts are applied: each
// leaves alone what the other wrote.
func TestProbesAndAttemptsShareARow(t *testing.T) {
	t.Parallel()
	s, tape := openStore(t, t.TempDir()), newTape()
	const rounds = 20
	var groups []ingest.Group
	for i := range rounds {
		a := traffic(i, 1)[0]
		a.Endpoint, a.Status, a.StartedAt = fmt.Sprint("ep-", i%3), 200, midday
		groups = append(groups, tape.group(a))
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for _, g := range groups {
			if _, err := s.Ledger().Apply(t.Context(), g); err != nil {
				t.Error(err)
			}
		}
	})
	for i := range rounds {
		wg.Go(func() {
			q := ProbeQuarter{fmt.Sprint("ep-", i%3), midday, bucketOf(probes.FaultNone, time.Second, time.Second)}
			if err := s.SaveProbes(t.Context(), []ProbeQuarter{q}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	probed, delivered := 0, 0
	list := bucketsAt(t, s, "ep-0", "ep-1", "ep-2")
	for _, q := range list {
		probed, delivered = probed+q.Probe.Total(), delivered+q.Deliveries.Total()
	}
	if len(list) != 3 || probed != rounds || delivered != rounds {
		t.Errorf("%d rows with %d probes and %d attempts, want 3, %d and %d", len(list), probed, delivered, rounds, rounds)
	}
	if got := tallied(t, s, "endpoint:ep-0", "endpoint:ep-1", "endpoint:ep-2"); got.First != rounds {
		t.Errorf("%d first attempts, want %d", got.First, rounds)
	}
}

func TestEndpointBucketsWindows(t *testing.T) {
	t.Parallel()
	s := openStore(t, t.TempDir())
	var all []ProbeQuarter
	for i := range 60 { // numbers in the order of the names
		for q := range 4 {
			all = append(all, probed(i, midday.Add(time.Duration(q)*rules.BucketLength)))
		}
	}
	saveProbes(t, s, all...)
	tests := map[string]struct {
		endpoints []int
		from, to  time.Duration // after midday
		want      []string      // endpoint and quarter
	}{
		"one quarter":                   {[]int{3}, 0, 15 * time.Minute, []string{"3 0"}},
		"parts of two":                  {[]int{3}, 14 * time.Minute, 16 * time.Minute, []string{"3 0", "3 1"}},
		"up to a quarter's start":       {[]int{3}, -time.Hour, 0, nil},
		"a nanosecond of it":            {[]int{3}, -time.Hour, 1, []string{"3 0"}},
		"from its end":                  {[]int{3}, time.Hour, 2 * time.Hour, nil},
		"a year around":                 {[]int{3}, -8760 * time.Hour, 8760 * time.Hour, []string{"3 0", "3 1", "3 2", "3 3"}},
		"neighbours and others between": {[]int{12, 3, 5}, 0, time.Minute, []string{"3 0", "5 0", "12 0"}},
		"far apart, and one twice":      {[]int{59, 0, 59}, 0, 20 * time.Minute, []string{"0 0", "59 0", "0 1", "59 1"}},
		"one that nobody knows":         {[]int{77, 3}, 0, time.Minute, []string{"3 0"}},
		"nobody":                        {nil, 0, time.Hour, nil},
		"an empty window":               {[]int{3}, 15 * time.Minute, 15 * time.Minute, nil},
		"a window that runs back":       {[]int{3}, time.Hour, 0, nil},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked, got []string
			for _, i := range tc.endpoints {
				asked = append(asked, probed(i, midday).Endpoint)
			}
			list, err := s.EndpointBuckets(t.Context(), asked, midday.Add(tc.from), midday.Add(tc.to))
			if err != nil {
				t.Fatal(err)
			}
			for _, q := range list {
				var i int
				if _, err := fmt.Sscanf(q.Endpoint, "ep-%d", &i); err != nil {
					t.Fatal(err)
				}
				got = append(got, fmt.Sprint(i, " ", int(q.Start.Sub(midday)/rules.BucketLength)))
				if want := probed(i, midday).Bucket; !sameBucket(q.Probe, want) || q.Deliveries.Total() > 0 || q.Start.Location() != time.UTC {
					t.Errorf("%s: %+v, want %+v", q.Endpoint, q, want)
				}
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestOldProbesGo(t *testing.T) {
	t.Parallel()
	s := openStore(t, t.TempDir())
	for i := range 3 {
		saveProbes(t, s, probed(1, midday.Add(time.Duration(i)*rules.BucketLength)))
	}
	for _, step := range []struct{ days, want int }{{400, 4}, {401, 4}, {401, 3}, {401, 2}, {401, 2}} { // one more each day; one quarter goes with each call
		saveProbes(t, s, probed(1, midday.AddDate(0, 0, step.days)))
		if got := column(t, s.facts.r, `SELECT count(*) FROM rollup`)[0]; got != fmt.Sprint(step.want) {
			t.Errorf("after %d days: %s rows, want %d", step.days, got, step.want)
		}
	}
}
