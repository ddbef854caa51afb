package store_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/registry"
)

const (
	seerDir   = "STORE_TEST_SEER_DIR" // names the data directory of the process that is killed
	seerKills = 3
	seenSet   = 20 // endpoints in one transaction
)

func seenDelta(batch string, n int) registry.Delta {
	d := some(batch, n, registry.OriginSeen)
	d.Seen = true
	return d
}

func TestSeenEndpointsGrowStaleUnlessTouched(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	commit(t, s, seenDelta("seen", 4))
	commit(t, s, some("own", 2, registry.OriginAPI))
	now := time.Now()
	stale := func(before time.Time, limit int) string {
		t.Helper()
		ids, err := s.StaleSeen(t.Context(), before, limit)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(ids, " ")
	}
	touch := func(at time.Time, ids ...string) {
		t.Helper()
		if err := s.TouchSeen(t.Context(), ids, at); err != nil {
			t.Fatal(err)
		}
	}
	if got := stale(now.Add(-time.Hour), 10); got != "" {
		t.Errorf("stale at once: %s", got)
	}
	if got := stale(now.Add(time.Hour), 10); got != "ep-seen-0 ep-seen-1 ep-seen-2 ep-seen-3" {
		t.Errorf("stale later: %s, want all that were seen and no other", got)
	}
	touch(now.Add(48*time.Hour), "ep-seen-1", "ep-own-0", "nobody")
	touch(now.Add(12*time.Hour), "ep-seen-2") // within a day: the note that is there is good enough
	if got := stale(now.Add(time.Hour), 10); got != "ep-seen-0 ep-seen-2 ep-seen-3" {
		t.Errorf("stale after a touch: %s, want all but ep-seen-1", got)
	}
	if got := stale(now.Add(time.Hour), 2); got != "ep-seen-0 ep-seen-2" {
		t.Errorf("at most two: %s", got)
	}
	if rec := records(t, s); len(rec.Endpoints) != 6 {
		t.Errorf("%d endpoints can be read after touching, want 6", len(rec.Endpoints))
	}
}

func TestWhatAttemptsChangedIsNotAudited(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	commit(t, s, seenDelta("a", 3))
	taken := some("a", 1, registry.OriginAPI)
	taken.PutMerchants = nil
	commit(t, s, taken)
	commit(t, s, registry.Delta{Seen: true, DropEndpoints: []string{"ep-a-1"}})
	commit(t, s, registry.Delta{Actor: "admin", DropEndpoints: []string{"ep-a-2"}})
	rows, err := s.Audit(t.Context(), 10)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range slices.Backward(rows) {
		got = append(got, r.Actor+" "+r.Action+" "+r.ID)
	}
	if want := []string{"importer update ep-a-0", "admin delete ep-a-2"}; !slices.Equal(got, want) {
		t.Errorf("audit %q, want %q", got, want)
	}
	if rec := records(t, s); len(rec.Endpoints) != 1 || rec.Endpoints[0].Origin != registry.OriginAPI {
		t.Errorf("left: %+v, want what was taken over", rec.Endpoints)
	}
}

// TestSeerProcess is the process that TestKilledSightingsAreWholeOrAbsent
// kills: it registers what attempts named, and drops the set before, merchant
// and all, in the same transaction. Run by itself it has nothing to do.
func TestSeerProcess(t *testing.T) {
	dir := os.Getenv(seerDir)
	if dir == "" {
		return
	}
	s := open(t, dir)
	for n := 1; ; n++ {
		d := seenDelta(fmt.Sprintf("%d-%d", os.Getpid(), n), seenSet)
		before := records(t, s)
		for _, ep := range before.Endpoints {
			d.DropEndpoints = append(d.DropEndpoints, ep.ID)
		}
		for _, m := range before.Merchants {
			d.DropMerchants = append(d.DropMerchants, m.ID)
		}
		commit(t, s, d)
		fmt.Println("seen")
	}
}

// TestKilledSightingsAreWholeOrAbsent kills a process between and within its
// transactions: one whole set is there, and the state can be read.
func TestKilledSightingsAreWholeOrAbsent(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for kill := range seerKills {
		seeAndKill(t, dir, 2+kill)
		s := open(t, dir)
		rec := records(t, s)
		if len(rec.Merchants) != 1 || len(rec.Endpoints) != seenSet {
			t.Errorf("kill %d: %d merchants and %d endpoints, want 1 and %d", kill, len(rec.Merchants), len(rec.Endpoints), seenSet)
		}
		for _, ep := range rec.Endpoints {
			if ep.Origin != registry.OriginSeen || ep.Merchant != rec.Merchants[0].ID {
				t.Errorf("kill %d: %+v is not of the set of %s", kill, ep, rec.Merchants[0].ID)
			}
		}
		shut(t, s)
	}
}

// seeAndKill kills a seer after its nth transaction.
func seeAndKill(t *testing.T, dir string, n int) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestSeerProcess$")
	cmd.Env = append(os.Environ(), seerDir+"="+filepath.Clean(dir))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := 0
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if lines.Text() != "seen" {
			t.Errorf("seer: %s", lines.Text())
		}
		if done++; done == n {
			if err := cmd.Process.Kill(); err != nil {
				t.Error(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the seer ended by itself")
	}
}

// BenchmarkSee stores a thousand endpoints that attempts named, each with a
// merchant of its own, beside a fleet.
func BenchmarkSee(b *testing.B) {
	s := open(b, b.TempDir())
	commit(b, s, big())
	n := 0
	for b.Loop() {
		b.StopTimer()
		var d registry.Delta
		for range 1000 {
			n++
			one := some(fmt.Sprint("seen-", n), 1, registry.OriginSeen)
			d.PutMerchants, d.PutEndpoints = append(d.PutMerchants, one.PutMerchants...), append(d.PutEndpoints, one.PutEndpoints...)
		}
		d.Seen = true
		b.StartTimer()
		commit(b, s, d)
	}
}
