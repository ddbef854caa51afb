package digest

import (
	"cmp"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// What the platform's digest names, and how much of it.
const (
	channelLimit  = rules.Ratio(0.01) // channels with more failures
	soon          = 14 * day          // certificates that end within it
	mostKept      = 100               // merchants in a snapshot,
	mostWorst     = 10                // and of them those that are shown
	alwaysWorst   = 3                 // of them are named although their failures are ordinary:
	ordinaryRatio = rules.Ratio(0.01) // at most this share
)

// platformVerdict judges the operators' own digest: a critical incident that
// runs asks for action; any other that runs, a critical one that is over and an
// endpoint that fails ask for a look at least.
func (f Facts) platformVerdict() Verdict {
	p, trouble := f.Platform, f.trouble()
	switch {
	case trouble.critical > 0:
		return Act
	case p == nil || p.Probing <= 0:
		return Attention
	case proven(p.First), slices.ContainsFunc(p.Channels, func(c Channel) bool { return proven(c.First) }):
		return Act
	case trouble.any(), len(p.Broken) > 0, len(ending(p.Certificates, f.AsOf())) > 0, p.Dead > 0, p.Digests.Dead > 0, len(channels(p.Channels)) > 0:
		return Attention
	case f.early(), f.little(p.Probing, f.elapsed(), p.First):
		return Attention
	default:
		return OK
	}
}

// surely is the share that failed, less what may be chance: one failure in ten
// is less than two hundred in a thousand, and comes after them.
func surely(c Count) rules.Ratio {
	if c.Total <= 0 || c.Failed <= 0 {
		return 0
	}
	low, _ := rules.ExactInterval(c.Failed, c.Total, sure)
	return low
}

// worse orders counts, the worst first.
func worse(a, b Count) int {
	return cmp.Or(cmp.Compare(surely(b), surely(a)), b.Failed-a.Failed)
}

// channels are those over the limit, worst first.
func channels(list []Channel) []Channel {
	list = slices.DeleteFunc(slices.Clone(list), func(c Channel) bool {
		ratio, known := c.First.Ratio()
		return !known || ratio <= channelLimit
	})
	slices.SortStableFunc(list, func(a, b Channel) int { return cmp.Or(worse(a.First, b.First), cmp.Compare(a.ID, b.ID)) })
	return list
}

// ending are the certificates that end soon.
func ending(list []Expiring, now time.Time) []Expiring {
	return slices.DeleteFunc(slices.Clone(list), func(c Expiring) bool { return c.NotAfter.Sub(now) >= soon })
}

// worstFirst orders merchants: those whose endpoints fail now, then by what
// surely fails.
func worstFirst(list []Merchant) []Merchant {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b Merchant) int {
		return cmp.Or(min(b.Failing, 1)-min(a.Failing, 1), cmp.Compare(surely(b.First), surely(a.First)), b.Failing-a.Failing, b.First.Failed-a.First.Failed, cmp.Compare(a.ID, b.ID))
	})
	return list
}

// worstOf are the merchants to name, worst first: three that had failures, and
// whoever has an endpoint that fails or a ratio that is not ordinary. Without a
// failure nobody is bad.
func worstOf(list []Merchant) []Merchant {
	var kept []Merchant
	for i, m := range worstFirst(list) {
		if m.notable() || i < alwaysWorst && m.First.Failed > 0 {
			kept = append(kept, m)
		}
	}
	return kept
}

// notable reports whether a merchant is named wherever it stands.
func (m Merchant) notable() bool {
	ratio, _ := m.First.Ratio()
	return m.Failing > 0 || ratio > ordinaryRatio
}

// bounded keeps the worst merchants, as many as a snapshot has room for, and
// counts the others that deserve to be named; and the names of merchants that
// are shown for something else. It changes nothing twice.
func (p *Platform) bounded(now time.Time) *Platform {
	if p == nil {
		return nil
	}
	b := *p
	b.Names = p.shownNames(now)
	if len(p.Worst) <= mostKept {
		return &b
	}
	sorted := worstFirst(p.Worst)
	b.Worst = sorted[:mostKept]
	for _, m := range sorted[mostKept:] {
		if m.notable() {
			b.MoreWorst++
		}
	}
	return &b
}

// shownNames are the names of the merchants in the rows that tables have room
// for, in order and as long as they are shown.
func (p *Platform) shownNames(now time.Time) []Name {
	if len(p.Names) == 0 {
		return nil
	}
	wanted := map[string]bool{}
	broken, recovered, _ := p.turns()
	for _, list := range [][]Turn{broken, recovered} {
		for _, t := range list[:min(len(list), mostRows)] {
			wanted[t.Merchant] = true
		}
	}
	list := ending(p.Certificates, now)
	for _, c := range list[:min(len(list), mostRows)] {
		wanted[c.Merchant] = true
	}
	var kept []Name
	for _, n := range p.Names {
		if wanted[n.ID] && n.Name != "" {
			kept = append(kept, Name{n.ID, alerting.Line(n.Name, longName)})
			delete(wanted, n.ID)
		}
	}
	slices.SortFunc(kept, func(a, b Name) int { return cmp.Compare(a.ID, b.ID) })
	return kept
}

// turns lists each endpoint once, in the order of time, by what it did last: one that broke and
// recovered is a recovered one. passed counts those.
func (p *Platform) turns() (broken, recovered []Turn, passed int) {
	broke, well := lastTurns(p.Broken), lastTurns(p.Recovered)
	broken = slices.DeleteFunc(slices.Clone(p.Broken), func(t Turn) bool {
		again, recovers := well[t.who()]
		return recovers && !again.Before(t.At) || broke[t.who()].After(t.At)
	})
	breaks := lastTurns(broken)
	recovered = slices.DeleteFunc(slices.Clone(p.Recovered), func(t Turn) bool {
		_, bad := breaks[t.who()]
		return bad || well[t.who()].After(t.At)
	})
	for _, list := range [][]Turn{broken, recovered} {
		slices.SortStableFunc(list, func(a, b Turn) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Endpoint, b.Endpoint)) })
	}
	for _, t := range recovered {
		if _, did := broke[t.who()]; did {
			passed++
		}
	}
	return broken, recovered, passed
}

// who is whose turn it is: merchant and endpoint.
func (t Turn) who() [2]string { return [2]string{t.Merchant, t.Endpoint} }

// lastTurns is when each endpoint of a list turned last.
func lastTurns(list []Turn) map[[2]string]time.Time {
	last := map[[2]string]time.Time{}
	for _, t := range list {
		if at, known := last[t.who()]; !known || t.At.After(at) {
			last[t.who()] = t.At
		}
	}
	return last
}
