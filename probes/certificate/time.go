package certificate

import (
	"crypto/x509"
	"time"
)

// caWarnBelow is when a CA certificate is running out: replacing it takes
// longer than a leaf (reference certs.md section 5).
var caWarnBelow = Threshold{Share: 0.25, Cap: 60 * day}

// A role in a path, as it stands in sentences.
const (
	roleLeaf         = "leaf"
	roleIntermediate = "intermediate"
	roleRoot         = "root"
)

// dates judges every certificate of a path at now. A certificate is valid
// from not_before up to and including not_after, as in crypto/x509.
func dates(f *findings, w walked, p Policy, now time.Time) {
	for i, c := range w.path {
		role := w.role(i)
		switch left := c.NotAfter.Sub(now); {
		case now.Before(c.NotBefore):
			f.add(FaultNotYetValid, "%s %q is not valid before %s, in %s; or this clock is wrong",
				role, nameOf(c), utc(c.NotBefore), span(c.NotBefore.Sub(now)))
		case now.After(c.NotAfter):
			f.add(expiredWord(role), "%s expired %s, %s ago, issuer %s", subjectOf(role, c), utc(c.NotAfter), span(-left), issuerOf(c))
			f.page = true
		default:
			life := c.NotAfter.Sub(c.NotBefore)
			word, below := expiringWord(role, p)
			if left < below.Left(life) {
				f.add(word, "%s expires %s, in %s; %s, issuer %s", subjectOf(role, c), utc(c.NotAfter), span(left), overdue(c, now), issuerOf(c))
			}
			f.page = f.page || left < p.PageBelow.Left(life)
		}
	}
}

// overdue says since when a renewer should have acted: renewers act with one
// third of life left (reference certs.md section 5).
func overdue(c *x509.Certificate, now time.Time) string {
	due := c.NotAfter.Add(-c.NotAfter.Sub(c.NotBefore) / 3)
	if due.After(now) {
		return "renewal is due " + utc(due)
	}
	return "renewal overdue since " + utc(due)
}

// subjectOf names what a sentence is about: of a leaf everyone knows which.
func subjectOf(role string, c *x509.Certificate) string {
	if role == roleLeaf {
		return role
	}
	return role + " \"" + nameOf(c) + "\""
}

func expiredWord(role string) Fault {
	switch role {
	case roleRoot:
		return FaultExpiredRoot
	case roleIntermediate:
		return FaultExpiredIntermediate
	default:
		return FaultExpiredLeaf
	}
}

func expiringWord(role string, p Policy) (Fault, Threshold) {
	switch role {
	case roleRoot:
		return FaultExpiringRoot, caWarnBelow
	case roleIntermediate:
		return FaultExpiringIntermediate, caWarnBelow
	default:
		return FaultExpiring, p.WarnBelow
	}
}

// endOf is when a path stops working: its first certificate to run out.
func endOf(path []*x509.Certificate) time.Time {
	end := time.Time{}
	for _, c := range path {
		if end.IsZero() || c.NotAfter.Before(end) {
			end = c.NotAfter
		}
	}
	return end
}

// longestLived returns the verified path that works longest; of two equals
// the shorter.
func longestLived(paths [][]*x509.Certificate) []*x509.Certificate {
	var best []*x509.Certificate
	for _, p := range paths {
		switch a, b := endOf(p), endOf(best); {
		case best == nil, a.After(b), a.Equal(b) && len(p) < len(best):
			best = p
		}
	}
	return best
}
