package certificate

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"slices"
)

// hostname judges whether leaf is for name. The common name counts for
// nothing, as with every client of today.
func hostname(f *findings, leaf *x509.Certificate, name string) {
	if name == "" || leaf.VerifyHostname(name) == nil {
		return
	}
	if !hasSAN(leaf) {
		f.add(FaultNoSAN, "the certificate has no subject alternative name; its common name %q counts for nothing", clean(leaf.Subject.CommonName, maxName))
		return
	}
	has := "no name at all"
	if names := namesIn(leaf); len(names) > 0 {
		has = some(names)
	}
	f.add(FaultHostnameMismatch, "name %s is not in the certificate (has %s)", clean(name, maxName), has)
}

// sanOID is the extension subjectAltName (RFC 5280, 4.2.1.6).
const sanOID = "2.5.29.17"

func hasSAN(c *x509.Certificate) bool {
	return slices.ContainsFunc(c.Extensions, func(e pkix.Extension) bool { return e.Id.String() == sanOID })
}
