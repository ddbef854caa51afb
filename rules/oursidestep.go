package rules

import (
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/probes"
)

// oursideKnown is how long after its start a failed probe is known at the
// latest: its deadline, and two turns of whoever asks.
const oursideKnown = probes.MaxTimeout + 20*time.Second

// Step takes what is known at a time. It is pure, and tells once when it opens
// and once when it ends. It takes the time to sort the endpoints that are bad.
func (o OurSide) Step(s OurSideState, f OurSideFact, now time.Time) (OurSideState, *Change) {
	for _, at := range []*time.Time{&s.Well, &s.Decided} {
		if at.After(now) {
			*at = now // the clock was set back
		}
	}
	c, t := o.canariesIn(f.Canaries, s.Episode.Phase == PhaseOpen), o.turnIn(s, f, now)
	if s.Episode.Phase == PhaseOpen {
		return o.goOn(s, f, oursideSeen{c, t}, now)
	}
	if !c.doubt && t.n == 0 {
		return s, nil
	}
	told := false
	s.Episode, told = s.Episode.pend(earliest(c.since(), t.from, now).UTC(), oursideWord(c, t)).open(now, Critical)
	s.Turned, s.Well = t.n, time.Time{}
	if !told {
		return s, nil
	}
	ch := o.tell(s.Episode, f, t.n, now)
	ch.Evidence.Text = o.doubtText(oursideSeen{c, t}, f)
	return s, &ch
}

// oursideSeen is what speaks for a doubt.
type oursideSeen struct {
	canaries canariesSeen
	turn     turnSeen
}

// goOn takes a fact while it is open.
func (o OurSide) goOn(s OurSideState, f OurSideFact, seen oursideSeen, now time.Time) (OurSideState, *Change) {
	bad := badSince(f.Bad, s.Episode.Since.Add(-o.Within-oursideKnown))
	if s.Turned > 0 || seen.turn.n > 0 {
		s.Turned = max(s.Turned, bad)
	}
	switch doubt := seen.canaries.doubt || s.Turned > 0 && 2*bad >= s.Turned; {
	case doubt:
		s.Well = time.Time{}
		return s, nil
	case s.Well.IsZero():
		s.Well = now
		return s, nil
	case now.Sub(s.Well) < o.Clear:
		return s, nil
	}
	turned := s.Turned
	s.Episode, _ = s.Episode.good(1)
	s.Turned, s.Well, s.Decided = 0, time.Time{}, now
	ch := o.tell(s.Episode, f, bad, now)
	ch.Evidence.Denominator = max(turned, bad)
	ch.Evidence.Text = overText(bad, turned)
	return s, &ch
}

// badSince counts the endpoints that have turned bad since a time.
func badSince(list []BadEndpoint, from time.Time) int {
	n := 0
	for i := range list {
		if OurSideFault(list[i].Fault) && !list[i].Since.Before(from) {
			n++
		}
	}
	return n
}

// canariesSeen is what the canaries with an opinion say together.
type canariesSeen struct {
	doubt   bool
	failing []CanaryFact
	well    []CanaryFact
}

// canariesIn asks the canaries. While it is open, the last look at each decides.
func (o OurSide) canariesIn(list []CanaryFact, open bool) canariesSeen {
	need := o.Failures
	if open {
		need = 1
	}
	var c canariesSeen
	outside, failing := 0, 0
	for _, one := range list {
		fails := one.Known && one.Failures >= need
		switch {
		case fails:
			c.failing = append(c.failing, one)
		case one.Known:
			c.well = append(c.well, one)
		}
		switch {
		case !one.Known:
		case one.Alone:
			c.doubt = c.doubt || fails
		default:
			if outside++; fails {
				failing++
			}
		}
	}
	c.doubt = c.doubt || failing > 0 && ratioOf(failing, outside) >= o.Canaries
	return c
}

// since is when the first of those that fail began to; zero: there is no doubt.
func (c canariesSeen) since() time.Time {
	if !c.doubt {
		return time.Time{}
	}
	var first time.Time
	for _, one := range c.failing {
		first = earliest(first, one.Since)
	}
	return first
}

// turnSeen is the most endpoints that turned within the span; none when they
// are too few for a doubt.
type turnSeen struct {
	n, hosts int
	from     time.Time
	faults   map[string]int
}

// turnIn looks for the span in which most endpoints turned, among those of late.
func (o OurSide) turnIn(s OurSideState, f OurSideFact, now time.Time) turnSeen {
	oldest := now.Add(-o.Within - oursideKnown)
	late := make([]BadEndpoint, 0, len(f.Bad))
	for _, b := range f.Bad {
		if OurSideFault(b.Fault) && !b.Since.Before(oldest) && b.Since.After(s.Decided) {
			late = append(late, b)
		}
	}
	if !o.enough(len(late), f.Watched) {
		return turnSeen{}
	}
	slices.SortFunc(late, func(a, b BadEndpoint) int { return a.Since.Compare(b.Since) })
	best, hosts, from := turnSeen{}, map[string]int{}, 0
	for to, b := range late {
		hosts[b.Host]++
		for ; b.Since.Sub(late[from].Since) > o.Within; from++ {
			if hosts[late[from].Host]--; hosts[late[from].Host] == 0 {
				delete(hosts, late[from].Host)
			}
		}
		if n := to - from + 1; n > best.n && len(hosts) >= o.Hosts && o.enough(n, f.Watched) {
			best = turnSeen{n: n, hosts: len(hosts), from: late[from].Since}
		}
	}
	best.faults = map[string]int{}
	for _, b := range late {
		if best.n > 0 && !b.Since.Before(best.from) && b.Since.Sub(best.from) <= o.Within {
			best.faults[b.Fault]++
		}
	}
	return best
}

func (o OurSide) enough(n, watched int) bool {
	return n >= o.Endpoints && ratioOf(n, watched) > o.Share
}

// earliest returns the earliest of some times; the zero time is none.
func earliest(times ...time.Time) time.Time {
	var first time.Time
	for _, t := range times {
		if first.IsZero() || !t.IsZero() && t.Before(first) {
			first = t
		}
	}
	return first
}
