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

// BenchmarkEvaluation plays 1,000 attempts a second over 100,000 endpoints with
// a series each, and tells which part of a processor that takes.
func BenchmarkEvaluation(b *testing.B) {
	const many, perSecond = 100_000, 1000
	c, p := conditions.New(conditions.Config{}, newMemory(), quiet()), &tape{}
	endpoints := make([]string, many) // making names is not what is measured
	for i := range endpoints {
		endpoints[i] = fmt.Sprintf("ep-%06d", i)
	}
	at := day
	second := func(failed func(i int) bool) {
		for i := range perSecond {
			e := p.add(fmt.Sprint("ch-", i%30), at.Add(time.Duration(i)*time.Millisecond), at.Add(time.Duration(i)*time.Millisecond), failed(i))
			e.Attempt.Endpoint = endpoints[(int(p.at)*7919)%many]
			e.Attempt.Merchant, e.Attempt.Product, e.Attempt.Type = e.Attempt.Endpoint[:len(e.Attempt.Endpoint)-1], "payout", "paid"
		}
		at = at.Add(time.Second)
	}
	for range many / perSecond {
		second(func(int) bool { return true }) // each gets its series
		p.play(c)
	}
	b.ResetTimer()
	var played time.Duration
	for b.Loop() {
		b.StopTimer()
		second(func(i int) bool { return i%300 == 0 })
		b.StartTimer()
		began := time.Now()
		p.play(c)
		played += time.Since(began)
	}
	b.ReportMetric(100*played.Seconds()/float64(b.N), "%-of-a-core")
}
