package alerting_test

import (
	"fmt"
	"testing"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// away makes the change of our own network.
func away(open bool, when float64) rules.Change {
	c := platform(open, noon, at(when))
	c.Key = rules.Key{Rule: rules.RuleMonitorSelf, Scope: rules.SelfEgress, Episode: 1}
	c.Evidence.Text = "31 of 60 endpoints turned unreachable within a minute"
	return c
}

func unreachable(i int, open bool, since, when float64) rules.Change {
	c := down(fmt.Sprint("e", i), fmt.Sprint("h", i), open, at(since), at(when))
	c.Fault = "unreachable"
	return c
}

// Five thousand endpoints that fail with our own network are one incident and
// one page; what still fails well after it is told then.
func TestWhatFailsWithOurOwnNetworkIsExplained(t *testing.T) {
	h := &house{d: lively()}
	h.decide(at(1), away(true, 1))
	told := len(h.loud())
	var all []rules.Change
	for i := range 5000 {
		all = append(all, unreachable(i, true, 0.5, 3))
	}
	h.decide(at(3), all...)
	if in := h.only(t); in.Rule != rules.RuleMonitorSelf || len(h.loud()) != told || told != 1 {
		t.Fatalf("%s: told %d times, then %d", in.Title, told, len(h.loud()))
	}
	h.decide(at(4), away(false, 4))
	orphans := func() (list []alerting.Orphan) {
		for _, c := range all[:2] {
			list = append(list, alerting.Orphan{Change: c})
		}
		return list
	}
	h.world.Orphans = orphans()
	h.decide(at(8.9))
	if n := len(h.world.Incidents); n != 1 {
		t.Errorf("a moment after, %d incidents", n)
	}
	h.decide(at(9.1))
	if n := len(h.world.Incidents); n != 3 {
		t.Errorf("five minutes after, %d incidents; want two for what still fails", n)
	}
}

// What had been opened for some of them goes on in the one that explains it.
func TestWhatWasOpenedBeforeIsFoldedIn(t *testing.T) {
	h := &house{d: lively()}
	h.decide(at(2), unreachable(1, true, 0, 2))
	refused := down("r", "hr", true, at(0), at(2))
	h.decide(at(2), refused)
	h.decide(at(3), away(true, 3))
	folded, live := 0, 0
	for _, in := range h.world.Incidents {
		switch {
		case in.Parent != "":
			folded++
		case in.Live():
			live++
		}
	}
	if folded != 1 || live != 2 {
		t.Errorf("%d folded, %d live; want the one that cannot be reached folded, and the one that refuses beside", folded, live)
	}
}

// An endpoint that fails otherwise, or that begins to when we are well again,
// is no part of it.
func TestWhatOurOwnNetworkDoesNotExplain(t *testing.T) {
	for name, c := range map[string]rules.Change{
		"it refuses":      down("r", "hr", true, at(0.5), at(3)),
		"it begins later": unreachable(1, true, 5, 7),
	} {
		t.Run(name, func(t *testing.T) {
			h := &house{d: lively()}
			h.decide(at(1), away(true, 1))
			h.decide(at(4), away(false, 4))
			h.decide(at(7), c)
			if n := len(h.world.Incidents); n != 2 {
				t.Errorf("%d incidents", n)
			}
		})
	}
}
