package digest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
)

func TestAWindowIsClosedOnceAfterTheDelay(t *testing.T) {
	t.Parallel()
	b, c := newBook(), &crew{subs: []Subscriber{merchant("a", "")}}
	c.subs[0].To = append(c.subs[0].To, mailTo("second@example.com"), c.subs[0].To[0])
	d := New(config(), b, c, nil)
	tick(t, d, 6*time.Hour+3*time.Minute-1)
	if len(b.rows) != 0 {
		t.Fatalf("got %d rows before the delay was over, want none", len(b.rows))
	}
	for range 3 {
		tick(t, d, 6*time.Hour+3*time.Minute)
	}
	if len(b.rows) != 1 || len(b.notices) != 2 {
		t.Fatalf("got %d rows and %d notices, want 1 and 2", len(b.rows), len(b.notices))
	}
	r, n := b.rows[0], b.notices[0]
	due := began.Add(6*time.Hour + 3*time.Minute + offsetOf("a", 45*time.Minute))
	if r.Window != evening || r.State != StateWaiting || r.Verdict != OK || r.Zone != "Asia/Jakarta" || !r.Due.Equal(due) || !r.Finished.IsZero() {
		t.Errorf("got %+v", r)
	}
	if n.Subject != "digest/a/health/1699700400" || n.IdemKey != "v1:digest/a/health/1699700400:mail/a@example.com" || n.Kind != KindDigest ||
		n.Flow != alerting.FlowEvent || n.Severity != "low" || !n.Due.Equal(due) || !n.Created.Equal(due) || n.Recipient != "a@example.com" {
		t.Errorf("got %+v", n)
	}
	f, err := Decode(n.Facts)
	if err != nil {
		t.Fatal(err)
	}
	if f.Merchant != "a" || f.Name != "A" || f.Zone != "Asia/Jakarta" || f.Window != evening || f.Verdict != OK || f.Footer.Mode != ModeEvery {
		t.Errorf("got %+v", f)
	}
}

func TestANewMerchantBeginsWithAFullWindow(t *testing.T) {
	t.Parallel()
	b, c := newBook(), &crew{subs: []Subscriber{merchant("a", "")}}
	c.subs[0].Since = began.Add(time.Second)
	d := New(config(), b, c, nil)
	tick(t, d, 7*time.Hour)
	if len(b.rows) != 0 {
		t.Fatalf("got %v, want no row for a part of a window", b.rows)
	}
	tick(t, d, 13*time.Hour)
	if len(b.rows) != 1 || !b.rows[0].Window.Start.Equal(evening.End) {
		t.Fatalf("got %v, want the window from %s", b.rows, evening.End)
	}
}

func TestWhatWasSwitchedOffIsNotToldLater(t *testing.T) {
	t.Parallel()
	b, c := newBook(), &crew{subs: []Subscriber{merchant("a", "")}}
	d := New(config(), b, c, nil)
	tick(t, d, 7*time.Hour)
	c.subs[0].Since = began.Add(10 * day) // switched on again
	tick(t, d, 10*day+7*time.Hour)
	rows := b.of("a", KindHealth)
	if len(rows) != 2 || !rows[1].Window.Start.Equal(c.subs[0].Since) || rows[1].State != StateWaiting {
		t.Errorf("got %+v, want the first window, and one from %s", rows, c.subs[0].Since)
	}
}

func TestAfterADayOfDarknessOneDigestTellsAll(t *testing.T) {
	t.Parallel()
	b, c := newBook(), &crew{subs: []Subscriber{merchant("a", "")}}
	c.bad = func(w Window) bool { return w.Start.Equal(began.Add(12 * time.Hour)) }
	tick(t, New(config(), b, c, nil), 7*time.Hour)
	tick(t, New(config(), b, c, nil), 32*time.Hour) // 25 h later, after a restart
	rows := b.of("a", KindHealth)
	if len(rows) != 5 || len(b.notices) != 2 {
		t.Fatalf("got %d rows and %d notices, want 5 and 2", len(rows), len(b.notices))
	}
	last := rows[4]
	for i, r := range rows[1:4] {
		if r.State != StateMerged || !r.MergedInto.Equal(last.Window.Start) || r.Snapshot != nil || r.Finished.IsZero() {
			t.Errorf("row %d: got %+v, want merged", i+1, r)
		}
	}
	if rows[2].Verdict != Act || rows[1].Verdict != OK || last.Verdict != Attention || last.State != StateWaiting || last.Covered != 6*time.Hour {
		t.Errorf("got %s, %s, %s, want ok, action, and attention for all, because it is over", rows[1].Verdict, rows[2].Verdict, last.Verdict)
	}
	f, err := Decode(last.Snapshot)
	if err != nil {
		t.Fatal(err)
	}
	if want := (Window{evening.End, evening.End.Add(day)}); f.Window != want || len(f.Parts) != 4 || f.Parts[1].Failing != 1 || f.Covered != day {
		t.Errorf("got the window %v with %d parts, want %v with 4", f.Window, len(f.Parts), want)
	}
}

func TestWhatIsTooLongAgoIsOneStaleRow(t *testing.T) {
	t.Parallel()
	b, c := newBook(), &crew{subs: []Subscriber{merchant("a", "")}}
	tick(t, New(config(), b, c, nil), 7*time.Hour)
	tick(t, New(config(), b, c, nil), 400*day)
	rows := b.of("a", KindHealth)
	if len(rows) != 1+1+mostMerged || len(b.notices) != 2 {
		t.Fatalf("got %d rows and %d notices", len(rows), len(b.notices))
	}
	if r := rows[1]; r.State != StateStale || !r.Window.Start.Equal(evening.End) || !r.Window.End.Equal(rows[2].Window.Start) {
		t.Errorf("got %+v, want all that is old", r)
	}
}

func TestModes(t *testing.T) {
	t.Parallel()
	week := 7 * day
	for sentence, tc := range map[string]struct {
		sub  func(*Subscriber)
		crew func(*crew)
		want map[State]int // of rows within the first week and three hours
		told int
	}{
		"every window":                     {func(*Subscriber) {}, nil, map[State]int{StateWaiting: 28}, 28},
		"problems, and there are none":     {func(s *Subscriber) { s.Mode = ModeProblems }, nil, map[State]int{StateSkipped: 28}, 0},
		"problems, and there was one":      {func(s *Subscriber) { s.Mode = ModeProblems }, func(c *crew) { c.bad = func(w Window) bool { return w == evening } }, map[State]int{StateSkipped: 27, StateWaiting: 1}, 1},
		"once a day":                       {func(s *Subscriber) { s.Mode = ModeDaily }, nil, map[State]int{StateWaiting: 6}, 6},
		"off":                              {func(s *Subscriber) { s.Mode = ModeOff }, nil, map[State]int{}, 0},
		"nobody to tell":                   {func(s *Subscriber) { s.To = nil }, nil, map[State]int{StateSuppressed: 28}, 0},
		"no endpoint":                      {func(*Subscriber) {}, func(c *crew) { c.none = true }, map[State]int{StateSuppressed: 28}, 0},
		"a mode that is not known":         {func(s *Subscriber) { s.Mode = "sometimes" }, nil, map[State]int{}, 0},
		"a subscription without beginning": {func(s *Subscriber) { s.Since = time.Time{} }, nil, map[State]int{}, 0},
		"the platform":                     {func(s *Subscriber) { s.Merchant, s.Mode = "", ModeProblems }, nil, map[State]int{StateWaiting: 28}, 28},
		"a zone of nowhere":                {func(s *Subscriber) { s.Zone = "Mars/Olympus" }, nil, map[State]int{StateWaiting: 28}, 28},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			b, c := newBook(), &crew{subs: []Subscriber{merchant("a", "")}}
			tc.sub(&c.subs[0])
			if tc.crew != nil {
				tc.crew(c)
			}
			d := New(config(), b, c, nil)
			for at := time.Duration(0); at < week+3*time.Hour; at += time.Hour {
				tick(t, d, at)
			}
			got := map[State]int{}
			for _, r := range b.rows {
				got[r.State]++
			}
			if fmt.Sprint(got) != fmt.Sprint(tc.want) || len(b.notices) != tc.told {
				t.Errorf("got %v and %d notices, want %v and %d", got, len(b.notices), tc.want, tc.told)
			}
		})
	}
}

func TestAGreenWeekIsToldOnMonday(t *testing.T) {
	t.Parallel()
	b, c := newBook(), &crew{subs: []Subscriber{merchant("a", ModeProblems)}}
	d := New(config(), b, c, nil)
	for at := time.Duration(0); at < 16*day; at += time.Hour {
		tick(t, d, at)
	}
	rows := b.of("a", KindSummary)
	monday := Window{instant(t, "2023-11-13T02:00:00Z"), instant(t, "2023-11-20T02:00:00Z")} // 09:00 in Jakarta
	if len(rows) != 2 && len(rows) != 1 || rows[0].Window != monday || rows[0].State != StateWaiting || len(b.notices) != len(rows) {
		t.Fatalf("got %+v and %d notices, want the week %v", rows, len(b.notices), monday)
	}
	f, err := Decode(b.notices[0].Facts)
	if err != nil || f.Kind != KindSummary || f.Verdict != OK {
		t.Errorf("got a %s that is %s (%v), want an ok summary", f.Kind, f.Verdict, err)
	}
}

func TestAFailureStopsNobodyElse(t *testing.T) {
	t.Parallel()
	b, c := newBook(), &crew{subs: []Subscriber{merchant("a", ""), merchant("b", ""), merchant("c", "")}}
	c.fail = map[string]error{"b": errors.New("disk")}
	c.gather = func(m string) {
		if m == "c" && len(c.fail) > 0 {
			panic("template")
		}
	}
	d := New(config(), b, c, nil)
	err := d.Tick(t.Context(), began.Add(7*time.Hour), 0)
	if err == nil || !strings.Contains(err.Error(), "2 of 3 could not be made") || len(b.rows) != 1 || b.rows[0].Merchant != "a" {
		t.Fatalf("got %v and %v, want a's row and an error for two", err, b.rows)
	}
	c.fail = nil
	tick(t, d, 7*time.Hour)
	if len(b.rows) != 3 {
		t.Errorf("got %d rows, want 3", len(b.rows))
	}
}

func TestABrokenLedgerLosesNothing(t *testing.T) {
	t.Parallel()
	b, c := newBook(), &crew{subs: []Subscriber{merchant("a", "")}}
	d := New(config(), b, c, nil)
	b.fail = errors.New("disk")
	if err := d.Tick(t.Context(), began.Add(7*time.Hour), 0); !errors.Is(err, b.fail) {
		t.Fatalf("got %v, want the ledger's error", err)
	}
	b.fail = nil
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.Tick(ctx, began.Add(7*time.Hour), 0); !errors.Is(err, context.Canceled) || len(b.rows) != 0 {
		t.Fatalf("got %v and %d rows, want an end", err, len(b.rows))
	}
	tick(t, d, 7*time.Hour)
	if len(b.rows) != 1 || len(b.notices) != 1 {
		t.Errorf("got %d rows, want 1", len(b.rows))
	}
}

func TestTheClockThatJumps(t *testing.T) {
	t.Parallel()
	b, c := newBook(), &crew{subs: []Subscriber{merchant("a", "")}}
	d := New(config(), b, c, nil)
	at := func(wall, mono time.Duration) error { return d.Tick(t.Context(), began.Add(wall), mono) }
	for _, step := range []struct {
		sentence   string
		wall, mono time.Duration
		rows       int
		refused    bool
	}{
		{"the first tick says what the time is", 7 * time.Hour, 0, 1, false},
		{"ten years ahead", 87_660 * time.Hour, time.Minute, 1, true},
		{"and still so", 87_660*time.Hour + time.Minute, 2 * time.Minute, 1, true},
		{"just over a day ahead", 7*time.Hour + 3*time.Minute + day + 1, 3 * time.Minute, 1, true},
		{"set right", 7*time.Hour + 4*time.Minute, 4 * time.Minute, 1, false},
		{"a day back", -17 * time.Hour, 5 * time.Minute, 1, false},
		{"and right again", 7*time.Hour + 6*time.Minute, 6 * time.Minute, 1, false},
		{"asleep for a day, and two clocks slept", 31 * time.Hour, 24 * time.Hour, 5, false},
		{"two days ahead, for a moment", 79*time.Hour - 5*time.Hour, 19 * time.Hour, 5, true},
		{"right in between", 31*time.Hour - 4*time.Hour, 20 * time.Hour, 5, false},
		{"the same two days again, much later", 79 * time.Hour, 24 * time.Hour, 5, true},
		{"two days ahead, for a while", 79 * time.Hour, 24 * time.Hour, 5, true},
		{"then three days", 103*time.Hour + time.Minute, 24*time.Hour + time.Minute, 5, true},
		{"and not quite an hour later", 104 * time.Hour, 25 * time.Hour, 5, true},
		{"it has stood for an hour", 104*time.Hour + time.Minute, 25*time.Hour + time.Minute, 17, false},
	} {
		err := at(step.wall, step.mono)
		if errors.Is(err, ErrClock) != step.refused || err != nil && !step.refused || len(b.rows) != step.rows {
			t.Fatalf("%s: got %v and %d rows, want refused %t and %d", step.sentence, err, len(b.rows), step.refused, step.rows)
		}
	}
}

func TestMerchantsAreSpreadAndTicksAreBounded(t *testing.T) {
	t.Parallel()
	b, c := newBook(), &crew{}
	const all = 3_000
	for i := range all {
		c.subs = append(c.subs, merchant(fmt.Sprintf("m%04d", i), ""))
	}
	c.fail = map[string]error{}
	for i := range 500 {
		c.fail[fmt.Sprintf("m%04d", i)] = errors.New("disk")
	}
	cfg := config()
	cfg.PerTick, cfg.AtOnce = 500, 100
	d := New(cfg, b, c, nil)
	for range all / cfg.PerTick {
		_ = d.Tick(t.Context(), began.Add(7*time.Hour), 0) // those who fail
	}
	if len(b.rows) != all-len(c.fail) {
		t.Fatalf("got %d rows, want %d: who fails holds up others", len(b.rows), all-len(c.fail))
	}
	minutes := make([]int, 45)
	for _, n := range b.notices {
		minutes[int(n.Due.Sub(began.Add(7*time.Hour))/time.Minute)]++
	}
	if low, high := slices.Min(minutes), slices.Max(minutes); low < 25 || high > 90 {
		t.Errorf("got %v notices a minute, want about %d in each", minutes, len(b.notices)/45)
	}
}

// TestTicksOnTheirOwn lets two replicas tick every 30 s for two days.
func TestTicksOnTheirOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		b, c := newBook(), &crew{subs: []Subscriber{merchant("a", ""), merchant("b", ModeProblems), {To: []alerting.Destination{{Lane: "ops/C1"}}, Since: start}}}
		for i := range c.subs {
			c.subs[i].Since = start
		}
		var wg sync.WaitGroup
		for range 2 {
			d := New(config(), b, c, nil)
			wg.Go(func() {
				for range 2 * 24 * 60 * 2 {
					time.Sleep(30 * time.Second) // in a bubble
					if err := d.Tick(t.Context(), time.Now(), time.Since(start)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		for _, who := range []struct {
			id, kind string
		}{{"a", KindHealth}, {"b", KindHealth}, {"", KindPlatform}} {
			rows := b.of(who.id, who.kind)
			if len(rows) < 7 || len(rows) > 8 {
				t.Errorf("%q: got %d rows in two days, want 7 or 8", who.id, len(rows))
			}
			contiguous(t, rows)
		}
	})
}
