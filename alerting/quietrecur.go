package alerting

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// recurrence is the part of an RRULE (RFC 5545 section 3.3.10) by which
// maintenance recurs. The zero recurrence is once. It is read-only.
type recurrence struct {
	freq      string // DAILY, WEEKLY, MONTHLY; empty: once
	interval  int
	days      []weekday
	monthDays []int // 1 to 31; negative: from the end of the month
	count     int   // 0: not given
	until     string
}

// weekday is a word of BYDAY: MO, or 2MO and -1MO, the second and the last
// Monday of a month.
type weekday struct {
	day time.Weekday
	nth int // 0: each
}

const mostCount = 1000

// mostInterval bounds INTERVAL, so that what recurs does so within ten years.
func mostInterval() map[string]int { return map[string]int{"DAILY": 366, "WEEKLY": 52, "MONTHLY": 12} }

// parseRecurrence reads an RRULE without its name; "" is once. Its error says
// what is wrong, and what is wanted.
func parseRecurrence(s string) (recurrence, error) {
	r := recurrence{interval: 1}
	if s == "" {
		return r, nil
	}
	seen := map[string]bool{}
	for part := range strings.SplitSeq(s, ";") {
		key, value, ok := strings.Cut(part, "=")
		if !ok || value == "" || seen[key] {
			return r, fmt.Errorf("%q is no part of a rule, or stands there twice; wanted parts such as FREQ=WEEKLY;BYDAY=SU", clip(part))
		}
		seen[key] = true
		if err := r.set(key, value); err != nil {
			return r, err
		}
	}
	return r, r.fitsTogether()
}

// set reads one part.
func (r *recurrence) set(key, value string) (err error) {
	switch key {
	case "FREQ":
		r.freq = value
		if mostInterval()[value] == 0 {
			err = fmt.Errorf("FREQ=%s is not known; wanted DAILY, WEEKLY or MONTHLY", clip(value))
		}
	case "INTERVAL":
		r.interval, err = number(key, value, mostInterval()["DAILY"])
	case "COUNT":
		r.count, err = number(key, value, mostCount)
	case "UNTIL":
		if _, _, ok := parseUntil(value); !ok {
			err = fmt.Errorf("UNTIL=%s is no date; wanted 20261231, 20261231T235959 or 20261231T165959Z", clip(value))
		}
		r.until = value
	case "BYDAY":
		r.days, err = each(value, parseWeekday)
	case "BYMONTHDAY":
		r.monthDays, err = each(value, parseMonthDay)
	default:
		err = fmt.Errorf("%s is not known; wanted FREQ, INTERVAL, BYDAY, BYMONTHDAY, UNTIL or COUNT", clip(key))
	}
	return err
}

// fitsTogether says which parts do not go with the others.
func (r *recurrence) fitsTogether() error {
	most := mostInterval()[r.freq]
	ordinal := slices.ContainsFunc(r.days, func(w weekday) bool { return w.nth != 0 })
	switch {
	case r.freq == "":
		return fmt.Errorf("FREQ is missing; wanted FREQ=DAILY, WEEKLY or MONTHLY")
	case r.interval > most:
		return fmt.Errorf("INTERVAL=%d is too long for FREQ=%s; at most %d", r.interval, r.freq, most)
	case r.count > 0 && r.until != "":
		return fmt.Errorf("COUNT and UNTIL stand together; wanted one of them")
	case ordinal && r.freq != "MONTHLY":
		return fmt.Errorf("BYDAY counts its days, which only FREQ=MONTHLY does; wanted words such as MO,TU")
	case len(r.monthDays) > 0 && r.freq == "WEEKLY":
		return fmt.Errorf("BYMONTHDAY does not go with FREQ=WEEKLY; wanted BYDAY")
	default:
		return nil
	}
}

func number(key, value string, most int) (int, error) {
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 || n > most {
		return 0, fmt.Errorf("%s=%s is no number from 1 to %d", key, clip(value), most)
	}
	return n, nil
}

// each reads a list with commas; a word that stands there twice is a fault.
func each[T comparable](value string, parse func(string) (T, error)) ([]T, error) {
	var list []T
	for word := range strings.SplitSeq(value, ",") {
		v, err := parse(word)
		if err == nil && slices.Contains(list, v) {
			err = fmt.Errorf("%s stands there twice", word)
		}
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}

func parseWeekday(word string) (weekday, error) {
	const names = "SUMOTUWETHFRSA"
	if len(word) >= 2 {
		nth, name := word[:len(word)-2], word[len(word)-2:]
		at := strings.Index(names, name)
		n, err := 0, error(nil)
		if nth != "" {
			n, err = strconv.Atoi(nth)
		}
		if at >= 0 && at%2 == 0 && err == nil && n >= -5 && n <= 5 && (n != 0 || nth == "") {
			return weekday{time.Weekday(at / 2), n}, nil
		}
	}
	return weekday{}, fmt.Errorf("%q is no day of BYDAY; wanted MO, TU, WE, TH, FR, SA or SU, of a month also 1MO to 5MO and -1MO", clip(word))
}

func parseMonthDay(word string) (int, error) {
	n, err := strconv.Atoi(word)
	if err != nil || n == 0 || n < -31 || n > 31 {
		return 0, fmt.Errorf("%q is no day of BYMONTHDAY; wanted 1 to 31, or -1 to -31 from the end", clip(word))
	}
	return n, nil
}

// parseUntil reads UNTIL: in UTC, or as the clocks of the zone show it; of a
// date alone the last moment of that day is meant.
func parseUntil(s string) (at time.Time, local, ok bool) {
	if t, err := time.Parse("20060102T150405Z", s); err == nil {
		return t, false, true
	}
	if t, err := time.Parse("20060102T150405", s); err == nil {
		return t, true, true
	}
	t, err := time.Parse("20060102", s)
	return t.AddDate(0, 0, 1).Add(-time.Microsecond), true, err == nil
}

// A date is a number of days since 1970.

func dateOf(wall time.Time) int { return int(wall.Unix() / int64(day/time.Second)) }

func wallOn(date int) time.Time { return time.Unix(int64(date)*int64(day/time.Second), 0).UTC() }

// weekOf numbers the weeks, which begin on Mondays: 1970 began on a Thursday.
func weekOf(date int) int { return (date + 3) / 7 }

const day = 24 * time.Hour

// falls reports whether what began on the date first falls on a date.
func (r recurrence) falls(date, first int) bool {
	if date < first || r.freq == "" {
		return date == first
	}
	at, began := wallOn(date), wallOn(first)
	switch r.freq {
	case "DAILY":
		return (date-first)%r.interval == 0 && r.onDay(at) && r.onMonthDay(at)
	case "WEEKLY":
		return (weekOf(date)-weekOf(first))%r.interval == 0 && r.onDay(at) && (len(r.days) > 0 || at.Weekday() == began.Weekday())
	default:
		months := (at.Year()-began.Year())*12 + int(at.Month()-began.Month())
		free := len(r.days)+len(r.monthDays) > 0
		return months%r.interval == 0 && r.onDay(at) && r.onMonthDay(at) && (free || at.Day() == began.Day())
	}
}

func (r recurrence) onDay(at time.Time) bool {
	return len(r.days) == 0 || slices.ContainsFunc(r.days, func(w weekday) bool {
		return w.day == at.Weekday() && (w.nth == 0 || w.nth == (at.Day()-1)/7+1 || w.nth == -((lastDay(at)-at.Day())/7+1))
	})
}

func (r recurrence) onMonthDay(at time.Time) bool {
	return len(r.monthDays) == 0 || slices.Contains(r.monthDays, at.Day()) || slices.Contains(r.monthDays, at.Day()-lastDay(at)-1)
}

// lastDay is how many days the month of a date has.
func lastDay(at time.Time) int {
	return time.Date(at.Year(), at.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
}
