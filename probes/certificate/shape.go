package certificate

import (
	"crypto/x509"
	"slices"
	"time"
)

// shape remarks on how the chain is laid out. Clients sort it out, so that
// none of this is a fault: an expired spare or a wrong order raises nothing.
func shape(f *findings, served []*x509.Certificate, w walked, now time.Time) {
	last := -1
	for _, c := range w.path {
		at := slices.IndexFunc(served, c.Equal)
		if at < 0 {
			continue // the root, out of the trust store
		}
		if at < last {
			f.add(FaultChainOrder, "certificates are served out of order: %q comes too early", nameOf(c))
		}
		last = max(last, at)
	}
	for i, c := range served[1:min(len(served), maxServed)] {
		switch {
		case selfSigned(c) && !now.After(c.NotAfter):
			f.add(FaultChainHasRoot, "root %q is sent and need not be", nameOf(c))
		case containsCert(served[:i+1], c):
			f.add(FaultChainExtra, "certificate %q is sent twice", nameOf(c))
		case containsCert(w.used, c):
		case now.After(c.NotAfter):
			f.add(FaultChainHasExpiredSpare, "certificate %q expired %s and is sent though nobody needs it", nameOf(c), utc(c.NotAfter))
		default:
			f.add(FaultChainExtra, "certificate %q is sent and belongs to no path", nameOf(c))
		}
	}
}
