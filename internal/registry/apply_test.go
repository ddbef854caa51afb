package registry_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/hookvigil/hookvigil/internal/registry"
)

// TestApplyIsBuildDoneInSteps holds that a chain of changes gives the same
// snapshot, and the same differences, as building it anew.
func TestApplyIsBuildDoneInSteps(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	d := registry.DefaultDefaults()
	records := registry.Records{}
	snap, _ := registry.Build(records, d)
	for step := range 300 {
		change := randomChange(rng, records)
		after, delta, err := records.With(change)
		if err != nil {
			t.Fatalf("step %d: %v", step, err)
		}
		next, diff, faults := snap.Apply(delta, d)
		if len(faults) > 0 {
			t.Fatalf("step %d: %v", step, faults)
		}
		whole, _ := registry.Build(after, d)
		if got, want := shape(next), shape(whole); !reflect.DeepEqual(got, want) {
			t.Fatalf("step %d: got %v, want %v", step, got, want)
		}
		if want := snap.Compare(whole); !reflect.DeepEqual(diff, want) {
			t.Fatalf("step %d: diff %+v, want %+v", step, diff, want)
		}
		records, snap = after, next
	}
}

// randomChange puts and drops a few of 12 merchants with 3 endpoints each.
func randomChange(rng *rand.Rand, records registry.Records) registry.Change {
	c := registry.Change{Actor: "test"}
	m := fmt.Sprintf("m%d", rng.IntN(12))
	known := false
	for _, have := range records.Merchants {
		known = known || have.ID == m
	}
	if known && rng.IntN(4) == 0 {
		c.DropMerchants = []string{m}
		return c
	}
	c.PutMerchants = []registry.Merchant{{ID: m, Name: fmt.Sprint("name ", rng.IntN(3))}}
	for e := range rng.IntN(3) {
		c.PutEndpoints = append(c.PutEndpoints, registry.Endpoint{ID: fmt.Sprintf("%s-e%d", m, e), Merchant: m, URL: fmt.Sprintf("https://h%d.example.com/", rng.IntN(3))})
	}
	return c
}

// shape is what can be seen of a snapshot.
func shape(s *registry.Snapshot) []string {
	var list []string
	for _, m := range s.Merchants() {
		list = append(list, m.ID+" "+m.Name)
	}
	for _, w := range s.Endpoints() {
		again, ok := s.Endpoint(w.ID)
		list = append(list, fmt.Sprint(w.ID, " ", w.URL, " ", ok && again == w))
	}
	return list
}

func TestApplyLeavesOutWhatIsWrong(t *testing.T) {
	t.Parallel()
	snap, _ := registry.Build(registry.Records{Merchants: []registry.Merchant{{ID: "m"}}}, registry.DefaultDefaults())
	next, diff, faults := snap.Apply(registry.Delta{PutEndpoints: []registry.Endpoint{
		{ID: "good", Merchant: "m", URL: "https://x.example/"}, {ID: "bad", Merchant: "m", URL: "ftp://x.example/"}, {ID: "orphan", Merchant: "nobody", URL: "https://x.example/"},
	}}, registry.DefaultDefaults())
	if len(faults) != 2 || len(next.Endpoints()) != 1 || !reflect.DeepEqual(diff.Endpoints.Added, []string{"good"}) {
		t.Errorf("got %d faults, %d endpoints, diff %+v", len(faults), len(next.Endpoints()), diff.Endpoints)
	}
	if len(snap.Endpoints()) != 0 {
		t.Error("the old snapshot was changed")
	}
}
