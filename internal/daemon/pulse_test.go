package daemon

import (
	"context"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/dashboards"
	"github.com/hookvigil/hookvigil/internal/config"
	"github.com/hookvigil/hookvigil/rules"
)

// opened is a daemon that is open and runs nothing by itself, with a Slack
// receiver ops and a mail receiver that has two addresses.
func opened(t *testing.T, more string) *Daemon {
	t.Helper()
	dir := t.TempDir()
	put := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	put("slack.token", "xoxb-of-a-test")
	cfg, faults := config.Load(put("hookvigil.yaml", `version: 1
receivers:
  ops: {kind: slack, token_file: slack.token, channel: C0123456789}
  mail: {kind: email, smtp: {host: 127.0.0.1, port: 1, tls: none}, from: a@example.com, to: [b@example.com, c@example.com]}
`+more))
	if config.Failed(faults) {
		t.Fatal(faults)
	}
	d := New(Options{Config: cfg, Version: "test", Log: slog.New(slog.DiscardHandler)})
	d.base, d.started = context.WithoutCancel(t.Context()), time.Now()
	if err := d.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// meter keeps what the metrics would hear.
type meter struct {
	mu       sync.Mutex
	pinged   []dashboards.PingResult
	proved   map[string]time.Time
	last     int
	reserved []bool
}

func (m *meter) Pinged(result dashboards.PingResult, _ time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.pinged = append(m.pinged, result)
}

func (m *meter) Proved(last map[string]time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.proved = last
}

func (m *meter) LastResort() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last++
}

func (m *meter) Reserve(held bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reserved = append(m.reserved, held)
}

func pulsesOf(t *testing.T, d *Daemon) map[string]alerting.OutboxRow {
	t.Helper()
	rows, err := d.store.Outbox(t.Context(), alerting.OutboxFilter{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	byLane := map[string]alerting.OutboxRow{}
	for _, r := range rows {
		if _, twice := byLane[r.Lane]; twice {
			t.Errorf("lane %s is asked twice", r.Lane)
		}
		byLane[r.Lane] = r
	}
	return byLane
}

// TestEachLaneIsAskedOnceATurn, also after a restart.
func TestEachLaneIsAskedOnceATurn(t *testing.T) {
	t.Parallel()
	d := opened(t, "")
	m, settings := &meter{}, config.Deadman{Prove: 365 * 24 * time.Hour} // no turn ends while the test runs
	newPulses := func() *pulses { return &pulses{d: d, settings: func() config.Deadman { return settings }, meter: m} }
	p := newPulses()
	p.tick(t.Context())
	p.tick(t.Context())
	newPulses().tick(t.Context())
	rows := pulsesOf(t, d)
	lanes := []string{"mail/b@example.com", "mail/c@example.com", "ops/C0123456789"}
	if got := slices.Sorted(maps.Keys(rows)); !slices.Equal(got, lanes) {
		t.Fatalf("asked %v, want %v", got, lanes)
	}
	for lane, r := range rows {
		if r.Kind != alerting.KindPulse || r.Flow != alerting.FlowState || r.Severity != rules.Low || r.Subject != "pulse/"+lane || r.Incident != "" ||
			!strings.HasPrefix(r.IdemKey, "pulse/"+lane+":20") || !strings.Contains(string(r.Facts), "hookvigil is alive") || r.State != "waiting" {
			t.Errorf("%s: %+v", lane, r)
		}
	}
	if len(m.proved) != 3 || !m.proved[lanes[0]].IsZero() {
		t.Errorf("proved %v, want three lanes that never were", m.proved)
	}
}

// TestALaneThatGivesNoProofIsSaid after three hours, and no longer once it has.
func TestALaneThatGivesNoProofIsSaid(t *testing.T) {
	t.Parallel()
	d := opened(t, "")
	m, settings := &meter{}, config.Deadman{Prove: time.Hour}
	p := &pulses{d: d, settings: func() config.Deadman { return settings }, meter: m}
	p.tick(t.Context())
	began := p.seen["ops/C0123456789"] // a minute may have passed since
	takeFrom(t, d, "mail/b@example.com", began.Add(2*time.Hour))
	takeFrom(t, d, "mail/c@example.com", began.Add(2*time.Hour))
	p.tick(t.Context())
	said := func(after time.Duration) string { return strings.Join(p.problems(began.Add(after)), "\n") }
	if got := said(provedLimit - time.Minute); got != "" {
		t.Errorf("too early: %s", got)
	}
	late := said(provedLimit + time.Minute)
	want := `outbox: receiver "ops" has given no proof that it works since ` + clockOf(began, began.Add(provedLimit+time.Minute)) + ", though it is asked each 1h: hookvigil notify test ops"
	if late != want {
		t.Errorf("got  %s\nwant %s", late, want)
	}
	if got := said(2*time.Hour + provedLimit + time.Minute); strings.Count(got, "outbox:") != 2 || !strings.Contains(got, `receiver "mail"`) {
		t.Errorf("much later: %s; want mail and ops", got)
	}
	settings.Prove = 2 * time.Hour
	if got := said(provedLimit + time.Minute); got != "" {
		t.Errorf("with a proof each 2 h: %s; want three of them to be missed", got)
	}
	settings.Prove = 0
	p.tick(t.Context())
	if got := said(100 * time.Hour); got != "" || len(m.proved) != 0 {
		t.Errorf("with proofs off: %s, %v", got, m.proved)
	}
}

// takeFrom sends what waits in a lane.
func takeFrom(t *testing.T, d *Daemon, lane string, at time.Time) {
	t.Helper()
	claimed, err := d.store.Claim(t.Context(), alerting.ClaimRequest{Lane: lane, Owner: "me", Now: at, Limit: 1, Lease: time.Minute})
	if err != nil || len(claimed) != 1 {
		t.Fatalf("claim: %v, %v", claimed, err)
	}
	ok, err := d.store.Finish(t.Context(), alerting.Outcome{
		ID: claimed[0].ID, Fence: claimed[0].Fence, Lane: lane, Kind: "email", Began: at, Ended: at, Result: alerting.ResultSent,
	})
	if err != nil || !ok {
		t.Fatalf("finish: %t, %v", ok, err)
	}
}
