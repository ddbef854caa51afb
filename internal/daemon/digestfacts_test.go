package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookvigil/hookvigil/alerting/digest"
	"github.com/hookvigil/hookvigil/dashboards"
	"github.com/hookvigil/hookvigil/internal/config"
)

// countedRow is a row of a ledger that counts in memory.
type countedRow struct {
	kind      string
	state     digest.State
	start     time.Time
	due, sent time.Time
}

type countedLedger struct {
	rows []countedRow
	err  error
}

func (l countedLedger) Counts(_ context.Context, kind string, from time.Time) (map[digest.State]int, time.Time, error) {
	states, sent := map[digest.State]int{}, time.Time{}
	for _, r := range l.rows {
		if r.kind == kind && !r.start.Before(from) {
			states[r.state]++
			if r.sent.After(sent) {
				sent = r.sent
			}
		}
	}
	return states, sent, l.err
}

func (l countedLedger) OldestDue(context.Context) (time.Time, error) {
	oldest := time.Time{}
	for _, r := range l.rows {
		if r.state == digest.StateWaiting && (oldest.IsZero() || r.due.Before(oldest)) {
			oldest = r.due
		}
	}
	return oldest, l.err
}

// digestLines returns the lines about digests that /metrics answers.
func digestLines(t *testing.T, m *dashboards.Metrics) string {
	t.Helper()
	rec := httptest.NewRecorder()
	m.Handler().ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
	var b strings.Builder
	for line := range strings.Lines(rec.Body.String()) {
		if strings.HasPrefix(line, "hookvigil_digest_") || strings.HasPrefix(line, "hookvigil_store_failures_total{verb=\"digest") {
			b.WriteString(line)
		}
	}
	return b.String()
}

func withDigests(every time.Duration) *Daemon {
	d := &Daemon{metrics: dashboards.New("test"), log: slog.New(slog.DiscardHandler)}
	cfg := &config.Config{}
	cfg.Digest.Config.Every = every
	d.settings.Store(cfg)
	return d
}

func TestDigestFactsAreShown(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	now := time.Now()
	row := func(kind string, s digest.State, before time.Duration) countedRow {
		return countedRow{kind: kind, state: s, start: now.Add(-before)}
	}
	for name, c := range map[string]struct {
		rows []countedRow
		want string // a line
	}{
		"all states are there at 0":                 {nil, `hookvigil_digest_windows{state="skipped_green"} 0`},
		"every kind counts":                         {[]countedRow{row("health", digest.StateSent, 0), row("platform", digest.StateSent, 0), row("summary", digest.StateSent, 0)}, `hookvigil_digest_windows{state="sent"} 3`},
		"a daily one counts for a day after it":     {[]countedRow{row("health", digest.StateDead, 2*day-time.Hour)}, `hookvigil_digest_windows{state="dead"} 1`},
		"and no longer":                             {[]countedRow{row("health", digest.StateDead, 2*day+time.Hour)}, `hookvigil_digest_windows{state="dead"} 0`},
		"a weekly one counts for a week after it":   {[]countedRow{row("summary", digest.StateMerged, 14*day-time.Hour)}, `hookvigil_digest_windows{state="merged"} 1`},
		"nothing arrived":                           {[]countedRow{row("health", digest.StateDead, 0)}, `hookvigil_digest_last_success_timestamp_seconds 0`},
		"nothing waits":                             {[]countedRow{row("health", digest.StateSent, 0)}, `hookvigil_digest_oldest_due_seconds 0`},
		"the last of all kinds is when one arrived": {[]countedRow{{kind: "health", sent: time.Unix(7, 0), start: now}, {kind: "platform", sent: time.Unix(9, 0), start: now}, {kind: "summary", sent: time.Unix(8, 0), start: now}}, `hookvigil_digest_last_success_timestamp_seconds 9`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := withDigests(6 * time.Hour)
			d.digestFacts(t.Context(), countedLedger{rows: c.rows}, nil)
			if got := digestLines(t, d.metrics); !strings.Contains(got, c.want+"\n") {
				t.Errorf("got\n%swant the line %s", got, c.want)
			}
		})
	}
}

func TestDigestFactsOfLongWindows(t *testing.T) {
	t.Parallel()
	const week = 7 * 24 * time.Hour
	d := withDigests(week)
	d.digestFacts(t.Context(), countedLedger{rows: []countedRow{{kind: "health", state: digest.StateSent, start: time.Now().Add(-week)}}}, nil)
	if got, want := digestLines(t, d.metrics), `hookvigil_digest_windows{state="sent"} 1`; !strings.Contains(got, want) {
		t.Errorf("got\n%swant the line %s", got, want)
	}
}

// A fault of the ledger changes no number and is counted; one of the tick
// leaves the time of the last good one.
func TestDigestFactsAfterAFault(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, start := withDigests(6*time.Hour), time.Now()
		waits := countedRow{kind: "health", state: digest.StateWaiting, start: start, due: start.Add(time.Minute)}
		d.digestFacts(t.Context(), countedLedger{rows: []countedRow{waits}}, nil)
		time.Sleep(10 * time.Minute)
		d.digestFacts(t.Context(), countedLedger{err: errors.New("disk")}, errors.New("disk"))
		for _, want := range []string{
			fmt.Sprintf("hookvigil_digest_last_closed_timestamp_seconds %g\n", float64(start.Unix())),
			"hookvigil_digest_oldest_due_seconds 540\n", `hookvigil_digest_windows{state="waiting"} 1`,
			`hookvigil_store_failures_total{verb="digest_counts"} 1`,
		} {
			if got := digestLines(t, d.metrics); !strings.Contains(got, want) {
				t.Errorf("got\n%swant %s", got, want)
			}
		}
	})
}

// The words of the metric are those of the ledger: none of them is "unknown".
func TestDigestStatesAreThoseOfTheLedger(t *testing.T) {
	t.Parallel()
	d := withDigests(6 * time.Hour)
	all := []digest.State{
		digest.StateWaiting, digest.StateSent, digest.StateSkipped, digest.StateMerged, digest.StateSuppressed, digest.StateStale, digest.StateDead,
	}
	var rows []countedRow
	for _, s := range all {
		rows = append(rows, countedRow{kind: digest.KindHealth, state: s, start: time.Now()})
	}
	d.digestFacts(t.Context(), countedLedger{rows: rows}, nil)
	got := digestLines(t, d.metrics)
	if n := strings.Count(got, "hookvigil_digest_windows{"); n != len(all)+1 {
		t.Errorf("got %d states, want %d and unknown:\n%s", n, len(all), got)
	}
	for _, s := range all {
		if want := fmt.Sprintf("hookvigil_digest_windows{state=%q} 1\n", s); !strings.Contains(got, want) {
			t.Errorf("got\n%swant %s", got, want)
		}
	}
}
