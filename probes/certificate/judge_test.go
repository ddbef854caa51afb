package certificate_test

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"maps"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	. "github.com/hookvigil/hookvigil/probes/certificate"
)

func TestAGoodChainHasNothingToSay(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	r, m := Judge(target, []Seen{seenAt("192.0.2.1:443", chain(p.leaf, p.sub))}, p.policy(), Memory{}, now)
	if r.Verdict != OK || len(r.Faults) != 0 || len(r.Notes) != 0 || r.Detail != "" {
		t.Errorf("got %s %v %v %q, want ok and silence", r.Verdict, r.Faults, r.Notes, r.Detail)
	}
	a := r.Addresses[0]
	if !a.NotAfter.Equal(p.leaf.cert.NotAfter) || !a.PathEnd.Equal(p.leaf.cert.NotAfter) || len(a.Chain) != 2 || a.Page {
		t.Errorf("address %+v, want the leaf's end twice and two links", a)
	}
	l := a.Chain[0]
	if l.Key != "ECDSA P-256" || l.Signature != "ECDSA-SHA256" || l.CA || !slices.Equal(l.SANs, []string{host}) || len(l.SPKI) != 64 {
		t.Errorf("link %+v, want the leaf described", l)
	}
	if got := m.Addresses["192.0.2.1:443"]; got.Fingerprint != l.Fingerprint || !got.At.Equal(now) {
		t.Errorf("remembered %+v, want the leaf", got)
	}
}

func TestLastSecondAndTheSecondAfter(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	end := now.Add(-90 * day).Add(90 * day)
	leaf := p.sub.leaf(t, valid(now.Add(-90*day), end))
	for name, c := range map[string]struct {
		at   time.Time
		want Fault
	}{
		"the second before the first":  {now.Add(-90*day - time.Second), FaultNotYetValid},
		"the first second":             {now.Add(-90 * day), ""},
		"the last second":              {end, FaultExpiring},
		"the second after":             {end.Add(time.Second), FaultExpiredLeaf},
		"a quarter left, exactly":      {end.Add(-22*day - 12*time.Hour), ""},
		"a second less than a quarter": {end.Add(-22*day - 12*time.Hour + time.Second), FaultExpiring},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, _ := Judge(target, []Seen{seenAt("192.0.2.1:443", chain(leaf, p.sub))}, p.policy(), Memory{}, c.at)
			got := Fault("")
			if len(r.Faults) > 0 {
				got = r.Faults[0]
			}
			if got != c.want {
				t.Errorf("got %q, want %q (%s)", got, c.want, r.Detail)
			}
		})
	}
}

// The table of reference certs.md section 5, and the lives to come.
func TestThresholdsByLifetime(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	for life, c := range map[time.Duration]struct{ warn, page time.Duration }{
		160 * time.Hour: {40 * time.Hour, 16 * time.Hour},
		45 * day:        {45 * day / 4, 45 * day / 10},
		47 * day:        {47 * day / 4, 47 * day / 10},
		64 * day:        {16 * day, 64 * day / 10},
		90 * day:        {90 * day / 4, 7 * day},
		100 * day:       {25 * day, 7 * day},
		200 * day:       {30 * day, 7 * day},
		398 * day:       {30 * day, 7 * day},
	} {
		t.Run(fmt.Sprint(life), func(t *testing.T) {
			t.Parallel()
			leaf := p.sub.leaf(t, valid(now, now.Add(life)))
			for _, left := range []time.Duration{c.warn, c.warn - time.Second, c.page, c.page - time.Second} {
				r, _ := Judge(target, []Seen{seenAt("192.0.2.1:443", chain(leaf, p.sub))}, p.policy(), Memory{}, now.Add(life-left))
				if got, want := slices.Contains(r.Faults, FaultExpiring), left < c.warn; got != want {
					t.Errorf("%s left: expiring %t, want %t", left, got, want)
				}
				if got, want := r.Addresses[0].Page, left < c.page; got != want {
					t.Errorf("%s left: page %t, want %t", left, got, want)
				}
				if r.Verdict == Fail {
					t.Errorf("%s left: fail, and it works today", left)
				}
			}
		})
	}
}

func TestAllFaultsAtOnceWorstFirst(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	leaf := p.sub.leaf(t, valid(now.Add(-90*day), now.Add(-day)), names("a.example"), usage(x509.ExtKeyUsageClientAuth), critical)
	s := seenAt("192.0.2.1:443", chain(leaf, p.sub))
	s.Version, s.CipherSuite = tls.VersionTLS11, tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA
	policy := p.policy()
	policy.Pins = []Pin{{}}
	r, _ := Judge(target, []Seen{s}, policy, Memory{}, now)
	want := []Fault{
		FaultExpiredLeaf, FaultHostnameMismatch, FaultWrongEKU, FaultUnknownCriticalExtension, FaultPinMismatch,
		FaultTLSVersion, FaultWeakCipher,
	}
	if !slices.Equal(r.Faults, want) {
		t.Errorf("got %v, want %v", r.Faults, want)
	}
	if !strings.HasPrefix(r.Detail, "leaf expired 2026-11-20 11:00 UTC") {
		t.Errorf("detail %q, want the worst", r.Detail)
	}
	if len(r.Addresses[0].Chain) != 2 || r.NotAfter.IsZero() {
		t.Error("the certificate's data are gone, want them though it is bad")
	}
}

func TestOneBadNodeOfTwo(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	expired := p.sub.leaf(t, valid(now.Add(-90*day), now.Add(-day)))
	good := seenAt("192.0.2.1:443", chain(p.leaf, p.sub))
	for name, c := range map[string]struct {
		bad     Seen
		verdict Verdict
		worst   Fault
		detail  string
	}{
		"expired":       {seenAt("[2001:db8::1]:443", chain(expired, p.sub)), Fail, FaultExpiredLeaf, "1 of 2 addresses, [2001:db8::1]:443: leaf expired"},
		"incomplete":    {seenAt("192.0.2.2:443", chain(p.leaf)), Fail, FaultChainIncomplete, "1 of 2 addresses, 192.0.2.2:443: chain incomplete: the intermediate \"Sub A\" is not sent"},
		"refused":       {Seen{Address: seenAt("192.0.2.2:443", nil).Address, Fault: FaultConnectRefused, Detail: "refused"}, Fail, FaultConnectRefused, "1 of 2 addresses"},
		"not looked at": {Seen{Address: seenAt("192.0.2.2:443", nil).Address, Fault: FaultInternal, Detail: "no route"}, OK, FaultInternal, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, _ := Judge(target, []Seen{good, c.bad}, p.policy(), Memory{}, now)
			if r.Verdict != c.verdict || r.Faults[0] != c.worst || !strings.HasPrefix(r.Detail, c.detail) {
				t.Errorf("got %s %v %q, want %s %s %q", r.Verdict, r.Faults, r.Detail, c.verdict, c.worst, c.detail)
			}
			if r.Addresses[0].Verdict != OK {
				t.Errorf("the good address is %s, want ok", r.Addresses[0].Verdict)
			}
		})
	}
}

func TestChainsToldApart(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	second := p.sub.sub(t, "Sub Sub A")
	deep := second.leaf(t)
	impostor := root(t, "Root A")
	fromImpostor := impostor.sub(t, "Sub A")
	rekeyed := p.root.sub(t, "Sub A")
	expiredSub := issue(t, &p.root, p.sub.key, authority("Sub A"), valid(now.Add(-900*day), now.Add(-day)))
	narrow := root(t, "Narrow", func(c *x509.Certificate) {
		c.PermittedDNSDomainsCritical, c.PermittedDNSDomains = true, []string{"internal.example"}
	})
	withSecond := p.policy()
	withSecond.Served = chain(deep, second, p.sub)
	for name, c := range map[string]struct {
		policy Policy
		served []holder
		want   []Fault
	}{
		"the second intermediate is missing and on file": {withSecond, []holder{deep, second}, []Fault{FaultChainIncomplete}},
		"an issuer with the name of a trusted root":      {p.policy(), []holder{fromImpostor.leaf(t), fromImpostor}, []Fault{FaultUntrustedRoot}},
		"the intermediate's other key is served":         {p.policy(), []holder{p.leaf, rekeyed}, []Fault{FaultChainIncomplete}},
		"an expired twin beside the good intermediate":   {p.policy(), []holder{p.leaf, expiredSub, p.sub}, nil},
		"the expired twin alone":                         {p.policy(), []holder{p.leaf, expiredSub}, []Fault{FaultExpiredIntermediate}},
		"a leaf that is trusted itself":                  {trusting(p.leaf), []holder{p.leaf}, nil},
		"a tampered intermediate":                        {p.policy(), []holder{p.leaf, p.sub.tampered(t), p.root}, []Fault{FaultBadSignature}},
		"a critical extension right under the root":      {p.policy(), []holder{p.root.leaf(t, critical)}, []Fault{FaultUnknownCriticalExtension}},
		"a critical extension and a name constraint":     {trusting(narrow), []holder{narrow.leaf(t, critical)}, []Fault{FaultNameConstraint, FaultUnknownCriticalExtension}},
		"an intermediate for clients alone":              {p.policy(), nested(t, p), []Fault{FaultWrongEKU}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if r := judge(c.policy, c.served...); !slices.Equal(r.Faults, c.want) {
				t.Errorf("got %v (%s), want %v", r.Faults, r.Detail, c.want)
			}
		})
	}
}

func nested(t *testing.T, p pki) []holder {
	t.Helper()
	s := p.root.sub(t, "Client Sub", usage(x509.ExtKeyUsageClientAuth))
	return []holder{s.leaf(t), s}
}

func TestMemoryTellsWhatChanged(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	old := p.sub.leaf(t, valid(now.Add(-40*day), now.Add(50*day)))
	first, back := []holder{p.leaf, p.sub}, []holder{old, p.sub}
	round := func(m Memory, at time.Time, list []holder) (Report, Memory) {
		return Judge(target, []Seen{seenAt("192.0.2.1:443", chain(list...))}, p.policy(), m, at)
	}
	_, m := round(Memory{}, now, first)
	r, m := round(m, now.Add(time.Hour), back)
	if !slices.Equal(r.Faults, []Fault{FaultRolledBack}) || r.Verdict != Warn {
		t.Fatalf("got %v, want rolled_back", r.Faults)
	}
	r, m = round(m, now.Add(6*day), back)
	if !slices.Equal(r.Faults, []Fault{FaultRolledBack}) {
		t.Errorf("six days on got %v, want rolled_back while the old one is served", r.Faults)
	}
	if r, _ := round(m, now.Add(8*day), back); len(r.Faults) != 0 {
		t.Errorf("after a week got %v, want silence", r.Faults)
	}
	r, m = round(m, now.Add(6*day), first)
	if !slices.Equal(r.Notes, []Fault{FaultRenewed, FaultKeyChanged}) || len(r.Faults) != 0 {
		t.Errorf("put right: got %v %v, want renewed and key_changed", r.Faults, r.Notes)
	}
	if r, _ := round(m, now.Add(7*day), first); len(r.Notes) != 0 {
		t.Errorf("a day after got %v, want silence", r.Notes)
	}
}

func TestOneOrganisationSignsWithManyIntermediates(t *testing.T) {
	t.Parallel()
	r := root(t, "Root A")
	org := func(c *x509.Certificate) { c.Subject.Organization = []string{"Example Trust"} }
	one, two := r.sub(t, "R10", org), r.sub(t, "R11", org)
	got := after(trusting(r), []holder{one.leaf(t), one}, []holder{two.leaf(t), two})
	if got.Verdict != OK || !slices.Contains(got.Notes, FaultRenewed) {
		t.Errorf("got %s %v, want a renewal and no alarm", got.Verdict, got.Faults)
	}
}

func TestMemoryKeepsAddressesThatDidNotAnswer(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	prev := Memory{Addresses: map[string]Remembered{
		"192.0.2.1:443": {Fingerprint: "a", At: now.Add(-day), Last: now.Add(-day)},
		"192.0.2.2:443": {Fingerprint: "b", At: now.Add(-99 * day), Last: now.Add(-day)},
		"192.0.2.3:443": {Fingerprint: "c", At: now.Add(-99 * day), Last: now.Add(-31 * day)},
	}}
	before := maps.Clone(prev.Addresses)
	refused := Seen{Address: seenAt("192.0.2.1:443", nil).Address, Fault: FaultConnectRefused}
	_, next := Judge(target, []Seen{refused, seenAt("192.0.2.4:443", chain(p.leaf, p.sub))}, p.policy(), prev, now)
	got := slices.Sorted(maps.Keys(next.Addresses))
	if want := []string{"192.0.2.1:443", "192.0.2.2:443", "192.0.2.4:443"}; !slices.Equal(got, want) {
		t.Errorf("remembered %v, want %v", got, want)
	}
	if !reflect.DeepEqual(prev.Addresses, before) {
		t.Error("Judge changed the memory that it got")
	}
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	prev := Memory{Addresses: map[string]Remembered{}}
	for i := range 1000 {
		prev.Addresses[fmt.Sprintf("192.0.2.1:%d", i+1)] = Remembered{Fingerprint: "a", Last: now.Add(-time.Duration(i) * time.Minute)}
	}
	_, next := Judge(target, nil, DefaultPolicy(), prev, now)
	if _, newest := next.Addresses["192.0.2.1:1"]; len(next.Addresses) != 256 || !newest {
		t.Errorf("%d remembered, newest %t; want 256 with the newest", len(next.Addresses), newest)
	}
}

func TestStrangersWordsAreMadeHarmless(t *testing.T) {
	t.Parallel()
	evil := "a\x1b[31m\nb\u202e" + strings.Repeat("x", 1000)
	r := judge(trusting(root(t, "Root A")), issue(t, nil, newKey(t), server(), func(c *x509.Certificate) {
		c.Subject = pkix.Name{CommonName: evil}
		c.DNSNames = slices.Repeat([]string{"a.example"}, 100)
	}))
	for _, s := range []string{r.Detail, r.Addresses[0].Detail, r.Addresses[0].Chain[0].Subject, r.Addresses[0].Chain[0].Issuer} {
		if strings.ContainsAny(s, "\x1b\n\u202e") || len(s) > 300 {
			t.Errorf("%q, want one short harmless line", s)
		}
	}
	if n := len(r.Addresses[0].Chain[0].SANs); n != 20 {
		t.Errorf("%d names, want 20", n)
	}
}

// A stranger decides what is served: many certificates of one name are a maze
// for whoever builds paths.
func TestAMazeOfCertificatesIsBounded(t *testing.T) {
	t.Parallel()
	keys := []holder{root(t, "Maze"), root(t, "Maze"), root(t, "Maze"), root(t, "Maze")}
	noID := func(c *x509.Certificate) { c.SubjectKeyId = nil }
	var maze []holder
	for _, signer := range keys {
		for _, k := range keys {
			for range 4 {
				maze = append(maze, issue(t, &signer, k.key, authority("Maze"), noID))
			}
		}
	}
	policy, served := trusting(root(t, "Root A")), append([]holder{keys[0].leaf(t)}, maze...)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	start := worked(t)
	r := judge(policy, served...)
	took := worked(t) - start
	if r.Verdict != Fail || took > 2*time.Second {
		t.Errorf("%s after %s of work, want fail at once", r.Verdict, took)
	}
	t.Logf("took %s: %v", took, r.Faults)
}

// worked is how long a processor has worked for this thread: others that keep it
// busy do not count.
func worked(t *testing.T) time.Duration {
	t.Helper()
	const thread = 1 // RUSAGE_THREAD
	var used syscall.Rusage
	if err := syscall.Getrusage(thread, &used); err != nil {
		t.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
