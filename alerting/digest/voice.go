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

// zoneName names the zone as it is at t: "WIB", "UTC", "UTC+05:45".
func zoneName(t time.Time) string {
	name, offset := t.Zone()
	if strings.ContainsAny(name[:min(len(name), 1)], "+-") || name == "" {
		sign := "+"
		if offset < 0 {
			sign, offset = "-", -offset
		}
		return fmt.Sprintf("UTC%s%02d:%02d", sign, offset/3600, offset/60%60)
	}
	return name
}

// hour is a time of day; seconds are told when there are any.
func hour(t time.Time) string {
	if t.Second() != 0 {
		return t.Format("15:04:05")
	}
	return t.Format("15:04")
}

func (v voice) date(t time.Time) string {
	return fmt.Sprintf("%d %s %d", t.Day(), v.Months[t.Month()-1], t.Year())
}

// moment is a point in time, to the second where that says more; empty for
// none.
func (v voice) moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	t = t.In(v.zone)
	return v.date(t) + " " + hour(t) + " " + zoneName(t)
}

// span is a window with its dates: "11 Nov 2023 18:00 to 12 Nov 2023 00:00 WIB".
func (v voice) span(w Window) string {
	start, end := w.Start.In(v.zone), w.End.In(v.zone)
	from, to := v.date(start)+" "+hour(start), v.date(end)+" "+hour(end)
	if v.date(start) == v.date(end) {
		to = hour(end)
	}
	if zoneName(start) != zoneName(end) {
		from += " " + zoneName(start)
	}
	return fmt.Sprintf(v.FromTo, from, to) + " " + zoneName(end)
}

// brief is a window for a subject: times alone when they can only mean one.
func (v voice) brief(w Window) string {
	start, end := w.Start.In(v.zone), w.End.In(v.zone)
	from, to := hour(start), hour(end)
	if w.Length() > day/2+2*time.Hour {
		from = fmt.Sprintf("%d %s %s", start.Day(), v.Months[start.Month()-1], from)
		to = fmt.Sprintf("%d %s %s", end.Day(), v.Months[end.Month()-1], to)
	}
	if zoneName(start) != zoneName(end) {
		from += " " + zoneName(start)
	}
	return from + "-" + to + " " + zoneName(end)
}

// utc is a window in UTC; empty when the zone says the same.
func (v voice) utc(w Window) string {
	start, end := w.Start.In(v.zone), w.End.In(v.zone)
	_, a := start.Zone()
	if _, b := end.Zone(); a == 0 && b == 0 {
		return ""
	}
	v.zone = time.UTC
	return v.span(w)
}

// number writes a figure with the decimal mark of the language.
func (v voice) number(s string) string { return strings.Replace(s, ".", v.Point, 1) }

func (v voice) ratio(r rules.Ratio) string { return v.number(r.Short()) }

// length is a span of time in its two greatest units.
func (v voice) length(d time.Duration) string {
	d = max(d, 0)
	switch {
	case d >= 2*day:
		return v.units(d, day, v.Days, time.Hour, v.Hours)
	case d >= time.Hour:
		return v.units(d, time.Hour, v.Hours, time.Minute, v.Minutes)
	case d >= time.Minute:
		return v.units(d, time.Minute, v.Minutes, time.Second, v.Seconds)
	default:
		return fmt.Sprintf(v.Seconds, strconv.Itoa(int(d/time.Second)))
	}
}

func (v voice) units(d, one time.Duration, first string, two time.Duration, second string) string {
	s := fmt.Sprintf(first, strconv.Itoa(int(d/one)))
	if rest := int(d % one / two); rest > 0 {
		s += " " + fmt.Sprintf(second, strconv.Itoa(rest))
	}
	return s
}

// seconds is how long an answer took: "0.35 s", "12 s".
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
	return fmt.Sprintf(v.Seconds, v.number(strconv.FormatFloat(math.Ceil(math.Round(s*scale*1e3)/1e3)/scale, 'f', -1, 64)))
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

// clock is a time of day when t is so near to now that it can only mean one,
// and a moment in full otherwise.
func (v voice) clock(t, now time.Time) string {
	if t.Sub(now).Abs() > day/2 {
		return v.moment(t)
	}
	return hour(t.In(v.zone))
}

// near is the same with the zone always.
func (v voice) near(t, now time.Time) string {
	if t.Sub(now).Abs() > day/2 {
		return v.moment(t)
	}
	return hour(t.In(v.zone)) + " " + zoneName(t.In(v.zone))
}
