package hooktest

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// Defaults of [Options].
const (
	DefaultToken       = "hooktest-token"
	DefaultTokenHeader = "x-callback-token" // the platform's, DESIGN section 5.1

	defaultDelay      = 6 * time.Second // above the ack budget of 5 s, below the limit of 30 s
	defaultEvery      = time.Second
	defaultRetryAfter = 2 * time.Minute
)

// Options shapes a receiver. The zero value is a receiver for http:// on
// 127.0.0.1 that answers 200.
type Options struct {
	Behaviour Behaviour // at first; zero: OK
	Addr      string    // address to listen on, port 0 for any; empty: 127.0.0.1:0

	CA          *CA              // non-nil: https://, with leafs that it issues for Addr, localhost and Names
	Certificate *tls.Certificate // non-nil: https:// with this, where the behaviour has no leaf of its own
	Names       []string         // more DNS names for the leafs
	ClientCAs   *x509.CertPool   // who may sign client certificates; nil: the root of CA

	Delay      time.Duration // before Slow answers; 0: 6 s
	Every      time.Duration // between two bytes that drip; 0: 1 s
	RetryAfter time.Duration // what a Retry-After asks for, whole seconds; 0: 2 min
	Location   string        // where a 3xx points to; empty: /moved on the receiver itself

	Token       string // what TokenCheck wants; empty: DefaultToken
	TokenHeader string // and in which header; empty: DefaultTokenHeader
}

// prepare fills in what was left out and refuses what cannot be.
func (o *Options) prepare() error {
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	if _, err := netip.ParseAddrPort(o.Addr); err != nil {
		return fmt.Errorf("option Addr: %q is no IP address with a port, such as 127.0.0.1:0 or [::1]:0", o.Addr)
	}
	if o.Delay < 0 || o.Every < 0 || o.RetryAfter < 0 {
		return errors.New("one of Delay, Every, RetryAfter is negative; want 0 or more")
	}
	if strings.ContainsAny(o.Location, "\r\n") {
		return errors.New("option Location contains a line break")
	}
	o.Delay = orElse(o.Delay, defaultDelay)
	o.Every = orElse(o.Every, defaultEvery)
	o.RetryAfter = orElse(o.RetryAfter, defaultRetryAfter)
	o.Token = orElse(o.Token, DefaultToken)
	o.TokenHeader = orElse(o.TokenHeader, DefaultTokenHeader)
	if o.ClientCAs == nil && o.CA != nil {
		o.ClientCAs = o.CA.Pool()
	}
	return nil
}

func (o *Options) secure() bool { return o.CA != nil || o.Certificate != nil }

// orElse returns v, or instead when v is zero.
func orElse[T comparable](v, instead T) T {
	var zero T
	if v == zero {
		return instead
	}
	return v
}
