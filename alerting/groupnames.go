package alerting

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hookvigil/hookvigil/rules"
)

// nameOf says what one condition is, for people.
func nameOf(c rules.Change) string {
	kind, id := c.Key.Scope.Split()
	switch c.Key.Rule {
	case rules.RuleEndpointDown:
		return phrase(id+" is down", c.Fault)
	case rules.RuleCertificate:
		return phrase("certificate of "+id, c.Fault)
	case rules.RuleEndpointFailing:
		return phrase("deliveries to "+id+" fail", c.Fault)
	case rules.RulePlatformErrorRatio:
		if where := c.Evidence.Where.Name(); where != "" {
			return "webhook failures are up on the platform, most of them at " + where
		}
		return "webhook failures are up on the whole platform"
	case rules.RuleMonitorSelf:
		if c.Key.Scope == rules.SelfEgress {
			return "our own network is in doubt: endpoints cannot be reached from here"
		}
		return "hookvigil itself is in trouble: " + id
	case rules.RuleSilence:
		if kind == rules.ScopeHeartbeat {
			return "no heartbeat from " + id
		}
		return "no attempts from " + kind + " " + id
	default:
		return plainName(c.Key.Rule, c.Key.Scope)
	}
}

// plainName is the name of a condition of which the scope alone is told.
func plainName(rule rules.Rule, scope rules.Scope) string {
	names := map[rules.Rule]string{
		rules.RuleProductErrorRatio:  "webhook failures are up on product %s",
		rules.RuleChannelErrorRatio:  "webhook failures are up on channel %s",
		rules.RuleTypeErrorRatio:     "webhook failures are up on events %s",
		rules.RuleMerchantErrorRatio: "webhook failures are up at merchant %s",
		rules.RuleEndpointSlow:       "%s answers slowly",
		rules.RuleLossComing:         "events of %s get their last automatic try soon",
		rules.RuleEventsLost:         "events of %s were lost",
		rules.RuleRetriesMissing:     "source %s does not repeat what failed",
		rules.RuleUpstreamDelay:      "channel %s tells late what happened",
		rules.RuleDuplicates:         "source %s sends events twice",
	}
	_, id := scope.Split()
	if name, known := names[rule]; known {
		return fmt.Sprintf(name, id)
	}
	return fmt.Sprintf("%s: %s", rule, scope)
}

// commonTitle says how many endpoints share what: those that are bad now, and
// at first those that were seen to fail at once: the mail that wakes somebody
// says fifty when fifty fail and the first of them is confirmed. One that is
// over, or recovers, says how many there ever were.
func (in Incident) commonTitle() string {
	now, ever := map[rules.Scope]bool{}, map[rules.Scope]bool{}
	for _, m := range in.Members {
		ever[m.Key.Scope] = true
		if m.Left.IsZero() {
			now[m.Key.Scope] = true
		}
	}
	n := len(now)
	switch {
	case !in.Live() || len(now) == 0:
		n = max(len(ever), in.Failing)
	case len(now) == len(ever): // nobody is well again yet
		n = max(n, in.Failing)
	}
	noun := "endpoints"
	if n == 1 {
		noun = "endpoint"
	}
	if host, ok := strings.CutPrefix(in.GroupKey, keyHost); ok {
		return fmt.Sprintf("%d %s of %s: %s", n, noun, host, mostOf(in.shown(Membership.fault)))
	}
	return fmt.Sprintf("%d %s: %s", n, noun, in.commonFault())
}

// commonFault is what many share: the cause that brought them together, as long
// as no other is shown by more of those that are bad now.
func (in Incident) commonFault() string {
	key, causes := strings.TrimPrefix(in.GroupKey, keyCommon), in.shown(Membership.cause)
	if most := mostOf(causes); causes[most] > causes[key] {
		return most
	}
	return key
}

// shown counts the words that the members which are bad now show; those of all
// when none is.
func (in Incident) shown(word func(Membership) string) map[string]int {
	now, ever := map[string]int{}, map[string]int{}
	for _, m := range in.Members {
		w := word(m)
		if w == "" || !shared(m.Key.Rule) {
			continue
		}
		ever[w]++
		if m.Left.IsZero() {
			now[w]++
		}
	}
	if len(now) == 0 {
		return ever
	}
	return now
}

func (m Membership) fault() string { return m.Fault }

// cause is the word under which many of its kind come together; empty: none.
func (m Membership) cause() string {
	if m.Fault == "" {
		return ""
	}
	return causeOf(m.Key.Rule, m.Fault)
}

// mostOf returns the word that was counted most often, the first of equals.
func mostOf(counts map[string]int) string {
	words := slices.Sorted(maps.Keys(counts))
	if len(words) == 0 {
		return ""
	}
	return slices.MaxFunc(words, func(a, b string) int { return cmp.Or(counts[a]-counts[b], strings.Compare(b, a)) })
}

// ratioTitle says of which parts of the traffic failures are up, once they are
// several of the kind that leads.
func (in Incident) ratioTitle() string {
	lead, id := in.Scope.Split()
	var values []string
	for _, m := range in.Members {
		if kind, value := m.Key.Scope.Split(); kind == lead && ofRatios(m.Key.Rule) && !slices.Contains(values, value) {
			values = append(values, value)
		}
	}
	if len(values) < 2 {
		return in.Title
	}
	return fmt.Sprintf("webhook failures are up on %d %ss: %s and %d more", len(values), lead, id, len(values)-1)
}
