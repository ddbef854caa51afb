package ingest_test

import (
	"errors"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookvigil/hookvigil/internal/ingest"
)

// disk is one that a test fills.
type disk struct {
	free, total atomic.Int64
}

func (d *disk) space(string) (ingest.Space, error) {
	return ingest.Space{Free: d.free.Load(), Total: d.total.Load()}, nil
}

// onDisk starts a log that believes to lie on d.
func onDisk(tb testing.TB, d *disk, opts ingest.Options) *ingest.Log {
	tb.Helper()
	l := open(tb, tb.TempDir(), opts)
	l.SetSpace(d.space)
	run(tb, l)
	return l
}

func TestLogLeavesAReserve(t *testing.T) {
	t.Parallel()
	const mib = 1 << 20
	for name, tc := range map[string]struct {
		reserve, total, free int64
		full                 bool
	}{
		"there is much space":                        {0, 1 << 40, 1 << 39, false},
		"64 MiB and a record":                        {0, 1 << 40, 64*mib + 4<<10, false},
		"64 MiB, which the record would not leave":   {0, 1 << 40, 64 * mib, true},
		"nothing at all":                             {0, 1 << 40, 0, true},
		"an eighth of a small disk and a record":     {0, 16 * mib, 2*mib + 4<<10, false},
		"an eighth of a small disk":                  {0, 16 * mib, 2 * mib, true},
		"another reserve and a record":               {5 * mib, 1 << 40, 5*mib + 4<<10, false},
		"another reserve":                            {5 * mib, 1 << 40, 5 * mib, true},
		"another reserve, larger than a small disk":  {5 * mib, 4 * mib, 4 * mib, true},
		"more is used than there is, as root may do": {0, 1 << 40, -1, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var d disk
			d.free.Store(tc.free)
			d.total.Store(tc.total)
			l := onDisk(t, &d, ingest.Options{ReserveBytes: tc.reserve})
			_, err := l.Append(t.Context(), day, usual("evt", 1))
			if errors.Is(err, ingest.ErrFull) != tc.full || (err == nil) == tc.full {
				t.Errorf("got %v, want full %v", err, tc.full)
			}
			if seen, _ := events(t, l, ingest.Position{}); len(seen) > 0 == tc.full {
				t.Errorf("read %v", seen)
			}
		})
	}
}

func TestReserveThatIsNone(t *testing.T) {
	t.Parallel()
	if _, err := ingest.Open(t.TempDir(), quiet(), ingest.Options{ReserveBytes: -1}); err == nil {
		t.Error("a reserve below 0 was taken")
	}
}

// TestADiskThatDoesNotSay: the write finds out.
func TestADiskThatDoesNotSay(t *testing.T) {
	t.Parallel()
	l := open(t, t.TempDir(), ingest.Options{})
	l.SetSpace(func(string) (ingest.Space, error) { return ingest.Space{}, syscall.ENOSYS })
	run(t, l)
	add(t, l, "evt", 3)
}

// TestLogRecoversFromAFullDisk: it says once that it refuses and once that it
// is over, and does not waver in between.
func TestLogRecoversFromAFullDisk(t *testing.T) {
	t.Parallel()
	var d disk
	var said lines
	d.total.Store(1 << 40)
	l, err := ingest.Open(t.TempDir(), said.logger(), ingest.Options{ReserveBytes: 8 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { shut(t, l) })
	l.SetSpace(d.space)
	run(t, l)
	for i, step := range []struct {
		free int64
		full bool
	}{{9 << 20, false}, {8 << 20, true}, {8<<20 + 8<<10, true}, {9 << 20, true}, {9<<20 + 8<<10, false}, {8<<20 + 8<<10, false}} {
		d.free.Store(step.free)
		if _, err := l.Append(t.Context(), day, usual("evt", 1)); errors.Is(err, ingest.ErrFull) != step.full || (err == nil) == step.full {
			t.Errorf("step %d, %d bytes free: %v, want full %v", i, step.free, err, step.full)
		}
	}
	if got := said.all(); len(got) != 2 || !strings.Contains(got[0], "attempts are refused") || !strings.Contains(got[1], "written again") {
		t.Errorf("said %q", got)
	}
	if seen, damage := events(t, l, ingest.Position{}); len(seen) != 3 || damage != nil {
		t.Errorf("read %d batches, %v; want the 3 that were acknowledged", len(seen), damage)
	}
}

// TestApplierLeavesHalfOfTheReserve: what was acknowledged is applied while
// attempts are refused, but not with the last of the disk; then it waits, and
// goes on by itself.
func TestApplierLeavesHalfOfTheReserve(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var d disk
		d.total.Store(1 << 40)
		d.free.Store(1 << 39)
		l := onDisk(t, &d, ingest.Options{ReserveBytes: 8 << 20})
		ledger, follow := newMemory(), &follower{}
		var failed atomic.Int64
		add(t, l, "one", 1)
		d.free.Store(4<<20 - 1)
		applying(t, ingest.ApplierConfig{Log: l, Ledger: ledger, Consumer: follow, Observe: func(r ingest.ApplierReport) {
			if errors.Is(r.Err, ingest.ErrFull) {
				failed.Add(1)
			}
		}}, quiet())
		time.Sleep(10 * time.Second)
		if took, _ := follow.told(); len(took) > 0 || failed.Load() < 5 {
			t.Errorf("took %v after %d failures, want it to wait", took, failed.Load())
		}
		d.free.Store(4 << 20) // the log still refuses
		time.Sleep(2 * time.Second)
		if _, err := l.Append(t.Context(), day, usual("two", 1)); !errors.Is(err, ingest.ErrFull) {
			t.Errorf("append: %v, want ErrFull", err)
		}
		if took, _ := follow.told(); len(took) != 1 || took[0] != "one" {
			t.Errorf("took %v, want one", took)
		}
	})
}
