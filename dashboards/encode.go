package dashboards

import (
	"io"
	"strconv"
	"time"
)

// encodeBlock is how much text is written at a time.
const encodeBlock = 64 << 10

// encoder writes the Prometheus text format 0.0.4, one family after another.
// The first error of w is kept and ends the writing. With dry it only counts.
type encoder struct {
	w      io.Writer
	buf    []byte
	err    error
	family family
	headed bool // HELP and TYPE of the family are written
	dry    bool
	series int
}

func newEncoder(w io.Writer) *encoder {
	return &encoder{w: w, buf: make([]byte, 0, encodeBlock+8<<10)}
}

// begin starts a family; its head is written with its first series.
func (e *encoder) begin(f family) { e.family, e.headed = f, false }

// close writes what is left and returns the first error.
func (e *encoder) close() error {
	e.flush()
	return e.err
}

func (e *encoder) flush() {
	if e.err == nil && len(e.buf) > 0 {
		_, e.err = e.w.Write(e.buf)
	}
	e.buf = e.buf[:0]
}

// int writes a series of s without a further label.
func (e *encoder) int(s *sample, v int64) {
	if e.open(s, "", "") {
		e.buf = append(strconv.AppendInt(e.buf, v, 10), '\n')
	}
}

// float writes a series of s.
func (e *encoder) float(s *sample, v float64) {
	if e.open(s, "", "") {
		e.buf = append(strconv.AppendFloat(e.buf, v, 'g', -1, 64), '\n')
	}
}

// millis writes a time in Unix milliseconds as seconds.
func (e *encoder) millis(s *sample, v int64) { e.duration(s, time.Duration(v)*time.Millisecond) }

// duration writes a series of s in seconds.
func (e *encoder) duration(s *sample, d time.Duration) { e.labelledDuration(s, "", "", d) }

// info writes a series that is 1 and says what it says in its label.
func (e *encoder) info(s *sample, label, value string) {
	if e.open(s, label, value) {
		e.buf = append(e.buf, '1', '\n')
	}
}

func (e *encoder) labelledDuration(s *sample, label, value string, d time.Duration) {
	if e.open(s, label, value) {
		e.buf = append(appendSeconds(e.buf, d), '\n')
	}
}

// open writes everything of a series but its value, and reports whether a
// value is wanted.
func (e *encoder) open(s *sample, label, value string) bool {
	e.series++
	if e.dry || e.err != nil {
		return false
	}
	if len(e.buf) >= encodeBlock {
		e.flush()
	}
	if !e.headed {
		e.headed = true
		e.buf = append(append(append(append(e.buf, "# HELP "...), e.family.name...), ' '), e.family.help...)
		e.buf = append(append(append(e.buf, "\n# TYPE "...), e.family.name...), " gauge\n"...)
	}
	e.buf = append(e.buf, e.family.name...)
	if len(s.labels) > 0 || label != "" {
		e.buf = append(append(e.buf, '{'), s.labels...)
		if len(s.labels) > 0 && label != "" {
			e.buf = append(e.buf, ',')
		}
		if label != "" {
			e.buf = appendLabel(e.buf, label, value)
		}
		e.buf = append(e.buf, '}')
	}
	e.buf = append(e.buf, ' ')
	return true
}

// appendSeconds writes d as a decimal number of seconds, to the nanosecond
// and without zeros at the end. A negative d, from a clock that was set back,
// is 0.
func appendSeconds(b []byte, d time.Duration) []byte {
	d = max(d, 0)
	b = strconv.AppendInt(b, int64(d/time.Second), 10)
	frac := int64(d % time.Second)
	if frac == 0 {
		return b
	}
	b = append(b, '.')
	for unit := int64(time.Second / 10); frac > 0; unit /= 10 {
		b = append(b, byte('0'+frac/unit))
		frac %= unit
	}
	return b
}
