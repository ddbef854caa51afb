package dashboards

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Digests is how the ledger of digests stands. The zero Digests is an empty
// ledger.
type Digests struct {
	// Windows counts those that began lately, by what became of them, in the
	// ledger's words; what is missing is 0.
	Windows map[string]int

	// OldestDue is the earliest due time among the windows that wait for their
	// notices to arrive; zero: none waits.
	OldestDue time.Time

	// LastSent is when a digest last arrived; zero: none did lately.
	LastSent time.Time
}

// digestMetrics tell of digests.
type digestMetrics struct {
	windows     *children[prometheus.Gauge] // state
	lastSuccess prometheus.Gauge
	lastClosed  prometheus.Gauge
	oldestDue   atomic.Int64 // Unix microseconds; 0: none waits
}

func (d *digestMetrics) register(r *registrar) {
	d.windows = r.gauges("hookvigil_digest_windows",
		"Windows of digests that began lately (two days; two weeks for weekly ones), by what became of them.", "state")
	d.lastSuccess = r.gauge("hookvigil_digest_last_success_timestamp_seconds", "When a digest last arrived; 0: none did lately.")
	d.lastClosed = r.gauge("hookvigil_digest_last_closed_timestamp_seconds",
		"When the windows of digests that had ended were last closed without a fault; 0: not since the start.")
	const oldest = "hookvigil_digest_oldest_due_seconds"
	r.add(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: oldest, Help: "How long the oldest digest that is due waits to arrive; 0: none waits.",
	}, d.waits), oldest)
}

// waits is taken at each scrape: it grows even when nobody counts any more.
func (d *digestMetrics) waits() float64 {
	at := d.oldestDue.Load()
	if at == 0 {
		return 0
	}
	return seconds(time.Since(time.UnixMicro(at)))
}

// Digests says how the ledger of digests stands; it replaces what was said
// before. A time in the future is not due yet, and shown as 0. Words outside
// the ledger's set are counted together as "unknown".
func (m *Metrics) Digests(d Digests) {
	counts := make(map[digestState]int, len(d.Windows))
	for state, n := range d.Windows {
		counts[digestState(state)] += n
	}
	setAll(m.digests.windows, counts, digestWords)
	m.digests.lastSuccess.Set(unixSeconds(d.LastSent))
	oldest := int64(0)
	if !d.OldestDue.IsZero() {
		oldest = d.OldestDue.UnixMicro()
	}
	m.digests.oldestDue.Store(oldest)
}

// DigestsClosed says that at that time the windows that had ended were closed,
// and that none of them failed.
func (m *Metrics) DigestsClosed(at time.Time) { m.digests.lastClosed.Set(unixSeconds(at)) }

// digestState is what became of a window, in the word of the ledger of
// alerting/digest, which lies above this package.
type digestState string

func digestStates() []digestState {
	return []digestState{"waiting", "sent", "skipped_green", "merged", "suppressed", "stale", "dead"}
}
