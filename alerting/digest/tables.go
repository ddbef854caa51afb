package digest

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// tableOf takes the first rows of a list, and says how many there are besides.
func tableOf[T any](v voice, title string, head []string, list []T, line func(T) []string) table {
	t := table{Title: title, Head: head}
	for _, one := range list[:min(len(list), mostRows)] {
		t.Rows = append(t.Rows, line(one))
	}
	if more := len(list) - len(t.Rows); more > 0 {
		t.More = fmt.Sprintf(v.More, more)
	}
	return t
}

// incidents lists those of the window, and says plainly which were our fault.
func (v voice) incidents(f Facts) table {
	return tableOf(v, v.Incidents, []string{v.Title, v.Severity, v.Opened, v.Resolved, v.OursLabel}, f.Incidents, func(i Incident) []string {
		resolved, ours := v.Running, ""
		if !i.Resolved.IsZero() {
			resolved = v.moment(i.Resolved)
		}
		if i.Ours {
			ours = v.Ours
		}
		return []string{clean(i.Title, 2*longName), clean(string(i.Severity), longName), v.moment(i.Opened), resolved, ours}
	})
}

// parts lists the windows of a merged digest.
func (v voice) parts(f Facts) table {
	if len(f.Parts) < 2 {
		return table{}
	}
	t := table{Title: v.Parts, Head: []string{v.Window, v.VerdictLabel, v.FailingLabel, v.FirstLabel, v.CoverLabel}}
	for _, p := range f.Parts[:min(len(f.Parts), 2*mostMerged)] {
		verdict := v.verdict(p.Verdict)
		if p.Covered <= 0 && p.First.Total <= 0 {
			verdict = v.States[string(rules.StateNoData)]
		}
		t.Rows = append(t.Rows, []string{
			v.span(p.Window), verdict, strconv.Itoa(p.Failing), v.failed(p.First),
			v.length(min(p.Covered, p.Window.Length())),
		})
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
		return fmt.Sprintf(v.PlatformBroken, len(p.Broken), len(channels(p.Channels)), max(p.Dead, p.Digests.Dead))
	}
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

// totals are the operators' lines at the top.
func (v voice) totals(p *Platform) []string {
	d := p.Digests
	return []string{
		fmt.Sprintf(v.Watching, p.Endpoints, p.Merchants),
		v.FirstLabel + ": " + v.failed(p.First),
		v.DigestsLabel + ": " + fmt.Sprintf(v.DigestsWere, d.Sent, d.Skipped, d.Suppressed, d.Waiting, d.Dead),
		v.DeadLabel + ": " + strconv.Itoa(p.Dead),
	}
}

// platform is the operators' part.
func (v voice) platform(f Facts) []table {
	p := f.Platform
	if p == nil {
		return nil
	}
	worst := tableOf(v, v.WorstHead, []string{v.Merchant, v.FirstLabel, v.EndpointsBad}, p.Worst[:min(len(p.Worst), mostWorst)], func(m Merchant) []string {
		return []string{clean(cmp.Or(m.Name, m.ID), longName), v.failed(m.First), fmt.Sprintf(v.BadOf, m.Failing, m.Of)}
	})
	turn := func(t Turn) []string {
		return []string{clean(t.Endpoint, longName), clean(t.Merchant, longName), clean(string(t.Fault), longName), v.moment(t.At)}
	}
	heads := []string{v.Endpoint, v.Merchant, v.Fault, v.At}
	return []table{
		tableOf(v, v.ChannelHead, []string{v.Channel, v.FirstLabel}, channels(p.Channels), func(c Channel) []string {
			return []string{clean(c.ID, longName), v.failed(c.First)}
		}),
		worst,
		tableOf(v, v.BrokenHead, heads, p.Broken, turn),
		tableOf(v, v.RecoveredHead, heads, p.Recovered, turn),
		tableOf(v, v.CertificateHead, []string{v.Endpoint, v.Merchant, v.Ends}, ending(p.Certificates, f.Window.End), func(c Expiring) []string {
			return []string{clean(c.ID, longName), clean(c.Merchant, longName), v.moment(c.NotAfter)}
		}),
	}
}
