package certificate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/hookvigil/hookvigil/probes"
)

const (
	defaultTimeout = 10 * time.Second
	defaultPort    = 443
	maxAddresses   = 16 // of one name, both families together
)

// Looker goes over the wire. It shares no connection, session or cache with
// anything, not even with itself from look to look, so that a certificate put
// in place a moment ago is the one it sees. The zero value is ready and
// permits the public internet alone. It may be used concurrently.
type Looker struct {
	Guard    *probes.Guard // nil: the guard of the zero GuardConfig
	Log      *slog.Logger  // where a panic of ours goes, with its stack; nil: nowhere
	Panicked func()        // called after one; nil: nobody counts

	refusal time.Duration // how long a refusal is listened for; 0: refusalWait
}

// Look resolves the name of t afresh and looks at every address behind it, at
// most 16, all at the same time, each within t.Timeout (0: 10 s); with
// t.Connect it resolves nothing and looks there. A port of 0 is 443. Look
// returns when every look has ended; the slowest address delays no other.
// A look that fails is data, not an error: a name that gives no address is one
// Seen without an Address, and its fault.
func (l *Looker) Look(ctx context.Context, t Target) []Seen {
	if t.Timeout <= 0 {
		t.Timeout = defaultTimeout
	}
	if t.Port == 0 {
		t.Port = defaultPort
	}
	guard := l.Guard
	if guard == nil {
		guard = &probes.Guard{}
	}
	if t.Own {
		guard = guard.Own()
	}
	at := time.Now().UTC()
	addresses, err := resolve(ctx, guard, t)
	if err != nil {
		fault, detail := wayFault(ctx, err)
		return []Seen{{At: at, Took: time.Since(at), Fault: fault, Detail: detail}}
	}
	seen := make([]Seen, len(addresses))
	var wg sync.WaitGroup
	for i, to := range addresses {
		wg.Go(func() { seen[i] = l.lookAt(ctx, guard, t, to) })
	}
	wg.Wait()
	return seen
}

// resolve returns the addresses to look at, in a stable order.
func resolve(ctx context.Context, guard *probes.Guard, t Target) ([]netip.AddrPort, error) {
	if t.Connect.IsValid() {
		return []netip.AddrPort{t.Connect}, guard.JudgePort(t.Connect.Port())
	}
	if err := guard.JudgePort(t.Port); err != nil {
		return nil, err
	}
	bounded, cancel := context.WithTimeout(ctx, t.Timeout)
	defer cancel()
	found, err := guard.Lookup(bounded, t.Host)
	if err != nil {
		return nil, err
	}
	var to []netip.AddrPort
	for _, a := range pick(found) {
		to = append(to, netip.AddrPortFrom(a, t.Port))
	}
	return to, nil
}

// pick orders addresses and keeps the bound, fair to both families.
func pick(found []netip.Addr) []netip.Addr {
	found = slices.Clone(found)
	slices.SortFunc(found, netip.Addr.Compare)
	found = slices.Compact(found)
	if len(found) <= maxAddresses {
		return found
	}
	six := slices.IndexFunc(found, netip.Addr.Is6)
	if six < 0 {
		return found[:maxAddresses]
	}
	v4, v6 := found[:six], found[six:]
	n := min(len(v4), max(maxAddresses/2, maxAddresses-len(v6)))
	return slices.Concat(v4[:n], v6[:min(len(v6), maxAddresses-n)])
}

// lookAt looks at one address. A panic (a certificate that crypto cannot
// bear) is this look's fault alone.
func (l *Looker) lookAt(ctx context.Context, guard *probes.Guard, t Target, to netip.AddrPort) (s Seen) {
	s = Seen{Address: to, At: time.Now().UTC()}
	defer func() {
		if p := recover(); p != nil {
			s.Fault, s.Detail = FaultInternal, clean(fmt.Sprintf("panic: %v", p), maxError)
			l.panicked(t, s.Detail)
		}
		if s.Took == 0 {
			s.Took = time.Since(s.At)
		}
	}()
	bounded, cancel := context.WithTimeout(ctx, t.Timeout)
	defer cancel()
	(&look{guard: guard, target: t, to: to, refusal: cmp.Or(l.refusal, refusalWait), seen: &s}).run(ctx, bounded)
	if ctx.Err() != nil && len(s.Chain) == 0 {
		s.Fault, s.Detail = FaultCanceled, "given up"
	}
	return s
}

// panicked logs and counts a panic. It is called while the stack still shows it.
func (l *Looker) panicked(t Target, what string) {
	if l.Log != nil {
		l.Log.Error("certificate look panicked", "target", t.ID, "panic", what, "stack", string(debug.Stack()))
	}
	if l.Panicked != nil {
		l.Panicked()
	}
}

// wayFault is the word for what kept us from an address, before TLS.
func wayFault(ctx context.Context, err error) (Fault, string) {
	detail := clean(err.Error(), maxError)
	if ctx.Err() != nil {
		return FaultCanceled, "given up"
	}
	if _, ok := errors.AsType[*probes.BlockedError](err); ok {
		return FaultBlocked, detail
	}
	if lookup, ok := errors.AsType[*probes.LookupError](err); ok {
		return lookupFault(lookup.Fault), detail
	}
	return dialFault(err), detail
}

func lookupFault(f probes.Fault) Fault {
	switch f {
	case probes.FaultDNSNotFound, probes.FaultInvalidURL: // what is no name does not exist
		return FaultDNSNotFound
	case probes.FaultDNSNoAddress:
		return FaultDNSNoAddress
	case probes.FaultTimeoutDNS:
		return FaultTimeoutDNS
	case probes.FaultCanceled:
		return FaultCanceled
	case probes.FaultInternal:
		return FaultInternal
	default:
		return FaultDNSFailed
	}
}
