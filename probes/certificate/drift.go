package certificate

import (
	"crypto/x509"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"time"
)

// How long a change against the last look is told, so that a person and a
// rule that wants two rounds in a row meet it. A certificate that was rolled
// back is still the wrong one later on.
const (
	eventHold    = 24 * time.Hour
	rollbackHold = 7 * day
)

// Bounds of a memory: names behind a content network change addresses for
// ever.
const (
	maxRemembered = 256
	forgetAfter   = 30 * day
)

// expected compares with what the policy says should be there.
func expected(f *findings, served []*x509.Certificate, w walked, p Policy) {
	if len(p.Pins) > 0 {
		all := append(slices.Clone(served), w.path...)
		pinned := slices.ContainsFunc(all, func(c *x509.Certificate) bool { return slices.Contains(p.Pins, pinOf(c)) })
		if !pinned {
			f.add(FaultPinMismatch, "no certificate of the chain has a pinned key; the leaf's is %s", spki(served[0]))
		}
	}
	if len(p.Served) > 0 && !p.Served[0].Equal(served[0]) {
		f.add(FaultDiskServedMismatch, "served is serial %s until %s, on file is serial %s until %s",
			clean(serialOf(served[0]), maxName), utc(served[0].NotAfter), clean(serialOf(p.Served[0]), maxName), utc(p.Served[0].NotAfter))
	}
}

// remember compares the leaf with the one last seen at the same address, and
// returns what to remember next.
func remember(f *findings, old Remembered, w walked, now time.Time) Remembered {
	leaf := w.path[0]
	next := Remembered{
		Fingerprint: fingerprint(leaf), SPKI: spki(leaf), Issuer: issuerKey(leaf), Root: rootKey(w),
		NotBefore: leaf.NotBefore.UTC(), At: now.UTC(), Last: now.UTC(),
	}
	switch old.Fingerprint {
	case "":
		return next
	case next.Fingerprint:
		next.At, next.Events = old.At, old.Events
		if next.Root == "" {
			next.Root = old.Root
		}
	default:
		next.Events = changes(old, next)
	}
	for _, e := range next.Events {
		if hold := holdOf(e); now.Sub(next.At) < hold {
			f.add(e, "%s", changed(e, leaf, next.At))
		}
	}
	return next
}

// changes names what differs between two leaves.
func changes(old, next Remembered) []Fault {
	events := []Fault{FaultRenewed}
	if next.NotBefore.Before(old.NotBefore) {
		events[0] = FaultRolledBack
	}
	if old.SPKI != next.SPKI {
		events = append(events, FaultKeyChanged)
	}
	if old.Issuer != next.Issuer || (old.Root != "" && next.Root != "" && old.Root != next.Root) {
		events = append(events, FaultIssuerChanged)
	}
	return events
}

func holdOf(e Fault) time.Duration {
	if e == FaultRolledBack {
		return rollbackHold
	}
	return eventHold
}

// changed is the sentence of a change.
func changed(e Fault, leaf *x509.Certificate, since time.Time) string {
	switch e {
	case FaultRolledBack:
		return "an older certificate is served again since " + utc(since) + ": issued " + utc(leaf.NotBefore) + ", until " + utc(leaf.NotAfter)
	case FaultIssuerChanged:
		return "another authority since " + utc(since) + ": issuer " + issuerOf(leaf)
	case FaultKeyChanged:
		return "another key since " + utc(since)
	default:
		return "renewed, seen " + utc(since) + ": until " + utc(leaf.NotAfter) + ", issuer " + issuerOf(leaf)
	}
}

// issuerKey is the authority that signed a leaf: its organisation where it
// names one, for public CAs sign with one of several intermediates at random.
func issuerKey(leaf *x509.Certificate) string {
	if orgs := leaf.Issuer.Organization; len(orgs) > 0 {
		return clean(strings.Join(orgs, "+"), maxError)
	}
	return clean(leaf.Issuer.String(), maxError)
}

// rootKey is the key of the root over a verified path, in hex; empty when
// none verified.
func rootKey(w walked) string {
	if !w.verified {
		return ""
	}
	p := pinOf(w.path[len(w.path)-1])
	return hex.EncodeToString(p[:])
}

// carry returns what is remembered after a round: what was seen now, and what
// was known of addresses that did not answer, within bounds.
func carry(prev Memory, seen map[string]Remembered, now time.Time) Memory {
	next := Memory{Addresses: make(map[string]Remembered, len(prev.Addresses)+len(seen))}
	for a, r := range prev.Addresses {
		if last := lastSeen(r); last.IsZero() || now.Sub(last) < forgetAfter {
			next.Addresses[a] = r
		}
	}
	maps.Copy(next.Addresses, seen)
	if excess := len(next.Addresses) - maxRemembered; excess > 0 {
		for _, a := range oldest(next.Addresses)[:excess] {
			delete(next.Addresses, a)
		}
	}
	return next
}

// oldest lists addresses, the one seen longest ago first.
func oldest(m map[string]Remembered) []string {
	list := make([]string, 0, len(m))
	for a := range m {
		list = append(list, a)
	}
	slices.SortFunc(list, func(a, b string) int {
		if c := lastSeen(m[a]).Compare(lastSeen(m[b])); c != 0 {
			return c
		}
		return strings.Compare(a, b)
	})
	return list
}

func lastSeen(r Remembered) time.Time {
	if r.Last.Before(r.At) {
		return r.At
	}
	return r.Last
}
