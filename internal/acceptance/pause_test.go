//go:build integration

package acceptance_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/hooktest"
)

// The daemon stands still for 40 s, longer than any bound of what it had begun,
// as a machine that is suspended or a container that is frozen: a mail is on the
// wire, beyond the 5 s of its attempt and the 35 s of its lease, and probes are,
// beyond their 30 s. When it goes on, the mail is there at most once more, under
// its key; no incident comes of what it slept through; and nobody outside was
// called meanwhile.
func TestADaemonThatStoodStill(t *testing.T) {
	t.Parallel()
	const still = 40 * time.Second
	var pings atomic.Int64
	outside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { pings.Add(1) }))
	t.Cleanup(outside.Close)
	f := mailFaults(t, 10)
	f.rewrite("deadman: {prove: 0s}", "deadman: {url_file: deadman.url, every: 1s, prove: 0s}",
		"tls: none}, from", "tls: none}, timeout: 5s, from", "common_cause: {endpoints: 1000}, ", "",
		"merchants:", "watch: [{id: nightly, heartbeat: true, every: 10s, grace: 28s}]\nmerchants:")
	f.write("deadman.url", outside.URL)
	f.start()
	f.healthy()
	for _, r := range f.receivers[1:] {
		if err := r.Set(hooktest.Slow); err != nil { // 6 s: a probe of each is nearly always under way
			t.Fatal(err)
		}
	}
	held, letGo := f.trap.set(received, finalDot)
	f.receivers[0].Stop()
	f.springs("the mail of the first is on the wire", held)
	f.until("most of the others are being probed", func() bool {
		open := 0
		for _, r := range f.receivers[1:] {
			open += min(r.Stats().Open, 1)
		}
		return open >= 5
	})
	if status, body := f.call(http.MethodPost, "/api/v1/heartbeats/nightly", nil); status/100 != 2 {
		t.Fatalf("heartbeat: status %d: %s", status, body)
	}
	f.pause()
	before := pings.Load()
	letGo(true)
	f.quiet(still)
	if n := pings.Load(); n > before+1 {
		t.Errorf("%d calls to the outside while it stood still", n-before)
	}
	f.wake()
	f.until("it knows that it stood still", func() bool { return f.logged("stood still") > 0 })
	f.quiet(8 * time.Second) // a further round of probes, whose answers take 6 s
	for _, in := range f.incidents() {
		if in.Scope != "endpoint:ep-000" {
			t.Errorf("it slept, and tells of %s, %s: %s", in.Scope, in.Severity, in.Title)
		}
	}
	if _, said := f.call(http.MethodGet, "/-/duty", nil); strings.Contains(string(said), "looks began") {
		t.Errorf("it slept, and calls itself late, of which monitor_self would page: %s", said)
	}
	if n := f.logged("the store cannot be written"); n != 0 {
		t.Errorf("it slept, and tells %d times that its store cannot be written", n)
	}
	f.until("what was on the wire has ended", func() bool {
		f.settled() // tries at once what waits for its back-off
		return f.told(0, false)
	})
	f.turn(0, true)
	f.until("it is over", func() bool { return f.told(0, true) })
	in, _ := f.incidentOf(0)
	copies, all := map[string]int{}, 0
	for _, a := range f.arrivals() {
		if strings.Contains(a.about, in.ID) {
			copies[a.key]++
			all++
		}
	}
	if len(copies) != 2 || all > 3 {
		t.Errorf("%d mails in %d copies, want 2, of which the first may be there twice: %v", len(copies), all, copies)
	}
	t.Logf("%d mails in %d copies, %d outcomes after their lease", len(copies), all, f.logged("outcome of a notice came after its lease"))
}

// rewrite replaces texts of the configuration, in pairs.
func (h *house) rewrite(pairs ...string) {
	h.t.Helper()
	b, err := os.ReadFile(h.config)
	if err != nil {
		h.t.Fatal(err)
	}
	text := string(b)
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(text, pairs[i]) {
			h.t.Fatalf("the configuration does not hold %q", pairs[i])
		}
		text = strings.Replace(text, pairs[i], pairs[i+1], 1)
	}
	h.write("hookvigil.yaml", text)
}
