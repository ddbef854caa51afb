package hooktest_test

import (
	"io"
	"net"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/hooktest"
)

// backTo waits until no more than base goroutines are left: those that have
// been waited for may still be on their last instructions.
func backTo(t *testing.T, base int) {
	t.Helper()
	for end := time.Now().Add(generous); runtime.NumGoroutine() > base; runtime.Gosched() {
		if time.Now().After(end) {
			stacks := make([]byte, 1<<16)
			t.Fatalf("got %d goroutines, want %d as before:\n%s", runtime.NumGoroutine(), base, stacks[:runtime.Stack(stacks, true)])
		}
	}
}

// Not parallel, as all tests of this file: they count goroutines.
func TestCloseEndsEveryBehaviourUnderWay(t *testing.T) {
	ca, _ := hooktest.StartCA(t, "root")
	base := runtime.NumGoroutine()
	for _, b := range hooktest.Behaviours() {
		t.Run(string(b), func(t *testing.T) {
			o := hooktest.Options{Behaviour: b, Delay: time.Hour, Every: time.Hour}
			if b.Describe().TLS {
				o.CA = ca
			}
			r, err := hooktest.New(o)
			if err != nil {
				t.Fatal(err)
			}
			if err := r.Start(); err != nil {
				t.Fatal(err)
			}
			conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", r.Addr().String())
			if err == nil { // a reset may be faster than the dialler
				defer conn.Close() // only after the receiver: it must not wait for us
				_, _ = io.WriteString(conn, "POST / HTTP/1.1\r\nHost: test\r\n\r\n")
			} else if b != hooktest.ResetAfterAccept {
				t.Fatal(err)
			}
			waitFor(t, r, func(s hooktest.Stats) bool { return s.Connections == 1 })
			start := time.Now()
			r.Close()
			if took := time.Since(start); took > generous/2 {
				t.Errorf("close took %v", took)
			}
			if s := r.Stats(); s.Open != 0 {
				t.Errorf("got %d open connections, want none", s.Open)
			}
			r.Close() // again: nothing
		})
	}
	backTo(t, base+1) // the garbage collector may have started its own
}

func TestCloseEndsDNSAndCanary(t *testing.T) {
	base := runtime.NumGoroutine()
	d := hooktest.NewDNS(map[string][]hooktest.Answer{
		"late.test":   {{Delay: time.Hour, Addrs: []netip.Addr{netip.MustParseAddr("192.0.2.1")}}},
		"silent.test": {{Kind: hooktest.Silent}},
	})
	c := hooktest.NewCanary("")
	for range 2 { // both start again after their end
		if err := d.Start(); err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		for _, network := range []string{"udp", "tcp"} {
			for _, host := range []string{"late.test.", "silent.test."} {
				conn := sendQuery(t, d, network, host)
				defer conn.Close()
			}
		}
		for _, host := range []string{"late.test", "silent.test"} {
			for d.Queries(host).Total() == 0 {
				runtime.Gosched()
			}
		}
		d.Close()
		d.Close()
		c.Close()
		c.Close()
	}
	backTo(t, base+1)
}
