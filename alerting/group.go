package alerting

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
	"github.com/hookvigil/hookvigil/rules"
)

// RuleCommonCause leads an incident that many endpoints share.
const RuleCommonCause rules.Rule = "common_cause"

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

// asGroup is the incident as what a further condition belongs to.
func (in Incident) asGroup(severity rules.Severity) group {
	return group{key: in.GroupKey, rule: in.Rule, scope: in.Scope, merchant: in.Merchant, severity: severity, name: in.Title}
}

// had reports whether a rule in a scope was ever a member of an incident.
func (in Incident) had(m met) bool {
	return slices.ContainsFunc(in.Members, func(o Membership) bool { return metOf(o.Key) == m })
}

// besides returns the common cause that the other signal of the same endpoint
// is part of already, when one explains the other: a probe fails for TLS as
// the certificate does, or the certificate cannot be looked at because nobody
// answers.
func (t *turn) besides(c rules.Change) (group, bool) {
	other, down, cert := rules.RuleCertificate, c.Fault, ""
	if c.Key.Rule == rules.RuleCertificate {
		other, down, cert = rules.RuleEndpointDown, "", c.Fault
	}
	s, ok := t.seats[met{other, c.Key.Scope}]
	if !ok || s.in.Rule != RuleCommonCause {
		return group{}, false
	}
	if m := s.in.Members[s.i]; other == rules.RuleEndpointDown {
		down = m.Fault
	} else {
		cert = m.Fault
	}
	if !strings.HasPrefix(down, "tls_") && down != string(probes.FaultTimeoutTLS) && !certificate.Fault(cert).Unreached() {
		return group{}, false
	}
	return commonGroup(s.in.GroupKey, 0), true
}

// common returns the common cause that a failing endpoint is part of. It
// counts endpoints that fail without being confirmed yet, so that the first
// of fifty opens the one incident and not one of its own.
func (t *turn) common(c rules.Change) (group, bool) {
	fold := t.desk.Fold
	if fold.Endpoints < 2 {
		return group{}, false // nothing is to be folded
	}
	all, hosts, same := t.crowd.like(c, fold.Within, fold.Hosts)
	switch {
	case all >= fold.Endpoints && hosts >= fold.Hosts:
		return commonGroup(keyCommon+causeOf(c.Key.Rule, c.Fault), all), true
	case same >= fold.Endpoints && c.Host != "":
		return commonGroup(keyHost+c.Host, same), true
	}
	// A late member of one that runs.
	for _, key := range GroupKeys(c)[1:] {
		for _, in := range t.groups[key] {
			if in.Live() && apart(in.StartedAt, c.Since) <= fold.Within && in.explains(Membership{Key: c.Key, Host: c.Host, Fault: c.Fault}) {
				return commonGroup(key, 0), true
			}
		}
	}
	return group{}, false
}

func commonGroup(key string, crowd int) group {
	g := group{key: key, rule: RuleCommonCause, scope: rules.ScopePlatform, severity: rules.Critical, crowd: crowd}
	if host, ok := strings.CutPrefix(key, keyHost); ok {
		g.scope = rules.ScopeOf("host", host)
	}
	if fault, ok := strings.CutPrefix(key, keyCommon+causeOf(rules.RuleCertificate, "")); ok && certificate.Fault(fault).Usual() != certificate.Fail {
		g.severity = rules.High // works today: nobody is woken
	}
	return g
}

// commonTitle says how many endpoints share what: those that are bad now, and
// at first those that were seen to fail at once: the mail that wakes somebody
// says fifty when fifty fail and the first of them is confirmed. One that is
// over says how many there ever were.
func (in Incident) commonTitle() string {
	now, ever, faults := map[rules.Scope]bool{}, map[rules.Scope]bool{}, map[string]int{}
	for _, m := range in.Members {
		ever[m.Key.Scope] = true
		faults[m.Fault]++
		if m.Left.IsZero() {
			now[m.Key.Scope] = true
		}
	}
	n := len(now)
	switch {
	case !in.Live():
		n = max(len(ever), in.Failing)
	case len(now) == len(ever): // nobody is well again yet
		n = max(n, in.Failing)
	}
	noun := "endpoints"
	if n == 1 {
		noun = "endpoint"
	}
	if host, ok := strings.CutPrefix(in.GroupKey, keyHost); ok {
		return fmt.Sprintf("%d %s of %s: %s", n, noun, host, mostOf(faults))
	}
	return fmt.Sprintf("%d %s: %s", n, noun, strings.TrimPrefix(in.GroupKey, keyCommon))
}

// mostOf returns the word that was counted most often, the first of equals.
func mostOf(counts map[string]int) string {
	words := slices.Sorted(maps.Keys(counts))
	if len(words) == 0 {
		return ""
	}
	return slices.MaxFunc(words, func(a, b string) int { return cmp.Or(counts[a]-counts[b], strings.Compare(b, a)) })
}

// fold takes the single incidents of the same cause into one that they are
// part of: a common cause, the failures of the whole platform, or for a merchant's
// those of a channel, a product or a type.
func (t *turn) fold(into *Incident, g group) {
	if g.rule != RuleCommonCause && g.rule != rules.RulePlatformErrorRatio && (!ofRatios(g.rule) || g.merchant != "") {
		return
	}
	for _, id := range slices.Sorted(maps.Keys(t.incidents)) {
		in := t.incidents[id]
		if in == into || !in.Live() || in.Rule == RuleCommonCause || apart(in.StartedAt, into.StartedAt) > t.desk.Fold.Within {
			continue
		}
		seats := t.seatsIn(in)
		if len(seats) == 0 || slices.ContainsFunc(seats, func(s seat) bool { return !into.explains(in.Members[s.i]) }) {
			continue
		}
		for _, s := range seats {
			m := in.Members[s.i]
			t.leave(s)
			t.sit(into, m)
		}
		into.Story.Merchants = append(into.Story.Merchants, in.Story.Merchants...) // they hear the end of that
		slices.Sort(into.Story.Merchants)
		into.Story.Merchants, in.Story.Merchants = slices.Compact(into.Story.Merchants), nil
		t.folded(in, into)
	}
}

// folded ends an incident that goes on as a part of another.
func (t *turn) folded(in, into *Incident) {
	in.State, in.ResolvedAt, in.Parent = StateResolved, t.now, into.ID
	in.ResolvedBy = "folded into " + into.Number()
	for _, d := range t.leading(t.told[in.ID]) { // who was told hears how it goes on
		if d.Form != FormMerchant && !t.reaches(into, d.Lane) {
			t.further[into.ID] = append(t.further[into.ID], d)
		}
	}
	t.happened(in, EntryFolded, "one of many with the same cause: it goes on in "+into.Number(), tellThread)
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

// seatsIn returns the seats of the open members of an incident, in their order.
func (t *turn) seatsIn(in *Incident) (seats []seat) {
	for i, m := range in.Members {
		if s, ok := t.seats[metOf(m.Key)]; ok && s.in == in && s.i == i {
			seats = append(seats, s)
		}
	}
	return seats
}

// explains reports whether a condition has the cause of an incident.
func (in Incident) explains(m Membership) bool {
	switch {
	case in.Rule == rules.RulePlatformErrorRatio:
		return ofRatios(m.Key.Rule)
	case ofRatios(in.Rule):
		return m.Key.Rule == rules.RuleMerchantErrorRatio
	}
	if host, ok := strings.CutPrefix(in.GroupKey, keyHost); ok {
		return m.Host == host && slices.ContainsFunc(in.Members, func(o Membership) bool {
			return causeOf(o.Key.Rule, o.Fault) == causeOf(m.Key.Rule, m.Fault)
		})
	}
	return shared(m.Key.Rule) && causeOf(m.Key.Rule, m.Fault) == strings.TrimPrefix(in.GroupKey, keyCommon)
}
