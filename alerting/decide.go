package alerting

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// World is what the desk knows when it decides: read in the transaction that
// its decision is written in.
type World struct {
	// Incidents are those that live, and those that were resolved within the
	// reopen window.
	Incidents []Incident
	// Failing are the endpoints whose endpoint_down is pending or open: what
	// shows a common cause before its members are confirmed.
	Failing []Failing
	// Generations is the last generation of each group key that was ever used.
	Generations map[string]int
	// Told are the lanes that were told of an incident, by its ID: whatever
	// the routes say today, they hear how it goes on.
	Told map[string][]Destination
	// Orphans are open conditions that are in no live incident: a person has
	// resolved theirs, or a grouping went wrong. None stays untold for ever.
	Orphans []rules.Change
}

// Failing is one endpoint that fails, confirmed or not.
type Failing struct {
	Scope rules.Scope
	Host  string
	Fault string
	Since time.Time
}

// Decision is what a desk's turn comes to: all of it is written in one
// transaction, or none.
type Decision struct {
	Incidents []Incident // new ones and changed ones; Stored says which version they change
	Entries   []Entry
	Notices   []Notice
}

// Desk decides. It is pure: incidents and notices follow from the world, the
// changes and the time alone, so that a replay after a crash decides alike.
type Desk struct {
	Reopen  time.Duration // bad again within this is the same incident; default 30m
	Fold    Fold
	Routes  func(rules.Severity) []Destination // who is told, by severity
	BaseURL string                             // server.public_url; empty: notices carry no link
}

// Fold says when failing endpoints are one incident (DESIGN section 5.4).
type Fold struct {
	Endpoints int           // at least so many with the same fault; default 5
	Hosts     int           // on at least so many hosts, or all on one; default 3
	Within    time.Duration // that began to fail within this of each other; default 10m
}

// Destination is one lane that notices go to.
type Destination struct {
	Lane      string
	Recipient string
	Threads   bool // keeps one root message up to date and replies under it
}

// DefaultDesk returns the defaults.
func DefaultDesk() Desk {
	return Desk{Reopen: 30 * time.Minute, Fold: Fold{Endpoints: 5, Hosts: 3, Within: 10 * time.Minute}}
}

// Decide takes the changes in order and returns what follows.
func (d Desk) Decide(w World, changes []rules.Change, now time.Time) Decision {
	t := turn{desk: d, now: now, failing: w.Failing, generations: maps.Clone(w.Generations), incidents: map[string]*Incident{}, touched: map[string]bool{}}
	if t.generations == nil {
		t.generations = map[string]int{}
	}
	for _, in := range w.Incidents {
		c := in.clone()
		t.incidents[in.ID] = &c
	}
	for _, c := range changes {
		if c.Open {
			t.opened(c)
		} else {
			t.cleared(c)
		}
	}
	return t.decision()
}

// turn is one decision under way.
type turn struct {
	desk        Desk
	now         time.Time
	failing     []Failing
	generations map[string]int
	incidents   map[string]*Incident
	touched     map[string]bool
	entries     []Entry
	notices     []Notice
}

// opened takes a condition that opened, or became louder.
func (t *turn) opened(c rules.Change) {
	if in := t.holding(c); in != nil {
		t.louder(in, c)
		return
	}
	g := t.group(c)
	in, fresh := t.incidentOf(g, c)
	in.Members = append(in.Members, Membership{
		Key: c.Key, Merchant: c.Merchant, Host: c.Host, Fault: c.Fault, Text: c.Evidence.Text, Since: c.Since, Joined: t.now,
	})
	if c.Since.Before(in.StartedAt) {
		in.StartedAt = c.Since
	}
	in.Title = g.title(in.open())
	switch {
	case fresh:
		t.fold(in, g)
		in.Title = g.title(in.open())
		t.happened(in, EntryOpened, in.Title+": "+c.Evidence.Text, tellAll)
	case !in.Live():
		in.State, in.ResolvedAt, in.ResolvedBy, in.Reopens = StateOpen, time.Time{}, "", in.Reopens+1
		in.AcknowledgedAt, in.AcknowledgedBy = time.Time{}, ""
		t.happened(in, EntryReopened, "bad again: "+c.Evidence.Text, tellAll)
	default:
		t.happened(in, EntryJoined, fmt.Sprintf("%s: %s", c.Key.Scope, c.Evidence.Text), tellRoot)
	}
}

// louder takes the new severity of a condition that has an incident.
func (t *turn) louder(in *Incident, c rules.Change) {
	i := in.member(c.Key.Rule, c.Key.Scope)
	in.Members[i].Text = c.Evidence.Text
	if !c.Severity.Worse(in.Severity) {
		return
	}
	in.Severity, in.Evidence = c.Severity, c.Evidence
	t.happened(in, EntryLouder, fmt.Sprintf("now %s: %s", c.Severity, c.Evidence.Text), tellAll)
}

// cleared takes a condition that cleared: its incident is resolved when it
// was the last one.
func (t *turn) cleared(c rules.Change) {
	in := t.holding(c)
	if in == nil {
		return // it was never in one: cleared in the same breath
	}
	i := in.member(c.Key.Rule, c.Key.Scope)
	in.Members[i].Left, in.Members[i].Text = t.now, c.Evidence.Text
	if left := in.open(); left > 0 {
		t.happened(in, EntryLeft, fmt.Sprintf("%s: %s; %d left", c.Key.Scope, c.Evidence.Text, left), tellRoot)
		return
	}
	in.State, in.ResolvedAt = StateResolved, t.now
	t.happened(in, EntryResolved, fmt.Sprintf("recovered after %s: %s", t.now.Sub(in.StartedAt).Round(time.Second), c.Evidence.Text), tellAll)
}

// holding returns the live incident that a condition is in, nil without one.
func (t *turn) holding(c rules.Change) *Incident {
	for _, in := range t.all() {
		if in.Live() && in.member(c.Key.Rule, c.Key.Scope) >= 0 {
			return in
		}
	}
	return nil
}

// incidentOf returns the incident of a group, and whether it is a new one: a
// live one, one that was resolved within the reopen window, or the next
// generation.
func (t *turn) incidentOf(g group, c rules.Change) (*Incident, bool) {
	for _, in := range t.all() {
		if in.GroupKey == g.key && in.Parent == "" && (in.Live() || t.now.Sub(in.ResolvedAt) <= t.desk.Reopen) {
			return in, false
		}
	}
	t.generations[g.key]++
	in := &Incident{
		GroupKey: g.key, Generation: t.generations[g.key], Rule: g.rule, Scope: g.scope, Merchant: g.merchant,
		Severity: g.severity, State: StateOpen, Evidence: c.Evidence,
		StartedAt: c.Since, DetectedAt: c.At, OpenedAt: t.now,
	}
	in.ID = incidentID(in.GroupKey, in.Generation)
	t.incidents[in.ID] = in
	return in, true
}

// all returns the incidents in a stable order: a replay must decide alike.
func (t *turn) all() []*Incident {
	list := make([]*Incident, 0, len(t.incidents))
	for _, id := range slices.Sorted(maps.Keys(t.incidents)) {
		list = append(list, t.incidents[id])
	}
	return list
}

// decision collects what was touched, in a stable order.
func (t *turn) decision() Decision {
	d := Decision{Entries: t.entries, Notices: t.notices}
	for _, in := range t.all() {
		if t.touched[in.ID] {
			d.Incidents = append(d.Incidents, *in)
		}
	}
	return d
}
