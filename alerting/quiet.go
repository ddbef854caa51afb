package alerting

import "time"

// Quiet is what people want to hear nothing of: silences and planned work. The
// zero Quiet covers nothing. It is read-only, and safe for concurrent use.
type Quiet struct {
	Silences    []Silence
	Maintenance []Maintenance // settled, to be asked often
}

// Hush says why a condition is quiet, and until when. The zero Hush is nothing.
// It is stored as JSON.
type Hush struct {
	ID     string    `json:"id"` // of the silence or the maintenance
	Kind   HushKind  `json:"kind"`
	By     string    `json:"by"`
	Reason string    `json:"reason"`
	Until  time.Time `json:"until"` // then it is told, when it is still bad; of maintenance: the end of this occurrence; zero: it is over, and nothing fails just now
}

// HushKind says what keeps a condition quiet. The words are stored.
type HushKind string

// The kinds of hush.
const (
	HushSilence     HushKind = "silence"
	HushMaintenance HushKind = "maintenance"
)

// Covers returns what keeps a condition quiet at now: of several what lasts
// longest, of these the silence. It is pure.
func (q Quiet) Covers(c Quieted, now time.Time) (Hush, bool) {
	var best Hush
	for _, s := range q.Silences {
		if s.Until.After(best.Until) && s.State(now) == SilenceActive && s.Matcher.Matches(c) {
			best = Hush{ID: s.ID, Kind: HushSilence, By: s.By, Reason: s.Reason, Until: s.Until}
		}
	}
	for _, m := range q.Maintenance {
		if !m.Matcher.Matches(c) {
			continue
		}
		if _, until, ok := m.At(now); ok && until.After(best.Until) {
			best = Hush{ID: m.ID, Kind: HushMaintenance, By: m.By, Reason: m.Reason, Until: until}
		}
	}
	return best, best.ID != ""
}

// Incident returns what keeps an incident quiet: it is as long as each of its
// open members is; when none is open, as long as what it is called after is.
// Of several hushes it is the one that ends first. It is pure.
func (q Quiet) Incident(in Incident, now time.Time) (Hush, bool) {
	var first Hush
	open := false
	for _, m := range in.Members {
		if !m.Left.IsZero() {
			continue
		}
		open = true
		h, ok := q.Covers(Quieted{in.ID, m.Key.Rule, m.Key.Scope, in.Severity, m.Merchant}, now)
		if !ok {
			return Hush{}, false
		}
		if first.ID == "" || h.Until.Before(first.Until) {
			first = h
		}
	}
	if !open {
		return q.Covers(Quieted{in.ID, in.Rule, in.Scope, in.Severity, in.Merchant}, now)
	}
	return first, true
}

// NextChange returns the first moment after now at which something begins or
// ends to be quiet; zero: nothing will, as far as is known. It is pure.
func (q Quiet) NextChange(now time.Time) time.Time {
	var next time.Time
	sooner := func(t time.Time) {
		if t.After(now) && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	for _, s := range q.Silences {
		if s.State(now) != SilenceEnded {
			sooner(s.From)
			sooner(s.Until)
		}
	}
	for _, m := range q.Maintenance {
		if _, until, ok := m.At(now); ok {
			sooner(until)
		}
		if from, _, ok := m.Next(now); ok {
			sooner(from)
		}
	}
	return next
}
