package store_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/hookvigil/hookvigil/internal/store"
)

func TestAReserveTakesItsRoomAndGivesItBack(t *testing.T) {
	t.Parallel()
	const size = 1 << 18
	for name, before := range map[string]func(path string) error{
		"there is none":                  func(string) error { return nil },
		"one of an earlier run is there": func(path string) error { return store.NewReserve(filepath.Dir(path), size).Hold() },
		"one of another size is there":   func(path string) error { return os.WriteFile(path, []byte("short"), 0o600) },
		"a part of one was left":         func(path string) error { return os.WriteFile(path+".part", make([]byte, 2*size), 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := filepath.Join(dir, "reserve")
			if err := before(path); err != nil {
				t.Fatal(err)
			}
			r := store.NewReserve(dir, size)
			if r.Held() {
				t.Error("it is held before it was looked at")
			}
			if err := r.Hold(); err != nil || !r.Held() {
				t.Fatalf("hold: %v, held %t", err, r.Held())
			}
			info, err := os.Stat(path)
			if err != nil || info.Size() != size || info.Mode().Perm() != 0o600 {
				t.Errorf("%+v, %v; want %d bytes for the owner alone", info, err, size)
			}
			for _, want := range []bool{true, false} {
				if let, err := r.Release(); err != nil || let != want || r.Held() {
					t.Errorf("release: %t, %v, held %t; want %t", let, err, r.Held(), want)
				}
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
				t.Errorf("left %v, %v; want nothing", left, err)
			}
		})
	}
}

func TestAReserveWithoutAFolder(t *testing.T) {
	t.Parallel()
	r := store.NewReserve(filepath.Join(t.TempDir(), "gone"), 0)
	if err := r.Hold(); err == nil || r.Held() {
		t.Errorf("hold: %v, held %t; want an error", err, r.Held())
	}
	if let, err := r.Release(); err != nil || let {
		t.Errorf("release: %t, %v; want nothing", let, err)
	}
}
