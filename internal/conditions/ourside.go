package conditions

import (
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// Self says how a part of hookvigil itself is: a problem opens monitor_self at
// the scope of that name at once, critical; the empty one clears it at once.
// Neither does anything twice. The caller decides how much it takes; where
// troubles come and go, use [Conditions.SelfAudited]. problem is shown to
// people and holds no secret. It does not wait.
func (c *Conditions) Self(name, problem string, now time.Time) {
	f := rules.SelfFact{Name: name}
	if problem != "" {
		f.Problems = []string{problem}
	}
	c.SelfAudited(rules.MonitorSelf{Good: 1}, f, now)
}

// SelfAudited takes what an audit of a part of hookvigil itself found, by a
// rule that says how long it must last. It does not wait.
func (c *Conditions) SelfAudited(rule rules.MonitorSelf, f rules.SelfFact, now time.Time) {
	at := place{rule: rules.RuleMonitorSelf, scope: rules.ScopeOf(rules.ScopeSelf, f.Name)}
	c.judge(at, func(e rules.Episode) (rules.Episode, *rules.Change) { return rule.Step(e, f, now) })
}

// OurSide takes what speaks for trouble on our own side, and returns the state
// to hand in the next time; the zero one is fit for the first. It does not
// wait.
func (c *Conditions) OurSide(rule rules.OurSide, s rules.OurSideState, f rules.OurSideFact, now time.Time) rules.OurSideState {
	at := place{rule: rules.RuleMonitorSelf, scope: rules.SelfEgress}
	c.mu.Lock()
	s = s.Recall(c.standingLocked(met{at.rule, at.scope}))
	c.mu.Unlock()
	c.judge(at, func(e rules.Episode) (rules.Episode, *rules.Change) {
		s.Episode = e
		var ch *rules.Change
		s, ch = rule.Step(s, f, now)
		return s.Episode, ch
	})
	return s
}

// InDoubt returns since when our own side is in doubt, and why; false when it
// is not. It takes one look into memory.
func (c *Conditions) InDoubt() (since time.Time, why string, ok bool) {
	s, open := c.Open(rules.RuleMonitorSelf, rules.SelfEgress)
	return s.Episode.Since, s.Evidence.Text, open
}
