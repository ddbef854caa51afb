package web

import (
	"fmt"
	"html/template"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
	"github.com/hookvigil/hookvigil/rules"
)

// How many characters of a text from outside are shown, and of a name in a
// table.
const (
	maxShown = 160
	maxName  = 48
)

func funcs() template.FuncMap {
	return template.FuncMap{
		"clip":    clip,
		"line":    func(s string) string { return cut(s, maxLine) },
		"name":    func(s string) string { return cut(s, maxName) },
		"stamp":   stamp,
		"iso":     func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"known":   func(t time.Time) bool { return !t.IsZero() },
		"join":    strings.Join,
		"state":   stateText,
		"plural":  plural,
		"number":  grouped,
		"endLink": func(id string) string { return "/endpoints/" + escapeID(id) },
		"tgtLink": func(id string) string { return "/targets/" + escapeID(id) },
		"scope":   scopeName,
		"incLink": func(id string) string { return "/incidents/" + escapeID(id) },
	}
}

// byUrgency orders states as a person on call wants them: what is broken
// first. The order of rules.Words says which signal wins, which is another
// question: a suspended endpoint is no emergency.
func byUrgency() []rules.Word {
	return []rules.Word{
		rules.StateDown, rules.StateFailing, rules.StateDegraded, rules.StateRecovering,
		rules.StateSuspended, rules.StateNoData, rules.StateHealthy,
	}
}

// stateText spells a state for people.
func stateText(w rules.Word) string { return strings.ReplaceAll(string(w), "_", " ") }

// probeMark is the class, and with it shape and colour, of a probe's verdict:
// the names of the states are used for both.
func probeMark(v probes.Verdict) rules.Word {
	switch v {
	case probes.Healthy:
		return rules.StateHealthy
	case probes.Degraded:
		return rules.StateDegraded
	case probes.Down:
		return rules.StateDown
	default:
		return rules.StateNoData
	}
}

func certificateMark(v certificate.Verdict) rules.Word {
	switch v {
	case certificate.OK:
		return rules.StateHealthy
	case certificate.Warn:
		return rules.StateDegraded
	case certificate.Fail:
		return rules.StateDown
	default:
		return rules.StateNoData
	}
}

// clip cuts a text from outside to what a page can bear.
func clip(s string) string { return cut(s, maxShown) }

// cut bounds a text from outside to most characters and makes it legible.
func cut(s string, most int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= most || utf8.RuneCountInString(s) <= most {
		return strings.Map(legible, s)
	}
	end := 0
	for range most {
		_, size := utf8.DecodeRuneInString(s[end:])
		end += size
	}
	return strings.Map(legible, s[:end]) + "…"
}

// legible replaces what a page must not hold: what turns the direction of
// writing, of which one left open reaches past the bdi element around it, and
// other controls. They leave a mark, so that names do not look alike by them.
func legible(r rune) rune {
	switch {
	case unicode.IsSpace(r), r == '\u2028', r == '\u2029':
		return ' '
	case unicode.IsControl(r), r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069':
		return '\uFFFD'
	default:
		return r
	}
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// clock spells a moment of the day of now by its time alone; all times are in
// UTC, and pages say so.
func clock(now, t time.Time) string {
	if now.UTC().Format(time.DateOnly) == t.UTC().Format(time.DateOnly) {
		return t.UTC().Format(time.TimeOnly)
	}
	return stamp(t)
}

// lasting spells how long something has lasted, in seconds below 2 minutes;
// empty when it begins later.
func lasting(d time.Duration) string {
	switch {
	case d < 0:
		return ""
	case d < 2*time.Minute:
		return plural(int(d/time.Second), "second")
	case d < 2*time.Hour:
		return plural(int(d/time.Minute), "minute")
	default:
		return span(d)
	}
}

// took spells a duration of a look: milliseconds below 1 s, then seconds.
func took(d time.Duration) string {
	switch {
	case d <= 0:
		return "0 ms"
	case d < time.Millisecond:
		return "under 1 ms"
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + " ms"
	default:
		return strconv.FormatFloat(d.Seconds(), 'f', 2, 64) + " s"
	}
}

// left says how long a certificate has until its end.
func left(now, end time.Time) string {
	if end.IsZero() {
		return "no end known"
	}
	if d := end.Sub(now); d >= 0 {
		return span(d) + " left"
	}
	return "expired " + span(now.Sub(end)) + " ago"
}

// span spells a length of time by its largest useful unit, rounded down.
func span(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return plural(int(d/(24*time.Hour)), "day")
	case d >= time.Hour:
		return plural(int(d/time.Hour), "hour")
	case d >= time.Minute:
		return plural(int(d/time.Minute), "minute")
	default:
		return "under a minute"
	}
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return grouped(n) + " " + noun + "s"
}

// grouped writes a count as all pages and the rules do: "1,040".
func grouped(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// titleOf sums up the counts for the tab of a browser: "2 down, 1 degraded".
func titleOf(counts map[rules.Word]int) string {
	var parts []string
	total := 0
	for _, w := range byUrgency() {
		n := counts[w]
		total += n
		switch w {
		case rules.StateDown, rules.StateFailing, rules.StateDegraded, rules.StateRecovering:
			if n > 0 {
				parts = append(parts, grouped(n)+" "+stateText(w))
			}
		default:
		}
	}
	switch {
	case len(parts) > 0:
		return strings.Join(parts, ", ")
	case total == 0:
		return "nothing watched"
	case counts[rules.StateHealthy] == total:
		return fmt.Sprintf("all %s healthy", grouped(total))
	default:
		return fmt.Sprintf("nothing down, %s of %s healthy", grouped(counts[rules.StateHealthy]), grouped(total))
	}
}

// short spells a setting without zeros at its end: 1m, not 1m0s.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// share spells part of whole to one decimal.
func share(part, whole time.Duration) string {
	if part > 0 && percent(part, whole) == 0 {
		return "under 0.1%"
	}
	return rules.Ratio(percent(part, whole) / 100).String()
}

// rough cuts a ratio to a tenth of a percent, as people read it, but never to
// nothing or to everything.
func rough(r rules.Ratio) rules.Ratio {
	cut := rules.Ratio(math.Round(float64(r)*1000) / 1000)
	if cut == 0 || cut == 1 {
		return r
	}
	return cut
}

// percent is part of whole for a drawing, 0 to 100 with one decimal.
func percent(part, whole time.Duration) float64 {
	if whole <= 0 {
		return 0
	}
	return math.Round(float64(part)/float64(whole)*1000) / 10
}
