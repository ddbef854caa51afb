package digest

import (
	"cmp"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"time"
)

// mostMerged bounds the windows that one digest tells (clocks that are moved
// may make it one more), and oldestTold how far it reaches back: what is older
// is one row that nobody is told of.
const (
	mostMerged = 28
	oldestTold = 7 * day
)

// duty is what has closed for one subscriber and is not in the ledger yet.
type duty struct {
	sub     Subscriber
	kind    string
	zone    string
	offset  time.Duration // of its notices, within the spread
	stale   Window        // too long ago; the zero Window: none
	windows []Window      // oldest first; about mostMerged at most
}

// compare orders duties: those that are due first come first.
func (d duty) compare(o duty) int {
	return cmp.Or(cmp.Compare(d.offset, o.offset), cmp.Compare(d.sub.Merchant, o.sub.Merchant), cmp.Compare(d.kind, o.kind))
}

// cost is how often it will have to gather.
func (d duty) cost() int {
	if len(d.windows) == 1 {
		return 1
	}
	return len(d.windows) + 1
}

// series is one row of windows of a subscriber.
type series struct {
	kind   string
	rhythm rhythm
}

// series of a subscriber: which windows it has, by its mode.
func (c Config) series(s Subscriber, zone *time.Location) ([]series, error) {
	ordinary := series{KindHealth, c.rhythm(zone)}
	if s.Merchant == "" {
		ordinary.kind = KindPlatform
	}
	switch mode := cmp.Or(s.Mode, ModeEvery); {
	case mode == ModeOff:
		return nil, nil
	case s.Since.IsZero():
		return nil, errors.New("its subscription has no beginning; wanted Since")
	case mode == ModeEvery, s.Merchant == "":
		return []series{ordinary}, nil
	case mode == ModeProblems:
		return []series{ordinary, {KindSummary, weekly(zone, c.DailyAt)}}, nil
	case mode == ModeDaily:
		return []series{{KindHealth, daily(zone, c.DailyAt)}}, nil
	default:
		return nil, fmt.Errorf("mode %q is not known; wanted every, problems, daily or off", s.Mode)
	}
}

// closed returns the windows that have ended by cut and start where the last
// one ended; a new subscriber's first is the first full one. What lies too far
// back is one stale window.
func (s series) closed(last, since, cut time.Time) (stale Window, windows []Window) {
	start := last.UTC()
	if last.Before(since) {
		start = s.rhythm.from(since)
	}
	reach := max(s.rhythm.every, min(mostMerged*s.rhythm.every, oldestTold)) + s.rhythm.every
	if cut.Sub(start) > reach {
		if told := s.rhythm.after(cut.Add(-reach)); told.After(start) {
			stale, start = Window{start, told}, told
		}
	}
	for {
		w := Window{start, s.rhythm.after(start)}
		if w.End.After(cut) {
			return stale, windows
		}
		windows, start = append(windows, w), w.End
	}
}

// offsetOf spreads merchants evenly, the same each time.
func offsetOf(merchant string, spread time.Duration) time.Duration {
	if spread <= 0 {
		return 0
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(merchant)) // never fails
	sum := h.Sum64()
	sum ^= sum >> 33 // what FNV leaves in the low bits is not enough for IDs that count up
	sum *= 0xff51afd7ed558ccd
	sum ^= sum >> 33
	return time.Duration(sum % uint64(spread)).Truncate(time.Second)
}

// rotate puts the duties in order, beginning with the first that is not before
// from: where the last tick had to stop.
func rotate(duties []duty, from *duty) []duty {
	slices.SortFunc(duties, duty.compare)
	if from == nil {
		return duties
	}
	i, _ := slices.BinarySearchFunc(duties, *from, duty.compare)
	return append(slices.Clone(duties[i:]), duties[:i]...)
}
