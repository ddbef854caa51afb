package certificate_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net/netip"
	"time"

	"github.com/hookvigil/hookvigil/probes/certificate"
)

func ExampleJudge() {
	// What a look brought home: a certificate that ran out last night.
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	end := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ledger"}, DNSNames: []string{"ledger.internal"},
		NotBefore: end.AddDate(0, 0, -90), NotAfter: end,
	}
	der, _ := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	leaf, _ := x509.ParseCertificate(der)
	seen := certificate.Seen{Address: netip.MustParseAddrPort("192.0.2.1:443"), Chain: []*x509.Certificate{leaf}}

	policy := certificate.DefaultPolicy()
	policy.Roots = x509.NewCertPool()
	policy.Roots.AddCert(leaf)
	target := certificate.Target{ID: "ledger", Host: "ledger.internal", Port: 443}
	report, memory := certificate.Judge(target, []certificate.Seen{seen}, policy, certificate.Memory{}, end.Add(25*time.Hour))

	fmt.Println(report.Verdict, report.Faults)
	fmt.Println(report.Detail)
	fmt.Println(len(memory.Addresses), "address remembered")
	// Output:
	// fail [expired_leaf]
	// leaf expired 2026-11-20 10:00 UTC, 25h ago, issuer ledger
	// 1 address remembered
}
