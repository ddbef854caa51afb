package daemon_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/hooktest"
)

const (
	tailing = "sources: [{id: core, discover: true, tail: {path: attempts.ndjson, poll: 10ms, linger: 50ms}}]\n"
	dayAgo  = 24 * time.Hour
)

// appendTo appends records to a file, as another program does.
func appendTo(t *testing.T, path string, records ...string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(strings.Join(records, "")); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// some returns the records of events from one number to another.
func some(from, to int) (records []string) {
	for i := from; i < to; i++ {
		records = append(records, attempt(i, `"merchant":"shop","endpoint":"own",`))
	}
	return records
}

// firstAttempts returns how many of a scope were counted.
func (r *running) firstAttempts(scope string) int {
	r.t.Helper()
	_, body := r.call(http.MethodGet, "/api/v1/ratios?scope="+scope+"&from="+time.Now().Add(-dayAgo).UTC().Format(time.RFC3339), "")
	var got struct {
		First *int `json:"first_attempts"`
	}
	if err := json.Unmarshal([]byte(body), &got); err != nil || got.First == nil {
		r.t.Fatalf("ratios: %s, %v", body, err)
	}
	return *got.First
}

func (r *running) counts(want int) {
	r.t.Helper()
	r.until(fmt.Sprintf("%d attempts are counted", want), func() bool { return r.firstAttempts("platform") >= want })
	if got := r.firstAttempts("platform"); got != want {
		r.t.Fatalf("%d attempts are counted, want %d", got, want)
	}
}

func TestATailedFileIsReadOverRotationsAndRestarts(t *testing.T) {
	t.Parallel()
	dir, hook := t.TempDir(), hooktest.Start(t, hooktest.Options{})
	path := filepath.Join(dir, "attempts.ndjson")
	text := head + tailing + merchants(fmt.Sprintf("{id: own, url: %q}", hook.URL()))
	rotate := func(to string) {
		if err := os.Rename(path, path+to); err != nil {
			t.Fatal(err)
		}
	}
	appendTo(t, path, some(0, 2_500)...)
	d := start(t, dir, text)
	d.counts(2_500)
	rotate(".1")
	appendTo(t, path+".1", some(2_500, 2_510)...) // its writer has it open still
	appendTo(t, path, some(2_510, 2_520)...)
	d.counts(2_520)
	appendTo(t, path, some(2_520, 2_600)...)
	d.stop() // in the midst of it, or before

	appendTo(t, path, some(2_600, 2_610)...)
	rotate(".2")
	appendTo(t, path, some(2_610, 2_620)...)
	d = start(t, dir, text)
	d.counts(2_620)
	if _, err := os.Stat(filepath.Join(dir, "data", "tail")); err != nil {
		t.Errorf("where the reading stands is not in the data directory: %v", err)
	}
	d.send(some(2_619, 2_621)...) // the same source pushes, too: one of them is the same attempt told anew
	d.until("both ways are counted", func() bool { return d.firstAttempts("platform") >= 2_621 })
	if n := d.firstAttempts("endpoint:own"); n != d.firstAttempts("platform") {
		t.Errorf("%d attempts of the endpoint, want all", n)
	}
}

func TestATailedFileGoesTheWayOfWhatIsPushed(t *testing.T) {
	t.Parallel()
	dir, hook := t.TempDir(), hooktest.Start(t, hooktest.Options{})
	path := filepath.Join(dir, "attempts.ndjson")
	d := start(t, dir, head+tailing+merchants(fmt.Sprintf("{id: own, url: %q}", hook.URL())))
	old := strings.Replace(attempt(1, `"endpoint":"own",`), time.Now().UTC().Format("2006"), "2001", 1)
	byURL := attempt(2, fmt.Sprintf(`"merchant":"shop","url":%q,`, hook.URL()))
	appendTo(t, path,
		byURL, attempt(3, `"merchant":"ghost","endpoint":"MARKER",`),
		old, "rubbish MARKER\n", strings.Replace(attempt(4, `"endpoint":"own",`), "core", "other", 1),
		byURL, attempt(5, `"endpoint":"own",`),
	)
	d.counts(3)
	if n := d.firstAttempts("endpoint:own"); n != 2 {
		t.Errorf("%d attempts of the endpoint, want 2: one by its URL, one by its ID", n)
	}
	d.until("an endpoint that only the file names is there", func() bool { // what attempts name is told when they are durable, and may be counted by then
		v, there := d.endpoint("MARKER")
		return there && v.Origin == "seen"
	})
	d.until("the metrics count", func() bool {
		_, body := d.call(http.MethodGet, "/metrics", "")
		return strings.Contains(body, `hookvigil_tail_lines_total{result="accepted"} 3`) && strings.Contains(body, `hookvigil_tail_lines_total{result="rejected"} 3`) &&
			strings.Contains(body, `hookvigil_tail_lines_total{result="duplicate"} 1`) && strings.Contains(body, `hookvigil_attempts_total{result="accepted"} 3`) && strings.Contains(body, "hookvigil_tail_behind_bytes 0\n")
	})
	if strings.Contains(d.log.String(), "rubbish MARKER") {
		t.Error("the log shows a line of the file")
	}
}

func TestFeedsComeAndGoByReload(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "attempts.ndjson")
	appendTo(t, path, some(0, 10)...)
	d := start(t, dir, head+forgetful)
	runs := func(want int) {
		t.Helper()
		d.until(fmt.Sprintf("%d feeds run", want), func() bool { _, n := d.FeedsHeard(); return n == want })
	}
	d.reload(head + tailing)
	d.counts(10)
	d.reload(head + forgetful)
	runs(0)
	if _, body := d.call(http.MethodGet, "/metrics", ""); strings.Contains(body, "hookvigil_source_last_data_timestamp_seconds{") {
		t.Error("a feed that is gone is still shown")
	}
	appendTo(t, path, some(10, 20)...)
	if n := d.firstAttempts("platform"); n != 10 {
		t.Errorf("%d attempts are counted without a feed, want 10", n)
	}
	d.reload(head + tailing)
	d.counts(20)
	started := strings.Count(d.log.String(), "feed started")
	d.reload(head + tailing + "log: {level: debug}\n")
	d.reload(head + strings.Replace(tailing, "10ms", "20ms", 1))
	d.until("the changed one is started anew", func() bool { return strings.Count(d.log.String(), "feed started") == started+1 })
	d.reload(head + strings.ReplaceAll(tailing, "id: core", "id: other")) // the file goes to another source, and is not read again
	appendTo(t, path, strings.ReplaceAll(strings.Join(some(20, 30), ""), `"source":"core"`, `"source":"other"`))
	d.counts(30)
}

// counters is a Prometheus whose counters rise with each ask: 2,000 first
// attempts, and so many failures.
type counters struct {
	rise int

	mu            sync.Mutex // an ask that was given up may still be answered beside the next
	total, failed int        // guarded by mu
}

func (c *counters) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	value := c.failed
	if r.URL.Query().Get("query") == "total" {
		c.total, c.failed = c.total+2_000, c.failed+c.rise
		value = c.total
	}
	fmt.Fprintf(w, `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[%s,%q]}]}}`, r.URL.Query().Get("time"), strconv.Itoa(value))
}

// short are rules of seconds for minutes, that take up to ten failures of a tick
// for what they are.
const short = "rules: {error_ratio: {clip: 10, tick: 1s, grace: 1s, window: 20s, recent: 1m, day: 24m, clear_for: 10s, reopen: 1m, settle: 24m}, reopen: 1m}\n"

func TestCountersOfAPrometheusOpenAnIncident(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(&counters{rise: 120})
	t.Cleanup(server.Close)
	sources := fmt.Sprintf("sources: [{id: core, grade: C}, {id: counters, prometheus: {url: %q, total: total, failed: failed, every: 1s}}]\n", server.URL)
	d := start(t, t.TempDir(), head+short+sources)
	events := 0
	d.until("the incident is open", func() bool {
		events++
		d.send(attempt(events, `"endpoint":"own",`)) // ticks close by what is received; while nothing is, 20 s later
		_, body := d.call(http.MethodGet, "/api/v1/incidents", "")
		return strings.Contains(body, `"rule":"platform_error_ratio"`) && strings.Contains(body, `"state":"open"`)
	})
	if n := d.firstAttempts("platform"); n != 0 {
		t.Errorf("%d attempts in history, want none: they were only counted", n)
	}
	if _, body := d.call(http.MethodGet, "/metrics", ""); !strings.Contains(body, `hookvigil_source_last_data_timestamp_seconds{kind="prometheus"}`) ||
		!strings.Contains(body, `hookvigil_source_asks_total{result="failed"}`) || strings.Contains(body, `hookvigil_source_asks_total{result="answered"} 0`) {
		t.Error("the metrics do not show the asks")
	}
	if problems := d.FeedProblems(time.Now()); len(problems) != 0 {
		t.Errorf("off duty: %v", problems)
	}
}

func TestFeedsThatBringNothingAreAProblem(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	write(t, filepath.Join(dir, "read.ndjson"), attempt(1, `"endpoint":"own",`))
	began := time.Now()
	d := start(t, dir, head+fmt.Sprintf(`
sources:
  - {id: absent, tail: absent.ndjson}
  - {id: folder, tail: read.ndjson/inside.ndjson}
  - {id: silent, prometheus: {url: %q, total: t, failed: f, every: 1s}}
  - {id: core, tail: {path: read.ndjson, poll: 10ms}}
`, server.URL+"/?key=MARKER"))
	d.counts(1)
	d.until("three are in trouble", func() bool { troubled, running := d.FeedsHeard(); return troubled == 3 && running == 4 })
	if problems := d.FeedProblems(began.Add(time.Minute)); len(problems) != 0 {
		t.Errorf("already a problem: %v", problems)
	}
	got := d.FeedProblems(time.Now().Add(62 * time.Second))
	for i, want := range []string{ // the one that is well has not been heard of for a minute then
		"source absent: " + dir + "/absent.ndjson has not been there for ", "source core: the reading of " + dir + "/read.ndjson is ",
		"source folder: " + dir + "/read.ndjson/inside.ndjson could not be read for ",
		"source silent: its Prometheus has not answered for "} {
		if i >= len(got) || !strings.HasPrefix(got[i], want) {
			t.Errorf("problem %d of %q, want one that begins %q", i, got, want)
			continue
		}
		word, _, _ := strings.Cut(strings.TrimPrefix(got[i], want), " ")
		if lasts, err := time.ParseDuration(strings.Trim(word, ";:")); err != nil || lasts <= time.Minute || lasts > time.Since(began)+63*time.Second {
			t.Errorf("problem %q, want one that has lasted for a minute and the time since the start, %v", got[i], err)
		}
	}
	if text := strings.Join(got, " ") + d.log.String(); strings.Contains(text, "MARKER") {
		t.Error("a query of a URL is shown")
	}
}
