package dashboards

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/hookvigil/hookvigil/internal/deliveries"
)

// Within which time events that wait get their last automatic try.
const (
	within1h  = "1h"
	within6h  = "6h"
	within24h = "24h"
)

// backlogMetrics tell what waits to be delivered, over all endpoints.
type backlogMetrics struct {
	undelivered prometheus.Gauge
	atRisk      *children[prometheus.Gauge] // within
	lost        prometheus.Gauge
	missing     prometheus.Gauge
	oldest      atomic.Int64                // Unix microseconds of its first attempt; 0: nothing waits
	sources     *children[prometheus.Gauge] // declared, treated
}

func (b *backlogMetrics) register(r *registrar) {
	b.undelivered = r.gauge("hookvigil_events_undelivered", "Events whose first attempt failed and that wait for an automatic try.")
	b.atRisk = r.gauges("hookvigil_events_at_risk", "Undelivered events that get their last automatic try within that time.", "within")
	b.lost = r.gauge("hookvigil_events_lost", "Events whose last automatic try failed within the last 24 h, and that nobody delivered since.")
	b.missing = r.gauge("hookvigil_retries_missing", "Events whose next automatic try is overdue: their sender is late.")
	const oldest = "hookvigil_events_oldest_undelivered_seconds"
	r.add(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: oldest, Help: "How long ago the oldest undelivered event was first tried; 0: none waits.",
	}, b.age), oldest)
	b.sources = r.gauges("hookvigil_sources", "Sources of attempts, by the grade that they are declared to be and the one as which they are treated.", "declared", "treated")
}

func (b *backlogMetrics) age() float64 {
	at := b.oldest.Load()
	if at == 0 {
		return 0
	}
	return seconds(time.Since(time.UnixMicro(at)))
}

// Backlog says what waits to be delivered over all endpoints; it replaces what
// was said before.
func (m *Metrics) Backlog(b deliveries.Backlog) {
	m.backlog.undelivered.Set(float64(b.Undelivered))
	m.backlog.lost.Set(float64(b.Lost))
	m.backlog.missing.Set(float64(b.MissingRetries))
	for within, n := range map[string]int{within1h: b.AtRisk1h, within6h: b.AtRisk6h, within24h: b.AtRisk24h} {
		m.backlog.atRisk.of(within).Set(float64(n))
	}
	oldest := int64(0)
	if !b.Oldest.IsZero() {
		oldest = b.Oldest.UnixMicro()
	}
	m.backlog.oldest.Store(oldest)
}

// SourceGrades counts sources by what they are declared to be and as what they
// are treated; it replaces what was said before.
func (m *Metrics) SourceGrades(grades map[[2]deliveries.Grade]int) {
	for _, declared := range gradeWords() {
		for _, treated := range gradeWords() {
			m.backlog.sources.of(string(declared), string(treated)).Set(float64(grades[[2]deliveries.Grade{declared, treated}]))
		}
	}
}

func gradeWords() []deliveries.Grade {
	return []deliveries.Grade{deliveries.GradeAll, deliveries.GradeFinal, deliveries.GradeFailures, deliveries.GradeSample}
}
