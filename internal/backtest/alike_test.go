package backtest_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/backtest"
	"github.com/hookvigil/hookvigil/internal/conditions"
	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/rules"
)

// stormy is a log of some three hours in which conditions open, get worse and
// clear: channels, late attempts, a gap, and one channel that fails alone. Each
// record says when it was received.
func stormy(seed uint64) []sent {
	r := rand.New(rand.NewPCG(seed, 42))
	ratio := func(minute int, channel string) float64 {
		switch {
		case minute >= 30 && minute < 45:
			return 0.3
		case minute >= 80 && minute < 95 && channel == "OVO":
			return 0.5
		case minute >= 120 && minute < 130:
			return 0.9
		default:
			return 0.003
		}
	}
	var all []sent
	for at := day; at.Before(day.Add(170 * time.Minute)); at = at.Add(time.Duration(1200+r.IntN(2800)) * time.Millisecond) {
		minute := int(at.Sub(day).Minutes())
		if minute >= 60 && minute < 64 {
			continue
		}
		channel := []string{"BCA", "OVO", ""}[r.IntN(3)]
		ended := at.Add(-time.Duration(r.IntN(3000)) * time.Millisecond)
		if r.IntN(50) == 0 {
			ended = at.Add(-time.Duration(r.IntN(120)) * time.Second) // some of these are late
		}
		all = append(all, sent{
			event: fmt.Sprint("e", len(all)), channel: channel, ended: ended, received: at, failed: r.Float64() < ratio(minute, channel),
		})
	}
	return all
}

// heard is a store that keeps the changes.
type heard struct{ changes []rules.Change }

// Conditions implements [conditions.Store].
func (*heard) Conditions(context.Context) (conditions.Saved, error) { return conditions.Saved{}, nil }

// CommitShard implements [conditions.Store].
func (h *heard) CommitShard(_ context.Context, c conditions.Commit) error {
	h.changes = append(h.changes, c.Changes...)
	return nil
}

// live decides as the daemon did when the records came in, in groups of any
// size, and commits after some of them.
func live(t *testing.T, all []sent, r *rand.Rand) []rules.Change {
	t.Helper()
	store := &heard{}
	c := conditions.New(conditions.Config{}, store, slog.New(slog.DiscardHandler))
	commit := func() {
		over, cancel := context.WithCancel(t.Context())
		cancel()
		if err := c.Run(over); err != nil {
			t.Fatal(err)
		}
	}
	for at := 0; at < len(all); {
		var g ingest.Group
		for range min(1+r.IntN(900), len(all)-at) {
			s := all[at]
			at++
			e := ingest.Entry{
				Attempt: deliveries.Attempt{
					Source: "core", Event: s.event, Endpoint: "ep_1", Channel: s.channel, Number: 1, Trigger: deliveries.Automatic, Mode: deliveries.Live,
					StartedAt: s.ended.Add(-100 * time.Millisecond), Duration: 100 * time.Millisecond, Status: 200,
				},
				Position: ingest.Position{Segment: 1, Offset: uint32(at)}, Received: s.received, Kind: deliveries.KindFirst, Fault: probes.FaultNone, Counts: true,
			}
			if s.failed {
				e.Attempt.Status, e.Fault = 503, probes.FaultHTTP5xx
			}
			g.Entries, g.At = append(g.Entries, e), s.received
		}
		g.Next = ingest.Position{Segment: 1, Offset: uint32(at + 1)}
		verdicts := make([]ingest.Verdict, len(g.Entries))
		for i := range verdicts {
			verdicts[i] = ingest.Counted
		}
		c.Took(t.Context(), g, verdicts, false)
		if r.IntN(3) == 0 {
			commit()
		}
	}
	c.Idle(t.Context(), all[len(all)-1].received.Add(5*time.Minute))
	commit()
	return store.changes
}

func sameChanges(a, b []rules.Change) bool { return reflect.DeepEqual(a, b) }

func TestLiveAndReplayDecideAlike(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			all := stormy(seed)
			want := live(t, all, rand.New(rand.NewPCG(seed, 1)))
			if len(want) < 8 {
				t.Fatalf("the log makes %d changes: too few to tell", len(want))
			}
			for _, group := range []int{1, 97} {
				got := run(t, text(all), backtest.Settings{Group: group})
				if have := got.Played[0].Changes; !sameChanges(have, want) {
					t.Errorf("groups of %d\ngot  %+v\nwant %+v", group, have, want)
				}
			}
			got := run(t, text(shuffled(all, 4*time.Minute, seed)), backtest.Settings{})
			if have := got.Played[0].Changes; !sameChanges(have, want) {
				t.Errorf("shuffled by up to 4 minutes\ngot  %+v\nwant %+v", have, want)
			}
		})
	}
}

// shuffled moves records back in the file by up to so much of their receipt,
// and leaves what they say alone.
func shuffled(all []sent, within time.Duration, seed uint64) []sent {
	r := rand.New(rand.NewPCG(seed, 10))
	type keyed struct {
		sent
		key int64
	}
	list := make([]keyed, len(all))
	for i, s := range all {
		list[i] = keyed{s, s.received.UnixNano() + r.Int64N(int64(within))}
	}
	sortBy(list, func(k keyed) int64 { return k.key })
	out := make([]sent, len(list))
	for i, k := range list {
		out[i] = k.sent
	}
	return out
}
