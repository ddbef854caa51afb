package daemon

import "github.com/hookvigil/hookvigil/rules"

// Standing returns the conditions that are pending or open.
func (d *Daemon) Standing() []rules.Standing { return d.standing() }
