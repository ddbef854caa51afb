package alerting

import (
	"maps"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// ofRatios reports whether a rule is about the failure ratio of a part of all
// traffic.
func ofRatios(rule rules.Rule) bool {
	switch rule {
	case rules.RuleProductErrorRatio, rules.RuleChannelErrorRatio, rules.RuleTypeErrorRatio, rules.RuleMerchantErrorRatio:
		return true
	default:
		return false
	}
}

// ofThePlatform returns the incident that the platform's ratio is in, for it and
// for the ratio of a part of it: while failures are up everywhere, each of them
// is a line of that, and one that was a line comes back to it.
func (t *turn) ofThePlatform(c rules.Change) (group, bool) {
	platform := met{rules.RulePlatformErrorRatio, rules.ScopePlatform}
	if !ofRatios(c.Key.Rule) && metOf(c.Key) != platform {
		return group{}, false
	}
	if s, up := t.seats[platform]; up {
		return s.in.asGroup(c.Severity), true
	}
	for _, id := range slices.Sorted(maps.Keys(t.incidents)) {
		if in := t.incidents[id]; !in.Live() && in.Parent == "" && t.recent(in) && in.had(platform) && in.had(metOf(c.Key)) {
			return in.asGroup(c.Severity), true
		}
	}
	return group{}, false
}

// ofAPart returns the incident about a part of the traffic that the platform's
// ratio goes on with: the one that its attribution names, or else the oldest of
// those whose failures went up at about the same time. One cause pages once,
// however far it shows.
func (t *turn) ofAPart(c rules.Change) (group, bool) {
	if c.Key.Rule != rules.RulePlatformErrorRatio {
		return group{}, false
	}
	var best *Incident
	for _, id := range slices.Sorted(maps.Keys(t.incidents)) {
		in := t.incidents[id]
		if !in.Live() || !ofRatios(in.Rule) || in.Merchant != "" {
			continue // what is one merchant's is shown to that merchant alone
		}
		if c.Evidence.Where.Scope() == in.Scope {
			return in.asGroup(c.Severity), true
		}
		if apart(in.StartedAt, c.Since) <= t.desk.Fold.Within && (best == nil || in.StartedAt.Before(best.StartedAt)) {
			best = in
		}
	}
	if best == nil {
		return group{}, false
	}
	return best.asGroup(c.Severity), true
}

// widen lets an incident about a part of the traffic be the platform's, which
// has joined it, unless that part is what the platform's attribution names. Others
// of the same traffic go on in it.
func (t *turn) widen(in *Incident, c rules.Change) {
	if c.Key.Rule != rules.RulePlatformErrorRatio || !in.Live() || !ofRatios(in.Rule) || c.Evidence.Where.Scope() == in.Scope {
		return
	}
	in.Rule, in.Scope, in.Merchant, in.Title, in.Evidence = c.Key.Rule, c.Key.Scope, "", nameOf(c), c.Evidence
	t.fold(in, in.asGroup(c.Severity))
}

// atOnce is how close together the failures of two channels, or two products,
// go up when one cause is behind them: changes are dated to the tick of 10 s.
const atOnce = time.Minute

// ofTheSame returns the incident that tells of the same traffic already: one
// of another part of it whose failures went up at about the same time, or that
// the endpoint's other signals are in. Two values of one dimension are the same
// only when they went up at once. What is one merchant's is shown to that
// merchant: nothing of another joins it.
func (t *turn) ofTheSame(c rules.Change) (group, bool) {
	if ofDeliveries(c.Key.Rule) {
		for _, rule := range []rules.Rule{rules.RuleEndpointDown, rules.RuleCertificate} {
			if s, ok := t.seats[met{rule, c.Key.Scope}]; ok {
				return s.in.asGroup(c.Severity), true
			}
		}
		return group{}, false
	}
	if !ofRatios(c.Key.Rule) {
		return group{}, false
	}
	kind, _ := c.Key.Scope.Split()
	for _, id := range slices.Sorted(maps.Keys(t.incidents)) {
		in := t.incidents[id]
		other, _ := in.Scope.Split()
		within := t.desk.Fold.Within
		if other == kind {
			within = min(within, atOnce)
		}
		if in.Live() && ofRatios(in.Rule) && apart(in.StartedAt, c.Since) <= within && (in.Merchant == "" || in.Merchant == c.Merchant) {
			return in.asGroup(c.Severity), true
		}
	}
	return group{}, false
}
