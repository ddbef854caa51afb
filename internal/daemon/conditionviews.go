package daemon

import (
	"fmt"

	"github.com/hookvigil/hookvigil/internal/conditions"
	"github.com/hookvigil/hookvigil/rules"
)

// standing is what the API and the pages see of conditions: those that are
// pending or open, as decided. What is told of a ratio is of the moment that
// opened it: how it is now comes after that.
func (d *Daemon) standing() []rules.Standing {
	all := d.column.conditions.Standing()
	for i := range all {
		s := &all[i]
		if s.Episode.Phase != rules.PhaseOpen || conditions.RatioRule(s.Scope) != s.Rule {
			continue
		}
		if e, known := d.column.conditions.Ratio(s.Scope); known {
			s.Evidence.Text += fmt.Sprintf("; now %d of %d in 5m", e.Numerator, e.Denominator)
		}
	}
	return all
}

// Conditions implements web.Source.
func (s pageSource) Conditions() []rules.Standing { return s.d.standing() }
