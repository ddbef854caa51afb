package alerting

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// Incident is conditions with one cause. It is a value: Decide returns a new
// one. GroupKey and Generation name it to receivers; Version grows with every
// change, and people's commands compare-and-swap it.
type Incident struct {
	ID         string
	GroupKey   string // v1:<what>:<where>
	Generation int    // grows when it opens anew after the reopen window
	Version    int
	Stored     int // the version it was read at; 0: not stored yet

	Rule     rules.Rule
	Scope    rules.Scope
	Merchant string // when it concerns one alone
	Parent   string // folded into that incident
	Severity rules.Severity
	State    State
	Title    string
	Evidence rules.Evidence // of the change that opened it, or made it louder

	StartedAt      time.Time // first bad fact of any member
	DetectedAt     time.Time // when a rule said so
	OpenedAt       time.Time
	AlertedAt      time.Time // when a receiver first accepted a notice of it; zero: none has. Senders write it, Version does not count it
	AcknowledgedAt time.Time
	AcknowledgedBy string
	AckUntil       time.Time // then the acknowledgement counts no more; zero with AcknowledgedAt set: it always does
	MitigatedAt    time.Time // first fix: what fails fell to half of the peak, or a person said so
	MitigatedBy    string    // empty: the figures
	RecoveringAt   time.Time // since when nothing of it fails; zero: something does
	ResolvedAt     time.Time
	ResolvedBy     string // empty: by the rules
	ReconciledAt   time.Time
	Reopens        int

	ShareNow  float64 // of what it is about that fails: of the traffic in the last window, or of its endpoints
	SharePeak float64 // at worst
	ShareSure float64 // the peak of what was certain at 95 %: noise alone reaches the half of SharePeak

	Story Story // what the desk remembers for itself

	NextAt  time.Time // when the desk looks at it again, whatever happens; zero: never
	Members []Membership
	Failing int // of a common cause: endpoints that were seen to fail at once, confirmed or not, at most
	Entries int // in its timeline so far
}

// Story is what the desk remembers of an incident for its own next turns. It
// is stored as JSON.
type Story struct {
	Turns         []time.Time   `json:"turns,omitempty"`         // when it went up or down lately
	FlappingSince time.Time     `json:"flapping_since,omitzero"` // zero: it does not flap
	Ladder        time.Time     `json:"ladder,omitzero"`         // since when nobody has answered
	Asked         []string      `json:"asked,omitempty"`         // lanes that the ladder came to, in order
	Taken         time.Duration `json:"taken,omitempty"`         // the rung that was taken last
	Step          int           `json:"step,omitempty"`          // rungs of the ladder that were taken since
	Mitigated     bool          `json:"mitigated,omitempty"`     // the first fix holds
	Hush          Hush          `json:"hush,omitzero"`           // what keeps it quiet
	Said          string        `json:"said,omitempty"`          // the last line that was told, and when
	SaidAt        time.Time     `json:"said_at,omitzero"`        //
	Told          bool          `json:"told,omitempty"`          // somebody was told, or will be
	AgainAt       time.Time     `json:"again_at,omitzero"`       // when it is told again unless somebody answers; zero: it is not
	OverAt        time.Time     `json:"over_at,omitzero"`        // when it is over unless something fails; zero: something does
	Refreshed     time.Time     `json:"refreshed,omitzero"`      // when what keeps a record of it was told last
	Merchants     []string      `json:"merchants,omitempty"`     // who were told of it as merchants, in order
	MerchantsAt   time.Time     `json:"merchants_at,omitzero"`   // when they are told; zero: they are not
	Owed          []string      `json:"owed,omitempty"`          // merchants that hear the end of it, in order: they were told of another that is over, and their endpoint still fails here
}

// Membership is one episode of a condition in an incident.
type Membership struct {
	Key      rules.Key
	Merchant string
	Host     string
	Fault    string
	Text     string
	Since    time.Time
	Joined   time.Time
	Left     time.Time // zero: it is still open
}

// Entry is one line of an incident's timeline: append only.
type Entry struct {
	Incident string
	Seq      int // 1, 2, ... within the incident
	At       time.Time
	Kind     EntryKind
	Actor    string // empty: hookvigil
	Text     string
}

// seenAt begins what a line says of when it was written, when that is not its own
// time.
const seenAt = "; seen at "

// Below returns the line as it stands below one of the time last, written now:
// when it is of an earlier second, and does not say so itself, it says why, because
// a reader goes by the order of a timeline. It is pure.
func (e Entry) Below(last, now time.Time) Entry {
	switch {
	case !e.At.Before(last.Truncate(time.Second)), strings.Contains(e.Text, seenAt):
	case now.Before(last):
		e.Text += " (the clock was set back since the line above)"
	default:
		e.Text += fmt.Sprintf(" (written at %s, after the line above)", clock(now))
	}
	return e
}

// EntryKind says what a line of a timeline is about. The words are stored.
type EntryKind string

// The kinds of entry.
const (
	EntryOpened       EntryKind = "opened"
	EntryAlerted      EntryKind = "alerted" // a receiver accepted a notice for the first time
	EntryReopened     EntryKind = "reopened"
	EntryLouder       EntryKind = "severity_raised"
	EntryJoined       EntryKind = "member_joined"
	EntryLeft         EntryKind = "member_cleared"
	EntryUpdated      EntryKind = "member_updated" // as loud as before, with more to tell
	EntryFolded       EntryKind = "folded"
	EntryAcknowledged EntryKind = "acknowledged"
	EntryNote         EntryKind = "note"
	EntryResolved     EntryKind = "resolved"
	EntryMitigated    EntryKind = "first_fix"      // what fails fell to half of the peak, or a person said so
	EntryWorse        EntryKind = "worse"          // and rose again
	EntryRecovering   EntryKind = "recovering"     // nothing fails, or too little to go on
	EntryRelapsed     EntryKind = "relapsed"       // but it was not over
	EntryExpired      EntryKind = "ack_expired"    // nothing came of an acknowledgement
	EntryEscalated    EntryKind = "escalated"      // nobody answered: told again, or to others
	EntryFlapping     EntryKind = "flapping"       // it comes and goes
	EntryStable       EntryKind = "stable"         // no longer
	EntrySilenced     EntryKind = "silenced"       // by a silence, or maintenance
	EntryUnsilenced   EntryKind = "silence_over"   //
	EntryMerchants    EntryKind = "merchants_told" // merchants are sent a mail
	EntryWithheld     EntryKind = "withheld"       // over before it left: nobody was woken
	EntryReconciled   EntryKind = "reconciled"     // what had failed is delivered, or written off
)

// incidentID is made of what names the incident, so that a replay makes the
// same one; and of the installation, so that nobody else does: two may write to
// one mailbox, and one that begins with nothing counts anew.
func incidentID(installation int64, groupKey string, generation int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d:%s:%d", installation, groupKey, generation))
	return "inc_" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:10]))
}

// key is what receivers know the incident's messages by. Its end is that of the
// ID, which another installation's incident about the same does not have.
func (in Incident) key() string {
	return fmt.Sprintf("%s:%d:%s", in.GroupKey, in.Generation, in.Number())
}

// Number is the short form of the ID for people.
func (in Incident) Number() string { return in.ID[max(0, len(in.ID)-6):] }

// Live reports whether the incident still runs.
func (in Incident) Live() bool { return in.State.Live() }

// clone makes in safe to change.
func (in Incident) clone() Incident {
	in.Members = slices.Clone(in.Members)
	in.Story.Turns, in.Story.Merchants = slices.Clone(in.Story.Turns), slices.Clone(in.Story.Merchants)
	in.Story.Asked, in.Story.Owed = slices.Clone(in.Story.Asked), slices.Clone(in.Story.Owed)
	return in
}

// runbooks is where the page of each rule is.
const runbooks = "https://github.com/hookvigil/hookvigil/blob/main/docs/runbooks/"

// The bounds of what a notice holds.
const (
	maxShown   = 20  // members
	longestKey = 255 // bytes of the key, as PagerDuty takes it
)

// Facts returns what a notice about this incident tells: happened is the line
// that the notice is about.
func (in Incident) Facts(happened string, at time.Time, baseURL string) Facts {
	f := Facts{
		Incident: in.ID, Number: in.Number(), Title: in.Title, Rule: in.Rule, Scope: in.Scope, State: in.State, Severity: in.Severity,
		Merchant: in.Merchant, Evidence: in.Evidence, StartedAt: in.StartedAt, OpenedAt: in.OpenedAt,
		AcknowledgedAt: in.AcknowledgedAt, AcknowledgedBy: in.AcknowledgedBy, ResolvedAt: in.ResolvedAt, ResolvedBy: in.ResolvedBy,
		Key: in.key(), AckUntil: in.AckUntil, MitigatedAt: in.MitigatedAt, RecoveringAt: in.RecoveringAt,
		Flapping: !in.Story.FlappingSince.IsZero(), Again: in.Story.Step, Share: in.ShareNow, PeakShare: in.SharePeak,
		Members: []Member{}, MemberCount: len(in.Members), Happened: happened, At: at,
	}
	if in.Parent != "" {
		f.GoesOnIn = Incident{ID: in.Parent}.Number()
	}
	if h := in.Story.Hush; h.ID != "" && !h.Until.IsZero() { // without an end it is over, and kept for when something fails again
		f.QuietUntil, f.QuietBy = h.Until, phrase(string(h.Kind)+" of "+h.By, h.Reason)
	}
	if len(f.Key) > longestKey {
		f.Key = in.ID // a host or a scope that is longer than other systems take
	}
	f.Runbook = runbooks + string(in.Rule) + ".md"
	if baseURL != "" {
		f.URL = baseURL + "/incidents/" + in.ID
	}
	members := slices.Clone(in.Members)
	slices.SortStableFunc(members, func(a, b Membership) int {
		if a.Left.IsZero() != b.Left.IsZero() {
			if a.Left.IsZero() {
				return -1
			}
			return 1
		}
		return a.Since.Compare(b.Since)
	})
	for _, m := range members[:min(len(members), maxShown)] {
		f.Members = append(f.Members, Member{Rule: m.Key.Rule, Scope: m.Key.Scope, Fault: m.Fault, Text: m.Text, Open: m.Left.IsZero(), Since: m.Since})
	}
	return f
}
