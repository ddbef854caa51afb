package api

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

func TestFailuresAreForgottenAfterAMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var f failures
		addr := neighbourhood(netip.MustParseAddr("192.0.2.7"))
		for range maxFailures {
			if got := f.wait(addr, time.Now()); got != 0 {
				t.Fatalf("wait %s before the limit, want none", got)
			}
			f.add(addr, time.Now())
			time.Sleep(time.Second)
		}
		if got, want := f.wait(addr, time.Now()), failureWindow-maxFailures*time.Second; got != want {
			t.Errorf("wait %s, want %s", got, want)
		}
		time.Sleep(failureWindow - maxFailures*time.Second)
		if got := f.wait(addr, time.Now()); got != 0 {
			t.Errorf("wait %s after a minute, want none", got)
		}
		f.add(addr, time.Now())
		if got := f.wait(addr, time.Now()); got != 0 {
			t.Errorf("wait %s after one more failure, want none", got)
		}
	})
}

func TestFailuresCarryOverARotation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var f failures
		other := neighbourhood(netip.MustParseAddr("192.0.2.8"))
		addr := neighbourhood(netip.MustParseAddr("192.0.2.7"))
		f.add(other, time.Now())
		time.Sleep(59 * time.Second)
		for range maxFailures - 1 {
			f.add(addr, time.Now())
		}
		time.Sleep(2 * time.Second) // the generation is a minute old
		f.add(addr, time.Now())
		if f.wait(addr, time.Now()) == 0 {
			t.Error("ten failures within three seconds, across a rotation: no wait")
		}
	})
}

func TestMemoryOfFailuresIsBounded(t *testing.T) {
	t.Parallel()
	var f failures
	now := time.Now()
	for i := range 3*maxAddresses + 5 {
		var raw [4]byte
		binary.BigEndian.PutUint32(raw[:], uint32(i))
		f.add(neighbourhood(netip.AddrFrom4(raw)), now)
	}
	if got := len(f.now) + len(f.before); got > 2*maxAddresses {
		t.Errorf("%d addresses remembered, want at most %d", got, 2*maxAddresses)
	}
}

func TestNeighbourhood(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		a, b string
		same bool
	}{
		"two IPv4 addresses":           {"192.0.2.7", "192.0.2.8", false},
		"one /64 is one customer":      {"2001:db8::1", "2001:db8::2:3", true},
		"two /64 are two":              {"2001:db8::1", "2001:db8:0:1::1", false},
		"one address is its neighbour": {"192.0.2.7", "192.0.2.7", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b := neighbourhood(netip.MustParseAddr(tt.a)), neighbourhood(netip.MustParseAddr(tt.b))
			if (a == b) != tt.same {
				t.Errorf("%s and %s: same is %t, want %t", a, b, a == b, tt.same)
			}
		})
	}
}
