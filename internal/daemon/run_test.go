package daemon_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/hooktest"
)

func TestReloadTouchesOnlyWhatChanged(t *testing.T) {
	t.Parallel()
	a, b, c := hooktest.Start(t, hooktest.Options{}), hooktest.Start(t, hooktest.Options{}), hooktest.Start(t, hooktest.Options{})
	ep := func(id string, r *hooktest.Receiver, more string) string {
		return fmt.Sprintf("{id: %s, url: %q%s}", id, r.URL(), more)
	}
	d := start(t, t.TempDir(), head+merchants(ep("a", a, ""), ep("b", b, "")))
	was := d.probeNow("a")
	asked := a.Stats().Requests
	write(t, d.path, head+merchants(ep("a", a, ""), ep("b", b, ", probe: {interval: 10s}"), ep("c", c, "")))
	status, body := d.call(http.MethodPost, "/-/reload", "")
	var report struct {
		Diff struct {
			Endpoints struct{ Added, Removed, Changed []string }
		}
	}
	if err := json.Unmarshal([]byte(body), &report); err != nil || status != http.StatusOK {
		t.Fatalf("reload: %d %s", status, body)
	}
	if got := report.Diff.Endpoints; !slices.Equal(got.Added, []string{"c"}) || !slices.Equal(got.Changed, []string{"b"}) || len(got.Removed) != 0 {
		t.Errorf("diff %+v, want c added and b changed", got)
	}
	if is, _ := d.endpoint("a"); is.Probe == nil || is.Probe.At.Before(was.Probe.At) {
		t.Errorf("a forgot its result over the reload: %+v", is.Probe)
	}
	d.probeNow("c")
	if n := a.Stats().Requests - asked; n > 1 {
		t.Errorf("a was probed %d times around a reload that did not touch it", n)
	}

	for name, broken := range map[string]string{"a syntax error": "merchants: [", "an unknown key": head + "merchant: []\n", "a bad value": head + merchants("{id: a, url: 'ftp://x.example/'}")} {
		write(t, d.path, broken)
		status, body := d.call(http.MethodPost, "/-/reload", "")
		if status != http.StatusUnprocessableEntity || !strings.Contains(body, "hookvigil.yaml") {
			t.Errorf("%s: %d %s, want 422 with the fault", name, status, body)
		}
		if _, metrics := d.call(http.MethodGet, "/metrics", ""); !strings.Contains(metrics, "hookvigil_config_last_reload_successful 0") {
			t.Errorf("%s: the metric does not say so", name)
		}
		if _, there := d.endpoint("c"); !there {
			t.Errorf("%s: changed what is watched", name)
		}
		d.probeNow("c")
	}

	write(t, d.path, head+merchants(ep("c", c, "")))
	if status, body := d.call(http.MethodPost, "/-/reload", ""); status != http.StatusOK {
		t.Fatalf("reload: %d %s", status, body)
	}
	if _, there := d.endpoint("a"); there {
		t.Error("a is still there after it was removed")
	}
	if d.ProbeTurns().Now("a") {
		t.Error("a is still on the schedule")
	}
	if _, metrics := d.call(http.MethodGet, "/metrics/probes", ""); strings.Contains(metrics, `endpoint="a"`) {
		t.Error("a still has series")
	}
}

func TestMemoryOutlivesARestart(t *testing.T) {
	t.Parallel()
	dir, r := t.TempDir(), hooktest.Start(t, hooktest.Options{})
	text := head + merchants(fmt.Sprintf("{id: x, url: %q, probe: {interval: 24h, confirm_after: 1h, ack_budget: 30s}}", r.URL())) // the test alone has it probed
	d := start(t, dir, text)
	if v := d.probeNow("x"); v.State != "healthy" {
		t.Fatalf("state %s, want healthy", v.State)
	}
	probed := time.Now()
	d.SaveNow(t.Context()) // one that runs may have begun before the probe ended
	d.until("it is saved, which a stop on a busy machine has little time for", func() bool {
		_, body := d.call(http.MethodGet, "/metrics", "")
		_, value, _ := strings.Cut(body, "\nhookvigil_store_last_saved_timestamp_seconds ")
		value, _, _ = strings.Cut(value, "\n")
		at, err := strconv.ParseFloat(value, 64)
		return err == nil && at > float64(probed.UnixMicro())/1e6
	})
	d.stop()
	d = start(t, dir, text)
	if v, _ := d.endpoint("x"); v.State != "healthy" || v.Probe == nil {
		t.Errorf("after a restart: %+v, want the last result", v)
	}
	if err := r.Set(hooktest.Status(503)); err != nil {
		t.Fatal(err)
	}
	if v := d.probeNow("x"); v.Probe.Verdict != "down" || v.State != "degraded" {
		t.Errorf("first failure after a restart: %s, state %s; want down, being confirmed", v.Probe.Verdict, v.State)
	}
	d.probeNow("x")
	if v := d.probeNow("x"); v.State != "down" || v.Probe.Failures != 3 || v.Probe.Try != 2 {
		t.Errorf("after two confirming probes: state %s, %d failures, try %d; want down", v.State, v.Probe.Failures, v.Probe.Try)
	}
}

func TestAPIAndFileMakeOneRegistry(t *testing.T) {
	t.Parallel()
	dir, r := t.TempDir(), hooktest.Start(t, hooktest.Options{Behaviour: hooktest.TokenCheck, Token: "api-given-token-1234"})
	file := head + merchants(fmt.Sprintf("{id: from-file, url: %q}", r.URL()))
	d := start(t, dir, file)
	put := fmt.Sprintf(`{"merchant":"shop","url":%q,"token":"api-given-token-1234","probe":{"level":"ping","allow_cleartext":true,"ack_budget":"30s"}}`, r.URL())
	if status, body := d.call(http.MethodPut, "/api/v1/endpoints/from-api", put); status != http.StatusCreated {
		t.Fatalf("PUT: %d %s", status, body)
	}
	if v := d.probeNow("from-api"); v.Probe.Verdict != "healthy" || v.Origin != "api" {
		t.Errorf("from-api: %+v, want healthy by its token", v)
	}
	if status, body := d.call(http.MethodPut, "/api/v1/endpoints/from-file", put); status != http.StatusConflict {
		t.Errorf("PUT over the file: %d %s, want 409", status, body)
	}
	d.stop()
	d = start(t, dir, file)
	if v := d.probeNow("from-api"); v.Probe.Verdict != "healthy" {
		t.Errorf("after a restart the API's endpoint: %+v, want healthy", v)
	}
	if status, body := d.call(http.MethodDelete, "/api/v1/endpoints/from-api", ""); status != http.StatusNoContent {
		t.Errorf("DELETE: %d %s", status, body)
	}
	d.stop()
	d = start(t, dir, file)
	if _, there := d.endpoint("from-api"); there {
		t.Error("deleted, and back after a restart")
	}
}

func TestAPanicInAProbeHarmsNothingElse(t *testing.T) {
	t.Parallel()
	ca, pem := hooktest.StartCA(t, "root")
	r := hooktest.Start(t, hooktest.Options{CA: ca})
	d := start(t, t.TempDir(), head+"tls: {ca_files: ["+pem+"]}\n"+merchants(fmt.Sprintf("{id: x, url: %q}", r.URL())))
	d.probeNow("x")
	d.BreakProber()
	d.ProbeTurns().Now("x")
	d.until("the panic is counted", func() bool {
		_, metrics := d.call(http.MethodGet, "/metrics", "")
		_, n, counted := strings.Cut(metrics, `hookvigil_panics_total{part="probe turn"} `) // a regular turn may have come besides
		return counted && !strings.HasPrefix(n, "0\n")
	})
	d.CertificateTurns().Now("x")
	d.until("the second signal still speaks", func() bool {
		v, _ := d.endpoint("x")
		return v.Certificate != nil && v.Certificate.Verdict == "ok"
	})
}

func TestASecondDaemonIsRefusedTheSameData(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := start(t, dir, head)
	if err := d.New2().Run(t.Context()); err == nil || !strings.Contains(err.Error(), "data") {
		t.Errorf("a second daemon: %v, want it refused by name of the data directory", err)
	}
}

func TestNoSecretLeaves(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ca, pem := hooktest.StartCA(t, "root")
	const token, query, foreign = "marker-token-0123456789", "marker-query", "marker-location"
	write(t, filepath.Join(dir, "token"), token+"\n")
	text := head + "log: {level: debug}\ntls: {ca_files: [" + pem + "]}\n"
	var endpoints, ids []string
	for _, b := range hooktest.Behaviours() {
		opts := hooktest.Options{Behaviour: b, Delay: time.Second, Every: 50 * time.Millisecond, Token: token, Location: "https://user:" + foreign + "@elsewhere.example/?x=" + foreign}
		if b.Describe().TLS || len(ids)%2 == 0 {
			opts.CA = ca
		}
		id := strings.ReplaceAll(string(b), "_", "-")
		endpoints = append(endpoints, fmt.Sprintf("{id: %s, url: %q, token_file: token, probe: {level: ping, timeout: 2s, allow_cleartext: true}}", id, hooktest.Start(t, opts).URL()+"/hook?key="+query))
		ids = append(ids, id)
	}
	d := start(t, dir, text+merchants(endpoints...))
	said := strings.Builder{}
	for _, id := range ids {
		d.ProbeTurns().Now(id)
		d.CertificateTurns().Now(id)
	}
	d.until("every endpoint has been probed", func() bool {
		return !slices.ContainsFunc(ids, func(id string) bool {
			v, _ := d.endpoint(id)
			return v.Probe == nil
		})
	})
	for _, path := range []string{"/", "/metrics", "/metrics/probes", "/api/v1/endpoints?limit=1000", "/api/v1/merchants", "/api/v1/sd/prometheus", "/api/v1/openapi.json", "/-/duty", "/probe?target=" + ids[0]} {
		status, body := d.call(http.MethodGet, path, "")
		if status != http.StatusOK && (path != "/-/duty" || status != http.StatusServiceUnavailable) { // a busy machine looks late, and says so
			t.Errorf("%s: %d", path, status)
		}
		said.WriteString(body)
	}
	for _, id := range ids {
		for _, path := range []string{"/endpoints/", "/api/v1/endpoints/"} {
			_, body := d.call(http.MethodGet, path+id, "")
			said.WriteString(body)
		}
	}
	_, body := d.call(http.MethodPut, "/api/v1/endpoints/fresh", `{"merchant":"shop","url":"https://harmless.example/known-and-no-secret"}`)
	said.WriteString(body)
	_, body = d.call(http.MethodPut, "/api/v1/endpoints/ok", `{"merchant":"shop","url":"https://u:`+token+`@x.example/?`+query+`","token":"`+token+`"}`)
	said.WriteString(body + d.log.String())
	for _, marker := range []string{token, query, foreign} {
		if i := strings.Index(said.String(), marker); i >= 0 {
			t.Errorf("%s was said: ...%s...", marker, said.String()[max(0, i-300):i+60])
		}
	}
	d.stop() // what the databases held back is in their files now
	kept := ""
	for _, file := range []string{"state.db", "facts.db", "state.db-wal", "facts.db-wal"} {
		raw, err := os.ReadFile(filepath.Join(dir, "data", file))
		if err != nil && (!strings.HasSuffix(file, "-wal") || !errors.Is(err, os.ErrNotExist)) { // there is one while somebody has not let go
			t.Fatal(err)
		}
		kept += string(raw)
	}
	if !strings.Contains(kept, "known-and-no-secret") {
		t.Error("the databases do not hold what was stored: this test looks in the wrong place")
	}
	if strings.Contains(kept, token) {
		t.Error("a token that came from a file is stored")
	}
}
