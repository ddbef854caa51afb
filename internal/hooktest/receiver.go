package hooktest

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
)

// errRunning is what Start says to a receiver that runs.
var errRunning = errors.New("start receiver: it is running already")

// Receiver is an HTTP or HTTPS server on one address that behaves as it is
// told. It begins with [Receiver.Start] and ends with [Receiver.Stop] or
// Close; one goroutine accepts, one more serves each connection, at most 4096.
// All methods are safe for concurrent use.
type Receiver struct {
	opts    Options
	tickets [32]byte // one session ticket key, so that a client may resume
	ledger  ledger
	slots   chan struct{} // one for each open connection

	life  sync.Mutex // held by Start and Stop, in full
	wg    sync.WaitGroup
	berth berth // guarded by life

	mu     sync.Mutex // guards all below
	ln     *net.TCPListener
	addr   netip.AddrPort // port 0 before the first Start
	conns  map[*net.TCPConn]struct{}
	script script
	cert   *tls.Certificate // by SetCertificate; nil: the steps' own
}

// New returns a receiver that does not listen yet. It returns an error that
// names the option that is wrong.
func New(o Options) (*Receiver, error) {
	if err := o.prepare(); err != nil {
		return nil, fmt.Errorf("receiver: %w", err)
	}
	r := &Receiver{opts: o, slots: make(chan struct{}, maxOpen), conns: map[*net.TCPConn]struct{}{}}
	r.addr = netip.MustParseAddrPort(o.Addr) // prepare has parsed it
	_, _ = rand.Read(r.tickets[:])           // never fails since Go 1.24
	if err := r.Set(o.Behaviour); err != nil {
		return nil, err
	}
	return r, nil
}

// Start listens: the first time where Options.Addr says, later on the same
// port as before, which is kept for it meanwhile on Linux. It returns an error
// when somebody else has that port, or the receiver runs already.
func (r *Receiver) Start() error {
	r.life.Lock()
	defer r.life.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ln != nil {
		return errRunning
	}
	ln, err := r.berth.listen(r.addr)
	if err != nil {
		return fmt.Errorf("start receiver: %w", err)
	}
	r.ln, r.addr = ln, ln.Addr().(*net.TCPAddr).AddrPort()
	if r.opts.Location == "" {
		r.opts.Location = r.url() + "/moved"
	}
	r.wg.Go(func() { r.accept(ln) })
	return nil
}

// Stop closes the listener, so that new connections are refused, cuts the open
// connections, and waits until their goroutines have ended. Start undoes it.
// Stopping twice does nothing.
func (r *Receiver) Stop() {
	r.life.Lock()
	defer r.life.Unlock()
	r.mu.Lock()
	if r.ln != nil {
		_ = r.ln.Close() // it was open
		r.ln = nil
	}
	for c := range r.conns {
		_ = c.Close() // may have ended by itself
	}
	r.mu.Unlock()
	r.wg.Wait()
}

// Close is Stop, under the name that clean-up code expects.
func (r *Receiver) Close() { r.Stop() }

// Set makes b the behaviour of connections from now on, and of the next
// request on connections that are kept alive; for a certificate these are too
// old, as they would be elsewhere. It returns an error, and changes nothing,
// when b is unknown or needs TLS that is not there.
func (r *Receiver) Set(b Behaviour) error { return r.Play(b) }

// Play gives each new connection the next of the behaviours; the last one
// stays. With more than one, every connection ends after one answer, so that a
// step is a request. Errors are those of Set.
func (r *Receiver) Play(steps ...Behaviour) error { return r.play(steps, false) }

// Repeat is Play with the first behaviour following the last.
func (r *Receiver) Repeat(steps ...Behaviour) error { return r.play(steps, true) }

func (r *Receiver) play(names []Behaviour, loop bool) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	steps, err := prepareSteps(names, &r.opts, r.addr.Addr())
	if err != nil {
		return fmt.Errorf("receiver: %w", err)
	}
	r.script = script{steps: steps, loop: loop}
	return nil
}

// SetCertificate changes the certificate for handshakes from now on; nil goes
// back to the receiver's own. Behaviours whose trouble is a certificate keep
// theirs. It returns an error on a plain receiver.
func (r *Receiver) SetCertificate(cert *tls.Certificate) error {
	if !r.opts.secure() {
		return errors.New("receiver: set certificate: it has no TLS: set CA or Certificate")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cert = cert
	return nil
}

// Addr returns the address; its port is 0 before the first Start.
func (r *Receiver) Addr() netip.AddrPort {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.addr
}

// URL returns "https://127.0.0.1:1234" or the like, without a slash at the end.
func (r *Receiver) URL() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.url()
}

func (r *Receiver) url() string {
	if r.opts.secure() {
		return "https://" + r.addr.String()
	}
	return "http://" + r.addr.String()
}

// Requests returns the latest requests, at most MaxRequests, oldest first.
func (r *Receiver) Requests() []Request { return r.ledger.list() }

// Stats returns the figures of this moment.
func (r *Receiver) Stats() Stats { return r.ledger.now() }

// Wait blocks until the figures are as wanted, or ctx ends; then it returns an
// error with the figures. until is called with each change.
func (r *Receiver) Wait(ctx context.Context, until func(Stats) bool) error {
	return r.ledger.wait(ctx, until)
}
