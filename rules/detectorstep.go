package rules

import (
	"fmt"
	"math"
	"time"
)

// Accepts says why Step would leave a tick aside: nil when it would not, an
// error that wraps [ErrTickPassed] when the tick is not newer than the last
// one counted, and another one when the tick or the settings cannot be.
func (d Detector) Accepts(s DetectorState, t Tick) error { return d.accepts(&s, t) }

func (d Detector) accepts(s *DetectorState, t Tick) error {
	if !d.usable() {
		return fmt.Errorf("detector: %w", d.Validate())
	}
	if err := t.fault(d.Tick); err != nil {
		return err
	}
	if t.At.UnixNano() <= s.at {
		return fmt.Errorf("tick of %s, last counted %s: %w", t.At.UTC().Format(time.RFC3339), moment(s.at).Format(time.RFC3339), ErrTickPassed)
	}
	return nil
}

// usable reports whether Step can count by these settings at all. It is the
// part of Validate that keeps every index in its array, and costs nothing.
func (d Detector) usable() bool {
	return d.Tick > 0 && d.Window >= d.Tick && d.Window/d.Tick <= detectorWindow &&
		d.Recent > 0 && d.Recent <= detectorLongest && d.Day/d.Recent >= 2 && d.Day/d.Recent <= detectorDay
}

// Step returns the state after a tick was seen, and what there is to say, nil
// for nothing. It is pure: the same ticks give the same alarms, after a
// restart and in a replay alike.
//
// A tick without attempts changes nothing, so it need not be sent: no data is
// neither healthy nor broken, and clears nothing. A tick that [Detector.Accepts]
// refuses (repeated, out of order, impossible) changes nothing either. Step
// allocates only with an alarm.
func (d Detector) Step(s DetectorState, t Tick) (DetectorState, *Alarm) {
	if t.N == 0 || d.accepts(&s, t) != nil {
		return s, nil
	}
	d.advance(&s, t.At.UnixNano())
	seen := &s.window[s.at/s.tick%detectorWindow]
	seen.n, seen.k = uint32(t.N), uint32(t.K)
	if s.Open() {
		return d.follow(s, t)
	}
	return d.watch(s, t)
}

// watch looks for a change while no episode is open.
func (d Detector) watch(s DetectorState, t Tick) (DetectorState, *Alarm) {
	s.countDay(t, true)
	own, perTick := d.dayOf(&s)
	d.sumUp(&s, t, own)
	d.hear(&s, t)
	by := BySum
	switch {
	case s.sum > 0 && d.high(&s, perTick):
	case s.louds >= d.LoudTicks:
		by = ByLoud
	default:
		return s, nil
	}
	return d.open(s, by, own)
}

// high reports whether the sum alarms at this traffic. A rise whose exact
// upper bound is not near the threshold has to reach Doubt times the height.
func (d Detector) high(s *DetectorState, perTick float64) bool {
	height := d.height(perTick)
	return s.sum >= float64(d.Doubt*height) ||
		s.sum >= height && exactReaches(s.change.k, s.change.n, d.Confidence, Ratio(d.Near*float64(d.Threshold)))
}

// sumUp takes the tick into the clipped CUSUM. The conversions forbid fused
// multiplication, which would make machines differ.
func (d Detector) sumUp(s *DetectorState, t Tick, own Ratio) {
	p0 := float64(d.tolerated(own))
	p1 := min(max(float64(d.Threshold), float64(d.RiseFactor*p0)), detectorUtmost)
	one := math.Log(p1 / p0) // what one failed attempt is worth
	more := float64(float64(t.K)*one) + float64(float64(t.N-t.K)*math.Log((1-p1)/(1-p0)))
	most := float64(d.Clip * one)
	s.sum += min(max(more, -most), most)
	if s.sum <= 0 {
		s.sum, s.change = 0, stretch{}
		return
	}
	s.change.take(s.at, t)
}

// hear takes the tick into the loud rule.
func (d Detector) hear(s *DetectorState, t Tick) {
	if ratioOf(t.K, t.N) < d.Loud {
		s.loud, s.louds = stretch{}, 0
		return
	}
	s.loud.take(s.at, t)
	s.louds = min(s.louds+1, d.LoudTicks)
}

func (d Detector) open(s DetectorState, by AlarmBy, own Ratio) (DetectorState, *Alarm) {
	end := s.at + s.tick
	again := s.cleared != 0 && end-s.cleared <= int64(d.Reopen)
	if s.change.from == 0 || s.loud.from != 0 && s.loud.from < s.change.from {
		s.change = s.loud // the sum cannot see what a high baseline tolerates
	}
	s.opened, s.sum, s.loud, s.louds, s.below, s.delivered = end, 0, stretch{}, 0, 0, 0
	s.severity = High
	if exactReaches(s.change.k, s.change.n, d.Confidence, d.Threshold) {
		s.severity = Critical
	}
	if ratioOf(s.change.k, s.change.n) >= d.Threshold {
		s.unlearn()
	}
	return s, &Alarm{Kind: AlarmOpened, By: by, Again: again, At: moment(end), Severity: s.severity, Evidence: d.evidence(&s, own)}
}

// follow looks for the end of the open episode, and for its getting worse.
func (d Detector) follow(s DetectorState, t Tick) (DetectorState, *Alarm) {
	end := s.at + s.tick
	s.change.take(s.at, t)
	s.countDay(t, ratioOf(s.change.k, s.change.n) < d.Threshold || end-s.opened > int64(d.Settle))
	own, _ := d.dayOf(&s)
	if by := d.over(&s, t, d.tolerated(own)); by != "" {
		a := &Alarm{Kind: AlarmCleared, By: by, At: moment(end), Severity: s.severity, Evidence: d.evidence(&s, own)}
		s.opened, s.cleared, s.severity = 0, end, ""
		s.change, s.below, s.delivered = stretch{}, 0, 0
		return s, a
	}
	if s.severity != Critical && exactReaches(s.change.k, s.change.n, d.Confidence, d.Threshold) {
		s.severity = Critical
		return s, &Alarm{Kind: AlarmRaised, By: ByBound, At: moment(end), Severity: Critical, Evidence: d.evidence(&s, own)}
	}
	return s, nil
}

// over says by which rule the episode is over; empty when it is not. A window
// of few attempts has no opinion of its own: it starts no hold.
func (d Detector) over(s *DetectorState, t Tick, low Ratio) AlarmBy {
	s.delivered = min(s.delivered+t.N, TickAttempts)
	if t.K > 0 {
		s.delivered = 0
	}
	n, k := d.windowOf(s)
	enough := n >= d.ClearRun
	switch {
	case ratioOf(k, n) >= low:
		s.below = 0
	case s.below == 0 && enough:
		s.below = s.at
	}
	switch {
	case enough && s.below != 0 && s.at+s.tick-s.below >= int64(d.ClearFor):
		return ByRatio
	case !enough && s.delivered >= d.ClearRun:
		return ByRun
	default:
		return ""
	}
}

func (s *stretch) take(at int64, t Tick) {
	if s.from == 0 {
		s.from = at
	}
	s.n, s.k = s.n+t.N, s.k+t.K
}

// ratioOf is a quotient and not a product: 4 of 100 is 4 % exactly.
func ratioOf(k, n int) Ratio {
	if n == 0 {
		return 0
	}
	return Ratio(float64(k) / float64(n))
}

func moment(ns int64) time.Time { return time.Unix(0, ns).UTC() }
