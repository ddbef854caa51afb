package email

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/probes"
)

// The ways to reach a relay, for [Server.TLS].
const (
	StartTLS = "starttls" // TLS on demand, and nothing is said without it (RFC 3207)
	Implicit = "implicit" // TLS from the first byte (RFC 8314)
	NoTLS    = "none"     // in the clear; to loopback alone
)

// DefaultTimeout bounds an attempt unless told otherwise. RFC 5321 section
// 4.5.3.2.6 allows ten minutes after the dot; RFC 1047 says that giving up
// there makes duplicates, which is why the Message-ID stays the same.
const DefaultTimeout = 60 * time.Second

// Bounds of [Config.Connections]. A message takes about six round trips, so
// that at 20 ms one connection carries about eight messages a second.
const (
	DefaultConnections = 4
	mostConnections    = 64
)

// Config is a receiver of kind email. The zero value is refused by Validate.
// It is read-only once in use.
type Config struct {
	SMTP        Server
	From        string        // sender, in ASCII: "alerts@example.com" or "Alerts <alerts@example.com>"
	To          []string      // whom routes to this receiver reach; may be empty, because merchants have addresses of their own
	Timeout     time.Duration // of one attempt, dial to the last reply; 0: 60 s, at most 10 m
	Connections int           // to the relay at once, 1 to 64; with 2 or more, one is kept from digests and merchants' mails; 0: 4
	DKIM        DKIM          // zero: the relay signs

	// Wordings word kinds of notice whose facts are not [alerting.Facts], such
	// as digests; nil, or none for a kind: they are worded as incidents are.
	Wordings map[alerting.Kind]Wording
}

// Server is the relay that takes the mail.
type Server struct {
	Host     string         // name or IP address, without a port; also the name that its certificate must have
	Port     int            // 1 to 65535; 0: 587 for starttls, 465 for implicit, 25 for none
	TLS      string         // starttls, implicit or none; empty: starttls
	Username string         // empty: no AUTH; else PLAIN, or LOGIN where PLAIN is not offered
	Password probes.Secret  // set exactly when Username is
	Roots    *x509.CertPool // whom to trust; nil: the system's
}

// Validate returns every fault at once, joined, each with its path, or nil.
func (c Config) Validate() error {
	list := c.SMTP.faults()
	if _, err := sender(c.From); err != nil {
		list = append(list, fmt.Errorf("from: %w", err))
	}
	for i, to := range c.To {
		if _, err := recipient(to); err != nil {
			list = append(list, fmt.Errorf("to[%d]: %w", i, err))
		}
	}
	if c.Connections < 0 || c.Connections > mostConnections {
		list = append(list, fmt.Errorf("connections: %d is outside [1, %d]; leave it out for %d", c.Connections, mostConnections, DefaultConnections))
	}
	list = append(list, c.DKIM.faults(c.senderDomain())...)
	if c.Timeout < 0 || c.Timeout > 10*time.Minute {
		list = append(list, fmt.Errorf("timeout: %s is outside [0s, 10m]; 0 means %s", c.Timeout, DefaultTimeout))
	}
	return errors.Join(list...)
}

// senderDomain is empty when there is no sender.
func (c Config) senderDomain() string {
	from, err := sender(c.From)
	if err != nil {
		return ""
	}
	return domain(from.Address)
}

func (s Server) faults() []error {
	var list []error
	fault := func(format string, args ...any) { list = append(list, fmt.Errorf(format, args...)) }
	switch {
	case s.Host == "":
		fault("smtp.host: is empty; wanted the name of a relay, such as smtp.example.com")
	case strings.ContainsFunc(s.Host, func(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune("/@[]", r) }) || hasPort(s.Host):
		fault("smtp.host: %q is no name or IP address; the port goes to smtp.port", s.Host)
	}
	if s.Port < 0 || s.Port > 65535 {
		fault("smtp.port: %d is outside [1, 65535]; leave it out for the usual one", s.Port)
	}
	switch s.TLS {
	case "", StartTLS, Implicit:
	case NoTLS:
		if s.Host != "" && !s.local() {
			fault("smtp.tls: none is for a relay on this machine alone, not for %q; wanted starttls or implicit", s.Host)
		}
	default:
		fault("smtp.tls: %q is unknown; wanted starttls, implicit or none", s.TLS)
	}
	if (s.Username == "") != (s.Password == "") {
		fault("smtp.username: username and password go together; set both, or neither for a relay that asks for none")
	}
	if strings.ContainsRune(s.Username+s.Password.Reveal(), 0) {
		fault("smtp.username: username and password cannot contain a NUL byte")
	}
	return list
}

// hasPort tells "host:25" from an IPv6 address.
func hasPort(host string) bool {
	_, err := netip.ParseAddr(host)
	return err != nil && strings.Contains(host, ":")
}

// local reports whether the host can only be this machine.
func (s Server) local() bool {
	addr, err := netip.ParseAddr(s.Host)
	return strings.EqualFold(s.Host, "localhost") || err == nil && addr.IsLoopback()
}

func (s Server) mode() string {
	if s.TLS == "" {
		return StartTLS
	}
	return s.TLS
}

func (s Server) port() int {
	switch {
	case s.Port != 0:
		return s.Port
	case s.mode() == Implicit:
		return 465
	case s.mode() == NoTLS:
		return 25
	default:
		return 587
	}
}

func (s Server) address() string { return net.JoinHostPort(s.Host, strconv.Itoa(s.port())) }

// sender reads the From of a config.
func sender(from string) (*mail.Address, error) {
	addr, err := mail.ParseAddress(from)
	switch {
	case err != nil, dirty(from):
		return nil, fmt.Errorf("%q is no address; wanted one such as alerts@example.com", alerting.Line(from, longName))
	case !ascii(addr.Address):
		return nil, fmt.Errorf("%q is not ASCII; many relays refuse such senders", alerting.Line(from, longName))
	}
	return addr, nil
}

// recipient reads one address, bare or with a name, which is dropped. What
// would have to be quoted is refused: relays disagree about where it ends.
func recipient(to string) (string, error) {
	addr, err := mail.ParseAddress(to)
	if err != nil || dirty(to) || strings.ContainsAny(addr.Address, " <>\"\\") || len(addr.Address) > 254 { // RFC 5321 section 4.5.3.1.3
		return "", fmt.Errorf("%q is no address; wanted one such as ops@example.com", alerting.Line(to, longName))
	}
	return addr.Address, nil
}

// domain is what follows the last @ of an address.
func domain(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }
