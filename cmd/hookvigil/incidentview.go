package main

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// incident is the API's incident, as far as it is shown. A moment that has not
// come is zero.
type incident struct {
	ID             text
	Number         text
	Version        int
	State          alerting.State
	Severity       rules.Severity
	Rule           text
	Scope          text
	Merchant       text
	Title          text
	Evidence       evidence
	StartedAt      time.Time `json:"started_at"`
	DetectedAt     time.Time `json:"detected_at"`
	OpenedAt       time.Time `json:"opened_at"`
	AlertedAt      time.Time `json:"alerted_at"`
	AcknowledgedAt time.Time `json:"acknowledged_at"`
	AcknowledgedBy text      `json:"acknowledged_by"`
	AckUntil       time.Time `json:"ack_until"`
	MitigatedAt    time.Time `json:"mitigated_at"`
	RecoveringAt   time.Time `json:"recovering_at"`
	ResolvedAt     time.Time `json:"resolved_at"`
	ResolvedBy     text      `json:"resolved_by"`
	ReconciledAt   time.Time `json:"reconciled_at"`
	Share          ratio
	SharePeak      ratio `json:"share_peak"`
	Flapping       bool
	Quiet          *quiet
	AgainAt        time.Time `json:"again_at"`
	OverAt         time.Time `json:"over_at"`
	Reopens        int
	Parent         text
	MemberCount    int `json:"member_count"`

	Members  []member // these two with one incident alone, not in a list
	Timeline []entry

	Reconciliation []reconciliation // by channel; with one incident alone
}

// shownState is the state, and whether it is quiet.
func (in incident) shownState() string {
	if in.Quiet != nil {
		return string(in.State) + ", quiet"
	}
	return string(in.State)
}

// quiet is what keeps an incident quiet; nil: nothing does.
type quiet struct {
	ID     text
	Kind   text
	By     text
	Reason text
	Until  time.Time
}

// evidence is why an incident is open.
type evidence struct {
	Text        text
	From        time.Time
	To          time.Time
	Numerator   int
	Denominator int
	Low         ratio
	High        ratio
	Threshold   ratio
	Baseline    ratio
	Clears      text
	Where       rules.Attribution
	How         rules.Attribution
}

// member is one condition in an incident.
type member struct {
	Rule  text
	Scope text
	Fault text
	Text  text
	Since time.Time
	Left  time.Time `json:"left_at"` // zero: it is still met
}

// entry is one line of a timeline.
type entry struct {
	Seq   int
	At    time.Time
	Kind  text
	Actor text
	Text  text
}

const incidentsPath = "/api/v1/incidents"

// incidentPath is where an incident is, by its ID or number.
func incidentPath(id string) string {
	return incidentsPath + "/" + url.PathEscape(strings.TrimPrefix(id, "#")) // as messages write it
}

// incident reads one incident, by its ID or number.
func (d daemonAt) incident(ctx context.Context, id string) (incident, answer, error) {
	var in incident
	a, err := d.get(ctx, incidentPath(id), &in)
	return in, a, err
}

// maxLive bounds the live incidents that are read to find the worst.
const maxLive = 10_000

// live reads every live incident.
func (d daemonAt) live(ctx context.Context) (list[incident], error) {
	return listOf[incident](ctx, d, incidentsPath, url.Values{"live": {"true"}}, maxLive)
}

// worstFirst orders incidents: those that live before those that are over, the
// loud before the quiet, the new before the old. What is over goes by time
// alone.
func worstFirst(list []incident) {
	slices.SortStableFunc(list, func(a, b incident) int {
		if a.State.Live() != b.State.Live() {
			return yesFirst(a.State.Live(), b.State.Live())
		}
		if a.State.Live() && a.Severity != b.Severity {
			return yesFirst(a.Severity.Worse(b.Severity), b.Severity.Worse(a.Severity))
		}
		return cmp.Or(b.OpenedAt.Compare(a.OpenedAt), cmp.Compare(a.ID, b.ID))
	})
}

// yesFirst orders what is before what is not.
func yesFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	default:
		return 1
	}
}

// lasted is how long the incident has been open, or was.
func (in incident) lasted(now time.Time) time.Duration {
	if !in.State.Live() && !in.ResolvedAt.IsZero() {
		now = in.ResolvedAt
	}
	return alerting.Between(in.OpenedAt, now)
}

// open counts the members that are still met.
func (in incident) open() int {
	n := 0
	for _, m := range in.Members {
		if m.Left.IsZero() {
			n++
		}
	}
	return n
}

// numberOf is the short form of an incident's ID.
func numberOf(id text) string { return alerting.Incident{ID: string(id)}.Number() }
