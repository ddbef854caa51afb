package alerting

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/probes/certificate"
	"github.com/hookvigil/hookvigil/rules"
)

// MerchantMail says when merchants hear of what is wrong with their endpoints
// (DESIGN section 5.4, reference alerting.md section 3).
type MerchantMail struct {
	After time.Duration // what is over before that was not worth a mail; default 5m
	Hold  time.Duration // while many fail for one cause, or we may be it: at most so long; default 15m
	// To returns where a merchant wants incidents told; nil: nobody does. It is
	// pure, and keeps nothing.
	To func(merchant string) []Destination
}

// concerns reports whether a condition is one that its merchant hears of: it
// can do something about it.
func concerns(m Membership) bool {
	switch m.Key.Rule {
	case rules.RuleEndpointDown, rules.RuleCertificate, rules.RuleLossComing, rules.RuleEventsLost, rules.RuleEndpointSlow:
		return m.Merchant != ""
	default:
		return false
	}
}

// hearMerchants tells merchants once their mail is no longer held.
func (t *turn) hearMerchants(in *Incident) {
	if t.desk.Merchants.To == nil || in.Story.Hush.ID != "" || !in.Story.FlappingSince.IsZero() || in.Parent != "" {
		return
	}
	in.Story.MerchantsAt = time.Time{}
	later := func(at time.Time) {
		if next := in.Story.MerchantsAt; next.IsZero() || at.Before(next) {
			in.Story.MerchantsAt = at
		}
	}
	known, theirs := map[string]bool{}, map[string][]Membership(nil)
	for _, merchant := range in.Story.Merchants {
		known[merchant] = true
	}
	for _, s := range t.seatsIn(in) {
		m := in.Members[s.i]
		if !concerns(m) || known[m.Merchant] || len(t.desk.Merchants.To(m.Merchant)) == 0 {
			continue
		}
		if at := t.merchantAt(in, m); t.now.Before(at) {
			later(at)
			continue
		}
		if theirs == nil {
			theirs = in.byMerchant()
		}
		known[m.Merchant] = true
		if onlyOurs(t.about(in.of(m.Merchant, theirs[m.Merchant]), true).Cause) {
			later(t.now.Add(askAgain))
			continue
		}
		t.hearing[in.ID] = append(t.hearing[in.ID], m.Merchant)
	}
	if n := len(t.hearing[in.ID]); n > 0 {
		in.Story.Merchants = append(in.Story.Merchants, t.hearing[in.ID]...)
		slices.Sort(in.Story.Merchants)
		text := "the merchant is told"
		if n > 1 {
			text = fmt.Sprintf("%d merchants are told", n)
		}
		t.happened(in, EntryMerchants, text, tellRoot)
	}
}

// askAgain is how soon it is asked again whether a merchant can do something
// about what only we could: the cause is found anew with each delivery.
const askAgain = time.Minute

// onlyOurs reports whether a cause is one that no merchant can do anything
// about, and under which their endpoint may well take webhooks: a mail to them
// would be false.
func onlyOurs(cause string) bool {
	switch rules.Cause(cause) {
	case rules.CauseOurTrustStore, rules.CauseProbePathBlocked:
		return true
	default:
		return false
	}
}

// merchantAt is when the merchant of a condition is told of it.
func (t *turn) merchantAt(in *Incident, m Membership) time.Time {
	since := in.OpenedAt
	for _, later := range []time.Time{in.Story.Ladder, m.Joined} { // it opened again, a silence is over; this one came later
		if later.After(since) {
			since = later
		}
	}
	if since.After(t.now) {
		since = t.now // the clock was set back
	}
	wait := t.desk.Merchants.After
	if in.Rule == RuleCommonCause || t.doubt != "" {
		wait = max(wait, t.desk.Merchants.Hold)
	}
	return since.Add(wait)
}

// wellSince is since when none of some conditions is met; zero: one is.
func wellSince(members []Membership) time.Time {
	var last time.Time
	for _, m := range members {
		if m.Left.IsZero() {
			return time.Time{}
		}
		if m.Left.After(last) {
			last = m.Left
		}
	}
	return last
}

// merchantNotices are the mails of one turn: to those who hear of an incident
// for the first time, and, when it is over, to all who did.
func (t *turn) merchantNotices(in *Incident, n news, add func(Destination, Kind, Flow, Facts)) {
	if t.desk.Merchants.To == nil {
		return
	}
	hear := t.hearing[in.ID]
	switch {
	case n.over && in.ResolvedBy != "":
		return // somebody has closed it: that is not the end of it for the merchant, who hears that when it reopens and ends
	case n.over:
		hear, in.Story.Merchants, in.Story.Owed = both(in.Story.Merchants, in.Story.Owed), nil, nil
	}
	theirs := map[string][]Membership(nil)
	if len(hear) > 0 {
		theirs = in.byMerchant()
	}
	for _, merchant := range hear {
		mine := in.of(merchant, theirs[merchant])
		f := mine.Facts(mine.spoken(), t.now, "")
		f.Severity, f.Doubt = rules.High, cmp.Or(t.doubt, in.manyAlike(len(theirs)))
		f.About = t.about(mine, true)
		for _, dest := range t.desk.Merchants.To(merchant) {
			dest.Form = FormMerchant
			add(dest, KindMerchant, FlowEvent, f)
		}
	}
}

// byMerchant are the conditions that merchants hear of, by merchant: there may be
// thousands.
func (in Incident) byMerchant() map[string][]Membership {
	list := map[string][]Membership{}
	for _, m := range in.Members {
		if concerns(m) {
			list[m.Merchant] = append(list[m.Merchant], m)
		}
	}
	return list
}

// manyAlike is why what endpoints of so many merchants have in common may be
// ours; empty: it is not. A certificate is the server's own.
func (in Incident) manyAlike(merchants int) string {
	fault, common := strings.CutPrefix(in.GroupKey, keyCommon)
	if !common || in.Rule != RuleCommonCause || merchants < 2 || strings.HasPrefix(fault, causeOf(rules.RuleCertificate, "")) {
		return ""
	}
	return fmt.Sprintf("endpoints of %d merchants fail in the same way", merchants)
}

// owe hands over the merchants of an incident that is over, and whose endpoint
// still does not work for another reason: that it is in order would be false. They
// hear the end of the incident that it is in now. Call it before notices are made.
func (t *turn) owe(in *Incident) {
	if t.desk.Merchants.To == nil || in.State != StateResolved || in.ResolvedBy != "" || len(in.Story.Merchants)+len(in.Story.Owed) == 0 {
		return
	}
	theirs := in.byMerchant()
	still := func(merchant string) bool {
		for _, m := range theirs[merchant] {
			if o := t.failsIn(m.Key.Scope, in); o != nil {
				o.Story.Owed = both(o.Story.Owed, []string{merchant})
				return true
			}
		}
		return false
	}
	in.Story.Merchants = slices.DeleteFunc(in.Story.Merchants, still)
	in.Story.Owed = slices.DeleteFunc(in.Story.Owed, still)
}

// failsIn returns the other incident in which an endpoint does not work now;
// nil: it does.
func (t *turn) failsIn(scope rules.Scope, but *Incident) *Incident {
	for _, rule := range []rules.Rule{rules.RuleEndpointDown, rules.RuleCertificate} {
		s, up := t.seats[met{rule, scope}]
		if !up || s.in == but || !s.in.Live() {
			continue
		}
		if rule == rules.RuleEndpointDown || certificate.Fault(s.in.Members[s.i].Fault).Usual() == certificate.Fail {
			return s.in
		}
	}
	return nil
}

// of returns what one merchant may see of an incident: its own endpoints, of
// which these conditions are.
func (in Incident) of(merchant string, members []Membership) Incident {
	in.Members, in.Story.Merchants = members, nil
	in.Merchant, in.Evidence, in.AcknowledgedBy, in.ResolvedBy = merchant, rules.Evidence{}, "", ""
	in.SharePeak, in.ShareNow = 0, 0
	if well := wellSince(in.Members); !well.IsZero() {
		in.RecoveringAt = well // its own, not that of all the others
	}
	if len(in.Members) > 0 {
		m := in.Members[0]
		in.Rule, in.Scope = m.Key.Rule, m.Key.Scope
		in.Title = nameOf(rules.Change{Key: m.Key, Fault: m.Fault})
		in.StartedAt = slices.MinFunc(in.Members, func(a, b Membership) int { return a.Since.Compare(b.Since) }).Since
	}
	return in
}
