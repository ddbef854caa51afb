package digest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// contiguous fails unless windows follow each other and each has one end.
func contiguous(t rapid.TB, rows []Row) {
	t.Helper()
	for i, r := range rows {
		if i > 0 && !r.Window.Start.Equal(rows[i-1].Window.End) {
			t.Fatalf("%s: got a window from %s after one to %s", r.Merchant, r.Window.Start, rows[i-1].Window.End)
		}
		if !r.Window.End.After(r.Window.Start) || r.Due.Before(r.ClosedAt) || (r.State == StateWaiting) != r.Finished.IsZero() {
			t.Fatalf("got %+v", r)
		}
	}
}

// aBeginning draws a moment until 2037: near a change of the clocks of a zone
// that has some, any one otherwise.
func aBeginning(t *rapid.T, zone *time.Location) time.Time {
	at := time.Unix(rapid.Int64Range(946684800, 2145916800).Draw(t, "from"), 0).UTC()
	if _, next := at.In(zone).ZoneBounds(); !next.IsZero() && rapid.Bool().Draw(t, "near a change") {
		at = next.UTC().Add(-time.Duration(rapid.IntRange(0, 3*24*60).Draw(t, "minutes before")) * time.Minute)
	}
	return at
}

// atOnce runs two ticks side by side, with one ledger.
func atOnce(d, other *Digest, wall time.Time, mono time.Duration) {
	var wg sync.WaitGroup
	wg.Go(func() { _ = other.Tick(context.Background(), wall, mono) }) // what fails is drawn
	_ = d.Tick(context.Background(), wall, mono)
	wg.Wait()
}

// TestEveryWindowHasOneEnd throws restarts, two ticks at once, darkness,
// failures, changes of zone and of mode at the ledger, in any zone and at any
// time until 2037.
func TestEveryWindowHasOneEnd(t *testing.T) {
	t.Parallel()
	zones := zones(t)
	rapid.Check(t, func(t *rapid.T) {
		b, c := newBook(), &crew{fail: map[string]error{}}
		for _, id := range []string{"a", "b", "c"} {
			s := merchant(id, rapid.SampledFrom([]string{ModeEvery, ModeProblems, ModeDaily}).Draw(t, "mode"))
			s.Zone = rapid.SampledFrom(zones).Draw(t, "zone")
			c.subs = append(c.subs, s)
		}
		cfg := config()
		cfg.PerTick, cfg.AtOnce = rapid.IntRange(1, 10).Draw(t, "per tick"), rapid.IntRange(1, 3).Draw(t, "at once")
		wall, mono := aBeginning(t, zoneOf(t, c.subs[0].Zone)), time.Duration(0)
		for i := range c.subs {
			c.subs[i].Since = wall
		}
		first := wall
		d := New(cfg, b, c, nil)
		for range rapid.IntRange(3, 20).Draw(t, "steps") {
			pass := time.Duration(rapid.IntRange(0, 8*60).Draw(t, "minutes")) * time.Minute
			switch rapid.SampledFrom([]string{"tick", "tick", "tick", "restart", "dark", "back", "zone", "mode", "fail", "heal", "at once", "side by side", "25 hours"}).Draw(t, "step") {
			case "restart":
				d = New(cfg, b, c, nil)
			case "dark":
				pass = time.Duration(rapid.IntRange(20, 20*24).Draw(t, "hours")) * time.Hour
				d = New(cfg, b, c, nil)
			case "25 hours":
				pass = 25 * time.Hour
				d = New(cfg, b, c, nil)
			case "side by side":
				atOnce(d, New(cfg, b, c, nil), wall, mono)
			case "back":
				_ = New(cfg, b, c, nil).Tick(context.Background(), wall.Add(-30*time.Hour), mono) // what fails is drawn
			case "zone":
				c.subs[0].Zone = rapid.SampledFrom(zones).Draw(t, "new zone")
			case "mode":
				c.subs[1].Mode = rapid.SampledFrom([]string{ModeEvery, ModeDaily, ModeProblems}).Draw(t, "new mode")
			case "fail":
				c.fail["c"] = errors.New("disk")
			case "heal":
				delete(c.fail, "c")
			case "at once": // another replica, which read the ledger before this one wrote
				other, later := New(cfg, b, c, nil), wall.Add(pass+time.Duration(rapid.IntRange(0, 600).Draw(t, "ahead"))*time.Minute)
				b.before = func() {
					b.before = nil
					_ = other.Tick(context.Background(), later, 0) // likewise
				}
			}
			wall, mono = wall.Add(pass), mono+pass
			_ = d.Tick(context.Background(), wall, mono) // likewise
			b.before = nil
		}
		c.fail = map[string]error{}
		for before := -1; before != len(b.rows); {
			before = len(b.rows)
			for range c.subs { // one of them at a time when it has much to tell
				if err := d.Tick(context.Background(), wall, mono); err != nil {
					t.Fatal(err)
				}
			}
		}
		for _, s := range c.subs {
			check(t, b, cfg, s, first, wall)
		}
	})
}

// check holds the ledger of one merchant against the promise.
func check(t *rapid.T, b *book, cfg Config, s Subscriber, first, wall time.Time) {
	t.Helper()
	rows := b.of(s.Merchant, KindHealth)
	contiguous(t, rows)
	told := map[string]bool{} // starts of windows
	for _, n := range b.notices {
		f, err := Decode(n.Facts)
		if err != nil {
			t.Fatal(err)
		}
		if f.Merchant != s.Merchant || f.Kind != KindHealth {
			continue
		}
		for _, r := range rows {
			if r.State != StateStale && !r.Window.Start.Before(f.Window.Start) && r.Window.Start.Before(f.Window.End) {
				key := r.Window.Start.String()
				if told[key] {
					t.Fatalf("%s: the window from %s is told twice", s.Merchant, key)
				}
				told[key] = true
			}
		}
	}
	for _, r := range rows {
		if tells := r.State == StateWaiting; tells && !told[r.Window.Start.String()] {
			t.Fatalf("%s: the window from %s waits, and nothing tells it", s.Merchant, r.Window.Start)
		}
		if r.State == StateMerged && !slices.ContainsFunc(rows, func(o Row) bool {
			return o.Window.Start.Equal(r.MergedInto) && o.State != StateMerged && o.Snapshot != nil
		}) {
			t.Fatalf("%s: the window from %s is merged into none", s.Merchant, r.Window.Start)
		}
	}
	zone := zoneOf(t, s.Zone)
	list, err := cfg.series(s, zone)
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) == 0 {
		if list[0].rhythm.after(list[0].rhythm.from(first)).Before(wall.Add(-cfg.Delay)) {
			t.Fatalf("%s: no row from %s to %s", s.Merchant, first, wall)
		}
		return
	}
	if next := list[0].rhythm.after(rows[len(rows)-1].Window.End); !next.After(wall.Add(-cfg.Delay)) {
		t.Fatalf("%s: the window to %s is not in the ledger at %s", s.Merchant, next, wall)
	}
}
