package daemon_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/hooktest"
)

// titles returns the titles of the merchant's incidents that run, in order: what
// a slow machine makes of hookvigil itself is another's.
func (r *running) titles() []string {
	_, body := r.call(http.MethodGet, "/api/v1/incidents?merchant=shop", "")
	var list struct {
		Items []struct {
			Title string `json:"title"`
			State string `json:"state"`
		} `json:"items"`
	}
	if err := json.Unmarshal([]byte(body), &list); err != nil {
		r.t.Fatalf("incidents: %v: %s", err, body)
	}
	var titles []string
	for _, in := range list.Items {
		if in.State != "resolved" {
			titles = append(titles, in.Title)
		}
	}
	slices.Sort(titles)
	return titles
}

// What gets its last try soon, and what was lost, is an incident of its
// merchant, and over once the events are delivered.
func TestLossesAreToldBeforeAndAfter(t *testing.T) {
	t.Parallel()
	receiver := hooktest.Start(t, hooktest.Options{})
	// What waits for a day is no incident of its own here, whenever the next probe comes.
	text := head + "rules: {endpoint_down: {oldest_for: 0s}}\n" + merchants(
		fmt.Sprintf("{id: shop-a, url: %q, schedule: \"1h, 20h\"}", receiver.URL()+"/a"), fmt.Sprintf("{id: shop-b, url: %q, schedule: \"1h, 20h\"}", receiver.URL()+"/b"))
	r := start(t, t.TempDir(), text)
	now := time.Now().UTC().Truncate(time.Second)
	tell := func(event, endpoint string, number int, ago time.Duration, status int) string {
		return fmt.Sprintf(`{"source":"core","event":%q,"endpoint":%q,"attempt":%d,"started_at":%q,"status":%d}`+"\n",
			event, endpoint, number, now.Add(-ago).Format(time.RFC3339), status)
	}
	r.told(tell("soon", "shop-a", 1, 19*time.Hour+30*time.Minute, 503)+tell("soon", "shop-a", 2, 18*time.Hour+30*time.Minute, 503)+
		tell("gone", "shop-b", 1, 21*time.Hour, 503)+tell("gone", "shop-b", 2, 20*time.Hour, 503)+tell("gone", "shop-b", 3, 30*time.Minute, 503)+
		tell("young", "shop-b", 1, time.Minute, 503), 6)
	r.until("an incident tells of both", func() bool {
		r.CountBacklog(t.Context())
		_, body := r.call(http.MethodGet, "/api/v1/incidents", "")
		return len(r.titles()) == 1 && strings.Contains(body, `"member_count":2`)
	})
	r.told(tell("soon", "shop-a", 3, 0, 200)+strings.Replace(tell("gone", "shop-b", 0, 0, 200), `"attempt":0`, `"attempt_id":"r1","trigger":"manual","actor":"ana"`, 1), 2)
	r.until("it is over", func() bool {
		r.CountBacklog(t.Context())
		return len(r.titles()) == 0
	})
}

// An endpoint that takes nearly as long as its sender waits is an incident; one
// that is only slow is not.
func TestEndpointsThatAnswerSlowly(t *testing.T) {
	t.Parallel()
	receiver := hooktest.Start(t, hooktest.Options{})
	text := head + merchants(fmt.Sprintf("{id: shop-a, url: %q}", receiver.URL()+"/a"), fmt.Sprintf("{id: shop-b, url: %q}", receiver.URL()+"/b"))
	r := start(t, t.TempDir(), text)
	var lines strings.Builder
	for i := range 60 {
		at := time.Now().UTC().Add(-time.Duration(i+1) * time.Second).Format(time.RFC3339)
		fmt.Fprintf(&lines, `{"source":"core","event":"a-%d","endpoint":"shop-a","attempt":1,"started_at":%q,"status":200,"duration_ms":27000}`+"\n", i, at)
		fmt.Fprintf(&lines, `{"source":"core","event":"b-%d","endpoint":"shop-b","attempt":1,"started_at":%q,"status":200,"duration_ms":8000}`+"\n", i, at)
	}
	r.told(lines.String(), 120)
	r.until("the slow one is an incident", func() bool {
		r.JudgeSlow(t.Context())
		return slices.Equal(r.titles(), []string{"shop-a answers slowly"})
	})
}

// A source that sends failures alone is not believed again after a restart: a
// thousand of its records would be an outage of the platform.
func TestASourceOfFailuresStaysOneOverARestart(t *testing.T) {
	t.Parallel()
	receiver, dir := hooktest.Start(t, hooktest.Options{}), t.TempDir()
	text := head + merchants(fmt.Sprintf("{id: shop-a, url: %q, probe: {interval: 1h}}", receiver.URL()))
	r := start(t, dir, text)
	var lines strings.Builder
	for i := range 1100 {
		at := time.Now().UTC().Add(-time.Hour - time.Duration(i)*time.Second).Format(time.RFC3339)
		fmt.Fprintf(&lines, `{"source":"core","event":"f-%d","endpoint":"shop-a","attempt":1,"started_at":%q,"status":503}`+"\n", i, at)
	}
	held := func(r *running) bool {
		_, body := r.call(http.MethodGet, "/-/duty", "")
		return strings.Contains(body, "source core: declared A, but none")
	}
	r.told(lines.String(), 1100)
	r.until("it is treated as what it is", func() bool { return held(r) })
	r.until("that is kept", func() bool {
		return strings.Contains(r.log.String(), "source does not send what it is declared to send")
	})
	r.stop()
	if r = start(t, dir, text); !held(r) {
		t.Error("after a restart it is believed again")
	}
}
