package alerting

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// Book is where the desk reads and writes.
type Book interface {
	// CommitDesk reads the changes that the desk has not seen yet (at most
	// limit, in order) and the world, calls decide once, and writes what it
	// decided together with how far it has read: one transaction. It calls
	// nothing and writes nothing when there is neither a change, nor an
	// incident whose next look is due, nor, when it is asked for them, an orphan or a
	// live incident.
	CommitDesk(ctx context.Context, r DeskRequest, decide func(w World, changes []rules.Change) Decision) (DeskTurn, error)

	// CommandIncident reads one incident, calls do, and writes what it
	// decided: one transaction. It returns ErrNoIncident, or a *VersionError
	// when the incident is no longer at that version, and then calls nothing.
	CommandIncident(ctx context.Context, id string, version int, do func(in Incident, told []Destination) (Decision, error)) (Incident, error)
}

// DeskRequest bounds a turn of the desk.
type DeskRequest struct {
	Now     time.Time
	Reopen  time.Duration // incidents resolved later than Now-Reopen belong to the world
	Limit   int           // changes; at least 1
	Orphans bool          // look for orphans too, and at each live incident: this looks at every open condition
}

// DeskTurn is what a turn did.
type DeskTurn struct {
	Changes  int // read
	Decision Decision
	More     bool // further changes wait
}

// ErrNoIncident says that there is no incident with that ID.
var ErrNoIncident = errors.New("there is no such incident")

// VersionError says that somebody was faster: the incident has changed since
// the caller read it.
type VersionError struct {
	ID   string
	Has  int // version now
	Want int // version that the caller read
}

// Error implements error, in one line.
func (e *VersionError) Error() string {
	return fmt.Sprintf("incident %s is at version %d, not %d: it has changed; read it again", e.ID, e.Has, e.Want)
}

// IncidentFilter selects incidents. The zero filter selects all.
type IncidentFilter struct {
	Live      bool     // only those that are not resolved
	Merchants []string // only those that concern one of these merchants alone; empty: all
	Endpoint  string   // only those with a member of that endpoint; empty: any
	Before    string   // ID of an incident: only those opened before it, to page on; empty: from the newest
	Limit     int      // cut to 1..1000; 0: 100
}

// Command is what a person says about an incident.
type Command struct {
	Do   CommandKind
	By   string // who; stands in the timeline
	Text string // a remark; needed for a note
	// FirstFix says, with a note, that the first fix has worked: the incident is
	// mitigated, whatever the figures say.
	FirstFix bool
}

// CommandKind is a person's verb.
type CommandKind string

// The verbs.
const (
	CommandAcknowledge CommandKind = "ack"
	CommandResolve     CommandKind = "resolve"
	CommandNote        CommandKind = "note"
)

// CommandError says why a command was refused, and that nothing was done.
type CommandError struct {
	Do    CommandKind
	State State
	Why   string
	Asked bool // what was asked for is wrong, whatever the state
}

// Error implements error, in one line that begins with what is wrong.
func (e *CommandError) Error() string {
	if e.Asked {
		return fmt.Sprintf("%s (nothing was done; the incident is %s)", e.Why, e.State)
	}
	return fmt.Sprintf("cannot %s an incident that is %s: %s", e.Do, e.State, e.Why)
}
