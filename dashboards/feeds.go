package dashboards

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// The values of the label result of what a Prometheus is asked.
const (
	askAnswered = "answered"
	askFailed   = "failed"
)

// FeedKind is a way by which facts are fetched.
type FeedKind string

// The kinds of feeds.
const (
	FeedTail       FeedKind = "tail"       // a file is read
	FeedPrometheus FeedKind = "prometheus" // counters are asked for
)

// feedMetrics tell of what is fetched: all files together, and all counters.
type feedMetrics struct {
	lines  *children[prometheus.Counter] // result
	behind prometheus.Gauge
	asks   *children[prometheus.Counter] // result
	last   *table                        // kind
}

func (f *feedMetrics) register(r *registrar) {
	f.lines = r.counters("hookvigil_tail_lines_total", "Records in files that are read, by what became of them.", mostWords, "result")
	f.behind = r.gauge("hookvigil_tail_behind_bytes", "Bytes of the files at hand that are not read yet, all files together.")
	f.asks = r.counters("hookvigil_source_asks_total", "How often a Prometheus was asked for counters, by whether it answered.", mostWords, "result")
	f.last = r.table("hookvigil_source_last_data_timestamp_seconds",
		"When the file that lags most was last read to its end, and when the Prometheus that lags most last gave data; absent without any.", "kind")
	for _, w := range []string{resultAccepted, resultDuplicate, resultRejected} {
		f.lines.of(w)
	}
	f.asks.of(askAnswered)
	f.asks.of(askFailed)
}

// TailRead counts records of a file: durable for the first time, known before,
// and not taken. A number below zero counts nothing.
func (m *Metrics) TailRead(accepted, duplicate, rejected int) {
	add(m.feeds.lines.of(resultAccepted), accepted)
	add(m.feeds.lines.of(resultDuplicate), duplicate)
	add(m.feeds.lines.of(resultRejected), rejected)
}

// SourceAsked counts one ask for the counters of a Prometheus.
func (m *Metrics) SourceAsked(answered bool) {
	if answered {
		m.feeds.asks.of(askAnswered).Inc()
		return
	}
	m.feeds.asks.of(askFailed).Inc()
}

// FeedsStand says how all feeds stand, and replaces what was said before:
// how many bytes of files are not read yet, and when the one of each kind that
// lags most was last up to date. A kind that is missing has no feed; kinds
// beyond the two are left out.
func (m *Metrics) FeedsStand(behindBytes int64, upToDate map[FeedKind]time.Time) {
	m.feeds.behind.Set(float64(max(behindBytes, 0)))
	rows := map[string]cell{}
	for _, kind := range []FeedKind{FeedTail, FeedPrometheus} {
		if at, ok := upToDate[kind]; ok {
			rows[string(kind)] = cell{value: unixSeconds(at)}
		}
	}
	m.feeds.last.set(rows)
}
