package alerting

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// Reconciliation is whether what failed in an incident was made good, for one
// payment channel: one row of its report. It is a value; the counts are
// events, each at one endpoint.
type Reconciliation struct {
	Incident string
	Channel  string // as senders name it: ID_BCA, QR; empty: events without one
	State    ReconcileState

	Failed      int // their first attempt failed while the incident ran
	Redelivered int // of those, delivered since, by whatever try
	Exhausted   int // of those, undelivered with no automatic try left: somebody has to resend them or write them off
	WrittenOff  int // a person's word: made good in another way, or given up; never changed by counting

	ExpectedAt time.Time // the last of the next automatic tries of those that wait; zero: none waits, or nobody knows when
	DoneAt     time.Time // zero unless State is ReconcileDone
	UpdatedAt  time.Time
	UpdatedBy  string // whose word stands in it; empty: nobody's, it was counted
	Note       string // a person's, the last; never changed by counting
}

// ReconcileState says how far a channel is. The words are stored.
type ReconcileState string

// The states of a channel. The seed's report has the same three.
const (
	ReconcileInProgress ReconcileState = "in_progress"
	ReconcileTPlus1     ReconcileState = "t_plus_1" // what waits is expected after the end of today
	ReconcileDone       ReconcileState = "done"     // everything was delivered or written off
)

// Word is the state as reports write it: "T+1".
func (s ReconcileState) Word() string {
	switch s {
	case ReconcileDone:
		return "done"
	case ReconcileTPlus1:
		return "T+1"
	default:
		return "in progress"
	}
}

// FailedCount is what was counted of one channel, or of one product: the
// events that first failed while an incident ran, and what became of them.
// Failed is the sum of Redelivered, Exhausted and Waiting.
type FailedCount struct {
	Name        string // empty: of the events that name none
	Failed      int
	Redelivered int
	Exhausted   int
	Waiting     int

	ExpectedAt  time.Time // latest next automatic try of those that wait; zero: none waits, or the schedule is not known
	DeliveredAt time.Time // the last time that one of them was delivered; zero: none was
}

// Left is how many events are neither delivered nor written off. What was
// written off may be delivered all the same: it is never negative.
func (r Reconciliation) Left() int { return max(0, r.Failed-r.Redelivered-r.WrittenOff) }

// Waiting is how many of the events still have an automatic try before them.
func (r Reconciliation) Waiting() int { return max(0, r.Failed-r.Redelivered-r.Exhausted) }

// Counted returns the row with fresh counts, and the state that follows from
// them at now; a day ends where zone says. It is pure.
func (r Reconciliation) Counted(c FailedCount, now time.Time, zone *time.Location) Reconciliation {
	r.Channel, r.Failed, r.Redelivered, r.Exhausted, r.ExpectedAt = c.Name, c.Failed, c.Redelivered, c.Exhausted, c.ExpectedAt
	doneAt := now
	if r.WrittenOff == 0 && !c.DeliveredAt.IsZero() {
		doneAt = c.DeliveredAt
	}
	return r.decided(now, doneAt, zone)
}

// decided sets the state that follows from the counts: done when nothing is
// left, T+1 when all that waits is expected after the end of the day of now,
// in progress otherwise.
func (r Reconciliation) decided(now, doneAt time.Time, zone *time.Location) Reconciliation {
	if r.Left() == 0 {
		if r.State != ReconcileDone || r.DoneAt.IsZero() {
			r.DoneAt = moment(doneAt)
		}
		r.State, r.ExpectedAt = ReconcileDone, time.Time{}
		return r
	}
	r.State, r.DoneAt = ReconcileInProgress, time.Time{}
	year, month, day := now.In(zone).Date()
	if tomorrow := time.Date(year, month, day+1, 0, 0, 0, 0, zone); !r.ExpectedAt.Before(tomorrow) {
		r.State = ReconcileTPlus1
	}
	return r
}

// WhollyDone reports whether there is something to reconcile, and all of it is
// done.
func WhollyDone(rows []Reconciliation) bool {
	for _, r := range rows {
		if r.State != ReconcileDone {
			return false
		}
	}
	return len(rows) > 0
}

// reconcileBefore is how much earlier than the first bad fact of an incident
// its events may have failed: rules look at windows of a minute.
const reconcileBefore = time.Minute

// FailedSpan says which events an incident answers for: the first attempt of
// each started in [from, to). A live one goes on until now.
func (in Incident) FailedSpan(now time.Time) (from, to time.Time) {
	if !in.ResolvedAt.IsZero() {
		now = in.ResolvedAt
	}
	return in.StartedAt.Add(-reconcileBefore), now
}

// FailedScopes says whose events an incident answers for: those of any of the
// scopes, which are of one kind; [rules.ScopePlatform] stands for all. None:
// the incident is about nothing that events are delivered to.
//
// The scope of the incident counts, with those of its members that are of the
// same kind; where endpoints share a cause, the endpoints count.
func (in Incident) FailedScopes() []rules.Scope {
	lead, _ := in.Scope.Split()
	if in.Rule == RuleCommonCause {
		lead = rules.ScopeEndpoint
	}
	switch lead {
	case string(rules.ScopePlatform):
		return []rules.Scope{rules.ScopePlatform}
	case rules.ScopeProduct, rules.ScopeChannel, rules.ScopeType, rules.ScopeMerchant, rules.ScopeEndpoint:
	default:
		return nil
	}
	var list []rules.Scope
	seen := map[rules.Scope]bool{}
	add := func(s rules.Scope) {
		if kind, _ := s.Split(); kind == lead && !seen[s] {
			seen[s], list = true, append(list, s)
		}
	}
	add(in.Scope)
	for _, m := range in.Members {
		add(m.Key.Scope)
	}
	return list
}

// A sender that invents channels gets no row for each.
const (
	mostChannels  = 200
	OtherChannels = "(other channels)" // stands for those beyond
)

// Recounted returns the rows of an incident with fresh counts, by channel. A
// row that nothing was counted of stays as it is: its events are not kept any
// more. At most 200 channels have rows of their own, those that have one and
// then those with the most events; the others share [OtherChannels]. It is pure.
func Recounted(incident string, rows []Reconciliation, counts []FailedCount, now time.Time, zone *time.Location) []Reconciliation {
	all := make(map[string]Reconciliation, len(rows)+len(counts))
	for _, r := range rows {
		all[r.Channel] = r
	}
	counts = slices.SortedFunc(slices.Values(counts), func(a, b FailedCount) int {
		return cmp.Or(cmp.Compare(b.Failed, a.Failed), cmp.Compare(a.Name, b.Name))
	})
	others := FailedCount{Name: OtherChannels}
	for _, c := range counts {
		r, known := all[c.Name]
		if c.Name == OtherChannels || !known && len(all) >= mostChannels {
			others.add(c)
			continue
		}
		r.Incident = incident
		all[c.Name] = r.Counted(c, now, zone)
	}
	if others.Failed > 0 {
		r := all[OtherChannels]
		r.Incident = incident
		all[OtherChannels] = r.Counted(others, now, zone)
	}
	return slices.SortedFunc(maps.Values(all), func(a, b Reconciliation) int { return cmp.Compare(a.Channel, b.Channel) })
}

// add counts o's events too.
func (c *FailedCount) add(o FailedCount) {
	c.Failed, c.Redelivered, c.Exhausted, c.Waiting = c.Failed+o.Failed, c.Redelivered+o.Redelivered, c.Exhausted+o.Exhausted, c.Waiting+o.Waiting
	if o.ExpectedAt.After(c.ExpectedAt) {
		c.ExpectedAt = o.ExpectedAt
	}
	if o.DeliveredAt.After(c.DeliveredAt) {
		c.DeliveredAt = o.DeliveredAt
	}
}
