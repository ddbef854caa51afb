package deliveries_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
)

func TestParseSchedule(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		text, name string
		offsets    []time.Duration
	}{
		"a preset":                {"xendit", "xendit", []time.Duration{15 * time.Minute, time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour}},
		"one that never retries":  {"none", "none", nil},
		"offsets of one's own":    {"15s, 1m,3m0s , 1h30m", "15s,1m,3m,1h30m", []time.Duration{15 * time.Second, time.Minute, 3 * time.Minute, 90 * time.Minute}},
		"a single retry":          {"10m", "10m", []time.Duration{10 * time.Minute}},
		"its name is read again":  {"15s,1m,3m,1h30m", "15s,1m,3m,1h30m", []time.Duration{15 * time.Second, time.Minute, 3 * time.Minute, 90 * time.Minute}},
		"fractions of a duration": {"1.5h,26h", "1h30m,26h", []time.Duration{90 * time.Minute, 26 * time.Hour}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := deliveries.ParseSchedule(tc.text)
			if err != nil || s.Name != tc.name || !slices.Equal(s.Offsets, tc.offsets) {
				t.Errorf("%q is %+v, %v; want %s %v", tc.text, s, err, tc.name, tc.offsets)
			}
		})
	}
	for name, tc := range map[string]struct{ text, want string }{
		"a name nobody knows": {"xendot", "is not a retry schedule"},
		"nothing":             {"", "is not a retry schedule"},
		"no duration":         {"15m, soon", `"soon" is not a duration`},
		"falling":             {"1h,15m", "do not rise"},
		"twice the same":      {"15m,15m", "do not rise"},
		"at once":             {"0s,15m", "outside [1s"},
		"longer than a month": {"15m,1000h", "outside [1s"},
		"more than anybody's": {strings.Repeat("1m,", 100) + "2m", "more than 100"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if s, err := deliveries.ParseSchedule(tc.text); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%.40q is %+v, %v; want an error with %q", tc.text, s, err, tc.want)
			}
		})
	}
}
