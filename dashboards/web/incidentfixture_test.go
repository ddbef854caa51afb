package web_test

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/dashboards/web"
	"github.com/hookvigil/hookvigil/rules"
)

// desk is a web.IncidentSource in memory: newest first. The zero desk has none.
type desk struct {
	incidents []alerting.Incident
	timelines map[string][]alerting.Entry
	list      func(context.Context) error // breaks Incidents
	one       func(context.Context) error // breaks Incident
}

func (d desk) Incidents(ctx context.Context, f alerting.IncidentFilter) ([]alerting.Incident, error) {
	if d.list != nil {
		if err := d.list(ctx); err != nil {
			return nil, err
		}
	}
	list := d.incidents
	if f.Before != "" {
		list = list[1+slices.IndexFunc(list, func(in alerting.Incident) bool { return in.ID == f.Before }):]
	}
	var found []alerting.Incident
	for _, in := range list {
		of := func(m alerting.Membership) bool { return m.Key.Scope == rules.ScopeOf(rules.ScopeEndpoint, f.Endpoint) }
		if (!f.Live || in.Live()) && (f.Endpoint == "" || slices.ContainsFunc(in.Members, of)) {
			found = append(found, in)
		}
		if len(found) == f.Limit {
			break
		}
	}
	return found, nil
}

func (d desk) Incident(ctx context.Context, id string) (alerting.Incident, []alerting.Entry, error) {
	if d.one != nil {
		if err := d.one(ctx); err != nil {
			return alerting.Incident{}, nil, err
		}
	}
	for _, in := range d.incidents {
		if in.ID == id {
			return in, d.timelines[id], nil
		}
	}
	return alerting.Incident{}, nil, fmt.Errorf("read incident %q: %w", id, alerting.ErrNoIncident)
}

// endpointMember is an endpoint_down condition; left zero: it is open.
func endpointMember(id, fault string, since, left time.Time) alerting.Membership {
	return alerting.Membership{
		Key: rules.Key{Rule: rules.RuleEndpointDown, Scope: rules.ScopeOf(rules.ScopeEndpoint, id), Episode: 1}, Merchant: "m-" + id,
		Fault: fault, Text: "5 failures in a row: " + fault, Since: since, Joined: since.Add(2 * time.Minute), Left: left,
	}
}

// quick is a live incident of one endpoint, opened n minutes ago.
func quick(id string, sev rules.Severity, minutes int) alerting.Incident {
	start := now.Add(-time.Duration(minutes) * time.Minute)
	return alerting.Incident{
		ID: id, Rule: rules.RuleEndpointDown, Scope: rules.ScopeOf(rules.ScopeEndpoint, "ep-"+id), Severity: sev, State: alerting.StateOpen,
		Title: "ep-" + id + " is down: refused", StartedAt: start, DetectedAt: start.Add(time.Minute), OpenedAt: start.Add(time.Minute),
		Members: []alerting.Membership{endpointMember("ep-"+id, "refused", start, time.Time{})},
	}
}

// platformIncident is a ratio on the whole platform, acknowledged by Rini.
func platformIncident() (alerting.Incident, []alerting.Entry) {
	start := now.Add(-42 * time.Minute)
	in := alerting.Incident{
		ID: "inc_m4k7q2w6x3ztplat", Rule: rules.RulePlatformErrorRatio, Scope: rules.ScopePlatform, Severity: rules.Critical,
		State: alerting.StateAcknowledged, Title: "webhook failures are up on the whole platform",
		Evidence: rules.Evidence{
			Text: "platform: 312 of 5,120 first attempts failed (6.1%) since 2026-11-21 11:18:00 UTC, 5.5% to 6.8% with 95% confidence; 80 of 960 in the last 5m; ordinarily 0.5%",
			From: start, To: now, Numerator: 312, Denominator: 5120, Low: 0.0546, High: 0.0679, Threshold: 0.04, Baseline: 0.005,
			Clears: "a 5m ratio below 2% for 10m, or 30 delivered in a row when fewer come in 5m",
		},
		StartedAt: start, DetectedAt: start.Add(2 * time.Minute), OpenedAt: start.Add(2*time.Minute + time.Second),
		AlertedAt:      start.Add(3 * time.Minute),
		AcknowledgedAt: start.Add(9 * time.Minute), AcknowledgedBy: "rini", Reopens: 1,
		Members: []alerting.Membership{{
			Key:  rules.Key{Rule: rules.RulePlatformErrorRatio, Scope: rules.ScopePlatform, Episode: 3},
			Text: "platform: 312 of 5,120 first attempts failed (6.1%) since 2026-11-21 11:18:00 UTC", Since: start, Joined: start.Add(2 * time.Minute),
		}},
	}
	at := func(m int, kind alerting.EntryKind, actor, text string) alerting.Entry {
		return alerting.Entry{Incident: in.ID, At: start.Add(time.Duration(m) * time.Minute), Kind: kind, Actor: actor, Text: text}
	}
	entries := []alerting.Entry{
		at(2, alerting.EntryOpened, "", in.Title+": platform: 40 of 610 first attempts failed (6.6%) since 2026-11-21 11:18:00 UTC"),
		at(3, alerting.EntryAlerted, "", "ops"),
		at(4, alerting.EntryLouder, "", "now critical: platform: 96 of 1,400 first attempts failed (6.9%)"),
		at(9, alerting.EntryAcknowledged, "rini", "acknowledged"),
		at(20, alerting.EntryNote, "rini", "the gateway's deployment of 11:15 is being rolled back"),
	}
	for i := range entries {
		entries[i].Seq = i + 1
	}
	return in, entries
}

// badDay adds to seven what happened on a bad day: a platform incident, an
// endpoint's, one that is over, one that was folded.
func badDay() source {
	src := seven()
	platform, lines := platformIncident()
	down := quick("payouts2ab7cd", rules.High, 4)
	down.Scope, down.Title = rules.ScopeOf(rules.ScopeEndpoint, "acme-payouts"), "acme-payouts is down: timeout_response"
	down.Merchant, down.Evidence = "m-acme-payouts", rules.Evidence{Text: "timeout_response since 11:56, 5 failures in a row", Clears: "one healthy probe"}
	down.Members = []alerting.Membership{endpointMember("acme-payouts", "timeout_response", down.StartedAt, time.Time{})}
	many := quick("fifty0ver7xyz", rules.Critical, 300)
	many.Rule, many.Scope, many.Title = alerting.RuleCommonCause, rules.ScopePlatform, "3 endpoints: timeout_connect"
	many.State, many.ResolvedAt = alerting.StateResolved, now.Add(-200*time.Minute)
	many.Members = nil
	for _, id := range []string{"borneo", "ceres", "dewi"} {
		many.Members = append(many.Members, endpointMember(id, "timeout_connect", many.StartedAt, many.ResolvedAt))
	}
	folded := quick("foldedqqqqqq", rules.High, 301)
	folded.State, folded.ResolvedAt, folded.Parent, folded.ResolvedBy = alerting.StateResolved, now.Add(-298*time.Minute), many.ID, "folded into er7xyz"
	src.desk = desk{
		incidents: []alerting.Incident{down, platform, many, folded},
		timelines: map[string][]alerting.Entry{
			platform.ID: lines,
			down.ID: {
				{Incident: down.ID, Seq: 1, At: down.OpenedAt, Kind: alerting.EntryOpened, Text: down.Title + ": " + down.Evidence.Text},
			},
			many.ID: {
				{Incident: many.ID, Seq: 1, At: many.OpenedAt, Kind: alerting.EntryOpened, Text: many.Title},
				{Incident: many.ID, Seq: 2, At: many.ResolvedAt, Kind: alerting.EntryResolved, Text: "recovered after 1h40m0s: one healthy probe"},
			},
		},
	}
	src.ledger.rows, src.stands = toldToday(), standsOnABadDay()
	src.ratios = []web.Ratio{
		{Scope: rules.ScopePlatform, First: 5120, Failed: 312, Window: time.Hour, Open: true},
		{Scope: rules.ScopeOf(rules.ScopeChannel, "ID_BCA"), First: 900, Failed: 41, Window: time.Hour},
		{Scope: rules.ScopeOf(rules.ScopeChannel, "ID_SHOPEEPAY"), First: 12, Window: time.Hour},
		{Scope: rules.ScopeOf(rules.ScopeChannel, "PH_GCASH"), Window: time.Hour},
	}
	return src
}
