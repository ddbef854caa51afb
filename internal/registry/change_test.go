package registry_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/hookvigil/hookvigil/internal/registry"
)

// mixed returns a merchant of the file and one of the API, with endpoints of
// both origins.
func mixed() registry.Records {
	return registry.Records{
		Merchants: []registry.Merchant{
			{ID: "file", Origin: registry.OriginFile}, {ID: "api", Origin: registry.OriginAPI}, {ID: "other", Origin: registry.OriginAPI},
		},
		Endpoints: []registry.Endpoint{
			{ID: "file-a", Merchant: "file", Origin: registry.OriginFile},
			{ID: "api-b", Merchant: "api", Origin: registry.OriginAPI},
			{ID: "file-api", Merchant: "file", Origin: registry.OriginAPI},
			{ID: "api-a", Merchant: "api", Origin: registry.OriginAPI},
			{ID: "other-a", Merchant: "other", Origin: registry.OriginAPI},
		},
		Targets:          []registry.Target{{ID: "ledger"}},
		CertificateFiles: []registry.CertificateFile{{ID: "client"}},
	}
}

// lines writes records as "merchant id origin" and "endpoint id merchant
// origin", in their order.
func lines(rec registry.Records) []string {
	return append(merchantLines(rec.Merchants), endpointLines(rec.Endpoints)...)
}

func merchantLines(list []registry.Merchant) []string {
	out := []string{}
	for _, m := range list {
		out = append(out, strings.TrimSpace(fmt.Sprintf("merchant %s %s %s", m.ID, m.Origin, m.Name)))
	}
	return out
}

func endpointLines(list []registry.Endpoint) []string {
	out := []string{}
	for _, ep := range list {
		out = append(out, strings.TrimSpace(fmt.Sprintf("endpoint %s %s %s %s", ep.ID, ep.Merchant, ep.Origin, ep.URL)))
	}
	return out
}

func deltaLines(d registry.Delta) []string {
	out := append(merchantLines(d.PutMerchants), endpointLines(d.PutEndpoints)...)
	for _, id := range d.DropMerchants {
		out = append(out, "drop merchant "+id)
	}
	for _, id := range d.DropEndpoints {
		out = append(out, "drop endpoint "+id)
	}
	return out
}

func TestWithMakesAChange(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change        registry.Change
		added, gone   []string // lines of the records
		replaced, now string
		delta         []string
	}{
		"nothing": {change: registry.Change{}, delta: []string{}},
		"a new merchant with an endpoint": {
			change: registry.Change{
				PutMerchants: []registry.Merchant{{ID: "new"}}, PutEndpoints: []registry.Endpoint{{ID: "new-a", Merchant: "new"}},
			},
			added: []string{"merchant new api", "endpoint new-a new api"},
			delta: []string{"merchant new api", "endpoint new-a new api"},
		},
		"an origin that the caller made up": {
			change: registry.Change{PutMerchants: []registry.Merchant{{ID: "new", Origin: registry.OriginFile}}},
			added:  []string{"merchant new api"},
			delta:  []string{"merchant new api"},
		},
		"a merchant again": {
			change:   registry.Change{PutMerchants: []registry.Merchant{{ID: "api", Name: "Api"}}},
			replaced: "merchant api api", now: "merchant api api Api",
			delta: []string{"merchant api api Api"},
		},
		"an endpoint again, for another merchant": {
			change:   registry.Change{PutEndpoints: []registry.Endpoint{{ID: "api-a", Merchant: "other", URL: "u"}}},
			replaced: "endpoint api-a api api", now: "endpoint api-a other api u",
			delta: []string{"endpoint api-a other api u"},
		},
		"an endpoint twice in one change: the last counts": {
			change: registry.Change{PutEndpoints: []registry.Endpoint{{ID: "z", Merchant: "api", URL: "1"}, {ID: "z", Merchant: "api", URL: "2"}}},
			added:  []string{"endpoint z api api 2"},
			delta:  []string{"endpoint z api api 1", "endpoint z api api 2"},
		},
		"an endpoint of the API for a merchant of the file": {
			change: registry.Change{PutEndpoints: []registry.Endpoint{{ID: "file-b", Merchant: "file"}}},
			added:  []string{"endpoint file-b file api"},
			delta:  []string{"endpoint file-b file api"},
		},
		"an endpoint dropped": {
			change: registry.Change{DropEndpoints: []string{"api-b"}},
			gone:   []string{"endpoint api-b api api"},
			delta:  []string{"drop endpoint api-b"},
		},
		"an endpoint of the API dropped from a merchant of the file": {
			change: registry.Change{DropEndpoints: []string{"file-api"}},
			gone:   []string{"endpoint file-api file api"},
			delta:  []string{"drop endpoint file-api"},
		},
		"a merchant takes its endpoints along": {
			change: registry.Change{DropMerchants: []string{"api"}},
			gone:   []string{"merchant api api", "endpoint api-b api api", "endpoint api-a api api"},
			delta:  []string{"drop merchant api", "drop endpoint api-b", "drop endpoint api-a"},
		},
		"a merchant and one of its endpoints by name": {
			change: registry.Change{DropMerchants: []string{"api"}, DropEndpoints: []string{"api-a"}},
			gone:   []string{"merchant api api", "endpoint api-b api api", "endpoint api-a api api"},
			delta:  []string{"drop merchant api", "drop endpoint api-a", "drop endpoint api-b"},
		},
		"two merchants": {
			change: registry.Change{DropMerchants: []string{"other", "api"}},
			gone:   []string{"merchant api api", "merchant other api", "endpoint api-b api api", "endpoint api-a api api", "endpoint other-a other api"},
			delta:  []string{"drop merchant other", "drop merchant api", "drop endpoint api-b", "drop endpoint api-a", "drop endpoint other-a"},
		},
		"an endpoint saved from its merchant": {
			change: registry.Change{PutEndpoints: []registry.Endpoint{{ID: "api-a", Merchant: "other"}}, DropMerchants: []string{"api"}},
			gone:   []string{"merchant api api", "endpoint api-b api api"}, replaced: "endpoint api-a api api", now: "endpoint api-a other api",
			delta: []string{"endpoint api-a other api", "drop merchant api", "drop endpoint api-b"},
		},
		"a record that was met in an attempt becomes one of ours": {
			change:   registry.Change{PutEndpoints: []registry.Endpoint{{ID: "other-a", Merchant: "other", Origin: registry.OriginSeen}}},
			replaced: "endpoint other-a other api", now: "endpoint other-a other api",
			delta: []string{"endpoint other-a other api"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rec := mixed()
			tt.change.Actor = "ana"
			got, d, err := rec.With(tt.change)
			if err != nil {
				t.Fatal(err)
			}
			want := lines(mixed())
			for i, line := range want {
				if line == tt.replaced {
					want[i] = tt.now
				}
			}
			want = slices.DeleteFunc(append(want, tt.added...), func(line string) bool { return slices.Contains(tt.gone, line) })
			slices.Sort(want)
			if have := slices.Sorted(slices.Values(lines(got))); !slices.Equal(have, want) {
				t.Errorf("records\n%q, want\n%q", have, want)
			}
			if have := deltaLines(d); !slices.Equal(have, tt.delta) || d.Actor != "ana" {
				t.Errorf("%s stores\n%q, want\n%q", d.Actor, have, tt.delta)
			}
			if !reflect.DeepEqual(got.Targets, rec.Targets) || !reflect.DeepEqual(got.CertificateFiles, rec.CertificateFiles) {
				t.Errorf("targets %v and files %v, want them as they were", got.Targets, got.CertificateFiles)
			}
			if !reflect.DeepEqual(rec, mixed()) {
				t.Errorf("the records before changed: %q", lines(rec))
			}
		})
	}
}

func TestWithRefusesAllOrNothing(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change registry.Change
		is     error
		want   string
	}{
		"a merchant of the file": {
			registry.Change{PutMerchants: []registry.Merchant{{ID: "file"}}},
			registry.ErrFromFile, `merchant "file" comes from the configuration file and is read-only here`,
		},
		"an endpoint of the file": {
			registry.Change{PutEndpoints: []registry.Endpoint{{ID: "file-a", Merchant: "api"}}},
			registry.ErrFromFile, `endpoint "file-a" comes from the configuration file and is read-only here`,
		},
		"dropping a merchant of the file": {
			registry.Change{DropMerchants: []string{"file"}},
			registry.ErrFromFile, `merchant "file" comes from the configuration file and is read-only here`,
		},
		"dropping an endpoint of the file": {
			registry.Change{DropEndpoints: []string{"file-a"}},
			registry.ErrFromFile, `endpoint "file-a" comes from the configuration file and is read-only here`,
		},
		"dropping an unknown merchant": {
			registry.Change{DropMerchants: []string{"gone"}}, registry.ErrNotFound, `merchant "gone": no such record`,
		},
		"dropping an unknown endpoint": {
			registry.Change{DropEndpoints: []string{"gone"}}, registry.ErrNotFound, `endpoint "gone": no such record`,
		},
		"a merchant where an endpoint is meant": {
			registry.Change{DropEndpoints: []string{"api"}}, registry.ErrNotFound, `endpoint "api": no such record`,
		},
		"good puts before a bad one": {
			registry.Change{
				PutMerchants: []registry.Merchant{{ID: "new"}, {ID: "api", Name: "Api"}, {ID: "file"}},
				PutEndpoints: []registry.Endpoint{{ID: "new-a", Merchant: "new"}},
			},
			registry.ErrFromFile, `merchant "file" comes from the configuration file and is read-only here`,
		},
		"good puts before a bad drop": {
			registry.Change{
				PutMerchants:  []registry.Merchant{{ID: "new"}},
				PutEndpoints:  []registry.Endpoint{{ID: "api-a", Merchant: "new"}},
				DropMerchants: []string{"other"}, DropEndpoints: []string{"api-b", "gone"},
			},
			registry.ErrNotFound, `endpoint "gone": no such record`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rec := mixed()
			got, d, err := rec.With(tt.change)
			if !errors.Is(err, tt.is) || err.Error() != tt.want {
				t.Errorf("error %v, want %s", err, tt.want)
			}
			if !reflect.DeepEqual(rec, mixed()) {
				t.Errorf("the records before changed: %q", lines(rec))
			}
			if !reflect.DeepEqual(got, mixed()) || !reflect.DeepEqual(d, registry.Delta{}) {
				t.Errorf("came back as %q, to store %q; want the records as they were, and nothing", lines(got), deltaLines(d))
			}
		})
	}
}

// TestWithLeavesNothingShared changes what came out and looks at what went in.
func TestWithLeavesNothingShared(t *testing.T) {
	t.Parallel()
	rec := mixed()
	rec.Merchants, rec.Endpoints = slices.Grow(rec.Merchants, 8), slices.Grow(rec.Endpoints, 8)
	change := registry.Change{PutMerchants: []registry.Merchant{{ID: "n1"}}, PutEndpoints: []registry.Endpoint{{ID: "e1", Merchant: "n1"}}}
	first, _, err := rec.With(change)
	if err != nil {
		t.Fatal(err)
	}
	change.PutMerchants[0].ID, change.PutEndpoints[0].ID = "n2", "e2"
	second, _, err := rec.With(change)
	if err != nil {
		t.Fatal(err)
	}
	if first.Merchants[3].ID != "n1" || second.Merchants[3].ID != "n2" || first.Endpoints[5].ID != "e1" || second.Endpoints[5].ID != "e2" {
		t.Errorf("two changes of the same records see each other: %q and %q", lines(first), lines(second))
	}
	drops := registry.Change{DropMerchants: []string{"api"}, DropEndpoints: make([]string, 0, 8)}
	if _, _, err := rec.With(drops); err != nil || drops.DropEndpoints[:1][0] != "" {
		t.Errorf("the caller's list was written to: %q, %v", drops.DropEndpoints[:1], err)
	}
}

func TestInvalidErrorSaysAll(t *testing.T) {
	t.Parallel()
	err := error(&registry.InvalidError{Faults: []registry.RecordFault{
		{Kind: "endpoint", ID: "a", Fault: registry.Fault{Path: "url", Message: "no host"}},
		{Kind: "merchant", ID: "m\r\n", Fault: registry.Fault{Path: "timezone", Message: "odd"}},
	}})
	if want := `endpoint "a": url: no host; merchant "m": timezone: odd`; err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
}

func TestMerge(t *testing.T) {
	t.Parallel()
	file := registry.Records{
		Merchants: []registry.Merchant{{ID: "f", Name: "new", Origin: registry.OriginFile}, {ID: "both", Name: "file", Origin: registry.OriginFile}},
		Endpoints: []registry.Endpoint{
			{ID: "f-a", Merchant: "f", URL: "new", Origin: registry.OriginFile}, {ID: "shared", Merchant: "f", URL: "file", Origin: registry.OriginFile},
		},
		Targets:          []registry.Target{{ID: "t"}},
		CertificateFiles: []registry.CertificateFile{{ID: "c"}},
	}
	stored := registry.Records{
		Merchants: []registry.Merchant{
			{ID: "api", Origin: registry.OriginAPI}, {ID: "both", Name: "api", Origin: registry.OriginAPI},
			{ID: "f", Name: "old", Origin: registry.OriginFile}, {ID: "gone", Origin: registry.OriginFile}, {ID: "vanished", Origin: registry.OriginFile},
		},
		Endpoints: []registry.Endpoint{
			{ID: "api-a", Merchant: "api", Origin: registry.OriginAPI},
			{ID: "f-a", Merchant: "f", URL: "old", Origin: registry.OriginFile},
			{ID: "f-api", Merchant: "f", Origin: registry.OriginAPI},
			{ID: "f-b", Merchant: "f", Origin: registry.OriginFile},
			{ID: "shared", Merchant: "api", URL: "api", Origin: registry.OriginAPI},
			{ID: "vanished-a", Merchant: "vanished", Origin: registry.OriginFile},
			{ID: "vanished-api", Merchant: "vanished", Origin: registry.OriginAPI},
		},
		Targets: []registry.Target{{ID: "old"}},
	}
	before := [2][]string{lines(file), lines(stored)}
	got, d := registry.Merge(file, stored)
	want := []string{
		"merchant f file new", "merchant both file file", "merchant api api", "merchant vanished api",
		"endpoint f-a f file new", "endpoint shared f file file", "endpoint api-a api api", "endpoint f-api f api", "endpoint vanished-api vanished api",
	}
	if have := lines(got); !slices.Equal(have, want) {
		t.Errorf("merged\n%q, want\n%q", have, want)
	}
	wantDelta := []string{
		"merchant f file new", "merchant both file file", "merchant vanished api", "endpoint f-a f file new", "endpoint shared f file file",
		"drop merchant gone", "drop endpoint f-b", "drop endpoint vanished-a",
	}
	if have := deltaLines(d); !slices.Equal(have, wantDelta) || d.Actor != "file" {
		t.Errorf("%s stores\n%q, want\n%q", d.Actor, have, wantDelta)
	}
	if len(got.Targets) != 1 || got.Targets[0].ID != "t" || len(got.CertificateFiles) != 1 {
		t.Errorf("targets %v and files %v, want those of the file alone", got.Targets, got.CertificateFiles)
	}
	if !slices.Equal(lines(file), before[0]) || !slices.Equal(lines(stored), before[1]) {
		t.Errorf("what went in changed: %q, %q", lines(file), lines(stored))
	}
}

func TestMergeWithNothing(t *testing.T) {
	t.Parallel()
	rec := mixed()
	first, d := registry.Merge(rec, registry.Records{})
	if !slices.Equal(lines(first), lines(rec)) || len(d.DropMerchants)+len(d.DropEndpoints) != 0 || len(d.PutEndpoints) != len(rec.Endpoints) {
		t.Errorf("into an empty store: %q, storing %q", lines(first), deltaLines(d))
	}
	left, d := registry.Merge(registry.Records{}, rec)
	want := []string{
		"merchant file api", "merchant api api", "merchant other api",
		"endpoint api-b api api", "endpoint file-api file api", "endpoint api-a api api", "endpoint other-a other api",
	}
	if !slices.Equal(lines(left), want) {
		t.Errorf("of an empty file are left\n%q, want\n%q", lines(left), want)
	}
	if have, want := deltaLines(d), []string{"merchant file api", "drop endpoint file-a"}; !slices.Equal(have, want) {
		t.Errorf("an empty file stores %q, want %q", have, want)
	}
}
