package alerting

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

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
	up, began := in.Live() && t.open[in.ID] == 0, in.StartedAt
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
		t.louder(in, c, scoped(c.Key.Scope, text))
	default:
		t.happened(in, EntryJoined, scoped(c.Key.Scope, text)+in.before(c.Since, began), tellRoot)
	}
	if in.Stored == 0 && c.At.Before(in.DetectedAt) {
		in.DetectedAt = c.At // of all that opened it
	}
	t.resume(in)
}

// before says why a time stands in a timeline below a later one: what joins an
// incident, since then, began before all that was known, at began.
func (in *Incident) before(since, began time.Time) string {
	switch {
	case !since.Before(began.Truncate(time.Second)):
		return ""
	case in.StartedAt.After(since): // see [turn.sit]
		return "; it failed long before the others"
	default:
		return "; it was the first to fail, and is seen only now"
	}
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

// scoped puts a scope before what is said of it, unless that begins with it.
func scoped(scope rules.Scope, text string) string {
	kind, id := scope.Split()
	if strings.HasPrefix(text, strings.TrimSpace(kind+" "+id)+":") {
		return text
	}
	return fmt.Sprintf("%s: %s", scope, text)
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

// otherwise takes a condition that goes on with another text, and with another
// fault now and then: an incident that is about it is named anew.
func (t *turn) otherwise(s seat, c rules.Change) {
	in, m := s.in, &s.in.Members[s.i]
	m.Text, m.Fault = c.Evidence.Text, c.Fault
	was, is := in.Title, nameOf(c)
	if was == is || !shared(c.Key.Rule) || in.Rule != c.Key.Rule || in.Scope != c.Key.Scope {
		return
	}
	in.Title, in.Evidence = is, c.Evidence
	t.happened(in, EntryUpdated, fmt.Sprintf("no longer %q: %s", was, c.Evidence.Text), tellRoot)
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
	in.ID = incidentID(t.installation, in.GroupKey, in.Generation)
	t.ladder(in)
	t.add(in)
	return in, true
}

// recent reports whether an incident that is over would be opened again.
func (t *turn) recent(in *Incident) bool { return t.now.Sub(in.ResolvedAt) <= t.desk.Reopen }
