package conditions

import "time"

// CheckBeats looks at every heartbeat, as Run does each second.
func (c *Conditions) CheckBeats(now time.Time) { c.checkBeats(now) }
