package alerting

import (
	"fmt"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// RuleCommonCause leads an incident that many endpoints share.
const RuleCommonCause rules.Rule = "common_cause"

// group is the incident that a condition belongs to.
type group struct {
	key      string
	rule     rules.Rule
	scope    rules.Scope
	merchant string
	severity rules.Severity
	fault    string // of a common cause
	host     string // of a common cause on one host
	name     string
}

// title says what the incident is, for n open members.
func (g group) title(n int) string {
	switch {
	case g.rule != RuleCommonCause:
		return g.name
	case g.host != "":
		return fmt.Sprintf("%d endpoints of %s: %s", n, g.host, g.fault)
	default:
		return fmt.Sprintf("%d endpoints: %s", n, g.fault)
	}
}

// group says where a condition belongs: an endpoint's conditions together,
// many failing endpoints with one fault together, a ratio by its scope.
func (t *turn) group(c rules.Change) group {
	if c.Key.Rule == rules.RuleEndpointDown {
		if g, ok := t.common(c); ok {
			return g
		}
	}
	return group{
		key: "v1:" + string(c.Key.Scope), rule: c.Key.Rule, scope: c.Key.Scope, merchant: c.Merchant, severity: c.Severity,
		name: nameOf(c),
	}
}

func nameOf(c rules.Change) string {
	_, id := c.Key.Scope.Split()
	switch c.Key.Rule {
	case rules.RuleEndpointDown:
		return fmt.Sprintf("%s is down: %s", id, c.Fault)
	case rules.RuleCertificate:
		return fmt.Sprintf("certificate of %s: %s", id, c.Fault)
	case rules.RulePlatformErrorRatio:
		return "webhook failures are up on the whole platform"
	case rules.RuleChannelErrorRatio:
		return "webhook failures are up on channel " + id
	default:
		return fmt.Sprintf("%s: %s", c.Key.Rule, c.Key.Scope)
	}
}

// common returns the common cause that a failing endpoint is part of. It
// counts endpoints that fail without being confirmed yet, so that the first
// of fifty opens the one incident and not one of its own.
func (t *turn) common(c rules.Change) (group, bool) {
	hosts, all, same := map[string]bool{c.Host: true}, 1, 1
	for _, f := range t.failing {
		if f.Scope == c.Key.Scope || f.Fault != c.Fault || apart(f.Since, c.Since) > t.desk.Fold.Within {
			continue
		}
		all++
		hosts[f.Host] = true
		if f.Host == c.Host {
			same++
		}
	}
	g := group{rule: RuleCommonCause, severity: rules.Critical, fault: c.Fault, scope: rules.ScopePlatform}
	switch {
	case all >= t.desk.Fold.Endpoints && len(hosts) >= t.desk.Fold.Hosts:
		g.key = "v1:common_cause:" + c.Fault
		return g, true
	case same >= t.desk.Fold.Endpoints && c.Host != "":
		g.key, g.host, g.scope = "v1:host:"+c.Host, c.Host, rules.ScopeOf("host", c.Host)
		return g, true
	}
	return g, t.joins(&g, c)
}

// joins finds a live common cause that the failure is a late member of.
func (t *turn) joins(g *group, c rules.Change) bool {
	for _, in := range t.all() {
		if in.Rule != RuleCommonCause || !in.Live() || apart(in.StartedAt, c.Since) > t.desk.Fold.Within {
			continue
		}
		if in.GroupKey == "v1:common_cause:"+c.Fault || in.GroupKey == "v1:host:"+c.Host {
			g.key, g.scope = in.GroupKey, in.Scope
			if in.GroupKey == "v1:host:"+c.Host {
				g.host = c.Host
			}
			return true
		}
	}
	return false
}

// fold takes the single incidents of the same cause into a new common one.
func (t *turn) fold(into *Incident, g group) {
	if g.rule != RuleCommonCause {
		return
	}
	for _, in := range t.all() {
		if in.ID == into.ID || !in.Live() || in.Rule != rules.RuleEndpointDown || in.open() != 1 {
			continue
		}
		i := in.member(rules.RuleEndpointDown, in.Scope)
		if i < 0 || in.Members[i].Fault != g.fault || g.host != "" && in.Members[i].Host != g.host || apart(in.StartedAt, into.StartedAt) > t.desk.Fold.Within {
			continue
		}
		m := in.Members[i]
		in.Members[i].Left = t.now
		m.Joined = t.now
		into.Members = append(into.Members, m)
		if m.Since.Before(into.StartedAt) {
			into.StartedAt = m.Since
		}
		in.State, in.ResolvedAt, in.Parent = StateResolved, t.now, into.ID
		in.ResolvedBy = "folded into " + into.Number()
		t.happened(in, EntryFolded, "one of many with the same cause: it goes on in "+into.Number(), tellThread)
	}
}

// apart is how far two moments lie from each other.
func apart(a, b time.Time) time.Duration { return max(a.Sub(b), b.Sub(a)) }
