package api

import (
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
)

func TestALineReaderEndsWhenItsTimeIsUp(t *testing.T) {
	t.Parallel()
	l := newLineReader(strings.NewReader("{}"), time.Now().Add(-time.Second))
	for range 2 {
		n, err := l.Read(make([]byte, 10))
		if n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("read %d, %v, want nothing and %v", n, err, os.ErrDeadlineExceeded)
		}
	}
	_, err := l.Read(make([]byte, 10))
	if p := readProblem(&bodyError{err}); p.Status != http.StatusRequestTimeout {
		t.Errorf("status %d, want 408", p.Status)
	}
}

func TestALineReaderGivesWhatItGot(t *testing.T) {
	t.Parallel()
	const text = "one\n\ntwo, longer\r\nthree"
	for name, in := range map[string]io.Reader{
		"at once":                  strings.NewReader(text),
		"byte by byte":             iotest.OneByteReader(strings.NewReader(text)),
		"the end beside the bytes": iotest.DataErrReader(strings.NewReader(text)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLineReader(in, time.Now().Add(time.Minute))
			got, err := io.ReadAll(l)
			if string(got) != text || err != nil || l.line != 4 {
				t.Errorf("got %q, %v, at line %d; want %q at line 4", got, err, l.line, text)
			}
		})
	}
}

// FuzzLinesOfRecords holds the lines of records within the body, in order, and
// for what is written a line each exact.
func FuzzLinesOfRecords(f *testing.F) {
	for _, seed := range []string{
		"", "\n\n{}\n{}", "[{},\n{}]", "[{},{\n}]", "{\n}\n{}\n", "\ufeff{}\n", "x\n{}\r\n[\n", "[\n\n{}\n,\n{\"a\":{\n}}\n]", "{\"a\":\"}{\"}\n{}",
		"0}{\n0",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		l := newLineReader(strings.NewReader(text), time.Now().Add(time.Minute))
		before, total := 0, strings.Count(text, "\n")+1
		var plain []int // lines with something in them
		for i, line := range strings.Split(text, "\n") {
			if strings.Trim(line, " \t\r") != "" {
				plain = append(plain, i+1)
			}
		}
		each := !strings.HasPrefix(strings.TrimLeft(text, "\ufeff \t\r\n"), "[")
		for line := range strings.SplitSeq(text, "\n") {
			each = each && len(line) < 1000 && strings.Count(line, "{") == strings.Count(line, "}") && strings.Count(line, `"`) == 0
		}
		// To look for a byte order mark three bytes are read; what is shorter is
		// no attempt, so that its line is never asked for.
		each = each && strings.IndexByte(text+"\n", '\n') >= len("\ufeff")
		seen := 0
		for _, bad := range deliveries.Decode(l, time.Now()) {
			line := l.record()
			if line < before || line > total {
				t.Fatalf("line %d after %d, of %d", line, before, total)
			}
			if each && bad != nil && bad.Err == nil && seen < len(plain) && bad.Line == plain[seen] && line != bad.Line {
				t.Fatalf("line %d, want %d", line, bad.Line)
			}
			before = line
			seen++
		}
	})
}
