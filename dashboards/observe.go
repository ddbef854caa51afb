package dashboards

import (
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
	"github.com/hookvigil/hookvigil/rules"
)

// phaseTimes are the times that go with [phaseNames].
func phaseTimes(p probes.Phases) [len(phaseNames)]time.Duration {
	return [...]time.Duration{p.Resolve, p.Connect, p.TLS, p.Wait, p.Read}
}

// Probed counts one probe. late is how long after its due time it started.
func (m *Metrics) Probed(r probes.Result, late time.Duration) {
	m.probes.of(probeVerdicts.word(r.Verdict), probeFaults.word(r.Fault), probeLevels.word(r.Level)).Inc()
	m.probeTook.Observe(seconds(r.Took))
	m.probeLate.Observe(seconds(late))
	for i, d := range phaseTimes(r.Phases) {
		if d > 0 {
			m.probePhase.of(phaseNames[i]).Observe(seconds(d))
		}
	}
}

// Looked counts one round of looks at a certificate, which lasted took and
// started late after its due time.
func (m *Metrics) Looked(rep certificate.Report, took, late time.Duration) {
	m.looks.of(certificateVerdicts.word(rep.Verdict)).Inc()
	m.lookTook.Observe(seconds(took))
	m.lookLate.Observe(seconds(late))
}

// Skipped counts n turns that were left out because the last look of the same
// endpoint still ran; n below zero counts nothing. signal is "probe" or
// "certificate".
func (m *Metrics) Skipped(signal string, n int) {
	m.skipped.of(signalWords.word(signal)).Add(float64(max(n, 0)))
}

// InFlight says how many looks of a signal run now.
func (m *Metrics) InFlight(signal string, n int) {
	m.inFlight.of(signalWords.word(signal)).Set(float64(n))
}

// Panicked counts a panic that was caught in a part of the daemon. part is a
// constant of the caller's code; beyond 48 different ones it is "unknown".
func (m *Metrics) Panicked(part string) { m.panics.of(part).Inc() }

// Reloaded says whether the configuration read at that time was taken.
func (m *Metrics) Reloaded(ok bool, at time.Time) {
	if !ok {
		m.reloadOK.Set(0)
		return
	}
	m.reloadOK.Set(1)
	m.reloadAt.Set(unixSeconds(at))
}

// States says how many endpoints are in each state; what is missing is 0.
// Words outside the set are counted together as "unknown".
func (m *Metrics) States(n map[rules.Word]int) { setAll(m.endpoints, n, stateWords) }

// CertificateVerdicts says how many endpoints and targets have which
// certificate verdict; what is missing is 0.
func (m *Metrics) CertificateVerdicts(n map[certificate.Verdict]int) {
	setAll(m.certificates, n, certificateVerdicts)
}

// setAll sets a gauge for every word of the set, and "unknown" for all others.
func setAll[T ~string](g *children[prometheus.Gauge], n map[T]int, set closed[T]) {
	counts := map[string]int{}
	for w, count := range n {
		counts[set.word(w)] += count
	}
	for w := range set {
		g.of(string(w)).Set(float64(counts[string(w)]))
	}
	g.of(unknown).Set(float64(counts[unknown]))
}

// Registered says how many records are watched.
func (m *Metrics) Registered(merchants, endpoints, targets int) {
	m.registered.of("merchant").Set(float64(merchants))
	m.registered.of("endpoint").Set(float64(endpoints))
	m.registered.of("target").Set(float64(targets))
}

// StoreFailed counts a failed call of the store. verb is a constant of the
// caller's code; beyond 48 different ones it is "unknown".
func (m *Metrics) StoreFailed(verb string) { m.storeFailed.of(verb).Inc() }

// Saved says when results were last saved.
func (m *Metrics) Saved(at time.Time) { m.saved.Set(unixSeconds(at)) }

// Duty says how many problems keep the daemon from its duty.
func (m *Metrics) Duty(problems int) { m.duty.Set(float64(problems)) }

// Heartbeat says when the daemon last checked itself.
func (m *Metrics) Heartbeat(at time.Time) { m.heartbeat.Set(unixSeconds(at)) }

// ProbeSeriesDropped says how many series the last [WriteProbes] left out.
func (m *Metrics) ProbeSeriesDropped(n int) { m.seriesDropped.Set(float64(n)) }

// HTTP counts one answered request. route is the pattern that matched, a
// constant of the caller's code, never the path that was asked for; status is
// kept as its class ("2xx").
func (m *Metrics) HTTP(route, method string, status int, took time.Duration) {
	m.requests.of(route, methodWords.word(method), statusClass(status)).Inc()
	m.requestTook.of(route).Observe(seconds(took))
}

func methods() []string {
	return []string{
		http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodOptions, http.MethodConnect, http.MethodTrace,
	}
}

func statusClass(status int) string {
	if status < 100 || status > 599 {
		return unknown
	}
	return string(rune('0'+status/100)) + "xx"
}

// clean makes s fit for a label value.
func clean(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) > maxLabelBytes {
		s = strings.ToValidUTF8(s[:maxLabelBytes], "")
	}
	return s
}

// seconds is d in seconds; a clock that went backwards counts as 0.
func seconds(d time.Duration) float64 { return max(d, 0).Seconds() }

// unixSeconds is t in Unix seconds with a fraction; 0 for the zero time.
func unixSeconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}
