package deliveries

import (
	"bytes"
	"fmt"
	"strings"
	"time"
)

// Bounds of numbers and times.
const (
	maxNumber   = 1000
	maxDuration = 24 * time.Hour
	maxAhead    = 5 * time.Minute

	year2000 = 946684800 // seconds since 1970
	year2200 = 7258118400
)

const wantedTime = `wanted RFC 3339 ("2023-11-11T13:00:00Z") or epoch s, ms, us or ns`

// attempt makes an attempt of a record. The reason is for a person, and empty
// when the attempt is good.
func (r *record) attempt(now time.Time) (a Attempt, reason string) {
	if reason = r.checkVersion(); reason != "" {
		return a, reason
	}
	if reason = r.readTexts(&a); reason != "" {
		return a, reason
	}
	if reason = r.readWords(&a); reason != "" {
		return a, reason
	}
	if reason = r.readTimes(&a); reason != "" {
		return a, reason
	}
	if reason = r.readNumbers(&a); reason != "" {
		return a, reason
	}
	if reason = missing(&a); reason != "" {
		return a, reason
	}
	return a, implausible(&a, now)
}

func (r *record) checkVersion() string {
	if r[fieldVersion].shape == shapeAbsent {
		return ""
	}
	v, reason := r.whole(fieldVersion, 1)
	if reason == "" && v != 1 {
		reason = "v: 0; wanted 1"
	}
	return reason
}

// readTexts copies all texts of the record into one allocation.
func (r *record) readTexts(a *Attempt) (reason string) {
	var texts [textCount][]byte
	size := 0
	for f := range textCount {
		if texts[f], reason = r.readText(f); reason != "" {
			return reason
		}
		size += len(texts[f])
	}
	var all strings.Builder
	all.Grow(size)
	for _, text := range texts {
		all.Write(text)
	}
	rest := all.String()
	for f, to := range [textCount]*string{
		&a.Source, &a.ID, &a.Merchant, &a.Endpoint, &a.URL, &a.Event, &a.Type, &a.Product, &a.Channel, &a.Key,
		&a.Actor, &a.Error,
	} {
		*to, rest = rest[:len(texts[f])], rest[len(texts[f]):]
	}
	return ""
}

// readText returns a text without the blanks around it. Texts that something
// is found by are refused when they are too long or cannot be shown: cut or
// cleaned, two could become one.
func (r *record) readText(f field) (text []byte, reason string) {
	if text, reason = r.string(f); reason != "" || len(text) == 0 {
		return nil, reason
	}
	bound := maxTextBytes
	switch f {
	case fieldActor:
		return cleanText(text), ""
	case fieldError:
		return cleanText(maskSecrets(cutText(text, 4*maxTextBytes))), ""
	case fieldURL:
		bound = maxURLBytes
	default: // as it is
	}
	if fault := checkText(text, bound); fault != "" {
		return nil, f.String() + ": " + fault
	}
	return text, ""
}

// string returns the contents of a field that has to be a string.
func (r *record) string(f field) (text []byte, reason string) {
	switch v := r[f]; v.shape {
	case shapeAbsent:
		return nil, ""
	case shapeString:
		return bytes.TrimSpace(v.text), ""
	default:
		return nil, fmt.Sprintf("%s: %s; wanted a string", f, v.shape)
	}
}

func (r *record) readWords(a *Attempt) (reason string) {
	trigger, reason := r.word(fieldTrigger, string(Automatic), string(Manual))
	if reason != "" {
		return reason
	}
	mode, reason := r.word(fieldMode, string(Live), string(Test))
	a.Trigger, a.Mode = Trigger(trigger), Mode(mode)
	return reason
}

// word reads a field that holds one of two words; the first is the default.
func (r *record) word(f field, usual, other string) (word, reason string) {
	text, reason := r.string(f)
	switch {
	case reason != "":
		return "", reason
	case len(text) == 0 || string(text) == usual:
		return usual, ""
	case string(text) == other:
		return other, ""
	default:
		return "", fmt.Sprintf("%s: %s; wanted %s or %s", f, shown(text), usual, other)
	}
}

func (r *record) readTimes(a *Attempt) (reason string) {
	for f, to := range [...]*time.Time{&a.OccurredAt, &a.CreatedAt, &a.ExpiresAt, &a.StartedAt} {
		if *to, reason = r.time(fieldOccurredAt + field(f)); reason != "" {
			return reason
		}
	}
	return ""
}

// time reads a time. Of those that are not required, one that no clock can
// have meant (0001-01-01, 9999-12-31) stands for none, as the number 0 does.
func (r *record) time(f field) (t time.Time, reason string) {
	var ok bool
	switch v := r[f]; v.shape {
	case shapeAbsent:
		return time.Time{}, ""
	case shapeString:
		text := bytes.TrimSpace(v.text)
		if len(text) == 0 {
			return time.Time{}, ""
		}
		ok = t.UnmarshalText(text) == nil
		t = t.UTC()
	case shapeNumber:
		if t, ok = epoch(v.text); ok && t.Equal(time.Unix(0, 0)) {
			return time.Time{}, ""
		}
	default:
		return time.Time{}, fmt.Sprintf("%s: %s; %s", f, v.shape, wantedTime)
	}
	switch {
	case !ok:
		return time.Time{}, fmt.Sprintf("%s: %s is no time; %s", f, r[f].shown(), wantedTime)
	case t.Unix() >= year2000 && t.Unix() < year2200:
		return t, ""
	case f == fieldStartedAt:
		return time.Time{}, fmt.Sprintf("%s: %s is in the year %d; %s", f, r[f].shown(), t.Year(), wantedTime)
	default:
		return time.Time{}, ""
	}
}

func (r *record) readNumbers(a *Attempt) (reason string) {
	if a.Number, reason = r.whole(fieldNumber, maxNumber); reason != "" {
		return reason
	}
	if a.Status, reason = r.whole(fieldStatus, 999); reason != "" {
		return reason
	}
	a.Duration, reason = r.duration()
	return reason
}

// whole reads a number without a fraction from 0 to most.
func (r *record) whole(f field, most int) (n int, reason string) {
	digits, reason := r.number(f)
	if reason != "" || digits == nil {
		return 0, reason
	}
	wide, exact, ok := scale(digits, 0)
	if ok && exact && wide >= 0 && wide <= int64(most) && (f != fieldStatus || wide == 0 || wide >= 100) {
		return int(wide), ""
	}
	wanted := fmt.Sprintf("a whole number from 0 to %d", most)
	switch f {
	case fieldVersion:
		wanted = "1"
	case fieldStatus:
		wanted = "100 to 999, or 0 beside an error"
	default: // its bounds say it
	}
	return 0, fmt.Sprintf("%s: %s; wanted %s", f, printable(digits), wanted)
}

// duration reads duration_ms to the nanosecond.
func (r *record) duration() (d time.Duration, reason string) {
	digits, reason := r.number(fieldDuration)
	if reason != "" || digits == nil {
		return 0, reason
	}
	ns, _, ok := scale(digits, 6)
	if !ok || digits[0] == '-' && ns != 0 || time.Duration(ns) > maxDuration {
		return 0, fmt.Sprintf("duration_ms: %s; wanted 0 to %d (24 h)", printable(digits), maxDuration.Milliseconds())
	}
	return time.Duration(ns), ""
}

// number returns the digits of a field that has to be a number.
func (r *record) number(f field) (digits []byte, reason string) {
	switch v := r[f]; v.shape {
	case shapeAbsent:
		return nil, ""
	case shapeNumber:
		return v.text, ""
	default:
		return nil, fmt.Sprintf("%s: %s; wanted a number", f, v.shape)
	}
}

// missing names at once everything that a record lacks.
func missing(a *Attempt) string {
	if a.Event != "" && (a.Endpoint != "" || a.Merchant != "" && a.URL != "") && !a.StartedAt.IsZero() &&
		(a.Status != 0 || a.Error != "") {
		return ""
	}
	var lacks []string
	if a.Event == "" {
		lacks = append(lacks, "event")
	}
	if a.Endpoint == "" && (a.Merchant == "" || a.URL == "") {
		lacks = append(lacks, "endpoint (or merchant and url)")
	}
	if a.StartedAt.IsZero() {
		lacks = append(lacks, "started_at")
	}
	if a.Status == 0 && a.Error == "" {
		lacks = append(lacks, "status (or an error, when no answer came)")
	}
	return "missing " + strings.Join(lacks, ", ")
}

// implausible says that an attempt lies in the future.
func implausible(a *Attempt, now time.Time) string {
	if ahead := a.StartedAt.Sub(now); ahead > maxAhead {
		return fmt.Sprintf("started_at: %s is %s ahead of this machine's clock; at most %s is taken",
			a.StartedAt.Format(time.RFC3339Nano), ahead, maxAhead)
	}
	if ahead := a.Completed().Sub(now); ahead > maxAhead {
		return fmt.Sprintf("duration_ms: the attempt would end %s ahead of this machine's clock; at most %s is taken", ahead, maxAhead)
	}
	return ""
}
