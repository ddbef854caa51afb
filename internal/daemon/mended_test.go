package daemon_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/hooktest"
)

func TestWhatWasRemovedWhileWeWereDownIsForgotten(t *testing.T) {
	t.Parallel()
	dir, r := t.TempDir(), hooktest.Start(t, hooktest.Options{})
	ep := func(id string) string { return fmt.Sprintf("{id: %s, url: %q, probe: {interval: 1h}}", id, r.URL()) }
	const often = head + "digest: {bucket: 1s}\n" // saved each second
	d := start(t, dir, often+merchants(ep("stays"), ep("goes")))
	d.probeNow("stays")
	was := d.probeNow("goes").Probe.At
	for range 2 { // the first may have begun before
		since := time.Now()
		d.until("it is saved, which a stop on a busy machine has little time for", func() bool { return d.savedLast().After(since) })
	}
	d.stop()
	d = start(t, dir, often+merchants(ep("stays")))
	d.stop()
	if err := r.Set(hooktest.Hang); err != nil {
		t.Fatal(err)
	}
	d = start(t, dir, often+merchants(ep("stays"), ep("goes")))
	if v, _ := d.endpoint("stays"); v.Probe == nil {
		t.Error("what stayed was forgotten")
	}
	if v, _ := d.endpoint("goes"); v.Probe != nil && !v.Probe.At.After(was) {
		t.Errorf("what was removed came back with %+v", v.Probe)
	}
}

// savedLast is when results were last saved.
func (r *running) savedLast() time.Time {
	_, metrics := r.call(http.MethodGet, "/metrics", "")
	_, value, _ := strings.Cut(metrics, "\nhookvigil_store_last_saved_timestamp_seconds ")
	value, _, _ = strings.Cut(value, "\n")
	at, _ := strconv.ParseFloat(value, 64) // zero before the first
	return time.UnixMicro(int64(at * 1e6))
}

func TestAnEndpointThatIsRemovedDuringItsProbeLeavesNothing(t *testing.T) {
	t.Parallel()
	r := hooktest.Start(t, hooktest.Options{Behaviour: hooktest.Hang})
	d := start(t, t.TempDir(), head+merchants(fmt.Sprintf("{id: x, url: %q, probe: {timeout: 1s}}", r.URL())))
	d.ProbeTurns().Now("x")
	if err := r.Wait(t.Context(), func(s hooktest.Stats) bool { return s.Requests > 0 }); err != nil {
		t.Fatal(err)
	}
	write(t, d.path, head)
	if status, body := d.call(http.MethodPost, "/-/reload", ""); status != http.StatusOK {
		t.Fatalf("reload: %d %s", status, body)
	}
	d.until("the probe has ended", func() bool { return d.ProbeTurns().Running() == 0 })
	if d.Remembers("x") {
		t.Error("the board remembers an endpoint that is gone")
	}
}

func TestASuspendedEndpointHasNoSeries(t *testing.T) {
	t.Parallel()
	r := hooktest.Start(t, hooktest.Options{Behaviour: hooktest.Status(503)})
	ep := fmt.Sprintf("{id: x, url: %q", r.URL())
	d := start(t, t.TempDir(), head+merchants(ep+"}"))
	d.probeNow("x")
	if _, series := d.call(http.MethodGet, "/metrics/probes", ""); !strings.Contains(series, `probe_success{endpoint="x"`) {
		t.Fatal("no series while it is probed")
	}
	write(t, d.path, head+merchants(ep+", suspended: true}"))
	if status, body := d.call(http.MethodPost, "/-/reload", ""); status != http.StatusOK {
		t.Fatalf("reload: %d %s", status, body)
	}
	if _, series := d.call(http.MethodGet, "/metrics/probes", ""); strings.Contains(series, `probe_success{endpoint="x"`) {
		t.Error("a suspended endpoint still says probe_success 0")
	}
	if v, _ := d.endpoint("x"); v.State != "suspended" {
		t.Errorf("state %s, want suspended", v.State)
	}
}

func TestManyScrapesOfOneTargetAreOneProbe(t *testing.T) {
	t.Parallel()
	r := hooktest.Start(t, hooktest.Options{Behaviour: hooktest.Slow, Delay: 300 * time.Millisecond})
	d := start(t, t.TempDir(), head+merchants(fmt.Sprintf("{id: x, url: %q, probe: {interval: 1h}, certificate: {interval: 1h}}", r.URL())))
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if status, body := d.call(http.MethodGet, "/probe?target=x", ""); status != http.StatusOK || !strings.Contains(body, "probe_success 1") {
				t.Errorf("scrape: %d %s", status, body)
			}
		})
	}
	wg.Wait()
	if n := r.Stats().Requests; n > 2 {
		t.Errorf("20 scrapes made %d probes, want one, or the regular one beside it", n)
	}
}

func TestAChangedEndpointIsLookedAtByBothSignals(t *testing.T) {
	t.Parallel()
	ca, pem := hooktest.StartCA(t, "root")
	first, second := hooktest.Start(t, hooktest.Options{CA: ca}), hooktest.Start(t, hooktest.Options{CA: ca, Behaviour: hooktest.CertExpired})
	text := func(r *hooktest.Receiver) string {
		return head + "tls: {ca_files: [" + pem + "]}\n" + merchants(fmt.Sprintf("{id: x, url: %q, probe: {interval: 1h}, certificate: {interval: 1h}}", r.URL()))
	}
	d := start(t, t.TempDir(), text(first))
	d.until("both signals have spoken", func() bool {
		v, _ := d.endpoint("x")
		return v.Probe != nil && v.Certificate != nil && v.Certificate.Verdict == "ok"
	})
	write(t, d.path, text(second))
	if status, body := d.call(http.MethodPost, "/-/reload", ""); status != http.StatusOK {
		t.Fatalf("reload: %d %s", status, body)
	}
	d.until("both signals have seen the change", func() bool {
		v, _ := d.endpoint("x")
		return v.Probe != nil && v.Probe.Fault == "tls_expired" && v.Certificate != nil && v.Certificate.Verdict == "fail"
	})
}

func TestDutyIsGoodWhileASlowSlotWaits(t *testing.T) {
	t.Parallel()
	r := hooktest.Start(t, hooktest.Options{Behaviour: hooktest.Status(410)})
	d := start(t, t.TempDir(), head+merchants(fmt.Sprintf("{id: x, url: %q, probe: {interval: 1s}}", r.URL())))
	d.until("it is believed to be gone", func() bool {
		v, _ := d.endpoint("x")
		return v.State == "suspended"
	})
	d.until("it is on duty", func() bool { return d.status("/-/duty") == http.StatusOK }) // a look that was late, too, is a reason not to be
}

func TestAPutThatWillNotBeProbedSaysSo(t *testing.T) {
	t.Parallel()
	d := start(t, t.TempDir(), head+"merchants: [{id: shop}]\n")
	for url, want := range map[string]string{
		"http://10.1.2.3/hook":        "10.1.2.3",
		"http://8.8.8.8:6379/hook":    "6379",
		"https://hooks.example.com/x": "",
	} {
		status, body := d.call(http.MethodPut, "/api/v1/endpoints/x", fmt.Sprintf(`{"merchant":"shop","url":%q}`, url))
		if status != http.StatusCreated && status != http.StatusOK {
			t.Fatalf("PUT %s: %d %s", url, status, body)
		}
		if warned := strings.Contains(body, "will not be probed"); warned != (want != "") || !strings.Contains(body, want) {
			t.Errorf("PUT %s: %s; want a warning of %q", url, body, want)
		}
	}
}

func TestAURLOfSeveralEndpointsIsNoTarget(t *testing.T) {
	t.Parallel()
	r := hooktest.Start(t, hooktest.Options{})
	d := start(t, t.TempDir(), head+merchants(fmt.Sprintf("{id: one, url: %q}", r.URL()+"/hook?k=1"), fmt.Sprintf("{id: two, url: %q}", r.URL()+"/hook?k=2")))
	status, body := d.call(http.MethodGet, "/probe?target="+r.URL()+"/hook", "")
	if status != http.StatusBadRequest || !strings.Contains(body, "one, two") {
		t.Errorf("%d %s, want 400 that names both", status, body)
	}
	if status, _ := d.call(http.MethodGet, "/probe?target=two", ""); status != http.StatusOK {
		t.Errorf("by ID: %d", status)
	}
}

func TestAChangeOfStateIsALineInTheLog(t *testing.T) {
	t.Parallel()
	r := hooktest.Start(t, hooktest.Options{})
	d := start(t, t.TempDir(), head+merchants(fmt.Sprintf("{id: x, url: %q, probe: {confirm: 0, interval: 1h}}", r.URL())))
	d.probeNow("x")
	if err := r.Set(hooktest.Status(503)); err != nil {
		t.Fatal(err)
	}
	d.probeNow("x")
	for _, want := range []string{"from=no_data to=healthy", "from=healthy to=down"} {
		d.until(want, func() bool { return strings.Contains(d.log.String(), want) }) // the API shows it a moment before
		if n := strings.Count(d.log.String(), want); n != 1 {
			t.Errorf("%q stands %d times in the log, want once", want, n)
		}
	}
}
