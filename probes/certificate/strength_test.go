package certificate_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"slices"
	"testing"
	"time"

	. "github.com/hookvigil/hookvigil/probes/certificate"
)

func TestKeysAreDescribedAndJudged(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	small, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for want, c := range map[string]struct {
		key  crypto.Signer
		weak bool
	}{
		"RSA 2048": {key: rsaKey(t, 2048)}, "Ed25519": {key: edwards}, "ECDSA P-256": {key: newKey(t)},
		"ECDSA P-224": {key: small, weak: true}, "RSA 1024": {key: rsaKey(t, 1024), weak: true},
	} {
		r := judge(p.policy(), p.sub.leafFor(t, c.key), p.sub)
		if got := r.Addresses[0].Chain[0].Key; got != want || slices.Contains(r.Faults, FaultWeakKey) != c.weak {
			t.Errorf("got %q with %v, want %q, weak %t", got, r.Faults, want, c.weak)
		}
	}
}

func TestLongestPublicLifeByDayOfIssue(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	date := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }
	for _, c := range []struct {
		issued time.Time
		days   int
	}{
		{date(2026, 3, 14), 398},
		{date(2026, 3, 15), 200},
		{date(2027, 3, 14), 200},
		{date(2027, 3, 15), 100},
		{date(2029, 3, 15), 47},
	} {
		for extra, long := range map[time.Duration]bool{0: false, time.Second: true} {
			leaf := p.sub.leaf(t, valid(c.issued, c.issued.AddDate(0, 0, c.days).Add(extra)))
			r, _ := Judge(target, []Seen{seenAt("192.0.2.1:443", chain(leaf, p.sub))}, p.policy(), Memory{}, c.issued.Add(day))
			if got := slices.Contains(r.Notes, FaultLifetimeLong); got != long || r.Verdict != OK {
				t.Errorf("%d days and %s, issued %s: long %t, verdict %s; want %t and ok", c.days, extra, c.issued.Format(time.DateOnly), got, r.Verdict, long)
			}
		}
	}
}
