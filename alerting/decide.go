package alerting

import (
	"maps"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// World is what the desk knows when it decides: read in the transaction that
// its decision is written in.
type World struct {
	// Installation tells this hookvigil from every other, for as long as it
	// remembers: so do the IDs of its incidents, which receivers know messages by.
	Installation int64
	// Incidents are those that live, and those that were resolved within the
	// reopen window.
	Incidents []Incident
	// Failing are the endpoints whose endpoint_down, or certificate, is pending
	// or open: what shows a common cause before its members are confirmed. Only
	// those with a rule and fault that open in this turn are needed.
	Failing []Failing
	// Generations is the last generation of each group key that was ever used,
	// for the keys of [GroupKeys] at least.
	Generations map[string]int
	// Told are the lanes that were told of an incident, by its ID: whatever
	// the routes say today, they hear how it goes on.
	Told map[string][]Destination
	// Levels are the ratios of now of the scopes that live incidents have; what
	// is missing has none.
	Levels map[rules.Scope]Level
	// Quiet is what may keep conditions quiet; nil: nothing was asked, and what
	// is quiet stays so.
	Quiet Quieter
	// Doubt is why it may be our own side that fails; empty: it is not in doubt.
	Doubt string
	// Absent says that nobody looked for a while until a moment ago: what is open
	// may be over, and what recovered may fail again. Nobody is asked again, and
	// nothing has settled, before it is looked at.
	Absent bool
	// Orphans are open conditions that are in no live incident, and were in
	// none within the reopen window: a person has resolved theirs, or a
	// grouping went wrong. None stays untold for ever.
	Orphans []Orphan
}

// Failing is one endpoint or target that fails, confirmed or not.
type Failing struct {
	Rule  rules.Rule // endpoint_down or certificate
	Scope rules.Scope
	Host  string
	Fault string
	Since time.Time
}

// Orphan is an open condition, as if it opened now, that is in no live
// incident.
type Orphan struct {
	rules.Change
	ResolvedBy string    // who resolved the incident that it was in last; empty: it was in none
	ResolvedAt time.Time // when that was
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
	Reopen time.Duration                   // bad again within this is the same incident; default 30m
	Fold   Fold                            // when many are one
	Routes func(in Incident) []Destination // who is told of an incident; nil: nobody new. It is pure, and keeps nothing
	// Leads returns the destination that a lane leads to as it is configured, or
	// to somebody by a receiver that is, and false when it leads to nobody any
	// more; nil: all do, as they did. It is pure, and keeps nothing.
	Leads   func(Destination) (Destination, bool)
	BaseURL string // server.public_url; empty: notices carry no link

	Settle    time.Duration            // nothing of an endpoint must fail for so long until it is over; 0: it is at once
	Flap      Flapping                 // when it comes and goes; zero: nobody cares
	Ladder    Ladder                   // who does not answer is told again; zero: once is all
	Escalate  func(in Incident) []Rung // whom else; nil: nobody. It is pure, and keeps nothing
	Merchants MerchantMail             // whether merchants hear of it; zero: they do not
	// About returns what is known around an incident, for its merchant or for
	// us; nil: nothing. It keeps nothing, and does not block.
	About func(in Incident, merchant bool) About
}

// Fold says when failing endpoints are one incident (DESIGN section 5.4).
type Fold struct {
	Endpoints int           // at least so many with the same fault; default 5; under 2: none ever are
	Hosts     int           // on at least so many hosts, or all on one; default 3
	Within    time.Duration // that began to fail within this of each other; default 10m
}

// Destination is one lane that notices go to.
type Destination struct {
	Lane      string
	Recipient string
	Form      Form          // how an incident is told there; empty: FormMail
	Refresh   time.Duration // with FormState: what lives is told anew so often; 0: it is not
}

// Form is how the story of an incident is told in a lane. The words are stored.
type Form string

// The forms.
const (
	FormMail     Form = "mail"     // one message for each thing that matters
	FormThread   Form = "thread"   // one message kept up to date, and replies under it
	FormState    Form = "state"    // one record kept up to date by its key: a pager, an Alertmanager
	FormHook     Form = "hook"     // one call for each thing that happened
	FormMerchant Form = "merchant" // one message for each thing that matters to the merchant, in its words
)

// DefaultDesk returns the defaults.
func DefaultDesk() Desk {
	return Desk{
		Reopen: 30 * time.Minute, Fold: Fold{Endpoints: 5, Hosts: 3, Within: 10 * time.Minute},
		Settle: 2 * time.Minute, Flap: Flapping{Turns: 4, Within: 30 * time.Minute, Stable: 30 * time.Minute},
		Ladder: DefaultLadder(), Merchants: MerchantMail{After: 5 * time.Minute, Hold: 15 * time.Minute},
	}
}

// Decide takes the changes in order, but those of the platform first, because
// others may be part of them; then the orphans; and then looks at each incident: the
// figures, the clock, the silences. It returns what follows. Whatever happens to an incident in one turn is told to a lane at
// once: its root message as it stands at the end, and one event.
func (d Desk) Decide(w World, changes []rules.Change, now time.Time) Decision {
	t := newTurn(d, w, now)
	for _, c := range platformFirst(changes) {
		if c.Open {
			t.opened(c)
		} else {
			t.cleared(c)
		}
	}
	for _, o := range w.Orphans {
		if w.Absent {
			break // they may be over
		}
		t.orphaned(o)
	}
	for _, id := range slices.Sorted(maps.Keys(t.incidents)) {
		t.look(t.incidents[id])
	}
	return t.decision()
}

// platformFirst returns the changes in an order in which what others may be
// part of comes before them. What opens by one rule, one after the other, opens
// in the order in which it began: a timeline reads so.
func platformFirst(changes []rules.Change) []rules.Change {
	sorted := slices.Clone(changes)
	slices.SortStableFunc(sorted, func(a, b rules.Change) int { return turnOf(a) - turnOf(b) })
	for from := 0; from < len(sorted); {
		to := from + 1
		for to < len(sorted) && sorted[from].Open && sorted[to].Open && sorted[to].Key.Rule == sorted[from].Key.Rule {
			to++
		}
		slices.SortStableFunc(sorted[from:to], func(a, b rules.Change) int { return a.Since.Compare(b.Since) })
		from = to
	}
	return sorted
}

func turnOf(c rules.Change) int {
	if c.Key.Rule == rules.RulePlatformErrorRatio || c.Key.Rule == rules.RuleMonitorSelf {
		return 0
	}
	return 1
}
