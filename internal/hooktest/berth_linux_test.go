package hooktest_test

import (
	"errors"
	"net"
	"net/netip"
	"syscall"
	"testing"

	"github.com/hookvigil/hookvigil/internal/hooktest"
)

// taken reports whether a port belongs to somebody, listening or not: whoever
// does not offer to share it cannot have it.
func taken(t *testing.T, addr netip.AddrPort) bool {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Close(fd) }()
	err = syscall.Bind(fd, &syscall.SockaddrInet4{Port: int(addr.Port()), Addr: addr.Addr().As4()})
	if err != nil && !errors.Is(err, syscall.EADDRINUSE) {
		t.Fatal(err)
	}
	return err != nil
}

// What others open meanwhile is not given the port of a server that starts
// again there.
func TestAPortIsKeptWhileNobodyListens(t *testing.T) {
	t.Parallel()
	r, d := hooktest.Start(t, hooktest.Options{}), hooktest.StartDNS(t, nil)
	slack, mail := hooktest.StartSlack(t, hooktest.SlackOptions{}), hooktest.StartSMTP(t, hooktest.SMTPOptions{})
	canary := hooktest.StartCanary(t, "")
	for name, server := range map[string]struct {
		addr  string
		stop  func()
		start func() error
	}{
		"a receiver": {r.Addr().String(), r.Stop, r.Start},
		"Slack":      {slack.URL()[len("http://"):], slack.Close, slack.Start},
		"mail":       {mail.Addr().String(), mail.Close, mail.Start},
		"a canary":   {canary.Addr(), canary.Close, canary.Start},
		"DNS":        {d.Addr(), d.Close, d.Start},
	} {
		addr := netip.MustParseAddrPort(server.addr)
		for range 2 {
			server.stop()
			if conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", server.addr); !errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("%s, stopped: got %v, %v, want a refused connection", name, conn, err)
			}
			if !taken(t, addr) {
				t.Errorf("%s, stopped: its port is anybody's", name)
			}
			if err := server.start(); err != nil {
				t.Errorf("%s, started again: %v", name, err)
			}
		}
	}
}

func TestHeldPortsAreForThoseWhoNameThem(t *testing.T) {
	t.Parallel()
	address, release, err := hooktest.HoldPort()
	if err != nil {
		t.Fatal(err)
	}
	addr := netip.MustParseAddrPort(address)
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Fatalf("got %v, want the port, which nobody listens on", err)
	}
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	if !taken(t, addr) {
		t.Error("held: the port is anybody's")
	}
	release()
	release() // again: nothing
}
