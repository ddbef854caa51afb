package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest"
)

// history makes the attempts of a platform over 35 days: 10,000 endpoints of
// a thousand merchants, few of which have most; one event in a hundred fails,
// half of these go on to fail up to six times.
type history struct {
	rng    *rand.Rand
	zipf   *rand.Zipf
	rows   int
	made   int
	failed []string // ids of events
}

func newHistory(rows int) *history {
	rng := rand.New(rand.NewPCG(1, 2))
	return &history{rng: rng, zipf: rand.NewZipf(rng, 1.1, 20, 9_999), rows: rows}
}

func endpointOf(n uint64) string { return fmt.Sprint("ep-", n) }

func (h *history) next(n int) []deliveries.Attempt {
	all := make([]deliveries.Attempt, 0, n+6)
	span := 34 * 24 * time.Hour
	for len(all) < n && h.made < h.rows {
		a := traffic(h.made, 1)[0]
		at := h.zipf.Uint64()
		a.Endpoint, a.Merchant = endpointOf(at), fmt.Sprint("m-", at%1000)
		a.Type = []string{"payout.succeeded", "payment.paid", "refund.failed"}[h.rng.IntN(3)]
		a.Channel, a.Status = fmt.Sprint("ch-", h.rng.IntN(40)), 200
		a.Event = fmt.Sprintf("evt_%08x", uint32(h.made)*2_654_435_761)
		a.StartedAt = midday.Add(-span + time.Duration(float64(span)*float64(h.made)/float64(h.rows)))
		a.CreatedAt = a.StartedAt.Add(-time.Second)
		h.made++
		all = append(all, a)
		if h.rng.IntN(100) > 0 {
			continue
		}
		h.failed = append(h.failed, a.Event)
		all[len(all)-1].Status = 503
		for k, after := range []time.Duration{15 * time.Minute, time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour} {
			retry := a
			retry.Number, retry.StartedAt, retry.Status = k+2, a.StartedAt.Add(after), 503
			if retry.StartedAt.After(midday) {
				break
			}
			if h.rng.IntN(6) == 0 {
				retry.Status = 200
			}
			h.made++
			if all = append(all, retry); retry.Status == 200 {
				break
			}
		}
	}
	return all
}

func benchRows(b *testing.B) int {
	b.Helper()
	text := os.Getenv("ROWS")
	if text == "" {
		return 200_000
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// BenchmarkReadSide asks each question of random keys. ROWS says of how many
// attempts; -benchtime 1000x gives a p99.
func BenchmarkReadSide(b *testing.B) {
	if testing.Short() {
		b.Skip("fills slots first")
	}
	s, tape, h := openStore(b, b.TempDir()), newTape(), newHistory(benchRows(b))
	xendit, _ := deliveries.Preset("xendit")
	if err := s.Ledger().Follow(b.Context(), func(string, string) deliveries.Schedule { return xendit }, nil); err != nil {
		b.Fatal(err)
	}
	began := time.Now()
	for h.made < h.rows {
		apply(b, s, tape.group(h.next(50_000)...))
	}
	b.Logf("%d attempts, %d failed events, applied in %s", h.made, len(h.failed), time.Since(began).Round(time.Second))
	page := func(q ingest.EventQuery) func(context.Context) error {
		q.Now, q.Limit = midday, 100
		return func(ctx context.Context) error { return second(s.Events(ctx, q)) }
	}
	open := []deliveries.EventState{deliveries.EventRetrying, deliveries.EventExhausted}
	endpoint := func() string { return endpointOf(h.zipf.Uint64()) }
	merchants := func() []string { return []string{fmt.Sprint("m-", h.zipf.Uint64()%1000)} }
	channel := func() string { return fmt.Sprint("ch-", h.rng.IntN(40)) }
	from := func() time.Time { return midday.Add(-time.Duration(h.rng.IntN(33*24)) * time.Hour) }
	for _, q := range []struct {
		name string
		ask  func() func(context.Context) error
	}{
		{"attempts of an endpoint", func() func(context.Context) error {
			q := ingest.AttemptQuery{Endpoint: endpoint(), Limit: 100}
			return func(ctx context.Context) error { return second(s.EndpointAttempts(ctx, q)) }
		}},
		{"failed attempts of an endpoint", func() func(context.Context) error {
			q := ingest.AttemptQuery{Endpoint: endpoint(), Limit: 100, Failed: true}
			return func(ctx context.Context) error { return second(s.EndpointAttempts(ctx, q)) }
		}},
		{"story of an event", func() func(context.Context) error {
			id := h.failed[h.rng.IntN(len(h.failed))]
			return func(ctx context.Context) error { return second(s.EventStory(ctx, "core", id)) }
		}},
		{"newest events", func() func(context.Context) error { return page(ingest.EventQuery{}) }},
		{"events of an endpoint", func() func(context.Context) error { return page(ingest.EventQuery{Endpoint: endpoint()}) }},
		{"events of a merchant", func() func(context.Context) error { return page(ingest.EventQuery{Merchants: merchants()}) }},
		{"events of a channel in 6 h", func() func(context.Context) error {
			q := ingest.EventQuery{Channel: channel(), From: from()}
			q.To = q.From.Add(6 * time.Hour)
			return page(q)
		}},
		{"undelivered", func() func(context.Context) error { return page(ingest.EventQuery{States: open}) }},
		{"undelivered of an endpoint", func() func(context.Context) error {
			return page(ingest.EventQuery{States: open, Endpoint: endpoint()})
		}},
		{"undelivered of a merchant", func() func(context.Context) error {
			return page(ingest.EventQuery{States: open, Merchants: merchants()})
		}},
		{"undelivered of a channel and type", func() func(context.Context) error {
			return page(ingest.EventQuery{States: open, Channel: channel(), Type: "refund.failed"})
		}},
		{"exhausted of a channel in 24 h", func() func(context.Context) error {
			q := ingest.EventQuery{States: open[1:], Channel: channel(), From: from()}
			q.To = q.From.Add(24 * time.Hour)
			return page(q)
		}},
		{"undelivered about a key", func() func(context.Context) error {
			return page(ingest.EventQuery{States: open, Key: fmt.Sprint("disb-", h.rng.IntN(h.rows))})
		}},
		{"facets", func() func(context.Context) error {
			return func(ctx context.Context) error { return second(s.Facets(ctx, "channel", 100)) }
		}},
		{"all open events", func() func(context.Context) error {
			return func(ctx context.Context) error {
				return s.OpenEvents(ctx, nil, func(deliveries.Event) error { return nil })
			}
		}},
	} {
		b.Run(q.name, func(b *testing.B) { percentiles(b, q.ask) })
	}
}

// percentiles asks as often as the benchmark wants, and reports milliseconds.
func percentiles(b *testing.B, ask func() func(context.Context) error) {
	b.Helper()
	var took []time.Duration
	used := cpuTime(b)
	for b.Loop() {
		do := ask()
		began := time.Now()
		if err := do(b.Context()); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began))
	}
	b.ReportMetric((cpuTime(b)-used).Seconds()*1000/float64(len(took)), "cpu-ms")
	slices.Sort(took)
	at := func(share float64) float64 {
		return took[min(int(share*float64(len(took))), len(took)-1)].Seconds() * 1000
	}
	b.ReportMetric(at(0.5), "p50-ms")
	b.ReportMetric(at(0.99), "p99-ms")
}
