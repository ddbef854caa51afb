package rules

import "time"

// Standing is a condition as it stands: the present episode of one rule in
// one scope, or the last one.
type Standing struct {
	Rule     Rule
	Scope    Scope
	Merchant string // whom the scope belongs to, when to one
	Host     string // of the endpoint, when the scope is one
	Episode  Episode
	OpenedAt time.Time // zero: pending, or dropped while pending
	Cleared  time.Time // zero: pending or open
	Evidence Evidence  // the last
}

// Key names the episode. A pending one is the next: it has no number yet.
func (s Standing) Key() Key {
	k := Key{Rule: s.Rule, Scope: s.Scope, Episode: s.Episode.Number}
	if s.Episode.Phase == PhasePending {
		k.Episode++
	}
	return k
}
