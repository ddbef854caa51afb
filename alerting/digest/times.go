package digest

import (
	"fmt"
	"strings"
	"time"
)

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
func (v voice) hour(t time.Time) string {
	t = t.In(v.zone)
	if v.fine || t.Second() != 0 {
		return t.Format("15:04:05")
	}
	return t.Format("15:04")
}

// alike tells two times with the same precision.
func (v voice) alike(a, b time.Time) voice {
	v.fine = v.fine || a.Second() != 0 || b.Second() != 0
	return v
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
	return v.date(t) + " " + v.hour(t) + " " + zoneName(t)
}

// span is a window with its dates: "11 Nov 2023 18:00 to 12 Nov 2023 00:00 WIB".
func (v voice) span(w Window) string { return v.stretch(v.FromTo, w) }

// stretch is the same in another sentence for two times.
func (v voice) stretch(format string, w Window) string {
	v = v.alike(w.Start, w.End)
	start, end := w.Start.In(v.zone), w.End.In(v.zone)
	from, to := v.date(start)+" "+v.hour(start), v.date(end)+" "+v.hour(end)
	if v.date(start) == v.date(end) {
		to = v.hour(end)
	}
	if zoneName(start) != zoneName(end) {
		from += " " + zoneName(start)
	}
	return fmt.Sprintf(format, from, to) + " " + zoneName(end)
}

// recent is a stretch without its dates when both ends are so near to now that
// they can only mean one.
func (v voice) recent(format string, w Window, now time.Time) string {
	if max(w.Start.Sub(now).Abs(), w.End.Sub(now).Abs()) > day/2 {
		return v.stretch(format, w)
	}
	v = v.alike(w.Start, w.End)
	return fmt.Sprintf(format, v.clock(w.Start, now), v.near(w.End, now))
}

// brief is a window for a subject: times alone when they can only mean one.
func (v voice) brief(w Window) string {
	v = v.alike(w.Start, w.End)
	start, end := w.Start.In(v.zone), w.End.In(v.zone)
	from, to := v.hour(start), v.hour(end)
	if w.dated() {
		from = fmt.Sprintf("%d %s %s", start.Day(), v.Months[start.Month()-1], from)
		to = fmt.Sprintf("%d %s %s", end.Day(), v.Months[end.Month()-1], to)
	}
	if zoneName(start) != zoneName(end) {
		from += " " + zoneName(start)
	}
	return from + "-" + to + " " + zoneName(end)
}

// dated reports whether a brief window is told with its dates: two times of day
// alone could mean another.
func (w Window) dated() bool { return w.Length() > day/2+2*time.Hour }

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

// clock is a time of day when t is so near to now that it can only mean one,
// and a moment in full otherwise.
func (v voice) clock(t, now time.Time) string {
	if t.Sub(now).Abs() > day/2 {
		return v.moment(t)
	}
	return v.hour(t)
}

// near is the same with the zone always.
func (v voice) near(t, now time.Time) string {
	if t.Sub(now).Abs() > day/2 {
		return v.moment(t)
	}
	return v.hour(t) + " " + zoneName(t.In(v.zone))
}
