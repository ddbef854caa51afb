package dashboards_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/hookvigil/hookvigil/dashboards"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
	"github.com/hookvigil/hookvigil/rules"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// scrape returns the text that /metrics answers.
func scrape(t *testing.T, m *dashboards.Metrics) string {
	t.Helper()
	rec := httptest.NewRecorder()
	m.Handler().ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
	if rec.Code != http.StatusOK {
		t.Fatalf("status %d, want 200: %s", rec.Code, rec.Body)
	}
	return rec.Body.String()
}

// parse reads the text format with the parser of the Prometheus project.
func parse(t *testing.T, r io.Reader) map[string]*dto.MetricFamily {
	t.Helper()
	p := expfmt.NewTextParser(model.UTF8Validation)
	families, err := p.TextToMetricFamilies(r)
	if err != nil {
		t.Fatalf("the output is not the text format: %v", err)
	}
	return families
}

// seriesIn counts the lines that are series.
func seriesIn(text string) int {
	n := 0
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "#") {
			n++
		}
	}
	return n
}

// expect checks that a text has each line and none with one of the beginnings.
func expect(t *testing.T, text string, lines, absent []string) {
	t.Helper()
	all := strings.Split(text, "\n")
	for _, want := range lines {
		if !slices.Contains(all, want) {
			t.Errorf("no line %s", want)
		}
	}
	for _, prefix := range absent {
		for _, line := range all {
			if strings.HasPrefix(line, prefix) {
				t.Errorf("line %s, want none that begins so", line)
			}
		}
	}
	if t.Failed() {
		t.Logf("output:\n%s", text)
	}
}

// shownUnder returns the values of a gauge by its one label.
func shownUnder(t *testing.T, m *dashboards.Metrics, name string) map[string]float64 {
	t.Helper()
	values := map[string]float64{}
	for _, s := range parse(t, strings.NewReader(scrape(t, m)))[name].GetMetric() {
		values[s.GetLabel()[0].GetValue()] = s.GetGauge().GetValue()
	}
	return values
}

func TestMetricsShowWhatTheyWereTold(t *testing.T) {
	t.Parallel()
	m := dashboards.New("1.2.3")
	r := probes.Result{
		Verdict: probes.Down, Fault: probes.FaultTimeoutConnect, Level: probes.LevelReach, Took: 30 * time.Second,
		Phases: probes.Phases{Resolve: 10 * time.Millisecond, Connect: 29990 * time.Millisecond},
	}
	m.Probed(r, 3*time.Millisecond)
	m.Looked(certificate.Report{Verdict: certificate.Warn}, time.Second, -time.Second)
	m.Skipped("probe", 1)
	m.InFlight("certificate", 7)
	m.Panicked("web")
	m.Reloaded(true, noon)
	m.Reloaded(false, noon.Add(time.Hour))
	m.States(map[rules.Word]int{rules.StateDown: 2, "sleepy": 3})
	m.CertificateVerdicts(map[certificate.Verdict]int{certificate.Unknown: 1, "odd": 4})
	m.Registered(1, 2, 3)
	m.StoreFailed("Save")
	m.Saved(noon.Add(500 * time.Millisecond))
	m.Duty(2)
	m.Heartbeat(noon)
	m.ProbeSeriesDropped(46)
	m.HTTP("GET /endpoints/{id}", "GET", 404, 20*time.Millisecond)
	m.HTTP("GET /endpoints/{id}", "BREW", 999, 20*time.Millisecond)

	text := scrape(t, m)
	for _, want := range []string{
		`hookvigil_probes_total{fault="timeout_connect",level="reach",verdict="down"} 1`,
		`hookvigil_probes_total{fault="none",level="reach",verdict="healthy"} 0`,
		`hookvigil_probe_duration_seconds_bucket{le="20"} 0`,
		`hookvigil_probe_duration_seconds_bucket{le="30"} 1`,
		`hookvigil_probe_duration_seconds_sum 30`,
		`hookvigil_probe_phase_seconds_count{phase="connect"} 1`,
		`hookvigil_probe_phase_seconds_count{phase="tls"} 0`,
		`hookvigil_probe_lateness_seconds_bucket{le="0.002"} 0`,
		`hookvigil_probe_lateness_seconds_bucket{le="0.005"} 1`,
		`hookvigil_certificate_looks_total{verdict="warn"} 1`,
		`hookvigil_certificate_look_duration_seconds_sum 1`,
		`hookvigil_certificate_lateness_seconds_sum 0`,
		`hookvigil_ticks_skipped_total{signal="probe"} 1`,
		`hookvigil_looks_in_flight{signal="certificate"} 7`,
		`hookvigil_panics_total{part="web"} 1`,
		`hookvigil_config_last_reload_successful 0`,
		`hookvigil_config_last_reload_success_timestamp_seconds 1.7952624e+09`,
		`hookvigil_endpoints{state="down"} 2`,
		`hookvigil_endpoints{state="healthy"} 0`,
		`hookvigil_endpoints{state="unknown"} 3`,
		`hookvigil_certificates{verdict="unknown"} 5`,
		`hookvigil_registered{kind="merchant"} 1`,
		`hookvigil_registered{kind="target"} 3`,
		`hookvigil_store_failures_total{verb="Save"} 1`,
		`hookvigil_store_last_saved_timestamp_seconds 1.7952624005e+09`,
		`hookvigil_duty_problems 2`,
		`hookvigil_heartbeat_timestamp_seconds 1.7952624e+09`,
		`hookvigil_probe_series_dropped 46`,
		`hookvigil_http_requests_total{code="4xx",method="GET",route="GET /endpoints/{id}"} 1`,
		`hookvigil_http_requests_total{code="unknown",method="unknown",route="GET /endpoints/{id}"} 1`,
		`hookvigil_http_request_duration_seconds_count{route="GET /endpoints/{id}"} 2`,
		`version="1.2.3"} 1`,
		"go_goroutines ",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no line %s", want)
		}
	}
	if t.Failed() {
		t.Logf("output:\n%s", text)
	}
}

// hammer feeds m with n endpoints whose texts are all different, and with
// words outside every closed set.
func hammer(m *dashboards.Metrics, n int, rnd *rand.Rand) {
	faults, verdicts, levels := append(probes.Faults(), ""), probes.Verdicts(), probes.Levels()
	for i := range n {
		noise := fmt.Sprintf("%x-%d", rnd.Uint64(), i)
		r := probes.Result{
			EndpointID: noise, Detail: noise, Location: noise + ".example", Method: noise, Status: rnd.IntN(1000),
			Verdict: verdicts[i%len(verdicts)], Fault: faults[rnd.IntN(len(faults))], Level: levels[rnd.IntN(len(levels))],
			Took: time.Duration(rnd.Int64N(int64(40 * time.Second))), Phases: probes.Phases{Wait: time.Second},
		}
		if i%3 == 0 {
			r.Fault, r.Verdict, r.Level = probes.Fault(noise), probes.Verdict(noise), probes.Level(noise)
		}
		m.Probed(r, time.Duration(rnd.Int64N(int64(time.Minute))))
		m.Looked(certificate.Report{Verdict: certificate.Verdict(noise), Detail: noise}, time.Second, 0)
		m.Skipped(noise, 1)
		m.InFlight(noise, i)
		m.Panicked(noise)
		m.StoreFailed(noise)
		m.States(map[rules.Word]int{rules.Word(noise): 1})
		m.CertificateVerdicts(map[certificate.Verdict]int{certificate.Verdict(noise): 1})
		m.HTTP("/"+noise, noise, rnd.IntN(700), time.Second)
	}
	hammerTold(m, n, rnd)
}

func TestMetricsStaySmallWhateverHappens(t *testing.T) {
	t.Parallel()
	m := dashboards.New("v" + strings.Repeat("9", 1000))
	rnd := rand.New(rand.NewPCG(1, 2))
	hammer(m, 10_000, rnd)
	first := seriesIn(scrape(t, m))
	hammer(m, 10_000, rnd)
	text := scrape(t, m)
	if first >= 5000 {
		t.Errorf("%d series, want fewer than 5000", first)
	}
	if second := seriesIn(text); second != first {
		t.Errorf("%d series after 10,000 endpoints, %d after 20,000: it goes on growing", first, second)
	}
	if !strings.Contains(text, `hookvigil_panics_total{part="unknown"}`) {
		t.Error("no part unknown: words beyond the bound are lost")
	}
}

func TestMetricsOfOneResultDoNotDependOnItsTexts(t *testing.T) {
	t.Parallel()
	m := dashboards.New("dev")
	tell := func(i int) {
		noise := fmt.Sprintf("secret-%d", i)
		m.Probed(probes.Result{
			EndpointID: noise, Detail: noise, Location: noise, Method: noise, Verdict: probes.Down,
			Level: probes.LevelReach, Fault: probes.Fault(noise),
		}, 0)
	}
	tell(0)
	before := seriesIn(scrape(t, m))
	for i := range 10_000 {
		tell(i)
	}
	text := scrape(t, m)
	if after := seriesIn(text); after != before {
		t.Errorf("%d series after 10,000 endpoints, want %d as after one", after, before)
	}
	if strings.Contains(text, "secret-") {
		t.Error("a text of a result became a label")
	}
	if want := `hookvigil_probes_total{fault="unknown",level="reach",verdict="down"} 10001`; !strings.Contains(text, want) {
		t.Errorf("no line %s", want)
	}
}

func TestMetricsTakeHostileWords(t *testing.T) {
	t.Parallel()
	m := dashboards.New("bad \xff version")
	for _, s := range []string{"", "\xff\xfe", "a\nb", `"}`, strings.Repeat("x", 10_000)} {
		m.Panicked(s)
		m.StoreFailed(s)
		m.HTTP(s, s, -1, -time.Second)
	}
	parse(t, strings.NewReader(scrape(t, m)))
}

func TestMetricsAreSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	m := dashboards.New("dev")
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() { hammer(m, 200, rand.New(rand.NewPCG(3, uint64(i)))) })
	}
	wg.Go(func() {
		rec := httptest.NewRecorder()
		m.Handler().ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
	})
	wg.Wait()
	parse(t, strings.NewReader(scrape(t, m)))
}
