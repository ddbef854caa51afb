//go:build integration

package acceptance_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// hookSink is a program that takes webhooks, and misbehaves while it is to.
type hookSink struct {
	*httptest.Server

	mu    sync.Mutex
	calls map[string]int // by webhook-id, also those whose answer was lost
	n     int
	calm  bool
}

func startHook(t *testing.T) *hookSink {
	t.Helper()
	s := &hookSink{calls: map[string]int{}}
	s.Server = httptest.NewServer(http.HandlerFunc(s.take))
	t.Cleanup(s.Close)
	return s
}

// take refuses each fifth call, and loses its answer to each seventh.
func (s *hookSink) take(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // it is the ID that is looked at
	s.mu.Lock()
	s.n++
	n, calm := s.n, s.calm
	if calm || n%5 != 0 {
		s.calls[r.Header.Get("webhook-id")]++
	}
	s.mu.Unlock()
	switch {
	case calm:
	case n%5 == 0:
		w.WriteHeader(http.StatusServiceUnavailable)
	case n%7 == 0:
		panic(http.ErrAbortHandler) // taken, and the sender is not told
	}
}

func (s *hookSink) behave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calm = true
}

// counts returns how many different calls were taken, and how many were taken
// again.
func (s *hookSink) counts() (different, again int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range s.calls {
		different, again = different+1, again+n-1
	}
	return different, again
}
