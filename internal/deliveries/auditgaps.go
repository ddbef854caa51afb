package deliveries

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"time"
)

const (
	gapKeys    = 32_768
	gapNumbers = 63             // higher numbers of attempts are not looked at
	gapKeep    = 25 * 60        // minutes: a little over the longest wait of the known schedules, 24 h
	gapGrace   = 10             // minutes
	gapLeast   = 100            // judged events
	gapMost    = 1000           // judged events, then counting starts again
	gapRecords = silenceRecords // before the grade may be raised
)

// What is remembered of an event: in a, a bit for each number that was seen.
const gapAsked uint32 = 1 // it was judged, waits for it, or cannot be judged

// gaps tells whether attempts of retried events are missing.
type gaps struct {
	held    bool
	shown   gapCounts // by which the grade was lowered
	counts  gapCounts
	records int // since counts began

	keys    keyRing
	waiting []gapWait // in the order of due
	watched int32     // minute from which on nothing was missed; 0: not begun
	level   uint      // one event in 2^level is looked at
	levelAt int32     // minute of the last change of level
}

// gapCounts is how many retried events were judged, and lacked an attempt.
type gapCounts struct{ judged, gapped int }

// over reports whether more than perMille of the judged events lack one.
func (c gapCounts) over(perMille int) bool { return c.gapped*1000 > c.judged*perMille }

type gapWait struct {
	key uint64
	due int32 // minute
}

func newGaps() gaps { return gaps{keys: newKeyRing(gapKeys)} }

// took notes an attempt. Only one that is a record makes its event be judged.
func (g *gaps) took(a Attempt, clock time.Time, record bool) {
	now := minuteOf(clock)
	if g.watched == 0 {
		g.watched, g.levelAt = now+gapGrace, now
	}
	g.keys.expire(now - gapKeep)
	g.judge(now)
	if g.level > 0 && g.keys.n < gapKeys/8 && now-g.levelAt > gapKeep {
		g.level--
		g.watched, g.levelAt = now+gapGrace, now // of the others nothing is known yet
	}
	g.note(a, now, record)
	if record {
		g.records++
		g.decide()
	}
}

// note remembers the number of an attempt. The first retry of an event that
// can be judged makes it wait for that.
func (g *gaps) note(a Attempt, now int32, record bool) {
	if a.Number < 1 || a.Number > gapNumbers || a.Event == "" {
		return
	}
	sum := sha256.Sum256(a.appendPlace(make([]byte, 0, 256)))
	key := binary.BigEndian.Uint64(sum[:])
	if !g.sampled(key) {
		return
	}
	s := g.keys.find(key)
	if s == nil {
		if s = g.room(key, now); s == nil {
			return
		}
	}
	s.a |= 1 << (a.Number - 1)
	if !record || a.Number == 1 || s.flags&gapAsked != 0 {
		return
	}
	s.flags |= gapAsked
	if g.canJudge(a, now) {
		g.waiting = append(g.waiting, gapWait{key, now + gapGrace})
	}
}

func (g *gaps) sampled(key uint64) bool { return key>>(64-g.level) == 0 }

// room makes a slot. When there is none left, half of the events go, and that
// may be this one: nil.
func (g *gaps) room(key uint64, now int32) *keySlot {
	for g.keys.n >= gapKeys {
		g.level++
		g.levelAt = now
		g.keys.filter(func(s *keySlot) bool { return g.sampled(s.hash) })
		g.waiting = slices.DeleteFunc(g.waiting, func(w gapWait) bool { return !g.sampled(w.key) })
	}
	if !g.sampled(key) {
		return nil
	}
	s, _ := g.keys.add(key, now)
	return s
}

// canJudge reports whether all attempts of the event before this one would
// have been noted and not been forgotten.
func (g *gaps) canJudge(a Attempt, now int32) bool {
	if a.CreatedAt.IsZero() {
		return a.Number == 2 && now-g.watched >= gapKeep
	}
	created := minuteOf(a.CreatedAt)
	return created >= g.watched && now-created < gapKeep
}

// judge counts the events whose time has come.
func (g *gaps) judge(now int32) {
	for len(g.waiting) > 0 && g.waiting[0].due < now {
		s := g.keys.find(g.waiting[0].key)
		g.waiting = g.waiting[1:]
		if s == nil {
			continue // forgotten, while the clock made a leap
		}
		g.counts.judged++
		if s.a&(s.a+1) != 0 { // not 1, 11, 111, ...: a number is missing
			g.counts.gapped++
		}
	}
}

func (g *gaps) decide() {
	switch {
	case g.counts.judged < gapLeast:
	case !g.held && g.counts.over(10):
		g.held, g.shown = true, g.counts
		g.restart()
	case !g.held && g.counts.judged >= gapMost:
		g.restart()
	case g.held && g.records >= gapRecords:
		g.held = g.counts.over(5)
		g.restart()
	}
}

func (g *gaps) restart() { g.counts, g.records = gapCounts{}, 0 }
