package dashboards

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// table is a gauge whose series are replaced all at once: a scrape sees the
// old ones or the new ones, and what is gone leaves no series behind. Safe
// for concurrent use.
type table struct {
	desc *prometheus.Desc
	rows atomic.Pointer[map[string]cell]
}

// cell is the value of one series.
type cell struct {
	value float64
	since time.Time // when not zero, the value is the seconds from then to the scrape
}

func newTable(name, help, label string) *table {
	t := &table{desc: prometheus.NewDesc(name, help, []string{label}, nil)}
	t.rows.Store(&map[string]cell{})
	return t
}

// set replaces all series. rows go by the value of the label, as labelled
// makes it; the caller does not change them afterwards.
func (t *table) set(rows map[string]cell) { t.rows.Store(&rows) }

// Describe implements prometheus.Collector.
func (t *table) Describe(ch chan<- *prometheus.Desc) { ch <- t.desc }

// Collect implements prometheus.Collector.
func (t *table) Collect(ch chan<- prometheus.Metric) {
	now := time.Now()
	for label, c := range *t.rows.Load() {
		if !c.since.IsZero() {
			c.value = seconds(now.Sub(c.since))
		}
		ch <- prometheus.MustNewConstMetric(t.desc, prometheus.GaugeValue, c.value, label)
	}
}

// labelled makes a name fit for a label value. Two names may become the same.
func labelled(name string) string {
	if name = clean(name); name == "" {
		return unknown
	}
	return name
}

// bounded keeps the first most names of order; all others are merged into
// one, unknown. Merging with the zero T changes nothing.
func bounded[T any](by map[string]T, order []string, most int, merge func(a, b T) T) map[string]T {
	kept := make(map[string]T, min(len(by), most)+1)
	for i, name := range order {
		label := name
		if i >= most {
			label = unknown
		}
		kept[label] = merge(kept[label], by[name])
	}
	return kept
}

// earlier returns the earlier of two times; the zero time is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
