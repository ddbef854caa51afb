package alerting

import (
	"errors"
	"fmt"
	"time"

	"github.com/hookvigil/hookvigil/internal/registry"
)

// Maintenance is planned work: what matches is quiet, and not counted in
// availability, while one of its occurrences lasts. It is a value; [Maintenance.Settled]
// makes one fit to be asked often, and says what is wrong.
type Maintenance struct {
	ID         string        `json:"id"`
	Matcher    Matcher       `json:"matcher"` // of merchants, endpoints, channels and products alone
	Zone       string        `json:"zone"`    // IANA name, by whose clocks it recurs
	Start      time.Time     `json:"start"`   // of the first occurrence
	Length     time.Duration `json:"length"`  // of each, a minute to LongestQuiet, whatever the clocks do
	Recurrence string        `json:"recurrence,omitempty"`
	EndsAt     time.Time     `json:"ends_at,omitzero"` // no occurrence starts after; zero: it goes on for ever. Settled finds it
	By         string        `json:"by"`
	Reason     string        `json:"reason"`
	Version    int           `json:"version"` // grows with each change; 0: not stored yet
	Created    time.Time     `json:"created_at"`
	Updated    time.Time     `json:"updated_at"`
	RemovedAt  time.Time     `json:"removed_at,omitzero"`
	RemovedBy  string        `json:"removed_by,omitempty"`

	plan *plan // read-only; nil: not settled
}

// plan is maintenance in a form that is quick to ask.
type plan struct {
	zone  *time.Location
	rule  recurrence
	first int           // date of Start
	clock time.Duration // time of day of Start
}

const (
	shortestWork = time.Minute
	farthest     = 10 * 366 // days that are searched for the next occurrence
	mostDays     = 50 * 366 // days that COUNT may go on for
)

// Settled returns m ready to be asked often, with EndsAt as its recurrence has
// it, and all that is wrong with it seen from now: what has faults never
// recurs. It is pure, but for the zone, which is read from the disk when the
// program holds none.
func (m Maintenance) Settled(now time.Time) (Maintenance, []registry.Fault) {
	_, found := registry.CheckMerchant(registry.Merchant{ID: m.ID}) // all IDs are spelt alike
	found = append(found, m.Matcher.Faults()...)
	found = append(found, m.Matcher.plannable()...)
	found = append(found, saidFaults(m.By, m.Reason)...)
	m.By, m.Reason = tidy(m.By), tidy(m.Reason)
	m.Start, m.Created, m.Updated = moment(m.Start), moment(m.Created), moment(m.Updated)
	if m.Length < shortestWork || m.Length > LongestQuiet {
		found = append(found, registry.Fault{
			Path: "length", Message: fmt.Sprintf("%s is outside %s to %s", registry.Duration(m.Length), registry.Duration(shortestWork), registry.Duration(LongestQuiet)),
			Hint: "what is away for longer is not watched: suspend the endpoint",
		})
	}
	m.Length = m.Length.Truncate(time.Microsecond)
	m, wrong := m.planned()
	if len(found)+len(wrong) == 0 && m.overlaps() {
		found = append(found, registry.Fault{
			Path: "length", Message: fmt.Sprintf("%s is longer than until it recurs: what it matches would never be watched", registry.Duration(m.Length)),
			Hint: "make it shorter, or let it recur less often; what is away for good is suspended",
		})
	}
	if len(found)+len(wrong) == 0 && !m.EndsAt.IsZero() && !m.EndsAt.Add(m.Length).After(now) {
		found = append(found, registry.Fault{Path: "start", Message: "its last occurrence is over: it began " + utc(m.EndsAt), Hint: "give a start that is to come"})
	}
	return m, append(found, wrong...)
}

// overlaps reports whether one of the first occurrences begins before the one
// before it has ended.
func (m Maintenance) overlaps() bool {
	before := m.Start
	for range 8 { // a week of days
		from, _, ok := m.Next(before)
		if !ok {
			return false
		}
		if from.Before(before.Add(m.Length)) {
			return true
		}
		before = from
	}
	return false
}

// plannable says which lists do not go with planned work.
func (m Matcher) plannable() (found []registry.Fault) {
	const hint = "maintenance is of merchants, endpoints, channels or products; a silence takes every list"
	bad := func(path string) {
		found = append(found, registry.Fault{Path: path, Message: "does not go with maintenance", Hint: hint})
	}
	if m.All {
		bad("matcher.all")
	}
	for _, l := range m.lists() {
		switch l.key {
		case "merchant", "endpoint", "channel", "product":
		default:
			if len(l.words) > 0 {
				bad("matcher." + l.key)
			}
		}
	}
	return found
}

// planned fills in the plan and the end.
func (m Maintenance) planned() (Maintenance, []registry.Fault) {
	var found []registry.Fault
	bad := func(path, message, hint string) {
		found = append(found, registry.Fault{Path: path, Message: message, Hint: hint})
	}
	zone, err := time.LoadLocation(m.Zone)
	if err != nil || m.Zone == "" || m.Zone == "Local" {
		bad("zone", fmt.Sprintf("%q is no time zone that is known here", clip(m.Zone)), "an IANA name such as Asia/Jakarta, or UTC")
	}
	rule, err := parseRecurrence(m.Recurrence)
	if err != nil {
		bad("recurrence", err.Error(), "")
	}
	if m.Start.Year() < 1971 || m.Start.Year() > 2200 {
		bad("start", "is missing, or in another century", "the moment at which the first occurrence begins, such as 2026-06-07T02:00:00+07:00")
	}
	if len(found) > 0 {
		m.plan = nil
		return m, found
	}
	wall := Wall(m.Start, zone)
	p := &plan{zone: zone, rule: rule, first: dateOf(wall)}
	p.clock = wall.Sub(wallOn(p.first))
	m.plan, m.EndsAt = p, time.Time{}
	if !rule.falls(p.first, p.first) {
		hint := "the recurrence has none within ten years"
		if next, _, ok := m.Next(m.Start); ok {
			hint = "the first after it is " + next.In(zone).Format("Mon 2006-01-02 15:04 MST")
		}
		bad("start", "is a day on which it does not recur: "+wall.Format("Mon 2006-01-02"), hint)
	}
	if m.EndsAt, err = m.last(); err != nil {
		bad("recurrence", err.Error(), "")
	}
	return m, found
}

// last returns after when no occurrence starts; zero: it goes on for ever.
func (m Maintenance) last() (time.Time, error) {
	switch rule := m.plan.rule; {
	case rule.freq == "":
		return m.Start, nil
	case rule.until != "":
		at, local, _ := parseUntil(rule.until)
		if local {
			at = Reached(at, m.plan.zone)
		}
		if at.Before(m.Start) {
			return time.Time{}, errors.New("UNTIL comes before the start")
		}
		return at, nil
	case rule.count > 0:
		left := rule.count
		for date := m.plan.first; date < m.plan.first+mostDays; date++ {
			if !rule.falls(date, m.plan.first) {
				continue
			}
			if left--; left == 0 {
				return m.begins(date), nil
			}
		}
		return time.Time{}, fmt.Errorf("COUNT=%d goes on for more than 50 years; leave it out to go on for ever", rule.count)
	default:
		return time.Time{}, nil
	}
}

// begins is when the occurrence of a date begins.
func (m Maintenance) begins(date int) time.Time {
	at := Reached(wallOn(date).Add(m.plan.clock), m.plan.zone)
	if at.Before(m.Start) {
		return m.Start // the second time that the clocks show it, on that day alone
	}
	return at
}

// occurs returns the occurrence of a date, when there is one.
func (m Maintenance) occurs(date int) (from, until time.Time, ok bool) {
	if !m.plan.rule.falls(date, m.plan.first) {
		return from, until, false
	}
	from = m.begins(date)
	return from, from.Add(m.Length), m.EndsAt.IsZero() || !from.After(m.EndsAt)
}

// ready returns m with its plan; false when it never recurs, or no longer.
func (m Maintenance) ready() (Maintenance, bool) {
	if m.plan != nil || !m.RemovedAt.IsZero() {
		return m, m.RemovedAt.IsZero()
	}
	m, faults := m.planned()
	return m, len(faults) == 0
}

// At returns the occurrence that lasts at now: the one that ends last. It looks
// at ten days at most, however long ago the recurrence began, and is pure; of
// maintenance that is not settled it reads the zone each time.
func (m Maintenance) At(now time.Time) (from, until time.Time, ok bool) {
	m, ok = m.ready()
	if !ok || now.Before(m.Start) {
		return time.Time{}, time.Time{}, false
	}
	today := dateOf(Wall(now, m.plan.zone))
	for date := today + 1; date >= today-int(m.Length/day)-2; date-- {
		from, until, ok = m.occurs(date)
		if ok && !now.Before(from) && now.Before(until) {
			return from, until, true
		}
	}
	return time.Time{}, time.Time{}, false
}

// Next returns the first occurrence that begins after now. It looks ten years
// ahead at most, which takes a fraction of a millisecond, and is pure; of
// maintenance that is not settled it reads the zone each time.
func (m Maintenance) Next(now time.Time) (from, until time.Time, ok bool) {
	m, ok = m.ready()
	if !ok || !m.EndsAt.IsZero() && !now.Before(m.EndsAt) {
		return time.Time{}, time.Time{}, false
	}
	today := max(dateOf(Wall(now, m.plan.zone))-1, m.plan.first)
	for date := today; date < today+farthest; date++ {
		from, until, ok = m.occurs(date)
		if ok && from.After(now) {
			return from, until, true
		}
	}
	return time.Time{}, time.Time{}, false
}

// ErrNoMaintenance says that there is no maintenance with that ID.
var ErrNoMaintenance = errors.New("there is no such maintenance")

// MaintenanceVersionError says that somebody was faster: the maintenance has
// changed since the caller read it.
type MaintenanceVersionError struct {
	ID   string
	Has  int // version now; 0: it is removed
	Want int // version that the caller read; 0: it took it for new
}

// Error implements error, in one line.
func (e *MaintenanceVersionError) Error() string {
	switch {
	case e.Want == 0:
		return fmt.Sprintf("maintenance %s is there already, at version %d; read it, or take another ID", e.ID, e.Has)
	case e.Has == 0:
		return fmt.Sprintf("maintenance %s was removed; put it as a new one, with version 0", e.ID)
	default:
		return fmt.Sprintf("maintenance %s is at version %d, not %d: it has changed; read it again", e.ID, e.Has, e.Want)
	}
}
