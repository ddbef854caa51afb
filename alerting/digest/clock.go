package digest

import "time"

// clock watches the wall clock: a ledger that reaches into the future would be
// silent until then. The zero clock believes the first time it is told.
type clock struct {
	known   bool          // ahead has been set
	ahead   time.Duration // wall less mono, as believed
	doubted bool          // doubt and since have been set
	doubt   time.Duration // wall less mono, not believed yet
	since   time.Duration // on mono
}

// jump says how far the wall clock has jumped ahead; 0: it can be believed.
func (c *clock) jump(wall time.Time, mono time.Duration) time.Duration {
	ahead := wall.Sub(epoch) - mono
	jump := ahead - c.ahead
	if c.known && jump > mostJump {
		if !c.doubted || (ahead-c.doubt).Abs() > sameTime {
			c.doubted, c.doubt, c.since = true, ahead, mono
		}
		if mono-c.since < believed {
			return jump
		}
	}
	c.doubted = false
	if !c.known || jump > 0 {
		c.known, c.ahead = true, ahead
	}
	return 0
}
