package rules

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Ratio is a fraction in [0, 1]; 4 % is 0.04. Nothing in this module holds a
// percentage: only ParseRatio reads one and only String writes one.
type Ratio float64

// ParseRatio reads "4%", "0.5 %" or "0.04". A bare number above 1 is refused,
// because 4 could mean 4 % or 400 %.
func ParseRatio(s string) (Ratio, error) {
	num, percent := strings.CutSuffix(strings.TrimSpace(s), "%")
	num = strings.TrimSpace(num)
	v, err := strconv.ParseFloat(num, 64)
	if percent {
		v /= 100
	}
	switch {
	case err != nil || math.IsNaN(v):
		return 0, fmt.Errorf("%q is not a ratio; wanted a percentage such as 4%%", clip(s))
	case v < 0 || v > 1 && percent || v > 100:
		return 0, fmt.Errorf("%q is outside [0%%, 100%%]", clip(s))
	case v > 1:
		return 0, fmt.Errorf("%q is more than 1; write %s%% for a percentage", clip(s), num)
	}
	return Ratio(math.Abs(v)), nil // -0 is 0
}

// clip makes a value fit to stand in a message.
func clip(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

// String writes a percentage: "4%", "0.25%".
func (r Ratio) String() string {
	return strconv.FormatFloat(math.Round(float64(r)*1e8)/1e6, 'f', -1, 64) + "%"
}

// Short writes a percentage with one decimal at most, for sentences: "6.1%".
// What is not 0 or 100 never rounds to it.
func (r Ratio) Short() string {
	short := Ratio(math.Round(float64(r)*1e3) / 1e3)
	if (short == 0 || short == 1) && short != r {
		return r.String()
	}
	return short.String()
}

// UnmarshalText implements [encoding.TextUnmarshaler].
func (r *Ratio) UnmarshalText(b []byte) error {
	v, err := ParseRatio(string(b))
	if err == nil {
		*r = v
	}
	return err
}

// MarshalText implements [encoding.TextMarshaler].
func (r Ratio) MarshalText() ([]byte, error) { return []byte(r.String()), nil }
