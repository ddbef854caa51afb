package daemon_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting/digest"
	"github.com/hookvigil/hookvigil/internal/hooktest"
)

// What fails is told by the loss clock: in the digest of its merchant, in the
// metrics, and again after a restart.
func TestTheLossClockRuns(t *testing.T) {
	t.Parallel()
	receiver := hooktest.Start(t, hooktest.Options{})
	dir := t.TempDir()
	now := time.Now().UTC().Truncate(time.Second)
	text := head + midway(now) + // what was lost since the window that runs began is told in it
		merchants(fmt.Sprintf("{id: shop-a, url: %q, schedule: \"1h, 20h\"}", receiver.URL()+"/hook"))
	r := start(t, dir, text)
	var lines strings.Builder
	tell := func(event string, number int, ago time.Duration, status int) {
		fmt.Fprintf(&lines, `{"source":"core","event":%q,"endpoint":"shop-a","attempt":%d,"started_at":%q,"status":%d}`+"\n",
			event, number, now.Add(-ago).Format(time.RFC3339), status)
	}
	tell("fine", 1, time.Hour, 200)
	tell("waits", 1, 30*time.Minute, 503)
	tell("soon lost", 1, 19*time.Hour+50*time.Minute, 503)
	tell("soon lost", 2, 18*time.Hour+50*time.Minute, 503)
	tell("lost", 1, 21*time.Hour, 503)
	tell("lost", 2, 20*time.Hour, 503)
	tell("lost", 3, time.Hour, 503)
	tell("arrived late", 1, 3*time.Hour, 503)
	tell("arrived late", 2, 2*time.Hour, 204)
	r.told(lines.String(), 9)
	told := func() *digest.Backlog {
		_, body := r.call(http.MethodGet, "/api/v1/digests/preview?merchant=shop", "")
		var f digest.Facts
		if err := json.Unmarshal([]byte(body), &f); err != nil || len(f.Endpoints) != 1 {
			t.Fatalf("digest: %v: %s", err, body)
		}
		return f.Endpoints[0].Backlog
	}
	check := func() {
		t.Helper()
		r.until("the loss clock tells of three events", func() bool {
			b := told()
			return b != nil && b.Undelivered == 2 && b.AtRisk1h == 1 && b.AtRisk24h == 2 && b.Lost == 1 && b.LossEvents == 1 && b.DigestsLeft == 0 &&
				b.LossAt.Equal(now.Add(10*time.Minute)) && b.Oldest.Equal(now.Add(-19*time.Hour-50*time.Minute))
		})
	}
	check()
	r.stop()
	r = start(t, dir, text)
	check()
	r.until("the metrics tell it too", func() bool {
		_, body := r.call(http.MethodGet, "/metrics", "")
		return strings.Contains(body, "hookvigil_events_undelivered 2\n") && strings.Contains(body, `hookvigil_events_at_risk{within="1h"} 1`)
	})
}

// Events of a sender whose schedule nobody knows get their loss clock once their
// retries have taught it, also those that were told before, and after a restart.
func TestAnUnknownScheduleIsLearnt(t *testing.T) {
	t.Parallel()
	receiver := hooktest.Start(t, hooktest.Options{})
	dir := t.TempDir()
	text := head + merchants(fmt.Sprintf("{id: shop-a, url: %q, schedule: unknown}", receiver.URL()+"/hook"))
	r := start(t, dir, text)
	now := time.Now().UTC().Truncate(time.Second)
	var lines strings.Builder
	const events = 220
	young := fmt.Sprintf(`{"source":"core","event":"a-young","endpoint":"shop-a","attempt":1,"started_at":%q,"status":503}`+"\n", now.Add(-time.Minute).Format(time.RFC3339))
	lines.WriteString(young) // it is told before the others have taught anything
	for i := range events {
		for n, after := range []time.Duration{0, 15 * time.Minute, time.Hour} {
			fmt.Fprintf(&lines, `{"source":"core","event":"evt-%d","endpoint":"shop-a","attempt":%d,"started_at":%q,"status":503}`+"\n",
				i, n+1, now.Add(after-90*time.Minute).Format(time.RFC3339))
		}
	}
	r.told(lines.String(), 3*events+1)
	next := func() string {
		_, body := r.call(http.MethodGet, "/api/v1/events/core/a-young", "")
		var of struct {
			Endpoints []struct {
				Next     string `json:"next_retry_at"`
				Schedule string `json:"schedule"`
			} `json:"endpoints"`
		}
		if err := json.Unmarshal([]byte(body), &of); err != nil || len(of.Endpoints) != 1 {
			return body
		}
		return of.Endpoints[0].Schedule + " " + of.Endpoints[0].Next
	}
	want := "learned " + now.Add(14*time.Minute).Format(time.RFC3339)
	r.until("its next retry is known", func() bool {
		r.Learn(t.Context())
		return next() == want
	})
	r.stop()
	r = start(t, dir, text)
	r.told(strings.Replace(young, "a-young", "younger", 1), 1)
	r.until("another one is told by it after a restart", func() bool {
		_, body := r.call(http.MethodGet, "/api/v1/events/core/younger", "")
		return strings.Contains(body, `"learned"`)
	})
}
