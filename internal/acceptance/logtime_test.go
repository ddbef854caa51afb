//go:build integration

package acceptance_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest"
)

// A day of log at 20 attempts a second, of which 0.3 % fail, and ten minutes
// of 4 % at its end: the day raises nothing, the ten minutes do within five.
func TestADayOfLog(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 0, "sources: [{id: core}]\n")
	rise := time.Now().Add(-11 * time.Minute).Truncate(10 * time.Second)
	h.start()
	h.stop() // a log without a state.db would be refused
	writeLog(t, filepath.Join(h.dir, "data", "log"), rise.Add(-24*time.Hour), rise)
	h.start()
	h.within(20*time.Minute, "all of it is counted", func() bool {
		day := read[ratio](h, fmt.Sprintf("/api/v1/ratios?scope=platform&from=%s&to=%s",
			rise.Add(-25*time.Hour).UTC().Format(time.RFC3339), time.Now().UTC().Format(time.RFC3339)))
		return day.First == (24*60+10)*60*20
	})
	h.until("the desk has it", func() bool {
		return slices.ContainsFunc(h.incidents(), func(in incident) bool { return in.Rule == "platform_error_ratio" })
	})
	h.quiet(5 * time.Second)
	list := read[struct {
		Items []struct {
			Rule     string
			Severity string
			Detected time.Time `json:"detected_at"`
		}
	}](h, "/api/v1/incidents").Items
	found := 0
	for _, in := range list {
		switch in.Rule {
		case "monitor_self", "silence", "retries_missing": // nothing comes any more, and nothing is tried again
			t.Logf("%s: this machine took more than two, five or ten minutes to count a day", in.Rule)
			continue
		}
		found++
		if delay := in.Detected.Sub(rise); delay < 0 || delay > 5*time.Minute {
			t.Errorf("%s was detected %s after the rise, want within 5 minutes", in.Rule, delay)
		}
		t.Logf("%s %s: detected %s after the rise", in.Severity, in.Rule, in.Detected.Sub(rise))
	}
	if found == 0 {
		t.Error("the rise was not found")
	}
}

// writeLog writes attempts from begin to ten minutes after the rise, as the
// daemon would have received them.
func writeLog(t *testing.T, dir string, begin, rise time.Time) {
	t.Helper()
	log, err := ingest.Open(dir, slog.New(slog.DiscardHandler), ingest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var wg sync.WaitGroup
	wg.Go(func() { _ = log.Run(ctx) }) // its appends say what goes wrong
	dice := rand.New(rand.NewPCG(20, 26))
	n := 0
	for at := begin; at.Before(rise.Add(10 * time.Minute)); at = at.Add(10 * time.Second) {
		share := 0.003
		if !at.Before(rise) {
			share = 0.04
		}
		batch := make([]deliveries.Attempt, 200)
		for i := range batch {
			n++
			batch[i] = deliveries.Attempt{
				Source: "core", Merchant: "acme", Endpoint: "ep-1", Event: fmt.Sprint("day_", n), Channel: []string{"ID_BCA", "QR"}[n%2], Number: 1,
				Trigger: deliveries.Automatic, Mode: deliveries.Live, StartedAt: at.Add(time.Duration(i) * 50 * time.Millisecond), Duration: 100 * time.Millisecond, Status: 200,
			}
			if dice.Float64() < share {
				batch[i].Status = 503
			}
		}
		if _, err := log.Append(ctx, at.Add(10*time.Second), batch); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	wg.Wait()
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
}
