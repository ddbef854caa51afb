package certificate

import (
	"bytes"
	"crypto/x509"
	"errors"
	"slices"
	"strings"
	"time"
)

// Bounds of a walk; those of crypto/x509 are alike. A stranger serves the
// certificates.
const (
	maxDepth      = 12
	maxPaths      = 16
	maxSignatures = 100
)

// walked is a path from the leaf upwards.
type walked struct {
	path     []*x509.Certificate // leaf first; the trusted root last when anchored
	anchored bool                // some root of the pool signed its end, dates and structure aside
	verified bool                // crypto/x509 accepts it, here and now
	used     []*x509.Certificate // of all verified paths; of path alone when none verified
	hint     error               // why the end is not anchored
}

// role names the place of the ith certificate of the path.
func (w walked) role(i int) string {
	switch {
	case i == 0:
		return roleLeaf
	case i == len(w.path)-1 && (w.anchored || selfSigned(w.path[i])):
		return roleRoot
	}
	return roleIntermediate
}

// walker finds the paths that crypto/x509 would try, faults and all: it goes
// on where crypto/x509 gives up, so that each fault can be named.
type walker struct {
	pool    []*x509.Certificate // possible parents
	roots   *x509.CertPool
	trust   bool // whether being anchored is asked at all
	now     time.Time
	moments []time.Time // when to ask the roots
	budget  int
	paths   [][]*x509.Certificate
	anchors map[*x509.Certificate]anchor
}

// anchor is what the pool of roots says of one certificate.
type anchor struct {
	above []*x509.Certificate // the roots over it; empty when it is a root itself
	err   error
}

// walk returns every path from leaf, at most maxPaths of them, each as far up
// as it can be followed.
func (w *walker) walk(leaf *x509.Certificate) []walked {
	w.moments = []time.Time{w.now, leaf.NotBefore, leaf.NotAfter}
	w.budget, w.anchors = maxSignatures, map[*x509.Certificate]anchor{}
	w.extend([]*x509.Certificate{leaf})
	out := make([]walked, 0, len(w.paths))
	for _, p := range w.paths {
		out = append(out, w.anchored(p))
	}
	return out
}

func (w *walker) extend(path []*x509.Certificate) {
	if len(w.paths) >= maxPaths {
		return
	}
	parents := w.parents(path)
	if len(parents) == 0 || len(path) >= maxDepth {
		w.paths = append(w.paths, path)
		return
	}
	for _, parent := range parents {
		w.extend(append(slices.Clone(path), parent))
	}
}

// parents returns who may have signed the end of path: those whose key did,
// else those who carry the right name and the right key identifier.
func (w *walker) parents(path []*x509.Certificate) []*x509.Certificate {
	child := path[len(path)-1]
	if selfSigned(child) {
		return nil
	}
	var good, broken []*x509.Certificate
	for _, c := range w.pool {
		if !bytes.Equal(c.RawSubject, child.RawIssuer) || containsCert(path, c) || w.budget <= 0 {
			continue
		}
		w.budget--
		switch {
		case signed(child, c):
			good = append(good, c)
		case len(child.AuthorityKeyId) == 0 || len(c.SubjectKeyId) == 0 || bytes.Equal(child.AuthorityKeyId, c.SubjectKeyId):
			broken = append(broken, c)
		}
	}
	if len(good) > 0 {
		return good
	}
	return broken
}

// anchored asks from the top down which certificate of path a trusted root
// has signed, and puts that root on.
func (w *walker) anchored(path []*x509.Certificate) walked {
	out := walked{path: path, used: path}
	if !w.trust {
		return out
	}
	for i, c := range slices.Backward(path) {
		a := w.ask(c)
		if a.err == nil {
			out.path = append(slices.Clone(path[:i+1]), a.above...)
			out.anchored, out.used = true, out.path
			return out
		}
		if out.hint == nil {
			out.hint = a.err
		}
	}
	return out
}

// ask puts one certificate before the roots, at several moments, so that an
// expired root or an expired c still shows who signed it.
func (w *walker) ask(c *x509.Certificate) anchor {
	if a, ok := w.anchors[c]; ok {
		return a
	}
	bare := *c
	// What is named elsewhere would hide the root here: extensions, and names that a root forbids.
	bare.UnhandledCriticalExtensions = nil
	bare.DNSNames, bare.EmailAddresses, bare.IPAddresses, bare.URIs = nil, nil, nil, nil
	a := anchor{}
	for _, at := range append(slices.Clone(w.moments), c.NotBefore, c.NotAfter) {
		bare.NotBefore, bare.NotAfter = at, at
		chains, err := verify([]*x509.Certificate{&bare}, w.roots, at, x509.ExtKeyUsageAny)
		a.err = err
		if err == nil {
			a.above = longestLived(chains)[1:]
			break
		}
	}
	w.anchors[c] = a
	return a
}

// verify asks crypto/x509 for the paths of a chain as served, the name aside.
func verify(chain []*x509.Certificate, roots *x509.CertPool, at time.Time, usage x509.ExtKeyUsage) ([][]*x509.Certificate, error) {
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	return chain[0].Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: between, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{usage},
	})
}

// signed reports whether parent's key made child's signature. An algorithm
// too weak to be checked is believed: it is named as a fault of its own.
func signed(child, parent *x509.Certificate) bool {
	err := parent.CheckSignature(child.SignatureAlgorithm, child.RawTBSCertificate, child.Signature)
	_, weak := errors.AsType[x509.InsecureAlgorithmError](err)
	return err == nil || weak
}

func selfSigned(c *x509.Certificate) bool {
	return bytes.Equal(c.RawSubject, c.RawIssuer) && signed(c, c)
}

// sameNameOtherKey reports whether crypto/x509 met a trusted certificate of
// the right name that did not make the signature. It says so in words only.
func sameNameOtherKey(err error) bool {
	return err != nil && (strings.Contains(err.Error(), "verification failure") || strings.Contains(err.Error(), "verification error"))
}

func containsCert(list []*x509.Certificate, c *x509.Certificate) bool {
	return slices.ContainsFunc(list, c.Equal)
}
