package registry_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/probes"
)

const levelPing = probes.LevelPing

func TestCompareNamesWhatIsNew(t *testing.T) {
	t.Parallel()
	none := registry.Changes{Added: []string{}, Removed: []string{}, Changed: []string{}}
	for name, tt := range map[string]struct {
		change func(*registry.Records)
		want   registry.Diff
		text   string
	}{
		"nothing": {
			func(*registry.Records) {},
			registry.Diff{Merchants: none, Endpoints: none, Targets: none}, "no change",
		},
		"another order": {
			func(r *registry.Records) {
				slices.Reverse(r.Endpoints)
				slices.Reverse(r.Merchants)
				slices.Reverse(r.Targets)
			},
			registry.Diff{Merchants: none, Endpoints: none, Targets: none}, "no change",
		},
		"two endpoints more": {
			func(r *registry.Records) {
				r.Endpoints = append(r.Endpoints, registry.Endpoint{ID: "z", Merchant: "toko", URL: "https://z.example/"},
					registry.Endpoint{ID: "b", Merchant: "toko", URL: "https://b.example/"})
			},
			registry.Diff{Merchants: none, Endpoints: registry.Changes{Added: []string{"b", "z"}, Removed: []string{}, Changed: []string{}}, Targets: none},
			"endpoints +2 -0 ~0",
		},
		"a merchant less, with its endpoints": {
			func(r *registry.Records) { r.Merchants, r.Endpoints = r.Merchants[1:], r.Endpoints[1:2] },
			registry.Diff{
				Merchants: registry.Changes{Added: []string{}, Removed: []string{"toko"}, Changed: []string{}},
				Endpoints: registry.Changes{Added: []string{}, Removed: []string{"toko-a", "toko-b"}, Changed: []string{}}, Targets: none,
			},
			"merchants +0 -1 ~0, endpoints +0 -2 ~0",
		},
		"some of each kind": {
			func(r *registry.Records) {
				r.Merchants[0].Name = "Toko Baru"
				r.Endpoints[0].URL, r.Endpoints[2].ID = "https://toko.example/new", "toko-c"
				r.Targets[0].Address, r.Targets[1].ID = "vault:8443", "new"
			},
			registry.Diff{
				Merchants: registry.Changes{Added: []string{}, Removed: []string{}, Changed: []string{"toko"}},
				Endpoints: registry.Changes{Added: []string{"toko-c"}, Removed: []string{"toko-a"}, Changed: []string{"toko-b"}},
				Targets:   registry.Changes{Added: []string{"new"}, Removed: []string{"ledger"}, Changed: []string{"vault"}},
			},
			"merchants +0 -0 ~1, endpoints +1 -1 ~1, targets +1 -1 ~1",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			next := some()
			tt.change(&next)
			got := build(t, some()).Compare(build(t, next))
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got  %+v\nwant %+v", got, tt.want)
			}
			if got.String() != tt.text || got.Empty() != (tt.text == "no change") {
				t.Errorf("shown as %q, empty %t; want %q", got, got.Empty(), tt.text)
			}
		})
	}
}

func TestCompareWithNothing(t *testing.T) {
	t.Parallel()
	snap := build(t, some())
	if got, want := (*registry.Snapshot)(nil).Compare(snap).String(), "merchants +2 -0 ~0, endpoints +3 -0 ~0, targets +2 -0 ~0"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := snap.Compare(&registry.Snapshot{}).String(), "merchants +0 -2 ~0, endpoints +0 -3 ~0, targets +0 -2 ~0"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	b, err := json.Marshal(snap.Compare(snap).Targets)
	if want := `{"added":[],"removed":[],"changed":[]}`; err != nil || string(b) != want {
		t.Errorf("in JSON %s, %v; want %s", b, err, want)
	}
}

// fullEndpoint sets every field of a record.
func fullEndpoint() registry.Endpoint {
	return registry.Endpoint{
		ID: "e", Merchant: "m", URL: "https://e.example/?q=1", Products: []string{"A"}, Token: "t1", TokenFile: "t", TokenHeader: "X-A",
		Signature: probes.SchemeToken, Schedule: "svix", Deadline: span(9 * time.Second), Origin: registry.OriginAPI,
		Probe:       registry.ProbeSpec{Level: new(levelPing), Interval: span(time.Minute), Body: json.RawMessage(`{"a":1}`)},
		Certificate: registry.CertificateSpec{Pins: []string{strings.Repeat("ab", 32)}, CAFile: "ca.pem", WarnBelow: share(0.2)},
		Material:    registry.Material{Fingerprint: "f1", Roots: x509.NewCertPool(), ClientCert: &tls.Certificate{}},
	}
}

func TestWhatCountsAsAChangeOfAnEndpoint(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change  func(*registry.Endpoint, *registry.Defaults)
		changed bool
	}{
		"nothing":                   {func(*registry.Endpoint, *registry.Defaults) {}, false},
		"the path":                  {func(ep *registry.Endpoint, _ *registry.Defaults) { ep.URL = "https://e.example/x?q=1" }, true},
		"the query alone":           {func(ep *registry.Endpoint, _ *registry.Defaults) { ep.URL = "https://e.example/?q=2" }, true},
		"a rotated token":           {func(ep *registry.Endpoint, _ *registry.Defaults) { ep.Token = "t2" }, true},
		"a token taken away":        {func(ep *registry.Endpoint, _ *registry.Defaults) { ep.Token = "" }, true},
		"a rotated CA":              {func(ep *registry.Endpoint, _ *registry.Defaults) { ep.Material.Fingerprint = "f2" }, true},
		"another merchant":          {func(ep *registry.Endpoint, _ *registry.Defaults) { ep.Merchant = "n" }, true},
		"another origin":            {func(ep *registry.Endpoint, _ *registry.Defaults) { ep.Origin = registry.OriginFile }, true},
		"suspended":                 {func(ep *registry.Endpoint, _ *registry.Defaults) { ep.Suspended = true }, true},
		"a product":                 {func(ep *registry.Endpoint, _ *registry.Defaults) { ep.Products = []string{"A", "B"} }, true},
		"the probe's body":          {func(ep *registry.Endpoint, _ *registry.Defaults) { ep.Probe.Body = json.RawMessage(`{"a":2}`) }, true},
		"an interval of its own":    {func(ep *registry.Endpoint, _ *registry.Defaults) { ep.Probe.Interval = span(time.Hour) }, true},
		"a pin":                     {func(ep *registry.Endpoint, _ *registry.Defaults) { ep.Certificate.Pins = nil }, true},
		"a default timeout":         {func(_ *registry.Endpoint, d *registry.Defaults) { d.Probe.Timeout = 20 * time.Second }, true},
		"a default confirmation":    {func(_ *registry.Endpoint, d *registry.Defaults) { d.Probe.Confirm = 3 }, true},
		"a default look":            {func(_ *registry.Endpoint, d *registry.Defaults) { d.Certificate.Interval = time.Hour }, true},
		"a default look's timeout":  {func(_ *registry.Endpoint, d *registry.Defaults) { d.Certificate.Timeout = time.Second }, true},
		"a default threshold":       {func(_ *registry.Endpoint, d *registry.Defaults) { d.Certificate.Policy.PageBelow.Share = 0.15 }, true},
		"a default threshold's cap": {func(_ *registry.Endpoint, d *registry.Defaults) { d.Certificate.Policy.PageBelow.Cap = 6 * day }, true},
		"a default pin": {func(_ *registry.Endpoint, d *registry.Defaults) {
			d.Certificate.Policy.Pins = append(d.Certificate.Policy.Pins, [32]byte{1})
		}, true},
		"a default that is not used": {func(_ *registry.Endpoint, d *registry.Defaults) {
			d.Schedule, d.Probe.Level, d.Probe.Interval = "none", "tls", time.Hour
		}, false},
		"files read again": {func(ep *registry.Endpoint, _ *registry.Defaults) {
			ep.Material.Roots, ep.Material.ClientCert = x509.NewCertPool(), &tls.Certificate{}
		}, false},
		"the same values elsewhere": {func(ep *registry.Endpoint, _ *registry.Defaults) {
			ep.Products, ep.Deadline, ep.Probe.Level = slices.Clone(ep.Products), span(9*time.Second), new(levelPing)
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ep, d := fullEndpoint(), registry.DefaultDefaults()
			rec := registry.Records{Merchants: []registry.Merchant{{ID: "m"}, {ID: "n"}}, Endpoints: []registry.Endpoint{ep}}
			old, faults := registry.Build(rec, d)
			tt.change(&ep, &d)
			rec.Endpoints = []registry.Endpoint{ep}
			next, more := registry.Build(rec, d)
			for _, f := range append(faults, more...) {
				if !f.Warning {
					t.Fatal(f)
				}
			}
			if got := slices.Equal(old.Compare(next).Endpoints.Changed, []string{"e"}); got != tt.changed {
				t.Errorf("changed = %t, want %t: %s", got, tt.changed, old.Compare(next))
			}
		})
	}
}

func TestWhatCountsAsAChangeOfATarget(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change  func(*registry.Target, *registry.Defaults)
		changed bool
	}{
		"nothing":              {func(*registry.Target, *registry.Defaults) {}, false},
		"the port":             {func(tg *registry.Target, _ *registry.Defaults) { tg.Address = "t:8443" }, true},
		"the server name":      {func(tg *registry.Target, _ *registry.Defaults) { tg.ServerName = "t.internal" }, true},
		"a rotated CA":         {func(tg *registry.Target, _ *registry.Defaults) { tg.Material.Fingerprint = "f2" }, true},
		"an interval":          {func(tg *registry.Target, _ *registry.Defaults) { tg.Interval = span(time.Hour) }, true},
		"a default look":       {func(_ *registry.Target, d *registry.Defaults) { d.Certificate.Interval = time.Hour }, true},
		"a default threshold":  {func(_ *registry.Target, d *registry.Defaults) { d.Certificate.Policy.WarnBelow.Share = 0.5 }, true},
		"a default of a probe": {func(_ *registry.Target, d *registry.Defaults) { d.Probe.Interval, d.Schedule = time.Hour, "none" }, false},
		"files read again":     {func(tg *registry.Target, _ *registry.Defaults) { tg.Material.Roots = x509.NewCertPool() }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			target, d := registry.Target{ID: "t", Address: "t:443", Material: registry.Material{Fingerprint: "f1"}}, registry.DefaultDefaults()
			old, _ := registry.Build(registry.Records{Targets: []registry.Target{target}}, d)
			tt.change(&target, &d)
			next, faults := registry.Build(registry.Records{Targets: []registry.Target{target}}, d)
			if len(faults) != 0 {
				t.Fatal(faults)
			}
			if got := slices.Equal(old.Compare(next).Targets.Changed, []string{"t"}); got != tt.changed {
				t.Errorf("changed = %t, want %t", got, tt.changed)
			}
		})
	}
}

// TestEveryFieldOfAMerchantCounts sets one field after the other, so that a
// field added later is not forgotten.
func TestEveryFieldOfAMerchantCounts(t *testing.T) {
	t.Parallel()
	old := build(t, registry.Records{Merchants: []registry.Merchant{{ID: "m"}}})
	values := map[string]string{"Timezone": "Asia/Jakarta", "Language": "id", "Digest.Mode": "daily"}
	var visit func(path string, of func(*registry.Merchant) reflect.Value)
	visit = func(path string, of func(*registry.Merchant) reflect.Value) {
		m := registry.Merchant{ID: "m"}
		switch v := of(&m); v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				visit(strings.TrimPrefix(path+"."+v.Type().Field(i).Name, "."), func(m *registry.Merchant) reflect.Value { return of(m).Field(i) })
			}
			return
		case reflect.String:
			value := "x"
			if special, ok := values[path]; ok {
				value = special
			}
			v.SetString(value)
		case reflect.Slice:
			v.Set(reflect.ValueOf([]string{"a@b.example"}))
		default:
			t.Fatalf("%s is of a kind that this test does not know: %s", path, v.Kind())
		}
		if path == "ID" {
			return
		}
		next := build(t, registry.Records{Merchants: []registry.Merchant{m}})
		if got := old.Compare(next).Merchants.Changed; !slices.Equal(got, []string{"m"}) {
			t.Errorf("a new %s is no change: %v", path, got)
		}
	}
	visit("", func(m *registry.Merchant) reflect.Value { return reflect.ValueOf(m).Elem() })

	same := registry.Merchant{ID: "m", Digest: registry.Digest{To: []string{}}, Incidents: registry.Contacts{To: []string{}}}
	if diff := old.Compare(build(t, registry.Records{Merchants: []registry.Merchant{same}})); !diff.Empty() {
		t.Errorf("an empty list in place of none: %s, want no change", diff)
	}
}

// TestNoSecretCanBeReadFromAnEndpoint prints what was resolved in every way.
func TestNoSecretCanBeReadFromAnEndpoint(t *testing.T) {
	t.Parallel()
	ep := fullEndpoint()
	ep.Token = "hunter2-hunter2"
	w := resolve(t, ep, registry.DefaultDefaults())
	b, err := json.Marshal(w.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{fmt.Sprintf("%v", w), fmt.Sprintf("%+v", w), fmt.Sprintf("%#v", w), string(b)} {
		if strings.Contains(text, "hunter2") {
			t.Errorf("the token shows in %s", text)
		}
	}
}
