package alerting

import (
	"fmt"
	"slices"
	"time"

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
	for _, s := range t.seatsIn(in) {
		m := in.Members[s.i]
		if !concerns(m) || slices.Contains(in.Story.Merchants, m.Merchant) || len(t.desk.Merchants.To(m.Merchant)) == 0 {
			continue
		}
		if at := t.merchantAt(in, m); t.now.Before(at) {
			if next := in.Story.MerchantsAt; next.IsZero() || at.Before(next) {
				in.Story.MerchantsAt = at
			}
			continue
		}
		in.Story.Merchants = append(in.Story.Merchants, m.Merchant)
		slices.Sort(in.Story.Merchants)
		t.hearing[in.ID] = append(t.hearing[in.ID], m.Merchant)
	}
	if n := len(t.hearing[in.ID]); n > 0 {
		text := "the merchant is told"
		if n > 1 {
			text = fmt.Sprintf("%d merchants are told", n)
		}
		t.happened(in, EntryMerchants, text, tellRoot)
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
		hear, in.Story.Merchants = in.Story.Merchants, nil
	}
	for _, merchant := range hear {
		mine := in.of(merchant)
		f := mine.Facts(mine.spoken(), t.now, "")
		f.Severity, f.Doubt = rules.High, t.doubt
		f.About = t.about(mine, true)
		for _, dest := range t.desk.Merchants.To(merchant) {
			dest.Form = FormMerchant
			add(dest, KindMerchant, FlowEvent, f)
		}
	}
}

// of returns what one merchant may see of an incident: its own endpoints.
func (in Incident) of(merchant string) Incident {
	in.Members = slices.DeleteFunc(slices.Clone(in.Members), func(m Membership) bool { return m.Merchant != merchant || !concerns(m) })
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
