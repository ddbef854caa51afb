package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	_ "time/tzdata" // the zones of the test are those of the toolchain

	"pgregory.net/rapid"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/alerting/digest"
	"github.com/hookvigil/hookvigil/internal/store"
)

// reader is a source with one merchant, where all is well.
type reader struct{ sub digest.Subscriber }

func (r reader) Subscribers(context.Context) ([]digest.Subscriber, error) {
	return []digest.Subscriber{r.sub}, nil
}

func (r reader) Gather(_ context.Context, _ digest.Subscriber, w digest.Window) (digest.Facts, error) {
	return digest.Facts{Covered: w.Length(), Endpoints: []digest.Endpoint{{ID: r.sub.Merchant + "-1", State: "healthy", Covered: w.Length()}}}, nil
}

// TestEveryWindowIsInTheLedgerOnce ticks over changes of clocks with this
// ledger, side by side, after restarts and after a day of downtime: windows hang
// together, and each is told by one row, with its two notices.
func TestEveryWindowIsInTheLedgerOnce(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	var runs atomic.Int64
	zones := []string{
		"UTC", "Asia/Jakarta", "Asia/Kathmandu", "America/Santiago", "Europe/Berlin", "Africa/Cairo", "America/Havana", "Australia/Lord_Howe",
		"Antarctica/Troll", "Africa/Casablanca", "Asia/Gaza", "Pacific/Chatham", "America/St_Johns", "America/Nuuk",
	}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom(zones).Draw(t, "zone")
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		wall := time.Unix(rapid.Int64Range(946684800, 2145916800).Draw(t, "from"), 0).UTC()
		if _, next := wall.In(zone).ZoneBounds(); !next.IsZero() {
			wall = next.UTC().Add(-40 * time.Hour)
		}
		id := fmt.Sprint("m-", runs.Add(1)) // one store for all runs
		r := reader{digest.Subscriber{
			Merchant: id, Zone: name, Since: wall, Mode: rapid.SampledFrom([]string{digest.ModeEvery, digest.ModeDaily}).Draw(t, "mode"),
			To: []alerting.Destination{{Lane: "mail/" + id, Recipient: id + "@example.com"}, {Lane: "slack/" + id, Recipient: "C1"}},
		}}
		fresh := func() *digest.Digest { return digest.New(digest.DefaultConfig(), s.Digests(), r, nil) }
		d, mono := fresh(), time.Duration(0)
		for range rapid.IntRange(4, 10).Draw(t, "ticks") {
			var wg sync.WaitGroup
			var failed error // of the other tick
			pass := time.Duration(rapid.IntRange(1, 10*60).Draw(t, "minutes")) * time.Minute
			switch rapid.SampledFrom([]string{"tick", "restart", "down for 25 hours", "side by side"}).Draw(t, "step") {
			case "restart":
				d = fresh()
			case "down for 25 hours":
				d, pass = fresh(), 25*time.Hour
			case "side by side":
				other, ahead, before := fresh(), wall.Add(pass), mono+pass
				wg.Go(func() { failed = other.Tick(context.Background(), ahead, before) })
			}
			wall, mono = wall.Add(pass), mono+pass
			err := d.Tick(context.Background(), wall, mono)
			wg.Wait()
			if err := errors.Join(err, failed); err != nil {
				t.Fatal(err)
			}
		}
		if err := fresh().Tick(context.Background(), wall.Add(50*time.Hour), 0); err != nil {
			t.Fatal(err)
		}
		checkLedger(t, s, r.sub, wall.Add(50*time.Hour))
	})
}

// checkLedger holds the rows of a merchant against the promise.
func checkLedger(t *rapid.T, s *store.Store, sub digest.Subscriber, wall time.Time) {
	t.Helper()
	rows, err := s.Digests().List(context.Background(), digest.Filter{Merchant: sub.Merchant, Kind: digest.KindHealth, Limit: 1000})
	if err != nil || len(rows) == 0 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	slices.Reverse(rows)
	for i, r := range rows {
		if i > 0 && !r.Window.Start.Equal(rows[i-1].Window.End) {
			t.Fatalf("a window from %s after one to %s", r.Window.Start, rows[i-1].Window.End)
		}
		if r.State != digest.StateWaiting && r.State != digest.StateMerged {
			t.Fatalf("the window from %s is %s", r.Window.Start, r.State)
		}
		notices, err := s.Outbox(context.Background(), alerting.OutboxFilter{Subject: r.Subject(), Limit: 10})
		if want := map[digest.State]int{digest.StateWaiting: 2}[r.State]; err != nil || len(notices) != want {
			t.Fatalf("the window from %s, %s, has %d notices, %v; want %d", r.Window.Start, r.State, len(notices), err, want)
		}
	}
	if first := rows[0].Window.Start; first.Before(sub.Since) || first.After(sub.Since.Add(26*time.Hour)) {
		t.Fatalf("the first window begins at %s, for a subscription since %s", first, sub.Since)
	}
	if last := rows[len(rows)-1].Window.End; last.Add(26 * time.Hour).Before(wall) {
		t.Fatalf("the last window ends at %s, and it is %s", last, wall)
	}
}
