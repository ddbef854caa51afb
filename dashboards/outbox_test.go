package dashboards_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/dashboards"
)

func TestNoticesAreCountedByKind(t *testing.T) {
	t.Parallel()
	m := dashboards.New("dev")
	m.Receivers(map[string]string{"ops": "slack", "mail": "email", "bare": ""})
	expect(t, scrape(t, m), []string{
		`hookvigil_dead_letters_total{kind="email"} 0`,
		`hookvigil_notices_held_total{kind="slack"} 0`,
		`hookvigil_notify_attempts_total{class="ok",kind="slack"} 0`,
		`hookvigil_notify_latency_seconds_count{kind="email"} 0`,
		`hookvigil_dead_letters_total{kind="unknown"} 0`,
	}, nil)
	out := m.Outbox()
	out.Tried("slack", "", 700*time.Millisecond)
	out.Tried("slack", "", 2*time.Hour)
	out.Tried("slack", alerting.ClassLimited, time.Second)
	out.Tried("email", alerting.ClassAmbiguous, time.Second)
	out.Tried("email", alerting.ClassAmbiguous, time.Second)
	out.Tried("email", "odd", time.Second)
	out.Dead("email", alerting.Notice{})
	out.Held("slack")
	expect(t, scrape(t, m), []string{
		`hookvigil_notify_attempts_total{class="ok",kind="slack"} 2`,
		`hookvigil_notify_attempts_total{class="limited",kind="slack"} 1`,
		`hookvigil_notify_attempts_total{class="ambiguous",kind="email"} 2`,
		`hookvigil_notify_attempts_total{class="unknown",kind="email"} 1`,
		`hookvigil_notify_latency_seconds_bucket{kind="slack",le="0.5"} 0`,
		`hookvigil_notify_latency_seconds_bucket{kind="slack",le="1"} 1`,
		`hookvigil_notify_latency_seconds_bucket{kind="slack",le="3600"} 1`,
		`hookvigil_notify_latency_seconds_count{kind="slack"} 2`,
		`hookvigil_notify_latency_seconds_count{kind="email"} 0`,
		`hookvigil_notify_ambiguous_total 2`,
		`hookvigil_dead_letters_total{kind="email"} 1`,
		`hookvigil_notices_held_total{kind="slack"} 1`,
	}, nil)
}

func TestLanesShowTheWorstOfAReceiver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := dashboards.New("dev")
		out, now := m.Outbox(), time.Now()
		m.Receivers(map[string]string{"ops": "slack", "mail": "email"})
		out.Lanes(alerting.Work{Lanes: []alerting.LaneState{
			{Lane: "mail/a.example", Oldest: now.Add(-10 * time.Second), Waiting: 3},
			{Lane: "mail/b.example", Oldest: now.Add(-70 * time.Second), Waiting: 4, FailingSince: now.Add(-70 * time.Second)},
			{Lane: "mail/c.example", StoppedAt: now},
			{Lane: "gone/x", Oldest: now.Add(time.Minute), Waiting: 1},
		}})
		time.Sleep(20 * time.Second) // nobody sweeps: the age grows all the same
		expect(t, scrape(t, m), []string{
			`hookvigil_outbox_oldest_due_seconds{lane="mail"} 90`,
			`hookvigil_outbox_waiting{lane="mail"} 7`,
			`hookvigil_lane_failing{lane="mail"} 1`,
			`hookvigil_lane_stopped{lane="mail"} 1`,
			`hookvigil_outbox_oldest_due_seconds{lane="ops"} 0`,
			`hookvigil_outbox_waiting{lane="ops"} 0`,
			`hookvigil_lane_failing{lane="ops"} 0`,
			`hookvigil_lane_stopped{lane="ops"} 0`,
			`hookvigil_outbox_oldest_due_seconds{lane="gone"} 0`,
			`hookvigil_outbox_waiting{lane="gone"} 1`,
		}, nil)
		m.Receivers(map[string]string{"mail": "email"})
		out.Lanes(alerting.Work{})
		expect(t, scrape(t, m), []string{
			`hookvigil_outbox_oldest_due_seconds{lane="mail"} 0`, `hookvigil_lane_stopped{lane="mail"} 0`,
		}, []string{`hookvigil_lane_failing{lane="ops"`, `hookvigil_outbox_waiting{lane="gone"`})
	})
}

func TestLanesBeyondTheBoundAreShownTogether(t *testing.T) {
	t.Parallel()
	m := dashboards.New("dev")
	var w alerting.Work
	for i := range 102 {
		w.Lanes = append(w.Lanes, alerting.LaneState{Lane: fmt.Sprintf("r%03d/x", i), Waiting: i, Oldest: noon})
	}
	w.Lanes[100].StoppedAt = noon
	m.Outbox().Lanes(w)
	waiting, stopped := shownUnder(t, m, "hookvigil_outbox_waiting"), shownUnder(t, m, "hookvigil_lane_stopped")
	if len(waiting) != 101 || waiting["r099"] != 99 || waiting["unknown"] != 201 {
		t.Errorf("%d receivers, %v wait in r099, %v in the rest; want 101, 99, 201", len(waiting), waiting["r099"], waiting["unknown"])
	}
	if stopped["unknown"] != 1 || stopped["r099"] != 0 {
		t.Errorf("stopped: the rest %v, r099 %v; want 1 and 0", stopped["unknown"], stopped["r099"])
	}
}

func TestHeartbeatsAge(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, now := dashboards.New("dev"), time.Now()
		last := map[string]time.Time{"never": {}, "ahead": now.Add(time.Hour)}
		for i := range 201 {
			last[fmt.Sprintf("b%03d", i)] = now.Add(-time.Duration(i) * time.Minute)
		}
		m.Beats(last)
		time.Sleep(30 * time.Second)
		got := shownUnder(t, m, "hookvigil_heartbeat_age_seconds")
		// In the order of their IDs: ahead, b000 to b198, then the rest.
		for id, want := range map[string]float64{"ahead": 0, "b001": 90, "b198": 198*60 + 30, "unknown": 200*60 + 30} {
			if age, shown := got[id]; !shown || age != want {
				t.Errorf("age of %s is %v (shown: %t), want %v", id, age, shown, want)
			}
		}
		if _, shown := got["never"]; shown || len(got) != 201 {
			t.Errorf("%d heartbeats, never shown: %t; want 201 and none without a time", len(got), shown)
		}
		m.Beats(map[string]time.Time{"b001": now})
		if got := shownUnder(t, m, "hookvigil_heartbeat_age_seconds"); len(got) != 1 || got["b001"] != 30 {
			t.Errorf("heartbeats %v, want b001 alone, 30 s old", got)
		}
	})
}
