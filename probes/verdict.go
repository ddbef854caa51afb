package probes

// Verdict is what one probe says of its endpoint. The words are stable: they
// are metric labels and stored.
type Verdict string

// The verdicts of a probe. Blocked and Unknown give no opinion: they neither
// open nor clear anything.
const (
	Healthy  Verdict = "healthy"
	Degraded Verdict = "degraded" // works, and a person should look: slow, or accepts_unauthenticated
	Down     Verdict = "down"
	Blocked  Verdict = "blocked" // we refused to connect
	Unknown  Verdict = "unknown" // our own trouble, or a level that has never been healthy here
)

// Verdicts returns the closed set, best first.
func Verdicts() []Verdict { return []Verdict{Healthy, Degraded, Down, Blocked, Unknown} }

// Opinion reports whether v may open or clear a condition.
func (v Verdict) Opinion() bool { return v == Healthy || v == Degraded || v == Down }
