package conditions

import (
	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/rules"
)

// dimension is one way to divide first attempts, each value of which has a
// series under a ratio rule of its own.
type dimension struct {
	rule rules.Rule
	kind string // of its scopes
	// sparse says that there may be very many values: a series begins with the
	// first failure, goes after a day without any, and is saved in turn.
	sparse bool
	of     func(*deliveries.Attempt) string // the value; empty: none
}

// dimensions are all of them, in the order in which they decide.
func dimensions() []dimension {
	return []dimension{
		{rules.RulePlatformErrorRatio, string(rules.ScopePlatform), false, nil},
		{rules.RuleProductErrorRatio, rules.ScopeProduct, false, func(a *deliveries.Attempt) string { return a.Product }},
		{rules.RuleChannelErrorRatio, rules.ScopeChannel, false, func(a *deliveries.Attempt) string { return a.Channel }},
		{rules.RuleTypeErrorRatio, rules.ScopeType, false, func(a *deliveries.Attempt) string { return a.Type }},
		{rules.RuleMerchantErrorRatio, rules.ScopeMerchant, true, func(a *deliveries.Attempt) string { return a.Merchant }},
		{rules.RuleEndpointFailing, rules.ScopeEndpoint, true, func(a *deliveries.Attempt) string { return a.Endpoint }},
	}
}

// id returns which series of the dimension an attempt counts for; false: none.
func (d dimension) id(a *deliveries.Attempt) (string, bool) {
	if d.of == nil {
		return "", true
	}
	id := d.of(a)
	return id, id != ""
}

// settingsOf returns the detector of a family and how many series it may have.
func (c Config) settingsOf(rule rules.Rule) (rules.Detector, int) {
	switch rule {
	case rules.RulePlatformErrorRatio:
		return c.Platform, 1
	case rules.RuleProductErrorRatio:
		return c.Product, c.MostValues
	case rules.RuleChannelErrorRatio:
		return c.Channel, c.MostValues
	case rules.RuleTypeErrorRatio:
		return c.Type, c.MostValues
	case rules.RuleMerchantErrorRatio:
		return c.Merchant, c.MostSeries
	default:
		return c.Endpoint, c.MostSeries
	}
}

// loudest returns how loud the rule may be in a scope: only the platform,
// products, channels and merchants that are named page (DESIGN.md section 6).
// An endpoint, or a merchant that is not named, is for pages and digests:
// among 100,000 series one false alarm a month each is 3,300 a day.
func (c Config) loudest(rule rules.Rule, id string) rules.Severity {
	switch rule {
	case rules.RuleTypeErrorRatio:
		return rules.High
	case rules.RuleMerchantErrorRatio:
		if c.named[id] {
			return rules.Critical
		}
		return rules.Low
	case rules.RuleEndpointFailing:
		return rules.Low
	default:
		return rules.Critical
	}
}

// RatioRule returns the ratio rule of a kind of scope; empty: there is none.
func RatioRule(scope rules.Scope) rules.Rule {
	kind, _ := scope.Split()
	for _, d := range dimensions() {
		if d.kind == kind {
			return d.rule
		}
	}
	return ""
}
