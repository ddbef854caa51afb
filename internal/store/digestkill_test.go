package store_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/alerting/digest"
)

const (
	closerDir   = "STORE_TEST_CLOSER_DIR" // names the data directory of the process that is killed
	closerKills = 3
	closedRows  = 15 // merchants in one transaction
	closerSteps = 8  // transactions that one process may make: what all leave behind fits on a page
)

// TestCloserProcess is the process that TestKilledClosesAreWholeOrAbsent kills:
// it closes windows until then, beginning with the first again. Run by itself
// it has nothing to do.
func TestCloserProcess(t *testing.T) {
	dir := os.Getenv(closerDir)
	if dir == "" {
		return
	}
	s := open(t, dir)
	for n := 0; ; n++ {
		var rows []digest.Row
		var notices []alerting.Notice
		for m := range closedRows {
			r := windowRow(fmt.Sprint("m-", m), n, digest.StateWaiting)
			rows, notices = append(rows, r), append(notices, telling(r, "mail/a", "ops/C1")...)
		}
		if closeRows(t, s, rows, notices) > 0 {
			fmt.Println("closed")
			awaitLeave(t)
		}
	}
}

// TestKilledClosesAreWholeOrAbsent kills a process between and within its
// transactions: each row has its notices, once, and no row is lost.
func TestKilledClosesAreWholeOrAbsent(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	told := 0
	for kill := range closerKills {
		told += closeAndKill(t, dir, 1+kill)
		s := open(t, dir)
		rows := listDigests(t, s, digest.Filter{Limit: 1000})
		notices := map[string]int{}
		for _, n := range outboxOf(t, s, alerting.OutboxFilter{Limit: 1000}) {
			notices[n.Subject]++
		}
		for _, r := range rows {
			if notices[r.Subject()] != 2 {
				t.Errorf("kill %d: %s has %d notices, want 2", kill, r.Subject(), notices[r.Subject()])
			}
		}
		if len(rows)%closedRows != 0 || len(rows) < told*closedRows || len(notices) != len(rows) {
			t.Errorf("kill %d: %d rows and notices about %d, want both the same, in fifteens, and at least %d closed", kill, len(rows), len(notices), told)
		}
		told = len(rows) / closedRows
		shut(t, s)
	}
}

// closeAndKill kills a closer after its nth transaction, and returns how many
// it said were done.
func closeAndKill(t *testing.T, dir string, n int) int {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestCloserProcess$")
	cmd.Env = append(os.Environ(), closerDir+"="+filepath.Clean(dir))
	leave(t, cmd, closerSteps)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := 0
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if lines.Text() != "closed" {
			t.Errorf("closer: %s", lines.Text())
		}
		if done++; done == n {
			if err := cmd.Process.Kill(); err != nil {
				t.Error(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the closer ended by itself")
	}
	return done
}
