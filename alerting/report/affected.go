package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// mostNamed bounds the names of one kind that are listed.
const mostNamed = 50

// affected says at a glance when, what and how much.
func (w *writer) affected() {
	in := w.Incident
	w.line("- Incident date: %s", in.StartedAt.In(w.Zone).Format(time.DateOnly))
	if in.Scope == rules.ScopePlatform && in.Rule != alerting.RuleCommonCause {
		w.line("- Affected: all traffic of the platform")
	}
	products, channels := map[string]int{}, map[string]int{}
	for _, c := range w.Products {
		products[c.Name] += c.Failed
	}
	for _, r := range w.Channels {
		channels[r.Channel] += r.Failed
	}
	w.names("products", rules.ScopeProduct, products)
	w.names("payment channels", rules.ScopeChannel, channels)
	w.names("event types", rules.ScopeType, nil)
	w.names("merchants", rules.ScopeMerchant, nil)
	w.names("endpoints", rules.ScopeEndpoint, nil)
	w.names("sources", rules.ScopeSource, nil)
	w.names("services of our own", rules.ScopeTarget, nil)
	if in.SharePeak > 0 {
		w.line("- Affected share at peak: %s of %s", rules.Ratio(in.SharePeak).Short(), shareOf(in))
	}
	if sum := w.sum(); sum.Failed > 0 {
		w.line("- Affected events: %d failed their first attempt; %d delivered since, %d waiting for a retry, %d out of retries, %d written off",
			sum.Failed, sum.Redelivered, sum.Waiting(), sum.Exhausted, sum.WrittenOff)
	}
}

// shareOf says what an incident's shares are shares of.
func shareOf(in alerting.Incident) string {
	switch in.Rule {
	case rules.RulePlatformErrorRatio:
		return "all traffic"
	case rules.RuleProductErrorRatio, rules.RuleChannelErrorRatio, rules.RuleTypeErrorRatio, rules.RuleMerchantErrorRatio:
		return "the traffic of " + Plain(strings.Replace(string(in.Scope), ":", " ", 1))
	default:
		return "the endpoints in it"
	}
}

// names lists those of a kind that the incident is made of or that had failed
// events, those with the most events first.
func (w *writer) names(noun, kind string, events map[string]int) {
	all := maps.Clone(events)
	if all == nil {
		all = map[string]int{}
	}
	delete(all, "") // what names none
	for _, m := range w.Incident.Members {
		if of, id := m.Key.Scope.Split(); of == kind {
			all[id] += 0
		}
	}
	list := slices.SortedFunc(maps.Keys(all), func(a, b string) int {
		if all[a] != all[b] {
			return all[b] - all[a]
		}
		return strings.Compare(a, b)
	})
	if len(list) == 0 {
		return
	}
	said := make([]string, 0, mostNamed)
	for _, name := range list[:min(len(list), mostNamed)] {
		one := Plain(name)
		if n := all[name]; n > 0 {
			one += fmt.Sprintf(" (%s)", plural(n, "event"))
		}
		said = append(said, one)
	}
	if more := len(list) - mostNamed; more > 0 {
		said = append(said, fmt.Sprintf("and %d more", more))
	}
	w.line("- Affected %s: %s", noun, strings.Join(said, ", "))
}

// sum adds up the channels.
func (w *writer) sum() (all alerting.Reconciliation) {
	for _, r := range w.Channels {
		all.Failed += r.Failed
		all.Redelivered += r.Redelivered
		all.Exhausted += r.Exhausted
		all.WrittenOff += r.WrittenOff
	}
	return all
}
