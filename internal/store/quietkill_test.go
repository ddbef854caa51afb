package store_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
)

const (
	quietDir   = "STORE_TEST_QUIET_DIR" // names the data directory of the process that is killed
	quietKills = 4
	quietSteps = 20 // rounds that one process may make: what all leave behind fits on a page
)

// TestQuietProcess is the process that TestKilledSilencesAreWholeOrAbsent
// kills: it adds a silence, ends each other one, and puts maintenance, until
// then. Run by itself it has nothing to do.
func TestQuietProcess(t *testing.T) {
	dir := os.Getenv(quietDir)
	if dir == "" {
		return
	}
	s := open(t, dir)
	for n := 0; ; n++ {
		awaitLeave(t)
		q := addSilence(t, s, silenceOf("toko", time.Hour))
		fmt.Println("silenced", q.ID)
		if n%2 == 1 {
			if err := s.RemoveSilence(t.Context(), q.ID, "budi"); err != nil {
				t.Fatal(err)
			}
			fmt.Println("ended", q.ID)
		}
		id := fmt.Sprint("plan-", time.Now().UnixNano())
		putMaintenance(t, s, planOf(id, "toko"))
		fmt.Println("planned", id)
	}
}

// TestKilledSilencesAreWholeOrAbsent kills a process between and within its
// transactions: what it said was done is in force, and each row has its line in
// the audit, or neither is there.
func TestKilledSilencesAreWholeOrAbsent(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	said := map[string][]string{}
	for kill := range quietKills {
		silenceAndKill(t, dir, 2+3*kill, said)
		s := open(t, dir)
		now := time.Now()
		quiet := quietOf(t, s, now)
		active, plans := map[string]bool{}, map[string]bool{}
		for _, q := range quiet.Silences {
			active[q.ID] = true
		}
		for _, m := range quiet.Maintenance {
			plans[m.ID] = true
		}
		for _, id := range said["silenced"] {
			q, err := s.Silence(t.Context(), id)
			if err != nil || active[id] != q.RemovedAt.IsZero() {
				t.Errorf("kill %d: %s was said: %+v, %v", kill, id, q, err)
			}
		}
		for _, id := range said["ended"] {
			if active[id] {
				t.Errorf("kill %d: %s was ended, and is in force", kill, id)
			}
		}
		for _, id := range said["planned"] {
			if !plans[id] {
				t.Errorf("kill %d: %s was planned, and is not there", kill, id)
			}
		}
		all := silences(t, s, alerting.SilenceFilter{Limit: 1000})
		ends := 0
		for _, q := range all {
			if !q.RemovedAt.IsZero() {
				ends++
			}
		}
		rows, err := s.Audit(t.Context(), 1000)
		if err != nil || len(rows) != len(all)+ends+len(plans) {
			t.Errorf("kill %d: %d lines in the audit, %v; want one for each of %d silences, %d ends and %d plans", kill, len(rows), err, len(all), ends, len(plans))
		}
		if _, ok := quiet.Covers(alerting.Quieted{Scope: "endpoint:x", Merchant: "toko"}, now); !ok {
			t.Errorf("kill %d: nothing is quiet", kill)
		}
		shut(t, s)
	}
}

// silenceAndKill kills the process after the nth thing that it says is done,
// and adds those to said.
func silenceAndKill(t *testing.T, dir string, n int, said map[string][]string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestQuietProcess$")
	cmd.Env = append(os.Environ(), quietDir+"="+filepath.Clean(dir))
	leave(t, cmd, quietSteps)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := 0
	for lines := bufio.NewScanner(out); lines.Scan(); {
		what, id, ok := strings.Cut(lines.Text(), " ")
		if !ok {
			t.Errorf("the process says %s", lines.Text())
			continue
		}
		said[what] = append(said[what], id)
		if done++; done == n {
			if err := cmd.Process.Kill(); err != nil {
				t.Error(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the process ended by itself")
	}
}
