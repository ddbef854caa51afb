package probes

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
)

// maxAddrs is how many addresses of a name are used; all are judged.
const maxAddrs = 16

// A LookupError says why a name gave no address.
type LookupError struct {
	Host  string
	Fault Fault  // of the DNS, canceled, internal (no descriptors left), or invalid_url for what is no name
	Why   string // for the operator
	Err   error  // the cause, never nil
}

// Error implements error. It names no server of ours.
func (e *LookupError) Error() string { return fmt.Sprintf("lookup %q: %s", e.Host, e.Why) }

// Unwrap returns the cause.
func (e *LookupError) Unwrap() error { return e.Err }

// Lookup returns the addresses of host, a name or an address without brackets:
// at least one, at most 16, in the order of the resolver. The name is absolute:
// no search domain is tried. One forbidden answer refuses the whole name with a
// [*BlockedError], because the next lookup may lead there; no answer at all
// is a [*LookupError]. Nothing is remembered. Only ctx and the resolver's own
// patience (5 s and 2 tries for each server by default) bound the wait.
func (g *Guard) Lookup(ctx context.Context, host string) ([]netip.Addr, error) {
	if addr, err := netip.ParseAddr(host); err == nil {
		if err := g.Judge(addr); err != nil {
			return nil, err
		}
		return []netip.Addr{addr.Unmap()}, nil
	}
	if err := checkHost(host); err != nil {
		return nil, &LookupError{Host: host, Fault: FaultInvalidURL, Why: err.Error(), Err: err}
	}
	q := &query{server: g.resolver, last: map[uint16]reply{}}
	found, err := q.lookup(ctx, host)
	if err != nil {
		return nil, err
	}
	return g.judgeAll(host, found)
}

func (g *Guard) judgeAll(host string, found []netip.Addr) ([]netip.Addr, error) {
	var addrs []netip.Addr
	for _, addr := range found {
		if why := g.whyNot(addr); why != "" {
			return nil, &BlockedError{Address: addr.Unmap().String(), Why: why, Host: host}
		}
		if addr = addr.Unmap(); len(addrs) < maxAddrs && !slices.Contains(addrs, addr) {
			addrs = append(addrs, addr)
		}
	}
	return addrs, nil
}

// query is one lookup. It listens in on the resolver's connections, because
// package net has one error for two faults: no such name, and no address.
type query struct {
	server string // empty: the system's

	mu   sync.Mutex // guards what follows
	last map[uint16]reply
	ours error // what our machine lacked to ask at all; package net keeps no more than its text
}

// reply is the last that was heard on a question of one type.
type reply struct {
	heard heard
	code  byte // the response code, of an answer
}

type heard uint8

const (
	anAnswer heard = iota
	nothing        // in the time that the resolver gives a server
	anError        // of the connection: nobody listens there
)

// Response codes of RFC 1035 section 4.1.1.
const (
	codeSuccess   = 0
	codeNameError = 3
)

func (q *query) lookup(ctx context.Context, host string) ([]netip.Addr, error) {
	// A resolver of its own: lookups that share one share their answers too.
	r := net.Resolver{PreferGo: true, Dial: func(one context.Context, network, address string) (net.Conn, error) {
		conn, err := q.dial(one, network, address)
		if err != nil {
			return nil, err
		}
		// The resolver waits out its own deadline, whatever becomes of ctx; closing the connection ends that.
		conn.stop = context.AfterFunc(ctx, func() { _ = conn.Conn.Close() })
		return conn.forResolver(), nil
	}}
	name := host
	if strings.Contains(host, ".") {
		name += "." // absolute: no search domain is tried
	} // else a name of this network (localhost, ledger), as /etc/hosts and the search domains know it
	addrs, err := r.LookupNetIP(ctx, "ip", name)
	if err == nil && len(addrs) > 0 {
		return addrs, nil
	}
	if err == nil {
		err = errors.New("no addresses")
	}
	switch ended := ctx.Err(); {
	case errors.Is(ended, context.Canceled):
		return nil, &LookupError{Host: host, Fault: FaultCanceled, Why: "given up", Err: ended}
	case ended != nil:
		return nil, &LookupError{Host: host, Fault: FaultTimeoutDNS, Why: whySilent, Err: ended}
	}
	return nil, q.judge(host, err)
}

const whySilent = "no answer from the DNS server in time"

// judge says why the lookup of host ended in err.
func (q *query) judge(host string, err error) *LookupError {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.ours != nil {
		return &LookupError{Host: host, Fault: FaultInternal, Why: "our own machine has no descriptors or memory left", Err: q.ours}
	}
	fault, why := q.faultLocked(err)
	return &LookupError{Host: host, Fault: fault, Why: why, Err: err}
}

func (q *query) faultLocked(err error) (Fault, string) {
	var exists, missing, broken, silent bool
	for _, r := range q.last {
		answered := r.heard == anAnswer
		exists = exists || answered && r.code == codeSuccess
		missing = missing || answered && r.code == codeNameError
		broken = broken || r.heard == anError || answered && r.code != codeSuccess && r.code != codeNameError
		silent = silent || r.heard == nothing
	}
	dnsErr, _ := errors.AsType[*net.DNSError](err)
	switch {
	case missing && !exists:
		return FaultDNSNotFound, "the name does not exist (NXDOMAIN)"
	case broken:
		return FaultDNSFailed, "the DNS server " + q.brokenLocked()
	case silent || dnsErr != nil && dnsErr.IsTimeout:
		return FaultTimeoutDNS, whySilent
	case exists && dnsErr != nil && dnsErr.IsNotFound:
		return FaultDNSNoAddress, "the name has neither an A nor an AAAA record"
	case len(q.last) == 0 && (dnsErr == nil || dnsErr.IsNotFound):
		return FaultDNSNotFound, "a name that is never looked up in the DNS"
	default:
		return FaultDNSFailed, "the DNS server cannot be reached or gives no usable answer"
	}
}

func (q *query) brokenLocked() string {
	names := map[byte]string{1: "FORMERR", 2: "SERVFAIL", 4: "NOTIMP", 5: "REFUSED"}
	for _, r := range q.last {
		if name := names[r.code]; r.heard == anAnswer && name != "" {
			return "answers " + name
		}
	}
	return "cannot be reached or answers with an error"
}

// dial connects the resolver to its server.
func (q *query) dial(ctx context.Context, network, address string) (*heardConn, error) {
	if q.server != "" {
		address = q.server
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, network, address)
	if err != nil {
		if exhausted(err) {
			q.mu.Lock()
			defer q.mu.Unlock()
			q.ours = err
		}
		return nil, err
	}
	return &heardConn{Conn: conn, query: q}, nil
}

// note keeps r as the last that was heard on questions of this type.
func (q *query) note(qtype uint16, r reply) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.last[qtype] = r
}

// heardConn is a connection to a DNS server that carries one question. Its
// resolver uses it from one goroutine.
type heardConn struct {
	net.Conn
	query  *query
	stop   func() bool // no longer close it when the lookup's ctx ends
	stream bool        // two bytes of length stand before each message
	qtype  uint16
	head   []byte // the first bytes of the answer
}

// forResolver returns c in the shape by which the resolver tells packets from
// a stream.
func (c *heardConn) forResolver() net.Conn {
	if packets, ok := c.Conn.(net.PacketConn); ok {
		return heardPacketConn{c, packets}
	}
	c.stream = true
	return c
}

// heardPacketConn tells the resolver that it holds a socket for packets.
type heardPacketConn struct {
	*heardConn
	packets net.PacketConn
}

func (c heardPacketConn) ReadFrom(b []byte) (int, net.Addr, error)   { return c.packets.ReadFrom(b) }
func (c heardPacketConn) WriteTo(b []byte, to net.Addr) (int, error) { return c.packets.WriteTo(b, to) }

// Write implements [net.Conn]; it remembers what was asked.
func (c *heardConn) Write(b []byte) (int, error) {
	message := b
	if c.stream && len(b) >= 2 {
		message = b[2:]
	}
	c.qtype = questionType(message)
	return c.Conn.Write(b)
}

// Read implements [net.Conn]; it notes the response code of the answer.
func (c *heardConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if err != nil {
		r := reply{heard: anError}
		if errors.Is(err, os.ErrDeadlineExceeded) {
			r.heard = nothing
		}
		c.query.note(c.qtype, r)
		return n, err
	}
	if !c.stream {
		c.hear(b[:n])
		return n, nil
	}
	const need = 2 + 4
	if missing := need - len(c.head); missing > 0 {
		c.head = append(c.head, b[:min(n, missing)]...)
		if len(c.head) == need {
			c.hear(c.head[2:])
		}
	}
	return n, nil
}

// hear notes the code of a message.
func (c *heardConn) hear(message []byte) {
	if len(message) >= 4 {
		c.query.note(c.qtype, reply{code: message[3] & 0x0f})
	}
}

// Close implements [net.Conn].
func (c *heardConn) Close() error {
	c.stop()
	return c.Conn.Close()
}

// questionType returns the type of the question in a DNS message, or 0.
func questionType(message []byte) uint16 {
	at := 12 // behind the header
	for at < len(message) && message[at] != 0 {
		at += 1 + int(message[at]) // one label of the name
	}
	if at+3 > len(message) {
		return 0
	}
	return binary.BigEndian.Uint16(message[at+1:])
}
