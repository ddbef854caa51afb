package rules

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// AlarmKind says what an alarm tells.
type AlarmKind string

// The kinds of alarm: within an episode a severity is raised and never lowered.
const (
	AlarmOpened  AlarmKind = "opened"
	AlarmRaised  AlarmKind = "raised" // from high to critical
	AlarmCleared AlarmKind = "cleared"
)

// AlarmBy says what decided.
type AlarmBy string

// What decides: the first two open, the third raises, the others clear.
const (
	BySum   AlarmBy = "sum"   // the clipped CUSUM reached its height
	ByLoud  AlarmBy = "loud"  // each of the last ticks was at or over the loud ratio
	ByBound AlarmBy = "bound" // the exact upper bound reached the threshold
	ByRatio AlarmBy = "ratio" // the window's ratio was low for long enough
	ByRun   AlarmBy = "run"   // few attempts, so many delivered in a row
)

// Alarm is what a [Detector] says when an episode opens, gets worse or clears.
type Alarm struct {
	Kind     AlarmKind
	By       AlarmBy
	Again    bool      // opened so soon after clearing that it is the same episode
	At       time.Time // end of the tick that decided, UTC
	Severity Severity  // critical when the exact upper bound since the change reaches the threshold; else high
	Evidence Evidence  // From is the estimated change point; counts and interval are since then
}

// evidence tells what is known at the end of the last tick.
func (d Detector) evidence(s *DetectorState, own Ratio) Evidence {
	c := s.change
	low, high := ExactInterval(c.k, c.n, d.Confidence)
	e := Evidence{
		From: moment(c.from), To: moment(s.at + s.tick), Numerator: c.k, Denominator: c.n, Low: low, High: high,
		Threshold: d.Threshold, Baseline: own,
		Clears: fmt.Sprintf("a %s ratio below %s for %s, or %d delivered in a row when fewer come in %s",
			short(d.Window), d.tolerated(own).Short(), short(d.ClearFor), d.ClearRun, short(d.Window)),
	}
	n, k := d.windowOf(s)
	e.Text = fmt.Sprintf("%s of %s first attempts failed (%s) since %s, %s; %s of %s in the last %s; ordinarily %s",
		grouped(c.k), grouped(c.n), ratioOf(c.k, c.n).Short(), clock(e.From), interval(low, high, d.Confidence),
		grouped(k), grouped(n), short(d.Window), own.Short())
	return e
}

// Lately tells what the last window counted: numbers, exact interval and the
// series' own ordinary ratio, without a text. It ends with the last tick that
// had attempts; a state that has seen nothing gives only the threshold.
func (d Detector) Lately(s DetectorState) Evidence {
	e := Evidence{Threshold: d.Threshold}
	if s.at == 0 || s.tick != int64(d.Tick) || s.recent != int64(d.Recent) || !d.usable() {
		return e // nothing, or nothing on this grid
	}
	n, k := d.windowOf(&s)
	e.To = moment(s.at + s.tick)
	e.From, e.Numerator, e.Denominator = e.To.Add(-d.Window), k, n
	e.Low, e.High = ExactInterval(k, n, d.Confidence)
	e.Baseline, _ = d.dayOf(&s)
	return e
}

// CountsSince tells what the window counted from a moment on, n attempts of which
// k failed, and the series' own ordinary ratio. It is [Detector.Lately] for many:
// without the interval, which costs a hundred times as much.
func (d Detector) CountsSince(s *DetectorState, from time.Time) (n, k int, own Ratio) {
	if s.at == 0 || s.tick != int64(d.Tick) || s.recent != int64(d.Recent) || !d.usable() {
		return 0, 0, 0
	}
	last, first := s.at/s.tick, from.UnixNano()/s.tick
	for i := max(last-int64(d.Window/d.Tick)+1, first); i <= last; i++ {
		t := s.window[i%detectorWindow]
		n, k = n+int(t.n), k+int(t.k)
	}
	own, _ = d.dayOf(s)
	return n, k, own
}

// grouped writes a count for people: "1,204".
func grouped(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

func interval(low, high Ratio, confidence float64) string {
	return fmt.Sprintf("%s to %s with %s confidence", low.Short(), high.Short(), Ratio(confidence))
}

// short writes a duration without its empty ends: "5m", "1h30m".
func short(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
