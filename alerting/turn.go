package alerting

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// turn is one decision under way.
type turn struct {
	desk        Desk
	now         time.Time
	actor       string // the person whose command it is; empty: hookvigil
	crowd       crowd
	generations map[string]int
	told        map[string][]Destination
	incidents   map[string]*Incident
	groups      map[string][]*Incident // by group key, folded ones left out
	seats       map[met]seat           // of the conditions in live incidents
	past        map[place]int          // of those that have left the incident
	open        map[string]int         // members that are open, by incident
	lines       map[string][]line      // what happened in this turn, by incident
	entries     []Entry

	levels    map[rules.Scope]Level
	quiet     Quieter // nil: nobody asked
	doubt     string
	before    map[string]Incident      // as they were read
	further   map[string][]Destination // whom the ladder tells beyond the routes, by incident
	refreshed map[string]bool          // incidents whose records elsewhere are told anew
	ended     map[string]bool          // incidents whose last condition was ended, not found to be good
	hearing   map[string][]string      // merchants that hear of an incident for the first time
}

// met is a rule in a scope, whatever the episode.
type met struct {
	rule  rules.Rule
	scope rules.Scope
}

func metOf(k rules.Key) met { return met{k.Rule, k.Scope} }

// seat is the place of a condition in an incident.
type seat struct {
	in *Incident
	i  int
}

// place is an episode in an incident.
type place struct {
	incident string
	key      rules.Key
}

func newTurn(d Desk, w World, now time.Time) *turn {
	t := &turn{
		desk: d, now: now, crowd: crowdOf(w.Failing), generations: maps.Clone(w.Generations), told: w.Told,
		incidents: map[string]*Incident{}, groups: map[string][]*Incident{}, seats: map[met]seat{}, past: map[place]int{},
		open: map[string]int{}, lines: map[string][]line{},
		levels: w.Levels, quiet: w.Quiet, doubt: w.Doubt,
		before: map[string]Incident{}, further: map[string][]Destination{}, refreshed: map[string]bool{}, hearing: map[string][]string{}, ended: map[string]bool{},
	}
	if t.generations == nil {
		t.generations = map[string]int{}
	}
	for _, in := range w.Incidents {
		c := in.clone()
		t.before[in.ID] = in.clone()
		t.add(&c)
	}
	return t
}

// add takes an incident into the books of the turn.
func (t *turn) add(in *Incident) {
	t.incidents[in.ID] = in
	if in.Parent == "" {
		t.groups[in.GroupKey] = append(t.groups[in.GroupKey], in)
	}
	t.generations[in.GroupKey] = max(t.generations[in.GroupKey], in.Generation)
	for i, m := range in.Members {
		switch {
		case !m.Left.IsZero():
			t.past[place{in.ID, m.Key}] = i
		case in.Live():
			t.seats[metOf(m.Key)] = seat{in, i}
			t.open[in.ID]++
		}
	}
}

// opened takes a condition that opened, became louder, or has more to tell.
// One that is low is for pages and digests: it opens nothing. Nor does one that
// is explained by what runs: if it stays when that is over, it is an orphan.
func (t *turn) opened(c rules.Change) {
	s, seated := t.seats[metOf(c.Key)]
	switch {
	case !seated && (c.Severity == rules.Low || t.explained(c)):
	case !seated:
		t.join(t.group(c), c, "")
	case c.Severity.Worse(s.in.Severity):
		s.in.Members[s.i].Text = c.Evidence.Text
		t.louder(s.in, c, c.Evidence.Text)
	case c.Key.Rule == rules.RuleLossComing && c.Evidence.Text != s.in.Members[s.i].Text: // urgent now
		s.in.Members[s.i].Text = c.Evidence.Text
		t.happened(s.in, EntryUpdated, fmt.Sprintf("%s: %s", c.Key.Scope, c.Evidence.Text), tellAll)
	default:
		s.in.Members[s.i].Text = c.Evidence.Text
	}
}

// orphaned takes a condition that is open while no live incident has it. One
// whose like a person has resolved by hand a moment ago waits its turn.
func (t *turn) orphaned(o Orphan) {
	if _, ok := t.seats[metOf(o.Key)]; ok {
		return // a change of this turn brought it back
	}
	if t.explained(o.Change) {
		return
	}
	g := t.group(o.Change)
	for _, in := range t.groups[g.key] {
		if !in.Live() && in.ResolvedBy != "" && t.recent(in) {
			return
		}
	}
	why := "still failing"
	if o.ResolvedBy != "" {
		why = fmt.Sprintf("still failing; was resolved by %s at %s UTC", o.ResolvedBy, o.ResolvedAt.UTC().Format("15:04"))
	}
	t.join(g, o.Change, why)
}

// join gives a condition a seat in the incident of its group. why says what is
// odd about it.
func (t *turn) join(g group, c rules.Change, why string) {
	in, fresh := t.incidentOf(g, c)
	up := in.Live() && t.open[in.ID] == 0
	t.sit(in, Membership{
		Key: c.Key, Merchant: c.Merchant, Host: c.Host, Fault: c.Fault, Text: c.Evidence.Text, Since: c.Since, Joined: t.now,
	})
	t.goesOnIn(in, metOf(c.Key))
	in.Failing = max(in.Failing, g.crowd)
	t.widen(in, c)
	if ofRatios(in.Rule) {
		in.Title = in.ratioTitle()
	}
	text := phrase(why, c.Evidence.Text)
	if up || !in.Live() {
		t.turned(in)
	}
	switch {
	case fresh:
		t.fold(in, g)
		if metOf(c.Key) == egress {
			t.foldOurs(in)
		}
		t.happened(in, EntryOpened, phrase(why, in.Evidence.Text), tellAll) // the title goes before it in the end
	case !in.Live():
		t.reopen(in, g, c, text)
	case g.severity.Worse(in.Severity):
		t.louder(in, c, fmt.Sprintf("%s: %s", c.Key.Scope, text))
	default:
		t.happened(in, EntryJoined, fmt.Sprintf("%s: %s", c.Key.Scope, text), tellRoot)
	}
	in.RecoveringAt = time.Time{}
}

// goesOnIn ends an incident that was recovering from what has now joined
// another: it is not over, and goes on there.
func (t *turn) goesOnIn(in *Incident, m met) {
	for _, id := range slices.Sorted(maps.Keys(t.incidents)) {
		if o := t.incidents[id]; o != in && o.Live() && t.open[id] == 0 && o.had(m) {
			t.folded(o, in)
		}
	}
}

// reopen makes an incident live again that was resolved a moment ago.
func (t *turn) reopen(in *Incident, g group, c rules.Change, text string) {
	in.State, in.ResolvedAt, in.ResolvedBy, in.Reopens = StateOpen, time.Time{}, "", in.Reopens+1
	in.AcknowledgedAt, in.AcknowledgedBy, in.AckUntil = time.Time{}, "", time.Time{}
	in.MitigatedAt, in.MitigatedBy, in.Story.Mitigated, in.ReconciledAt = time.Time{}, "", false, time.Time{}
	in.ShareNow, in.SharePeak, in.ShareSure = 0, 0, 0 // of this time
	in.Story.MerchantsAt = time.Time{}
	t.ladder(in)
	in.Evidence = g.evidence(c)
	if g.severity.Worse(in.Severity) {
		in.Severity = g.severity
	}
	if g.rule != RuleCommonCause {
		in.Rule, in.Title, in.Merchant = g.rule, g.name, g.merchant
	}
	t.fold(in, g)
	t.happened(in, EntryReopened, "open again: "+text, tellAll)
}

// louder raises an incident to the severity of c, which is worse. One that a
// person has taken on is open again when it becomes critical: that is other
// news than what they said yes to.
func (t *turn) louder(in *Incident, c rules.Change, text string) {
	in.Severity = c.Severity
	if in.Rule != RuleCommonCause && in.Scope == c.Key.Scope {
		in.Rule, in.Title, in.Evidence = c.Key.Rule, nameOf(c), c.Evidence
	}
	text = fmt.Sprintf("now %s: %s", c.Severity, text)
	t.ladder(in)
	if !in.AcknowledgedAt.IsZero() && c.Severity == rules.Critical {
		text += fmt.Sprintf("; %s acknowledged it before that: it is open again", cmp.Or(in.AcknowledgedBy, "somebody"))
		in.State, in.AcknowledgedAt, in.AcknowledgedBy, in.AckUntil = StateOpen, time.Time{}, "", time.Time{}
	}
	t.happened(in, EntryLouder, text, tellAll)
}

// cleared takes a condition that cleared: its incident is resolved when it
// was the last one.
func (t *turn) cleared(c rules.Change) {
	s, ok := t.seats[metOf(c.Key)]
	if !ok {
		return // a person resolved its incident before
	}
	in := s.in
	t.leave(s)
	in.Members[s.i].Text = c.Evidence.Text
	t.leaveLines(in)
	if left := t.open[in.ID]; left > 0 {
		t.lead(in)
		t.happened(in, EntryLeft, fmt.Sprintf("%s: %s; %d left", c.Key.Scope, c.Evidence.Text, left), tellRoot)
		return
	}
	t.ended[in.ID] = c.Evidence.Ended
	if in.RecoveringAt.IsZero() {
		in.RecoveringAt = t.now // whether that is the end says its state, when all changes are known
	}
	t.turned(in)
}

// leaveLines lets go of the ratios of endpoints when nothing else is left: they
// are lines of an incident, and come down long after the endpoint is up.
func (t *turn) leaveLines(in *Incident) {
	seats := t.seatsIn(in)
	if slices.ContainsFunc(seats, func(s seat) bool { return in.Members[s.i].Key.Rule != rules.RuleEndpointFailing }) {
		return
	}
	for _, s := range seats {
		t.leave(s)
	}
}

// lead gives an incident whose leading condition is over to the oldest of those
// that are left, when all of these are about deliveries: an endpoint that is up
// again, and whose events get their last try soon, is not down.
func (t *turn) lead(in *Incident) {
	if _, leads := t.seats[met{in.Rule, in.Scope}]; leads || in.Rule == RuleCommonCause {
		return
	}
	seats := t.seatsIn(in)
	other := func(s seat) bool { return !ofDeliveries(in.Members[s.i].Key.Rule) }
	if len(seats) == 0 || slices.ContainsFunc(seats, other) {
		return
	}
	seats = slices.DeleteFunc(seats, func(s seat) bool { return in.Members[s.i].Key.Rule == rules.RuleEndpointFailing })
	first := slices.MinFunc(seats, func(a, b seat) int { return in.Members[a.i].Since.Compare(in.Members[b.i].Since) })
	m := in.Members[first.i]
	in.Rule, in.Scope = m.Key.Rule, m.Key.Scope
	in.Title = nameOf(rules.Change{Key: m.Key, Fault: m.Fault})
	in.Evidence = rules.Evidence{Text: m.Text, From: m.Since}
}

// lasted is how long an incident has lasted, for people.
func lasted(in *Incident, now time.Time) time.Duration {
	if !in.RecoveringAt.IsZero() {
		now = in.RecoveringAt
	}
	return max(now.Sub(in.StartedAt), 0).Round(time.Second)
}

// sit gives a condition a seat. An episode that comes back to its incident
// gets its old one.
func (t *turn) sit(in *Incident, m Membership) {
	i, back := t.past[place{in.ID, m.Key}]
	if back {
		in.Members[i] = m
		delete(t.past, place{in.ID, m.Key})
	} else {
		i = len(in.Members)
		in.Members = append(in.Members, m)
	}
	t.seats[metOf(m.Key)] = seat{in, i}
	t.open[in.ID]++
	// What joins many with one cause, and began long before, is not when that did.
	if m.Since.Before(in.StartedAt) && (in.Rule != RuleCommonCause || apart(m.Since, in.StartedAt) <= t.desk.Fold.Within) {
		in.StartedAt = m.Since
	}
}

// leave takes a condition off its seat.
func (t *turn) leave(s seat) {
	m := &s.in.Members[s.i]
	m.Left = t.now
	t.past[place{s.in.ID, m.Key}] = s.i
	delete(t.seats, metOf(m.Key))
	t.open[s.in.ID]--
}

// incidentOf returns the incident of a group, and whether it is a new one: a
// live one, the last that was resolved within the reopen window, or the next
// generation.
func (t *turn) incidentOf(g group, c rules.Change) (*Incident, bool) {
	var found *Incident
	for _, in := range t.groups[g.key] {
		better := found == nil || in.Live() && !found.Live() || in.Live() == found.Live() && in.Generation > found.Generation
		if (in.Live() || t.recent(in)) && better {
			found = in
		}
	}
	if found != nil {
		return found, false
	}
	t.generations[g.key]++
	in := &Incident{
		GroupKey: g.key, Generation: t.generations[g.key], Rule: g.rule, Scope: g.scope, Merchant: g.merchant, Title: g.name,
		Severity: g.severity, State: StateOpen, Evidence: g.evidence(c),
		StartedAt: c.Since, DetectedAt: c.At, OpenedAt: t.now,
	}
	in.ID = incidentID(in.GroupKey, in.Generation)
	t.ladder(in)
	t.add(in)
	return in, true
}

// recent reports whether an incident that is over would be opened again.
func (t *turn) recent(in *Incident) bool { return t.now.Sub(in.ResolvedAt) <= t.desk.Reopen }

// decision collects what was touched, in a stable order: a replay must decide
// alike.
func (t *turn) decision() Decision {
	var d Decision
	ids := slices.Sorted(maps.Keys(t.incidents))
	for _, id := range ids {
		if len(t.lines[id]) > 0 {
			t.entitle(t.incidents[id])
		}
	}
	for _, id := range ids {
		in := t.incidents[id]
		notices := t.notices(in)
		if len(notices) > 0 {
			in.Story.Told = true
		}
		if in.Stored == 0 || len(t.lines[id]) > 0 || len(notices) > 0 || in.differs(t.before[id]) {
			d.Incidents = append(d.Incidents, *in)
		}
		d.Notices = append(d.Notices, notices...)
	}
	d.Entries = t.entries
	return d
}

// differs reports whether an incident has changed since it was read; what it
// measures now is measured again.
func (in Incident) differs(was Incident) bool {
	was.ShareNow = in.ShareNow
	return !reflect.DeepEqual(in, was)
}

// entitle gives an incident its name at the end of the turn, when all that
// belong to it are known.
func (t *turn) entitle(in *Incident) {
	if in.Rule == RuleCommonCause {
		in.Title = in.commonTitle()
	}
	for _, l := range t.lines[in.ID] {
		if e := &t.entries[l.entry]; e.Kind == EntryOpened {
			e.Text = phrase(in.Title, e.Text)
		}
	}
}

// phrase puts a head before a text.
func phrase(head, text string) string {
	if head == "" || text == "" {
		return head + text
	}
	return head + ": " + text
}
