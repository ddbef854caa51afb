package daemon_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/hooktest"
	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/internal/store"
)

const (
	discovering = "sources: [{id: core, discover: true}]\n"
	forgetful   = "sources: [{id: core}]\n"
	ghostURL    = "https://ghost.example/hook"
)

// attempt is a record of source core that ended just now; more goes before the
// rest of its fields.
func attempt(event int, more string) string {
	return fmt.Sprintf(`{"source":"core",%s"event":"evt-%d","attempt":1,"started_at":%q,"status":200}`+"\n", more, event, time.Now().UTC().Format(time.RFC3339Nano))
}

// send hands attempts in, and returns how many were new.
func (r *running) send(lines ...string) int {
	r.t.Helper()
	status, body, _ := r.handIn(strings.Join(lines, ""))
	var got struct{ Accepted, Duplicate int }
	if err := json.Unmarshal([]byte(body), &got); status != http.StatusOK || err != nil || got.Accepted+got.Duplicate != len(lines) {
		r.t.Fatalf("attempts: %d %s, want %d taken", status, body, len(lines))
	}
	return got.Accepted
}

// A record that names no source is of the only one that is configured, of
// "default" when none is, and of nobody when several are.
func TestARecordWithoutASource(t *testing.T) {
	t.Parallel()
	r := start(t, t.TempDir(), head+forgetful)
	hand := func(event int) string {
		_, body, _ := r.handIn(strings.Replace(attempt(event, `"endpoint":"shop",`), `"source":"core",`, "", 1))
		return body
	}
	shown := func(path string) {
		t.Helper()
		r.until(path+" is there", func() bool {
			status, _ := r.call(http.MethodGet, "/api/v1/events/"+path, "")
			return status == http.StatusOK
		})
	}
	hand(1)
	shown("core/evt-1")
	r.reload(head + "sources: [{id: core}, {id: billing}]\n")
	if body := hand(2); !strings.Contains(body, `"rejected_count":1`) || !strings.Contains(body, `put \"source\" into the record`) {
		t.Errorf("several sources: %s, want it refused, and what to write", body)
	}
	r.reload(head + "sources: [{id: core}, {id: default}]\n")
	hand(3)
	shown("default/evt-3")
	r.reload(head)
	hand(4)
	shown("default/evt-4")
}

// discovered waits until all that waited is looked at, by whomever.
func (r *running) discovered() {
	r.t.Helper()
	r.until("all that was seen is looked at", func() bool {
		waiting, _, _ := r.SightsHeld()
		r.DiscoverNow()
		again, _, _ := r.SightsHeld() // what could not be stored
		return waiting == 0 && again == 0
	})
}

func (r *running) reload(text string) {
	r.t.Helper()
	write(r.t, r.path, text)
	if status, body := r.call(http.MethodPost, "/-/reload", ""); status != http.StatusOK {
		r.t.Fatalf("reload: %d %s", status, body)
	}
}

func TestEndpointsThatAttemptsNameAreShownAndLeftAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	hook := hooktest.Start(t, hooktest.Options{})
	config := head + merchants(fmt.Sprintf("{id: own, url: %q, probe: {interval: 1h}}", hook.URL()))
	d := start(t, dir, config+discovering)
	d.send(attempt(1, fmt.Sprintf(`"merchant":"shop","endpoint":"ghost","url":%q,`, hook.URL()+"?key=MARKER")), attempt(2, `"merchant":"stranger","endpoint":"far",`))
	d.discovered()
	for _, id := range []string{"ghost", "far"} {
		d.until("its attempt is counted", func() bool { v, _ := d.endpoint(id); return v.State == "healthy" })
	}
	check := func(when string) {
		t.Helper()
		for id, state := range map[string]string{"ghost": "healthy", "far": "healthy"} {
			if v, there := d.endpoint(id); !there || v.Origin != "seen" || v.State != state || v.Probe != nil || v.Certificate != nil {
				t.Errorf("%s, %s: there %t, %+v; want it seen, %s, and never looked at", when, id, there, v, state)
			}
			if d.ProbeTurns().Now(id) || d.CertificateTurns().Now(id) {
				t.Errorf("%s, %s is on a schedule", when, id)
			}
		}
		if status, body := d.call(http.MethodGet, "/api/v1/endpoints?merchant=shop", ""); strings.Count(body, `"origin":"seen"`) < 1 || !strings.Contains(body, `"id":"ghost"`) {
			t.Errorf("%s, the list does not show it: %d %s", when, status, body)
		}
		if status := d.status("/probe?target=ghost"); status != http.StatusNotFound {
			t.Errorf("%s, /probe answers %d about it, want 404", when, status)
		}
		for _, path := range []string{"/metrics", "/metrics/probes", "/api/v1/sd/prometheus", "/api/v1/endpoints/ghost"} {
			if _, body := d.call(http.MethodGet, path, ""); strings.Contains(body, "MARKER") || path != "/api/v1/endpoints/ghost" && strings.Contains(body, "ghost") {
				t.Errorf("%s, %s shows it: %s", when, path, tail(body))
			}
		}
		if n := d.WatchedOf("shop"); n != 1 {
			t.Errorf("%s, a digest of its merchant is about %d endpoints, want 1", when, n)
		}
		d.probeNow("own")
	}
	check("at first")
	d.stop()
	d = start(t, dir, config+forgetful)
	check("after a restart")
	d.send(attempt(3, `"merchant":"shop","endpoint":"new",`))
	d.discovered()
	if _, there := d.endpoint("new"); there {
		t.Error("registered although its source does not discover")
	}
	d.reload(config + discovering)
	d.send(attempt(4, `"merchant":"shop","endpoint":"new",`))
	d.discovered()
	if v, there := d.endpoint("new"); !there || v.Origin != "seen" {
		t.Errorf("after a reload: there %t, %+v", there, v)
	}
	d.reload(config + forgetful)
	check("after discover was switched off")
	if strings.Contains(d.log.String(), "MARKER") {
		t.Error("the log shows a query")
	}
}

func TestSeenEndpointsAreTakenOverAndComeBack(t *testing.T) {
	t.Parallel()
	hook := hooktest.Start(t, hooktest.Options{})
	d := start(t, t.TempDir(), head+discovering)
	first := attempt(1, fmt.Sprintf(`"merchant":"ghost","url":%q,`, ghostURL))
	id := registry.SeenID("ghost", ghostURL)
	d.send(first)
	d.discovered()
	if v, there := d.endpoint(id); !there || v.Origin != "seen" {
		t.Fatalf("%s: there %t, %+v", id, there, v)
	}
	if n := d.send(first); n != 0 {
		t.Error("the same attempt counts again after its endpoint is registered")
	}
	if status, body := d.call(http.MethodDelete, "/api/v1/endpoints/"+id, ""); status != http.StatusNoContent {
		t.Fatalf("DELETE: %d %s", status, body)
	}
	d.discovered()
	if _, there := d.endpoint(id); there {
		t.Error("it is still there, or again for what was sent before it was removed")
	}
	d.send(strings.Replace(first, "evt-1", "evt-2", 1))
	d.discovered()
	if _, there := d.endpoint(id); !there {
		t.Error("it did not come back with its next attempt")
	}
	put := fmt.Sprintf(`{"merchant":"ghost","url":%q,"probe":{"ack_budget":"30s"}}`, hook.URL())
	if status, body := d.call(http.MethodPut, "/api/v1/endpoints/"+id, put); status != http.StatusOK {
		t.Fatalf("PUT: %d %s", status, body)
	}
	if v := d.probeNow(id); v.Origin != "api" || v.Probe.Verdict != "healthy" {
		t.Errorf("taken over by the API: %+v, want it probed", v)
	}
	if n := d.send(first); n != 0 {
		t.Error("its history does not count as its own any more")
	}

	d.send(attempt(3, `"merchant":"shop","endpoint":"filed",`))
	d.discovered()
	d.reload(head + discovering + merchants(fmt.Sprintf("{id: filed, url: %q}", hook.URL())))
	if v := d.probeNow("filed"); v.Origin != "file" {
		t.Errorf("taken over by the file: %+v", v)
	}
	d.reload(head + discovering)
	if _, there := d.endpoint("filed"); there {
		t.Error("it is still there after it left the file")
	}
	d.send(attempt(4, `"merchant":"shop","endpoint":"filed",`))
	d.discovered()
	if v, there := d.endpoint("filed"); !there || v.Origin != "seen" || d.ProbeTurns().Now("filed") {
		t.Errorf("after it left the file: there %t, %+v; want it seen and not probed", there, v)
	}
}

func TestSeenEndpointsGoWithoutAttempts(t *testing.T) {
	t.Parallel()
	d := start(t, t.TempDir(), head+discovering)
	d.send(attempt(1, `"merchant":"a","endpoint":"busy",`), attempt(2, `"merchant":"b","endpoint":"idle",`))
	d.discovered()
	there := func(want string) {
		t.Helper()
		var got []string
		for _, id := range []string{"busy", "idle"} {
			if _, is := d.endpoint(id); is {
				got = append(got, id)
			}
		}
		_, b := d.Registry().Snapshot().Merchant("b")
		if strings.Join(got, " ") != want || b != strings.Contains(want, "idle") {
			t.Errorf("there are %q, and merchant b: %t; want %q", got, b, want)
		}
	}
	sweep := func(after time.Duration) {
		t.Helper()
		if err := d.SweepSeen(time.Now().Add(after)); err != nil {
			t.Fatal(err)
		}
	}
	sweep(34 * 24 * time.Hour)
	there("busy idle")
	d.send(attempt(3, `"merchant":"a","endpoint":"busy",`))
	d.discovered()
	sweep(36 * 24 * time.Hour)
	there("busy")
	sweep(60 * 24 * time.Hour)
	there("busy")
	sweep(72 * 24 * time.Hour)
	there("")
}

func TestHostileNamesAreRefusedAndForgotten(t *testing.T) {
	t.Parallel()
	d := start(t, t.TempDir(), head+discovering)
	d.send(
		attempt(1, `"merchant":"m","endpoint":"<script>",`), attempt(2, `"merchant":"a b","endpoint":"x1",`), attempt(3, `"endpoint":"x2",`),
		attempt(4, `"merchant":"m","endpoint":"x3","url":"https://user:MARKER@m.example/",`), attempt(5, `"merchant":"m","url":"ftp://MARKER.example/",`),
		attempt(6, `"merchant":"m","endpoint":"seen-0123456789abcdef",`), attempt(7, `"merchant":"m","endpoint":"<script>",`),
	)
	d.discovered()
	if n := len(d.Registry().Snapshot().KnownEndpoints()); n != 0 {
		t.Errorf("%d of them are registered", n)
	}
	if _, turned, _ := d.SightsHeld(); turned != 6 {
		t.Errorf("%d refusals are remembered, want 6", turned)
	}
	d.send(attempt(8, `"merchant":"m","endpoint":"<script>",`))
	if waiting, _, _ := d.SightsHeld(); waiting != 0 {
		t.Error("what was refused is asked for again at once")
	}
	d.until("the log counts them, which whoever looked at them does afterwards", func() bool { return strings.Contains(d.log.String(), "refused=") })
	if log := d.log.String(); strings.Contains(log, "MARKER") {
		t.Errorf("the log shows a secret: %s", tail(log))
	}
}

// TestAFloodOfNamesIsBounded hands in many endpoints and merchants that nobody
// knows; BenchmarkFlood measures a hundred thousand.
func TestAFloodOfNamesIsBounded(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := start(t, dir, head+discovering)
	d.flood(0, 100)
	d.discovered()
	d.series() // a route that nobody asked for has no series yet
	before := d.series()
	for i := range 2 {
		d.flood(0, 2_000) // the same ones are asked for once
		if waiting, _, _ := d.SightsHeld(); waiting > 2_000 {
			t.Errorf("round %d: %d wait, want each once", i, waiting)
		}
	}
	d.discovered()
	if after := d.series(); after > before+100 { // a refusal, or a ratio that is known by now, has a few
		t.Errorf("/metrics grew from %d series to %d", before, after)
	}
	d.until("the metric counts them", func() bool {
		_, body := d.call(http.MethodGet, "/metrics", "")
		return strings.Contains(body, `hookvigil_discovered_endpoints{result="registered"} 2000`)
	})
	d.stop()
	s, err := store.Open(t.Context(), filepath.Join(dir, "data"), nil)
	if err != nil {
		t.Fatal(err)
	}
	rec, err := s.Registry(t.Context())
	if len(rec.Endpoints) != 2_000 || len(rec.Merchants) != 2_000 || err != nil {
		t.Errorf("%d endpoints and %d merchants are stored, %v; want 2000 each", len(rec.Endpoints), len(rec.Merchants), err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// flood hands in an attempt for each endpoint from one number to another, each
// of a merchant of its own.
func (r *running) flood(from, to int) {
	r.t.Helper()
	rest := strings.TrimPrefix(attempt(0, ""), `{"source":"core","event":"evt-0",`)
	var lines []string
	for i := from; i < to; i++ {
		lines = append(lines, fmt.Sprintf(`{"source":"core","merchant":"flood-m-%d","endpoint":"flood-ep-%d","url":"https://m%d.example/hook","event":"evt-%d",%s`, i, i, i, i, rest))
	}
	r.send(lines...)
}

// series counts what /metrics shows.
func (r *running) series() int {
	_, body := r.call(http.MethodGet, "/metrics", "")
	n := 0
	for line := range strings.Lines(body) {
		if strings.HasPrefix(line, "hookvigil_") {
			n++
		}
	}
	return n
}
