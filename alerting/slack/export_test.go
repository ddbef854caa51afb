package slack

import (
	"time"

	"github.com/hookvigil/hookvigil/alerting"
)

// What tests of the inside need.
const (
	Skew        = skew
	RememberAll = rememberAll
)

// Seen is seen.
type Seen struct{ seen }

// First is first.
func (s *Seen) First(m [32]byte, now time.Time) bool { return s.first(m, now) }

// Verify is Signed.verified.
func Verify(s Signed, apps []App, now time.Time) error {
	_, _, err := s.verified(apps, now)
	return err
}

// ReadInteraction is readInteraction.
func ReadInteraction(raw []byte) (incident, user string, ours bool, err error) {
	in, ours, err := readInteraction(raw)
	if ours {
		incident = in.Actions[0].Value
	}
	return incident, in.User.ID, ours, err
}

// Pause is pause.
func Pause(n int, failed *alerting.SendError, random float64) time.Duration {
	return pause(n, failed, random)
}
