package hooktest_test

import (
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/hooktest"
)

// Not parallel: it counts goroutines.
func TestCloseEndsSlackUnderWay(t *testing.T) {
	base := runtime.NumGoroutine()
	steps := []hooktest.SlackStep{{}, {Delay: time.Hour}}
	for _, fault := range hooktest.SlackFaults() {
		step := hooktest.SlackStep{Fault: fault}
		if fault == hooktest.SlackRefused {
			step.Error = "account_inactive"
		}
		steps = append(steps, step)
	}
	s, err := hooktest.NewSlack(hooktest.SlackOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // it starts again after its end
		if err := s.Start(); err != nil {
			t.Fatal(err)
		}
		playSlack(t, s, hooktest.SlackAny, steps...)
		before := s.Stats().Calls
		addr := strings.TrimPrefix(s.URL(), "http://")
		for range len(steps) + 1 { // the last one says nothing at all
			conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close() // only after the server: it must not wait for us
			if s.Stats().Calls-before == len(steps) {
				continue
			}
			have := s.Stats().Calls
			const body = "text=x"
			_, _ = fmt.Fprintf(conn, "POST /api/chat.postMessage HTTP/1.1\r\nHost: test\r\n"+
				"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
			for s.Stats().Calls == have {
				runtime.Gosched()
			}
			_, _ = io.WriteString(conn, "POST") // the next request begins: now net/http does not see the connection end
			defer func() { _, _ = io.Copy(io.Discard, conn) }()
		}
		start := time.Now()
		s.Close()
		if took := time.Since(start); took > generous/2 {
			t.Errorf("close took %v", took)
		}
		if got := s.Stats().Pending; got != 0 {
			t.Errorf("got %d pending calls, want none", got)
		}
		s.Close() // again: nothing
	}
	backTo(t, base+1) // the garbage collector may have started its own
}
