package store

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/ingest"
)

const limitedDir = "STORE_TEST_LIMITED_DIR" // names the data directory of the process whose files are limited

// TestFullDiskIsSurvived gives a process a limit for the size of its files: a
// write that passes it is done in part and fails, as on a full disk. It needs
// no privileges, and no disk of its own.
func TestFullDiskIsSurvived(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestLimitedProcess$", "-test.v")
	cmd.Env = append(os.Environ(), limitedDir+"="+t.TempDir())
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "all is well") {
		t.Errorf("%v:\n%s", err, out)
	}
}

// TestLimitedProcess is the process that TestFullDiskIsSurvived starts: what
// was acknowledged is applied once there is space again, and what is carried
// on from a slot is not dropped before. Run by itself it has nothing to do.
func TestLimitedProcess(t *testing.T) {
	dir := os.Getenv(limitedDir)
	if dir == "" {
		return
	}
	signal.Ignore(syscall.SIGXFSZ)
	s := openWhole(t, dir)
	log := running(t, filepath.Join(dir, "log"))
	all := daily(400, 0, 9)
	for some := range slices.Chunk(all, 100) {
		if _, err := log.Append(t.Context(), midday, some); err != nil {
			t.Fatal(err)
		}
	}
	unlimited := limitFiles(t, 128<<10) // the log has some of that already
	failures, applied := make(chan error, 1), make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var wg sync.WaitGroup
	wg.Go(func() {
		cfg := ingest.ApplierConfig{Log: log, Ledger: s.Ledger(), Consumer: nobody{}, Observe: func(r ingest.ApplierReport) {
			switch {
			case r.Err != nil:
				select {
				case failures <- r.Err:
				default:
				}
			case r.Applied == r.End:
				close(applied)
			}
		}}
		if err := ingest.NewApplier(cfg, quiet()).Run(ctx); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	fmt.Println("first failure:", <-failures)
	fmt.Println("tried again: ", <-failures)
	unlimited()
	<-applied
	cancel()
	wg.Wait()
	if got, counted := rowCount(t, s), column(t, s.facts.r, `SELECT sum(first_attempts) FROM rollup`)[0]; got != len(all) || counted != fmt.Sprint(len(all)) {
		t.Fatalf("%d rows and %s counted, want %d", got, counted, len(all))
	}
	limitedRetention(t, s)
	fmt.Println("all is well")
}

// limitedRetention retains while the failures cannot grow, and after that.
func limitedRetention(t *testing.T, s *Store) {
	t.Helper()
	if _, err := s.Retain(t.Context(), midday, ingest.DefaultRetention()); err != nil {
		t.Fatal(err)
	}
	for _, size := range []uint64{16 << 10, 60 << 10} { // no file for it; not all of it
		unlimited := limitFiles(t, size)
		did, err := s.Retain(t.Context(), midday.Add(settleTime), ingest.DefaultRetention())
		unlimited()
		if err == nil || did.Slot != "" || len(slotDays(t, s)) != 2 {
			t.Fatalf("at %d bytes: %+v, %v, slots %v; want an error and both slots", size, did, err, slotDays(t, s))
		}
	}
	did, err := s.Retain(t.Context(), midday.Add(settleTime), ingest.DefaultRetention())
	if err != nil || did.Slot != "2026-11-12" || did.Carried != 40 {
		t.Fatalf("with space again: %+v, %v", did, err)
	}
	failures := 0
	for _, f := range whereIs(t, s) {
		failures += f.failures
	}
	if failures != 40 {
		t.Fatalf("%d failures are kept, want 40", failures)
	}
}

// limitFiles limits the size of all files of this process until it is told.
func limitFiles(t *testing.T, size uint64) (unlimited func()) {
	t.Helper()
	var was syscall.Rlimit
	err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &was)
	if err == nil {
		err = syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: size, Max: was.Max})
	}
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &was); err != nil {
			t.Error(err)
		}
	}
}

// nobody makes nothing of what is applied.
type nobody struct{}

func (nobody) Took(context.Context, ingest.Group, []ingest.Verdict, bool) {}
func (nobody) Idle(context.Context, time.Time)                            {}
func (nobody) Position() ingest.Position                                  { return ingest.Position{Segment: 1 << 20} }
