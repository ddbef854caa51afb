package store

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest"
)

const (
	retainerDir = "STORE_TEST_RETAINER_DIR" // names the data directory of the process that is killed
	retainerNow = "STORE_TEST_RETAINER_NOW" // what it takes for now, in seconds
)

// TestRetainerProcess is the process that TestKilledRetentionLosesNothing
// kills: it retains until nothing is left to do. Run by itself it has nothing
// to do.
func TestRetainerProcess(t *testing.T) {
	dir := os.Getenv(retainerDir)
	if dir == "" {
		return
	}
	seconds, err := strconv.ParseInt(os.Getenv(retainerNow), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), dir, quiet())
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("begins")
	retain(t, s, time.Unix(seconds, 0), ingest.DefaultRetention())
	fmt.Println("ends")
}

// TestKilledRetentionLosesNothing kills a process at random moments of
// dropping slots. Each failed attempt is found afterwards; once in the slots,
// or once in the failures, or, while it is carried on, once in each.
func TestKilledRetentionLosesNothing(t *testing.T) {
	t.Parallel()
	full := t.TempDir()
	s := openWhole(t, full)
	all := daily(200, 0, 8, 9)
	for i := range all {
		if i%2 == 0 {
			all[i].Status = 503
		}
	}
	apply(t, s, newTape().group(all...))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	dir, now, kills, ended, both, within := "", midday, 0, 0, 0, killWithin
	for ; kills < retainKills || ended == kills && kills < 20; kills++ {
		if dir == "" {
			dir, now = copyDir(t, full), midday
		}
		after := rand.N(within)
		done := retainAndKill(t, dir, now, after)
		both += checkCarried(t, dir, all, done)
		if now = now.Add(time.Hour); done {
			dir, ended, within = "", ended+1, max(within/2, time.Millisecond) // this machine is faster
		}
		if t.Failed() {
			t.Fatalf("killed after %s", after)
		}
	}
	t.Logf("%d kills, of which %d came too late; %d attempts were met on their way", kills, ended, both)
	if ended == kills {
		t.Error("no kill came in time")
	}
}

// retainAndKill runs a retainer and kills it so long after it has begun; true
// when it was faster.
func retainAndKill(t *testing.T, dir string, now time.Time, after time.Duration) (ended bool) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestRetainerProcess$")
	cmd.Env = append(os.Environ(), retainerDir+"="+dir, retainerNow+"="+strconv.FormatInt(now.Unix(), 10))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		switch line := lines.Text(); {
		case line == "begins":
			kill := time.AfterFunc(after, func() { _ = cmd.Process.Kill() }) // it may have ended
			defer kill.Stop()
		case line == "ends":
			ended = true
		case strings.Contains(line, "FAIL"), strings.Contains(line, ".go:"):
			t.Errorf("retainer: %s", line)
		}
	}
	_ = cmd.Wait() // it was killed, or has said that it ended
	return ended
}

// checkCarried opens what a kill left, and returns how many attempts are in
// two places.
func checkCarried(t *testing.T, dir string, all []deliveries.Attempt, ended bool) (both int) {
	t.Helper()
	s, err := Open(t.Context(), dir, quiet())
	if err != nil {
		t.Fatal(err)
	}
	where, floor := whereIs(t, s), s.Ledger().Floor()
	for _, a := range all {
		got := where[nameOf(a)]
		failed, old := a.Status != 200, a.StartedAt.Before(time.Date(2026, 11, 14, 0, 0, 0, 0, time.UTC))
		switch {
		case !old || got.slots == 1 && got.failures == 0:
			if got != (found{slots: 1}) || old && ended {
				t.Errorf("%s of %s: %+v, want it in its slot", nameOf(a), a.StartedAt, got)
			}
		case !a.StartedAt.Before(floor):
			t.Errorf("%s of %s is gone, and would be taken again", nameOf(a), a.StartedAt)
		case failed && got == found{1, 1}:
			both++
		case failed && got != found{failures: 1}, !failed && got != found{}:
			t.Errorf("%s of %s, status %d: %+v", nameOf(a), a.StartedAt, a.Status, got)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	return both
}
