package store_test

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hookvigil/hookvigil/internal/store"
)

const (
	setSize = 20 // endpoints in one commit of the helper
	kills   = 4
)

// TestKilledCommitsAreWholeOrAbsent kills a process between and within its
// commits; what it said was committed is there, and nothing is there by half.
func TestKilledCommitsAreWholeOrAbsent(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	told := 0
	for kill := range kills {
		told += runAndKill(t, dir, 1+2*kill)
		s, err := store.Open(t.Context(), dir, quiet())
		if err != nil {
			t.Fatalf("kill %d: Open: %v", kill, err)
		}
		rec := records(t, s)
		rows, err := s.Audit(t.Context(), 1)
		if err != nil || len(rows) != 1 {
			t.Fatalf("kill %d: audit: %d rows, %v", kill, len(rows), err)
		}
		shut(t, s)
		per := map[string]int{}
		for _, ep := range rec.Endpoints {
			per[ep.Merchant]++
		}
		for _, m := range rec.Merchants {
			if per[m.ID] != setSize {
				t.Errorf("kill %d: merchant %s has %d endpoints, want %d", kill, m.ID, per[m.ID], setSize)
			}
		}
		if len(rec.Merchants) < told {
			t.Errorf("kill %d: %d sets are there, %d were said to be committed", kill, len(rec.Merchants), told)
		}
		if want := int64(len(rec.Merchants) * (setSize + 1)); rows[0].Seq != want {
			t.Errorf("kill %d: %d audit rows, want %d", kill, rows[0].Seq, want)
		}
		told = len(rec.Merchants)
	}
}

// runAndKill kills the helper while it works on the commit after the nth, and
// returns how many it said were done.
func runAndKill(t *testing.T, dir string, n int) int {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), helperDir+"="+filepath.Clean(dir))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := 0
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if line := lines.Text(); strings.TrimSpace(line) != "committed" {
			t.Errorf("helper: %s", line)
			break
		}
		if done++; done == n {
			if err := cmd.Process.Kill(); err != nil {
				t.Error(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil {
		t.Error("the helper ended by itself")
	}
	return done
}
