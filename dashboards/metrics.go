package dashboards

import (
	"net/http"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
)

// How many children a vector may have. Closed sets fit in; words that our own
// code chooses (a part, a store's verb, a route) are cut off here.
const (
	mostProbes   = 1000 // 5 verdicts, 36 faults, 5 levels: 900
	mostWords    = 96
	mostRoutes   = 48
	mostRequests = 500
	mostChanges  = 96 // a rule and one of 3 changes
)

// scrapesAtOnce bounds how many scrapes of /metrics run side by side, and
// scrapeTimeout how long one may take: Prometheus gives up after 10 s.
const (
	scrapesAtOnce = 4
	scrapeTimeout = 10 * time.Second
)

// answerSeconds and latenessSeconds are the bounds of the classic buckets. Answers go up to 30 s, when a
// sender gives up; lateness starts at 1 ms, because 2 ms is the aim
// (reference probers.md section 5).
func answerSeconds() []float64 {
	return []float64{0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30}
}

func latenessSeconds() []float64 {
	return []float64{0.001, 0.002, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30}
}

// Metrics holds the aggregates that the daemon shows at /metrics. All methods
// are safe for concurrent use and none blocks on I/O; use [New].
type Metrics struct {
	reg   *prometheus.Registry
	names []string

	probes        *children[prometheus.Counter] // verdict, fault, level
	probeTook     prometheus.Histogram
	probePhase    *children[prometheus.Observer] // phase
	probeLate     prometheus.Histogram
	looks         *children[prometheus.Counter] // verdict
	lookTook      prometheus.Histogram
	lookLate      prometheus.Histogram
	skipped       *children[prometheus.Counter] // signal
	inFlight      *children[prometheus.Gauge]   // signal
	endpoints     *children[prometheus.Gauge]   // state
	certificates  *children[prometheus.Gauge]   // verdict
	registered    *children[prometheus.Gauge]   // kind
	panics        *children[prometheus.Counter] // part
	storeFailed   *children[prometheus.Counter] // verb
	saved         prometheus.Gauge
	reloadOK      prometheus.Gauge
	reloadAt      prometheus.Gauge
	duty          prometheus.Gauge
	heartbeat     prometheus.Gauge
	seriesDropped prometheus.Gauge
	requests      *children[prometheus.Counter]  // route, method, code
	requestTook   *children[prometheus.Observer] // route

	attempts  attemptMetrics
	incidents incidentMetrics
	outbox    outboxMetrics
	digests   digestMetrics
	backlog   backlogMetrics
	feeds     feedMetrics
	watchMetrics
	ourSide ourSideMetrics

	discovered *children[prometheus.Counter] // result
}

// New returns the metrics of a daemon of that version, everything at zero.
func New(version string) *Metrics {
	r := &registrar{reg: prometheus.NewRegistry()}
	m := &Metrics{reg: r.reg}
	m.registerSignals(r)
	m.registerDaemon(r)
	m.attempts.register(r)
	m.incidents.register(r)
	m.outbox.register(r)
	m.digests.register(r)
	m.backlog.register(r)
	m.registerDiscovered(r)
	m.feeds.register(r)
	m.registerWatch(r)
	m.ourSide.register(r)
	r.add(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "hookvigil_build_info", Help: "Always 1; the labels say what is running.",
		ConstLabels: prometheus.Labels{"version": clean(version), "goversion": runtime.Version()},
	}, func() float64 { return 1 }), "hookvigil_build_info")
	r.reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.names = r.names
	m.zero()
	return m
}

func (m *Metrics) registerSignals(r *registrar) {
	m.probes = r.counters("hookvigil_probes_total", "Probes made, by what they say.", mostProbes, "verdict", "fault", "level")
	m.probeTook = r.histogram("hookvigil_probe_duration_seconds", "Time from the start of a probe to its verdict.", answerSeconds())
	m.probePhase = r.histograms("hookvigil_probe_phase_seconds", "Time that probes spent in each phase they reached.",
		answerSeconds(), len(phaseNames), "phase")
	m.probeLate = r.histogram("hookvigil_probe_lateness_seconds", "How late probes started after the time they were due.", latenessSeconds())
	m.looks = r.counters("hookvigil_certificate_looks_total", "Rounds of looks at a certificate, by what they say.", mostWords, "verdict")
	m.lookTook = r.histogram("hookvigil_certificate_look_duration_seconds", "Time of one round over all addresses of a name.", answerSeconds())
	m.lookLate = r.histogram("hookvigil_certificate_lateness_seconds", "How late looks started after the time they were due.", latenessSeconds())
	m.skipped = r.counters("hookvigil_ticks_skipped_total", "Looks left out because the last one of the same endpoint still ran.", mostWords, "signal")
	m.inFlight = r.gauges("hookvigil_looks_in_flight", "Looks that run now.", "signal")
	m.endpoints = r.gauges("hookvigil_endpoints", "Endpoints by state.", "state")
	m.certificates = r.gauges("hookvigil_certificates", "Endpoints and targets by what their certificate's last look says.", "verdict")
}

func (m *Metrics) registerDaemon(r *registrar) {
	m.registered = r.gauges("hookvigil_registered", "Records that are watched, by kind.", "kind")
	m.panics = r.counters("hookvigil_panics_total", "Panics that were caught, by part; each is a bug.", mostWords, "part")
	m.storeFailed = r.counters("hookvigil_store_failures_total", "Failed calls of the store, by verb.", mostWords, "verb")
	m.saved = r.gauge("hookvigil_store_last_saved_timestamp_seconds", "When the last results were saved; 0: never.")
	m.reloadOK = r.gauge("hookvigil_config_last_reload_successful", "1 when the last load of the configuration was taken, 0 when it was refused.")
	m.reloadAt = r.gauge("hookvigil_config_last_reload_success_timestamp_seconds", "When the configuration in force was loaded.")
	m.duty = r.gauge("hookvigil_duty_problems", "What keeps the daemon from its duty, counted; 0 is good.")
	m.heartbeat = r.gauge("hookvigil_heartbeat_timestamp_seconds", "When the daemon last checked itself.")
	m.seriesDropped = r.gauge("hookvigil_probe_series_dropped", "Series that the limit kept out of the last answer of /metrics/probes.")
	m.requests = r.counters("hookvigil_http_requests_total", "HTTP requests answered.", mostRequests, "route", "method", "code")
	m.requestTook = r.histograms("hookvigil_http_request_duration_seconds", "Time to answer an HTTP request.", answerSeconds(), mostRoutes, "route")
}

// zero makes the children of small closed sets, so that a query finds a 0
// before the first event.
func (m *Metrics) zero() {
	for _, l := range probes.Levels() {
		m.probes.of(string(probes.Healthy), string(probes.FaultNone), string(l))
	}
	for _, p := range phaseNames {
		m.probePhase.of(p)
	}
	for _, v := range certificate.Verdicts() {
		m.looks.of(string(v))
	}
	for _, s := range signals() {
		m.skipped.of(s)
		m.inFlight.of(s)
	}
	m.States(nil)
	m.CertificateVerdicts(nil)
	m.Registered(0, 0, 0)
	m.Conditions(nil)
	m.Incidents(nil)
	m.Digests(Digests{})
	m.Backlog(deliveries.Backlog{})
	m.SourceGrades(nil)
	m.panics.of(unknown)
	m.storeFailed.of(unknown)
}

// Handler serves /metrics in the Prometheus text format, or OpenMetrics or
// protobuf when the scraper asks for it: aggregates, the Go runtime and the
// process.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.reg, promhttp.HandlerOpts{
		EnableOpenMetrics:   true,
		MaxRequestsInFlight: scrapesAtOnce,
		Timeout:             scrapeTimeout,
	})
}
