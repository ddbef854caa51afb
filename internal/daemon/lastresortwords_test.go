package daemon

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
)

// toldFacts reads what the fixed notices say.
func (f *fire) toldFacts(t *testing.T) []alerting.Facts {
	t.Helper()
	list, _ := f.heard()
	facts := make([]alerting.Facts, len(list))
	for i, n := range list {
		if err := json.Unmarshal(n.Facts, &facts[i]); err != nil {
			t.Fatal(err)
		}
	}
	return facts
}

// Mail words a notice that comes after the opening as an update.
func TestTheFirstOfAnOutageIsNoUpdate(t *testing.T) {
	t.Parallel()
	for name, refusal := range map[string]error{
		"the receiver takes it":        nil,
		"the receiver refuses it once": &alerting.SendError{Class: alerting.ClassTransient, Err: errors.New("503")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := burning(t, someone)
				f.refuses[someone.Lane] = refusal
				f.breaks(errLocked, true)
				pass(20 * time.Second)
				f.mu.Lock()
				delete(f.refuses, someone.Lane)
				f.mu.Unlock()
				pass(20 * time.Minute)
				list := f.toldFacts(t)
				again := list[len(list)-1]
				if len(list) < 2 || !again.At.After(again.OpenedAt) {
					t.Fatalf("told %d times, the last at %v, opened %v; want it told again as an update", len(list), again.At, again.OpenedAt)
				}
				for i, first := range list[:len(list)-1] {
					if !first.At.Equal(first.OpenedAt) || !first.StartedAt.Before(first.At) {
						t.Errorf("try %d at %v: opened %v, started %v; want it to open, and to have begun before", i, first.At, first.OpenedAt, first.StartedAt)
					}
				}
			})
		})
	}
}

// While the store can be written, and the log of attempts alone is gone, nothing
// of the store is said: attempts are refused, and their senders have to know.
func TestAttemptsThatAreRefusedAreSaidSo(t *testing.T) {
	t.Parallel()
	gone := fmt.Errorf("log segment 000001.wal was removed: %w", fs.ErrNotExist)
	for name, tt := range map[string]struct {
		err   error
		waits bool
		says  string
		doIt  string
	}{
		"the log's segment is gone":            {logCheck(gone), false, "the log of attempts is gone", "data_dir/log (mount, mv), or restart hookvigil"},
		"files of the store are gone":          {errGone, false, "files of the store are gone", "copy of state.db"},
		"it is gone, and nothing can be saved": {logCheck(gone), true, "files of the store are gone", "copy of state.db"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := burning(t, someone)
				f.breaks(tt.err, tt.waits)
				pass(checkEvery + 12*time.Second)
				list := f.toldFacts(t)
				if len(list) != 1 {
					t.Fatalf("told %d times, want once", len(list))
				}
				said := list[0].Title + ": " + list[0].Happened + ": " + list[0].About.Advice
				if !strings.HasPrefix(list[0].Happened, tt.says) || !strings.Contains(said, tt.doIt) {
					t.Errorf("says %q", said)
				}
				refused := strings.Contains(said, "attempts are refused (503), and their senders must keep them")
				wrong := strings.Contains(said, "Nothing else is told") || strings.Contains(said, "cannot write its store") || strings.Contains(said, "copy of state.db")
				if only := tt.says == "the log of attempts is gone"; refused != only || wrong == only {
					t.Errorf("says %q", said)
				}
				if !strings.HasPrefix(f.duty(), "store: "+tt.says) {
					t.Errorf("duty: %s", f.duty())
				}
			})
		})
	}
}

// What was decided and waits is not denied, though nothing of it is critical.
func TestWhatWaitsToBeRecordedIsNotDenied(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		waits    bool
		critical int
		says     string
	}{
		"nothing waits":               {false, 0, "; nothing waits to be recorded yet; "},
		"something waits":             {true, 0, "; what was decided waits to be recorded, nothing critical among it; "},
		"something critical waits":    {true, 1, "; 1 critical condition is not recorded; "},
		"several of them are waiting": {true, 2, "; 2 critical conditions are not recorded; "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := burning(t, someone)
				f.mu.Lock()
				f.critical = tt.critical
				f.mu.Unlock()
				f.breaks(errGone, tt.waits)
				pass(checkEvery + 12*time.Second)
				if !strings.Contains(f.duty(), tt.says) {
					t.Errorf("duty: %s; want %q", f.duty(), tt.says)
				}
			})
		})
	}
}
