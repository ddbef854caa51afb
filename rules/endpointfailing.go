package rules

import "time"

// Agree raises endpoint_failing, which by itself is for pages and digests, when
// the other signal agrees: s is open at [Low], and endpoint_down of the same
// endpoint is open, which is confirmed. It is pure. (DESIGN.md section 6: an
// endpoint's ratio needs the probe's agreement; with 100,000 endpoints one
// false alarm a month each is 3,300 a day.)
func (s Standing) Agree(down Standing, now time.Time) (Episode, *Change) {
	if s.Episode.Phase != PhaseOpen || s.Episode.Worst != Low || down.Episode.Phase != PhaseOpen {
		return s.Episode, nil
	}
	e, told := s.Episode.open(now, High)
	if !told {
		return s.Episode, nil
	}
	e.Fault = down.Episode.Fault
	c := e.change(s.Rule, s.Scope, now)
	c.Merchant, c.Host, c.Evidence = down.Merchant, down.Host, s.Evidence
	c.Evidence.Text += "; it is down too: " + down.Evidence.Text
	return e, &c
}
