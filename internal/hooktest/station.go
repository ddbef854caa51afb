package hooktest

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/net/netutil"
)

// station is an HTTP server on one address that can stop and start again
// there. It is what the fakes of services have in common; all methods are safe
// for concurrent use.
type station struct {
	name   string                                                               // as errors say it
	handle func(w http.ResponseWriter, r *http.Request, closed <-chan struct{}) // must return soon after closed is

	life  sync.Mutex // held by Start and Close, in full
	wg    sync.WaitGroup
	berth berth // guarded by life

	mu     sync.Mutex     // guards all below
	addr   netip.AddrPort // port 0 before the first Start
	srv    *http.Server   // nil when not running
	closed chan struct{}  // closed by Close
}

// stationHeadTime bounds how long a client may take to send its head.
const stationHeadTime = time.Minute

// Start listens: the first time where the options say, later on the same port
// as before, which is kept for it meanwhile on Linux. It returns an error when
// somebody else has that port, or the server runs already.
func (s *station) Start() error {
	s.life.Lock()
	defer s.life.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.srv != nil {
		return fmt.Errorf("start %s: %w", s.name, errRuns)
	}
	ln, err := s.berth.listen(s.addr)
	if err != nil {
		return fmt.Errorf("start %s: %w", s.name, err)
	}
	s.addr = ln.Addr().(*net.TCPAddr).AddrPort()
	closed := make(chan struct{})
	srv := &http.Server{
		Handler:           http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.handle(w, r, closed) }),
		ConnState:         func(c net.Conn, state http.ConnState) { s.track(c, state, closed) },
		ReadHeaderTimeout: stationHeadTime,
		ErrorLog:          slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
	s.srv, s.closed = srv, closed
	s.wg.Go(func() { _ = srv.Serve(netutil.LimitListener(ln, maxOpen)) }) // says that Close has closed it
	return nil
}

var errRuns = errors.New("it is running already")

// track makes Close wait for the goroutine that net/http gives a connection.
// A connection is new while Serve still runs, so the count is not zero then.
func (s *station) track(c net.Conn, state http.ConnState, closed <-chan struct{}) {
	switch state {
	case http.StateNew:
		s.wg.Add(1)
		select {
		case <-closed:
			_ = c.Close() // accepted too late for http.Server.Close to know it
		default:
		}
	case http.StateClosed, http.StateHijacked:
		s.wg.Done()
	default:
	}
}

// Close stops listening, so that new connections are refused, cuts the open
// connections, and waits for its goroutines. Start undoes it. Closing twice
// does nothing.
func (s *station) Close() {
	s.life.Lock()
	defer s.life.Unlock()
	s.mu.Lock()
	srv := s.srv
	if srv != nil {
		close(s.closed)
		s.srv = nil
	}
	s.mu.Unlock()
	if srv != nil {
		_ = srv.Close() // the listener was open
	}
	s.wg.Wait()
}

// URL returns "http://127.0.0.1:1234", without a slash or a path at the end;
// its port is 0 before the first Start.
func (s *station) URL() string { return "http://" + s.host() }

func (s *station) host() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addr.String()
}

// stay waits for delay, or without end when the answer hangs; false: the client
// went, or the server was closed, before that.
func stay(r *http.Request, closed <-chan struct{}, delay time.Duration, hangs bool) bool {
	if delay <= 0 && !hangs {
		return true
	}
	var until <-chan time.Time
	if !hangs {
		timer := time.NewTimer(delay)
		defer timer.Stop()
		until = timer.C
	}
	select {
	case <-until:
		return true
	case <-r.Context().Done():
	case <-closed:
	}
	return false
}
