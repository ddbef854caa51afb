package digest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// dress fills in what the source leaves empty, and judges.
func (d duty) dress(f Facts, w Window) Facts {
	f.Version, f.Kind, f.Merchant, f.Name = Version, d.kind, d.sub.Merchant, d.sub.Name
	f.Language, f.Zone, f.Window = cmp.Or(d.sub.Language, "en"), d.zone, w
	f.Footer.Mode = cmp.Or(f.Footer.Mode, d.sub.Mode, ModeEvery)
	if f.Incidents == nil {
		f.Incidents = []Incident{}
	}
	if f.Endpoints == nil {
		f.Endpoints = []Endpoint{}
	}
	return Judge(f)
}

// close makes the rows of a duty, and the notices of the one that tells.
func (d duty) close(gather func(Window) (Facts, error), now time.Time) (closing, error) {
	last := d.windows[len(d.windows)-1]
	facts, parts, err := d.facts(gather)
	if err != nil {
		return closing{}, err
	}
	var c closing
	if d.stale != (Window{}) {
		c.rows = append(c.rows, d.row(d.stale, StateStale, now))
	}
	for _, p := range parts[:max(0, len(parts)-1)] {
		r := d.row(p.Window, StateMerged, now)
		r.Verdict, r.Covered, r.MergedInto = p.Verdict, p.Covered, last.Start
		c.rows = append(c.rows, r)
	}
	told := d.row(last, d.state(facts), now)
	if told.Snapshot, err = json.Marshal(facts); err != nil {
		return closing{}, fmt.Errorf("freeze the facts: %w", err)
	}
	told.Verdict, told.Covered = facts.Verdict, facts.Covered
	if len(parts) > 0 {
		told.Covered = parts[len(parts)-1].Covered // of this window, not of all
	}
	c.rows = append(c.rows, told)
	if told.State == StateWaiting {
		c.notices = d.notices(told)
	}
	return c, nil
}

// facts gathers one window, or the whole gap with a line for each of its
// windows.
func (d duty) facts(gather func(Window) (Facts, error)) (Facts, []Part, error) {
	first, last := d.windows[0], d.windows[len(d.windows)-1]
	whole := Window{first.Start, last.End}
	f, err := gather(whole)
	if err != nil || len(d.windows) == 1 {
		return f, nil, err
	}
	var newest Facts
	for _, w := range d.windows {
		one, err := gather(w)
		if err != nil {
			return Facts{}, nil, err
		}
		f.Parts, newest = append(f.Parts, one.part()), one
	}
	f = Judge(f.withBacklogOf(newest))
	return f, f.Parts, nil
}

// part is a digest as one line.
func (f Facts) part() Part {
	p := Part{Window: f.Window, Covered: f.Covered, Verdict: f.Verdict}
	if f.Platform != nil {
		p.First = f.Platform.First
	}
	for _, e := range f.Endpoints {
		p.First.Total += e.First.Total
		p.First.Failed += e.First.Failed
		if f.need(e) == Act {
			p.Failing++
		}
	}
	return p
}

// state says whether anybody is told.
func (d duty) state(f Facts) State {
	switch {
	case len(d.sub.To) == 0, d.kind != KindPlatform && len(f.Endpoints) == 0:
		return StateSuppressed
	case d.sub.Mode == ModeProblems && d.kind == KindHealth && f.Verdict == OK:
		return StateSkipped
	default:
		return StateWaiting
	}
}

func (d duty) row(w Window, s State, now time.Time) Row {
	r := Row{Merchant: d.sub.Merchant, Kind: d.kind, Window: w, Zone: d.zone, State: s, ClosedAt: now, Due: now.Add(d.offset)}
	if s != StateWaiting {
		r.Finished = now
	}
	return r
}

// notices makes one for each destination. Created is when it is due: a mail
// that goes by plan is not late.
func (d duty) notices(r Row) []alerting.Notice {
	var list []alerting.Notice
	for _, to := range d.sub.To {
		if slices.ContainsFunc(list, func(n alerting.Notice) bool { return n.Lane == to.Lane }) {
			continue
		}
		key := "v1:" + r.Subject() + ":" + to.Lane
		list = append(list, alerting.Notice{
			ID: key, IdemKey: key, Lane: to.Lane, Recipient: to.Recipient, Subject: r.Subject(), Version: 1,
			Kind: KindDigest, Flow: alerting.FlowEvent, Severity: rules.Low, Facts: r.Snapshot, Created: r.Due, Due: r.Due,
		})
	}
	return list
}

// subject names a window of a merchant.
func subject(merchant, kind string, w Window) string {
	return fmt.Sprintf("digest/%s/%s/%d", merchant, kind, w.Start.Unix())
}
