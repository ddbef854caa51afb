package daemon_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/hooktest/traffic"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/rules"
)

// seedDesk decides as the daemon's does by default, and remembers.
type seedDesk struct {
	desk    alerting.Desk
	world   alerting.World
	entries []alerting.Entry
	notices []alerting.Notice
}

func (d *seedDesk) decide(changes []rules.Change, now time.Time) {
	got := d.desk.Decide(d.world, changes, now)
	for _, in := range got.Incidents {
		in.Stored = in.Version
		i := slices.IndexFunc(d.world.Incidents, func(o alerting.Incident) bool { return o.ID == in.ID })
		if i < 0 {
			d.world.Incidents = append(d.world.Incidents, in)
			continue
		}
		d.world.Incidents[i] = in
	}
	d.entries, d.notices = append(d.entries, got.Entries...), append(d.notices, got.Notices...)
}

// firstsByTick counts first attempts by the tick in which they were completed.
func firstsByTick(c traffic.Config, length time.Duration) map[time.Time]rules.Tick {
	all := map[time.Time]rules.Tick{}
	for a := range traffic.New(c).Attempts() {
		if a.Kind() != deliveries.KindFirst {
			continue
		}
		at := rules.TickOf(a.StartedAt.Add(a.Duration), length)
		t := all[at]
		t.At, t.N = at, t.N+1
		if a.Outcome(0) != probes.FaultNone {
			t.K++
		}
		all[at] = t
	}
	return all
}

// The incident of seed 000, minute by minute, from attempts to the desk: one
// incident, one page and its echo when nobody answers, a first fix near 22:31,
// over after 23:10 and before 23:30 (times in GMT+7).
func TestSeed000OnTheDesk(t *testing.T) {
	begin, fixed, healed := traffic.Seed000Times()
	for seed := range uint64(2) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			c := traffic.Seed000(seed, 10)
			c.Start = begin.Add(-time.Hour) // enough of an ordinary ratio, and less to count
			c.Length = healed.Add(30 * time.Minute).Sub(c.Start)
			rule := rules.ErrorRatio{Rule: rules.RulePlatformErrorRatio, Scope: rules.ScopePlatform, Detector: rules.DefaultDetector()}
			d := &seedDesk{desk: alerting.DefaultDesk()}
			d.desk.Routes = func(alerting.Incident) []alerting.Destination {
				return []alerting.Destination{{Lane: "mail/sre", Recipient: "sre"}}
			}
			ticks, length := firstsByTick(c, rule.Detector.Tick), rule.Detector.Tick
			var s rules.Series
			for at := rules.TickOf(c.Start, length); at.Before(c.Start.Add(c.Length)); at = at.Add(length) {
				tick := ticks[at]
				tick.At = at
				var change *rules.Change
				s, change = rule.Step(s, tick)
				e := rule.Detector.Lately(s.Detector)
				d.world.Levels = map[rules.Scope]alerting.Level{rules.ScopePlatform: {Evidence: e, Below: rule.Detector.Tolerates(e)}}
				var changes []rules.Change
				if change != nil {
					changes = append(changes, *change)
				}
				d.decide(changes, at.Add(length+time.Minute)) // the grace
			}
			if len(d.world.Incidents) != 1 {
				t.Fatalf("%d incidents", len(d.world.Incidents))
			}
			in := d.world.Incidents[0]
			within := func(what string, at, from, to time.Time) {
				if at.Before(from) || at.After(to) {
					t.Errorf("%s at %s, want it from %s to %s", what, at.Format("15:04:05"), from.Format("15:04"), to.Format("15:04"))
				}
			}
			within("opened", in.OpenedAt, begin, begin.Add(5*time.Minute))
			within("first fix", in.MitigatedAt, fixed, fixed.Add(8*time.Minute))
			within("resolved", in.ResolvedAt, healed, healed.Add(20*time.Minute))
			within("nothing failed since", in.RecoveringAt, healed, healed.Add(10*time.Minute))
			fixes := 0
			for _, e := range d.entries {
				if e.Kind == alerting.EntryMitigated {
					fixes++
				}
			}
			if fixes != 1 || in.State != alerting.StateResolved || in.SharePeak < 0.035 || in.SharePeak > 0.06 {
				t.Errorf("%d first fixes, %s, at worst %v", fixes, in.State, in.SharePeak)
			}
			if n := len(d.notices); n > 6 { // opened; again after 5, 30, 60 min and a rise in severity; resolved
				t.Errorf("%d mails", n)
			}
		})
	}
}
