package daemon

import "time"

// SelfBroken opens a condition about hookvigil itself, as whoever finds
// something out does.
func (d *Daemon) SelfBroken(name, problem string) {
	d.column.conditions.Self(name, problem, time.Now())
}
