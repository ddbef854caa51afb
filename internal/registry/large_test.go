package registry_test

import (
	"fmt"
	"testing"

	"github.com/hookvigil/hookvigil/internal/registry"
)

const (
	manyEndpoints = 100_000
	manyMerchants = 10_000
)

// manyRecords returns 100,000 endpoints of 10,000 merchants.
func manyRecords() registry.Records {
	var rec registry.Records
	for i := range manyMerchants {
		id := fmt.Sprintf("merchant-%05d", i)
		rec.Merchants = append(rec.Merchants, registry.Merchant{
			ID: id, Name: "Toko " + id, Timezone: "Asia/Jakarta", Language: "id", Origin: registry.OriginAPI,
			Digest: registry.Digest{To: []string{"ops@" + id + ".example"}, Mode: "every"},
		})
	}
	for i := range manyEndpoints {
		m := rec.Merchants[i%manyMerchants].ID
		rec.Endpoints = append(rec.Endpoints, registry.Endpoint{
			ID: fmt.Sprintf("%s-%06d", m, i), Merchant: m, URL: fmt.Sprintf("https://hooks.%s.example/payout/%d", m, i),
			Products: []string{"PAYOUT"}, Token: "a-token-of-forty-characters-or-thereabouts", Origin: registry.OriginAPI,
		})
	}
	return rec
}

func BenchmarkBuild(b *testing.B) {
	rec, d := manyRecords(), registry.DefaultDefaults()
	b.ReportAllocs()
	for b.Loop() {
		if _, faults := registry.Build(rec, d); len(faults) != 0 {
			b.Fatalf("faults: %v", faults[0])
		}
	}
}

func BenchmarkWith(b *testing.B) {
	rec := manyRecords()
	ep := rec.Endpoints[manyEndpoints/2]
	ep.Suspended = true
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := rec.With(registry.Change{Actor: "t", PutEndpoints: []registry.Endpoint{ep}}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDropMerchants(b *testing.B) {
	rec := manyRecords()
	c := registry.Change{Actor: "t"}
	for _, m := range rec.Merchants[:1000] {
		c.DropMerchants = append(c.DropMerchants, m.ID)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := rec.With(c); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCompare(b *testing.B) {
	rec, d := manyRecords(), registry.DefaultDefaults()
	old, _ := registry.Build(rec, d)
	next, _ := registry.Build(rec, d)
	b.ReportAllocs()
	for b.Loop() {
		if diff := old.Compare(next); !diff.Empty() {
			b.Fatal(diff)
		}
	}
}
