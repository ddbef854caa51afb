package store_test

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/internal/store"
)

// How many files are broken, each in one place (reference: 200 one-byte flips
// and 50 cuts give no panic, no hang and no silent loss).
const (
	flips       = 200
	headerFlips = 60 // more, in the first 100 bytes, where they hurt most
	cuts        = 50
)

// TestDamageIsNeverSilent breaks a state.db in many places. A start either
// refuses in one line, or has every record that was committed.
func TestDamageIsNeverSilent(t *testing.T) {
	t.Parallel()
	sound := t.TempDir()
	s := open(t, sound)
	d := some("a", 60, registry.OriginAPI)
	for i := range d.PutEndpoints {
		d.PutEndpoints[i].Token = "tok"
	}
	commit(t, s, d)
	commit(t, s, registry.Delta{Actor: "anna", DropEndpoints: []string{"ep-a-7"}})
	want := records(t, s)
	audit, err := s.Audit(t.Context(), 1000)
	if err != nil {
		t.Fatal(err)
	}
	shut(t, s)
	whole, err := os.ReadFile(filepath.Join(sound, "state.db"))
	if err != nil {
		t.Fatal(err)
	}

	tried, refused := map[string]int{}, map[string]int{}
	for i, b := range breakages(whole) {
		if i%stride != 0 {
			continue
		}
		dir := t.TempDir()
		copyFile(t, filepath.Join(sound, "facts.db"), dir)
		if err := os.WriteFile(filepath.Join(dir, "state.db"), b.apply(whole), 0o600); err != nil {
			t.Fatal(err)
		}
		tried[b.kind]++
		got, rows, err := readAll(t, dir)
		if err != nil {
			refused[b.kind]++
			oneLine(t, err)
			continue
		}
		if !reflect.DeepEqual(got, want) || len(rows) != len(audit) {
			t.Errorf("%+v: opened with %d merchants, %d endpoints and %d audit rows, want %d, %d and %d", b,
				len(got.Merchants), len(got.Endpoints), len(rows), len(want.Merchants), len(want.Endpoints), len(audit))
		}
	}
	if refused["cut"] != tried["cut"] {
		t.Errorf("%d of %d cut files were refused, want all", refused["cut"], tried["cut"])
	}
	if refused["flip"] == 0 || refused["header"] == 0 {
		t.Errorf("refused %v of %v: no flip was noticed", refused, tried)
	}
	t.Logf("%d bytes; tried %v, refused %v", len(whole), tried, refused)
}

// breakage is one way to break a file: one byte changed, or all from there on
// cut off.
type breakage struct {
	kind string // flip, header, cut
	at   int
	bits byte
}

func (b breakage) apply(whole []byte) []byte {
	if b.kind == "cut" {
		return whole[:b.at]
	}
	broken := slices.Clone(whole)
	broken[b.at] ^= b.bits
	return broken
}

// breakages draws them: the same ones in every run.
func breakages(whole []byte) []breakage {
	rnd := rand.New(rand.NewPCG(7, 7))
	var list []breakage
	draw := func(kind string, n, size int) {
		for range n {
			list = append(list, breakage{kind: kind, at: rnd.IntN(size), bits: byte(1 + rnd.IntN(255))})
		}
	}
	draw("flip", flips, len(whole))
	draw("header", headerFlips, 100)
	draw("cut", cuts, len(whole))
	return list
}

// readAll starts on dir and reads all that was committed.
func readAll(t *testing.T, dir string) (registry.Records, []store.AuditRow, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	s, err := store.Open(ctx, dir, quiet())
	if err != nil {
		return registry.Records{}, nil, err
	}
	defer shut(t, s)
	rec, err := s.Registry(ctx)
	if err != nil {
		return rec, nil, err
	}
	rows, err := s.Audit(ctx, 1000)
	if ctx.Err() != nil {
		t.Error("it hung")
	}
	return rec, rows, err
}

// TestEveryCopyOfAKeyIsGuarded changes an ID wherever it stands: in its row,
// its text, its audit and its indexes. An index that lies would store a record
// twice at the next import.
func TestEveryCopyOfAKeyIsGuarded(t *testing.T) {
	t.Parallel()
	sound := t.TempDir()
	s := open(t, sound)
	d := some("a", 40, registry.OriginAPI)
	commit(t, s, d)
	want := records(t, s)
	shut(t, s)
	whole, err := os.ReadFile(filepath.Join(sound, "state.db"))
	if err != nil {
		t.Fatal(err)
	}
	key, refused := []byte("ep-a-17"), 0
	for at := range whole {
		if !bytes.HasPrefix(whole[at:], key) {
			continue
		}
		dir := t.TempDir()
		copyFile(t, filepath.Join(sound, "facts.db"), dir)
		b := breakage{kind: "flip", at: at + len(key) - 1, bits: 1} // ep-a-16
		if err := os.WriteFile(filepath.Join(dir, "state.db"), b.apply(whole), 0o600); err != nil {
			t.Fatal(err)
		}
		got, rows, err := readAll(t, dir)
		if err != nil {
			refused++
			continue
		}
		if s := open(t, dir); !reflect.DeepEqual(got, want) { // then it was a dead copy
			t.Errorf("byte %d changed, and the records with it", b.at)
		} else if commit(t, s, d); len(rows) != auditLength(t, s) {
			t.Errorf("byte %d changed, and the next import stores a record twice: %q", b.at, whole[max(0, at-20):at+20])
		}
	}
	if refused < 5 { // row, spec twice, index, audit, its index
		t.Errorf("%d copies of the key were guarded, want at least 5", refused)
	}
}

func auditLength(t *testing.T, s *store.Store) int {
	t.Helper()
	rows, err := s.Audit(t.Context(), 1000)
	if err != nil {
		t.Fatal(err)
	}
	return len(rows)
}
