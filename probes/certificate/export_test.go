package certificate

import "time"

// Listen makes l listen for d for a refusal of the client certificate, where it
// ordinarily does for half a second.
func (l *Looker) Listen(d time.Duration) *Looker {
	l.refusal = d
	return l
}
