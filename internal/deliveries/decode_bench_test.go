package deliveries_test

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
)

// wire is the record as encoding/json alone would read it.
type wire struct {
	V          int       `json:"v"`
	Source     string    `json:"source"`
	ID         string    `json:"id"`
	Merchant   string    `json:"merchant"`
	Endpoint   string    `json:"endpoint"`
	URL        string    `json:"url"`
	Event      string    `json:"event"`
	Type       string    `json:"type"`
	Product    string    `json:"product"`
	Channel    string    `json:"channel"`
	Key        string    `json:"key"`
	Actor      string    `json:"actor"`
	Attempt    int       `json:"attempt"`
	Trigger    string    `json:"trigger"`
	StartedAt  time.Time `json:"started_at"`
	DurationMS float64   `json:"duration_ms"`
	Status     int       `json:"status"`
	Error      string    `json:"error"`
	Mode       string    `json:"mode"`
}

// BenchmarkDecode compares Decode with a plain json.Decoder over the same
// records, which checks nothing. The two run in turns, and of each the fastest
// round counts, so that a busy machine hits both alike: "x-stdlib" is how many
// times faster Decode is.
func BenchmarkDecode(b *testing.B) {
	lines, err := os.ReadFile("testdata/replay.ndjson")
	if err != nil {
		b.Fatal(err)
	}
	array := []byte("[" + string(bytes.ReplaceAll(bytes.TrimSpace(lines), []byte("\n"), []byte(","))) + "]")
	escaped := bytes.ReplaceAll(lines, []byte("/"), []byte(`\/`))
	for name, input := range map[string][]byte{"lines": lines, "array": array, "escaped": escaped} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(input)))
			ours, theirs := time.Hour, time.Hour
			for b.Loop() {
				ours = min(ours, timed(func() { decodeAll(b, input) }))
				b.StopTimer()
				theirs = min(theirs, timed(func() { unmarshalAll(b, lines) }))
				b.StartTimer()
			}
			b.ReportMetric(float64(theirs)/float64(ours), "x-stdlib")
			b.ReportMetric(float64(ours.Nanoseconds())/float64(bytes.Count(lines, []byte("\n"))), "ns/record")
		})
	}
}

func timed(round func()) time.Duration {
	start := time.Now()
	round()
	return time.Since(start)
}

func decodeAll(b *testing.B, input []byte) {
	b.Helper()
	for _, bad := range deliveries.Decode(bytes.NewReader(input), time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)) {
		if bad != nil {
			b.Fatal(bad)
		}
	}
}

func unmarshalAll(b *testing.B, input []byte) {
	b.Helper()
	for d := json.NewDecoder(bytes.NewReader(input)); d.More(); {
		var w wire
		if err := d.Decode(&w); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkIdentity(b *testing.B) {
	a := deliveries.Attempt{Source: "core", Event: "evt-11-000000000", Endpoint: "ep-0074-1", Number: 1}
	b.ReportAllocs()
	for b.Loop() {
		_ = a.Identity()
	}
}

func BenchmarkContentHash(b *testing.B) {
	a := deliveries.Attempt{Source: "core", Event: "evt-11-000000000", Endpoint: "ep-0074-1", Number: 1}
	b.ReportAllocs()
	for b.Loop() {
		_ = a.ContentHash()
	}
}
