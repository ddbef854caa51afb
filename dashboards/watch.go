package dashboards

import (
	"maps"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/hookvigil/hookvigil/alerting"
)

// PingResult is how one round of the dead-man ping ended.
type PingResult string

// The results of a round.
const (
	PingOK       PingResult = "ok"       // the other side answered 2xx
	PingWithheld PingResult = "withheld" // we are off duty: nothing was sent
	PingRefused  PingResult = "refused"  // it answered something else
	PingTimeout  PingResult = "timeout"  // it did not answer in time
	PingFailed   PingResult = "failed"   // it could not be reached
)

// PingResults returns all results.
func PingResults() []PingResult {
	return []PingResult{PingOK, PingWithheld, PingRefused, PingTimeout, PingFailed}
}

// watchMetrics tell of what watches the daemon: the dead-man ping that goes
// out, the silent proofs of the lanes, and what was told past the outbox. They
// are a part of Metrics; their methods are safe for concurrent use and do not
// block.
type watchMetrics struct {
	pinged   prometheus.Gauge
	pings    *children[prometheus.Counter] // result
	proved   *table                        // lane
	last     prometheus.Counter
	results  closed[PingResult]
	reserved prometheus.Gauge
}

func (w *watchMetrics) registerWatch(r *registrar) {
	w.pinged = r.gauge("hookvigil_deadman_last_ping_timestamp_seconds", "When the other side of the dead-man ping last answered with 2xx; 0: never.")
	w.pings = r.counters("hookvigil_deadman_pings_total", "Rounds of the dead-man ping, by how they ended; withheld: we were off duty.", mostWords, "result")
	w.proved = r.table("hookvigil_lane_proved_timestamp_seconds", "When the receiver last took a notice or a silent proof, of its lanes the one longest ago; absent before the first.", "lane")
	w.last = r.counter("hookvigil_last_resort_notices_total", "Notices about a store that cannot be written that a receiver took, sent past the outbox.")
	w.reserved = r.gauge("hookvigil_store_reserve_held", "1 while the reserve for a full disk lies in the data directory, 0 while there is none.")
	w.results = closedSet(PingResults())
	for _, result := range PingResults() {
		w.pings.of(string(result))
	}
}

// Pinged counts one round of the dead-man ping that ended at a time.
func (w *watchMetrics) Pinged(result PingResult, at time.Time) {
	w.pings.of(w.results.word(result)).Inc()
	if result == PingOK {
		w.pinged.Set(unixSeconds(at))
	}
}

// LastResort counts one notice that was told past the outbox.
func (w *watchMetrics) LastResort() { w.last.Inc() }

// Reserve says whether the reserve for a full disk is there.
func (w *watchMetrics) Reserve(held bool) { w.reserved.Set(oneIf(held)) }

// Proved says when each lane was last known to work, by "<receiver>/<destination>";
// it replaces what was said before. Of the lanes of one receiver the one
// longest ago is shown, and none while one of them never took anything.
// Receivers beyond 100, in the order of their names, are shown together as
// "unknown".
func (w *watchMetrics) Proved(last map[string]time.Time) {
	by, never := map[string]time.Time{}, map[string]bool{}
	for lane, at := range last {
		name := labelled(alerting.ReceiverOf(lane))
		by[name], never[name] = earlier(by[name], at), never[name] || at.IsZero()
	}
	maps.DeleteFunc(by, func(name string, _ time.Time) bool { return never[name] })
	rows := map[string]cell{}
	for name, at := range bounded(by, slices.Sorted(maps.Keys(by)), mostReceivers, earlier) {
		rows[name] = cell{value: unixSeconds(at)}
	}
	w.proved.set(rows)
}
