package store_test

import (
	"testing"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/internal/store"
	"github.com/hookvigil/hookvigil/rules"
)

// installation returns the number that the desk is given when an endpoint fails.
func installation(t *testing.T, s *store.Store, id string) (number int64) {
	t.Helper()
	e, c := failed(id, "h", noon, minute(2))
	step(t, s, e, c)
	_, err := s.CommitDesk(t.Context(), request(minute(2)), func(w alerting.World, c []rules.Change) alerting.Decision {
		number = w.Installation
		return desk().Decide(w, c, minute(2))
	})
	if err != nil {
		t.Fatal(err)
	}
	return number
}

func TestADirectoryHasItsOwnNumberForGood(t *testing.T) {
	t.Parallel()
	dir, seen := t.TempDir(), map[int64]bool{}
	for _, id := range []string{"a", "b"} { // before and after a restart
		s := open(t, dir)
		seen[installation(t, s, id)] = true
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(seen) != 1 || seen[0] {
		t.Errorf("a directory has the numbers %v, want one that stays", seen)
	}
	seen[installation(t, open(t, t.TempDir()), "a")] = true
	if len(seen) != 2 {
		t.Errorf("another directory has the same number: %v", seen)
	}
}
