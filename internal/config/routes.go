package config

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/rules"
)

// Route says who is told of an incident. The first that matches decides.
type Route struct {
	Match    Match
	To       []string // names of receivers, at least one
	Escalate []Rung   // whom else, when what is critical is not acknowledged
}

// Rung is one step of a route's escalation.
type Rung struct {
	After time.Duration // without an acknowledgement, in [1s, 24h]
	To    []string      // names of receivers, at least one
}

// names reports whether a receiver is told by r, at once or later.
func (r Route) names(receiver string) bool {
	return slices.Contains(r.To, receiver) || slices.ContainsFunc(r.Escalate, func(s Rung) bool { return slices.Contains(s.To, receiver) })
}

// MerchantsOwn reports whether what receiver gets is read by a merchant, and so
// must be of nobody else: all routes that name it ask for a merchant, or none
// does and a merchant's digest goes there. Digests says whether one does:
// merchants come by the API too. What the platform's own digest goes to is no
// merchant's.
func (c *Config) MerchantsOwn(receiver string, digests bool) bool {
	if receiver == c.Digest.ReportTo {
		return false
	}
	routed := false
	for _, r := range c.Routes {
		if !r.names(receiver) {
			continue
		}
		if len(r.Match.Merchant) == 0 {
			return false
		}
		routed = true
	}
	return routed || digests
}

// Match is what a route takes: an incident that has, for each list, one of its
// words. An empty list takes all; the zero Match takes every incident.
type Match struct {
	Severity []rules.Severity
	Rule     []rules.Rule
	Merchant []string // IDs; merchants may also be known by the API alone
	Channel  []string // payment channels, as in "ID_BCA"
	Product  []string // as in "PAYOUT"
	Scope    []string // kinds of scope that it is about: platform, merchant, endpoint, channel, ...
	During   Hours    // when it opens; zero: at any time
}

// any reports whether m takes every incident.
func (m Match) any() bool { return len(m.Severity) == 0 && !m.narrow() }

// narrow reports whether m asks for more than a severity.
func (m Match) narrow() bool {
	return len(m.Rule)+len(m.Merchant)+len(m.Channel)+len(m.Product)+len(m.Scope) > 0 || !m.During.IsZero()
}

type routeLayout struct {
	Match    matchLayout  `yaml:"match"`
	To       words        `yaml:"to"`
	Escalate []rungLayout `yaml:"escalate"`
}

type rungLayout struct {
	After *registry.Duration `yaml:"after"`
	To    words              `yaml:"to"`
}

type matchLayout struct {
	Severity words `yaml:"severity"`
	Rule     words `yaml:"rule"`
	Merchant words `yaml:"merchant"`
	Channel  words `yaml:"channel"`
	Product  words `yaml:"product"`
	Scope    words `yaml:"scope"`
	During   *struct {
		Days     words  `yaml:"days"`
		From     string `yaml:"from"`
		Until    string `yaml:"until"`
		Timezone string `yaml:"timezone"`
	} `yaml:"during"`
}

// routes takes the routes, in the order of the file.
func (l *loader) routes() {
	for i, in := range l.in.Routes {
		p := l.item("routes", i, "")
		if l.out.spoilt(p.node.at.src, p.path) {
			continue
		}
		l.cfg.Routes = append(l.cfg.Routes, Route{Match: l.match(p, in.Match), To: in.To, Escalate: l.escalate(p, in.Escalate)})
		l.to(p, in.To)
	}
	if !l.failedUnder("routes") && !l.failedUnder("receivers") {
		l.untold() // else it would only repeat them
	}
}

// match checks what a route takes.
func (l *loader) match(p place, in matchLayout) Match {
	var m Match
	l.words(p, "match.severity", in.Severity, func(key, word string) {
		m.Severity = append(m.Severity, rules.Severity(l.word(p, key, "a severity", word, severities())))
	})
	l.words(p, "match.rule", in.Rule, func(key, word string) {
		m.Rule = append(m.Rule, rules.Rule(word))
		l.ruleName(p, key, word)
	})
	l.words(p, "match.merchant", in.Merchant, func(key, word string) {
		m.Merchant = append(m.Merchant, word)
		l.merchantName(p, key, word)
	})
	l.words(p, "match.channel", in.Channel, func(_, word string) { m.Channel = append(m.Channel, word) })
	l.words(p, "match.product", in.Product, func(_, word string) { m.Product = append(m.Product, word) })
	l.words(p, "match.scope", in.Scope, func(key, word string) {
		m.Scope = append(m.Scope, l.word(p, key, "a kind of scope", word, scopeKinds()))
	})
	if in.During != nil {
		m.During = l.hours(p, in.During.Days, in.During.From, in.During.Until, in.During.Timezone)
	}
	return m
}

// escalate takes the further steps of a route, in order of time.
func (l *loader) escalate(p place, in []rungLayout) []Rung {
	var list []Rung
	for i, step := range in {
		at := place{node: p.node, path: p.path}
		key := fmt.Sprintf("escalate[%d]", i)
		r := Rung{To: step.To}
		switch {
		case step.After == nil:
			l.report(at, registry.Fault{Path: key + ".after", Message: "is missing", Hint: "give after: 15m"})
		case step.After.Std() < time.Second || step.After.Std() > longestSpan:
			l.report(at, registry.Fault{Path: key + ".after", Message: fmt.Sprintf("%s is outside [1s, %s]", *step.After, registry.Duration(longestSpan))})
		default:
			r.After = step.After.Std()
		}
		l.tellsTo(p, key+".to", step.To)
		list = append(list, r)
	}
	slices.SortStableFunc(list, func(a, b Rung) int { return cmp.Compare(a.After, b.After) })
	return list
}

// scopeKinds are the kinds of scope that an incident may be about.
func scopeKinds() []string {
	return []string{
		"platform", rules.ScopeMerchant, rules.ScopeEndpoint, rules.ScopeTarget, rules.ScopeChannel, rules.ScopeProduct, rules.ScopeType,
		rules.ScopeSource, rules.ScopeHeartbeat, rules.ScopeSelf, "host",
	}
}

// words visits the words at a key of a route, each with its own key. A list
// without words, or an empty word, is a fault: it would match nothing or all.
func (l *loader) words(p place, key string, list words, visit func(key, word string)) {
	n, _ := p.node.find(key)
	if list != nil && len(list) == 0 {
		l.report(p, registry.Fault{Path: key, Message: "is empty", Hint: "leave it out to match any"})
	}
	for i, word := range list {
		at := key
		if n != nil && n.kind == kindList {
			at = fmt.Sprintf("%s[%d]", key, i)
		}
		switch {
		case word == "":
			l.report(p, registry.Fault{Path: at, Message: "is empty"})
		case slices.Contains(list[:i], word):
			l.report(p, registry.Fault{Path: at, Message: quote(word) + " stands here twice"})
		default:
			visit(at, word)
		}
	}
}

func severities() []string {
	return []string{string(rules.Critical), string(rules.High), string(rules.Low)}
}

// ruleNames are the rules that open incidents in this version.
func ruleNames() []string {
	names := []string{string(alerting.RuleCommonCause)}
	for _, rule := range rules.Rules() {
		names = append(names, string(rule))
	}
	slices.Sort(names)
	return names
}

// ruleName checks the name of a rule; one that is to come gives a warning.
func (l *loader) ruleName(p place, key, word string) {
	later := l.dec.fields.of(reflect.TypeFor[laterRules]()).keys
	if slices.Contains(later, word) && !slices.Contains(ruleNames(), word) {
		l.report(p, registry.Fault{Path: key, Message: "not in this version: " + word + " opens no incident yet", Warning: true})
		return
	}
	l.word(p, key, "a rule", word, ruleNames())
}

// merchantName warns of what looks like a slip. Anything else may be a
// merchant that the API will bring.
func (l *loader) merchantName(p place, key, word string) {
	if _, ok := l.first[recordKey{"merchant", word}]; ok {
		return
	}
	for _, f := range checkID(word) {
		f.Path = key
		l.report(p, f)
		return
	}
	var known []string
	for _, m := range l.cfg.Records.Merchants {
		known = append(known, m.ID)
	}
	if near, ok := nearest(word, known); ok {
		l.report(p, registry.Fault{Path: key, Message: "no merchant " + quote(word) + " is configured", Hint: "did you mean " + near + "?", Warning: true})
	}
}

// to checks whom a route tells.
func (l *loader) to(p place, names words) { l.tellsTo(p, "to", names) }

// tellsTo checks a list of receivers at a key.
func (l *loader) tellsTo(p place, key string, names words) {
	if len(names) == 0 {
		l.report(p, registry.Fault{Path: key, Message: "is missing", Hint: "give to: [ops], names of receivers"})
	}
	l.words(p, key, names, func(key, name string) {
		if _, ok := l.standing[name]; ok {
			l.reached(name)
			return
		}
		l.report(p, registry.Fault{Path: key, Message: "there is no receiver " + quote(name), Hint: l.receiverHint(name)})
	})
}

// reached checks that what is sent to a receiver gets to somebody.
func (l *loader) reached(name string) {
	if r, _ := l.receiverOf(name); r.Email != nil && len(r.Email.To) == 0 {
		l.report(l.standing[name], registry.Fault{Path: "to", Message: "is missing, and a route sends incidents here", Hint: "give to: [sre@example.com]"})
	}
}
