package alertmanager

import "time"

// At makes r believe that it is always now.
func (r *Receiver) At(now time.Time) *Receiver {
	r.now = func() time.Time { return now }
	return r
}
