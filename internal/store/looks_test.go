package store_test

import (
	"bytes"
	"log/slog"
	"net/netip"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/internal/store"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
)

// look returns a memory with every kind of value that it can hold.
func look(id string) store.Look {
	at := time.Date(2025, 11, 11, 12, 0, 0, 123456789, time.UTC)
	seen := certificate.Remembered{Fingerprint: "f1", SPKI: "s1", Issuer: "R11", NotBefore: at.Add(-time.Hour), At: at}
	return store.Look{
		Subject: store.Subject{Kind: store.KindEndpoint, ID: id},
		URL:     "https://hooks.example.com/" + id,
		Probe: &probes.Memory{
			Last: probes.Result{EndpointID: id, At: at, Took: 1234567 * time.Nanosecond, Level: probes.LevelReach, Verdict: probes.Degraded, Fault: probes.FaultNone,
				Notes: probes.NoteSlow | probes.NoteCertExpiring, Status: 204, Phases: probes.Phases{Resolve: 1, Wait: time.Second},
				Addr: netip.MustParseAddrPort("[2001:db8::1]:443"), Detail: "slow: 6s", TLSVersion: 0x304, LeafExpiry: at},
			Proven: []probes.Level{probes.LevelTLS, probes.LevelReach}, LastHealthy: at, Failures: 2, FirstFailure: at, Gone: 1,
		},
		Certificate: &certificate.Memory{Addresses: map[string]certificate.Remembered{"192.0.2.1:443": seen, "[2001:db8::1]:443": seen}},
		Report: &certificate.Report{At: at, Verdict: certificate.Warn, Faults: []certificate.Fault{certificate.FaultExpiring}, Notes: []certificate.Fault{}, NotAfter: at,
			Addresses: []certificate.AddressReport{{Address: "192.0.2.1:443", Verdict: certificate.Warn, Faults: []certificate.Fault{}, Notes: []certificate.Fault{}, NotAfter: at,
				Chain: []certificate.Link{{Subject: "CN=hooks.example.com", SANs: []string{"hooks.example.com"}, NotAfter: at, Fingerprint: "f1"}}}}},
	}
}

func save(t *testing.T, s *store.Store, looks ...store.Look) {
	t.Helper()
	if err := s.SaveLooks(t.Context(), looks); err != nil {
		t.Fatal(err)
	}
}

func wantLooks(t *testing.T, s *store.Store, want ...store.Look) {
	t.Helper()
	got, err := s.Looks(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) && len(got)+len(want) > 0 {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestLooksComeBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, dir)
	same := look("a")
	same.Kind = store.KindTarget // a target and an endpoint may have one ID
	probed := store.Look{Subject: store.Subject{Kind: store.KindEndpoint, ID: "b"}, URL: "http://example.com", Probe: look("b").Probe}
	save(t, s, same, probed, look("a"))
	shut(t, s)
	wantLooks(t, open(t, dir), look("a"), probed, same)
}

func TestALookKeepsWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	old := look("a")
	probe := *old.Probe
	probe.Failures = 9
	fewer := &certificate.Memory{Addresses: map[string]certificate.Remembered{"192.0.2.9:443": {Fingerprint: "f9"}}}
	tests := map[string]struct {
		next, want store.Look
	}{
		"the probe alone":            {store.Look{Subject: old.Subject, URL: old.URL, Probe: &probe}, store.Look{Subject: old.Subject, URL: old.URL, Probe: &probe, Certificate: old.Certificate, Report: old.Report}},
		"the certificate alone":      {store.Look{Subject: old.Subject, URL: old.URL, Certificate: fewer}, store.Look{Subject: old.Subject, URL: old.URL, Probe: old.Probe, Certificate: fewer, Report: old.Report}},
		"another URL forgets":        {store.Look{Subject: old.Subject, URL: "https://new.example.com", Probe: &probe}, store.Look{Subject: old.Subject, URL: "https://new.example.com", Probe: &probe}},
		"another URL, a certificate": {store.Look{Subject: old.Subject, URL: "https://new.example.com", Certificate: fewer}, store.Look{Subject: old.Subject, URL: "https://new.example.com", Certificate: fewer}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t, t.TempDir())
			save(t, s, old, look("b"))
			save(t, s, tc.next)
			wantLooks(t, s, tc.want, look("b"))
		})
	}
}

func TestDropLooksForgets(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	target := look("a")
	target.Kind = store.KindTarget
	save(t, s, look("a"), target)
	if err := s.DropLooks(t.Context(), []store.Subject{look("a").Subject, {Kind: store.KindFile, ID: "never"}}); err != nil {
		t.Fatal(err)
	}
	wantLooks(t, s, target)
	save(t, s, store.Look{Subject: look("a").Subject, URL: look("a").URL, Probe: look("a").Probe})
	wantLooks(t, s, store.Look{Subject: look("a").Subject, URL: look("a").URL, Probe: look("a").Probe}, target) // no certificate came back
}

func TestSaveLooksIsAllOrNothing(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	bad := look("b")
	bad.Kind = ""
	err := s.SaveLooks(t.Context(), []store.Look{look("a"), bad})
	if err == nil || !strings.HasPrefix(err.Error(), `save looks:  "b": `) {
		t.Errorf("got %v", err)
	}
	wantLooks(t, s)
}

func TestAMemoryOfAnotherVersionIsLeftOut(t *testing.T) {
	t.Parallel()
	for name, q := range map[string]string{
		"a later version":   `UPDATE last_result SET version = 99 WHERE endpoint = 'a'; UPDATE certificate_seen SET version = 99 WHERE endpoint = 'a'`,
		"a word of its own": `UPDATE last_result SET probe = replace(probe, '"slow"', '"sluggish"'), report = NULL WHERE endpoint = 'a'; DELETE FROM certificate_seen WHERE endpoint = 'a'`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s := open(t, dir)
			save(t, s, look("a"), look("b"))
			shut(t, s)
			edit(t, filepath.Join(dir, "facts.db"), q)
			var log bytes.Buffer
			s, err := store.Open(t.Context(), dir, slog.New(slog.NewTextHandler(&log, nil)))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { shut(t, s) })
			wantLooks(t, s, look("b"))
			if got := log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "count=") {
				t.Errorf("log %q, want one line with a count", got)
			}
			save(t, s, look("a"))
			wantLooks(t, s, look("a"), look("b"))
		})
	}
}

func TestLooksNeedNoRegistry(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	save(t, s, look("a"))
	commit(t, s, some("a", 1, registry.OriginAPI))
	wantLooks(t, s, look("a"))
	if err := s.SaveLooks(t.Context(), nil); err != nil {
		t.Error(err)
	}
	if err := s.DropLooks(t.Context(), nil); err != nil {
		t.Error(err)
	}
}
