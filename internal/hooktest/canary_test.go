package hooktest_test

import (
	"net"
	"sync"
	"testing"

	"github.com/hookvigil/hookvigil/internal/hooktest"
)

func TestCanaryCountsEveryConnection(t *testing.T) {
	t.Parallel()
	c := hooktest.StartCanary(t, "")
	if got := c.Hits(); got != 0 {
		t.Fatalf("at first: got %d hits, want 0", got)
	}
	for want := range 50 {
		if got := c.Hits(); got != want { // at once: nobody may have accepted it yet
			t.Fatalf("got %d hits, want %d", got, want)
		}
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", c.Addr())
		if err != nil {
			t.Fatal(err)
		}
		conn.Close()
	}
	c.Close()
	if got := c.Hits(); got != 50 {
		t.Errorf("closed: got %d hits, want 50 as before", got)
	}
}

func TestCanaryMayBeAskedByMany(t *testing.T) {
	t.Parallel()
	c := hooktest.StartCanary(t, "")
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if got := c.Hits(); got != 0 {
				t.Errorf("got %d hits, want 0", got)
			}
		})
	}
	wg.Wait()
}

func TestCanaryRefusesToStart(t *testing.T) {
	t.Parallel()
	c := hooktest.StartCanary(t, "")
	if err := c.Start(); err == nil {
		t.Error("twice: got no error")
	}
	for _, addr := range []string{c.Addr(), "localhost:0", "127.0.0.1"} {
		if err := hooktest.NewCanary(addr).Start(); err == nil {
			t.Errorf("%s: got no error", addr)
		}
	}
}
