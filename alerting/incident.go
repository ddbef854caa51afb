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
	ResolvedAt     time.Time
	ResolvedBy     string // empty: by the rules
	Reopens        int

	Members []Membership
	Failing int // of a common cause: endpoints that were seen to fail at once, confirmed or not, at most
	Entries int // in its timeline so far
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
)

// incidentID is made of what names the incident, so that a replay makes the
// same one.
func incidentID(groupKey string, generation int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s:%d", groupKey, generation))
	return "inc_" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:10]))
}

// Number is the short form of the ID for people.
func (in Incident) Number() string { return in.ID[max(0, len(in.ID)-6):] }

// Live reports whether the incident still runs.
func (in Incident) Live() bool { return in.State.Live() }

// clone makes in safe to change.
func (in Incident) clone() Incident {
	in.Members = slices.Clone(in.Members)
	return in
}

// runbooks is where the page of each rule is.
const runbooks = "https://github.com/hookvigil/hookvigil/blob/main/docs/runbooks/"

// maxShown bounds the members that a notice lists.
const maxShown = 20

// Facts returns what a notice about this incident tells: happened is the line
// that the notice is about.
func (in Incident) Facts(happened string, at time.Time, baseURL string) Facts {
	f := Facts{
		Incident: in.ID, Number: in.Number(), Title: in.Title, Rule: in.Rule, Scope: in.Scope, State: in.State, Severity: in.Severity,
		Merchant: in.Merchant, Evidence: in.Evidence, StartedAt: in.StartedAt, OpenedAt: in.OpenedAt,
		AcknowledgedAt: in.AcknowledgedAt, AcknowledgedBy: in.AcknowledgedBy, ResolvedAt: in.ResolvedAt, ResolvedBy: in.ResolvedBy,
		Members: []Member{}, MemberCount: len(in.Members), Happened: happened, At: at,
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
