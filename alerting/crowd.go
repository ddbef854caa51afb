package alerting

import (
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// crowd is what fails, so that what does for one cause and at about the same
// time is found at once however many there are.
type crowd struct {
	of     map[met]Failing
	causes map[string][]Failing // by cause, those that began first first
	hosts  map[string][]Failing // by cause and host, likewise
}

// causeOf is what many endpoints may have in common: the fault of their
// probes, or of their certificates.
func causeOf(rule rules.Rule, fault string) string {
	if rule == rules.RuleCertificate {
		return "certificate " + fault
	}
	return fault
}

func (f Failing) cause() string { return causeOf(f.Rule, f.Fault) }

func crowdOf(failing []Failing) crowd {
	c := crowd{of: make(map[met]Failing, len(failing)), causes: map[string][]Failing{}, hosts: map[string][]Failing{}}
	sorted := slices.Clone(failing)
	slices.SortStableFunc(sorted, func(a, b Failing) int { return a.Since.Compare(b.Since) })
	for _, f := range sorted {
		c.of[met{f.Rule, f.Scope}] = f
		c.causes[f.cause()] = append(c.causes[f.cause()], f)
		c.hosts[onHost(f.cause(), f.Host)] = append(c.hosts[onHost(f.cause(), f.Host)], f)
	}
	return c
}

// like counts what fails for c's cause and began to within a span of it, on
// how many hosts (counted up to most), and how many on c's own. c itself
// counts.
func (w crowd) like(c rules.Change, within time.Duration, most int) (all, hosts, same int) {
	cause := causeOf(c.Key.Rule, c.Fault)
	near := nearby(w.causes[cause], c.Since, within)
	all, same = len(near), len(nearby(w.hosts[onHost(cause, c.Host)], c.Since, within))
	if f, known := w.of[metOf(c.Key)]; !known || f.Fault != c.Fault || apart(f.Since, c.Since) > within {
		all, same = all+1, same+1
	}
	seen := map[string]bool{c.Host: true}
	for _, f := range near {
		if len(seen) >= most {
			break
		}
		seen[f.Host] = true
	}
	return all, len(seen), same
}

// nearby returns the part of a sorted list that lies within a span of a moment.
func nearby(sorted []Failing, at time.Time, within time.Duration) []Failing {
	from, _ := slices.BinarySearchFunc(sorted, at.Add(-within), func(f Failing, t time.Time) int { return f.Since.Compare(t) })
	to, _ := slices.BinarySearchFunc(sorted, at.Add(within+1), func(f Failing, t time.Time) int { return f.Since.Compare(t) })
	return sorted[from:to]
}

func onHost(cause, host string) string { return cause + "\x00" + host }

// apart is how far two moments lie from each other.
func apart(a, b time.Time) time.Duration { return max(a.Sub(b), b.Sub(a)) }
