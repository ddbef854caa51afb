package certificate_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/hookvigil/hookvigil/probes/certificate"
)

var target = Target{ID: "acme", Host: host, Port: 443}

func seenAt(address string, list []*x509.Certificate) Seen {
	return Seen{
		Address: netip.MustParseAddrPort(address), At: now, Took: 20 * time.Millisecond,
		Chain: list, Version: tls.VersionTLS13, CipherSuite: tls.TLS_AES_128_GCM_SHA256,
	}
}

func judge(p Policy, list ...holder) Report {
	r, _ := Judge(target, []Seen{seenAt("192.0.2.1:443", chain(list...))}, p, Memory{}, now)
	return r
}

// after judges second at an address where first was seen an hour earlier.
func after(p Policy, first, second []holder) Report {
	const at = "192.0.2.1:443"
	_, m := Judge(target, []Seen{seenAt(at, chain(first...))}, p, Memory{}, now.Add(-time.Hour))
	r, _ := Judge(target, []Seen{seenAt(at, chain(second...))}, p, m, now)
	return r
}

// withClient judges a good server with cert as our own.
func withClient(p pki, cert tls.Certificate) Report {
	t := target
	t.ClientCert = &cert
	r, _ := Judge(t, []Seen{seenAt("192.0.2.1:443", chain(p.leaf, p.sub))}, p.policy(), Memory{}, now)
	return r
}

// certificateWords has, for each finding about certificates and files, a case
// that shows it, and all faults that the case shows.
var certificateWords = map[Fault]struct {
	report func(tb scene) Report
	faults []Fault // nil: the word alone, or none when it is a note
	detail string
}{
	FaultExpiredLeaf: {report: func(tb scene) Report {
		p := newPKI(tb)
		end := now.Add(-25 * time.Hour)
		return judge(p.policy(), p.sub.leaf(tb, valid(end.Add(-90*day), end)), p.sub)
	}, detail: "leaf expired 2026-11-20 10:00 UTC, 25h ago, issuer Sub A"},
	FaultExpiredIntermediate: {report: func(tb scene) Report {
		r := root(tb, "Root A")
		s := r.sub(tb, "Sub A", valid(now.Add(-900*day), now.Add(-time.Hour)))
		return judge(trusting(r), s.leaf(tb), s)
	}, detail: `intermediate "Sub A" expired 2026-11-21 10:00 UTC, 60m ago, issuer Root A`},
	FaultExpiredRoot: {report: func(tb scene) Report {
		r := root(tb, "Root A", valid(now.Add(-900*day), now.Add(-time.Hour)))
		s := r.sub(tb, "Sub A")
		return judge(trusting(r), s.leaf(tb), s)
	}, detail: `root "Root A" expired`},
	FaultNotYetValid: {report: func(tb scene) Report {
		p := newPKI(tb)
		return judge(p.policy(), p.sub.leaf(tb, valid(now.Add(4*time.Hour), now.Add(90*day))), p.sub)
	}, detail: `is not valid before 2026-11-21 15:00 UTC, in 4h`},
	FaultExpiring: {report: func(tb scene) Report {
		p := newPKI(tb)
		return judge(p.policy(), p.sub.leaf(tb, valid(now.Add(-70*day), now.Add(20*day))), p.sub)
	}, detail: "leaf expires 2026-12-11 11:00 UTC, in 20d; renewal overdue since 2026-11-11 11:00 UTC, issuer Sub A"},
	FaultExpiringIntermediate: {report: func(tb scene) Report {
		r := root(tb, "Root A")
		s := r.sub(tb, "Sub A", valid(now.Add(-1000*day), now.Add(59*day)))
		return judge(trusting(r), s.leaf(tb, valid(now.Add(-10*day), now.Add(58*day))), s)
	}, detail: `intermediate "Sub A" expires`},
	FaultExpiringRoot: {report: func(tb scene) Report {
		r := root(tb, "Root A", valid(now.Add(-1000*day), now.Add(59*day)))
		s := r.sub(tb, "Sub A")
		return judge(trusting(r), s.leaf(tb), s)
	}, detail: `root "Root A" expires`},
	FaultLifetimeLong: {report: func(tb scene) Report {
		p := newPKI(tb)
		return judge(p.policy(), p.sub.leaf(tb, valid(now.Add(-10*day), now.Add(191*day))), p.sub)
	}, detail: "leaf lives 201d; a public CA may not give more than 200d"},
	FaultHostnameMismatch: {report: func(tb scene) Report {
		p := newPKI(tb)
		return judge(p.policy(), p.sub.leaf(tb, names("a.example", "b.example")), p.sub)
	}, detail: "name hooks.example.com is not in the certificate (has a.example, b.example)"},
	FaultNoSAN: {report: func(tb scene) Report {
		p := newPKI(tb)
		return judge(p.policy(), p.sub.leaf(tb, names()), p.sub)
	}, detail: "no subject alternative name"},
	FaultChainIncomplete: {report: func(tb scene) Report {
		p := newPKI(tb)
		return judge(p.policy(), p.sub.leaf(tb, func(c *x509.Certificate) { c.IssuingCertificateURL = []string{"http://ca.example/a"} }))
	}, detail: `chain incomplete: the intermediate "Sub A" is not sent; browsers would fetch it by AIA, a webhook sender does not`},
	FaultSelfSigned: {report: func(tb scene) Report {
		return judge(trusting(root(tb, "Root A")), issue(tb, nil, newKey(tb), server()))
	}, detail: "is signed by itself alone"},
	FaultUntrustedRoot: {report: func(tb scene) Report {
		p := newPKI(tb)
		return judge(trusting(root(tb, "Root B")), p.leaf, p.sub, p.root)
	}, detail: `root "Root A" is not trusted`},
	FaultNameConstraint: {report: func(tb scene) Report {
		r := root(tb, "Root A")
		s := r.sub(tb, "Sub A", func(c *x509.Certificate) {
			c.PermittedDNSDomainsCritical, c.PermittedDNSDomains = true, []string{"internal.example"}
		})
		return judge(trusting(r), s.leaf(tb), s)
	}, detail: "may not sign for this name"},
	FaultPathLength: {report: func(tb scene) Report {
		r := root(tb, "Root A", func(c *x509.Certificate) { c.MaxPathLen = 1 })
		s := r.sub(tb, "Sub A")
		ss := s.sub(tb, "Sub Sub A")
		return judge(trusting(r), ss.leaf(tb), ss, s)
	}, detail: `root "Root A" allows 1 CAs below it and has 2`},
	FaultIssuerNotCA: {report: func(tb scene) Report {
		r := root(tb, "Root A")
		s := r.sub(tb, "Sub A", noCA)
		return judge(trusting(r), s.leaf(tb), s)
	}, detail: `intermediate "Sub A" signed the certificate below it and is not a CA`},
	FaultWrongEKU: {report: func(tb scene) Report {
		p := newPKI(tb)
		return judge(p.policy(), p.sub.leaf(tb, usage(x509.ExtKeyUsageClientAuth)), p.sub)
	}, detail: "lacks serverAuth"},
	FaultUnknownCriticalExtension: {report: func(tb scene) Report {
		p := newPKI(tb)
		return judge(p.policy(), p.sub.leaf(tb, critical), p.sub)
	}, detail: "critical extension 1.2.3.4"},
	FaultBadSignature: {report: func(tb scene) Report {
		p := newPKI(tb)
		return judge(p.policy(), p.leaf.tampered(tb), p.sub)
	}, detail: `was not made by the key of its issuer "Sub A"`},
	FaultLeafIsCA: {report: func(tb scene) Report {
		p := newPKI(tb)
		ca := func(c *x509.Certificate) {
			c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, x509.KeyUsageCertSign
		}
		return judge(p.policy(), p.sub.leaf(tb, ca), p.sub)
	}, detail: "is a CA certificate"},
	FaultChainOrder: {report: func(tb scene) Report {
		r := root(tb, "Root A")
		s := r.sub(tb, "Sub A")
		ss := s.sub(tb, "Sub Sub A")
		return judge(trusting(r), ss.leaf(tb), s, ss)
	}, detail: "out of order"},
	FaultChainExtra: {report: func(tb scene) Report {
		p := newPKI(tb)
		return judge(p.policy(), p.leaf, p.sub, root(tb, "Root B").sub(tb, "Sub B"))
	}, detail: `certificate "Sub B" is sent and belongs to no path`},
	FaultChainHasRoot: {report: func(tb scene) Report {
		p := newPKI(tb)
		return judge(p.policy(), p.leaf, p.sub, p.root)
	}, detail: `root "Root A" is sent and need not be`},
	FaultChainHasExpiredSpare: {report: func(tb scene) Report {
		p, old := newPKI(tb), root(tb, "Old Root")
		cross := issue(tb, &old, p.root.key, authority("Root A"), valid(now.Add(-900*day), now.Add(-day)))
		return judge(p.policy(), p.leaf, p.sub, cross)
	}, detail: `certificate "Root A" expired 2026-11-20 11:00 UTC`},
	FaultWeakSignature: {report: func(tb scene) Report {
		p := newPKI(tb)
		return judge(p.policy(), p.sub.leaf(tb, sha1), p.sub)
	}, detail: "ECDSA-SHA1"},
	FaultWeakKey: {report: func(tb scene) Report {
		p := newPKI(tb)
		return judge(p.policy(), p.sub.leafFor(tb, rsaKey(tb, 1024)), p.sub)
	}, detail: "RSA 1024"},
	FaultClientCertExpired: {report: func(tb scene) Report {
		p := newPKI(tb)
		return withClient(p, p.sub.leaf(tb, usage(x509.ExtKeyUsageClientAuth), valid(now.Add(-90*day), now.Add(-time.Hour))).pair())
	}, detail: "our client certificate \"hooks.example.com\" expired"},
	FaultClientCertExpiring: {report: func(tb scene) Report {
		p := newPKI(tb)
		return withClient(p, p.sub.leaf(tb, usage(x509.ExtKeyUsageClientAuth), valid(now.Add(-80*day), now.Add(10*day))).pair())
	}, detail: "in 10d"},
	FaultClientCertWrongEKU: {report: func(tb scene) Report {
		p := newPKI(tb)
		return withClient(p, p.sub.leaf(tb).pair())
	}, detail: "lacks clientAuth"},
	FaultPinMismatch: {report: func(tb scene) Report {
		p := newPKI(tb)
		policy := p.policy()
		policy.Pins = []Pin{{1}}
		return judge(policy, p.leaf, p.sub)
	}, detail: "no certificate of the chain has a pinned key"},
	FaultDiskServedMismatch: {report: func(tb scene) Report {
		p := newPKI(tb)
		policy := p.policy()
		policy.Served = chain(p.sub.leaf(tb))
		return judge(policy, p.leaf, p.sub)
	}, detail: "on file is serial"},
	FaultRenewed: {report: func(tb scene) Report {
		p := newPKI(tb)
		next := p.sub.leafFor(tb, p.leaf.key, valid(now.Add(-day), now.Add(89*day)))
		return after(p.policy(), []holder{p.leaf, p.sub}, []holder{next, p.sub})
	}, detail: "renewed, seen 2026-11-21 11:00 UTC: until 2027-02-18 11:00 UTC"},
	FaultKeyChanged: {report: func(tb scene) Report {
		p := newPKI(tb)
		return after(p.policy(), []holder{p.leaf, p.sub}, []holder{p.sub.leaf(tb), p.sub})
	}},
	FaultIssuerChanged: {report: func(tb scene) Report {
		p, other := newPKI(tb), newPKI(tb)
		return after(trusting(p.root, other.root), []holder{p.leaf, p.sub}, []holder{other.leaf, other.sub})
	}, detail: "another authority"},
	FaultRolledBack: {report: func(tb scene) Report {
		p := newPKI(tb)
		old := p.sub.leaf(tb, valid(now.Add(-40*day), now.Add(50*day)))
		return after(p.policy(), []holder{p.leaf, p.sub}, []holder{old, p.sub})
	}, detail: "an older certificate is served again"},
	FaultNodeDisagreement: {report: func(tb scene) Report {
		p := newPKI(tb)
		r, _ := Judge(target, []Seen{
			seenAt("192.0.2.1:443", chain(p.leaf, p.sub)), seenAt("192.0.2.2:443", chain(p.sub.leaf(tb), p.sub)),
		}, p.policy(), Memory{}, now)
		return r
	}, detail: "2 different certificates"},
	FaultHandshakeSlow: {report: func(tb scene) Report {
		p := newPKI(tb)
		s := seenAt("192.0.2.1:443", chain(p.leaf, p.sub))
		s.Took = 2500 * time.Millisecond
		r, _ := Judge(target, []Seen{s}, p.policy(), Memory{}, now)
		return r
	}, detail: "took 2.5s"},
	FaultKeyMismatch: {report: func(tb scene) Report {
		p := newPKI(tb)
		return JudgeFile(chain(p.leaf, p.sub), newKey(tb), p.policy(), now)
	}, detail: "the key is not that of certificate"},
	FaultFileUnusable: {report: func(scene) Report {
		return File{Err: errors.New("open /etc/tls/live.pem: permission denied")}.Judge(Policy{}, now)
	}, detail: "open /etc/tls/live.pem: permission denied"},
	FaultKeyPermissions: {report: func(tb scene) Report {
		p := newPKI(tb)
		return File{Chain: pemOf(p.leaf, p.sub), Key: keyPEM(tb, p.leaf.key), KeyMode: 0o644}.Judge(DefaultPolicy(), now)
	}, detail: "mode 0644"},
}

func TestEachWordAboutACertificate(t *testing.T) {
	t.Parallel()
	for word, c := range certificateWords {
		t.Run(string(word), func(t *testing.T) {
			t.Parallel()
			r := c.report(scene{t})
			want := c.faults
			if want == nil && word.Usual() != OK {
				want = []Fault{word}
			}
			if !slices.Equal(r.Faults, want) {
				t.Errorf("faults %v, want %v (%s)", r.Faults, want, r.Detail)
			}
			if word.Usual() == OK && !slices.Contains(r.Notes, word) {
				t.Errorf("notes %v, want %s among them", r.Notes, word)
			}
			if r.Verdict != word.Usual() {
				t.Errorf("verdict %s, want %s", r.Verdict, word.Usual())
			}
			if !strings.Contains(r.Detail, c.detail) {
				t.Errorf("detail %q, want %q in it", r.Detail, c.detail)
			}
		})
	}
}

func TestEveryWordIsShownBySomeCase(t *testing.T) {
	t.Parallel()
	for _, word := range Faults() {
		_, pure := certificateWords[word]
		_, wire := wireWords[word]
		if !pure && !wire {
			t.Errorf("no case shows %s", word)
		}
	}
}
