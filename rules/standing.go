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

// After returns the condition as it stands after one of its changes, which
// comes with the episode as it is then.
func (s Standing) After(e Episode, c Change) Standing {
	s.Episode, s.Merchant, s.Host, s.Evidence = e, c.Merchant, c.Host, c.Evidence
	switch {
	case !c.Open:
		s.Cleared = c.At
	case c.Number == 1:
		s.OpenedAt, s.Cleared = c.At, time.Time{}
	}
	return s
}

// End returns the condition after its scope is no longer watched, and the
// change when it was open: a pending one is dropped, an open one clears with
// why as its evidence. It is pure; what is not met stays as it is.
func (s Standing) End(why string, now time.Time) (Standing, *Change) {
	if s.Episode.Phase == PhasePending {
		s.OpenedAt, s.Cleared = time.Time{}, time.Time{}
	}
	e, cleared := s.Episode.good(0)
	if !cleared {
		s.Episode = e
		return s, nil
	}
	c := e.change(s.Rule, s.Scope, now)
	c.Merchant, c.Host = s.Merchant, s.Host
	c.Evidence = Evidence{Text: why, From: e.Since, To: now, Ended: true}
	return s.After(e, c), &c
}
