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

// manyRecords returns 100,000 endpoints of so many merchants, all of the API.
func manyRecords(merchants int) registry.Records {
	var rec registry.Records
	for i := range merchants {
		id := fmt.Sprintf("merchant-%05d", i)
		rec.Merchants = append(rec.Merchants, registry.Merchant{
			ID: id, Name: "Toko " + id, Timezone: "Asia/Jakarta", Language: "id", Origin: registry.OriginAPI,
			Digest: registry.Digest{To: []string{"ops@" + id + ".example"}, Mode: "every"},
		})
	}
	for i := range manyEndpoints {
		m := rec.Merchants[i%merchants].ID
		rec.Endpoints = append(rec.Endpoints, registry.Endpoint{
			ID: fmt.Sprintf("%s-%06d", m, i), Merchant: m, URL: fmt.Sprintf("https://hooks.%s.example/payout/%d", m, i),
			Products: []string{"PAYOUT"}, Token: "a-token-of-the-usual-length", Origin: registry.OriginAPI,
		})
	}
	return rec
}

func BenchmarkBuild(b *testing.B) {
	rec, d := manyRecords(manyMerchants), registry.DefaultDefaults()
	b.ReportAllocs()
	for b.Loop() {
		if _, faults := registry.Build(rec, d); len(faults) != 0 {
			b.Fatal(faults[0])
		}
	}
}

func BenchmarkCompare(b *testing.B) {
	rec, d := manyRecords(manyMerchants), registry.DefaultDefaults()
	old, _ := registry.Build(rec, d)
	next, _ := registry.Build(rec, d)
	b.ReportAllocs()
	for b.Loop() {
		if diff := old.Compare(next); !diff.Empty() {
			b.Fatal(diff)
		}
	}
}

// BenchmarkPut is what one PUT of an endpoint costs before it is stored.
func BenchmarkPut(b *testing.B) {
	rec, d := manyRecords(manyMerchants), registry.DefaultDefaults()
	old, _ := registry.Build(rec, d)
	ep := rec.Endpoints[manyEndpoints/2]
	ep.Suspended = true
	b.ReportAllocs()
	for b.Loop() {
		after, _, err := rec.With(registry.Change{Actor: "bench", PutEndpoints: []registry.Endpoint{ep}})
		if err != nil {
			b.Fatal(err)
		}
		next, _ := registry.Build(after, d)
		if diff := old.Compare(next); diff.String() != "endpoints +0 -0 ~1" {
			b.Fatal(diff)
		}
	}
}

// BenchmarkWith covers the changes whose cost could grow with the square of
// what they drop.
func BenchmarkWith(b *testing.B) {
	many, one := manyRecords(manyMerchants), manyRecords(1)
	thousand := registry.Change{}
	for _, m := range many.Merchants[:1000] {
		thousand.DropMerchants = append(thousand.DropMerchants, m.ID)
	}
	for name, bb := range map[string]struct {
		rec    registry.Records
		change registry.Change
	}{
		"one put":                             {many, registry.Change{PutEndpoints: many.Endpoints[:1]}},
		"a thousand merchants dropped":        {many, thousand},
		"a merchant of all endpoints dropped": {one, registry.Change{DropMerchants: []string{one.Merchants[0].ID}}},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := bb.rec.With(bb.change); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
