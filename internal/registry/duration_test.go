package registry_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/hookvigil/hookvigil/internal/registry"
)

const day = 24 * time.Hour

func TestParseDurationReadsWhatPeopleWrite(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		in    string
		want  time.Duration
		shown string
	}{
		"seconds":                        {"30s", 30 * time.Second, "30s"},
		"a fraction":                     {"1.5s", 1500 * time.Millisecond, "1.5s"},
		"microseconds":                   {"250us", 250 * time.Microsecond, "250µs"},
		"minutes lose their empty part":  {"1m0s", time.Minute, "1m"},
		"hours and minutes":              {"1h30m", 90 * time.Minute, "1h30m"},
		"hours that make a day":          {"24h", day, "1d"},
		"hours just over a day":          {"25h", 25 * time.Hour, "25h"},
		"days":                           {"7d", 7 * day, "7d"},
		"days and hours":                 {"1d12h", 36 * time.Hour, "36h"},
		"days, hours, minutes, seconds":  {"1d2h3m4s", day + 2*time.Hour + 3*time.Minute + 4*time.Second, "26h3m4s"},
		"zero alone needs no unit":       {"0", 0, "0s"},
		"no seconds":                     {"0s", 0, "0s"},
		"no days":                        {"0d", 0, "0s"},
		"no days and some minutes":       {"0d5m", 5 * time.Minute, "5m"},
		"the longest in days":            {"3650d", 3650 * day, "3650d"},
		"the longest in hours":           {"87600h", 3650 * day, "3650d"},
		"the longest in days and hours":  {"3649d24h", 3650 * day, "3650d"},
		"one nanosecond":                 {"1ns", 1, "1ns"},
		"the platforms' limit":           {"30s", 30 * time.Second, "30s"},
		"just over the platforms' limit": {"30.001s", 30*time.Second + time.Millisecond, "30.001s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := registry.ParseDuration(tt.in)
			if err != nil || got.Std() != tt.want {
				t.Fatalf("ParseDuration(%q) = %v, %v; want %v", tt.in, got.Std(), err, tt.want)
			}
			if got.String() != tt.shown {
				t.Errorf("shown as %q, want %q", got, tt.shown)
			}
		})
	}
}

func TestParseDurationSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	const noSpan = " is not a duration; wanted a span such as 30s, 5m, 6h or 7d"
	for name, tt := range map[string]struct{ in, want string }{
		"no unit":                            {"30", `"30" has no unit; wanted a duration such as 30s or 30m`},
		"a fraction without a unit":          {"1.5", `"1.5" has no unit; wanted a duration such as 1.5s or 1.5m`},
		"the last part without a unit":       {"1h30", `"1h30" has no unit; wanted a duration such as 1h30s or 1h30m`},
		"nothing":                            {"", `""` + noSpan},
		"a unit alone":                       {"d", `"d"` + noSpan},
		"a word":                             {"soon", `"soon"` + noSpan},
		"a number that is none":              {"NaN", `"NaN"` + noSpan},
		"a unit that was cut":                {"1µ", `"1µ"` + noSpan},
		"an exponent":                        {"1e5", `"1e5"` + noSpan},
		"an inner space":                     {"5 m", `"5 m"` + noSpan},
		"days and a bare zero":               {"1d0", `"1d0"` + noSpan},
		"part of a day":                      {"1.5d", `"1.5d"` + noSpan},
		"days twice":                         {"1d1d", `"1d1d"` + noSpan},
		"days after hours":                   {"12h1d", `"12h1d"` + noSpan},
		"a negative span":                    {"-5m", `"-5m"` + noSpan},
		"a negative number":                  {"-5", `"-5"` + noSpan},
		"negative days":                      {"-1d", `"-1d"` + noSpan},
		"days less hours":                    {"2d-1h", `"2d-1h"` + noSpan},
		"a day over the longest":             {"3651d", `"3651d" is longer than 3650d`},
		"a nanosecond over the longest":      {"3650d1ns", `"3650d1ns" is longer than 3650d`},
		"an hour over the longest":           {"87601h", `"87601h" is longer than 3650d`},
		"two parts that are over together":   {"3650d87600h", `"3650d87600h" is longer than 3650d`},
		"days that would overflow":           {"213504d", `"213504d" is longer than 3650d`},
		"days that no number holds":          {"99999999999999999999d", `"99999999999999999999d" is longer than 3650d`},
		"hours that overflow":                {"2562048h", `"2562048h"` + noSpan},
		"an overlong text is cut":            {strings.Repeat("x", 10_000), `"` + strings.Repeat("x", 59) + `…"` + noSpan},
		"line breaks stay out of the answer": {"5m\r\nX: y", `"5m  X: y"` + noSpan},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := registry.ParseDuration(tt.in)
			if err == nil {
				t.Fatalf("ParseDuration(%q) = %v, want an error", tt.in, got)
			}
			if err.Error() != tt.want {
				t.Errorf("got  %s\nwant %s", err, tt.want)
			}
		})
	}
}

func TestDurationInJSON(t *testing.T) {
	t.Parallel()
	spec := registry.ProbeSpec{Interval: new(registry.Duration(36 * time.Hour)), Timeout: new(registry.Duration(7 * day))}
	b, err := json.Marshal(spec)
	if want := `{"interval":"36h","timeout":"7d"}`; err != nil || string(b) != want {
		t.Fatalf("got %s, %v; want %s", b, err, want)
	}
	var back registry.ProbeSpec
	if err := json.Unmarshal(b, &back); err != nil || *back.Interval != *spec.Interval || *back.Timeout != *spec.Timeout {
		t.Errorf("read back as %+v, %v", back, err)
	}
	kept := registry.ProbeSpec{Interval: new(registry.Duration(time.Minute))}
	if err := json.Unmarshal([]byte(`{"interval":"90"}`), &kept); err == nil || *kept.Interval != registry.Duration(time.Minute) {
		t.Errorf("a duration without a unit: interval %v, error %v; want 1m and an error", *kept.Interval, err)
	}
}

func FuzzParseDuration(f *testing.F) {
	for _, s := range []string{
		"", "0", "0d", "d", "30", "30s", "1.5h", "1d12h", "7d", "1d0", "-5m", "1µ", "1h30", "NaN", "+5m", "3650d1ns", "3650d87600h",
		"99999999999999999999d", "9223372036854775807ns", "9223372036854775808ns", "1e5", "\r\n", "\xff",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := registry.ParseDuration(s)
		if err != nil {
			checkDurationError(t, s, err.Error())
			return
		}
		if d < 0 || d.Std() > 3650*day {
			t.Fatalf("ParseDuration(%q) = %v, outside [0, 3650d]", s, d.Std())
		}
		if again, err := registry.ParseDuration(d.String()); err != nil || again != d {
			t.Fatalf("%q is shown as %q, which reads as %v, %v", s, d, again.Std(), err)
		}
	})
}

// checkDurationError holds that a message is one short line, and that what it
// proposes is accepted.
func checkDurationError(t *testing.T, s, message string) {
	t.Helper()
	if strings.ContainsFunc(message, unicode.IsControl) {
		t.Errorf("%q gives a message with control characters: %q", s, message)
	}
	_, hint, ok := strings.Cut(message, "wanted a duration such as ")
	if !ok {
		if len(message) > 600 {
			t.Errorf("a value of %d bytes gives a message of %d", len(s), len(message))
		}
		return
	}
	first, _, _ := strings.Cut(hint, " or ")
	if _, err := registry.ParseDuration(first); err != nil && !strings.Contains(err.Error(), "longer than") {
		t.Errorf("%q: the hint %q is no duration: %v", s, first, err)
	}
}
