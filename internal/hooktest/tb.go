package hooktest

// TB is the part of testing.TB that the shortcuts for tests use; declared
// here so that a binary with the demo in it does not link package testing.
type TB interface {
	Helper()
	Cleanup(func())
	Fatalf(format string, args ...any)
	TempDir() string
}

// Start returns a running receiver that is closed when the test ends.
func Start(tb TB, o Options) *Receiver {
	tb.Helper()
	r, err := New(o)
	if err == nil {
		err = r.Start()
	}
	if err != nil {
		tb.Fatalf("start receiver: %v", err)
		return nil
	}
	tb.Cleanup(r.Close)
	return r
}

// StartDNS returns a running DNS server that is closed when the test ends.
func StartDNS(tb TB, zone map[string][]Answer) *DNS {
	tb.Helper()
	d := NewDNS(zone)
	if err := d.Start(); err != nil {
		tb.Fatalf("start DNS server: %v", err)
		return nil
	}
	tb.Cleanup(d.Close)
	return d
}

// StartCanary returns a listening canary that is closed when the test ends.
// Whether it was contacted is for the test to ask.
func StartCanary(tb TB, addr string) *Canary {
	tb.Helper()
	c := NewCanary(addr)
	if err := c.Start(); err != nil {
		tb.Fatalf("start canary: %v", err)
		return nil
	}
	tb.Cleanup(c.Close)
	return c
}

// StartCA returns a root and the path of its certificate in a PEM file, in a
// folder that goes when the test ends.
func StartCA(tb TB, name string) (ca *CA, pemFile string) {
	tb.Helper()
	ca, err := NewCA(name)
	if err == nil {
		pemFile, err = ca.WritePEM(tb.TempDir(), "ca")
	}
	if err != nil {
		tb.Fatalf("make certificate authority: %v", err)
	}
	return ca, pemFile
}
