package digest

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// tableOf takes the first rows of a list, and says how many there are besides.
// row gives the cells of one, and the same as a line.
func tableOf[T any](v voice, title string, head []string, list []T, row func(T) ([]string, string)) table {
	t := table{Title: title, Head: head}
	for _, one := range list[:min(len(list), mostRows)] {
		cells, line := row(one)
		t.Rows, t.Lines = append(t.Rows, cells), append(t.Lines, line)
	}
	if more := len(list) - len(t.Rows); more > 0 {
		t.More = fmt.Sprintf(v.More, more)
	}
	return t
}

// incidents lists those of the window, and says plainly which were our fault.
func (v voice) incidents(f Facts) table {
	return tableOf(v, v.Incidents, []string{v.Title, v.Severity, v.Opened, v.Resolved, v.OursLabel}, f.Incidents, func(i Incident) ([]string, string) {
		title, severity, ours := clean(i.Title, 2*longName), clean(string(i.Severity), longName), ""
		resolved, ran := v.Running, joined(v.since(i.Opened, f.Window.End), v.Running)
		switch {
		case i.Resolved.IsZero():
		case i.Opened.IsZero():
			resolved, ran = v.moment(i.Resolved), v.near(i.Resolved, f.Window.End)
		default:
			resolved, ran = v.moment(i.Resolved), fmt.Sprintf(v.FromTo, v.clock(i.Opened, f.Window.End), v.near(i.Resolved, f.Window.End))
		}
		if i.Ours && f.Kind != KindPlatform { // operators know whose side that is
			ours = v.Ours
		}
		return []string{title, severity, v.moment(i.Opened), resolved, ours}, title + " (" + joined(severity, ran, ours) + ")"
	})
}

// since is a beginning, empty for none.
func (v voice) since(t, now time.Time) string {
	if t.IsZero() {
		return ""
	}
	return v.near(t, now)
}

// joined joins what is not empty.
func joined(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ", ")
}

// lineOf says about a name what is not empty.
func lineOf(name string, parts ...string) string {
	if s := joined(parts...); s != "" {
		return name + ": " + s
	}
	return name
}

// of names something with whom it belongs to.
func of(name, owner string) string {
	if owner == "" || owner == name {
		return name
	}
	return name + " (" + owner + ")"
}

// parts lists the windows of a merged digest.
func (v voice) parts(f Facts) table {
	if len(f.Parts) < 2 {
		return table{}
	}
	t := table{Title: v.Parts, Head: []string{v.Window, v.VerdictLabel, v.FailingLabel, v.FirstLabel, v.CoverLabel}}
	for _, p := range f.Parts[:min(len(f.Parts), 2*mostMerged)] {
		data, failing := v.length(min(p.Covered, p.Window.Length())), ""
		if p.Failing > 0 {
			failing = fmt.Sprintf(v.FailingAre, p.Failing)
		}
		verdict := v.verdict(p.Verdict)
		line := joined(verdict, v.failed(p.First), failing, fmt.Sprintf(v.DataFor, data))
		if p.Covered <= 0 && p.First.Total <= 0 {
			verdict = v.States[string(rules.StateNoData)]
			line = verdict
		}
		t.Rows = append(t.Rows, []string{v.span(p.Window), verdict, strconv.Itoa(p.Failing), v.failed(p.First), data})
		t.Lines = append(t.Lines, v.span(p.Window)+": "+line)
	}
	return t
}

func (v voice) platformHeadline(p *Platform, now time.Time) string {
	switch {
	case p == nil || p.Probing <= 0:
		return v.PlatformUnseen
	case proven(p.First):
		return v.firstFailed(p.First)
	case p.verdict(now) == OK:
		return v.PlatformOK
	default:
		return nonzero(v.PlatformBroken[:], len(p.Broken), len(channels(p.Channels)), len(ending(p.Certificates, now)), max(p.Dead, p.Digests.Dead))
	}
}

// nonzero words the counts that say something, one format each.
func nonzero[T int | string](formats []string, counts ...T) string {
	var zero T
	var parts []string
	for i, n := range counts {
		if n != zero {
			parts = append(parts, fmt.Sprintf(formats[i], n))
		}
	}
	return joined(parts...)
}

// channels are those over the limit, worst first.
func channels(list []Channel) []Channel {
	return slices.DeleteFunc(slices.Clone(list), func(c Channel) bool {
		ratio, known := c.First.Ratio()
		return !known || ratio <= channelLimit
	})
}

// ending are the certificates that end soon.
func ending(list []Expiring, now time.Time) []Expiring {
	return slices.DeleteFunc(slices.Clone(list), func(c Expiring) bool { return c.NotAfter.Sub(now) >= soon })
}

// totals are the operators' lines at the top; what is zero is left out.
func (v voice) totals(p *Platform) []string {
	d := p.Digests
	lines := []string{
		fmt.Sprintf(v.Watching, fmt.Sprintf(form(v.EndpointCount, p.Endpoints), p.Endpoints), fmt.Sprintf(form(v.MerchantCount, p.Merchants), p.Merchants)),
		v.FirstLabel + ": " + v.failed(p.First),
	}
	if s := v.backlogTotals(p.Backlog); s != "" {
		lines = append(lines, v.BacklogLabel+": "+s)
	}
	if s := nonzero(v.DigestsWere[:], d.Sent, d.Skipped, d.Suppressed, d.Waiting, d.Dead); s != "" {
		lines = append(lines, v.DigestsLabel+": "+s)
	}
	if p.Dead > 0 {
		lines = append(lines, v.DeadLabel+": "+strconv.Itoa(p.Dead))
	}
	return lines
}

// worstOf are the merchants to name: the three worst, and whoever has an endpoint
// that fails or a ratio that is not ordinary. Without a failure nobody is bad.
func worstOf(list []Merchant) []Merchant {
	var kept []Merchant
	for i, m := range list[:min(len(list), mostWorst)] {
		ratio, _ := m.First.Ratio()
		if m.Failing > 0 || ratio > ordinaryRatio || i < alwaysWorst && m.First.Failed > 0 {
			kept = append(kept, m)
		}
	}
	return kept
}

// names are those of the merchants that the facts know by name.
func (p *Platform) names() map[string]string {
	names := map[string]string{}
	for _, m := range p.Worst {
		names[m.ID] = m.Name
	}
	return names
}

// platform is the operators' part.
func (v voice) platform(f Facts) []table {
	p := f.Platform
	if p == nil {
		return nil
	}
	names := p.names()
	merchant := func(id string) string { return clean(cmp.Or(names[id], id), longName) }
	turn := func(t Turn) ([]string, string) {
		name, fault := clean(t.Endpoint, longName), clean(string(t.Fault), longName)
		return []string{name, merchant(t.Merchant), fault, v.moment(t.At)}, lineOf(of(name, merchant(t.Merchant)), fault, v.since(t.At, f.Window.End))
	}
	heads := []string{v.Endpoint, v.Merchant, v.Fault, v.At}
	return []table{
		tableOf(v, v.ChannelHead, []string{v.Channel, v.FirstLabel}, channels(p.Channels), func(c Channel) ([]string, string) {
			name := clean(c.ID, longName)
			return []string{name, v.failed(c.First)}, name + ": " + v.failed(c.First)
		}),
		tableOf(v, v.WorstHead, []string{v.Merchant, v.FirstLabel, v.EndpointsBad}, worstOf(p.Worst), func(m Merchant) ([]string, string) {
			name, bad, line := clean(cmp.Or(m.Name, m.ID), longName), "", ""
			if m.Failing > 0 {
				bad, line = fmt.Sprintf(v.BadOf, m.Failing, m.Of), fmt.Sprintf(v.EndpointsBadOf, m.Failing, m.Of)
			}
			return []string{name, v.failed(m.First), bad}, name + ": " + joined(v.failed(m.First), line)
		}),
		tableOf(v, v.BrokenHead, heads, p.Broken, turn),
		tableOf(v, v.RecoveredHead, heads, p.Recovered, turn),
		tableOf(v, v.CertificateHead, []string{v.Endpoint, v.Merchant, v.Ends}, ending(p.Certificates, f.Window.End), func(c Expiring) ([]string, string) {
			name := clean(c.ID, longName)
			ends := v.certificate(&Certificate{NotAfter: c.NotAfter}, f.Window.End)
			return []string{name, merchant(c.Merchant), v.moment(c.NotAfter)}, of(name, merchant(c.Merchant)) + ": " + ends
		}),
	}
}
