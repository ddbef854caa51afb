package backtest_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/backtest"
	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/hooktest/traffic"
)

// BenchmarkRun replays logs from text to decision, all rules over all records;
// records/s is the figure.
func BenchmarkRun(b *testing.B) {
	for _, of := range []struct {
		name   string
		change func(*traffic.Config) // of an hour of a platform; nil: the outage of one endpoint
	}{
		{"one endpoint", nil},
		{"a platform of 2,000 endpoints", func(*traffic.Config) {}},
		{"with a dead endpoint", func(c *traffic.Config) { c.Dead = []string{"ep-00020"} }}, // 0.6 % of the traffic
		{"while a third fails", func(c *traffic.Config) {
			c.Incidents = []traffic.Incident{traffic.Steady(c.Start, c.Start.Add(c.Length), 0.33)}
		}},
	} {
		b.Run(of.name, func(b *testing.B) {
			log := []byte(text(outage()))
			if of.change != nil {
				log = platform(b, of.change)
			}
			all := bytes.Count(log, []byte("\n"))
			schedule, _ := deliveries.Preset("xendit")
			settings := backtest.Settings{World: backtest.World{Schedule: func(string) deliveries.Schedule { return schedule }}}
			b.SetBytes(int64(len(log)))
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				got, err := backtest.Run(b.Context(), backtest.Input{Paths: []string{"-"}, Stdin: bytes.NewReader(log)}, settings)
				if err != nil || got.Counts.Records != all || got.Counts.Unfollowed+got.Counts.Untimed > 0 {
					b.Fatal(err, got.Counts)
				}
				n++
			}
			b.ReportMetric(float64(all*n)/b.Elapsed().Seconds(), "records/s")
		})
	}
}

// platform is the log of an hour of 60 first attempts a second.
func platform(b *testing.B, change func(*traffic.Config)) []byte {
	b.Helper()
	c := traffic.DefaultConfig(1)
	c.Rate, c.Length = 60, time.Hour
	change(&c)
	var log bytes.Buffer
	if err := traffic.New(c).NDJSON(&log); err != nil {
		b.Fatal(err)
	}
	return log.Bytes()
}
