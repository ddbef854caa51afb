package dashboards

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/rules"
)

// mostChannels bounds the channels, and the products, with a ratio of their own.
const mostChannels = 200

// attemptMetrics tell of attempts on their way in, and of what they say.
type attemptMetrics struct {
	taken       *children[prometheus.Counter] // result
	refused     *children[prometheus.Counter] // reason
	outcomes    *children[prometheus.Counter] // outcome
	first       prometheus.Counter
	firstFailed prometheus.Counter
	late        prometheus.Counter
	ratio       *table // scope
	logBytes    prometheus.Gauge
	applyLag    prometheus.Gauge
}

func (a *attemptMetrics) register(r *registrar) {
	a.taken = r.counters("hookvigil_attempts_total", "Attempts in the batches that were answered, by what became of them.", mostWords, "result")
	a.refused = r.counters("hookvigil_attempts_refused_total", "Batches of attempts that were refused as a whole, by reason.", mostWords, "reason")
	a.outcomes = r.counters("hookvigil_deliveries_total", "First attempts that count into a ratio, by how they ended.", mostWords, "outcome")
	a.first = r.counter("hookvigil_deliveries_first_total", "First attempts that count into a ratio.")
	a.firstFailed = r.counter("hookvigil_deliveries_first_failed_total", "First attempts that count into a ratio and failed.")
	a.late = r.counter("hookvigil_attempts_late_total", "Attempts that came too late for their tick: they correct history and decide nothing.")
	a.ratio = r.table("hookvigil_delivery_error_ratio", "Failed share of the first attempts of the last 5 minutes, 0 to 1; absent without attempts.", "scope")
	a.logBytes = r.gauge("hookvigil_log_bytes", "Size of the append log on disk.")
	a.applyLag = r.gauge("hookvigil_apply_lag_seconds", "How long the oldest attempt of the log waits to be applied; 0: none waits.")
	for _, w := range results() {
		a.taken.of(w)
	}
	for _, w := range refusals() {
		a.refused.of(w)
	}
	for _, w := range outcomes() {
		a.outcomes.of(w)
	}
}

// AttemptsTaken counts the attempts of a batch that was answered: durable
// for the first time, known before, and refused one by one. A number below
// zero counts nothing.
func (m *Metrics) AttemptsTaken(accepted, duplicate, rejected int) {
	add(m.attempts.taken.of(resultAccepted), accepted)
	add(m.attempts.taken.of(resultDuplicate), duplicate)
	add(m.attempts.taken.of(resultRejected), rejected)
}

// AttemptsRefused counts a batch that was refused as a whole. reason is
// "busy", "full", "too_large" or "closed", else it is shown as "unknown".
func (m *Metrics) AttemptsRefused(reason string) {
	m.attempts.refused.of(refusalWords.word(reason)).Inc()
}

// AttemptsLate counts n attempts that were received after their tick had
// closed. n below zero counts nothing.
func (m *Metrics) AttemptsLate(n int) { add(m.attempts.late, n) }

// Delivered counts first attempts that belong into a ratio, by how they
// ended, each once: neither duplicates nor a replay. sender_error and canceled
// are in no ratio (DESIGN section 5.3) and are left out; so is a number below
// zero.
func (m *Metrics) Delivered(byFault map[probes.Fault]int) {
	for f, n := range byFault {
		if n <= 0 || f == probes.FaultSenderError || f == probes.FaultCanceled {
			continue
		}
		outcome := outcomeOf(f)
		add(m.attempts.outcomes.of(outcome), n)
		add(m.attempts.first, n)
		if outcome != outcomeSuccess {
			add(m.attempts.firstFailed, n)
		}
	}
}

// FirstAttempts are the numbers of a ratio: first attempts that count, and
// how many of them failed. The zero value is no data.
type FirstAttempts struct{ Counted, Failed int }

// Ratios says what the first attempts of the last 5 minutes were, and replaces
// what was said before. Only the platform, channels and products are shown;
// other scopes are left out, so that no merchant or endpoint becomes a label. A
// scope without attempts has no series: no data is not 0.
//
// The 200 channels, and products, with the most attempts have a ratio of their
// own. All others are counted together as "channel:unknown", and so is one whose
// name is not made of letters, digits, space, dot, dash and underscore: it
// comes from a sender.
func (m *Metrics) Ratios(byScope map[rules.Scope]FirstAttempts) {
	rows := map[string]cell{}
	byScope[rules.ScopePlatform].row(rows, rules.ScopePlatform)
	for _, kind := range []string{rules.ScopeChannel, rules.ScopeProduct} {
		values := map[string]FirstAttempts{}
		for scope, n := range byScope {
			if of, id := scope.Split(); of == kind {
				word := channelWord(id)
				values[word] = values[word].and(n)
			}
		}
		byVolume := slices.SortedFunc(maps.Keys(values), func(a, b string) int {
			return cmp.Or(cmp.Compare(values[b].Counted, values[a].Counted), cmp.Compare(a, b))
		})
		for value, n := range bounded(values, byVolume, mostChannels, FirstAttempts.and) {
			n.row(rows, rules.ScopeOf(kind, value))
		}
	}
	m.attempts.ratio.set(rows)
}

// and adds up; numbers that cannot be count as the nearest that can.
func (n FirstAttempts) and(o FirstAttempts) FirstAttempts {
	counted := max(o.Counted, 0)
	return FirstAttempts{Counted: n.Counted + counted, Failed: n.Failed + min(max(o.Failed, 0), counted)}
}

func (n FirstAttempts) row(rows map[string]cell, scope rules.Scope) {
	if n = (FirstAttempts{}).and(n); n.Counted > 0 {
		rows[string(scope)] = cell{value: float64(n.Failed) / float64(n.Counted)}
	}
}

// channelWord returns the name of a channel or a product when it looks like one, else unknown.
func channelWord(name string) string {
	odd := func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("_-. ", c)
	}
	if name == "" || len(name) > maxLabelBytes-len("channel:") || strings.ContainsFunc(name, odd) {
		return unknown
	}
	return name
}

// LogBytes says how large the append log is, in bytes.
func (m *Metrics) LogBytes(n int64) { m.attempts.logBytes.Set(float64(max(n, 0))) }

// ApplyLag says how long ago the oldest attempt was received that the log
// holds and nobody has applied; 0: all are.
func (m *Metrics) ApplyLag(d time.Duration) { m.attempts.applyLag.Set(seconds(d)) }

// add counts n; a number below zero counts nothing.
func add(c prometheus.Counter, n int) { c.Add(float64(max(n, 0))) }
