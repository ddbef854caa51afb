package alerting

import "time"

// Between is how long it was from one moment to another for those who read both
// in whole seconds: 0 when to is not after from. It is pure.
func Between(from, to time.Time) time.Duration {
	return max(to.Truncate(time.Second).Sub(from.Truncate(time.Second)), 0)
}
