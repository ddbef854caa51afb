package probes

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
)

// GuardConfig says what the guard permits beyond the public internet. The
// zero value permits nothing more, and resolves as the system does.
type GuardConfig struct {
	// Allow lists special-purpose networks that may be dialled after all. An
	// address with a row of its own in the deny table (cloud metadata, ::1) is
	// permitted only by a prefix that names it alone (169.254.169.254/32), never
	// by a wider one around it; local NAT64 (64:ff9b:1::/48) only by a /96.
	Allow []netip.Prefix

	// Ports: 80, 443 and everything from 1024 up, less well-known services
	// (databases, Docker, SMTP, ...). AllowPorts permits more, DenyPorts fewer.
	AllowPorts, DenyPorts []uint16

	// Resolver is host:port of the one DNS server to ask, by UDP and TCP; it is
	// the operator's and not guarded. Empty: the system's.
	Resolver string
}

// Validate returns every setting that is out of bounds, none when c is good.
func (c GuardConfig) Validate() []*PolicyError {
	var errs []*PolicyError
	bad := func(field, format string, args ...any) {
		errs = append(errs, &PolicyError{Field: field, Message: fmt.Sprintf(format, args...)})
	}
	for i, p := range c.Allow {
		if why := badPrefix(p); why != "" {
			bad(fmt.Sprintf("allow[%d]", i), "%s", why)
		}
	}
	for i, port := range c.AllowPorts {
		if port == 0 {
			bad(fmt.Sprintf("allow_ports[%d]", i), "0 is outside [1, 65535]")
		}
	}
	for i, port := range c.DenyPorts {
		switch {
		case port == 0:
			bad(fmt.Sprintf("deny_ports[%d]", i), "0 is outside [1, 65535]")
		case slices.Contains(c.AllowPorts, port):
			bad(fmt.Sprintf("deny_ports[%d]", i), "%d is in allow_ports too; keep it in one of them", port)
		}
	}
	if c.Resolver != "" && !hostPort(c.Resolver) {
		bad("resolver", "%q is not host:port; write 192.0.2.53:53 or [2001:db8::53]:53", c.Resolver)
	}
	return errs
}

func badPrefix(p netip.Prefix) string {
	switch {
	case !p.IsValid():
		return "not a network; write a CIDR such as 10.1.0.0/16"
	case p.Bits() == 0:
		return p.String() + " would switch the guard off; list the networks that you mean"
	case p.Addr().Is4In6():
		return p.String() + " is an IPv4 network in IPv6 form; write it as IPv4"
	case p != p.Masked():
		return p.String() + " has bits set beyond its length; write " + p.Masked().String()
	}
	return ""
}

func hostPort(s string) bool {
	host, port, err := net.SplitHostPort(s)
	n, perr := strconv.ParseUint(port, 10, 16)
	return err == nil && perr == nil && n != 0 && host != ""
}

// A BlockedError says that the guard refused an address or a port. Nothing was
// sent to it.
type BlockedError struct {
	Address string // the address, or "port 22"
	Why     string // "private network (10.0.0.0/8)"
	Host    string // the name that resolves to the address; empty when none was looked up
}

// Error implements error.
func (e *BlockedError) Error() string {
	if e.Host != "" {
		return e.Host + " resolves to " + e.Address + ", which is blocked: " + e.Why
	}
	return e.Address + " is blocked: " + e.Why
}

// Guard refuses to connect to anything but the public internet, whatever a
// name resolves to at whatever moment. Every connection to an address that a
// merchant chose goes through one; it knows no proxies. It never changes, so
// any number of goroutines may use it. The zero value is the guard of the zero
// [GuardConfig].
type Guard struct {
	allow                 []netip.Prefix
	allowPorts, denyPorts []uint16
	resolver              string
	own                   bool
}

// NewGuard returns the guard for c, which has passed Validate.
func NewGuard(c GuardConfig) *Guard {
	return &Guard{
		allow:      slices.Clone(c.Allow),
		allowPorts: slices.Clone(c.AllowPorts),
		denyPorts:  slices.Clone(c.DenyPorts),
		resolver:   c.Resolver,
	}
}

// Own returns the same guard for addresses that the operator chose, the
// targets. It permits in addition loopback, the private networks of RFC 1918,
// CGNAT (100.64.0.0/10), unique local IPv6 and every port. Cloud metadata and
// every other special-purpose network stay refused.
func (g *Guard) Own() *Guard {
	own := *g
	own.own = true
	return &own
}

// Judge returns nil when addr may be dialled, else a [*BlockedError]. It is
// pure. An address that carries an IPv4 address inside (IPv4-mapped, NAT64,
// 6to4, Teredo, ISATAP and so on) passes only when that one passes too.
func (g *Guard) Judge(addr netip.Addr) error {
	if why := g.whyNot(addr); why != "" {
		return &BlockedError{Address: addr.String(), Why: why}
	}
	return nil
}

func (g *Guard) whyNot(addr netip.Addr) string {
	switch {
	case !addr.IsValid():
		return "not an address"
	case addr.Zone() != "":
		return "an address with a zone is local to one link"
	}
	form, inner := embedded(addr)
	for _, v4 := range inner {
		if why := g.refusal(v4); why != "" {
			return form + " of " + v4.String() + ", " + why
		}
	}
	why := g.refusal(addr.Unmap())
	if why != "" && form != "" {
		return form + " of " + inner[0].String() + ", " + why
	}
	return why
}

// refusal judges addr by the table and the allow list alone.
func (g *Guard) refusal(addr netip.Addr) string {
	row, special := specialPurpose(addr)
	if !special || g.permits(addr, row) {
		return ""
	}
	return row.name + " (" + row.prefix.String() + ")"
}

func (g *Guard) permits(addr netip.Addr, row denyRow) bool {
	for _, p := range g.allow {
		if row.opens(p, addr) {
			return true
		}
	}
	return g.own && row.kind == ownNetwork
}

// JudgePort returns nil when port may be dialled, else a [*BlockedError]. It
// is pure.
func (g *Guard) JudgePort(port uint16) error {
	why := ""
	switch service := deniedPorts[port]; {
	case port == 0:
		why = "not a port"
	case g.own || slices.Contains(g.allowPorts, port):
	case slices.Contains(g.denyPorts, port):
		why = "denied by the configuration"
	case service != "":
		why = "usually " + service
	case port < 1024 && port != 80 && port != 443:
		why = "below 1024 only 80 and 443 are allowed"
	}
	if why == "" {
		return nil
	}
	return &BlockedError{Address: "port " + strconv.Itoa(int(port)), Why: why}
}
