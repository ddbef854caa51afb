package dashboards

import (
	"sync"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
)

// maxLabelBytes bounds a label value; our longest word has 27.
const maxLabelBytes = 64

// registrar makes collectors, registers them and writes down their names.
type registrar struct {
	reg   *prometheus.Registry
	names []string
}

func (r *registrar) add(c prometheus.Collector, names ...string) {
	r.reg.MustRegister(c)
	r.names = append(r.names, names...)
}

func (r *registrar) gauge(name, help string) prometheus.Gauge {
	g := prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	r.add(g, name)
	return g
}

func (r *registrar) gauges(name, help string, labels ...string) *children[prometheus.Gauge] {
	vec := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
	r.add(vec, name)
	return newChildren(vec.WithLabelValues, mostWords, len(labels))
}

func (r *registrar) table(name, help, label string) *table {
	t := newTable(name, help, label)
	r.add(t, name)
	return t
}

func (r *registrar) counter(name, help string) prometheus.Counter {
	c := prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	r.add(c, name)
	return c
}

func (r *registrar) counters(name, help string, most int, labels ...string) *children[prometheus.Counter] {
	vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	r.add(vec, name)
	return newChildren(vec.WithLabelValues, most, len(labels))
}

func (r *registrar) histogram(name, help string, buckets []float64) prometheus.Histogram {
	h := prometheus.NewHistogram(histogramOpts(name, help, buckets))
	r.add(h, histogramNames(name)...)
	return h
}

func (r *registrar) histograms(name, help string, buckets []float64, most int, label string) *children[prometheus.Observer] {
	vec := prometheus.NewHistogramVec(histogramOpts(name, help, buckets), []string{label})
	r.add(vec, histogramNames(name)...)
	return newChildren(vec.WithLabelValues, most, 1)
}

// histogramOpts asks for classic buckets and native ones side by side: growth
// factor 1.1, at most 100 buckets (reference ecosystem.md section 4).
func histogramOpts(name, help string, buckets []float64) prometheus.HistogramOpts {
	return prometheus.HistogramOpts{
		Name: name, Help: help, Buckets: buckets,
		NativeHistogramBucketFactor:    1.1,
		NativeHistogramMaxBucketNumber: 100,
	}
}

// histogramNames are the names a query may use: the bare one is the native
// histogram.
func histogramNames(name string) []string {
	return []string{name, name + "_bucket", name + "_count", name + "_sum"}
}

// children looks up each child of a vector once and bounds how many there
// are: beyond most, every label says unknown. Safe for concurrent use.
type children[T any] struct {
	with   func(values ...string) T
	most   int
	labels int

	mu   sync.RWMutex
	made map[labelKey]T
}

// labelKey holds the values of up to three labels.
type labelKey [3]string

func newChildren[T any](with func(...string) T, most, labels int) *children[T] {
	return &children[T]{with: with, most: most, labels: labels, made: make(map[labelKey]T)}
}

// of returns the child with these values, at most three.
func (c *children[T]) of(values ...string) T {
	var k labelKey
	copy(k[:], values)
	c.mu.RLock()
	child, ok := c.made[k]
	c.mu.RUnlock()
	if ok {
		return child
	}
	return c.make(k)
}

func (c *children[T]) make(k labelKey) T {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range k[:c.labels] {
		if len(k[i]) > maxLabelBytes || !utf8.ValidString(k[i]) {
			k[i] = unknown
		}
	}
	if _, ok := c.made[k]; !ok && len(c.made) >= c.most {
		k = labelKey{}
		for i := range k[:c.labels] {
			k[i] = unknown
		}
	}
	child, ok := c.made[k]
	if !ok {
		child = c.with(k[:c.labels]...)
		c.made[k] = child
	}
	return child
}
