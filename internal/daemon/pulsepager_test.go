package daemon

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/config"
)

// TestAPagerIsAskedOnceAWeek, in a lane of its own, and is missed after three.
func TestAPagerIsAskedOnceAWeek(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, key := range map[string]string{"key": "R0HOOKTEST0HOOKTEST0HOOKTEST0HOO", "proof": "R0HOOKTEST0HOOKTEST0HOOKTEST0PRO"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(key), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d := opened(t, fmt.Sprintf("  pager: {kind: pagerduty, routing_key_file: %q, test_key_file: %q}\n  bare: {kind: pagerduty, routing_key_file: %q}\n",
		filepath.Join(dir, "key"), filepath.Join(dir, "proof"), filepath.Join(dir, "key")))
	m, settings := &meter{}, config.Deadman{Prove: 24 * time.Hour}
	p := &pulses{d: d, settings: func() config.Deadman { return settings }, meter: m}
	p.tick(t.Context())
	p.tick(t.Context())
	rows := pulsesOf(t, d)
	week := time.Now().UTC().AddDate(0, 0, -(int(time.Now().UTC().Weekday())+6)%7).Truncate(24 * time.Hour) // Monday
	if got, want := rows["pager/proof"].IdemKey, "pulse/pager/proof:"+week.Format(time.RFC3339); got != want || len(rows) != 4 {
		t.Errorf("asked %q among %d, want %q among 4", got, len(rows), want)
	}
	if _, shown := m.proved["pager/proof"]; shown || len(m.proved) != 3 {
		t.Errorf("the metric shows %v, want the three lanes that are asked each turn", m.proved)
	}
	if got := strings.Join(p.remarks(), "\n"); strings.Count(got, "\n") != 1 || !strings.Contains(got, `receiver "bare"`) || !strings.Contains(got, `receiver "pager"`) {
		t.Errorf("remarks %q, want both pagers: the test key proves no routing key", got)
	}
	began := time.Now()
	said := func(after time.Duration) string {
		return strings.Join(p.problems(began.Add(after)), "\n")
	}
	if got := said(21*24*time.Hour - time.Minute); strings.Contains(got, "pager") {
		t.Errorf("before three weeks are over: %s", got)
	}
	if got := said(21*24*time.Hour + time.Minute); !strings.Contains(got, `receiver "pager" has given no proof`) || !strings.Contains(got, "asked each 7d:") || strings.Contains(got, "bare") {
		t.Errorf("after three weeks: %s", got)
	}
	takeFrom(t, d, "pager/proof", began.Add(time.Hour))
	settings.Prove = 0
	p.tick(t.Context())
	if got := strings.Join(p.remarks(), "\n"); strings.Count(got, "never taken anything") != 4 {
		t.Errorf("with proofs off: %q, want each receiver that took nothing", got)
	}
	if len(m.proved) != 0 || said(1000*time.Hour) != "" {
		t.Errorf("with proofs off: %v, %s", m.proved, said(1000*time.Hour))
	}
}
