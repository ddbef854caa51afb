package deliveries

import (
	"slices"
	"time"
)

// Learnt is the name of every schedule that a [Learner] made.
const Learnt = "learned"

// Bounds of what is learnt. 200 samples put the median's 95 % interval within
// the 43rd and the 57th percentile.
const (
	leastSamples  = 200 // of a number, before its offset is believed
	mostSamples   = 500 // kept of a number: the newest
	highestLearnt = 100 // number of an attempt; what is above is left out
	longestLearnt = 40 * 24 * time.Hour
)

// Learner learns a platform's schedule from its retries. The zero value knows
// nothing and is ready. It holds at most 500 samples for each of the numbers 2
// to 100, some 200 KB; the newest push out the oldest, so that it follows a
// platform that changes its schedule, and the same samples in the same order
// teach the same. A retry that is dropped from the schedule stays learnt.
//
// It is not safe for concurrent use. It is written and read as JSON.
type Learner struct {
	retries []learnt // of the numbers 2, 3, ...
}

// learnt is what is known of one number.
type learnt struct {
	millis []uint32 // offsets; a ring once it is full
	next   int      // where the ring goes on
	ended  int      // events whose last try had this number
}

// Learn notes that the automatic attempt with that number started offset
// after the original one. Numbers are those of [Attempt.Number]: 2 is the first
// retry. A number outside 2 to 100, or an offset outside (0, 40 days], teaches
// nothing.
func (l *Learner) Learn(number int, offset time.Duration) {
	if number < 2 || number > highestLearnt || offset <= 0 || offset > longestLearnt {
		return
	}
	r := l.retry(number)
	milli := uint32(max(offset.Milliseconds(), 1)) // 40 days are 3.5e9 ms
	if len(r.millis) < mostSamples {
		r.millis = append(r.millis, milli)
		return
	}
	r.millis[r.next] = milli
	r.next = (r.next + 1) % mostSamples
}

// Ended notes that an event ended undelivered with the automatic attempt of
// that number: no other came, for much longer than the wait before it. Without
// such notes the end of the schedule is not known, and what is learnt stays
// open. A number outside 2 to 100 teaches nothing.
func (l *Learner) Ended(number int) {
	if number < 2 || number > highestLearnt {
		return
	}
	l.retry(number).ended++
}

// Schedule returns what was learnt, and false while that is nothing: the
// median offset of each number from the first retry on, up to the first number
// that has fewer than 200 samples, does not come after the one before, or lies
// so far apart that no median describes it (10th to 90th percentile over 2 min
// and over half of the offset).
//
// It is open unless at least 200 events ended with its last retry, and for
// 100 of them at most one sample came of the number after it.
func (l *Learner) Schedule() (Schedule, bool) {
	s := Schedule{Name: Learnt}
	for _, r := range l.retries {
		offset, spread, ok := r.median()
		if !ok || len(s.Offsets) > 0 && offset <= s.Offsets[len(s.Offsets)-1] {
			break
		}
		s.Offsets, s.Spread = append(s.Offsets, offset), append(s.Spread, spread)
	}
	if len(s.Offsets) == 0 {
		return Schedule{}, false
	}
	s.Open = !l.endsWith(len(s.Offsets))
	return s, true
}

// endsWith reports whether the schedule ends with its nth retry.
func (l *Learner) endsWith(n int) bool {
	ended, after := l.retries[n-1].ended, 0
	if n < len(l.retries) {
		after = len(l.retries[n].millis)
	}
	return ended >= leastSamples && after <= ended/100
}

// retry returns what is known of the number, which is in its bounds.
func (l *Learner) retry(number int) *learnt {
	for len(l.retries) < number-1 {
		l.retries = append(l.retries, learnt{})
	}
	return &l.retries[number-2]
}

// median returns the offset and how far its samples lie apart.
func (r learnt) median() (offset, spread time.Duration, ok bool) {
	n := len(r.millis)
	if n < leastSamples {
		return 0, 0, false
	}
	sorted := slices.Sorted(slices.Values(r.millis))
	at := func(percent int) time.Duration { // the nearest rank
		return time.Duration(sorted[(n*percent+99)/100-1]) * time.Millisecond
	}
	offset, spread = at(50), at(90)-at(10)
	return offset, spread, spread <= widestSpread(offset)
}
