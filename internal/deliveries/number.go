package deliveries

import (
	"bytes"
	"math"
	"time"
)

// scale returns a number of JSON times ten to the power of shift, cut toward
// zero, and whether nothing was cut. ok is false when it is beyond an int64.
func scale(number []byte, shift int) (n int64, exact, ok bool) {
	mantissa, exponent := number, 0
	for i, c := range number {
		if c == 'e' || c == 'E' {
			mantissa, exponent = number[:i], exponentOf(number[i+1:])
			break
		}
	}
	mantissa, negative := bytes.CutPrefix(mantissa, []byte("-"))
	whole, fraction, _ := bytes.Cut(mantissa, []byte("."))
	n, exact, ok = collect(whole, fraction, len(whole)+exponent+shift)
	if negative {
		n = -n
	}
	return n, exact, ok
}

// collect reads the first keep digits of whole and fraction, as if zeros went
// on for ever.
func collect(whole, fraction []byte, keep int) (n int64, exact, ok bool) {
	exact = true
	for i := range len(whole) + len(fraction) {
		digit := byteAt(whole, fraction, i) - '0'
		switch {
		case i >= keep:
			exact = exact && digit == 0
		case n > (math.MaxInt64-int64(digit))/10:
			return 0, false, false
		default:
			n = n*10 + int64(digit)
		}
	}
	for i := len(whole) + len(fraction); i < keep && n != 0; i++ {
		if n > math.MaxInt64/10 {
			return 0, false, false
		}
		n *= 10
	}
	return n, exact, true
}

func byteAt(a, b []byte, i int) byte {
	if i < len(a) {
		return a[i]
	}
	return b[i-len(a)]
}

// exponentOf reads the digits behind the e. Beyond a million they make no
// difference: a record is shorter.
func exponentOf(b []byte) int {
	n, negative := 0, b[0] == '-'
	for _, c := range b {
		if c >= '0' && c <= '9' {
			n = min(n*10+int(c-'0'), 1_000_000)
		}
	}
	if negative {
		return -n
	}
	return n
}

// Whole units since 1970 below each of these are seconds, milliseconds and
// microseconds; from the last on they are nanoseconds. 1e11 s is the year
// 5138, 1e11 ms is 1973.
const (
	epochMillis int64 = 1e11
	epochMicros int64 = 1e14
	epochNanos  int64 = 1e17
)

// epoch reads a time in seconds, ms, us or ns since 1970, whichever its
// magnitude says, to the nanosecond; beyond the year 2262 to the unit. ok is
// false when it is no int64 of any unit.
func epoch(number []byte) (t time.Time, ok bool) {
	units, _, ok := scale(number, 0)
	shift := 9
	switch magnitude := max(units, -units); {
	case magnitude >= epochNanos:
		shift, t = 0, time.Unix(0, units)
	case magnitude >= epochMicros:
		shift, t = 3, time.UnixMicro(units)
	case magnitude >= epochMillis:
		shift, t = 6, time.UnixMilli(units)
	default:
		t = time.Unix(units, 0)
	}
	if ns, _, fits := scale(number, shift); fits {
		t = time.Unix(0, ns)
	}
	return t.UTC(), ok
}
