package store_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// relay takes 20 ms for each message, as a mail relay that is near does for one
// of its seven round trips.
type relay struct {
	mu    sync.Mutex
	mails int
	pages chan time.Time // when a page arrived
}

func (r *relay) Send(ctx context.Context, n alerting.Notice, _ alerting.Ref) (alerting.Ref, error) {
	select {
	case <-time.After(20 * time.Millisecond):
	case <-ctx.Done():
		return alerting.Ref{}, ctx.Err()
	}
	if n.Severity == rules.Critical {
		r.pages <- time.Now()
	} else {
		r.mu.Lock()
		r.mails++
		r.mu.Unlock()
	}
	return alerting.Ref{Root: n.IdemKey, Last: n.IdemKey}, nil
}

func (r *relay) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.mails
}

// BenchmarkPageBesideDigests is how long a page takes, from its decision to its
// acceptance, through the receiver that is sending 100,000 digests.
func BenchmarkPageBesideDigests(b *testing.B) {
	s := open(b, b.TempDir())
	var batch []alerting.Notice
	for i := range fleet {
		n := event(fmt.Sprintf("mail/m%d@x.example", i), fmt.Sprint("digest/", i), fmt.Sprintf("d%06d", i), rules.Low)
		n.Created, n.Due = time.Now(), time.Now()
		if batch = append(batch, n); len(batch) == 1000 {
			enqueue(b, s, batch...)
			batch = nil
		}
	}
	r := &relay{pages: make(chan time.Time, 1)}
	out := alerting.NewOutbox(alerting.OutboxConfig{Storm: alerting.StormCap{Most: 1 << 30}}, s,
		alerting.Ports{Named: map[string]alerting.Port{"mail": {Receiver: r, Kind: "email"}}}, slog.New(slog.DiscardHandler))
	ctx, stop := context.WithCancel(b.Context())
	var wg sync.WaitGroup
	wg.Go(func() { _ = out.Run(ctx) })
	for r.count() < 500 { // under way
		time.Sleep(10 * time.Millisecond)
	}
	var took []time.Duration
	begun, before := time.Now(), r.count()
	for b.Loop() {
		now := time.Now()
		n := event("mail/sre@x.example", fmt.Sprint("inc_", len(took)), fmt.Sprintf("p%06d", len(took)), rules.Critical)
		n.IdemKey, n.Created, n.Due = strings.Clone(n.Subject), now, now
		enqueue(b, s, n)
		out.Poke()
		took = append(took, (<-r.pages).Sub(now))
		time.Sleep(100 * time.Millisecond) // pages do not come one after the other
	}
	rate := float64(r.count()-before) / time.Since(begun).Seconds()
	stop()
	wg.Wait()
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Milliseconds()), "ms-p50")
	b.ReportMetric(float64(took[len(took)*99/100].Milliseconds()), "ms-p99")
	b.ReportMetric(rate, "digests/s")
}
