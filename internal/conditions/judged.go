package conditions

import (
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// losing takes what an endpoint's loss clock says.
func (c *Conditions) losing(f rules.LossFact, now time.Time) {
	at := place{rules.RuleLossComing, rules.ScopeOf(rules.ScopeEndpoint, f.Endpoint), f.Merchant, f.Host}
	c.judge(at, func(e rules.Episode) (rules.Episode, *rules.Change) { return c.cfg.Pack.LossComing.Step(e, f, now) })
}

// lost takes how many events an endpoint has lost.
func (c *Conditions) lost(f rules.LostFact, now time.Time) {
	at := place{rules.RuleEventsLost, rules.ScopeOf(rules.ScopeEndpoint, f.Endpoint), f.Merchant, f.Host}
	c.judge(at, func(e rules.Episode) (rules.Episode, *rules.Change) { return c.cfg.Pack.EventsLost.Step(e, f, now) })
}

// Slow takes how long an endpoint took to answer lately.
func (c *Conditions) Slow(f rules.SlowFact, now time.Time) {
	at := place{rules.RuleEndpointSlow, rules.ScopeOf(rules.ScopeEndpoint, f.Endpoint), f.Merchant, f.Host}
	c.judge(at, func(e rules.Episode) (rules.Episode, *rules.Change) { return c.cfg.Pack.EndpointSlow.Step(e, f, now) })
}

// retrying takes how late a source is with its retries.
func (c *Conditions) retrying(f rules.RetriesFact, now time.Time) {
	at := place{rule: rules.RuleRetriesMissing, scope: rules.ScopeOf(rules.ScopeSource, f.Source)}
	c.judge(at, func(e rules.Episode) (rules.Episode, *rules.Change) { return c.cfg.Pack.RetriesMissing.Step(e, f, now) })
}

// Delayed takes how late a payment channel tells what happened.
func (c *Conditions) Delayed(f rules.UpstreamFact, now time.Time) {
	at := place{rule: rules.RuleUpstreamDelay, scope: rules.ScopeOf(rules.ScopeChannel, f.Channel)}
	c.judge(at, func(e rules.Episode) (rules.Episode, *rules.Change) { return c.cfg.Pack.UpstreamDelay.Step(e, f, now) })
}

// Duplicated takes how much a source sends twice.
func (c *Conditions) Duplicated(f rules.DuplicatesFact, now time.Time) {
	at := place{rule: rules.RuleDuplicates, scope: rules.ScopeOf(rules.ScopeSource, f.Source)}
	c.judge(at, func(e rules.Episode) (rules.Episode, *rules.Change) { return c.cfg.Pack.Duplicates.Step(e, f, now) })
}

// Quiet takes for how long nothing came from a source.
func (c *Conditions) Quiet(f rules.QuietFact, now time.Time) {
	at := place{rules.RuleSilence, f.Scope, f.Merchant, f.Host}
	c.judge(at, func(e rules.Episode) (rules.Episode, *rules.Change) { return c.cfg.Pack.Silence.Step(e, f, now) })
}

// place is where a fact belongs.
type place struct {
	rule           rules.Rule
	scope          rules.Scope
	merchant, host string
}

// judge steps one rule over one fact.
func (c *Conditions) judge(at place, step func(rules.Episode) (rules.Episode, *rules.Change)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.standingLocked(met{at.rule, at.scope})
	e, ch := step(s.Episode)
	if e == s.Episode && ch == nil {
		return
	}
	s.Merchant, s.Host = at.merchant, at.host
	c.settleLocked(s, e, ch, rules.Evidence{From: e.Since})
}
