package config

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/internal/registry"
)

// Hours are times of the week, in a zone: who is told of what opens then. The
// zero Hours is always.
type Hours struct {
	Days  []time.Weekday // on which it begins; empty: on each
	From  time.Duration  // of the local day, in [0, 24h)
	Until time.Duration  // in (0, 24h]; not after From: it ends on the next day
	Zone  *time.Location // nil: the zero Hours
}

// IsZero reports whether h is always.
func (h Hours) IsZero() bool { return h.Zone == nil }

// Has reports whether a moment is in h. Clocks that are set mean the wall's.
func (h Hours) Has(at time.Time) bool {
	if h.IsZero() {
		return true
	}
	local := at.In(h.Zone)
	clock := time.Duration(local.Hour())*time.Hour + time.Duration(local.Minute())*time.Minute + time.Duration(local.Second())*time.Second
	day := local.Weekday()
	if h.Until > h.From {
		return h.on(day) && clock >= h.From && clock < h.Until
	}
	yesterday := (day + 6) % 7
	return h.on(day) && clock >= h.From || h.on(yesterday) && clock < h.Until
}

func (h Hours) on(day time.Weekday) bool { return len(h.Days) == 0 || slices.Contains(h.Days, day) }

// hours takes match.during of a route.
func (l *loader) hours(p place, days words, from, until, zone string) Hours {
	h := Hours{Zone: time.UTC, Until: 24 * time.Hour}
	l.words(p, "match.during.days", days, func(key, word string) {
		list, ok := weekdays(word)
		if !ok {
			l.report(p, registry.Fault{Path: key, Message: quote(word) + " is no day of the week", Hint: "mon, tue, wed, thu, fri, sat, sun, or a span such as mon-fri"})
		}
		h.Days = append(h.Days, list...)
	})
	l.clock(p, "match.during.from", from, &h.From)
	l.clock(p, "match.during.until", until, &h.Until)
	if zone != "" {
		z, err := time.LoadLocation(zone)
		if err != nil || zone == "Local" {
			l.report(p, registry.Fault{Path: "match.during.timezone", Message: quote(zone) + " is no time zone", Hint: "an IANA name, such as Asia/Jakarta"})
			return h
		}
		h.Zone = z
	}
	return h
}

// clock takes a time of the day.
func (l *loader) clock(p place, key, text string, field *time.Duration) {
	if text == "" {
		return
	}
	var hour, minute int
	n, err := fmt.Sscanf(text, "%d:%d", &hour, &minute)
	if err != nil || n != 2 || hour < 0 || hour > 24 || minute < 0 || minute > 59 || hour == 24 && minute > 0 || fmt.Sprintf("%02d:%02d", hour, minute) != text {
		l.report(p, registry.Fault{Path: key, Message: quote(text) + " is no time of the day", Hint: "from 00:00 to 24:00, in quotes"})
		return
	}
	*field = time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute
}

// weekdays reads one day, or a span of them.
func weekdays(word string) ([]time.Weekday, bool) {
	names := []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}
	first, last, span := strings.Cut(strings.ToLower(word), "-")
	i, j := slices.Index(names, first), slices.Index(names, last)
	if !span {
		j = i
	}
	if i < 0 || j < 0 {
		return nil, false
	}
	list := []time.Weekday{time.Weekday(i)}
	for i != j {
		i = (i + 1) % 7
		list = append(list, time.Weekday(i))
	}
	return list, true
}
