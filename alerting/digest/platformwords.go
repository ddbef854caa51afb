package digest

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
)

// platformHeadline is the state of the platform in a few words: incidents
// first, the critical ones before all.
func (v voice) platformHeadline(f Facts) string {
	p, trouble := f.Platform, v.trouble(f.trouble())
	switch {
	case p != nil && p.Probing > 0:
		return joined(trouble, v.platformRest(f, trouble != ""))
	case f.early():
		return joined(trouble, fmt.Sprintf(v.Early, v.length(f.elapsed())))
	default:
		return joined(trouble, v.PlatformUnseen)
	}
}

// trouble words incidents and endpoints that fail; empty for none.
func (v voice) trouble(n trouble) string {
	open, others := n.others, 0
	if n.critical > 0 {
		open, others = 0, n.others
	}
	failing := ""
	if n.failing > 0 {
		failing = v.atLeast(n.failing, n.least)
	}
	return joined(nonzero(v.PlatformIncidents[:], n.critical, others, open, n.over), nonzero([]string{v.PlatformFailing}, failing))
}

// platformRest is the rest of the headline, empty when nothing is to be added
// to what was told.
func (v voice) platformRest(f Facts, told bool) string {
	p := f.Platform
	broken, _, passed := p.turns()
	said := nonzero(v.PlatformBroken[:], len(broken), passed, len(channels(p.Channels)), len(ending(p.Certificates, f.AsOf())), max(p.Dead, p.Digests.Dead))
	switch {
	case proven(p.First):
		return v.firstFailed(p.First)
	case said != "" || told:
		return said
	case f.Verdict == OK:
		return v.PlatformOK
	case f.early():
		return fmt.Sprintf(v.Early, v.length(f.elapsed()))
	case f.little(p.Probing, f.elapsed(), p.First):
		return fmt.Sprintf(v.Thin, v.length(p.Probing), v.length(f.elapsed()))
	default:
		return v.PlatformOK
	}
}

// totals are the operators' lines at the top; what is zero is left out.
func (v voice) totals(p *Platform, now time.Time) []string {
	d := p.Digests
	lines := []string{
		fmt.Sprintf(v.Watching, fmt.Sprintf(form(v.EndpointCount, p.Endpoints), p.Endpoints), fmt.Sprintf(form(v.MerchantCount, p.Merchants), p.Merchants)),
		v.FirstLabel + ": " + v.failed(p.First),
	}
	if s := v.backlogTotals(p.Backlog, now); s != "" {
		lines = append(lines, v.BacklogLabel+": "+s)
	}
	if s := nonzero(v.DigestsWere[:], d.Sent, d.Skipped, d.Suppressed, d.Waiting, d.Dead); s != "" {
		lines = append(lines, v.DigestsLabel+": "+s)
	}
	if p.Dead > 0 {
		lines = append(lines, v.DeadLabel+": "+strconv.Itoa(p.Dead))
	}
	if s := v.left(p.Unsubscribed); s != "" {
		lines = append(lines, s)
	}
	return lines
}

// names are those of the merchants that the facts know by name.
func (p *Platform) names() map[string]string {
	names := map[string]string{}
	for _, n := range p.Names {
		names[n.ID] = n.Name
	}
	for _, m := range p.Worst { // of an older version, which knew these alone
		names[m.ID] = cmp.Or(m.Name, names[m.ID])
	}
	return names
}

// platform is the operators' part.
func (v voice) platform(f Facts) []table {
	p := f.Platform
	if p == nil {
		return nil
	}
	names, now := p.names(), f.AsOf()
	broken, recovered, _ := p.turns()
	worst := worstOf(p.Worst)
	merchant := func(id string) string { return alerting.Line(cmp.Or(names[id], id), longName) }
	turn := func(t Turn) ([]string, string) {
		name, fault := alerting.Line(t.Endpoint, longName), alerting.Line(string(t.Fault), longName)
		return []string{name, merchant(t.Merchant), fault, v.moment(t.At)}, lineOf(of(name, merchant(t.Merchant)), fault, v.since(t.At, now))
	}
	heads := []string{v.Endpoint, v.Merchant, v.Fault, v.At}
	over := channels(p.Channels)
	shown, order := worst[:min(len(worst), mostWorst)], v.ByShare
	if slices.ContainsFunc(shown, func(m Merchant) bool { return m.Failing > 0 }) {
		order = v.ByFailing
	}
	return []table{
		tableOf(v, over, func(c Channel) ([]string, string) {
			name := alerting.Line(c.ID, longName)
			return []string{name, v.failed(c.First)}, name + ": " + v.failed(c.First)
		}).under(v.ChannelHead, v.Channel, v.FirstLabel).sorted(v.ByShare, firsts(over, func(c Channel) Count { return c.First })),
		tableOf(v, shown, func(m Merchant) ([]string, string) {
			name, bad, line := alerting.Line(cmp.Or(m.Name, m.ID), longName), "", ""
			if m.Failing > 0 {
				bad, line = fmt.Sprintf(v.BadOf, m.Failing, m.Of), fmt.Sprintf(v.EndpointsBadOf, m.Failing, m.Of)
			}
			return []string{name, v.failed(m.First), bad}, name + ": " + joined(v.failed(m.First), line)
		}).under(v.WorstHead, v.Merchant, v.FirstLabel, v.EndpointsBad).sorted(order, firsts(shown, func(m Merchant) Count { return m.First })).less(v, max(len(worst)-mostWorst, 0)+p.MoreWorst),
		tableOf(v, broken, turn).under(v.BrokenHead, heads...),
		tableOf(v, recovered, turn).under(v.RecoveredHead, heads...),
		tableOf(v, ending(p.Certificates, now), func(c Expiring) ([]string, string) {
			name := alerting.Line(c.ID, longName)
			ends := v.certificate(&Certificate{NotAfter: c.NotAfter}, now)
			return []string{name, merchant(c.Merchant), v.moment(c.NotAfter)}, of(name, merchant(c.Merchant)) + ": " + ends
		}).under(v.CertificateHead, v.Endpoint, v.Merchant, v.Ends),
		v.leavers(p),
	}
}
