package main

import (
	"time"

	"github.com/hookvigil/hookvigil/internal/hooktest/traffic"
	"github.com/hookvigil/hookvigil/rules"
)

const (
	tick = rules.TickLength
	day  = 24 * time.Hour
	// warm is how long a series is healthy before anything counts.
	warm = 6 * time.Hour
	// month is a healthy series.
	month = 30 * day
	// block is what a peer's alarm is counted by: a run of blocks in which it
	// fires is one.
	block = 15 * time.Minute
)

// begin is midnight in UTC, where the traffic of a day is least.
func begin() time.Time { return time.Date(2023, 11, 11, 0, 0, 0, 0, time.UTC) }

// ours is the detector of rules on one series.
type ours struct {
	detector rules.Detector
	state    rules.DetectorState
}

// step feeds a tick, and returns what it tells.
func (o *ours) step(at time.Duration, n, k int) (told *rules.Alarm) {
	o.state, told = o.detector.Step(o.state, rules.Tick{At: begin().Add(at), N: n, K: k})
	return told
}

// opens reports whether an alarm is a new one; what opens again so soon after
// clearing is the same incident.
func opens(told *rules.Alarm) bool {
	return told != nil && told.Kind == rules.AlarmOpened && !told.Again
}

// series is one series with all that has been counted in it.
type series struct {
	counts *traffic.Counts
	sums   sums
}

func newSeries(s traffic.Series, ticks int) *series {
	return &series{counts: traffic.NewCounts(s), sums: newSums(ticks)}
}

// next draws the tick at a time, with the ratio of an incident or 0.
func (s *series) next(at time.Duration, broken float64) (n, k int) {
	n, k = s.counts.Next(at, broken)
	s.sums.add(n, k)
	return n, k
}
