package store_test

import (
	"fmt"
	"testing"

	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/internal/store"
)

// fleet is the size that one daemon is built for.
const fleet = 100_000

func big() registry.Delta {
	d := registry.Delta{Actor: "file"}
	for i := range fleet / 100 {
		one := some(fmt.Sprint(i), 100, registry.OriginFile)
		d.PutMerchants = append(d.PutMerchants, one.PutMerchants...)
		d.PutEndpoints = append(d.PutEndpoints, one.PutEndpoints...)
	}
	return d
}

// BenchmarkImport stores a fleet in one transaction; BenchmarkImportAgain is
// the same file at the next start.
func BenchmarkImport(b *testing.B) {
	d := big()
	for b.Loop() {
		b.StopTimer()
		s := open(b, b.TempDir())
		b.StartTimer()
		commit(b, s, d)
	}
}

func BenchmarkImportAgain(b *testing.B) {
	d := big()
	s := open(b, b.TempDir())
	commit(b, s, d)
	for b.Loop() {
		commit(b, s, d)
	}
}

func BenchmarkRegistry(b *testing.B) {
	s := open(b, b.TempDir())
	commit(b, s, big())
	for b.Loop() {
		if got := len(records(b, s).Endpoints); got != fleet {
			b.Fatalf("%d endpoints", got)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	s := open(b, dir)
	commit(b, s, big())
	shut(b, s)
	for b.Loop() {
		s, err := store.Open(b.Context(), dir, quiet())
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		shut(b, s)
		b.StartTimer()
	}
}

// BenchmarkSaveLooks stores the looks of one second of a fleet probed each
// minute.
func BenchmarkSaveLooks(b *testing.B) {
	s := open(b, b.TempDir())
	looks := make([]store.Look, fleet/60)
	for i := range looks {
		looks[i] = look(fmt.Sprintf("ep-%d", i))
	}
	for b.Loop() {
		if err := s.SaveLooks(b.Context(), looks); err != nil {
			b.Fatal(err)
		}
	}
}
