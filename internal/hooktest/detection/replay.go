package main

import (
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/hooktest/traffic"
	"github.com/hookvigil/hookvigil/rules"
)

// grace is how long after its end a tick closes in the daemon
// (conditions.DefaultGrace): the replays count it.
const grace = time.Minute

// replay is what one replay of seed 000 gave.
type replay struct {
	before   int           // alarms before the incident
	found    time.Duration // after its begin, with the grace; a day: never
	critical bool
	cleared  time.Duration // after the full recovery, with the grace; a day: never
	again    int           // times that it opened again
}

// replaysAt are those at one rate.
type replaysAt struct {
	rate float64
	all  []replay
}

// replays replays seed 000, attempt by attempt.
func replays(s settings, rate float64, n int) replaysAt {
	r := replaysAt{rate: rate, all: make([]replay, n)}
	each(n, func(i int) { r.all[i] = replayOne(s.detector, traffic.Seed000(s.seed<<32+uint64(i), rate)) })
	return r
}

func replayOne(d rules.Detector, c traffic.Config) replay {
	incident, _, healed := traffic.Seed000Times()
	got := replay{found: day, cleared: day}
	var state rules.DetectorState
	for t := range ticks(c, d.Tick) {
		var told *rules.Alarm
		if state, told = d.Step(state, t); told == nil {
			continue
		}
		known := told.At.Add(grace)
		switch {
		case told.Kind == rules.AlarmCleared:
			got.cleared = known.Sub(healed)
		case told.Kind == rules.AlarmRaised:
			got.critical = true
		case !told.At.After(incident):
			got.before++
		case got.found == day:
			got.found, got.critical = known.Sub(incident), told.Severity == rules.Critical
		default:
			got.again++
		}
	}
	if state.Open() {
		got.cleared = day
	}
	return got
}

// ticks counts the first attempts of a configuration by the time of their
// completion, tick by tick, as the daemon does.
func ticks(c traffic.Config, length time.Duration) func(func(rules.Tick) bool) {
	return func(yield func(rules.Tick) bool) {
		var t rules.Tick
		for a := range traffic.New(c).Attempts() {
			if a.Kind() != deliveries.KindFirst || !a.Counts(deliveries.DefaultDeadline) {
				continue
			}
			if at := rules.TickOf(a.Completed(), length); !at.Equal(t.At) {
				if t.N > 0 && !yield(t) {
					return
				}
				t = rules.Tick{At: at}
			}
			t.N++
			if a.Outcome(deliveries.DefaultDeadline) != "none" {
				t.K++
			}
		}
		if t.N > 0 {
			yield(t)
		}
	}
}

// found gives the delays of all, ascending.
func (r replaysAt) found() []time.Duration {
	return r.sorted(func(x replay) time.Duration { return x.found })
}

// cleared gives when all had cleared after the recovery, ascending.
func (r replaysAt) cleared() []time.Duration {
	return r.sorted(func(x replay) time.Duration { return x.cleared })
}

func (r replaysAt) sorted(of func(replay) time.Duration) []time.Duration {
	var all []time.Duration
	for _, x := range r.all {
		all = append(all, of(x))
	}
	slices.Sort(all)
	return all
}

// count counts those that hold.
func (r replaysAt) count(holds func(replay) bool) (n int) {
	for _, x := range r.all {
		if holds(x) {
			n++
		}
	}
	return n
}
