package deliveries

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Bounds of a schedule that is written out: no platform that is known tries
// more often or for longer.
const (
	mostOffsets = 100
	lastOffset  = 40 * 24 * time.Hour
)

// ParseSchedule reads the name of a preset, or the offsets of the automatic
// retries from the original attempt: "15m, 1h, 3h". Such a schedule is named
// by its offsets, and reading its name gives it again.
func ParseSchedule(text string) (Schedule, error) {
	if s, ok := Preset(text); ok {
		return s, nil
	}
	parts := strings.Split(text, ",")
	if len(parts) > mostOffsets {
		return Schedule{}, fmt.Errorf("%d offsets are more than %d", len(parts), mostOffsets)
	}
	s := Schedule{Offsets: make([]time.Duration, len(parts))}
	names := make([]string, len(parts))
	for i, part := range parts {
		d, err := time.ParseDuration(strings.TrimSpace(part))
		if err != nil && len(parts) == 1 {
			return Schedule{}, fmt.Errorf("%.40q is not a retry schedule: neither a preset nor offsets such as 15m,1h,3h", text)
		}
		if err != nil {
			return Schedule{}, fmt.Errorf("offset %.40q is not a duration such as 15m or 1h30m", strings.TrimSpace(part))
		}
		if d < time.Second || d > lastOffset {
			return Schedule{}, fmt.Errorf("offset %s is outside [1s, %s]", d, lastOffset)
		}
		s.Offsets[i], names[i] = d, brief(d)
	}
	if !slices.IsSorted(s.Offsets) || len(slices.Compact(slices.Clone(s.Offsets))) != len(s.Offsets) {
		return Schedule{}, fmt.Errorf("offsets %s do not rise; each is counted from the original attempt", strings.Join(names, ", "))
	}
	s.Name = strings.Join(names, ",")
	return s, nil
}

// brief writes a duration without its zero parts: "1h", not "1h0m0s".
func brief(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
