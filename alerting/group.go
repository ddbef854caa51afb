package alerting

import (
	"slices"

	"github.com/hookvigil/hookvigil/rules"
)

// What group keys begin with.
const (
	keyCommon = "v1:common_cause:" // and the fault
	keyHost   = "v1:host:"         // and the host
	keyOwn    = "v1:"              // and the scope
)

// GroupKeys returns the keys of all groups that a change may come to belong
// to: whoever reads a [World] for it needs their generations.
func GroupKeys(c rules.Change) []string {
	own := ownKey(c)
	if !shared(c.Key.Rule) {
		return []string{own}
	}
	return []string{own, keyCommon + causeOf(c.Key.Rule, c.Fault), keyHost + c.Host}
}

// shared reports whether many may meet a rule for one cause.
func shared(rule rules.Rule) bool {
	return rule == rules.RuleEndpointDown || rule == rules.RuleCertificate
}

// group is the incident that a condition belongs to.
type group struct {
	key      string
	rule     rules.Rule
	scope    rules.Scope
	merchant string
	severity rules.Severity
	name     string
	crowd    int // of a common cause: endpoints that fail now
}

// evidence is what an incident says that c opens.
func (g group) evidence(c rules.Change) rules.Evidence {
	e := c.Evidence
	if g.rule == RuleCommonCause {
		_, id := c.Key.Scope.Split()
		e.Text = "first " + phrase(id, e.Text)
	}
	return e
}

// group says where a condition belongs: an endpoint's conditions together,
// many failing endpoints with one fault together, a ratio by its scope.
func (t *turn) group(c rules.Change) group {
	if shared(c.Key.Rule) {
		if g, ok := t.besides(c); ok {
			return g
		}
		if g, ok := t.common(c); ok {
			return g
		}
	}
	if g, ok := t.ofThePlatform(c); ok {
		return g
	}
	if g, ok := t.ofAPart(c); ok {
		return g
	}
	if g, ok := t.ofTheSame(c); ok {
		return g
	}
	return group{
		key: ownKey(c), rule: c.Key.Rule, scope: c.Key.Scope, merchant: c.Merchant, severity: c.Severity,
		name: nameOf(c),
	}
}

// ownKey is the key of an incident of its own: what the deliveries of a
// merchant's endpoints say is one.
func ownKey(c rules.Change) string {
	if ofDeliveries(c.Key.Rule) && c.Merchant != "" {
		return keyOwn + string(rules.ScopeOf(rules.ScopeMerchant, c.Merchant))
	}
	return keyOwn + string(c.Key.Scope)
}

// ofDeliveries reports whether a rule follows the deliveries of one endpoint.
func ofDeliveries(rule rules.Rule) bool {
	switch rule {
	case rules.RuleEndpointFailing, rules.RuleEndpointSlow, rules.RuleLossComing, rules.RuleEventsLost:
		return true
	default:
		return false
	}
}

// explained reports whether a condition opens nothing of its own now. The ratio
// of an endpoint is a line of the incident in which the endpoint is down, and
// nothing else: without the probe it is for pages and digests. While failures are
// up on the whole platform, an endpoint that takes long is no news; while our own
// network is in doubt, one that cannot be reached is none.
func (t *turn) explained(c rules.Change) bool {
	k := c.Key
	if ours(k, c.Fault) && t.ourSide(c.Since) != nil {
		return true
	}
	var by met
	switch k.Rule {
	case rules.RuleEndpointFailing:
		_, down := t.seats[met{rules.RuleEndpointDown, k.Scope}]
		return !down
	case rules.RuleEndpointSlow:
		by = met{rules.RulePlatformErrorRatio, rules.ScopePlatform}
	default:
		return false
	}
	_, up := t.seats[by]
	return up
}

// asGroup is the incident as what a further condition belongs to.
func (in Incident) asGroup(severity rules.Severity) group {
	return group{key: in.GroupKey, rule: in.Rule, scope: in.Scope, merchant: in.Merchant, severity: severity, name: in.Title}
}

// had reports whether a rule in a scope was ever a member of an incident.
func (in Incident) had(m met) bool {
	return slices.ContainsFunc(in.Members, func(o Membership) bool { return metOf(o.Key) == m })
}
