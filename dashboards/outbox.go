package dashboards

import (
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/hookvigil/hookvigil/alerting"
)

// How many receivers, and heartbeats, have series of their own, and how many
// kinds of receiver there may be: they are the constants of our own code.
const (
	mostReceivers  = 100
	mostHeartbeats = 200
	mostKinds      = 16
)

// classOK stands for the class of a try that was good.
const classOK = "ok"

// latencySeconds are the bounds of the classic buckets from a decision to its
// arrival: a page takes a second, a lane may be down for an hour and then
// catches up (reference alerting.md section 6).
func latencySeconds() []float64 {
	return []float64{0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600}
}

// outboxMetrics tell of notices on their way out, and of the heartbeats that
// come in.
type outboxMetrics struct {
	oldest    *table                         // lane
	waiting   *table                         // lane
	failing   *table                         // lane
	stopped   *table                         // lane
	tries     *children[prometheus.Counter]  // kind, class
	latency   *children[prometheus.Observer] // kind
	ambiguous prometheus.Counter
	dead      *children[prometheus.Counter] // kind
	held      *children[prometheus.Counter] // kind
	beats     *table                        // id
	receivers atomic.Pointer[[]string]      // names of those configured
}

func (o *outboxMetrics) register(r *registrar) {
	o.oldest = r.table("hookvigil_outbox_oldest_due_seconds", "How long the oldest notice that is due waits, by receiver; 0: none waits.", "lane")
	o.waiting = r.table("hookvigil_outbox_waiting", "Notices that are due and wait, by receiver.", "lane")
	o.failing = r.table("hookvigil_lane_failing", "1 when a lane of the receiver has had no success since its last failure.", "lane")
	o.stopped = r.table("hookvigil_lane_stopped", "1 when a lane of the receiver was stopped: a person or a reload has to start it again.", "lane")
	o.tries = r.counters("hookvigil_notify_attempts_total", "Tries to send a notice, by the receiver's kind and how they ended.", mostKinds*len(classWords.all()), "kind", "class")
	o.latency = r.histograms("hookvigil_notify_latency_seconds", "Time from the decision to send a notice until it was accepted.", latencySeconds(), mostKinds, "kind")
	o.ambiguous = r.counter("hookvigil_notify_ambiguous_total", "Tries that may have arrived although they failed: their notice goes again, with the same key.")
	o.dead = r.counters("hookvigil_dead_letters_total", "Notices that will not be tried again, by the receiver's kind.", mostKinds, "kind")
	o.held = r.counters("hookvigil_notices_held_total", "Notices that the summary of a storm told instead, by the receiver's kind.", mostKinds, "kind")
	o.beats = r.table("hookvigil_heartbeat_age_seconds", "How long ago a heartbeat came last.", "id")
	o.receivers.Store(&[]string{})
}

// Receivers says which receivers are configured: their kinds, by name. It is
// called at the start and after each reload. A receiver with nothing to do is
// then shown with 0, from the next sweep of the outbox on, and a query finds
// the counters of its kind at 0 before the first event.
func (m *Metrics) Receivers(kinds map[string]string) {
	names := slices.Collect(maps.Keys(kinds))
	m.outbox.receivers.Store(&names)
	for _, name := range slices.Sorted(maps.Keys(kinds)) {
		kind := labelled(kinds[name])
		for _, class := range classWords.all() {
			m.outbox.tries.of(kind, class)
		}
		m.outbox.latency.of(kind)
		m.outbox.dead.of(kind)
		m.outbox.held.of(kind)
	}
}

// Outbox returns what an outbox tells its observer. The functions are safe for
// concurrent use and do not block. Beyond 16 kinds of receiver the rest is
// counted as "unknown".
//
// A lane is shown by its receiver's name; of several lanes of one receiver the
// worst is shown, and what waits is added up. Receivers beyond 100, in the
// order of their names, are shown together as "unknown".
func (m *Metrics) Outbox() alerting.Observer {
	return alerting.Observer{
		Tried: m.tried,
		Dead:  func(kind string, _ alerting.Notice) { m.outbox.dead.of(labelled(kind)).Inc() },
		Held:  func(kind string) { m.outbox.held.of(labelled(kind)).Inc() },
		Lanes: func(w alerting.Work) { m.outbox.lanes(w.Lanes) },
	}
}

func (m *Metrics) tried(kind string, class alerting.Class, took time.Duration) {
	kind = labelled(kind)
	if class == "" {
		m.outbox.tries.of(kind, classOK).Inc()
		m.outbox.latency.of(kind).Observe(seconds(took))
		return
	}
	m.outbox.tries.of(kind, classWords.word(string(class))).Inc()
	if class == alerting.ClassAmbiguous {
		m.outbox.ambiguous.Inc()
	}
}

// laneSum is all lanes of one receiver.
type laneSum struct {
	oldest           time.Time
	waiting          int
	failing, stopped bool
}

func (s laneSum) and(o laneSum) laneSum {
	return laneSum{
		oldest: earlier(s.oldest, o.oldest), waiting: s.waiting + o.waiting,
		failing: s.failing || o.failing, stopped: s.stopped || o.stopped,
	}
}

// lanes shows how the receivers stand. Ages are taken at each scrape: they
// grow even when the outbox no longer sweeps.
func (o *outboxMetrics) lanes(states []alerting.LaneState) {
	sums := map[string]laneSum{}
	for _, name := range *o.receivers.Load() {
		sums[labelled(name)] = laneSum{}
	}
	for _, l := range states {
		name := labelled(alerting.ReceiverOf(l.Lane))
		sums[name] = sums[name].and(laneSum{
			oldest: l.Oldest, waiting: l.Waiting,
			failing: !l.FailingSince.IsZero(), stopped: !l.StoppedAt.IsZero(),
		})
	}
	sums = bounded(sums, slices.Sorted(maps.Keys(sums)), mostReceivers, laneSum.and)
	oldest, waiting := make(map[string]cell, len(sums)), make(map[string]cell, len(sums))
	failing, stopped := make(map[string]cell, len(sums)), make(map[string]cell, len(sums))
	for name, s := range sums {
		oldest[name], waiting[name] = cell{since: s.oldest}, cell{value: float64(s.waiting)}
		failing[name], stopped[name] = cell{value: float64(flag(s.failing))}, cell{value: float64(flag(s.stopped))}
	}
	o.oldest.set(oldest)
	o.waiting.set(waiting)
	o.failing.set(failing)
	o.stopped.set(stopped)
}

// Beats says when each heartbeat came last, by its ID, or since when it is
// waited for; it replaces what was said before. The age is taken at each
// scrape. The zero time is not known, and has no series. IDs beyond 200, in
// their order, are shown together as "unknown", with the greatest age.
func (m *Metrics) Beats(last map[string]time.Time) {
	by := map[string]time.Time{}
	for id, at := range last {
		if !at.IsZero() {
			by[labelled(id)] = earlier(by[labelled(id)], at)
		}
	}
	rows := map[string]cell{}
	for id, at := range bounded(by, slices.Sorted(maps.Keys(by)), mostHeartbeats, earlier) {
		rows[id] = cell{since: at}
	}
	m.outbox.beats.set(rows)
}
