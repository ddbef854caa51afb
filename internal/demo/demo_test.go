package demo

import (
	"bytes"
	"context"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// output lets one goroutine write and another look.
type output struct {
	mu      sync.Mutex // guards text
	text    bytes.Buffer
	written chan struct{} // closed by the first write
	once    sync.Once
}

func newOutput() *output { return &output{written: make(chan struct{})} }

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	defer o.once.Do(func() { close(o.written) })
	return o.text.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// Whoever interrupts it finds nothing left behind.
func TestInterruptedDemoLeavesNothing(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out, ended := newOutput(), make(chan error, 1)
	var wg sync.WaitGroup
	wg.Go(func() { ended <- Run(ctx, Options{Out: out}) })
	select {
	case <-out.written:
	case err := <-ended:
		t.Fatalf("it ended by itself: %v", err)
	}
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) != 1 {
		t.Errorf("while it runs: %v, %v; want one temporary folder", left, err)
	}
	if got := out.String(); strings.Count(got, "http://127.0.0.1:") != 1 {
		t.Errorf("it says %q, want one address", got)
	}
	cancel()
	wg.Wait()
	if err := <-ended; err != nil {
		t.Errorf("it ended with %v, want nil", err)
	}
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestDemoThatCannotStartLeavesNothing(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	busy, err := listenLoopback(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	begun := time.Now()
	if err := Run(t.Context(), Options{Listen: busy.Addr().String()}); err == nil || !strings.HasPrefix(err.Error(), "demo: listen: ") {
		t.Errorf("on a busy port: %v, want an error about listen", err)
	}
	if took := time.Since(begun); took > readyWait/2 {
		t.Errorf("it took %s to find out", took)
	}
	if left, err := os.ReadDir(os.TempDir()); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
