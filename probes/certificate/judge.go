package certificate

import (
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"time"
)

// judge holds what one judgement knows beside the chain in hand.
type judge struct {
	target Target
	policy Policy
	now    time.Time
	usage  x509.ExtKeyUsage
	trust  bool // whether a trusted root is asked for

	known  []*x509.Certificate // CA certificates served at other addresses or on file: they explain, and let nothing pass
	leaves int                 // different leaves among the addresses
	ours   findings            // of our own client certificate
}

// Judge says what one round of looks at t means, and what to remember of it.
// All that is wrong is named at once, per address and together. prev is the
// memory after the last round; it is not changed. now is the moment that is
// judged. Judge reads nothing but its arguments (and the system's roots when
// p.Roots is nil), gives the same answer to the same input, and may be called
// concurrently.
//
// The verdict is that of the worst address. An address where we could not
// look counts only when no other one told anything.
func Judge(t Target, seen []Seen, p Policy, prev Memory, now time.Time) (Report, Memory) {
	j := &judge{target: t, policy: p, now: now, usage: x509.ExtKeyUsageServerAuth, trust: true}
	j.survey(seen)
	clientCertificate(&j.ours, t.ClientCert, p, now)

	addresses := make([]AddressReport, 0, len(seen))
	remembered := make(map[string]Remembered, len(seen))
	for _, s := range seen {
		key := addressOf(s)
		f, w := j.look(s)
		if w.path != nil {
			remembered[key] = remember(&f, prev.Addresses[key], w, now)
		}
		addresses = append(addresses, describe(s, f, w))
	}
	return together(addresses, now), carry(prev, remembered, now)
}

// survey gathers what the addresses tell about each other.
func (j *judge) survey(seen []Seen) {
	leaves := map[string]bool{}
	keep := func(chain []*x509.Certificate) {
		for _, c := range chain[:min(len(chain), maxServed)] {
			if c.IsCA && len(j.known) < maxServed && !containsCert(j.known, c) {
				j.known = append(j.known, c)
			}
		}
	}
	for _, s := range seen {
		if len(s.Chain) > 0 {
			leaves[string(s.Chain[0].Raw)] = true
		}
		keep(s.Chain)
	}
	keep(j.policy.Served)
	j.leaves = len(leaves)
}

// look judges one address.
func (j *judge) look(s Seen) (findings, walked) {
	f, w := findings{}, walked{}
	if s.Fault != "" {
		f.add(s.Fault, "%s", orElse(s.Detail, string(s.Fault)))
	}
	protocol(&f, s)
	f.join(j.ours)
	if len(s.Chain) == 0 {
		if s.Fault == "" {
			f.add(FaultHandshakeFailed, "the server sent no certificate")
		}
		return f, w
	}
	w = j.certificates(&f, s.Chain)
	hostname(&f, s.Chain[0], j.target.Name())
	expected(&f, s.Chain, w, j.policy)
	if j.leaves > 1 {
		f.add(FaultNodeDisagreement, "the addresses of this name serve %d different certificates", j.leaves)
	}
	return f, w
}

// certificates judges a chain by itself.
func (j *judge) certificates(f *findings, served []*x509.Certificate) walked {
	w := j.chain(f, served)
	strength(f, w)
	shape(f, served, w, j.now)
	lifetime(f, served[0])
	if served[0].BasicConstraintsValid && served[0].IsCA && j.usage != x509.ExtKeyUsageAny {
		f.add(FaultLeafIsCA, "leaf %q is a CA certificate: who holds its key can sign for any name", nameOf(served[0]))
	}
	return w
}

// describe puts the judgement of one address down.
func describe(s Seen, f findings, w walked) AddressReport {
	a := AddressReport{Address: addressOf(s), Took: s.Took, Page: f.page, Chain: Describe(s.Chain)}
	a.Faults, a.Notes, a.Detail = f.split()
	a.Verdict = worst(a.Faults)
	if len(s.Chain) > 0 {
		a.NotAfter = s.Chain[0].NotAfter.UTC()
	}
	if w.verified {
		a.PathEnd = endOf(w.path).UTC()
	}
	return a
}

// together makes one report of all addresses.
func together(addresses []AddressReport, now time.Time) Report {
	r := Report{At: now.UTC(), Verdict: Unknown, Faults: []Fault{}, Notes: []Fault{}, Addresses: addresses}
	if len(addresses) == 0 {
		r.Faults, r.Detail = []Fault{FaultInternal}, "no address was looked at"
		return r
	}
	for _, a := range addresses {
		r.Faults, r.Notes = append(r.Faults, a.Faults...), append(r.Notes, a.Notes...)
		if !a.NotAfter.IsZero() && (r.NotAfter.IsZero() || a.NotAfter.Before(r.NotAfter)) {
			r.NotAfter = a.NotAfter
		}
	}
	r.Faults, r.Notes = sortFaults(r.Faults), sortFaults(r.Notes)
	speaker := worstAddress(addresses)
	r.Verdict, r.Detail = speaker.Verdict, speaker.Detail
	if n := len(addresses); n > 1 && len(speaker.Faults) > 0 {
		bad := 0
		for _, a := range addresses {
			if a.Verdict == speaker.Verdict {
				bad++
			}
		}
		r.Detail = clean(fmt.Sprintf("%d of %d addresses, %s: %s", bad, n, speaker.Address, speaker.Detail), maxDetail)
	}
	return r
}

// worstAddress returns the address that speaks for all: fail, else warn, else
// ok, and unknown only when nobody knows better.
func worstAddress(addresses []AddressReport) AddressReport {
	weight := []Verdict{Unknown, OK, Warn, Fail}
	return slices.MaxFunc(addresses, func(a, b AddressReport) int {
		if d := slices.Index(weight, a.Verdict) - slices.Index(weight, b.Verdict); d != 0 {
			return d
		}
		return firstRank(b) - firstRank(a)
	})
}

func firstRank(a AddressReport) int {
	if len(a.Faults) > 0 {
		return a.Faults[0].rank()
	}
	return len(order)
}

// addressOf is the key of an address in reports and in memory; empty when the
// name did not resolve.
func addressOf(s Seen) string {
	if !s.Address.IsValid() {
		return ""
	}
	return s.Address.String()
}

func orElse(s, other string) string {
	if strings.TrimSpace(s) == "" {
		return other
	}
	return s
}
