//go:build integration

package acceptance_test

import (
	"bytes"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path"
	"sync"
	"testing"
	"time"
)

// moment is how far an exchange with a receiver has come.
type moment string

const (
	connected moment = "connected" // the connection is open, and nothing was said
	begun     moment = "begun"     // the receiver has the beginning: the head of a request, a command, the first line of a mail
	received  moment = "received"  // the receiver has all of it, and has not answered
	answered  moment = "answered"  // the answer lies in the daemon's socket
)

// trap stands before a receiver and holds what passes at one moment of one
// kind of exchange, until the test lets it go. It is safe for concurrent use.
type trap struct {
	closed chan struct{} // the test is over: nothing is held

	mu     sync.Mutex // guards all below
	at     moment     // empty: it is not set
	of     string     // the method, the last word of a path, or the verb; empty: whatever passes
	sprung chan struct{}
	goOn   chan bool
}

func newTrap(t *testing.T) *trap {
	t.Helper()
	tr := &trap{closed: make(chan struct{})}
	t.Cleanup(func() { close(tr.closed) })
	return tr
}

// set waits for the next exchange of a kind. sprung is closed when one is
// held; letGo lets it pass, or cuts it off there. What is held already is not
// affected.
func (tr *trap) set(at moment, of string) (sprung <-chan struct{}, letGo func(pass bool)) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	goOn := make(chan bool, 1)
	tr.at, tr.of, tr.sprung, tr.goOn = at, of, make(chan struct{}), goOn
	return tr.sprung, func(pass bool) { goOn <- pass }
}

// pass is called by a gate as an exchange goes on; false: it is cut off.
func (tr *trap) pass(at moment, of string) bool {
	tr.mu.Lock()
	if tr.at != at || tr.of != "" && tr.of != of {
		tr.mu.Unlock()
		return true
	}
	tr.at = ""
	close(tr.sprung)
	goOn := tr.goOn
	tr.mu.Unlock()
	select {
	case pass := <-goOn:
		return pass
	case <-tr.closed:
		return false
	}
}

// httpGate hands requests to a receiver, and its answers back. The kind of an
// exchange is the last word of its path.
type httpGate struct {
	*trap

	server *httptest.Server
	next   http.Handler
}

func openGate(t *testing.T, next http.Handler) *httpGate {
	t.Helper()
	g := &httpGate{next: next}
	g.server = httptest.NewUnstartedServer(g)
	t.Cleanup(g.server.Close) // after the trap has let go
	g.trap = newTrap(t)
	g.server.Listener = trappedListener{g.server.Listener, g.trap}
	g.server.Start()
	return g
}

// openGateTo is openGate before a server that runs elsewhere.
func openGateTo(t *testing.T, server string) *httpGate {
	t.Helper()
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	return openGate(t, httputil.NewSingleHostReverseProxy(u))
}

func (g *httpGate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	of := path.Base(r.URL.Path)
	if !g.pass(begun, of) {
		panic(http.ErrAbortHandler) // net/http's way to close a connection without an answer
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the daemon is dead
	}
	answer := httptest.NewRecorder()
	r.Body = io.NopCloser(bytes.NewReader(body))
	g.next.ServeHTTP(answer, r)
	if !g.pass(received, of) {
		panic(http.ErrAbortHandler)
	}
	maps.Copy(w.Header(), answer.Header())
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes()) // the daemon may be dead
	_ = http.NewResponseController(w).Flush()
	g.pass(answered, of)
}

// trappedListener holds connections before a word is read.
type trappedListener struct {
	net.Listener

	trap *trap
}

func (l trappedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil && !l.trap.pass(connected, "") {
		_ = c.Close() // what was said is thrown away
	}
	return c, err
}

// springs waits for a trap that was set.
func (h *house) springs(what string, sprung <-chan struct{}) {
	h.t.Helper()
	timer := time.NewTimer(3 * time.Minute)
	defer timer.Stop()
	select {
	case <-sprung:
	case <-timer.C:
		h.t.Fatalf("never happened: %s", what)
	}
}
