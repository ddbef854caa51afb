package hooktest_test

import (
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/hooktest"
	"golang.org/x/net/dns/dnsmessage"
)

var (
	public  = netip.MustParseAddr("203.0.113.7")
	private = netip.MustParseAddr("10.0.0.7")
	six     = netip.MustParseAddr("2001:db8::7")
)

// resolver asks d and nobody else.
func resolver(d *hooktest.DNS) *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, d.Addr())
	}}
}

// patientConn is a connection of a resolver that never gives up and asks once
// more: each query takes a step of the script.
type patientConn struct{ *net.UDPConn }

func (patientConn) SetDeadline(time.Time) error { return nil }

// patient is resolver for scripts.
func patient(d *hooktest.DNS) *net.Resolver {
	r := resolver(d)
	dial := r.Dial
	r.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if udp, ok := conn.(*net.UDPConn); ok {
			return patientConn{udp}, err
		}
		return conn, err
	}
	return r
}

// lookup asks d for all addresses of host.test, in order.
func lookup(t *testing.T, d *hooktest.DNS, patience time.Duration) ([]netip.Addr, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	got, err := resolver(d).LookupNetIP(ctx, "ip", "host.test.")
	for i := range got {
		got[i] = got[i].Unmap()
	}
	slices.SortFunc(got, netip.Addr.Compare)
	return got, err
}

// sendQuery sends a query for A and leaves the answer in the connection.
func sendQuery(t *testing.T, d *hooktest.DNS, network, host string) net.Conn {
	t.Helper()
	query := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: 7},
		Questions: []dnsmessage.Question{{Name: dnsmessage.MustNewName(host), Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET}},
	}
	packed, err := query.Pack()
	if err != nil {
		t.Fatal(err)
	}
	if network == "tcp" {
		packed = append(binary.BigEndian.AppendUint16(nil, uint16(len(packed))), packed...)
	}
	conn, err := new(net.Dialer).DialContext(t.Context(), network, d.Addr())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write(packed); err != nil {
		t.Fatal(err)
	}
	return conn
}

func TestDNSAnswersAsScripted(t *testing.T) {
	t.Parallel()
	var many []netip.Addr
	for i := range 200 {
		many = append(many, netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}))
	}
	is := func(check func(*net.DNSError) bool) func(error) bool {
		return func(err error) bool {
			e, ok := errors.AsType[*net.DNSError](err)
			return ok && check(e)
		}
	}
	notFound := is(func(e *net.DNSError) bool { return e.IsNotFound })
	broken := is(func(e *net.DNSError) bool { return !e.IsNotFound && !e.IsTimeout })
	timeout := is(func(e *net.DNSError) bool { return e.IsTimeout })
	good := func(err error) bool { return err == nil }
	tests := map[string]struct {
		answer  hooktest.Answer
		patient bool
		want    []netip.Addr
		err     func(error) bool
		tcp     bool
	}{
		"one address":                   {hooktest.Addresses(public), true, []netip.Addr{public}, good, false},
		"a public and a private one":    {hooktest.Addresses(public, private), true, []netip.Addr{private, public}, good, false},
		"both families":                 {hooktest.Addresses(public, six), true, []netip.Addr{public, six}, good, false},
		"IPv6 alone":                    {hooktest.Addresses(six), true, []netip.Addr{six}, good, false},
		"no such name":                  {hooktest.Answer{Kind: hooktest.NXDomain}, true, nil, notFound, false},
		"a name without address":        {hooktest.Answer{Kind: hooktest.NoData, Addrs: []netip.Addr{public}}, true, nil, notFound, false},
		"the zero answer":               {hooktest.Answer{}, true, nil, notFound, false},
		"a broken server":               {hooktest.Answer{Kind: hooktest.ServFail}, true, nil, broken, false},
		"a server that refuses":         {hooktest.Answer{Kind: hooktest.Refused}, true, nil, broken, false},
		"a server that says nothing":    {hooktest.Answer{Kind: hooktest.Silent}, false, nil, timeout, false},
		"a server that is too slow":     {hooktest.Answer{Addrs: []netip.Addr{public}, Delay: time.Hour}, false, nil, timeout, false},
		"a server that is a bit slow":   {hooktest.Answer{Addrs: []netip.Addr{public}, Delay: 20 * time.Millisecond}, true, []netip.Addr{public}, good, false},
		"a truncated answer":            {hooktest.Answer{Kind: hooktest.Truncated, Addrs: []netip.Addr{public}}, true, []netip.Addr{public}, good, true},
		"more addresses than UDP holds": {hooktest.Addresses(many...), true, many, good, true},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			d := hooktest.StartDNS(t, map[string][]hooktest.Answer{"Host.Test.": {test.answer}})
			patience := 4 * impatient
			if test.patient {
				patience = generous
			}
			got, err := lookup(t, d, patience)
			for q := d.Queries("host.test"); (q.A == 0 || q.AAAA == 0) && patience < generous; q = d.Queries("host.test") {
				patience *= 2 // it was not long enough to ask
				got, err = lookup(t, d, patience)
			}
			if !slices.Equal(got, test.want) || !test.err(err) {
				t.Errorf("got %v, %v; want %v", got, err, test.want)
			}
			if q := d.Queries("host.test"); q.A == 0 || q.AAAA == 0 || (q.TCP > 0) != test.tcp {
				t.Errorf("got %+v queries, want A and AAAA, over TCP: %v", q, test.tcp)
			}
		})
	}
}

func TestDNSAnswersChangeFromQueryToQuery(t *testing.T) {
	t.Parallel()
	a, b := hooktest.Addresses(public), hooktest.Addresses(private)
	cut := hooktest.Answer{Kind: hooktest.Truncated, Addrs: []netip.Addr{six, public}}
	tests := map[string]struct {
		set  func(*hooktest.DNS)
		want []netip.Addr
	}{
		"the last one stays":             {func(d *hooktest.DNS) { d.Set("host.test", a, b) }, []netip.Addr{public, private, private, private}},
		"rebinding goes on":              {func(d *hooktest.DNS) { d.Repeat("host.test", a, b) }, []netip.Addr{public, private, public, private}},
		"truncation is no step":          {func(d *hooktest.DNS) { d.Repeat("host.test", cut, b) }, []netip.Addr{public, private, public, private}},
		"a name is taken away":           {func(d *hooktest.DNS) { d.Set("host.test", a); d.Set("host.test") }, []netip.Addr{{}}},
		"a new script starts from ahead": {func(d *hooktest.DNS) { d.Set("host.test", b, b); d.Set("host.test", a, b) }, []netip.Addr{public, private}},
	}
	for sentence, test := range tests {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			d := hooktest.StartDNS(t, nil)
			test.set(d)
			var got []netip.Addr
			for range test.want {
				list, _ := patient(d).LookupNetIP(t.Context(), "ip4", "host.test.")
				got = append(got, append(list, netip.Addr{})[0].Unmap())
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestDNSStartsAgainOnItsPort(t *testing.T) {
	t.Parallel()
	d := hooktest.StartDNS(t, map[string][]hooktest.Answer{"host.test": {hooktest.Addresses(public)}})
	before := d.Addr()
	d.Close()
	if got, err := lookup(t, d, generous); err == nil {
		t.Errorf("closed: got %v, want an error", got)
	}
	if err := d.Start(); err != nil {
		t.Fatal(err)
	}
	if err := d.Start(); err == nil {
		t.Error("started twice: got no error")
	}
	if got, err := lookup(t, d, generous); err != nil || d.Addr() != before {
		t.Errorf("got %v, %v at %s, want an answer at %s", got, err, d.Addr(), before)
	}
}

func TestDNSIgnoresWhatIsNoQuery(t *testing.T) {
	t.Parallel()
	d := hooktest.StartDNS(t, map[string][]hooktest.Answer{"host.test": {hooktest.Addresses(public)}})
	conn, err := new(net.Dialer).DialContext(t.Context(), "udp", d.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, junk := range []string{"", "x", strings.Repeat("\xff", 40), "\x00\x01\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00"} {
		if _, err := conn.Write([]byte(junk)); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := lookup(t, d, generous); err != nil || len(got) != 1 {
		t.Errorf("afterwards: got %v, %v, want an answer", got, err)
	}
	_ = conn.SetReadDeadline(time.Now().Add(impatient))
	if n, err := conn.Read(make([]byte, 512)); err == nil {
		t.Errorf("got %d bytes for junk, want none", n)
	}
}
