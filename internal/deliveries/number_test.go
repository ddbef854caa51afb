package deliveries

import (
	"math/big"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestScale(t *testing.T) {
	t.Parallel()
	for in, tt := range map[string]struct {
		shift     int
		n         int64
		exact, ok bool
	}{
		"0":                      {0, 0, true, true},
		"-0":                     {0, 0, true, true},
		"0.0000":                 {9, 0, true, true},
		"0e999999999999":         {9, 0, true, true},
		"200":                    {0, 200, true, true},
		"200.0":                  {0, 200, true, true},
		"200.5":                  {0, 200, false, true},
		"-200.5":                 {0, -200, false, true},
		"2e2":                    {0, 200, true, true},
		"2E+2":                   {0, 200, true, true},
		"2000e-1":                {0, 200, true, true},
		"0.002e5":                {0, 200, true, true},
		"55.324":                 {6, 55_324_000, true, true},
		"55.3240009":             {6, 55_324_000, false, true},
		"1700000000.123456789":   {9, 1_700_000_000_123_456_789, true, true},
		"9223372036854775807":    {0, 9223372036854775807, true, true},
		"9223372036854775808":    {0, 0, false, false},
		"922337203685477580.7":   {1, 9223372036854775807, true, true},
		"922337203685477580.8":   {1, 0, false, false},
		"1e18":                   {0, 1e18, true, true},
		"1e19":                   {0, 0, false, false},
		"1e99999999999999999999": {0, 0, false, false},
		"1e-99999999999999999":   {0, 0, false, true},
	} {
		n, exact, ok := scale([]byte(in), tt.shift)
		if ok != tt.ok || ok && (n != tt.n || exact != tt.exact) {
			t.Errorf("%s with shift %d: got %d, exact %t, ok %t; want %+v", in, tt.shift, n, exact, ok, tt)
		}
	}
}

// TestScaleAgreesWithRationals computes the same with math/big.
func TestScaleAgreesWithRationals(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		number := rapid.StringMatching(`-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,12})?([eE][+-]?[0-9]{1,2})?`).Draw(rt, "number")
		shift := rapid.IntRange(0, 9).Draw(rt, "shift")
		exactly, good := new(big.Rat).SetString(number)
		if !good {
			rt.Fatal(number)
		}
		exactly.Mul(exactly, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(shift)), nil)))
		want := new(big.Int).Quo(exactly.Num(), exactly.Denom())
		n, exact, ok := scale([]byte(number), shift)
		if wantOK := want.IsInt64() && want.Int64() != -1<<63; ok != wantOK {
			rt.Fatalf("%s: ok %t, want %t (%s)", number, ok, wantOK, want)
		}
		if ok && (n != want.Int64() || exact != exactly.IsInt()) {
			rt.Fatalf("%s: got %d, exact %t; want %s, %t", number, n, exact, want, exactly.IsInt())
		}
	})
}

func TestEpochByMagnitude(t *testing.T) {
	t.Parallel()
	at := time.Date(2023, 11, 11, 13, 0, 0, 0, time.UTC)
	for in, want := range map[string]time.Time{
		"1699707600":            at,
		"1699707600.5":          at.Add(500 * time.Millisecond),
		"1.6997076e9":           at,
		"1699707600000":         at,
		"1699707600000.25":      at.Add(250 * time.Microsecond),
		"1699707600000000":      at,
		"1699707600000001":      at.Add(time.Microsecond),
		"1699707600000000000":   at,
		"1699707600000000001":   at.Add(1),
		"1699707600000000001.9": at.Add(1),
		"0":                     time.Unix(0, 0),
		"9223372036":            time.Unix(9223372036, 0),
		"100000000000":          time.UnixMilli(1e11), // the first that is ms
		"99999999999999":        time.UnixMilli(99999999999999),
		"99999999999999.9":      time.UnixMilli(99999999999999), // beyond 2262 to the unit
		"9223372036.854775807":  time.Unix(0, 1<<63-1),
		"9223372036.854775808":  time.Unix(9223372036, 0),
		"99999999999":           time.Unix(99999999999, 0),
		"100000000000000":       time.UnixMicro(1e14), // the first that is us
		"99999999999999999":     time.UnixMicro(99999999999999999),
		"100000000000000000":    time.Unix(0, 1e17), // the first that is ns
		"9223372036854775807":   time.Unix(0, 1<<63-1),
		"-1699707600":           time.Unix(-1699707600, 0),
		"-1699707600000":        time.UnixMilli(-1699707600000),
	} {
		got, ok := epoch([]byte(in))
		if !ok || !got.Equal(want) || got.Location() != time.UTC {
			t.Errorf("%s: got %s, %t; want %s", in, got, ok, want.UTC())
		}
	}
	for _, in := range []string{"9223372036854775808", "-9223372036854775808", "1e300", "-1e300"} {
		if got, ok := epoch([]byte(in)); ok {
			t.Errorf("%s: got %s, want a refusal", in, got)
		}
	}
}
