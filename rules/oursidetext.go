package rules

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// mostNamedCanaries is how many canaries an evidence names.
const mostNamedCanaries = 5

func (o OurSide) tell(e Episode, f OurSideFact, n int, now time.Time) Change {
	c := e.change(RuleMonitorSelf, SelfEgress, now)
	c.Evidence = Evidence{
		From: e.Since, To: now.UTC(), Numerator: n, Denominator: f.Watched, Threshold: o.Share,
		Clears: fmt.Sprintf("for %s the canaries answer, and fewer than half of the endpoints that turned bad are so", short(o.Clear)),
	}
	if n == 0 {
		c.Evidence.Denominator, c.Evidence.Threshold = 0, 0
	}
	return c
}

// doubtText says why we doubt ourselves.
func (o OurSide) doubtText(seen oursideSeen, f OurSideFact) string {
	var parts []string
	if t := seen.turn; t.n > 0 {
		parts = append(parts, fmt.Sprintf("%s of %s on %s turned %s within %s",
			grouped(t.n), countGrouped(f.Watched, "endpoint", "endpoints"), countGrouped(t.hosts, "host", "hosts"), faultsText(t.faults), spanText(o.Within)))
	}
	for i, c := range seen.canaries.failing {
		if i == mostNamedCanaries {
			parts = append(parts, "and "+count(len(seen.canaries.failing)-i, "further canary fails", "further canaries fail"))
			break
		}
		parts = append(parts, fmt.Sprintf("canary %s fails: %s", c.ID, c.Fault))
	}
	if len(seen.canaries.failing) == 0 && len(seen.canaries.well) > 0 {
		parts = append(parts, count(len(seen.canaries.well), "canary is well", "canaries are well"))
	}
	return strings.Join(parts, "; ")
}

// faultsText names the one fault, or each with its number, the most first.
func faultsText(faults map[string]int) string {
	words := faultsInOrder(faults)
	if len(words) == 1 {
		return words[0]
	}
	for i, w := range words {
		words[i] = grouped(faults[w]) + " " + w
	}
	return "bad (" + strings.Join(words, ", ") + ")"
}

func faultsInOrder(faults map[string]int) []string {
	return slices.SortedFunc(maps.Keys(faults), func(a, b string) int { return cmp.Or(faults[b]-faults[a], cmp.Compare(a, b)) })
}

// oursideWord is the fault that most have.
func oursideWord(c canariesSeen, t turnSeen) string {
	if words := faultsInOrder(t.faults); len(words) > 0 {
		return words[0]
	}
	if len(c.failing) > 0 {
		return c.failing[0].Fault
	}
	return ""
}

func overText(bad, turned int) string {
	text := "our own way out is well again"
	if turned > 0 {
		text += fmt.Sprintf(": %s of the %s that turned bad %s so still", grouped(bad), countGrouped(turned, "endpoint", "endpoints"), isOrAre(bad))
	}
	return text
}

func isOrAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// spanText writes the usual span as people say it.
func spanText(d time.Duration) string {
	if d == time.Minute {
		return "a minute"
	}
	return short(d)
}
