package registry_test

import (
	"slices"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/registry"
)

// build resolves good records with the built-in defaults.
func build(t *testing.T, rec registry.Records) *registry.Snapshot {
	t.Helper()
	snap, faults := registry.Build(rec, registry.DefaultDefaults())
	if len(faults) != 0 {
		t.Fatalf("faults %v, want none", faults)
	}
	return snap
}

// ids returns the IDs of all that a snapshot holds, in its order.
func ids(s *registry.Snapshot) (merchants, endpoints, targets []string) {
	for _, m := range s.Merchants() {
		merchants = append(merchants, m.ID)
	}
	for _, w := range s.Endpoints() {
		endpoints = append(endpoints, w.ID)
	}
	for _, w := range s.Targets() {
		targets = append(targets, w.ID)
	}
	return merchants, endpoints, targets
}

// some returns two merchants with three endpoints, and two targets, not in
// order.
func some() registry.Records {
	return registry.Records{
		Merchants: []registry.Merchant{{ID: "toko", Name: "Toko Maju"}, {ID: "acme"}},
		Endpoints: []registry.Endpoint{
			{ID: "toko-b", Merchant: "toko", URL: "https://toko.example/b"},
			{ID: "acme-a", Merchant: "acme", URL: "https://acme.example/a"},
			{ID: "toko-a", Merchant: "toko", URL: "https://toko.example/a"},
		},
		Targets: []registry.Target{{ID: "vault", Address: "vault:443"}, {ID: "ledger", Address: "ledger:443"}},
	}
}

func TestBuildSortsByID(t *testing.T) {
	t.Parallel()
	snap := build(t, some())
	merchants, endpoints, targets := ids(snap)
	if !slices.Equal(merchants, []string{"acme", "toko"}) || !slices.Equal(endpoints, []string{"acme-a", "toko-a", "toko-b"}) ||
		!slices.Equal(targets, []string{"ledger", "vault"}) {
		t.Errorf("got %v %v %v, want each by ID", merchants, endpoints, targets)
	}
	for _, id := range endpoints {
		if w, ok := snap.Endpoint(id); !ok || w.ID != id {
			t.Errorf("endpoint %q: %+v, %t", id, w, ok)
		}
	}
	if w, ok := snap.Target("vault"); !ok || w.Address != "vault:443" {
		t.Errorf("target vault: %+v, %t", w, ok)
	}
	if m, ok := snap.Merchant("toko"); !ok || m.Name != "Toko Maju" {
		t.Errorf("merchant toko: %+v, %t", m, ok)
	}
}

func TestAnEmptySnapshotKnowsNobody(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]*registry.Snapshot{"the zero value": {}, "no records": build(t, registry.Records{})} {
		_, endpoint := s.Endpoint("a")
		_, target := s.Target("a")
		_, merchant := s.Merchant("a")
		if endpoint || target || merchant || len(s.Endpoints())+len(s.Targets())+len(s.Merchants()) != 0 {
			t.Errorf("%s knows something", name)
		}
	}
}

func TestBuildLeavesOutWhatIsWrongAndSaysSo(t *testing.T) {
	t.Parallel()
	url := "https://toko.example/"
	for name, tt := range map[string]struct {
		rec               registry.Records
		faults            []string
		endpoints, others []string // what is kept: endpoints, then merchants and targets
	}{
		"an endpoint without its merchant": {
			registry.Records{Endpoints: []registry.Endpoint{{ID: "a", Merchant: "gone", URL: url}}},
			[]string{`endpoint "a": merchant: there is no merchant "gone"`}, nil, nil,
		},
		"an endpoint of nobody": {
			registry.Records{Endpoints: []registry.Endpoint{{ID: "a", URL: url}}},
			[]string{`endpoint "a": merchant: there is no merchant ""`}, nil, nil,
		},
		"a merchant with a fault takes its endpoints along": {
			registry.Records{
				Merchants: []registry.Merchant{{ID: "m", Timezone: "Mars"}},
				Endpoints: []registry.Endpoint{{ID: "a", Merchant: "m", URL: url}},
			},
			[]string{`merchant "m": timezone: "Mars" is not a time zone`, `endpoint "a": merchant: the merchant "m" has faults of its own`}, nil, nil,
		},
		"a merchant twice": {
			registry.Records{
				Merchants: []registry.Merchant{{ID: "m", Name: "first"}, {ID: "m", Name: "second"}},
				Endpoints: []registry.Endpoint{{ID: "a", Merchant: "m", URL: url}},
			},
			[]string{`merchant "m": id: is used twice`}, []string{"a"}, []string{"m first"},
		},
		"an endpoint twice, over two merchants": {
			registry.Records{
				Merchants: []registry.Merchant{{ID: "m"}, {ID: "n"}},
				Endpoints: []registry.Endpoint{{ID: "a", Merchant: "n", URL: url}, {ID: "a", Merchant: "m", URL: url}},
			},
			[]string{`endpoint "a": id: is used twice`}, []string{"a"}, []string{"m ", "n "},
		},
		"a target twice": {
			registry.Records{Targets: []registry.Target{{ID: "t", Address: "first:443"}, {ID: "t", Address: "second:443"}}},
			[]string{`target "t": id: is used twice`}, nil, []string{"first:443"},
		},
		"one ID for a merchant, an endpoint and a target": {
			registry.Records{
				Merchants: []registry.Merchant{{ID: "x"}},
				Endpoints: []registry.Endpoint{{ID: "x", Merchant: "x", URL: url}},
				Targets:   []registry.Target{{ID: "x", Address: "x:443"}},
			}, nil, []string{"x"}, []string{"x ", "x:443"},
		},
		"one bad endpoint among good ones": {
			registry.Records{
				Merchants: []registry.Merchant{{ID: "m"}},
				Endpoints: []registry.Endpoint{
					{ID: "b", Merchant: "m", URL: url}, {ID: "bad", Merchant: "m", URL: url, Schedule: "?"}, {ID: "a", Merchant: "m", URL: url},
				},
			},
			[]string{`endpoint "bad": schedule: "?" is not a retry schedule: neither a preset nor offsets such as 15m,1h,3h`}, []string{"a", "b"}, []string{"m "},
		},
		"a warning stops nothing": {
			registry.Records{
				Merchants: []registry.Merchant{{ID: "m"}},
				Endpoints: []registry.Endpoint{endpoint(func(ep *registry.Endpoint) {
					ep.ID, ep.Merchant, ep.Probe.Interval = "a", "m", span(time.Second)
					ep.Probe.Level = new(levelPing)
				})},
			},
			[]string{`endpoint "a": probe.level: ping without a token: most endpoints answer 401`}, []string{"a"}, []string{"m "},
		},
		"a bad target": {
			registry.Records{Targets: []registry.Target{{ID: "t", Address: "t"}}},
			[]string{`target "t": address: "t" is not host:port; wanted ledger.internal:8443`}, nil, nil,
		},
		"a hostile ID stays on one line": {
			registry.Records{Targets: []registry.Target{{ID: "t\r\nX: y\u202e", Address: "t:443"}}},
			[]string{`target "t  X: y": id: "t  X: y" is not an ID`}, nil, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			snap, faults := registry.Build(tt.rec, registry.DefaultDefaults())
			var texts, others []string
			for _, f := range faults {
				texts = append(texts, f.String())
			}
			if !slices.Equal(texts, tt.faults) {
				t.Errorf("faults\n%q, want\n%q", texts, tt.faults)
			}
			_, endpoints, _ := ids(snap)
			for _, m := range snap.Merchants() {
				others = append(others, m.ID+" "+m.Name)
			}
			for _, w := range snap.Targets() {
				others = append(others, w.Address)
			}
			if !slices.Equal(endpoints, tt.endpoints) || !slices.Equal(others, tt.others) {
				t.Errorf("kept %v and %q, want %v and %q", endpoints, others, tt.endpoints, tt.others)
			}
		})
	}
}

func TestTheFirstOfTwoEndpointsIsKept(t *testing.T) {
	t.Parallel()
	rec := some()
	again := rec.Endpoints[0]
	again.URL = "https://second.example/"
	rec.Endpoints = append(rec.Endpoints, again)
	snap, _ := registry.Build(rec, registry.DefaultDefaults())
	if w, ok := snap.Endpoint("toko-b"); !ok || w.Shown != "https://toko.example/b" {
		t.Errorf("kept %+v, want the first", w)
	}
}

func TestBuildCleansNames(t *testing.T) {
	t.Parallel()
	snap := build(t, registry.Records{Merchants: []registry.Merchant{{ID: "m", Name: "Toko\r\nMaju\u202e"}}})
	if m, _ := snap.Merchant("m"); m.Name != "Toko  Maju" {
		t.Errorf("name %q, want it clean", m.Name)
	}
}
