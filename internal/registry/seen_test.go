package registry_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hookvigil/hookvigil/internal/registry"
)

func TestSeenIDIsStable(t *testing.T) {
	t.Parallel()
	// printf 'acme\0https://acme.example/hook' | sha256sum
	if got, want := registry.SeenID("acme", "https://acme.example/hook"), "seen-a33115ed73809a37"; got != want {
		t.Errorf("got %s, want %s: attempts of the past are told apart by it", got, want)
	}
	if registry.SeenID("a", "bc") == registry.SeenID("ab", "c") {
		t.Error("the border between merchant and URL does not count")
	}
}

func TestSightingsAreCheckedAndNeverMadeToFit(t *testing.T) {
	t.Parallel()
	const secret = "MARKER-secret"
	own := registry.SeenID("m", "https://m.example/")
	for name, tt := range map[string]struct {
		s    registry.Sighting
		want string // in the error; empty: it is fit
	}{
		"an ID, a merchant and a URL":       {registry.Sighting{ID: "ep_9", Merchant: "m_1", URL: "https://m.example/hook?key=" + secret}, ""},
		"no URL":                            {registry.Sighting{ID: "ep_9", Merchant: "m_1"}, ""},
		"128 characters":                    {registry.Sighting{ID: strings.Repeat("a", 128), Merchant: strings.Repeat("m", 128)}, ""},
		"129 characters":                    {registry.Sighting{ID: strings.Repeat("a", 129), Merchant: "m"}, "endpoint:"},
		"a merchant of 129":                 {registry.Sighting{ID: "a", Merchant: strings.Repeat("m", 129)}, "merchant:"},
		"no ID":                             {registry.Sighting{Merchant: "m"}, "endpoint:"},
		"no merchant":                       {registry.Sighting{ID: "a"}, "merchant:"},
		"a blank within":                    {registry.Sighting{ID: "a b", Merchant: "m"}, "endpoint:"},
		"a letter that only looks like one": {registry.Sighting{ID: "\u0430cme", Merchant: "m"}, "endpoint:"},
		"a path":                            {registry.Sighting{ID: "../../etc", Merchant: "m"}, "endpoint:"},
		"markup":                            {registry.Sighting{ID: "a", Merchant: "<b>"}, "merchant:"},
		"a line at the end":                 {registry.Sighting{ID: "a\n", Merchant: "m"}, "endpoint:"},
		"userinfo in the URL":               {registry.Sighting{ID: "a", Merchant: "m", URL: "https://u:" + secret + "@m.example/"}, "url:"},
		"another scheme":                    {registry.Sighting{ID: "a", Merchant: "m", URL: "ftp://m.example/" + secret}, "url:"},
		"an odd spelling of an address":     {registry.Sighting{ID: "a", Merchant: "m", URL: "https://0x7f.1/" + secret}, "url:"},
		"its own made ID":                   {registry.Sighting{ID: own, Merchant: "m", URL: "https://m.example/"}, ""},
		"the made ID of another":            {registry.Sighting{ID: own, Merchant: "n", URL: "https://m.example/"}, "belongs to others"},
		"a made ID without its URL":         {registry.Sighting{ID: own, Merchant: "m"}, "belongs to others"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := tt.s.Check()
			switch {
			case err == nil && tt.want != "", err != nil && (tt.want == "" || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("got %v, want %q", err, tt.want)
			case err != nil && strings.Contains(err.Error(), secret):
				t.Errorf("the error shows the URL: %v", err)
			}
		})
	}
}

func TestSeeAddsWhatNobodyKnows(t *testing.T) {
	t.Parallel()
	rec := mixed()
	before := lines(rec)
	list := []registry.Sighting{
		{ID: "new-a", Merchant: "new", URL: "https://new.example/"}, {ID: "new-a", Merchant: "thief"}, {ID: "new-b", Merchant: "new"},
		{ID: "file-a", Merchant: "thief"}, {ID: "api-c", Merchant: "api"},
	}
	next, d, full := rec.See(list)
	want := []string{"merchant new seen", "endpoint new-a new seen https://new.example/", "endpoint new-b new seen", "endpoint api-c api seen"}
	if got := deltaLines(d); !slices.Equal(got, want) || full != 0 || !d.Seen {
		t.Errorf("got %q, %d full, seen %t; want %q", got, full, d.Seen, want)
	}
	if !slices.Equal(lines(rec), before) {
		t.Error("the records that were given are changed")
	}
	if again, d, _ := next.See(list); len(deltaLines(d)) != 0 || len(lines(again)) != len(before)+4 {
		t.Errorf("a second time: %q", deltaLines(d))
	}

	d = next.Unsee([]string{"new-a", "file-a", "api-c", "nobody"})
	if got, want := deltaLines(d), []string{"drop endpoint new-a", "drop endpoint api-c"}; !slices.Equal(got, want) || !d.Seen {
		t.Errorf("unseen: %q, want %q", got, want)
	}
	after := next.Without(d)
	if got := len(lines(after)); got != len(before)+2 {
		t.Errorf("%d records are left, want %d", got, len(before)+2)
	}
	if d = after.Unsee([]string{"new-b"}); !slices.Equal(deltaLines(d), []string{"drop merchant new", "drop endpoint new-b"}) {
		t.Errorf("the last one of a merchant: %q, want the merchant gone too", deltaLines(d))
	}
}

func TestPartsBringMerchantsWithTheirFirstEndpoint(t *testing.T) {
	t.Parallel()
	_, d, _ := registry.Records{}.See([]registry.Sighting{{ID: "a1", Merchant: "a"}, {ID: "b1", Merchant: "b"}, {ID: "a2", Merchant: "a"}, {ID: "c1", Merchant: "c"}, {ID: "b2", Merchant: "b"}})
	var got []string
	for _, part := range d.Parts(2) {
		if got = append(got, strings.Join(deltaLines(part), ", ")); !part.Seen {
			t.Error("a part does not say that attempts made it")
		}
	}
	want := []string{
		"merchant a seen, merchant b seen, endpoint a1 a seen, endpoint b1 b seen", "merchant c seen, endpoint a2 a seen, endpoint c1 c seen", "endpoint b2 b seen",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestSeenEndpointsAreBounded(t *testing.T) {
	t.Parallel()
	rec := registry.Records{Merchants: []registry.Merchant{{ID: "m", Origin: registry.OriginSeen}}}
	for i := range registry.MostSeen - 1 {
		rec.Endpoints = append(rec.Endpoints, registry.Endpoint{ID: fmt.Sprint("ep-", i), Merchant: "m", Origin: registry.OriginSeen})
	}
	rec.Endpoints = append(rec.Endpoints, registry.Endpoint{ID: "own", Merchant: "m", Origin: registry.OriginAPI})
	next, d, full := rec.See([]registry.Sighting{{ID: "a", Merchant: "m"}, {ID: "b", Merchant: "fresh"}, {ID: "ep-0", Merchant: "m"}})
	if got := deltaLines(d); !slices.Equal(got, []string{"endpoint a m seen"}) || full != 1 || len(next.Endpoints) != registry.MostSeen+1 {
		t.Errorf("got %q and %d full, want the last place taken by a", got, full)
	}
}

// seenSnapshot holds an endpoint of each origin, and a merchant that is known
// from attempts alone.
func seenSnapshot(t *testing.T) (registry.Records, *registry.Snapshot) {
	t.Helper()
	rec := registry.Records{
		Merchants: []registry.Merchant{{ID: "shop", Origin: registry.OriginFile}, {ID: "ghost", Origin: registry.OriginSeen}},
		Endpoints: []registry.Endpoint{
			{ID: "a-file", Merchant: "shop", URL: "https://shop.example/a", Origin: registry.OriginFile},
			{ID: "b-seen", Merchant: "shop", URL: "https://shop.example/b?key=MARKER", Origin: registry.OriginSeen},
			{ID: "c-api", Merchant: "shop", URL: "https://shop.example/c", Origin: registry.OriginAPI},
			{ID: "d-seen", Merchant: "ghost", Origin: registry.OriginSeen},
		},
	}
	snap, faults := registry.Build(rec, registry.DefaultDefaults())
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return rec, snap
}

func idsIn(list []*registry.Watched) string {
	var ids []string
	for _, w := range list {
		ids = append(ids, w.ID)
	}
	return strings.Join(ids, " ")
}

func TestListsHoldWhatIsWatchedUnlessTheySayKnown(t *testing.T) {
	t.Parallel()
	_, snap := seenSnapshot(t)
	if got := idsIn(snap.Endpoints()); got != "a-file c-api" {
		t.Errorf("watched: %s, want no seen one", got)
	}
	if got := idsIn(snap.KnownEndpoints()); got != "a-file b-seen c-api d-seen" {
		t.Errorf("known: %s, want all by ID", got)
	}
	if len(snap.Merchants()) != 1 || len(snap.KnownMerchants()) != 2 {
		t.Errorf("merchants: %d watched, %d known; want 1 and 2", len(snap.Merchants()), len(snap.KnownMerchants()))
	}
	w, ok := snap.Endpoint("b-seen")
	if !ok || w.Watch != nil || w.Shown != "https://shop.example/b" {
		t.Errorf("b-seen: found %t, watch %v, shown %q; want no look at its certificate and no query", ok, w.Watch, w.Shown)
	}
	if w, ok := snap.Endpoint("d-seen"); !ok || w.Shown != "" || w.Deadline == 0 || w.Schedule.Name == "" {
		t.Errorf("d-seen: %t %+v; want one without a URL, with schedule and deadline", ok, w)
	}
	if _, ok := snap.Registered().Endpoint("b-seen"); ok {
		t.Error("what is registered holds what was seen")
	}
}

func TestChangesOfWhatIsSeenLeaveWhatIsWatchedAlone(t *testing.T) {
	t.Parallel()
	put := func(eps ...registry.Endpoint) registry.Delta { return registry.Delta{PutEndpoints: eps} }
	for name, tt := range map[string]struct {
		delta registry.Delta
		same  bool
		want  string // of what is watched
		left  string
	}{
		"one more is seen":        {put(registry.Endpoint{ID: "e-seen", Merchant: "ghost", Origin: registry.OriginSeen}), true, "no change", "a-file c-api"},
		"one is seen no more":     {registry.Delta{DropEndpoints: []string{"d-seen"}, DropMerchants: []string{"ghost"}}, true, "no change", "a-file c-api"},
		"one is taken over":       {put(registry.Endpoint{ID: "b-seen", Merchant: "shop", URL: "https://shop.example/b", Origin: registry.OriginAPI}), false, "endpoints +1 -0 ~0", "a-file b-seen c-api"},
		"one of a ghost is, too":  {put(registry.Endpoint{ID: "d-seen", Merchant: "ghost", URL: "https://g.example/", Origin: registry.OriginAPI}), false, "endpoints +1 -0 ~0", "a-file c-api d-seen"},
		"a watched one is gone":   {registry.Delta{DropEndpoints: []string{"c-api", "d-seen"}}, false, "endpoints +0 -1 ~0", "a-file"},
		"a watched one is paused": {put(registry.Endpoint{ID: "c-api", Merchant: "shop", URL: "https://shop.example/c", Suspended: true, Origin: registry.OriginAPI}), false, "endpoints +0 -0 ~1", "a-file c-api"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, snap := seenSnapshot(t)
			next, diff, faults := snap.Apply(tt.delta, registry.DefaultDefaults())
			if len(faults) > 0 || diff.Empty() {
				t.Fatalf("faults %v, diff %s", faults, diff)
			}
			if got := snap.Registered() == next.Registered(); got != tt.same {
				t.Errorf("what is registered is the same: %t, want %t", got, tt.same)
			}
			if got := diff.Within(snap.Registered(), next.Registered()).String(); got != tt.want {
				t.Errorf("of what is watched: %s, want %s", got, tt.want)
			}
			if got := idsIn(next.Endpoints()); got != tt.left {
				t.Errorf("watched: %s, want %s", got, tt.left)
			}
		})
	}
}

func TestFileTakesOverWhatWasSeenAndGivesItBack(t *testing.T) {
	t.Parallel()
	stored, _ := seenSnapshot(t)
	file := registry.Records{
		Merchants: []registry.Merchant{{ID: "ghost", Origin: registry.OriginFile}},
		Endpoints: []registry.Endpoint{{ID: "d-seen", Merchant: "ghost", URL: "https://g.example/", Origin: registry.OriginFile}},
	}
	merged, _ := registry.Merge(file, stored)
	got := strings.Join(lines(merged), "\n")
	for _, want := range []string{"merchant ghost file", "merchant shop api", "endpoint d-seen ghost file", "endpoint b-seen shop seen", "endpoint c-api shop api"} {
		if !strings.Contains(got, want) {
			t.Errorf("got\n%s\nwant %s in it", got, want)
		}
	}

	stored.Endpoints = slices.DeleteFunc(stored.Endpoints, func(ep registry.Endpoint) bool { return ep.ID == "c-api" })
	stored.Merchants[0].Digest.To = []string{"ops@shop.example"}
	merged, d := registry.Merge(registry.Records{}, stored)
	i := slices.IndexFunc(merged.Merchants, func(m registry.Merchant) bool { return m.ID == "shop" })
	if i < 0 || merged.Merchants[i].Origin != registry.OriginSeen || len(merged.Merchants[i].Digest.To) != 0 {
		t.Errorf("a merchant that left the file and has seen endpoints: %+v, want it seen and mailed nothing", merged.Merchants)
	}
	if !slices.Contains(deltaLines(d), "merchant shop seen") {
		t.Errorf("the store learns %q", deltaLines(d))
	}
}

func BenchmarkSee(b *testing.B) {
	rec, defaults := manyRecords(1), registry.DefaultDefaults()
	for i := range rec.Endpoints {
		rec.Endpoints[i].Origin = registry.OriginSeen
	}
	snap, _ := registry.Build(rec, defaults)
	list := make([]registry.Sighting, 1000)
	for i := range list {
		list[i] = registry.Sighting{ID: fmt.Sprint("new-", i), Merchant: fmt.Sprint("m-", i), URL: fmt.Sprintf("https://m%d.example/hook", i)}
	}
	b.ReportAllocs()
	for b.Loop() {
		_, d, _ := rec.See(list)
		if next, _, _ := snap.Apply(d, defaults); len(next.KnownEndpoints()) != manyEndpoints+1000 {
			b.Fatal(len(next.KnownEndpoints()))
		}
	}
}
