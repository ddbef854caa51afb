package probes

import "fmt"

// Level says how far a probe goes. The further it goes, the more it proves
// and the closer it comes to business code; [Reach] is the default.
type Level string

// The levels, in order.
const (
	LevelTLS    Level = "tls"    // DNS + TCP + TLS, no request
	LevelReach  Level = "reach"  // OPTIONS, then HEAD after 405 or 501; no token
	LevelRefuse Level = "refuse" // POST ping with a wrong token: a sound endpoint refuses it
	LevelPing   Level = "ping"   // POST ping with the right token: reaches the handler, so it is opt-in
)

// Levels returns the closed set in order.
func Levels() []Level { return []Level{LevelTLS, LevelReach, LevelRefuse, LevelPing} }

// UnmarshalText implements [encoding.TextUnmarshaler]; an unknown word is an
// error that lists the known ones.
func (l *Level) UnmarshalText(b []byte) error {
	for _, known := range Levels() {
		if string(b) == string(known) {
			*l = known
			return nil
		}
	}
	return fmt.Errorf("%q is not a probe level; one of tls, reach, refuse, ping", b)
}
