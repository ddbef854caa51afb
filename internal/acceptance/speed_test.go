//go:build integration

package acceptance_test

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/hooktest"
)

// From the fact that confirms to the message that Slack has taken.
func TestPageLatency(t *testing.T) {
	h := newHouse(t, 18, strings.Replace(rulesOfHaste, "rules: {", "rules: {common_cause: {endpoints: 1000}, ", 1))
	h.start()
	h.healthy()
	for _, r := range h.receivers {
		r.Stop()
	}
	h.until("all are told", func() bool { roots, _ := h.roots(); return len(roots) == len(h.receivers) })
	var took []time.Duration
	for _, in := range read[struct {
		Items []struct {
			ID       string
			Detected time.Time `json:"detected_at"`
		}
	}](h, "/api/v1/incidents").Items {
		for _, m := range h.slack.Messages(hooktest.DefaultSlackChannel) {
			if strings.HasPrefix(m.Latest().Metadata.Idem(), "v1:") && strings.Contains(string(m.Latest().Blocks), in.ID) {
				took = append(took, m.Versions[0].At.Sub(in.Detected))
			}
		}
	}
	slices.Sort(took)
	if len(took) == 0 {
		t.Fatal("no message names its incident")
	}
	t.Logf("%d pages: median %s, worst %s", len(took), took[len(took)/2], took[len(took)-1])
}

// 1,000 attempts a second in batches of 100: what they cost.
func TestIngestCost(t *testing.T) {
	h := newHouse(t, 0, "sources: [{id: core}]\n")
	h.start()
	const seconds = 30
	before := h.cpu()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for n := range seconds * 10 {
		var batch []record
		for i := range 100 {
			batch = append(batch, record{event: fmt.Sprintf("cost_%d_%d", n, i), channel: "QR", at: time.Now(), failed: i == 0 && n%5 == 0})
		}
		body := lines(batch)
		h.until("a batch is taken", func() bool {
			_, status := h.post(body)
			if status != http.StatusOK && !busy(status) {
				t.Fatalf("status %d", status)
			}
			return status == http.StatusOK
		})
		<-tick.C
	}
	share := (h.cpu() - before).Seconds() / seconds
	t.Logf("1,000 attempts a second cost %.1f %% of a core", 100*share)
}

// cpu returns the processor time of the daemon so far.
func (h *house) cpu() time.Duration {
	h.t.Helper()
	b, err := os.ReadFile("/proc/" + strconv.Itoa(h.daemon.Process.Pid) + "/stat")
	if err != nil {
		h.t.Fatal(err)
	}
	fields := strings.Fields(string(b)[strings.LastIndex(string(b), ")")+1:])
	user, errUser := strconv.Atoi(fields[11])
	system, errSystem := strconv.Atoi(fields[12])
	if errUser != nil || errSystem != nil {
		h.t.Fatal(errUser, errSystem)
	}
	return time.Duration(user+system) * 10 * time.Millisecond // USER_HZ is 100
}
