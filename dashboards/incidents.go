package dashboards

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// incidentMetrics tell of conditions, and of the incidents made of them.
type incidentMetrics struct {
	conditions  *children[prometheus.Gauge]   // rule
	changes     *children[prometheus.Counter] // rule, change
	commitLag   prometheus.Gauge
	incidents   *children[prometheus.Gauge]   // severity, rule
	transitions *children[prometheus.Counter] // kind
	withheld    prometheus.Counter
	deskLag     prometheus.Gauge
}

func (i *incidentMetrics) register(r *registrar) {
	i.conditions = r.gauges("hookvigil_conditions_open", "Conditions that are open, by rule.", "rule")
	i.changes = r.counters("hookvigil_condition_changes_total", "Changes of conditions, by rule.", mostChanges, "rule", "change")
	i.commitLag = r.gauge("hookvigil_commit_lag_seconds", "How long the oldest change of a condition waits to be written; 0: none waits.")
	i.incidents = r.gauges("hookvigil_incidents_open", "Incidents that are not resolved, by severity and leading rule.", "severity", "rule")
	i.transitions = r.counters("hookvigil_incident_transitions_total", "What happened to incidents: the lines of their timelines, by kind.", mostWords, "kind")
	i.withheld = r.counter("hookvigil_pages_withheld_total", "Receivers that were not told of an incident, because it was over before its first notice left.")
	i.deskLag = r.gauge("hookvigil_desk_lag_seconds", "How long the oldest change of a condition waits for the desk; 0: none waits.")
	for _, rule := range ruleNames() {
		for _, c := range changeNames() {
			i.changes.of(string(rule), c)
		}
	}
	for _, kind := range entryKinds() {
		i.transitions.of(string(kind))
	}
}

// Conditions says how conditions stand now. Those that are open are counted,
// by rule; a pending one is nobody's business yet.
func (m *Metrics) Conditions(standing []rules.Standing) {
	open := map[rules.Rule]int{}
	for i := range standing {
		if standing[i].Episode.Phase == rules.PhaseOpen {
			open[standing[i].Rule]++
		}
	}
	setAll(m.incidents.conditions, open, ruleWords)
}

// Changed counts changes of conditions. A replay that decides again is not to
// be counted again.
func (m *Metrics) Changed(changes []rules.Change) {
	for i := range changes {
		m.incidents.changes.of(ruleWords.word(changes[i].Key.Rule), changeOf(changes[i])).Inc()
	}
}

// changeOf names what a change was: the first one of an episode opens it.
func changeOf(c rules.Change) string {
	switch {
	case !c.Open:
		return changeCleared
	case c.Number > 1:
		return changeRaised
	default:
		return changeOpened
	}
}

// CommitLag says how long the oldest change of a condition has waited to be
// written; 0: all are.
func (m *Metrics) CommitLag(d time.Duration) { m.incidents.commitLag.Set(seconds(d)) }

// Incidents says which incidents there are now. Those that are resolved are
// not counted: among them is what was folded into another one.
func (m *Metrics) Incidents(list []alerting.Incident) {
	type place struct{ severity, rule string }
	open := map[place]int{}
	for i := range list {
		if list[i].Live() {
			open[place{severityWords.word(list[i].Severity), ruleWords.word(list[i].Rule)}]++
		}
	}
	for _, severity := range severityWords.all() {
		for _, rule := range ruleWords.all() {
			m.incidents.incidents.of(severity, rule).Set(float64(open[place{severity, rule}]))
		}
	}
}

// Desk counts what a turn of the desk did, once it is committed.
func (m *Metrics) Desk(t alerting.DeskTurn) { m.Decided(t.Decision) }

// Decided counts what a decision did to incidents, once it is committed: a
// turn of the desk, or a person's command.
func (m *Metrics) Decided(d alerting.Decision) {
	for i := range d.Entries {
		m.incidents.transitions.of(entryWords.word(d.Entries[i].Kind)).Inc()
		if d.Entries[i].Kind == alerting.EntryWithheld {
			m.incidents.withheld.Inc()
		}
	}
}

// Alerted counts an incident of which a receiver has accepted a notice for the
// first time: the one line of its timeline that no decision writes.
func (m *Metrics) Alerted() {
	m.incidents.transitions.of(entryWords.word(alerting.EntryAlerted)).Inc()
}

// DeskLag says how long the oldest change of a condition that the desk has not
// read has waited for it; 0: it has read them all.
func (m *Metrics) DeskLag(d time.Duration) { m.incidents.deskLag.Set(seconds(d)) }
