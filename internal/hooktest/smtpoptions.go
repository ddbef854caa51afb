package hooktest

import (
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
)

// defaultMailSize is the SIZE that a sink announces, in bytes.
const defaultMailSize = 10 << 20

// SMTPOptions shapes an SMTP sink. The zero value listens on 127.0.0.1 without
// TLS and takes every message from everybody.
type SMTPOptions struct {
	Addr string // address to listen on, port 0 for any; empty: 127.0.0.1:0

	CA          *CA              // non-nil: STARTTLS, with a leaf that it issues for Addr, localhost and Names
	Certificate *tls.Certificate // non-nil: STARTTLS with this one instead, however bad
	Names       []string         // more DNS names for the leaf
	Implicit    bool             // TLS from the first byte (RFC 8314), and no STARTTLS
	RequireTLS  bool             // MAIL before TLS is refused

	Users     map[string]string // passwords by name; non-empty: AUTH PLAIN and LOGIN, once there is TLS
	PlainAuth bool              // AUTH without TLS, too
	NeedAuth  bool              // MAIL before AUTH is refused

	MaxSize int // bytes of a message, announced as SIZE; 0: 10 MiB
}

// prepare fills in what was left out, issues the leaf, and refuses what cannot
// be.
func (o *SMTPOptions) prepare() error {
	o.Addr = orElse(o.Addr, "127.0.0.1:0")
	addr, err := netip.ParseAddrPort(o.Addr)
	if err != nil {
		return fmt.Errorf("option Addr: %q is no IP address with a port, such as 127.0.0.1:0 or [::1]:0", o.Addr)
	}
	o.MaxSize = orElse(o.MaxSize, defaultMailSize)
	secure := o.CA != nil || o.Certificate != nil
	switch {
	case o.MaxSize < 0:
		return errors.New("option MaxSize is negative; want 0 or more")
	case (o.Implicit || o.RequireTLS) && !secure:
		return errors.New("options Implicit and RequireTLS need TLS: set CA or Certificate")
	case o.NeedAuth && len(o.Users) == 0:
		return errors.New("option NeedAuth needs somebody in Users")
	}
	o.Users = maps.Clone(o.Users)
	if o.Certificate != nil || o.CA == nil {
		return nil
	}
	leaf := LeafOptions{Names: append(slices.Clip(o.Names), "localhost")}
	if !addr.Addr().IsUnspecified() {
		leaf.IPs = []netip.Addr{addr.Addr()}
	}
	cert, err := o.CA.Issue(leaf)
	if err != nil {
		return err
	}
	o.Certificate = &cert
	return nil
}
