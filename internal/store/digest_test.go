package store_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/alerting/digest"
	"github.com/hookvigil/hookvigil/internal/store"
	"github.com/hookvigil/hookvigil/rules"
)

// windowRow is the nth window from noon on, which is a boundary.
func windowRow(merchant string, n int, state digest.State) digest.Row {
	start := noon.Add(time.Duration(n) * 6 * time.Hour)
	r := digest.Row{
		Merchant: merchant, Kind: digest.KindHealth, Window: digest.Window{Start: start, End: start.Add(6 * time.Hour)}, Zone: "Asia/Jakarta",
		State: state, Verdict: digest.Attention, Covered: 5*time.Hour + 12*time.Minute, ClosedAt: ten, Due: ten.Add(time.Minute),
	}
	r.ClosedAt, r.Due = r.ClosedAt.Truncate(time.Microsecond), r.Due.Truncate(time.Microsecond)
	switch state {
	case digest.StateWaiting:
		r.Snapshot = json.RawMessage(`{"version":1,"merchant":"` + merchant + `"}`)
	case digest.StateMerged:
		r.MergedInto = start.Add(6 * time.Hour)
		fallthrough
	default:
		r.Finished = r.ClosedAt
	}
	return r
}

// telling are the notices about a row, one in each lane.
func telling(r digest.Row, lanes ...string) (list []alerting.Notice) {
	for _, lane := range lanes {
		key := "v1:" + r.Subject() + ":" + lane
		n := event(lane, r.Subject(), key, rules.Low)
		n.IdemKey, n.Kind, n.Facts = key, digest.KindDigest, r.Snapshot
		list = append(list, n)
	}
	return list
}

func closeRows(tb testing.TB, s *store.Store, rows []digest.Row, notices []alerting.Notice) int {
	tb.Helper()
	n, err := s.Digests().Close(tb.Context(), rows, notices)
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

func listDigests(tb testing.TB, s *store.Store, f digest.Filter) []digest.Row {
	tb.Helper()
	rows, err := s.Digests().List(tb.Context(), f)
	if err != nil {
		tb.Fatal(err)
	}
	return rows
}

func TestClosedWindowsSurviveARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	merged, told := windowRow("acme", 0, digest.StateMerged), windowRow("acme", 1, digest.StateWaiting)
	quiet, platform := windowRow("toko", 1, digest.StateSkipped), windowRow("", 1, digest.StateSuppressed)
	platform.Kind = digest.KindPlatform
	quiet.Finished = time.Time{} // whoever leaves it out means the close
	rows := []digest.Row{merged, told, quiet, platform}
	if n := closeRows(t, s, rows, telling(told, "mail/a", "mail/b")); n != 4 {
		t.Errorf("%d inserted, want 4", n)
	}
	quiet.Finished = quiet.ClosedAt
	want := []digest.Row{platform, told, quiet, merged}
	shut(t, s)
	s = open(t, dir)
	if got := listDigests(t, s, digest.Filter{}); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	notices := outboxOf(t, s, alerting.OutboxFilter{Subject: told.Subject()})
	if len(notices) != 2 || string(notices[0].Facts) != string(told.Snapshot) || notices[0].Kind != digest.KindDigest {
		t.Errorf("notices %+v, want two with the snapshot", notices)
	}
}

func TestARowThatIsThereChangesNothing(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	first := windowRow("acme", 1, digest.StateWaiting)
	closeRows(t, s, []digest.Row{first}, telling(first, "mail/a"))
	before := listDigests(t, s, digest.Filter{})

	gap, again, next, other := windowRow("acme", 0, digest.StateStale), first, windowRow("acme", 2, digest.StateWaiting), windowRow("toko", 1, digest.StateWaiting)
	again.State, again.Verdict, again.Finished = digest.StateMerged, digest.Act, ten
	notices := slices.Concat(telling(again, "mail/b"), telling(next, "mail/a"), telling(other, "mail/c"))
	if n := closeRows(t, s, []digest.Row{gap, again, next, other}, notices); n != 1 {
		t.Errorf("%d inserted, want the other merchant's row alone", n)
	}
	if got := listDigests(t, s, digest.Filter{Merchant: "acme"}); !reflect.DeepEqual(got, before) {
		t.Errorf("got %+v, want as before", got)
	}
	if got := outboxOf(t, s, alerting.OutboxFilter{}); len(got) != 2 {
		t.Errorf("%d notices, want the first and the other merchant's", len(got))
	}
	weekly := first
	weekly.Kind = digest.KindSummary
	if n := closeRows(t, s, []digest.Row{weekly}, telling(weekly, "mail/a")); n != 1 {
		t.Error("another kind of digest is not another row")
	}
}

func TestACloseIsWholeOrAbsent(t *testing.T) {
	t.Parallel()
	good, bad := windowRow("acme", 0, digest.StateWaiting), windowRow("toko", 0, digest.StateWaiting)
	tests := map[string]struct {
		change func(r *digest.Row, n *alerting.Notice)
		want   string
	}{
		"a notice about no row":   {func(_ *digest.Row, n *alerting.Notice) { n.Subject = "digest/toko/health/1" }, "want one of the rows"},
		"a row that is not told":  {func(_ *digest.Row, n *alerting.Notice) { n.Subject = good.Subject() }, "waits without a notice"},
		"a notice without a lane": {func(_ *digest.Row, n *alerting.Notice) { n.Lane = "" }, "want a key and a lane"},
		"a window that runs back": {func(r *digest.Row, _ *alerting.Notice) { r.Window.End = r.Window.Start }, "constraint"},
		"an unknown state":        {func(r *digest.Row, _ *alerting.Notice) { r.State = "lost" }, "constraint"},
		"an unknown verdict":      {func(r *digest.Row, _ *alerting.Notice) { r.Verdict = "fine" }, "constraint"},
		"it waits and is over":    {func(r *digest.Row, _ *alerting.Notice) { r.Finished = ten }, "constraint"},
		"a snapshot is no JSON":   {func(r *digest.Row, _ *alerting.Notice) { r.Snapshot = json.RawMessage("{") }, "constraint"},
		"the same window twice":   {func(r *digest.Row, n *alerting.Notice) { *r, n.Subject = good, good.Subject() }, "constraint"},
	}
	s := open(t, t.TempDir())
	for name, tc := range tests {
		r, n := bad, telling(bad, "mail/b")[0]
		tc.change(&r, &n)
		inserted, err := s.Digests().Close(t.Context(), []digest.Row{good, r}, append(telling(good, "mail/a"), n))
		if err == nil || inserted != 0 || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %d inserted, %v; want an error with %q", name, inserted, err, tc.want)
		}
		if rows, notices := listDigests(t, s, digest.Filter{}), outboxOf(t, s, alerting.OutboxFilter{}); len(rows)+len(notices) > 0 {
			t.Fatalf("%s: %d rows and %d notices are there, want nothing", name, len(rows), len(notices))
		}
	}
}

func TestTwoClosersTellOnce(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	const merchants, closers = 20, 4
	inserted := make([]int, closers)
	var wg sync.WaitGroup
	for i := range closers {
		wg.Go(func() {
			for m := range merchants {
				one, two := windowRow(fmt.Sprint("m-", m), 0, digest.StateMerged), windowRow(fmt.Sprint("m-", m), 1, digest.StateWaiting)
				if i%2 == 0 { // this one was up in between
					one, two = windowRow(one.Merchant, 0, digest.StateWaiting), windowRow("none", 0, digest.StateSuppressed)
				}
				told := two
				if i%2 == 0 {
					told = one
				}
				n, err := s.Digests().Close(t.Context(), []digest.Row{one, two}, telling(told, "mail/"+one.Merchant))
				if err != nil {
					t.Error(err)
				}
				inserted[i] += n
			}
		})
	}
	wg.Wait()
	rows := listDigests(t, s, digest.Filter{Limit: 1000})
	total, waiting := 0, 0
	for _, n := range inserted {
		total += n
	}
	for _, r := range rows {
		if r.State == digest.StateWaiting {
			waiting++
			if got := outboxOf(t, s, alerting.OutboxFilter{Subject: r.Subject()}); len(got) != 1 {
				t.Errorf("%s: %d notices, want 1", r.Subject(), len(got))
			}
		}
	}
	if total != len(rows) || waiting != merchants || len(outboxOf(t, s, alerting.OutboxFilter{Limit: 1000})) != merchants {
		t.Errorf("%d inserted of %d rows, %d wait; want each merchant told once", total, len(rows), waiting)
	}
}

// endNotice ends the notice of a lane: as sent or dead by its sender, or by a
// person.
func endNotice(t *testing.T, s *store.Store, subject, lane, how string) {
	t.Helper()
	id := "v1:" + subject + ":" + lane
	switch how {
	case "drop":
		if err := s.DropNotice(t.Context(), id, "dewi"); err != nil {
			t.Fatal(err)
		}
		return
	case "retry":
		if err := s.RetryNotice(t.Context(), id, "dewi"); err != nil {
			t.Fatal(err)
		}
		return
	}
	list, err := s.Claim(t.Context(), alerting.ClaimRequest{Lane: lane, Owner: "me", Now: time.Now(), Limit: 1, Lease: time.Minute})
	if err != nil || len(list) != 1 {
		t.Fatalf("claimed %v, %v", list, err)
	}
	finish(t, s, list[0], func(o *alerting.Outcome) {
		switch o.Result = alerting.Result(how); o.Result {
		case alerting.ResultSent, alerting.ResultSending, alerting.ResultDropped, alerting.ResultHushed:
		case alerting.ResultWaiting:
			waiting(alerting.ClassTransient, 0)(o)
		case alerting.ResultDead:
			o.Class = alerting.ClassDestination
		case alerting.ResultHeld:
			extra := event(lane, "storm", "storm", rules.Low)
			extra.Kind, extra.Due = alerting.KindSummary, time.Now().Add(time.Hour)
			o.Extra = &extra
		}
	})
}

func TestTheLastNoticeEndsItsWindow(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		steps []string // lane and what happens in it
		want  []digest.State
	}{
		"sent":                              {[]string{"a sent", "b sent"}, []digest.State{"waiting", "sent"}},
		"sent to one":                       {[]string{"a sent", "b dead"}, []digest.State{"waiting", "sent"}},
		"sent to one, at last":              {[]string{"a dead", "b waiting", "b sent"}, []digest.State{"waiting", "waiting", "sent"}},
		"sent to nobody":                    {[]string{"a dead", "b dead"}, []digest.State{"waiting", "dead"}},
		"dropped by a person":               {[]string{"a drop", "b drop"}, []digest.State{"waiting", "dead"}},
		"sent, and the other one dropped":   {[]string{"a sent", "b drop"}, []digest.State{"waiting", "sent"}},
		"dropped, and the other one sent":   {[]string{"b drop", "a sent"}, []digest.State{"waiting", "sent"}},
		"told by the summary of a storm":    {[]string{"a replaced", "b dead"}, []digest.State{"waiting", "dead"}},
		"dead, and tried again":             {[]string{"a dead", "b dead", "b retry", "b sent"}, []digest.State{"waiting", "dead", "dead", "sent"}},
		"dead, tried again, and dropped":    {[]string{"a dead", "b dead", "b retry", "b drop"}, []digest.State{"waiting", "dead", "dead", "dead"}},
		"sent, and what is dead once again": {[]string{"a sent", "b dead", "b retry", "b dead"}, []digest.State{"waiting", "sent", "sent", "sent"}},
	}
	s := open(t, t.TempDir())
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, other := windowRow(name, 0, digest.StateWaiting), windowRow(name, 1, digest.StateWaiting)
			lanes := "mail/" + strings.ReplaceAll(name, " ", "-") + "-" // of this case alone
			closeRows(t, s, []digest.Row{r, other}, append(telling(r, lanes+"a", lanes+"b"), telling(other, lanes+"c")...))
			var ended time.Time
			for i, step := range tc.steps {
				lane, how, _ := strings.Cut(step, " ")
				endNotice(t, s, r.Subject(), lanes+lane, how)
				rows := listDigests(t, s, digest.Filter{Merchant: name})
				if rows[1].State != tc.want[i] || rows[1].Finished.IsZero() != (tc.want[i] == digest.StateWaiting) {
					t.Errorf("after %q: %s, finished %s; want %s", tc.steps[:i+1], rows[1].State, rows[1].Finished, tc.want[i])
				}
				if i > 0 && tc.want[i] == tc.want[i-1] && !rows[1].Finished.Equal(ended) {
					t.Errorf("after %q: finished %s, want still %s", tc.steps[:i+1], rows[1].Finished, ended)
				}
				if ended = rows[1].Finished; rows[0].State != digest.StateWaiting {
					t.Errorf("after %q: the next window is %s", tc.steps[:i+1], rows[0].State)
				}
			}
		})
	}
}

func TestOtherSubjectsEndNoWindow(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	r := windowRow("acme", 0, digest.StateWaiting)
	closeRows(t, s, []digest.Row{r}, telling(r, "mail/a"))
	at := r.Window.Start.Unix()
	for i, subject := range []string{
		"acme", "digest", "digest/", "digest//", "digest/acme/health/", "digest/acme/health/x", fmt.Sprint("digest/acme/health/", at+1),
		fmt.Sprint("digest/acme/health/", at-1), fmt.Sprint("digest/acme/summary/", at), fmt.Sprint("digest/health/", at), fmt.Sprint("dead:digest/acme/health/", at),
	} {
		enqueue(t, s, event("mail/z", subject, fmt.Sprint(i), rules.Low))
		c, _ := claimKey(t, s, "mail/z", 0)
		if !finish(t, s, c, nil) {
			t.Errorf("%q is not finished", subject)
		}
	}
	if got := listDigests(t, s, digest.Filter{})[0]; got.State != digest.StateWaiting {
		t.Errorf("the window is %s", got.State)
	}
	platform := r
	platform.Merchant, platform.Kind = "", digest.KindPlatform
	closeRows(t, s, []digest.Row{platform}, telling(platform, "ops/C1"))
	endNotice(t, s, platform.Subject(), "ops/C1", "sent")
	if got := listDigests(t, s, digest.Filter{Kind: digest.KindPlatform})[0]; got.State != digest.StateSent {
		t.Errorf("the platform's is %s, want sent", got.State)
	}
}

// TestAWindowEndsWithItsNoticeOrNotAtAll breaks the one: the other is undone.
func TestAWindowEndsWithItsNoticeOrNotAtAll(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	r := windowRow("acme", 0, digest.StateWaiting)
	closeRows(t, s, []digest.Row{r}, telling(r, "mail/a"))
	c, _ := claimKey(t, s, "mail/a", time.Minute)
	shut(t, s)
	edit(t, filepath.Join(dir, "state.db"), `CREATE TRIGGER broken BEFORE UPDATE ON digest BEGIN SELECT RAISE(ABORT, 'broken'); END`)
	s = open(t, dir)
	if _, err := s.Finish(t.Context(), alerting.Outcome{ID: c.ID, Fence: c.Fence, Lane: c.Lane, Kind: "email", Began: ten, Ended: ten, Result: alerting.ResultSent}); err == nil {
		t.Error("a notice was finished without its window")
	}
	if got := rowOf(t, s, c.IdemKey).State; got != "sending" {
		t.Errorf("the notice is %s, want still sending", got)
	}
	if err := s.Recover(t.Context(), alerting.Recovery{Now: ten.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	if err := s.DropNotice(t.Context(), c.ID, "dewi"); err == nil {
		t.Error("a notice was dropped without its window")
	}
	if got := rowOf(t, s, c.IdemKey).State; got != "waiting" {
		t.Errorf("the notice is %s, want still waiting", got)
	}
}

// TestALostLedgerMeetsItsNotices closes a window again whose row is gone: what
// was sent is not sent twice, and the row knows.
func TestALostLedgerMeetsItsNotices(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	r := windowRow("acme", 0, digest.StateWaiting)
	closeRows(t, s, []digest.Row{r}, telling(r, "mail/a"))
	endNotice(t, s, r.Subject(), "mail/a", "sent")
	shut(t, s)
	edit(t, filepath.Join(dir, "state.db"), `DELETE FROM digest`)
	s = open(t, dir)
	if n := closeRows(t, s, []digest.Row{r}, telling(r, "mail/a")); n != 1 {
		t.Errorf("%d inserted, want 1", n)
	}
	if got := listDigests(t, s, digest.Filter{})[0]; got.State != digest.StateSent || len(outboxOf(t, s, alerting.OutboxFilter{})) != 1 {
		t.Errorf("the row is %s, want sent, and no second notice", got.State)
	}
}

func TestLastWindows(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	if last, err := s.Digests().Last(t.Context(), digest.KindHealth); err != nil || last == nil || len(last) != 0 {
		t.Errorf("an empty ledger: %v, %v", last, err)
	}
	var rows []digest.Row
	for m := range 5 {
		for n := range m {
			rows = append(rows, windowRow(fmt.Sprint("m-", m), n, digest.StateSkipped))
		}
	}
	platform := windowRow("", 7, digest.StateSuppressed)
	platform.Kind = digest.KindPlatform
	weekly := windowRow("m-9", 8, digest.StateSuppressed)
	weekly.Kind = digest.KindSummary
	closeRows(t, s, append(rows, platform, weekly), nil)
	for kind, want := range map[string]map[string]time.Time{
		digest.KindHealth: {
			"m-1": noon.Add(6 * time.Hour), "m-2": noon.Add(12 * time.Hour), "m-3": noon.Add(18 * time.Hour), "m-4": noon.Add(24 * time.Hour),
		},
		digest.KindPlatform: {"": platform.Window.End},
		digest.KindSummary:  {"m-9": weekly.Window.End},
		"none":              {},
	} {
		got, err := s.Digests().Last(t.Context(), kind)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, %v; want %v", kind, got, err, want)
		}
	}
}

func TestDigestFilters(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	var rows []digest.Row
	for n := range 60 {
		rows = append(rows, windowRow("acme", n, digest.StateSkipped), windowRow("toko", n, digest.StateSuppressed))
	}
	platform := windowRow("", 3, digest.StateStale)
	platform.Kind = digest.KindPlatform
	closeRows(t, s, append(rows, platform), nil)
	at := func(n int) time.Time { return noon.Add(time.Duration(n) * 6 * time.Hour) }
	tests := map[string]struct {
		filter      digest.Filter
		want        int
		first, last string // merchant and window
	}{
		"everything, up to a hundred": {digest.Filter{}, 100, "acme 59", "toko 10"},
		"a thousand":                  {digest.Filter{Limit: 1000}, 121, "acme 59", "toko 0"},
		"more than one may ask for":   {digest.Filter{Limit: 1_000_000}, 121, "acme 59", "toko 0"},
		"one":                         {digest.Filter{Limit: 1, Merchant: "toko"}, 1, "toko 59", "toko 59"},
		"less than none":              {digest.Filter{Limit: -1, Merchant: "toko"}, 1, "toko 59", "toko 59"},
		"of a merchant":               {digest.Filter{Merchant: "acme"}, 60, "acme 59", "acme 0"},
		"of a kind":                   {digest.Filter{Kind: digest.KindPlatform}, 1, " 3", " 3"},
		"of a merchant and a kind":    {digest.Filter{Merchant: "acme", Kind: digest.KindPlatform}, 0, "", ""},
		"in a state":                  {digest.Filter{State: digest.StateSuppressed}, 60, "toko 59", "toko 0"},
		"from a start on":             {digest.Filter{From: at(58)}, 4, "acme 59", "toko 58"},
		"just after a start":          {digest.Filter{From: at(58).Add(1)}, 2, "acme 59", "toko 59"},
		"before a start":              {digest.Filter{To: at(3)}, 6, "acme 2", "toko 0"},
		"just after it":               {digest.Filter{To: at(3).Add(1), From: at(3)}, 3, " 3", "toko 3"},
		"nothing":                     {digest.Filter{From: at(3), To: at(3)}, 0, "", ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := listDigests(t, s, tc.filter)
			if len(got) != tc.want || got == nil {
				t.Fatalf("%d rows, want %d", len(got), tc.want)
			}
			if len(got) == 0 {
				return
			}
			name := func(r digest.Row) string {
				return fmt.Sprint(r.Merchant, " ", int(r.Window.Start.Sub(noon)/(6*time.Hour)))
			}
			if first, last := name(got[0]), name(got[len(got)-1]); first != tc.first || last != tc.last {
				t.Errorf("from %q to %q, want from %q to %q", first, last, tc.first, tc.last)
			}
		})
	}
}

func TestDigestsOfAClosedStore(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	shut(t, s)
	r := windowRow("acme", 0, digest.StateWaiting)
	_, lastErr := s.Digests().Last(t.Context(), digest.KindHealth)
	_, listErr := s.Digests().List(t.Context(), digest.Filter{})
	_, closeErr := s.Digests().Close(t.Context(), []digest.Row{r}, telling(r, "mail/a"))
	for _, err := range []error{lastErr, listErr, closeErr} {
		if err == nil {
			t.Error("no error")
		}
	}
	if n, err := s.Digests().Close(t.Context(), nil, nil); n != 0 || errors.Join(err) != nil {
		t.Errorf("nothing to close: %d, %v", n, err)
	}
}
