package certificate_test

import (
	"crypto/x509"
	"net/netip"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	. "github.com/hookvigil/hookvigil/probes/certificate"
)

// zoo is one certificate of each kind that the other tests know.
func zoo(t *testing.T) []*x509.Certificate {
	t.Helper()
	p, other := newPKI(t), newPKI(t)
	bad := p.root.sub(t, "Sub A", noCA)
	return chain(
		p.leaf, p.sub, p.root, p.leaf.tampered(t), bad, bad.leaf(t), other.leaf, other.sub, other.root,
		issue(t, nil, newKey(t), server()), p.sub.leaf(t, sha1), p.sub.leaf(t, names()), p.sub.leaf(t, critical),
		p.sub.leaf(t, valid(now.Add(-90*day), now.Add(-day))), p.root.sub(t, "Sub A", valid(now.Add(-90*day), now.Add(-day))),
	)
}

func TestJudgeHoldsItsLaws(t *testing.T) {
	t.Parallel()
	certs := zoo(t)
	pool := x509.NewCertPool()
	pool.AddCert(certs[2])
	rapid.Check(t, func(rt *rapid.T) {
		policy := DefaultPolicy()
		policy.Roots = pool
		policy.Served = rapid.SliceOfN(rapid.SampledFrom(certs), 0, 2).Draw(rt, "served")
		m, at := Memory{}, now
		for range rapid.IntRange(1, 3).Draw(rt, "rounds") {
			at = at.Add(time.Duration(rapid.Int64Range(-100, 4000).Draw(rt, "hours")) * time.Hour)
			seen := rapid.SliceOfN(anySeen(certs), 0, 4).Draw(rt, "seen")
			r, next := Judge(target, seen, policy, m, at)
			if again, same := Judge(target, seen, policy, m, at); !reflect.DeepEqual(r, again) || !reflect.DeepEqual(next, same) {
				rt.Fatal("the same input gave another answer")
			}
			lawful(rt, r)
			m = next
		}
	})
}

func anySeen(certs []*x509.Certificate) *rapid.Generator[Seen] {
	return rapid.Custom(func(rt *rapid.T) Seen {
		faults := append(Faults(), "", "", "", "", "", "no such word")
		return Seen{
			Address: netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, rapid.Byte().Draw(rt, "ip") % 4}), 443),
			Fault:   rapid.SampledFrom(faults).Draw(rt, "fault"),
			Detail:  rapid.String().Draw(rt, "detail"),
			Chain:   rapid.SliceOfN(rapid.SampledFrom(certs), 0, 6).Draw(rt, "chain"),
			Version: rapid.Uint16().Draw(rt, "version"), CipherSuite: rapid.Uint16().Draw(rt, "suite"),
			Took: time.Duration(rapid.Int64Range(0, 1e11).Draw(rt, "took")),
		}
	})
}

// lawful wants verdicts that are those of the worst, and findings sorted,
// unique and on their side.
func lawful(rt *rapid.T, r Report) {
	worst := Unknown
	for _, a := range r.Addresses {
		if want := verdictOf(a.Faults); a.Verdict != want {
			rt.Fatalf("address with %v is %s, want %s", a.Faults, a.Verdict, want)
		}
		sorted(rt, a.Faults, a.Notes)
		for _, f := range slices.Concat(a.Faults, a.Notes) {
			if !slices.Contains(r.Faults, f) && !slices.Contains(r.Notes, f) {
				rt.Fatalf("%s of an address is not in the report", f)
			}
		}
		if weight(a.Verdict) > weight(worst) {
			worst = a.Verdict
		}
	}
	if r.Verdict != worst {
		rt.Fatalf("verdict %s, want that of the worst address, %s", r.Verdict, worst)
	}
	sorted(rt, r.Faults, r.Notes)
	if r.Verdict != OK && r.Detail == "" {
		rt.Fatalf("%s without a word of why", r.Verdict)
	}
}

func weight(v Verdict) int { return slices.Index([]Verdict{Unknown, OK, Warn, Fail}, v) }

func verdictOf(faults []Fault) Verdict {
	v := OK
	if len(faults) > 0 {
		v = Unknown
	}
	for _, f := range faults {
		if u := f.Usual(); weight(u) > weight(v) {
			v = u
		}
	}
	return v
}

func sorted(rt *rapid.T, faults, notes []Fault) {
	if faults == nil || notes == nil {
		rt.Fatal("a nil list, want [] in JSON")
	}
	for _, list := range [][]Fault{faults, notes} {
		place := func(f Fault) int {
			if i := slices.Index(Faults(), f); i >= 0 {
				return i
			}
			return len(Faults())
		}
		for i := 1; i < len(list); i++ {
			if place(list[i-1]) >= place(list[i]) {
				rt.Fatalf("%v is not sorted and unique", list)
			}
		}
	}
	for _, f := range faults {
		if f.Usual() == OK {
			rt.Fatalf("%s is a note, and stands among the faults", f)
		}
	}
	for _, f := range notes {
		if f.Usual() != OK {
			rt.Fatalf("%s is a fault, and stands among the notes", f)
		}
	}
}
