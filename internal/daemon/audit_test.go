package daemon

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/internal/conditions"
	"github.com/hookvigil/hookvigil/rules"
)

func TestWhatIsCriticalHasSomebodyWhoLooksAfterIt(t *testing.T) {
	t.Parallel()
	opened := time.Date(2026, 3, 1, 10, 2, 30, 0, time.UTC)
	rungs := map[int]time.Duration{0: 0, 1: 5 * time.Minute, 10: 15 * time.Hour} // of the default ladder
	critical := func(step int, change func(*alerting.Incident)) alerting.Incident {
		in := alerting.Incident{
			ID: "inc_00000000abc123", Rule: rules.RuleEndpointDown, Scope: "endpoint:a", Severity: rules.Critical, State: alerting.StateOpen,
			OpenedAt: opened, Story: alerting.Story{Ladder: opened, Step: step, Taken: rungs[step]},
		}
		if change != nil {
			change(&in)
		}
		return in
	}
	many := slices.Repeat([]alerting.Incident{critical(10, nil)}, 8)
	ladder := alerting.DefaultLadder()
	for name, c := range map[string]struct {
		ladder alerting.Ladder
		live   []alerting.Incident
		after  time.Duration // since it opened
		want   []string
	}{
		"nothing is critical":               {ladder, nil, time.Hour, nil},
		"its next step is to come":          {ladder, []alerting.Incident{critical(1, nil)}, 29 * time.Minute, nil},
		"its next step is overdue by 1 min": {ladder, []alerting.Incident{critical(1, nil)}, 31 * time.Minute, nil},
		"its next step is overdue by more": {ladder, []alerting.Incident{critical(1, nil)}, 31*time.Minute + time.Second,
			[]string{"desk: nobody looks after incident #abc123 (critical, open since 10:02 UTC): it was told 2 times"}},
		"it never took a step": {ladder, []alerting.Incident{critical(0, nil)}, 7 * time.Minute,
			[]string{"desk: nobody looks after incident #abc123 (critical, open since 10:02 UTC): it was told once"}},
		"all steps were taken, yesterday": {ladder, []alerting.Incident{critical(10, nil)}, 24 * time.Hour,
			[]string{"desk: nobody looks after incident #abc123 (critical, open since 2026-03-01 10:02 UTC): it was told 11 times"}},
		"somebody has answered": {ladder, []alerting.Incident{critical(10, func(in *alerting.Incident) {
			in.State, in.AcknowledgedAt, in.AckUntil = alerting.StateAcknowledged, opened, opened.Add(48*time.Hour)
		})}, time.Hour, nil},
		"it is silenced":           {ladder, []alerting.Incident{critical(10, func(in *alerting.Incident) { in.Story.Hush.ID = "s1" })}, time.Hour, nil},
		"it is part of another":    {ladder, []alerting.Incident{critical(10, func(in *alerting.Incident) { in.Parent = "inc_1" })}, time.Hour, nil},
		"it is about this audit":   {ladder, []alerting.Incident{critical(10, func(in *alerting.Incident) { in.Rule, in.Scope = rules.RuleMonitorSelf, rules.SelfDuty })}, time.Hour, nil},
		"the operator wants one":   {alerting.Ladder{}, []alerting.Incident{critical(0, nil)}, time.Hour, nil},
		"it is about our own side": {ladder, []alerting.Incident{critical(10, func(in *alerting.Incident) { in.Rule, in.Scope = rules.RuleMonitorSelf, rules.SelfEgress })}, time.Hour, []string{"desk: nobody looks after incident #abc123 (critical, open since 10:02 UTC): it was told 11 times"}},
		"eight of them": {ladder, many, time.Hour, append(slices.Repeat([]string{"desk: nobody looks after incident #abc123 (critical, open since 10:02 UTC): it was told 11 times"}, 5),
			"desk: nobody looks after 3 more critical incidents: hookvigil incident ls")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := unattended(alerting.Desk{Ladder: c.ladder}, c.live, opened.Add(c.after)); !slices.Equal(got, c.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

// TestTheAuditReadsTheStore: an incident that nobody answers, and the notices
// about it that died.
func TestTheAuditReadsTheStore(t *testing.T) {
	t.Parallel()
	d := opened(t, `routes: [{to: [ops]}]`)
	at := time.Now().Add(-time.Hour)
	change := rules.Change{
		Key: rules.Key{Rule: rules.RuleEndpointDown, Scope: "endpoint:a", Episode: 1}, Number: 1, Open: true, At: at, Since: at, Severity: rules.Critical,
		Evidence: rules.Evidence{Text: "refused"},
	}
	standing := rules.Standing{Rule: change.Key.Rule, Scope: change.Key.Scope, OpenedAt: at, Episode: rules.Episode{Number: 1, Changes: 1, Phase: rules.PhaseOpen, Since: at, Worst: rules.Critical}}
	if err := d.store.CommitShard(t.Context(), conditions.Commit{Now: at, Standing: []rules.Standing{standing}, Changes: []rules.Change{change}}); err != nil {
		t.Fatal(err)
	}
	desk := alerting.DefaultDesk()
	desk.Routes = routesTo(d.settings.Load().Routes, *d.column.ways.Load())
	turned, err := d.store.CommitDesk(t.Context(), alerting.DeskRequest{Now: at, Limit: 10}, func(w alerting.World, changes []rules.Change) alerting.Decision {
		return desk.Decide(w, changes, at)
	})
	if err != nil || len(turned.Decision.Incidents) != 1 {
		t.Fatalf("%+v, %v", turned, err)
	}
	number := turned.Decision.Incidents[0].Number()
	now := time.Now()
	lost := fmt.Sprintf("desk: nobody looks after incident #%s (critical, open since %s): it was told once", number, clockOf(at, now))
	if got := d.auditProblems(t.Context(), now); !slices.Equal(got, []string{lost}) {
		t.Errorf("got %q, want %q", got, lost)
	}
	d.column.hearing.began(time.Now().Add(-time.Hour), time.Now())
	if got := d.auditProblems(t.Context(), time.Now()); len(got) > 0 {
		t.Errorf("got %q right after an absence, want nothing: the desk waits for what is looked at anew", got)
	}
	d.column.hearing = hearing{}
	for i, want := range []string{"", "outbox: 1 notice about an incident is dead: hookvigil outbox ls --state dead", "outbox: 2 notices about incidents are dead: hookvigil outbox ls --state dead"} {
		if i > 0 {
			die(t, d, turned.Decision.Incidents[0].ID, i)
		}
		got := d.auditProblems(t.Context(), at)
		if want == "" && len(got) > 0 || want != "" && !slices.Equal(got, []string{want}) {
			t.Errorf("%d dead: got %q, want %q", i, got, want)
		}
	}
}

// die enqueues a notice about an incident that ends as a dead letter.
func die(t *testing.T, d *Daemon, incident string, i int) {
	t.Helper()
	lane := fmt.Sprintf("gone/%d", i)
	n := alerting.Notice{IdemKey: lane, Lane: lane, Subject: incident, Kind: alerting.KindPage, Flow: alerting.FlowEvent, Severity: rules.High}
	if err := d.store.Enqueue(t.Context(), []alerting.Notice{n}); err != nil {
		t.Fatal(err)
	}
	now := time.Now().Add(time.Second)
	claimed, err := d.store.Claim(t.Context(), alerting.ClaimRequest{Lane: lane, Owner: "me", Now: now, Limit: 1, Lease: time.Minute})
	if err != nil || len(claimed) != 1 {
		t.Fatalf("claim: %v, %v", claimed, err)
	}
	ok, err := d.store.Finish(t.Context(), alerting.Outcome{
		ID: claimed[0].ID, Fence: claimed[0].Fence, Lane: lane, Kind: "slack", Began: now, Ended: now, Result: alerting.ResultDead, Class: alerting.ClassDestination,
	})
	if err != nil || !ok {
		t.Fatalf("finish: %t, %v", ok, err)
	}
}
