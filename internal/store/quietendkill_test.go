package store_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/internal/store"
)

const (
	quietEndDir   = "STORE_TEST_QUIET_END_DIR" // names the data directory of the process that is killed
	quietEndSteps = 20                         // rounds that one process may make: what all leave behind fits on a page
)

// apart decides of each failing endpoint by itself: kills leave several behind.
func apart() alerting.Desk {
	d := desk()
	d.Fold = alerting.Fold{}
	return d
}

// TestQuietEndProcess is the process that TestTheEndOfAQuietIsToldOnce kills:
// again and again a silenced endpoint fails, and still does when its silence is
// over. Run by itself it has nothing to do.
func TestQuietEndProcess(t *testing.T) {
	dir := os.Getenv(quietEndDir)
	if dir == "" {
		return
	}
	s := open(t, dir)
	for {
		awaitLeave(t)
		id := fmt.Sprint("e", time.Now().UnixNano())
		q := silenceBriefly(t, s, "m-"+id)
		fmt.Println("silenced", id)
		e, c := failed(id, "host-"+id, q.From, q.From)
		step(t, s, e, c)
		turnOf(t, s, apart(), q.From)
		fmt.Println("quiet", id)
		<-time.After(time.Until(q.Until)) // no turn goes back behind one that was taken
		turnOf(t, s, apart(), time.Now())
		fmt.Println("told", id)
		step(t, s, e, e.clear(time.Now()))
		turnOf(t, s, apart(), time.Now())
		fmt.Println("over", id)
	}
}

// silenceBriefly tries again when it was held up for so long that the silence
// was over before it began.
func silenceBriefly(t *testing.T, s *store.Store, merchant string) (q alerting.Silence) {
	t.Helper()
	var err error
	for range 1000 {
		q, err = s.AddSilence(t.Context(), silenceOf(merchant, 50*time.Millisecond))
		if _, over := errors.AsType[*registry.InvalidError](err); !over {
			break
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// TestTheEndOfAQuietIsToldOnce kills a process at each step of what happens
// when a silence ends over something that is still bad: whatever was committed,
// each incident is told once, and so is its end.
func TestTheEndOfAQuietIsToldOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for kill := range 6 {
		quietEndAndKill(t, dir, 1+3*kill+kill/2)
		s := open(t, dir)
		later := time.Now().Add(24 * time.Hour)
		turnOf(t, s, apart(), later)
		turnOf(t, s, apart(), later.Add(time.Second)) // another one finds nothing to tell
		told := map[string]int{}
		for _, row := range outboxOf(t, s, alerting.OutboxFilter{Lane: "mail/sre", Limit: 1000}) {
			told[row.Subject+" "+string(row.Kind)]++
		}
		for _, in := range incidents(t, s, alerting.IncidentFilter{Limit: 1000}) {
			_, entries := incident(t, s, in.ID)
			quiets, ends := 0, 0 // no quiet: the process was killed before the desk saw it, and the silence was over after that
			for _, e := range entries {
				switch e.Kind {
				case alerting.EntrySilenced:
					quiets++
				case alerting.EntryUnsilenced:
					ends++
				default:
				}
			}
			if quiets > 1 || ends != quiets || told[in.ID+" mail"] != 1 || in.Live() != (told[in.ID+" resolve"] == 0) {
				t.Errorf("kill %d: the end of the quiet of %s is told %d times, in %d mails; live %t, its own end in %d: %v",
					kill, in.Scope, ends, told[in.ID+" mail"], in.Live(), told[in.ID+" resolve"], entries)
			}
		}
		shut(t, s)
	}
}

// quietEndAndKill kills the process after the nth thing that it says is done.
func quietEndAndKill(t *testing.T, dir string, n int) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestQuietEndProcess$")
	cmd.Env = append(os.Environ(), quietEndDir+"="+dir)
	leave(t, cmd, quietEndSteps)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := 0
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if !strings.Contains(lines.Text(), " e") {
			t.Errorf("the process says %s", lines.Text())
		}
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

// TestPlansThatWereInForceAreFound: a digest asks for what was in force since a
// moment, people for what was removed.
func TestPlansThatWereInForceAreFound(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	ids := func(list []alerting.Maintenance, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		var words []string
		for _, m := range list {
			words = append(words, m.ID)
			if m.RemovedAt.IsZero() != (m.RemovedBy == "") {
				t.Errorf("%+v", m)
			}
		}
		return strings.Join(words, " ")
	}
	begin := time.Now()
	lasts := putMaintenance(t, s, planOf("lasts", "toko"))
	gone := planOf("gone", "toko") // before it began, whatever the day and the hour
	gone.Start, gone.Recurrence = begin.Add(24*time.Hour), "FREQ=WEEKLY"
	gone = putMaintenance(t, s, gone)
	once := planOf("once", "toko")
	once.Start, once.Recurrence, once.Length = begin.Add(-time.Hour), "", 2*time.Hour
	putMaintenance(t, s, once)
	if err := s.RemoveMaintenance(t.Context(), gone.ID, gone.Version, "ana"); err != nil {
		t.Fatal(err)
	}
	if got := ids(s.MaintenanceSince(t.Context(), begin)); got != "gone lasts once" {
		t.Errorf("since before the removal: %q", got)
	}
	if got := ids(s.MaintenanceSince(t.Context(), time.Now().Add(24*time.Hour))); got != "lasts" {
		t.Errorf("since tomorrow: %q", got)
	}
	if got := ids(s.RemovedMaintenances(t.Context())); got != "gone" {
		t.Errorf("removed are %q", got)
	}
	if got := ids(s.Maintenances(t.Context())); got != "lasts once" {
		t.Errorf("not removed are %q", got)
	}
	list, err := s.RemovedMaintenances(t.Context())
	if err != nil || list[0].RemovedBy != "ana" || list[0].RemovedAt.Before(begin) || len(list[0].Spans(alerting.Span{From: begin, Until: begin.AddDate(0, 1, 0)})) > 0 {
		t.Errorf("removed %+v, %v", list, err)
	}
	if from, _, ok := lasts.Next(begin); !ok || from.Before(begin) {
		t.Errorf("next at %s", from)
	}
}
