package registry_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
)

// resolve returns a good endpoint, ready.
func resolve(t *testing.T, ep registry.Endpoint, d registry.Defaults) registry.Watched {
	t.Helper()
	w, faults := registry.ResolveEndpoint(ep, d)
	for _, f := range faults {
		if !f.Warning {
			t.Fatalf("fault %+v, want none", f)
		}
	}
	return w
}

func TestDefaultsAreThoseOfTheDesign(t *testing.T) {
	t.Parallel()
	w := resolve(t, endpoint(nil), registry.DefaultDefaults())
	if want := (probes.Policy{
		Level: probes.LevelReach, Interval: time.Minute, Timeout: 30 * time.Second, AckBudget: 5 * time.Second,
		Confirm: 2, ConfirmAfter: 10 * time.Second,
	}); w.Probe.Policy != want {
		t.Errorf("probe %+v, want %+v", w.Probe.Policy, want)
	}
	watch := certificate.Threshold{Share: 0.25, Cap: 30 * day}
	page := certificate.Threshold{Share: 0.10, Cap: 7 * day}
	if w.Watch.Interval != 15*time.Minute || w.Watch.Target.Timeout != 10*time.Second || w.Watch.Policy.WarnBelow != watch || w.Watch.Policy.PageBelow != page {
		t.Errorf("certificate %+v, want 15m, 10s, %+v, %+v", w.Watch, watch, page)
	}
	if xendit, _ := deliveries.Preset("xendit"); !reflect.DeepEqual(w.Schedule, xendit) || w.Deadline != 30*time.Second {
		t.Errorf("schedule %+v, deadline %v, want xendit and 30s", w.Schedule, w.Deadline)
	}
}

func TestEveryProbeDefaultGivesWay(t *testing.T) {
	t.Parallel()
	d := registry.DefaultDefaults()
	d.Probe = probes.Policy{
		Level: probes.LevelRefuse, Interval: 2 * time.Minute, Timeout: 20 * time.Second, AckBudget: 4 * time.Second,
		Confirm: 3, ConfirmAfter: 20 * time.Second, KeepAlive: true, AllowCleartext: true,
	}
	if got := resolve(t, endpoint(nil), d).Probe.Policy; got != d.Probe {
		t.Errorf("without a word of its own: %+v, want %+v", got, d.Probe)
	}
	for name, tt := range map[string]struct {
		spec   registry.ProbeSpec
		change func(*probes.Policy)
	}{
		"level":               {registry.ProbeSpec{Level: new(probes.LevelPing)}, func(p *probes.Policy) { p.Level = probes.LevelPing }},
		"interval":            {registry.ProbeSpec{Interval: span(time.Hour)}, func(p *probes.Policy) { p.Interval = time.Hour }},
		"timeout":             {registry.ProbeSpec{Timeout: span(10 * time.Second)}, func(p *probes.Policy) { p.Timeout = 10 * time.Second }},
		"a timeout of 30s":    {registry.ProbeSpec{Timeout: span(30 * time.Second)}, func(p *probes.Policy) { p.Timeout = 30 * time.Second }},
		"ack budget":          {registry.ProbeSpec{AckBudget: span(time.Second)}, func(p *probes.Policy) { p.AckBudget = time.Second }},
		"no confirmation":     {registry.ProbeSpec{Confirm: new(0)}, func(p *probes.Policy) { p.Confirm = 0 }},
		"confirm after":       {registry.ProbeSpec{ConfirmAfter: span(time.Minute)}, func(p *probes.Policy) { p.ConfirmAfter = time.Minute }},
		"no keep-alive":       {registry.ProbeSpec{KeepAlive: new(false)}, func(p *probes.Policy) { p.KeepAlive = false }},
		"nothing in clear":    {registry.ProbeSpec{AllowCleartext: new(false)}, func(p *probes.Policy) { p.AllowCleartext = false }},
		"a timeout as budget": {registry.ProbeSpec{Timeout: span(4 * time.Second)}, func(p *probes.Policy) { p.Timeout = 4 * time.Second }},
		"a timeout below the ack budget shrinks it": {
			registry.ProbeSpec{Timeout: span(3 * time.Second)},
			func(p *probes.Policy) { p.Timeout, p.AckBudget = 3*time.Second, 3*time.Second },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := d.Probe
			tt.change(&want)
			if got := resolve(t, endpoint(withProbe(tt.spec)), d).Probe.Policy; got != want {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		})
	}
}

func TestThresholdsAreCapped(t *testing.T) {
	t.Parallel()
	byShare, byDays := registry.DefaultDefaults(), registry.DefaultDefaults()
	byShare.Certificate.Policy.WarnBelow = certificate.Threshold{Share: 0.5, Cap: 40 * day}
	byDays.Certificate.Policy.WarnBelow = *life(21 * day)
	for name, tt := range map[string]struct {
		d     registry.Defaults
		given *certificate.Threshold
		want  certificate.Threshold
	}{
		"nothing given":                       {byShare, nil, certificate.Threshold{Share: 0.5, Cap: 40 * day}},
		"a share takes the default's cap":     {byShare, share(0.3), certificate.Threshold{Share: 0.3, Cap: 40 * day}},
		"a share with a cap keeps it":         {byShare, &certificate.Threshold{Share: 0.3, Cap: 90 * day}, certificate.Threshold{Share: 0.3, Cap: 90 * day}},
		"days are days":                       {byShare, life(60 * day), certificate.Threshold{Cap: 60 * day}},
		"days in the defaults":                {byDays, nil, certificate.Threshold{Cap: 21 * day}},
		"a share over days: the built-in cap": {byDays, share(0.3), certificate.Threshold{Share: 0.3, Cap: 30 * day}},
		"a whole life":                        {byShare, share(1), certificate.Threshold{Share: 1, Cap: 40 * day}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := resolve(t, endpoint(withCertificate(registry.CertificateSpec{WarnBelow: tt.given})), tt.d)
			if got := w.Watch.Policy.WarnBelow; got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
			if got := w.Watch.Policy.PageBelow; got != tt.d.Certificate.Policy.PageBelow {
				t.Errorf("page_below %+v, want the default's", got)
			}
		})
	}
	w := resolve(t, endpoint(withCertificate(registry.CertificateSpec{PageBelow: share(0.2)})), byShare)
	if want := (certificate.Threshold{Share: 0.2, Cap: 7 * day}); w.Watch.Policy.PageBelow != want {
		t.Errorf("page_below %+v, want %+v", w.Watch.Policy.PageBelow, want)
	}
}

func TestPinsAddToTheDefaultsAndAreNotShared(t *testing.T) {
	t.Parallel()
	d := registry.DefaultDefaults()
	d.Certificate.Policy.Pins = make([]certificate.Pin, 1, 8) // room to write into by mistake
	d.Certificate.Policy.Pins[0] = certificate.Pin{0xdd}
	pinned := func(hex string) []certificate.Pin {
		w := resolve(t, endpoint(withCertificate(registry.CertificateSpec{Pins: []string{strings.Repeat(hex, 32)}})), d)
		return w.Watch.Policy.Pins
	}
	of := func(b byte) certificate.Pin { return certificate.Pin(slices.Repeat([]byte{b}, 32)) }
	first, second := pinned("a1"), pinned("B2")
	if want := []certificate.Pin{{0xdd}, of(0xa1)}; !slices.Equal(first, want) {
		t.Errorf("first %x, want %x", first, want)
	}
	if want := []certificate.Pin{{0xdd}, of(0xb2)}; !slices.Equal(second, want) {
		t.Errorf("second %x, want %x", second, want)
	}
	if w := resolve(t, endpoint(nil), d); !slices.Equal(w.Watch.Policy.Pins, []certificate.Pin{{0xdd}}) {
		t.Errorf("defaults %x, want the one pin", w.Watch.Policy.Pins)
	}
}

func TestEndpointIsReadyForBothSignals(t *testing.T) {
	t.Parallel()
	d := registry.DefaultDefaults()
	d.Roots = x509.NewCertPool()
	material := registry.Material{Roots: x509.NewCertPool(), ClientCert: &tls.Certificate{}, Served: []*x509.Certificate{{}}}
	ep := endpoint(func(ep *registry.Endpoint) {
		ep.URL = "https://Hooks.Toko.example:8443/payout?key=hunter2"
		ep.Token, ep.TokenHeader, ep.Signature = "hunter2", "X-Toko", probes.SchemeToken
		ep.Schedule, ep.Deadline = "none", span(10*time.Second)
		ep.Probe.Body, ep.Material = json.RawMessage(`{"note":"x"}`), material
	})
	w := resolve(t, ep, d)
	if w.Shown != "https://hooks.toko.example:8443/payout" {
		t.Errorf("shown as %q", w.Shown)
	}
	p := w.Probe
	if p.ID != ep.ID || p.URL.String() != "https://hooks.toko.example:8443/payout?key=hunter2" || p.Token != "hunter2" || p.TokenHeader != "X-Toko" ||
		p.Scheme != probes.SchemeToken || string(p.Body) != `{"note":"x"}` || p.Roots != material.Roots || p.ClientCert != material.ClientCert {
		t.Errorf("probe %+v", p)
	}
	target := w.Watch.Target
	if target.ID != ep.ID || target.Host != "hooks.toko.example" || target.Port != 8443 || target.Own || target.ClientCert != material.ClientCert {
		t.Errorf("target %+v", target)
	}
	if pol := w.Watch.Policy; pol.Roots != material.Roots || len(pol.Served) != 1 {
		t.Errorf("policy %+v", pol)
	}
	if w.Schedule.Name != "none" || len(w.Schedule.Offsets) != 0 || w.Deadline != 10*time.Second {
		t.Errorf("schedule %+v, deadline %v", w.Schedule, w.Deadline)
	}
	if w := resolve(t, endpoint(nil), d); w.Probe.Roots != d.Roots || w.Watch.Policy.Roots != d.Roots || w.Watch.Target.Port != 443 {
		t.Errorf("without files of its own: roots %p %p, want the defaults'", w.Probe.Roots, w.Watch.Policy.Roots)
	}
	if w := resolve(t, endpoint(func(ep *registry.Endpoint) { ep.URL = "http://toko.example/" }), d); w.Watch != nil {
		t.Errorf("http:// has a certificate to watch: %+v", w.Watch)
	}
}
