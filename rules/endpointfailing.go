package rules

import (
	"fmt"
	"time"

	"github.com/hookvigil/hookvigil/probes"
)

// Agree raises endpoint_failing, which by itself is for pages and digests, when
// the other signal agrees: s is open at [Low], and the probe of the endpoint
// fails or is degraded. It is pure. (DESIGN.md section 6: an endpoint's ratio
// needs the probe's agreement; with 100,000 endpoints one false alarm a month
// each is 3,300 a day.)
func (s Standing) Agree(f DownFact, now time.Time) (Episode, *Change) {
	r := f.Memory.Last
	if s.Episode.Phase != PhaseOpen || s.Episode.Worst != Low || r.Verdict != probes.Down && r.Verdict != probes.Degraded {
		return s.Episode, nil
	}
	e, told := s.Episode.open(now, High)
	if !told {
		return s.Episode, nil
	}
	e.Fault = string(r.Fault)
	c := e.change(s.Rule, s.Scope, now)
	c.Merchant, c.Host, c.Evidence = f.Merchant, f.Host, s.Evidence
	c.Evidence.Text += fmt.Sprintf("; the probe agrees: %s at level %s since %s", r.Fault, r.Level, clock(f.Memory.FirstFailure))
	return e, &c
}
