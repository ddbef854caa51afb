package hooktest

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// What a receiver remembers.
const (
	MaxBody     = 64 << 10 // bytes of a request's body that are kept
	MaxRequests = 1024     // requests that are kept, the latest

	maxRequestBytes = 8 << 20 // of one request with its body; more ends the connection
)

// Request is one request as it arrived. It is a value of the caller's, but
// Header, Body and TLS are shared: do not change them.
type Request struct {
	At      time.Time // when it was complete
	Method  string
	Path    string // as sent, with the query
	Host    string
	Header  http.Header
	Body    []byte // the first MaxBody bytes
	Remote  netip.AddrPort
	Connect int                  // which connection, counted from 1
	TLS     *tls.ConnectionState // nil without TLS; DidResume and ServerName are of interest
}

// Stats are figures of a receiver. Connections, Requests and BytesSent only
// grow, also over Stop and Start.
type Stats struct {
	Connections int   // accepted
	Open        int   // of them not yet ended on our side
	Requests    int   // read completely
	BytesSent   int64 // on TCP, TLS included
}

// ledger is what a receiver remembers. It is safe for concurrent use.
type ledger struct {
	mu       sync.Mutex // guards all below
	stats    Stats
	requests []Request
	changed  chan struct{} // closed at the next change; nil while nobody waits
}

// note changes the figures, adds r unless nil, and wakes who waits.
func (l *ledger) note(change func(*Stats), r *Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change(&l.stats)
	if r != nil {
		if len(l.requests) == MaxRequests {
			l.requests = slices.Delete(l.requests, 0, 1)
		}
		l.requests = append(l.requests, *r)
	}
	if l.changed != nil {
		close(l.changed)
		l.changed = nil
	}
}

func (l *ledger) now() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stats
}

func (l *ledger) list() []Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.requests)
}

func (l *ledger) wait(ctx context.Context, until func(Stats) bool) error {
	for {
		l.mu.Lock()
		stats := l.stats
		if l.changed == nil {
			l.changed = make(chan struct{})
		}
		changed := l.changed
		l.mu.Unlock()
		if until(stats) {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("wait for receiver (%+v): %w", stats, context.Cause(ctx))
		}
	}
}
