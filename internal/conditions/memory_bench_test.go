package conditions_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/conditions"
	"github.com/hookvigil/hookvigil/rules"
)

// BenchmarkSeries says what a series costs while it has traffic, and what is
// left of it when it had none for two days.
func BenchmarkSeries(b *testing.B) {
	const many = 100_000
	scopes := make([]rules.Scope, many)
	for i := range scopes {
		scopes[i] = rules.ScopeOf(rules.ScopeEndpoint, fmt.Sprint("endpoint-", i))
	}
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	samples := make([]conditions.Sample, many)
	for b.Loop() {
		before := heap()
		c := conditions.New(conditions.Config{MostSeries: many}, newMemory(), quiet())
		for tick := range 60 {
			at := day.Add(time.Duration(tick+1) * rules.TickLength)
			for i, s := range scopes {
				samples[i] = conditions.Sample{Scope: s, At: at, First: 10, Failed: (tick + i) % 61 / 60}
			}
			c.Counted(samples)
			c.Idle(b.Context(), at.Add(20*time.Second))
		}
		active := heap() - before
		for h := range 49 {
			c.Idle(b.Context(), day.Add(time.Duration(h+1)*time.Hour))
		}
		over, cancel := context.WithCancel(b.Context())
		if cancel(); c.Run(over) != nil { // the last checkpoint
			b.Fatal("not written")
		}
		idle := int64(heap()) - int64(before)
		runtime.KeepAlive(c)
		b.ReportMetric(float64(active)/many, "B/active-series")
		b.ReportMetric(float64(max(idle, 0))/many, "B/idle-series")
	}
}
