//go:build integration

package acceptance_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"
)

// record is one attempt of a generated stream.
type record struct {
	event   string
	channel string
	at      time.Time
	failed  bool
}

func (r record) line() string {
	status := 200
	if r.failed {
		status = 503
	}
	return fmt.Sprintf(`{"v":1,"source":"core","id":"att_%s","merchant":"acme","endpoint":"ep-1","event":"%s","type":"payout.succeeded","product":"PAYOUT","channel":"%s","attempt":1,"trigger":"automatic","started_at":"%s","duration_ms":%d,"status":%d}`,
		r.event, r.event, r.channel, r.at.UTC().Format(time.RFC3339Nano), 120, status)
}

func lines(records []record) []byte {
	var b bytes.Buffer
	for _, r := range records {
		b.WriteString(r.line())
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// stream makes n attempts that end now, the share of them failed.
func stream(name string, n int, over time.Duration, share float64) (list []record, failed int) {
	dice := rand.New(rand.NewPCG(1, uint64(n)))
	begin := time.Now().Add(-over)
	for i := range n {
		r := record{
			event: fmt.Sprintf("%s_%d", name, i), channel: []string{"ID_BCA", "QR", "ID_BNI"}[i%3],
			at: begin.Add(over * time.Duration(i) / time.Duration(n)), failed: dice.Float64() < share,
		}
		if r.failed {
			failed++
		}
		list = append(list, r)
	}
	return list, failed
}

type ratio struct {
	First  int      `json:"first_attempts"`
	Failed int      `json:"failed_first"`
	Ratio  *float64 `json:"first_error_ratio"`
}

// 100,000 attempts in five posts, and all five again: counted once, also over
// a restart.
func TestAttemptsCountOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 0, "sources: [{id: core}]\n")
	h.start()
	list, failed := stream("evt", 100_000, 4*time.Minute, 0.02)
	begin := list[0].at.Add(-time.Minute).UTC().Format(time.RFC3339)
	end := time.Now().Add(time.Minute).UTC().Format(time.RFC3339)
	counted := func(scope string) ratio {
		return read[ratio](h, "/api/v1/ratios?scope="+scope+"&from="+begin+"&to="+end)
	}
	for round := range 3 {
		accepted, duplicate := 0, 0
		for i := 0; i < len(list); i += 20_000 {
			got, status := h.post(lines(list[i : i+20_000]))
			if status != http.StatusOK || len(got.Rejected) > 0 {
				t.Fatalf("post %d: status %d, rejected %v", i, status, got.Rejected)
			}
			accepted, duplicate = accepted+got.Accepted, duplicate+got.Duplicate
		}
		if want := []int{100_000, 0, 0}[round]; accepted != want || duplicate != 100_000-want {
			t.Errorf("round %d: accepted %d and duplicate %d, want %d accepted", round, accepted, duplicate, want)
		}
		h.until("all are counted", func() bool { return counted("platform").First >= 100_000 })
		h.quiet(2 * time.Second)
		if got := counted("platform"); got.First != 100_000 || got.Failed != failed {
			t.Errorf("round %d: platform has %d of %d, want %d of 100000", round, got.Failed, got.First, failed)
		}
		if got := counted("channel:QR"); got.First != 33_333 {
			t.Errorf("round %d: channel QR has %d, want 33333", round, got.First)
		}
		if round == 1 {
			h.kill()
			h.start()
		}
	}
	h.quiet(70 * time.Second) // until the last tick has closed
	if list := h.incidents(); len(list) != 0 {
		t.Errorf("incidents %+v, want none: 2 %% are no failure worth an alarm", list)
	}
}

// A share of 4 % at 20 a second is found within five minutes, in real time, by
// the platform's rule; the endpoint is not probed here.
func TestFourPercentIsFound(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 0, "sources: [{id: core}]\n")
	h.start()
	dice := rand.New(rand.NewPCG(7, 7))
	begun, n := time.Now(), 0
	const every = time.Second / 20
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	var waiting []record
	for len(h.incidents()) == 0 {
		<-tick.C
		if time.Since(begun) > 5*time.Minute {
			t.Fatalf("no incident after %s", time.Since(begun))
		}
		for ; n < int(time.Since(begun)/every); n++ { // also those of the ticks that were missed
			waiting = append(waiting, record{event: fmt.Sprintf("slow_%d", n), channel: "QR", at: begun.Add(time.Duration(n) * every), failed: dice.Float64() < 0.04})
		}
		switch _, status := h.post(lines(waiting)); {
		case status == http.StatusOK:
			waiting = nil
		case !busy(status):
			t.Fatalf("status %d", status)
		}
	}
	t.Logf("found after %s and %d attempts: %+v", time.Since(begun).Round(time.Second), n, h.incidents())
	h.until("it is told", func() bool { roots, _ := h.roots(); return len(roots) > 0 && h.mail.Stats().Messages > 0 })
}
