package conditions

import (
	"fmt"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
	"github.com/hookvigil/hookvigil/rules"
)

// Probed takes what is known of an endpoint after a probe, and returns how soon
// another one is wanted; zero: at the regular turn.
func (c *Conditions) Probed(f rules.DownFact, now time.Time) (again time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.standingLocked(met{rules.RuleEndpointDown, rules.ScopeOf(rules.ScopeEndpoint, f.Endpoint)})
	e, ch := c.cfg.EndpointDown.Step(s.Episode, f, now)
	if e != s.Episode || ch != nil { // it is healthy, mostly
		s.Merchant, s.Host = f.Merchant, f.Host
		c.settleLocked(s, e, ch, awaiting(e, f.Memory.Last))
	}
	c.agreeLocked(s.Scope, now)
	if e.Phase != rules.PhasePending {
		return 0
	}
	return c.cfg.EndpointDown.Again(f, now)
}

// agreeLocked raises the ratio of an endpoint that is down too.
func (c *Conditions) agreeLocked(scope rules.Scope, now time.Time) {
	s := c.standingLocked(met{rules.RuleEndpointFailing, scope})
	if e, ch := s.Agree(c.standingLocked(met{rules.RuleEndpointDown, scope}), now); ch != nil {
		s.Merchant, s.Host = ch.Merchant, ch.Host
		c.ratios.setEpisode(s.Rule, s.Scope, e)
		c.settleLocked(s, e, ch, rules.Evidence{})
	}
}

func awaiting(e rules.Episode, r probes.Result) rules.Evidence {
	return rules.Evidence{Text: fmt.Sprintf("%s at level %s, not confirmed yet", r.Fault, r.Level), From: e.Since, To: r.At}
}

// Looked takes a round of looks; it counts BadRuns itself. again says that the
// condition is pending: look again soon, and not at the regular time.
func (c *Conditions) Looked(f rules.CertificateFact, now time.Time) (again bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case f.Report.Verdict == certificate.Unknown: // no opinion
	case c.cfg.Certificate.Bad(f.Report):
		c.badRuns[f.Scope]++
	default:
		delete(c.badRuns, f.Scope)
	}
	f.BadRuns = c.badRuns[f.Scope]
	s := c.standingLocked(met{rules.RuleCertificate, f.Scope})
	e, ch := c.cfg.Certificate.Step(s.Episode, f, now)
	if e != s.Episode || ch != nil {
		s.Merchant, s.Host = f.Merchant, f.Host
		c.settleLocked(s, e, ch, rules.Evidence{Text: f.Report.Detail + ", not confirmed yet", From: e.Since, To: f.Report.At})
	}
	return e.Phase == rules.PhasePending
}

// Gone says that a scope is no longer watched, as when its endpoint is removed
// or suspended: what is pending is dropped, what is open clears with why as
// the text of its evidence.
func (c *Conditions) Gone(scope rules.Scope, why string, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.badRuns, scope)
	for _, rule := range RulesOfScopes() {
		c.endLocked(met{rule, scope}, why, now)
	}
}

// RulesOfScopes returns the rules that are met at one endpoint, target or
// source: those that [Conditions.Gone] ends.
func RulesOfScopes() []rules.Rule {
	return []rules.Rule{
		rules.RuleEndpointDown, rules.RuleCertificate, rules.RuleEndpointFailing, rules.RuleEndpointSlow, rules.RuleLossComing,
		rules.RuleEventsLost, rules.RuleSilence, rules.RuleRetriesMissing, rules.RuleDuplicates,
	}
}

// End says of one rule in a scope that nothing more will be known of it.
func (c *Conditions) End(rule rules.Rule, scope rules.Scope, why string, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.endLocked(met{rule, scope}, why, now)
}

// Moved says that an endpoint is somewhere else now: what was seen of it is
// over, what waits for it is not.
func (c *Conditions) Moved(scope rules.Scope, why string, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.badRuns, scope)
	for _, rule := range []rules.Rule{rules.RuleEndpointDown, rules.RuleCertificate, rules.RuleEndpointSlow, rules.RuleEndpointFailing} {
		c.endLocked(met{rule, scope}, why, now)
	}
}

func (c *Conditions) endLocked(m met, why string, now time.Time) {
	s, known := c.standing[m]
	if !known || s.Episode.Phase == rules.PhaseNone {
		return
	}
	s, ch := s.End(why, now)
	c.ratios.setEpisode(s.Rule, s.Scope, s.Episode)
	c.queueLocked(s, ch)
}

// Scopes returns, in order, the endpoints and targets with a condition that is
// pending or open: after a start, who is among them and is no longer watched
// is [Conditions.Gone].
func (c *Conditions) Scopes() []rules.Scope {
	var scopes []rules.Scope
	for _, s := range c.Standing() {
		if kind, _ := s.Scope.Split(); kind == rules.ScopeEndpoint || kind == rules.ScopeTarget {
			scopes = append(scopes, s.Scope)
		}
	}
	slices.Sort(scopes)
	return slices.Compact(scopes)
}
