package daemon_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
)

// told hands attempts in, of which so many are taken and new.
func (r *running) told(lines string, accepted int) {
	r.t.Helper()
	status, body, again := r.handIn(lines)
	var got struct{ Accepted, Duplicate int }
	if err := json.Unmarshal([]byte(body), &got); err != nil || status != http.StatusOK {
		r.t.Fatalf("attempts: %d %s, %v; want %d accepted", status, body, err, accepted)
	}
	if again { // those that were stored at once are known by now
		got.Accepted += got.Duplicate
	}
	if got.Accepted != accepted {
		r.t.Fatalf("attempts: %s; want %d accepted", body, accepted)
	}
}

// One dead endpoint with 0.6 % of the events makes 4 % of all attempts fail,
// because each of its events is tried seven times in a day. The ratio that
// decides counts first attempts.
func TestOneDeadEndpointIsNoIncidentOfThePlatform(t *testing.T) {
	t.Parallel()
	r := start(t, t.TempDir(), head)
	xendit, _ := deliveries.Preset("xendit")
	hour := time.Now().UTC().Truncate(time.Minute).Add(-time.Hour)
	var lines strings.Builder
	n := 0
	line := func(event, endpoint string, number int, at time.Time, status int) {
		fmt.Fprintf(&lines, `{"source":"core","event":%q,"endpoint":%q,"attempt":%d,"started_at":%q,"status":%d}`+"\n", event, endpoint, number, at.Format(time.RFC3339Nano), status)
		n++
	}
	for i := range 994 {
		line(fmt.Sprint("fine-", i), fmt.Sprint("ep-", i%50), 1, hour.Add(time.Duration(i)*3600*time.Millisecond), 200)
	}
	for i := range 6 {
		at := hour.Add(time.Duration(i) * 10 * time.Minute)
		line(fmt.Sprint("dead-", i), "dead", 1, at, 503)
		for k := range xendit.Offsets { // of events that were new so long ago
			line(fmt.Sprintf("dead-%d-%d", i, k), "dead", k+2, at, 503)
		}
	}
	r.told(lines.String(), n)
	var ratio struct {
		First    float64 `json:"first_error_ratio"`
		Attempts float64 `json:"attempt_error_ratio"`
		Count    int     `json:"first_attempts"`
	}
	r.until("all is counted", func() bool {
		_, body := r.call(http.MethodGet, "/api/v1/ratios?scope=platform&from="+hour.Format(time.RFC3339)+"&to="+hour.Add(time.Hour).Format(time.RFC3339), "")
		return json.Unmarshal([]byte(body), &ratio) == nil && ratio.Count == 1000
	})
	if ratio.First > 0.006 || ratio.Attempts < 0.04 {
		t.Errorf("first attempts %.4f, all attempts %.4f; want at most 0.006 and at least 0.04", ratio.First, ratio.Attempts)
	}
}

// Bodies of webhooks do not belong here: what a record says besides its fields
// is nowhere on disk, whatever it is called and however the record ends.
func TestNoPayloadIsKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := start(t, dir, head)
	const secret = "payload-4111111111111111"
	at := time.Now().UTC().Format(time.RFC3339)
	lines := ""
	for i, extra := range []string{
		`"body":"` + secret + `"`, `"payload":{"card":"` + secret + `"}`, `"request":{"body":["` + secret + `"]}`, `"response_body":"` + secret + `"`,
		`"headers":{"X-Token":"` + secret + `"}`, `"data":"` + secret + `"`,
	} {
		lines += fmt.Sprintf(`{"event":"evt-%d","endpoint":"ep","started_at":%q,"status":503,%s}`+"\n", i, at, extra)
	}
	lines += `{"event":"bad","endpoint":"ep","body":"` + secret + `"}` + "\n" + `not JSON ` + secret + "\n"
	r.told(lines, 6)
	r.until("all is applied", func() bool {
		_, body := r.call(http.MethodGet, "/api/v1/events?limit=10", "")
		return strings.Count(body, `"id":"evt-`) == 6
	})
	r.stop()
	files := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		data, err := os.ReadFile(path)
		if err == nil && bytes.Contains(data, []byte(secret)) {
			t.Errorf("%s has the payload", path)
		}
		return err
	})
	if err != nil || files < 5 {
		t.Errorf("%d files, %v; want the log, the databases and the slot", files, err)
	}
	if strings.Contains(r.log.String(), secret) {
		t.Error("the log has the payload")
	}
}
