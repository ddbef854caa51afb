package conditions_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookvigil/hookvigil/internal/conditions"
	"github.com/hookvigil/hookvigil/internal/ingest"
	"github.com/hookvigil/hookvigil/rules"
)

// stormy is a log of some two and a half hours in which conditions open, get
// worse and clear: three channels, late and overtaken attempts, a gap, and
// one channel that fails alone.
func stormy() []ingest.Entry {
	r, p := rand.New(rand.NewPCG(42, 42)), &tape{}
	ratio := func(minute int, channel string) float64 {
		switch {
		case minute >= 30 && minute < 45:
			return 0.3
		case minute >= 80 && minute < 95 && channel == "ID_OVO":
			return 0.5
		case minute >= 120 && minute < 130:
			return 0.9
		default:
			return 0.003
		}
	}
	for at := day; at.Before(day.Add(150 * time.Minute)); at = at.Add(300 * time.Millisecond) {
		minute := int(at.Sub(day).Minutes())
		if minute >= 60 && minute < 64 {
			continue
		}
		channel := []string{"ID_BCA", "ID_OVO", ""}[r.IntN(3)]
		ended := at.Add(-time.Duration(r.IntN(3000)) * time.Millisecond)
		if r.IntN(50) == 0 {
			ended = at.Add(-time.Duration(r.IntN(120)) * time.Second) // some of these are late
		}
		received := at.Add(-time.Duration(r.IntN(800)) * time.Millisecond) // overtaken by the next
		p.add(channel, ended, received, r.Float64() < ratio(minute, channel))
	}
	return p.entries
}

// uninterrupted gives the whole log to one process.
func uninterrupted(t *testing.T, entries []ingest.Entry) *memory {
	t.Helper()
	store := newMemory()
	c := loaded(t, conditions.Config{}, store)
	for group := range slices.Chunk(entries, 997) {
		give(c, group)
	}
	if err := running(t, c)(); err != nil {
		t.Fatal(err)
	}
	return store
}

// live gives a part of the log in groups of any size, while Run commits now
// and then.
func live(c *conditions.Conditions, r *rand.Rand, entries []ingest.Entry) {
	for len(entries) > 0 {
		n := min(1+r.IntN(400), len(entries))
		give(c, entries[:n])
		entries = entries[n:]
		switch r.IntN(4) {
		case 0:
			synctest.Wait()
		case 1:
			time.Sleep(time.Duration(r.IntN(40)) * time.Second)
		}
	}
}

func TestACrashAndAReplayDecideAlike(t *testing.T) {
	t.Parallel()
	entries := stormy()
	want := uninterrupted(t, entries)
	if n := len(want.changes); n < 8 {
		t.Fatalf("the log makes %d changes: %+v; too few to tell", n, want.changes)
	}
	for seed := range uint64(50) {
		t.Run(fmt.Sprint("cut ", seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := rand.New(rand.NewPCG(seed, 6))
				store := newMemory()
				c := loaded(t, conditions.Config{}, store)
				stop := running(t, c)
				live(c, r, entries[:r.IntN(len(entries))])
				store.setFail(errDisk) // killed: nothing is written any more
				_ = stop()             // its last commit fails
				store.setFail(nil)

				c = loaded(t, conditions.Config{}, store)
				from := 0
				for from < len(entries) && entries[from].Position.Before(c.Position()) {
					from++
				}
				stop = running(t, c)
				live(c, r, entries[r.IntN(from+1):]) // a replay may begin anywhere before
				if err := stop(); err != nil {
					t.Fatal(err)
				}
				same(t, store, want)
			})
		})
	}
}

// same compares what two runs left behind.
func same(t *testing.T, got, want *memory) {
	t.Helper()
	if !slices.Equal(got.changes, want.changes) {
		t.Errorf("changes\ngot  %+v\nwant %+v", got.changes, want.changes)
	}
	if !maps.Equal(got.rows, want.rows) {
		t.Errorf("conditions\ngot  %+v\nwant %+v", got.rows, want.rows)
	}
	if !reflect.DeepEqual(got.series, want.series) || got.position != want.position {
		t.Errorf("series at %d\ngot  %v\nwant %v", got.position, got.series, want.series)
	}
}

func TestAGroupThatComesAgainChangesNothing(t *testing.T) {
	t.Parallel()
	entries := stormy()
	want := uninterrupted(t, entries)
	store := newMemory()
	c := loaded(t, conditions.Config{}, store)
	for group := range slices.Chunk(entries, 5000) {
		give(c, group)
		give(c, group)
		give(c, entries[:100])
	}
	if err := running(t, c)(); err != nil {
		t.Fatal(err)
	}
	same(t, store, want)
}

func TestAnOpenConditionWhoseSeriesIsLostCanClear(t *testing.T) {
	t.Parallel()
	store := newMemory()
	c := loaded(t, conditions.Config{}, store)
	p := &tape{}
	for i := range 60 {
		p.tick("ID_OVO", day.Add(time.Duration(i)*rules.TickLength), 100, 50)
	}
	p.play(c)
	if err := running(t, c)(); err != nil {
		t.Fatal(err)
	}
	clear(store.series)
	c = loaded(t, conditions.Config{}, store)
	if n := len(c.Standing()); n != 2 {
		t.Fatalf("stands %+v, want platform and channel", c.Standing())
	}
	for i := range 90 {
		p.tick("ID_OVO", day.Add(time.Hour+time.Duration(i)*rules.TickLength), 100, 0)
	}
	p.play(c)
	if open := c.Standing(); len(open) != 0 {
		t.Errorf("stands %+v after 15 quiet minutes, want nothing", open)
	}
}
