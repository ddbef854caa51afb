package daemon

import "github.com/hookvigil/hookvigil/rules"

// standing is what the API and the pages see of conditions: those that are
// pending or open, as decided.
func (d *Daemon) standing() []rules.Standing { return d.column.conditions.Standing() }

// Conditions implements web.Source.
func (s pageSource) Conditions() []rules.Standing { return s.d.standing() }
