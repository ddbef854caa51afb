package certificate

import (
	"crypto/x509"
	"errors"
	"slices"
)

// chain judges what was served as a client does that fetches nothing, and
// returns the path that the rest of the judgement is about: the longest-lived
// verified one, else the one with the fewest faults.
func (j *judge) chain(f *findings, served []*x509.Certificate) walked {
	if !j.trust {
		return j.least(f, served, nil)
	}
	paths, err := verify(served, j.policy.Roots, j.now, j.usage)
	if err == nil {
		best := longestLived(paths)
		w := walked{path: best, anchored: true, verified: true}
		for _, p := range paths {
			w.used = append(w.used, p...)
		}
		dates(f, w, j.policy, j.now)
		return w
	}
	return j.least(f, served, err)
}

// least walks the chain where crypto/x509 has refused it, cause being its
// reason, and names what it finds on the path with the fewest faults.
func (j *judge) least(f *findings, served []*x509.Certificate, cause error) walked {
	var best walked
	var least findings
	for i, w := range j.walker(served[1:]).walk(served[0]) {
		found := findings{}
		dates(&found, w, j.policy, j.now)
		j.structure(&found, w)
		if i == 0 || (w.anchored && !best.anchored) || (w.anchored == best.anchored && len(found.list) < len(least.list)) {
			best, least = w, found
		}
	}
	if cause != nil {
		j.refused(&least, best, served, cause)
	}
	f.join(least)
	return best
}

// refused adds to f what concerns the trust in a path that crypto/x509 has
// refused for cause; there is always a fault after it.
func (j *judge) refused(f *findings, w walked, served []*x509.Certificate, cause error) {
	if _, blind := errors.AsType[x509.SystemRootsError](cause); blind {
		f.add(FaultInternal, "this machine has no trusted roots: %s", clean(cause.Error(), maxError))
		return
	}
	top := w.path[len(w.path)-1]
	switch {
	case w.anchored:
		j.constraints(f, w)
	case selfSigned(top) || !weakSignature(top.SignatureAlgorithm): // else the signature tells why
		j.trustless(f, w, served)
	}
	strength(f, w)
	if !f.failed() {
		f.add(FaultUntrustedRoot, "the chain does not verify: %s", clean(cause.Error(), maxError))
	}
}

func (j *judge) walker(pool []*x509.Certificate) *walker {
	return &walker{pool: pool[:min(len(pool), maxServed)], roots: j.policy.Roots, trust: j.trust, now: j.now}
}

// structure judges what makes a path more than a list.
func (j *judge) structure(f *findings, w walked) {
	for i, c := range w.path {
		role, name := w.role(i), nameOf(c)
		if len(c.UnhandledCriticalExtensions) > 0 {
			f.add(FaultUnknownCriticalExtension, "%s %q has the critical extension %s, which no client must ignore", role, name, c.UnhandledCriticalExtensions[0])
		}
		if !allows(c, j.usage) {
			f.add(FaultWrongEKU, "%s %q is not for servers: its extended key usage lacks serverAuth", role, name)
		}
		if i == 0 {
			continue
		}
		if !maySign(c, role) {
			f.add(FaultIssuerNotCA, "%s %q signed the certificate below it and is not a CA", role, name)
		}
		if c.BasicConstraintsValid && c.MaxPathLen >= 0 && i-1 > c.MaxPathLen {
			f.add(FaultPathLength, "%s %q allows %d CAs below it and has %d", role, name, c.MaxPathLen, i-1)
		}
		if !signed(w.path[i-1], c) {
			f.add(FaultBadSignature, "the signature of %s %q was not made by the key of its issuer %q", w.role(i-1), nameOf(w.path[i-1]), name)
		}
	}
}

// allows reports whether the extended key usage of c lets it serve, as
// crypto/x509 reads it: none named is any.
func allows(c *x509.Certificate, usage x509.ExtKeyUsage) bool {
	if usage == x509.ExtKeyUsageAny || len(c.ExtKeyUsage)+len(c.UnknownExtKeyUsage) == 0 {
		return true
	}
	return slices.Contains(c.ExtKeyUsage, usage) || slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageAny)
}

// maySign reports whether c may sign certificates; a root of version 1 may.
func maySign(c *x509.Certificate, role string) bool {
	if c.KeyUsage != 0 && c.KeyUsage&x509.KeyUsageCertSign == 0 {
		return false
	}
	if c.BasicConstraintsValid {
		return c.IsCA
	}
	return role == roleRoot && c.Version < 3
}

// constraints asks crypto/x509 for name constraints, at a moment when the
// whole path was young, so that dates do not hide them.
func (j *judge) constraints(f *findings, w walked) {
	young := w.path[0].NotBefore
	for _, c := range w.path {
		if c.NotBefore.After(young) {
			young = c.NotBefore
		}
	}
	leaf := *w.path[0]
	leaf.UnhandledCriticalExtensions = nil
	_, err := verify(append([]*x509.Certificate{&leaf}, w.path[1:]...), j.policy.Roots, young, x509.ExtKeyUsageAny)
	invalid, ok := errors.AsType[x509.CertificateInvalidError](err)
	if !ok {
		return
	}
	switch invalid.Reason {
	case x509.CANotAuthorizedForThisName, x509.UnconstrainedName, x509.TooManyConstraints:
		f.add(FaultNameConstraint, "a CA of the chain may not sign for this name: %s", clean(invalid.Detail, maxError))
	default: // dates and structure have their own words
	}
}

// trustless tells apart why no trusted root stands over the path.
func (j *judge) trustless(f *findings, w walked, served []*x509.Certificate) {
	top := w.path[len(w.path)-1]
	missing := j.missing(served)
	switch {
	case selfSigned(top) && len(w.path) == 1:
		f.add(FaultSelfSigned, "leaf %q is signed by itself alone", nameOf(top))
	case selfSigned(top):
		f.add(FaultUntrustedRoot, "root %q is not trusted", nameOf(top))
	case missing != nil:
		incomplete(f, nameOf(missing), top)
	case sameNameOtherKey(w.hint):
		f.add(FaultUntrustedRoot, "issuer %q of %q bears the name of a trusted root and has another key", issuerOf(top), nameOf(top))
	case len(w.path) == 1:
		incomplete(f, issuerOf(top), top)
	default:
		f.add(FaultUntrustedRoot, "issuer %q of the last certificate served, %q, is not a trusted root", issuerOf(top), nameOf(top))
	}
}

func incomplete(f *findings, name string, top *x509.Certificate) {
	aia := "no client can fetch it"
	if len(top.IssuingCertificateURL) > 0 {
		aia = "browsers would fetch it by AIA, a webhook sender does not"
	}
	f.add(FaultChainIncomplete, "chain incomplete: the intermediate %q is not sent; %s", name, aia)
}

// missing returns the first certificate that was not served and that would
// complete the chain, when another address or the file served_file has it.
func (j *judge) missing(served []*x509.Certificate) *x509.Certificate {
	if len(j.known) == 0 {
		return nil
	}
	pool := append(slices.Clone(served[1:min(len(served), maxServed)]), j.known...)
	w := &walker{pool: pool, roots: j.policy.Roots, trust: true, now: j.now}
	for _, full := range w.walk(served[0]) {
		if !full.anchored {
			continue
		}
		for _, c := range full.path {
			if !containsCert(served, c) {
				return c
			}
		}
	}
	return nil
}
