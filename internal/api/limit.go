package api

import (
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/hookvigil/hookvigil/internal/subscription"
)

// How many wrong tokens of one address are answered 401 before they are
// answered 429.
const (
	maxFailures   = 10
	failureWindow = time.Minute
	maxAddresses  = 10_000 // remembered at once, twice over
)

// failures counts wrong tokens by address. Its memory is bounded: two
// generations of at most maxAddresses; the older one is dropped when the
// younger is full or a window old.
type failures struct {
	mu      sync.Mutex
	now     map[netip.Prefix]streak // guarded by mu, as are the fields below
	before  map[netip.Prefix]streak
	rotated time.Time
}

// streak is the failures of one address since a moment.
type streak struct {
	since time.Time
	count int
}

// wait says for how long the wrong tokens of addr are answered 429; zero when
// they are not.
func (f *failures) wait(addr netip.Prefix, at time.Time) time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.ofLocked(addr)
	if left := failureWindow - at.Sub(s.since); s.count >= maxFailures && left > 0 {
		return left
	}
	return 0
}

// add counts a wrong token.
func (f *failures) add(addr netip.Prefix, at time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.ofLocked(addr)
	if s.count == 0 || at.Sub(s.since) >= failureWindow {
		s = streak{since: at}
	}
	s.count++
	if f.now == nil || len(f.now) >= maxAddresses || at.Sub(f.rotated) >= failureWindow {
		f.before, f.now, f.rotated = f.now, map[netip.Prefix]streak{}, at
	}
	f.now[addr] = s
}

func (f *failures) ofLocked(addr netip.Prefix) streak {
	if s, ok := f.now[addr]; ok {
		return s
	}
	return f.before[addr]
}

// How often somebody who has left may come back by the link of a mail.
const (
	maxReturns   = 10
	returnWindow = time.Hour
)

// returns counts by address who has come back: whoever has a link may use it as
// often as they like, and each change is a write and a row of the audit. To
// leave is never refused. There are no more entries than addresses with links.
type returns struct {
	mu    sync.Mutex
	since time.Time // guarded by mu, as is the field below
	count map[subscription.Place]int
}

// allow counts one who comes back, and reports whether they may.
func (r *returns) allow(who subscription.Place, at time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.count == nil || at.Sub(r.since).Abs() >= returnWindow {
		r.since, r.count = at, map[subscription.Place]int{}
	}
	r.count[who]++
	return r.count[who] <= maxReturns
}

// remoteAddress returns the address that a connection comes from; the zero
// Addr when there is none (a unix socket).
func remoteAddress(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap().WithZone("")
}

// neighbourhood is what counts as one guesser: an IPv4 address, or the /64
// that one IPv6 customer has to itself.
func neighbourhood(addr netip.Addr) netip.Prefix {
	bits := addr.BitLen()
	if addr.Is6() {
		bits = 64
	}
	p, err := addr.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}
