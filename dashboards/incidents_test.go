package dashboards_test

import (
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/dashboards"
	"github.com/hookvigil/hookvigil/rules"
)

func TestConditionsAreCountedByRule(t *testing.T) {
	t.Parallel()
	m := dashboards.New("dev")
	stand := func(r rules.Rule, p rules.Phase) rules.Standing {
		return rules.Standing{Rule: r, Episode: rules.Episode{Phase: p}}
	}
	m.Conditions([]rules.Standing{stand(rules.RuleSilence, rules.PhaseOpen)})
	m.Conditions([]rules.Standing{
		stand(rules.RuleEndpointDown, rules.PhaseOpen), stand(rules.RuleEndpointDown, rules.PhaseOpen),
		stand(rules.RuleEndpointDown, rules.PhasePending), stand(rules.RuleCertificate, rules.PhaseNone), stand("odd", rules.PhaseOpen),
	})
	change := func(r rules.Rule, number int, open bool) rules.Change {
		return rules.Change{Key: rules.Key{Rule: r}, Number: number, Open: open}
	}
	m.Changed([]rules.Change{
		change(rules.RuleCertificate, 1, true), change(rules.RuleCertificate, 2, true), change(rules.RuleCertificate, 3, true),
		change(rules.RuleCertificate, 4, false), change("odd", 1, true),
	})
	m.CommitLag(2 * time.Second)
	expect(t, scrape(t, m), []string{
		`hookvigil_conditions_open{rule="endpoint_down"} 2`,
		`hookvigil_conditions_open{rule="silence"} 0`,
		`hookvigil_conditions_open{rule="certificate"} 0`,
		`hookvigil_conditions_open{rule="unknown"} 1`,
		`hookvigil_condition_changes_total{change="opened",rule="certificate"} 1`,
		`hookvigil_condition_changes_total{change="raised",rule="certificate"} 2`,
		`hookvigil_condition_changes_total{change="cleared",rule="certificate"} 1`,
		`hookvigil_condition_changes_total{change="opened",rule="endpoint_down"} 0`,
		`hookvigil_condition_changes_total{change="opened",rule="unknown"} 1`,
		`hookvigil_commit_lag_seconds 2`,
	}, nil)
	m.CommitLag(-time.Second)
	expect(t, scrape(t, m), []string{`hookvigil_commit_lag_seconds 0`}, nil)
}

func TestIncidentsAreCountedWhileTheyLive(t *testing.T) {
	t.Parallel()
	m := dashboards.New("dev")
	in := func(r rules.Rule, s rules.Severity, state alerting.State) alerting.Incident {
		return alerting.Incident{Rule: r, Severity: s, State: state}
	}
	m.Incidents([]alerting.Incident{
		in(rules.RulePlatformErrorRatio, rules.Critical, alerting.StateOpen),
		in(rules.RulePlatformErrorRatio, rules.Critical, alerting.StateAcknowledged),
		in(rules.RuleEndpointDown, rules.High, alerting.StateResolved),
		in(alerting.RuleCommonCause, rules.Critical, alerting.StateRecovering),
		in("odd", "shrill", alerting.StateOpen),
	})
	m.Desk(alerting.DeskTurn{Changes: 2, Decision: alerting.Decision{Entries: []alerting.Entry{
		{Kind: alerting.EntryOpened}, {Kind: alerting.EntryOpened}, {Kind: alerting.EntryLouder}, {Kind: "odd"}, {Kind: alerting.EntryWithheld}, {Kind: alerting.EntryWithheld},
	}}})
	m.Decided(alerting.Decision{Entries: []alerting.Entry{{Kind: alerting.EntryAcknowledged}}})
	m.DeskLag(250 * time.Millisecond)
	expect(t, scrape(t, m), []string{`hookvigil_incident_transitions_total{kind="alerted"} 0`}, nil)
	m.Alerted()
	expect(t, scrape(t, m), []string{
		`hookvigil_incidents_open{rule="platform_error_ratio",severity="critical"} 2`,
		`hookvigil_incidents_open{rule="common_cause",severity="critical"} 1`,
		`hookvigil_incidents_open{rule="endpoint_down",severity="high"} 0`,
		`hookvigil_incidents_open{rule="unknown",severity="unknown"} 1`,
		`hookvigil_incident_transitions_total{kind="opened"} 2`,
		`hookvigil_incident_transitions_total{kind="severity_raised"} 1`,
		`hookvigil_incident_transitions_total{kind="acknowledged"} 1`,
		`hookvigil_incident_transitions_total{kind="resolved"} 0`,
		`hookvigil_incident_transitions_total{kind="alerted"} 1`,
		`hookvigil_incident_transitions_total{kind="withheld"} 2`,
		`hookvigil_pages_withheld_total 2`,
		`hookvigil_incident_transitions_total{kind="unknown"} 1`,
		`hookvigil_desk_lag_seconds 0.25`,
	}, nil)
	m.Incidents(nil)
	expect(t, scrape(t, m), []string{
		`hookvigil_incidents_open{rule="platform_error_ratio",severity="critical"} 0`,
		`hookvigil_incidents_open{rule="unknown",severity="unknown"} 0`,
	}, nil)
}
