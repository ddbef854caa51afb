package alerting

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// telling says who hears of something that happened.
type telling int

const (
	tellRoot   telling = iota // the root message is brought up to date
	tellThread                // and a reply says it
	tellAll                   // and everybody who was told of the incident by mail hears it
)

// line is one thing that happened to an incident in this turn.
type line struct {
	entry int // its place in turn.entries
	to    telling
}

// happened writes a line into the timeline; at the end of the turn the notices
// follow from it, so that nothing is told that was not recorded.
func (t *turn) happened(in *Incident, kind EntryKind, text string, to telling) {
	if t.muted(in, kind) {
		to = tellRoot
	}
	in.Version++
	in.Entries++
	t.lines[in.ID] = append(t.lines[in.ID], line{len(t.entries), to})
	t.entries = append(t.entries, Entry{Incident: in.ID, Seq: in.Entries, At: t.now, Kind: kind, Actor: t.actor, Text: text})
}

// news is what one turn says about an incident.
type news struct {
	text  string
	reply bool // a reply in the thread says it
	all   bool // mails do too
	over  bool // it was resolved
	moved bool // folded into another incident
	more  bool // another condition has joined it
	again bool // it is told again: nobody has answered
}

// mostSaid bounds the lines of a turn that one message says.
const mostSaid = 5

// news gathers what happened to an incident in this turn. What only brings the
// root message up to date is said when there is nothing louder.
func (t *turn) news(in *Incident) news {
	var n news
	var loud, quiet []string
	for _, l := range t.lines[in.ID] {
		e := t.entries[l.entry]
		if e.Kind == EntryMerchants {
			continue // that is for the timeline
		}
		text := phrase(e.Actor, e.Text)
		n.more = n.more || e.Kind == EntryJoined
		n.again = n.again || e.Kind == EntryEscalated
		if l.to == tellRoot {
			quiet = append(quiet, text)
			continue
		}
		loud = append(loud, text)
		n.all = n.all || l.to == tellAll
		n.reply = n.reply || e.Kind != EntryOpened // the root message says that itself
		n.over = n.over || e.Kind == EntryResolved
		n.moved = n.moved || e.Kind == EntryFolded
	}
	n.over = n.over && !in.Live()
	if len(loud) == 0 {
		loud = lastOf(quiet)
	}
	n.text = strings.Join(loud[max(0, len(loud)-mostSaid):], "; ")
	if n.text == "" {
		n.text = in.Story.Said
	}
	return n
}

// lastOf returns the last text, and how many there were before it.
func lastOf(texts []string) []string {
	last := texts[max(0, len(texts)-1):]
	if before := len(texts) - 1; before > 0 {
		return []string{last[0], fmt.Sprintf("and %d more before that", before)}
	}
	return last
}

// notices words nothing: it says which message goes to which lane.
func (t *turn) notices(in *Incident) []Notice {
	var list []Notice
	anew, busy := "", t.busy(in)
	add := func(dest Destination, k Kind, f Flow, facts Facts) {
		list = append(list, Notice{
			// Rises within lane and subject; the root comes before what hangs on it, and
			// what is told anew after what it repeats.
			ID:      fmt.Sprintf("%s-%06d-%03d%s-%s", in.ID, in.Version, len(list), anew, dest.Lane),
			IdemKey: fmt.Sprintf("%s:%s:%d%s:%s%s", in.key(), k, in.Version, anew, dest.Lane, ofMerchant(k, facts)),
			Lane:    dest.Lane, Recipient: dest.Recipient, Subject: in.ID, Version: in.Version, Kind: k, Flow: f,
			Severity: facts.Severity, Facts: pack(facts), Created: t.now, Due: t.now,
		})
	}
	switch {
	case len(t.lines[in.ID]) > 0:
		t.newsOf(in, add)
	case t.refreshed[in.ID]:
		anew = fmt.Sprintf("~%011d", t.now.Unix()) // no version: nothing has changed
		t.again(in, add)
	}
	for i, n := range list {
		if busy && n.Kind == KindRoot {
			list[i].Due = t.now.Add(editWait)
		}
	}
	return list
}

// The root message of an incident whose members come and go is brought up to
// date each editWait while that goes on: the newest state replaces those that
// wait, and Slack limits edits. Two changes less than busyWithin apart are of
// one going on.
const (
	editWait   = 5 * time.Second
	busyWithin = 10 * time.Second
)

// busy reports whether nothing but the members of an incident has changed in
// this turn, and something was told a moment ago. Call it before newsOf.
func (t *turn) busy(in *Incident) bool {
	if in.Story.SaidAt.IsZero() || t.now.Before(in.Story.SaidAt) || t.now.Sub(in.Story.SaidAt) >= busyWithin {
		return false
	}
	return !slices.ContainsFunc(t.lines[in.ID], func(l line) bool {
		switch t.entries[l.entry].Kind {
		case EntryJoined, EntryLeft, EntryUpdated, EntryMerchants:
			return l.to != tellRoot
		default:
			return true
		}
	})
}

// ofMerchant tells the mails of two merchants at one address apart.
func ofMerchant(k Kind, f Facts) string {
	if k != KindMerchant {
		return ""
	}
	return ":" + f.Merchant
}

// newsOf tells what happened to an incident. One that was quiet from the start
// is told to nobody.
func (t *turn) newsOf(in *Incident, add func(Destination, Kind, Flow, Facts)) {
	n := t.news(in)
	in.Story.Said, in.Story.SaidAt = n.text, t.now
	if in.Story.Hush.ID != "" {
		if !in.Story.Told {
			return
		}
		n.all, n.more = n.all && n.over, false
	}
	facts := t.tell(in, n.text, t.now)
	event := facts
	if !n.again {
		event.Again = 0 // other news than that nobody has answered
	}
	for _, dest := range t.destinations(in) {
		switch dest.Form {
		case FormThread:
			add(dest, KindRoot, FlowState, facts)
			if n.reply {
				add(dest, n.kind(KindUpdate), FlowEvent, event)
			}
		case FormState:
			add(dest, KindState, FlowState, facts)
		case FormHook:
			add(dest, KindHook, FlowEvent, facts)
		case FormMerchant: // hears in its own words
		default:
			if n.all || n.more && t.missed(in, dest) || n.moved && !t.reaches(t.incidents[in.Parent], dest.Lane) || t.isNew(in, dest) {
				add(dest, n.kind(KindMail), FlowEvent, event)
			}
		}
	}
	t.merchantNotices(in, n, add)
}

// again tells those that keep a record of the incident that it lives.
func (t *turn) again(in *Incident, add func(Destination, Kind, Flow, Facts)) {
	facts := t.tell(in, in.Story.Said, in.Story.SaidAt)
	for _, dest := range t.destinations(in) {
		if dest.Form == FormState && dest.Refresh > 0 {
			add(dest, KindState, FlowState, facts)
		}
	}
}

// about is what is known around an incident.
func (t *turn) about(in Incident, merchant bool) About {
	if t.desk.About == nil {
		return About{}
	}
	a := t.desk.About(in.clone(), merchant)
	if in.State == StateReconciled { // what waits now is not this incident's
		a.Waiting, a.AtRisk, a.NextLoss, a.Lost = 0, 0, time.Time{}, 0
	}
	return a
}

// isNew reports whether the ladder has just come to a destination.
func (t *turn) isNew(in *Incident, dest Destination) bool {
	return slices.ContainsFunc(t.further[in.ID], func(d Destination) bool { return d.Lane == dest.Lane })
}

// missed reports whether a destination has become one since the incident
// opened, as with a member that concerns others: it has heard nothing yet,
// while others have.
func (t *turn) missed(in *Incident, dest Destination) bool {
	return in.Live() && len(t.told[in.ID]) > 0 && !slices.ContainsFunc(t.told[in.ID], func(d Destination) bool { return d.Lane == dest.Lane })
}

// kind returns the kind of the event that says n.
func (n news) kind(ordinary Kind) Kind {
	if n.over {
		return KindResolve
	}
	return ordinary
}

// destinations are those of the routes, and all that were told before: a page
// that went out by fall-back, or by a route that has changed since, hears the
// end too.
func (t *turn) destinations(in *Incident) []Destination {
	var list []Destination
	if t.desk.Routes != nil {
		list = t.desk.Routes(in.clone())
	}
	list = append(list, t.further[in.ID]...)
	var kept []Destination
	for _, dest := range slices.Concat(list, t.leading(t.told[in.ID])) {
		if !slices.ContainsFunc(kept, func(d Destination) bool { return d.Lane == dest.Lane }) {
			kept = append(kept, dest)
		}
	}
	return kept
}

// leading returns those that still lead to somebody, in the form of today: a pager
// that was reached by fall-back hears what a pager hears.
func (t *turn) leading(told []Destination) []Destination {
	if t.desk.Leads == nil {
		return told
	}
	var list []Destination
	for _, dest := range told {
		if now, ok := t.desk.Leads(dest); ok {
			list = append(list, now)
		}
	}
	return list
}

// reaches reports whether an incident is told in a lane.
func (t *turn) reaches(in *Incident, lane string) bool {
	return in != nil && slices.ContainsFunc(t.destinations(in), func(d Destination) bool { return d.Lane == lane })
}
