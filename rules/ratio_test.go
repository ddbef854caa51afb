package rules_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"github.com/hookvigil/hookvigil/rules"
)

func TestParseRatioReadsWhatPeopleWrite(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		in    string
		want  rules.Ratio
		shown string
	}{
		"nothing at all":         {"0", 0, "0%"},
		"no percent":             {"0%", 0, "0%"},
		"less than nothing by 0": {"-0%", 0, "0%"},
		"the threshold":          {"4%", 0.04, "4%"},
		"just under it":          {"3.999999%", 0.03999999, "3.999999%"},
		"just over it":           {"4.000001%", 0.04000001, "4.000001%"},
		"the threshold bare":     {"0.04", 0.04, "4%"},
		"half a percent":         {"0.5 %", 0.005, "0.5%"},
		"blanks around":          {" 4 % ", 0.04, "4%"},
		"an exponent":            {"4e-2", 0.04, "4%"},
		"a whole":                {"100%", 1, "100%"},
		"a whole bare":           {"1", 1, "100%"},
		"just under a whole":     {"99.999999%", 0.99999999, "99.999999%"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := rules.ParseRatio(tt.in)
			if err != nil || math.Abs(float64(got-tt.want)) > 1e-15 {
				t.Fatalf("ParseRatio(%q) = %v, %v; want %v", tt.in, float64(got), err, float64(tt.want))
			}
			if got.String() != tt.shown {
				t.Errorf("shown as %q, want %q", got, tt.shown)
			}
		})
	}
}

func TestParseRatioSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	const noRatio = " is not a ratio; wanted a percentage such as 4%"
	for name, tt := range map[string]struct{ in, want string }{
		"nothing":                    {"", `""` + noRatio},
		"a sign alone":               {"%", `"%"` + noRatio},
		"two signs":                  {"4%%", `"4%%"` + noRatio},
		"a word":                     {"four", `"four"` + noRatio},
		"no number":                  {"NaN", `"NaN"` + noRatio},
		"a comma":                    {"0,5%", `"0,5%"` + noRatio},
		"beyond any number":          {"1e999", `"1e999"` + noRatio},
		"a negative share":           {"-0.01", `"-0.01" is outside [0%, 100%]`},
		"a negative percentage":      {"-4%", `"-4%" is outside [0%, 100%]`},
		"just over a whole":          {"100.000001%", `"100.000001%" is outside [0%, 100%]`},
		"without an end":             {"+Inf", `"+Inf" is outside [0%, 100%]`},
		"just over a whole, bare":    {"1.000001", `"1.000001" is more than 1; write 1.000001% for a percentage`},
		"a bare 4: 4% or 400%":       {"4", `"4" is more than 1; write 4% for a percentage`},
		"a bare 100":                 {"100", `"100" is more than 1; write 100% for a percentage`},
		"over 100, bare":             {"100.5", `"100.5" is outside [0%, 100%]`},
		"blanks are not repeated":    {"\n 4 \n", `"\n 4 \n" is more than 1; write 4% for a percentage`},
		"an overlong text is cut":    {strings.Repeat("9x", 5000), `"` + strings.Repeat("9x", 29) + `9…"` + noRatio},
		"line breaks stay escaped":   {"4%\r\nX", `"4%\r\nX"` + noRatio},
		"broken UTF-8 stays escaped": {"\xff", `"\xff"` + noRatio},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := rules.ParseRatio(tt.in)
			if err == nil {
				t.Fatalf("ParseRatio(%q) = %v, want an error", tt.in, got)
			}
			if err.Error() != tt.want {
				t.Errorf("got  %s\nwant %s", err, tt.want)
			}
		})
	}
}

func TestRatioInJSON(t *testing.T) {
	t.Parallel()
	var v struct{ Threshold rules.Ratio }
	if err := json.Unmarshal([]byte(`{"Threshold":"4%"}`), &v); err != nil || v.Threshold != 0.04 {
		t.Fatalf("got %v, %v; want 4%%", v.Threshold, err)
	}
	if b, err := json.Marshal(v); err != nil || string(b) != `{"Threshold":"4%"}` {
		t.Errorf("got %s, %v", b, err)
	}
	if err := json.Unmarshal([]byte(`{"Threshold":"4"}`), &v); err == nil || v.Threshold != 0.04 {
		t.Errorf("a bare 4: %v, %v; want 4%% kept and an error", v.Threshold, err)
	}
}

// TestRatioRoundTrip: what is shown reads as the same ratio to a millionth of
// a percent, and is shown alike again; order is kept.
func TestRatioRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		r := rules.Ratio(rapid.Float64Range(0, 1).Draw(rt, "ratio"))
		back, err := rules.ParseRatio(r.String())
		if err != nil || math.Abs(float64(back-r)) > 1e-8 {
			rt.Fatalf("%v is shown as %s, which reads as %v, %v", float64(r), r, float64(back), err)
		}
		if back.String() != r.String() {
			rt.Fatalf("%s is shown as %s the second time", r, back)
		}
		n := rapid.IntRange(1, 1_000_000).Draw(rt, "attempts")
		k := rapid.IntRange(0, n).Draw(rt, "failed")
		got, ok := (rules.DeliveryView{FirstAttempts: n, FailedFirst: k}).Ratio()
		if !ok || got < 0 || got > 1 || (got == 0) != (k == 0) || (got == 1) != (k == n) {
			rt.Fatalf("%d of %d is %v, %t", k, n, float64(got), ok)
		}
	})
}

func FuzzParseRatio(f *testing.F) {
	for _, s := range []string{"", "%", "0", "-0%", "4%", "0.5 %", "0.04", "1", "1.0000001", "100%", "101%", "4", "400", "NaN", "Inf", "-Inf%", "1e999", "0x1p-2", "\n4\n", "\xff%"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := rules.ParseRatio(s)
		if err != nil {
			if m := err.Error(); strings.ContainsFunc(m, unicode.IsControl) || len(s) < 60 && len(m) > 600 {
				t.Errorf("%q gives the message %q", s, m)
			}
			return
		}
		if !(r >= 0 && r <= 1) || math.Signbit(float64(r)) {
			t.Fatalf("ParseRatio(%q) = %v, outside [0, 1]", s, float64(r))
		}
		if back, err := rules.ParseRatio(r.String()); err != nil || math.Abs(float64(back-r)) > 1e-8 {
			t.Fatalf("%q is shown as %s, which reads as %v, %v", s, r, float64(back), err)
		}
	})
}
