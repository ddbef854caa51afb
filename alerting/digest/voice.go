package digest

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/hookvigil/hookvigil/rules"
)

// voice says numbers and times in one language and zone.
type voice struct {
	*sentences

	zone *time.Location
	fine bool // times of day have seconds, also when they are 0
}

// newVoice falls back to English, and to UTC, so that there is always a digest.
func newVoice(f Facts) voice {
	v := voice{sentences: english(), zone: time.UTC}
	if f.Language == "id" {
		v.sentences = indonesian()
	}
	if zone, err := time.LoadLocation(f.Zone); err == nil && f.Zone != "" && f.Zone != "Local" {
		v.zone = zone
	}
	return v
}

// number writes a figure with the decimal mark of the language.
func (v voice) number(s string) string { return strings.Replace(s, ".", v.Point, 1) }

func (v voice) ratio(r rules.Ratio) string { return v.number(r.Short()) }

// unit is a measure of time with its format.
type unit struct {
	long   time.Duration
	format string
}

// units are the two greatest that a span is told in.
func (v voice) units(d time.Duration) (one, two unit) {
	days, hours, minutes, seconds := unit{day, v.Days}, unit{time.Hour, v.Hours}, unit{time.Minute, v.Minutes}, unit{time.Second, v.Seconds}
	switch {
	case d >= 2*day:
		return days, hours
	case d >= time.Hour:
		return hours, minutes
	case d >= time.Minute:
		return minutes, seconds
	default:
		return seconds, seconds
	}
}

// length is a span of time in its two greatest units.
func (v voice) length(d time.Duration) string {
	d = max(d, 0).Round(time.Second)
	one, two := v.units(d)
	s := fmt.Sprintf(one.format, strconv.Itoa(int(d/one.long)))
	if rest := int(d % one.long / two.long); rest > 0 {
		s += " " + fmt.Sprintf(two.format, strconv.Itoa(rest))
	}
	return s
}

// lengthOf is a part of a span, as it is told beside the whole: what is less
// than half of the smallest unit short of it is no gap.
func (v voice) lengthOf(part, whole time.Duration) string {
	if _, two := v.units(whole); whole-part < two.long/2 {
		part = whole
	}
	return v.length(part)
}

// step is a part of a window: exactly where two units can say it, else as the
// part that it is.
func (v voice) step(w Window, parts int) string {
	d := w.Length() / time.Duration(parts)
	if _, two := v.units(d); d%two.long == 0 && d*time.Duration(parts) == w.Length() {
		return v.length(d)
	}
	long := v.length(d.Round(time.Second))
	if d < time.Minute {
		long = fmt.Sprintf(v.Seconds, v.number(strconv.FormatFloat(d.Seconds(), 'f', 1, 64)))
	}
	return fmt.Sprintf(v.StripPart, parts, fmt.Sprintf(v.About, long))
}

// seconds is how long an answer took, rounded to the nearest: "0.35 s", "12 s".
func (v voice) seconds(d time.Duration) string {
	s := d.Seconds()
	digits := 0
	switch {
	case s < 1:
		digits = 2
	case s < 10:
		digits = 1
	}
	scale := math.Pow10(digits)
	n := math.Round(s * scale)
	if d > 0 {
		n = max(n, 1) // none came in no time
	}
	return fmt.Sprintf(v.Seconds, v.number(strconv.FormatFloat(n/scale, 'f', -1, 64)))
}

// days is what is left until t, in whole days.
func (v voice) days(left time.Duration) string {
	n := int(left / day)
	if n == 1 {
		return v.OneDay
	}
	return fmt.Sprintf(v.Days, strconv.Itoa(max(n, 0)))
}

// failed counts before it says the ratio: "22 of 360 failed (6.1%)".
func (v voice) failed(c Count) string { return v.counted(forms{v.FailedOf, v.FailedOf}, c) }

// firstFailed is the same as a sentence of its own.
func (v voice) firstFailed(c Count) string { return v.counted(v.FirstFailed, c) }

func (v voice) counted(f forms, c Count) string {
	ratio, known := c.Ratio()
	if !known {
		return v.NoAttempts
	}
	return fmt.Sprintf(form(f, c.Total), max(c.Failed, 0), c.Total, v.ratio(ratio))
}

// form picks the sentence for a number.
func form(f forms, n int) string {
	if n == 1 {
		return f[0]
	}
	return f[1]
}

// atLeast is a number, as a lower bound where it is one: "at least 12".
func (v voice) atLeast(n int, bound bool) string {
	if bound {
		return fmt.Sprintf(v.AtLeast, n)
	}
	return strconv.Itoa(n)
}

// events counts them: "1 event", "at least 12 events".
func (v voice) events(n int, bound bool) string {
	return fmt.Sprintf(form(v.EventCount, n), v.atLeast(n, bound))
}

// sentence makes s begin like one.
func sentence(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}
