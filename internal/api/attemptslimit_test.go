package api_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/hookvigil/hookvigil/internal/ingest"
)

// sender keeps a connection whose body of attempts is not at its end.
type sender struct{ *net.TCPConn }

func (w *world) sender(t *testing.T, head, body string) sender {
	t.Helper()
	host := strings.TrimPrefix(w.url, "http://")
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	s := sender{conn.(*net.TCPConn)}
	s.send(t, "POST /api/v1/attempts HTTP/1.1\r\nHost: "+host+"\r\nAuthorization: Bearer "+ingestToken+"\r\n"+head+"\r\n\r\n"+body)
	return s
}

func (s sender) send(t *testing.T, text string) {
	t.Helper()
	if _, err := io.WriteString(s, text); err != nil {
		t.Fatal(err)
	}
}

func (s sender) answer(t *testing.T) answer {
	t.Helper()
	res, err := http.ReadResponse(bufio.NewReader(s), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, string(raw)}
}

func TestABodyThatBreaksOffKeepsWhatStandsBefore(t *testing.T) {
	t.Parallel()
	good := line(1, `"endpoint":"own-pay",`) + "\n"
	for name, tt := range map[string]struct {
		head, body string
		want       int
	}{
		"it ends too early":       {"Content-Length: 5000", good + good[:40], 400},
		"a chunk without a size":  {"Transfer-Encoding: chunked", chunk(good) + "zz\r\n", 400},
		"chunks without an end":   {"Transfer-Encoding: chunked", chunk(good), 400},
		"over 8 MiB, not told":    {"Transfer-Encoding: chunked", chunk(good) + chunk(strings.Repeat(strings.Repeat(" ", 1023)+"\n", 8<<10)), 413},
		"over 8 MiB, told before": {"Content-Length: 8388609", "", 413},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, allTokens())
			s := w.sender(t, tt.head, tt.body)
			if err := s.CloseWrite(); err != nil && !errors.Is(err, syscall.ENOTCONN) { // the server has closed: its answer is there
				t.Fatal(err)
			}
			a := s.answer(t)
			a.problem(t, tt.want)
			var got taken
			a.into(t, tt.want, &got)
			want := strings.Count(tt.body, "evt-1\",\"attempt")
			if got.Accepted != min(want, 1) || len(w.attempts.all()) != got.Accepted {
				t.Errorf("says %d are durable, %d are; want %d", got.Accepted, len(w.attempts.all()), min(want, 1))
			}
		})
	}
}

func chunk(s string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(s), s) }

// TestFourBodiesOfACallerAreReadAtATime fills all places of a caller with
// bodies that do not end.
func TestFourBodiesOfACallerAreReadAtATime(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	good := line(1, `"endpoint":"own-pay",`)
	var slow []sender
	for range 4 {
		s := w.sender(t, "Transfer-Encoding: chunked\r\nExpect: 100-continue", "")
		// 100 is sent when the body is read: the place is taken.
		if line, err := bufio.NewReader(s).ReadString('\n'); err != nil || !strings.Contains(line, "100") {
			t.Fatalf("got %q, %v, want 100 Continue", line, err)
		}
		slow = append(slow, s)
	}
	a := w.ask(t, http.MethodPost, attemptsPath, ingestToken, good)
	a.problem(t, 429)
	if a.header.Get("Retry-After") != "1" {
		t.Errorf("Retry-After %q, want 1", a.header.Get("Retry-After"))
	}
	w.ask(t, http.MethodPost, attemptsPath, adminToken, good).into(t, 200, new(taken)) // another caller has places of its own
	slow[3].send(t, chunk(good)+"0\r\n\r\n")
	slow[3].answer(t).into(t, 200, new(taken))
	w.ask(t, http.MethodPost, attemptsPath, ingestToken, good).into(t, 200, new(taken))
	for _, s := range slow {
		_ = s.Close()
	}
}

// TestWaitingForTheDiskHoldsNoPlace: those that wait share one write.
func TestWaitingForTheDiskHoldsNoPlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	const many = 30
	w.attempts.hold, w.attempts.waiting = make(chan struct{}), make(chan struct{}, many)
	var wg sync.WaitGroup
	for i := range many {
		wg.Go(func() {
			var got taken
			if a := w.ask(t, http.MethodPost, attemptsPath, ingestToken, line(i, `"endpoint":"own-pay",`)); a.status != 200 {
				t.Errorf("status %d, want 200: %s", a.status, a.body)
			} else if a.into(t, 200, &got); got.Accepted != 1 {
				t.Errorf("got %+v, want one accepted", got)
			}
		})
		<-w.attempts.waiting
	}
	close(w.attempts.hold)
	wg.Wait()
}

// TestAttemptsInMemoryAreBounded leaves little room, as bodies that wait for
// the disk do.
func TestAttemptsInMemoryAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, allTokens())
	body := lines(100)
	drop := w.server.HoldAttempts(t, 64<<20-100)
	a := w.ask(t, http.MethodPost, attemptsPath, ingestToken, body)
	if a.problem(t, 429); a.header.Get("Retry-After") != "1" || len(w.attempts.calls()) != 0 {
		t.Errorf("without room: Retry-After %q, %d calls; want 1 and none", a.header.Get("Retry-After"), len(w.attempts.calls()))
	}
	drop()

	drop = w.server.HoldAttempts(t, 64<<20-4000) // room for some attempts: they are taken first, and make room
	var got taken
	w.ask(t, http.MethodPost, attemptsPath, ingestToken, body).into(t, 200, &got)
	if calls := w.attempts.calls(); got.Accepted != 100 || len(calls) < 5 || len(calls) > 50 {
		t.Errorf("with little room: %+v in batches of %v, want 100 in batches of a few", got, calls)
	}
	drop()

	w.attempts.fail = func(int) error { return ingest.ErrBusy }
	w.ask(t, http.MethodPost, attemptsPath, ingestToken, body).problem(t, 429)
	w.server.HoldAttempts(t, 64<<20)() // all room is free again, whatever the outcome was
}
