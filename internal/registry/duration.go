package registry

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Duration is a span as people write it: Go's spelling ("30s", "1h30m") and
// days ("7d", "1d12h"). The zero value is 0s.
type Duration time.Duration

const (
	day        = 24 * time.Hour
	maxDaysNum = 3650
	maxSpan    = maxDaysNum * day
)

// ParseDuration reads a span. It is an error to give no unit, a negative span
// or more than 3650 days.
func ParseDuration(s string) (Duration, error) {
	rest, days := s, time.Duration(0)
	if num, after, ok := strings.Cut(s, "d"); ok {
		n, err := strconv.ParseUint(num, 10, 64)
		if errors.Is(err, strconv.ErrRange) || err == nil && n > maxDaysNum {
			return 0, tooLong(s)
		}
		if err != nil || after == "0" {
			return 0, durationError(s)
		}
		if rest, days = after, time.Duration(n)*day; rest == "" {
			return Duration(days), nil
		}
	}
	d, err := time.ParseDuration(rest)
	switch {
	case err != nil || d < 0:
		return 0, durationError(s)
	case d > maxSpan-days:
		return 0, tooLong(s)
	}
	return Duration(days + d), nil
}

func tooLong(s string) error { return fmt.Errorf("%q is longer than %dd", short(s), maxDaysNum) }

func durationError(s string) error {
	number := s != "" && strings.ContainsRune("0123456789.", rune(s[len(s)-1]))
	if d, err := time.ParseDuration(s + "s"); number && err == nil && d >= 0 {
		return fmt.Errorf("%q has no unit; wanted a duration such as %ss or %sm", s, s, s)
	}
	return fmt.Errorf("%q is not a duration; wanted a span such as 30s, 5m, 6h or 7d", short(s))
}

// Std returns the standard library's type.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// String writes what ParseDuration reads: "1m" rather than "1m0s".
func (d Duration) String() string {
	t := time.Duration(d)
	switch {
	case t != 0 && t%day == 0:
		return strconv.Itoa(int(t/day)) + "d"
	case t != 0 && t%time.Hour == 0:
		return strconv.Itoa(int(t/time.Hour)) + "h"
	case t != 0 && t%time.Minute == 0:
		return strings.TrimSuffix(t.String(), "0s")
	default:
		return t.String()
	}
}

// UnmarshalText implements [encoding.TextUnmarshaler].
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := ParseDuration(string(b))
	if err == nil {
		*d = v
	}
	return err
}

// MarshalText implements [encoding.TextMarshaler].
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }
