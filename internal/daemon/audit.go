package daemon

import (
	"context"
	"fmt"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// What the audit of the desk allows and says: our own choice.
const (
	stepLate    = time.Minute // a step of the ladder may be overdue so long: the desk looks each second
	auditedMost = 5           // incidents that have a line of their own
)

// auditProblems asks the store whether somebody looks after what is critical:
// each live incident has an answer, a silence or a further step, and no notice
// about an incident is dead (reference alerting.md section 4.9).
//
// The incident about the self-audit does not count, because it would keep
// itself open; what it is about does.
func (d *Daemon) auditProblems(ctx context.Context, now time.Time) []string {
	var problems []string
	live, err := d.store.CriticalIncidents(ctx)
	if err != nil {
		return []string{fmt.Sprintf("desk: who looks after the incidents is not known: %v", err)}
	}
	if !d.column.hearing.settling(now) { // the desk waits for what is looked at anew
		problems = append(problems, unattended(d.auditDesk(), live, now)...)
	}
	dead, err := d.store.DeadLetters(ctx)
	switch {
	case err != nil:
		problems = append(problems, fmt.Sprintf("outbox: dead letters are not known: %v", err))
	case dead == 1:
		problems = append(problems, "outbox: 1 notice about an incident is dead: hookvigil outbox ls --state dead")
	case dead > 1:
		problems = append(problems, fmt.Sprintf("outbox: %d notices about incidents are dead: hookvigil outbox ls --state dead", dead))
	}
	return problems
}

// auditDesk is as much of the desk as the audit asks.
func (d *Daemon) auditDesk() alerting.Desk {
	cfg, w := d.settings.Load(), d.column.ways.Load()
	return alerting.Desk{Ladder: cfg.Incidents.Ladder, Escalate: escalatesTo(cfg.Routes, *w)}
}

// unattended returns a line for each of the first incidents that nobody looks
// after, and one that counts the rest. Without a ladder nobody is told twice
// because the operator wants it so: then there is nothing to audit.
func unattended(desk alerting.Desk, live []alerting.Incident, now time.Time) []string {
	if l := desk.Ladder; l.Most <= 0 || l.Again <= 0 && l.First <= 0 && l.Later <= 0 {
		return nil
	}
	var problems []string
	more := 0
	for _, in := range live {
		if in.Rule == rules.RuleMonitorSelf && in.Scope == rules.SelfDuty || !desk.Unattended(in, now, stepLate) {
			continue
		}
		if len(problems) == auditedMost {
			more++
			continue
		}
		problems = append(problems, fmt.Sprintf("desk: nobody looks after incident #%s (critical, open since %s): it was told %s",
			in.Number(), clockOf(in.OpenedAt, now), times(in.Story.Step+1)))
	}
	if more > 0 {
		problems = append(problems, fmt.Sprintf("desk: nobody looks after %d more critical incidents: hookvigil incident ls", more))
	}
	return problems
}

// clockOf is a moment as a problem says it: with the day, unless that is
// today's.
func clockOf(at, now time.Time) string {
	at, now = at.UTC(), now.UTC()
	if at.Year() == now.Year() && at.YearDay() == now.YearDay() {
		return at.Format("15:04 MST")
	}
	return at.Format("2006-01-02 15:04 MST")
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}
