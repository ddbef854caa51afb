package tail_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/ingest/tail"
)

// TestEveryLineIsRead lets a file be treated in some way, and looks what was
// acknowledged at the end, in order.
func TestEveryLineIsRead(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		happens   func(w *world)
		want      []string
		truncated int
		rotated   int
		lost      int
	}{
		"lines are there at the start, and further ones come": {happens: func(w *world) {
			w.add(w.path, records("a", "b"))
			w.start()
			w.add(w.path, records("c"))
		}, want: []string{"a", "b", "c"}},
		"the file is not there at the start": {happens: func(w *world) {
			w.start()
			w.settle()
			w.add(w.path, records("a"))
		}, want: []string{"a"}},
		"a line comes in pieces": {happens: func(w *world) {
			w.start()
			for c := range strings.SplitSeq(records("a"), ":") {
				w.add(w.path, c)
				if !strings.HasSuffix(c, "\n") {
					w.add(w.path, ":")
				}
				w.pass(time.Second)
			}
		}, want: []string{"a"}},
		"a last line without its end waits": {happens: func(w *world) {
			w.add(w.path, records("a")+strings.TrimSuffix(records("b"), "\n"))
			w.start()
			w.settle()
		}, want: []string{"a"}},
		"a byte order mark, blank lines and CRLF": {happens: func(w *world) {
			w.add(w.path, "\ufeff"+strings.ReplaceAll(records("a"), "\n", "\r\n")+"\n  \r\n"+records("b"))
			w.start()
		}, want: []string{"a", "b"}},
		"more than a batch holds": {happens: func(w *world) {
			w.add(w.path, records(number(0, 5_500)...))
			w.start()
		}, want: number(0, 5_500)},
		"stopped and started": {happens: func(w *world) {
			w.add(w.path, records("a"))
			w.start()
			w.halt()
			w.add(w.path, records("b"))
			w.start()
		}, want: []string{"a", "b"}},
		"renamed and made anew": {happens: func(w *world) {
			w.start()
			w.add(w.path, records("a"))
			w.settle()
			w.add(w.path, records("b"))
			w.rotate()
			w.add(w.path, records("c"))
		}, want: []string{"a", "b", "c"}, rotated: 1},
		"renamed, and its writer goes on with it for a while": {happens: func(w *world) {
			w.add(w.path, records("a"))
			w.start()
			w.rotate()
			w.pass(3 * time.Second)
			w.add(w.path+".1", records("b"))
			w.add(w.path, records("d"))
			w.pass(4 * time.Second)
			w.add(w.path+".1", records("c"))
		}, want: []string{"a", "b", "c", "d"}, rotated: 1},
		"renamed with a last line without its end": {happens: func(w *world) {
			w.add(w.path, records("a")+strings.TrimSuffix(records("b"), "\n"))
			w.start()
			w.rotate()
			w.add(w.path, records("c"))
		}, want: []string{"a", "b", "c"}, rotated: 1},
		"renamed and deleted while we have it open": {happens: func(w *world) {
			w.add(w.path, records("a"))
			w.start()
			w.add(w.path, records("b"))
			w.rotate()
			w.ok(os.Remove(w.path + ".1"))
			w.add(w.path, records("c"))
		}, want: []string{"a", "b", "c"}, rotated: 1},
		"renamed three times between two looks": {happens: func(w *world) {
			w.add(w.path, records("a"))
			w.start()
			for _, e := range []string{"b", "c", "d"} {
				w.add(w.path, records(e))
				w.rotate()
			}
			w.add(w.path, records("e"))
		}, want: []string{"a", "b", "c", "d", "e"}, rotated: 3},
		"renamed three times while we were down": {happens: func(w *world) {
			w.add(w.path, records("a"))
			w.start()
			w.halt()
			for _, e := range []string{"b", "c", "d"} {
				w.add(w.path, records(e))
				w.rotate()
			}
			w.add(w.path, records("e"))
			w.start()
		}, want: []string{"a", "b", "c", "d", "e"}, rotated: 3},
		"renamed with a date while we were down": {happens: func(w *world) {
			w.add(w.path, records("a"))
			w.start()
			w.halt()
			w.add(w.path, records("b"))
			w.ok(os.Rename(w.path, w.path+"-20260102"))
			w.add(w.path, records("c"))
			w.start()
		}, want: []string{"a", "b", "c"}, rotated: 1},
		"copied and truncated with unread lines": {happens: func(w *world) {
			w.add(w.path, records("a"))
			w.start()
			w.add(w.path, records("b"))
			w.copyTruncate()
			w.add(w.path, records("c"))
		}, want: []string{"a", "b", "c"}, truncated: 1, rotated: 1},
		"copied and truncated twice while we were down": {happens: func(w *world) {
			w.add(w.path, records("a"))
			w.start()
			w.halt()
			w.add(w.path, records("b"))
			w.copyTruncate()
			w.add(w.path, records("c"))
			w.copyTruncate()
			w.add(w.path, records("d"))
			w.start()
		}, want: []string{"a", "b", "c", "d"}, rotated: 2},
		"truncated, and as long as before when we look again": {happens: func(w *world) {
			w.add(w.path, records("a", "b"))
			w.start()
			w.ok(os.Truncate(w.path, 0))
			w.add(w.path, records("c", "d"))
		}, want: []string{"a", "b", "c", "d"}, truncated: 1},
		"truncated, and longer than before when we look again": {happens: func(w *world) {
			w.add(w.path, records("a"))
			w.start()
			w.ok(os.Truncate(w.path, 0))
			w.add(w.path, records("c", "d"))
		}, want: []string{"a", "c", "d"}, truncated: 1},
		"truncated within a line that is too long": {happens: func(w *world) {
			w.add(w.path, records("a")+strings.Repeat("x", 3<<20))
			w.start()
			w.ok(os.Truncate(w.path, 0))
			w.add(w.path, records("b"))
		}, want: []string{"a", "b"}, truncated: 1, lost: 1},
		"another file has its number after we were down": {happens: func(w *world) {
			w.add(w.path, records("a"))
			w.start()
			w.halt()
			w.ok(os.Truncate(w.path, 0))
			w.add(w.path, records("b", "c"))
			w.start()
		}, want: []string{"a", "b", "c"}, lost: 1},
		"it was moved away and compressed while we were down": {happens: func(w *world) {
			w.add(w.path, records("a"))
			w.start()
			w.halt()
			w.ok(os.Rename(w.path, w.path+".1.gz"))
			w.add(w.path, records("b"))
			w.start()
		}, want: []string{"a", "b"}, lost: 1},
		"it was restored from a copy": {happens: func(w *world) {
			w.add(w.path, records("a", "b"))
			w.start()
			w.halt()
			text, err := os.ReadFile(w.path)
			w.ok(err)
			w.ok(os.WriteFile(w.path+".new", text, 0o600))
			w.ok(os.Rename(w.path+".new", w.path))
			w.add(w.path, records("c"))
			w.start()
		}, want: []string{"a", "b", "c"}},
		"a folder lies there first": {happens: func(w *world) {
			w.ok(os.Mkdir(w.path, 0o700))
			w.start()
			w.settle()
			w.ok(os.Remove(w.path))
			w.add(w.path, records("a"))
		}, want: []string{"a"}},
		"files that were rotated before the first start are not read": {happens: func(w *world) {
			w.add(w.path, records("a"))
			w.rotate()
			w.add(w.path, records("b"))
			w.start()
		}, want: []string{"b"}},
		"rotated before anything of it was acknowledged, and then killed": {happens: func(w *world) {
			w.busy = func(int) error { return errBusy }
			w.add(w.path, records("a"))
			w.start()
			w.halt()
			w.busy = nil
			w.rotate()
			w.add(w.path, records("b"))
			w.start()
		}, want: []string{"a", "b"}, rotated: 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				tt.happens(w)
				w.settle()
				w.want(tt.want...)
				if p := w.progress(); p.Truncated != tt.truncated || p.Rotated != tt.rotated || p.Lost != tt.lost {
					w.Errorf("truncated %d, rotated %d, lost %d; want %d, %d, %d", p.Truncated, p.Rotated, p.Lost, tt.truncated, tt.rotated, tt.lost)
				}
			})
		})
	}
}

var errBusy = errors.New("the log is busy")

func TestBusyHandlerIsAskedAgainAndNothingIsPassedOver(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.busy = func(call int) error {
			if call <= 4 {
				return errBusy
			}
			return nil
		}
		w.add(w.path, records("a", "b"))
		w.start()
		w.pass(time.Second)
		if p := w.progress(); p.Refused != 3 || p.Behind != int64(len(records("a", "b"))) || p.Lag == 0 || !errors.Is(p.Err, errBusy) {
			w.Errorf("while it is busy: refused %d, behind %d, lag %s, %v; want 3, both lines and some, and why", p.Refused, p.Behind, p.Lag, p.Err)
		}
		if _, known, err := w.offsets.Load(w.path); err != nil || !known {
			w.Errorf("the file is not known: %v", err)
		} else if o, _, _ := w.offsets.Load(w.path); o.At != 0 {
			w.Errorf("saved byte %d before anything was acknowledged", o.At)
		}
		w.settle()
		w.want("a", "b")
		ms := time.Millisecond
		if want := []time.Duration{0, 250 * ms, 750 * ms, 1750 * ms, 3750 * ms}; !slices.Equal(w.calls, want) {
			w.Errorf("handed in at %v, want %v", w.calls, want)
		}
		if p := w.progress(); p.Behind != 0 || p.Lag != 0 || p.Err != nil {
			w.Errorf("at the end: behind %d, lag %s, %v; want none", p.Behind, p.Lag, p.Err)
		}
		if n := strings.Count(w.logged(), "attempts are not taken"); n != 1 {
			w.Errorf("said %d times, want once:\n%s", n, w.logged())
		}
	})
}

func TestBadLinesAreCountedAndTheirTextIsNotLogged(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.reject = map[string]string{"refused": `source "sesame" is not configured here`}
		long := strings.Repeat("s3cret", 1<<20)
		w.add(w.path, `{"status":"s3cret"}`+"\n"+records("a")+`{"duration_ms":41111111111111111111}`+"\n[\n"+records("b")+
			long+"\n"+records("c", "refused")+long[:100<<10]+"\n"+`{"source":"other",`+record("d")[1:]+records("e"))
		w.start()
		w.settle()
		for range 10 {
			w.add(w.path, "rubbish\n")
			w.pass(10 * time.Second)
		}
		w.want("a", "b", "c", "e")
		if p := w.progress(); p.Rejected != 17 || p.Overlong != 1 || p.Accepted != 4 || p.Lines != 21 {
			w.Errorf("rejected %d, overlong %d, accepted %d of %d lines; want 17, 1, 4 of 21", p.Rejected, p.Overlong, p.Accepted, p.Lines)
		}
		if n := strings.Count(w.logged(), "lines are not taken"); n < 2 || n > 4 {
			w.Errorf("said %d times in four minutes, want at most once a minute:\n%s", n, w.logged())
		}
		for _, leak := range []string{"s3cret", "sesame", "4111", "rubbish"} {
			if strings.Contains(w.logged(), leak) {
				w.Errorf("the log repeats %q of a line:\n%s", leak, w.logged())
			}
		}
	})
}

func TestWhatStandsInTheWayIsSaidOnce(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		stands func(w *world)
		want   string
	}{
		"a folder":              {stands: func(w *world) { w.ok(os.Mkdir(w.path, 0o700)) }, want: "is no regular file"},
		"a file nobody may see": {stands: func(w *world) { w.ok(os.Symlink(w.path, w.path)) }, want: "file cannot be read"},
		"nothing":               {stands: func(*world) {}, want: "file is not there"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				tt.stands(w)
				w.start()
				w.pass(2 * time.Minute)
				if n := strings.Count(w.logged(), tt.want); n != 1 || strings.Count(w.logged(), "\n") != 1 {
					w.Errorf("want %q once and nothing else:\n%s", tt.want, w.logged())
				}
				if p := w.progress(); p.Lag < time.Minute {
					w.Errorf("lag %s after two minutes without a file", p.Lag)
				}
				w.ok(os.RemoveAll(w.path))
				w.add(w.path, records("a"))
				w.settle()
				w.want("a")
				if !strings.Contains(w.logged(), "file is read again") {
					w.Errorf("its end is not said:\n%s", w.logged())
				}
			})
		})
	}
}

func TestLineOfOneMebibyteAtTheBound(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		bytes    int // with its end
		overlong int
	}{
		"exactly 1 MiB goes to the decoder, which refuses it": {bytes: 1 << 20},
		"one byte more is passed over":                        {bytes: 1<<20 + 1, overlong: 1},
		"5 MiB are passed over":                               {bytes: 5 << 20, overlong: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				w.start()
				w.add(w.path, records("a")+strings.Repeat(" ", tt.bytes/2)+strings.Repeat("x", tt.bytes-tt.bytes/2-1))
				w.settle()
				w.add(w.path, "\n"+records("b"))
				w.settle()
				w.want("a", "b")
				if p := w.progress(); p.Overlong != tt.overlong || p.Rejected != 1 {
					w.Errorf("overlong %d, rejected %d; want %d, 1", p.Overlong, p.Rejected, tt.overlong)
				}
			})
		})
	}
}

func TestValidateReportsEveryFaultAtOnce(t *testing.T) {
	t.Parallel()
	err := tail.Config{Path: "relative.ndjson", Poll: time.Hour, Linger: -1}.Validate()
	if err == nil {
		t.Fatal("no fault")
	}
	for _, want := range []string{"path: ", "source: ", "poll: 1h0m0s is outside", "linger: -1ns is outside"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q in it", err, want)
		}
	}
}

// TestSampleOfABadLineSaysWhereAndWhy, and repeats nothing of it.
func TestSampleOfABadLineSaysWhereAndWhy(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ line, want string }{
		"a word that is none":         {line: `{"trigger":"s3cret"}`, want: "trigger: "},
		"a time that is none":         {line: `{"started_at":"s3cret"}`, want: "started_at: "},
		"a number that is too long":   {line: `{"duration_ms":4111111111111111111111}`, want: "duration_ms: "},
		"no JSON":                     {line: `s3cret`, want: "not JSON at byte 1"},
		"another source":              {line: `{"source":"s3cret",` + record("x")[1:], want: "source is not the one of this file"},
		"one that the handler leaves": {line: record("refused"), want: "is not configured here"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				w.reject = map[string]string{"refused": `source "s3cret" is not configured here`}
				w.add(w.path, records("a")+strings.TrimSuffix(tt.line, "\n")+"\n"+records("b"))
				w.start()
				w.want("a", "b")
				if text := w.logged(); !strings.Contains(text, tt.want) || !strings.Contains(text, fmt.Sprintf("byte=%d ", len(records("a")))) {
					w.Errorf("want byte %d and %q in it:\n%s", len(records("a")), tt.want, text)
				}
				if text := w.logged(); strings.Contains(text, "s3cret") || strings.Contains(text, "4111111111111111111111") {
					w.Errorf("it repeats the line:\n%s", text)
				}
			})
		})
	}
}
