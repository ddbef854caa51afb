package alerting

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// verbReconcile is the verb of a [ReconcileCommand] in a [CommandError]: it is
// no [Command].
const verbReconcile = "reconcile"

// EntryReconciliation is the kind of an entry in which somebody says something
// about the reconciliation of a channel.
const EntryReconciliation EntryKind = "reconciliation"

// ReconcileCommand is what a person says about one channel of an incident.
type ReconcileCommand struct {
	Do      ReconcileAction
	Channel string // empty: the events without one
	Count   int    // of ReconcileWriteOff: events, all that were ever written off
	By      string // who; stands in the timeline
	Note    string // a remark; needed for ReconcileNote
}

// ReconcileAction is a person's verb about a channel.
type ReconcileAction string

// The actions.
const (
	ReconcileWriteOff ReconcileAction = "written_off" // so many events were made good in another way, or given up
	ReconcileFinish   ReconcileAction = "done"        // all that is left was
	ReconcileNote     ReconcileAction = "note"
)

// Reconcile decides what follows when a person says something about a channel
// of the incident, whose rows are given: the row as it is then, and the line
// for the timeline. It is pure; a *CommandError says why not. The incident is
// reconciled by that only once it is over and each of its channels is done.
//
//   - written_off: Count events of the channel count as made good from now on.
//     The number takes the place of the one before.
//   - done: so does all that is neither delivered nor written off. An incident
//     that is live is refused: more may fail.
//   - note: the remark stands in the row, in any state.
func (in Incident) Reconcile(rows []Reconciliation, c ReconcileCommand, now time.Time, zone *time.Location) (Reconciliation, Entry, error) {
	c.By, c.Note = tidy(c.By), tidy(c.Note)
	refused := func(format string, args ...any) (Reconciliation, Entry, error) {
		return Reconciliation{}, Entry{}, &CommandError{Do: verbReconcile, State: in.State, Why: fmt.Sprintf(format, args...), Asked: true}
	}
	if why := c.wrong(); why != "" {
		return refused("%s", why)
	}
	i := slices.IndexFunc(rows, func(r Reconciliation) bool { return r.Channel == c.Channel })
	if i < 0 && in.Parent == "" {
		return refused("%s", noChannel(rows, c.Channel))
	}
	if why := c.untimely(in); why != "" {
		return Reconciliation{}, Entry{}, &CommandError{Do: verbReconcile, State: in.State, Why: why}
	}
	r := rows[i]
	switch left := r.Failed - r.Redelivered; {
	case c.Do == ReconcileFinish && r.Left() == 0:
		return refused("%s is done already: nothing of it is left", ChannelName(r.Channel))
	case c.Do == ReconcileWriteOff && c.Count > left:
		return refused("%d of %s cannot be written off: %d of %d failed events are not delivered", c.Count, ChannelName(r.Channel), left, r.Failed)
	case c.Do == ReconcileWriteOff:
		r.WrittenOff = c.Count
	case c.Do == ReconcileFinish:
		r.WrittenOff = left
	}
	if c.Note != "" {
		r.Note = c.Note
	}
	r.Incident, r.UpdatedBy, r.UpdatedAt = in.ID, c.By, moment(now)
	r = r.decided(now, now, zone)
	return r, Entry{Incident: in.ID, Seq: in.Entries + 1, At: moment(now), Kind: EntryReconciliation, Actor: c.By, Text: phrase(c.said(r), c.Note)}, nil
}

// wrong says why a command makes no sense for any incident, "" when it does.
func (c ReconcileCommand) wrong() string {
	note := utf8.RuneCountInString(c.Note)
	switch {
	case c.Do != ReconcileWriteOff && c.Do != ReconcileFinish && c.Do != ReconcileNote:
		return fmt.Sprintf("there is no such action; want %s, %s or %s", ReconcileWriteOff, ReconcileFinish, ReconcileNote)
	case c.By == "":
		return "who says so is missing"
	case utf8.RuneCountInString(c.By) > longestName:
		return fmt.Sprintf("the name has %d characters, at most %d are kept", utf8.RuneCountInString(c.By), longestName)
	case note > LongestRemark:
		return fmt.Sprintf("the note has %d characters, at most %d are kept", note, LongestRemark)
	case c.Do == ReconcileNote && c.Note == "":
		return "the text is missing; a note needs one"
	case c.Do != ReconcileWriteOff && c.Count != 0:
		return fmt.Sprintf("a count goes with %s alone", ReconcileWriteOff)
	case c.Count < 0:
		return fmt.Sprintf("%d events cannot be written off; want 0 or more", c.Count)
	default:
		return ""
	}
}

// untimely says why a command makes no sense in the state of an incident,
// whatever was counted; "" when it does.
func (c ReconcileCommand) untimely(in Incident) string {
	switch {
	case in.Parent != "":
		return "it was " + in.ResolvedBy + ", where it goes on"
	case c.Do == ReconcileFinish && in.Live():
		return "it is not over, more may fail; write off a number of events, or wait until it is resolved"
	case c.Do != ReconcileNote && in.State == StateReconciled:
		return "all of it is done; write a note instead"
	default:
		return ""
	}
}

// said is what was done, for the timeline.
func (c ReconcileCommand) said(r Reconciliation) string {
	name := tidy(ChannelName(r.Channel))
	switch c.Do {
	case ReconcileWriteOff:
		return fmt.Sprintf("%s: %d of %d failed events written off, %d left", name, r.WrittenOff, r.Failed, r.Left())
	case ReconcileFinish:
		return fmt.Sprintf("%s: done by hand, %d of %d failed events written off", name, r.WrittenOff, r.Failed)
	default:
		return name
	}
}

// ChannelName is how people read a channel: events without one have a name
// too.
func ChannelName(channel string) string {
	if channel == "" {
		return "events without a channel"
	}
	return channel
}

// mostNamed bounds the channels that an error lists.
const mostNamed = 10

// noChannel says which channels there are instead.
func noChannel(rows []Reconciliation, channel string) string {
	if len(rows) == 0 {
		return "there is nothing to reconcile yet: none of its events have failed, as far as they were counted"
	}
	names := make([]string, 0, mostNamed)
	for _, r := range rows[:min(len(rows), mostNamed)] {
		name := tidy(r.Channel)
		if name == "" {
			name = `"" (events without a channel)`
		}
		names = append(names, name)
	}
	if more := len(rows) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	what := fmt.Sprintf("channel %q has no failed event in it", tidy(channel))
	if channel == "" {
		what = "each of its failed events has a channel"
	}
	return fmt.Sprintf("%s; want one of %s", what, strings.Join(names, ", "))
}
