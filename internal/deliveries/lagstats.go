package deliveries

import (
	"maps"
	"slices"
	"time"
)

// OtherChannel is where [LagStats] counts the channels for which it has no
// place left.
const OtherChannel = "other"

const (
	lagQuarter   = 15 * time.Minute
	lagQuarters  = 7 * 24 * 4 // of 7 days
	lagPartLong  = 24         // quarters in one part of the histogram: 6 h
	lagParts     = lagQuarters / lagPartLong
	lagLeastP99  = 100 // below it, p99 is the longest alone
	lagChannels  = 200
	lagFutureMax = lagQuarter // a clock may be ahead so far
)

// LagStats counts classes of lag by channel and quarter of an hour, and learns
// how long the source lag of a channel usually is, over the last 7 days. It
// takes 48 KiB for each channel: 9.4 MiB for 200 and "other". Make one
// with [NewLagStats]. It is not safe for concurrent use.
type LagStats struct {
	max      int
	channels map[string]*channelLags
	swept    int32 // the quarter in which channels out of use were last dropped
}

// NewLagStats returns empty statistics for at most so many channels; 0 or less
// stands for 200. All further channels count as [OtherChannel]. A channel of
// which nothing was created for 7 days gives its place free.
func NewLagStats(channels int) *LagStats {
	if channels <= 0 {
		channels = lagChannels
	}
	return &LagStats{max: channels, channels: map[string]*channelLags{}}
}

// LagEvent is one event as [LagStats] counts it. An event without a channel
// counts under the empty name.
type LagEvent struct {
	Channel string
	Times   Times
	Classes []LagClass // of [LagLimits.Classify]; other words are not counted
}

// Add counts an event in the quarter of an hour in which it was created, or
// when that is not said, first attempted. It is false, and nothing is counted,
// when neither is said, or lies over 15 min after now, or 7 days before (its
// quarter is no longer one of the last 672).
func (s *LagStats) Add(now time.Time, e LagEvent) bool { return s.count(now, e, 1) }

// Remove takes back what Add counted for the very same event, so that it can
// be added anew once more is known of it (it was delivered, say). No count
// falls below zero. It is false where Add would be.
func (s *LagStats) Remove(now time.Time, e LagEvent) bool { return s.count(now, e, -1) }

func (s *LagStats) count(now time.Time, e LagEvent, n int) bool {
	at := e.Times.CreatedAt
	if at.IsZero() {
		at = e.Times.FirstAttemptAt
	}
	quarter, present := quarterNumber(at), quarterNumber(now)
	if at.IsZero() || at.Sub(now) > lagFutureMax || quarter <= present-lagQuarters {
		return false
	}
	s.sweep(present)
	return s.channel(e.Channel).count(quarter, e, n)
}

// channel returns where a channel is counted, and makes the place if there is
// room for one.
func (s *LagStats) channel(name string) *channelLags {
	if c := s.channels[name]; c != nil {
		return c
	}
	own := len(s.channels)
	if s.channels[OtherChannel] != nil {
		own--
	}
	if own >= s.max {
		name = OtherChannel
	}
	c := s.channels[name]
	if c == nil {
		c = &channelLags{}
		s.channels[name] = c
	}
	return c
}

// sweep drops the channels out of use, at most once in a quarter.
func (s *LagStats) sweep(present int32) {
	if present <= s.swept {
		return
	}
	s.swept = present
	maps.DeleteFunc(s.channels, func(_ string, c *channelLags) bool { return c.newest <= present-lagQuarters })
}

// Channels returns the names under which something is counted, sorted.
func (s *LagStats) Channels() []string { return slices.Sorted(maps.Keys(s.channels)) }

// P99 returns what 99 of 100 source lags of a channel were not over in the 7
// days before now, rounded up by at most a fifth, and at least 10 s. It is
// false for a channel that has no place of its own, and below 100 lags.
func (s *LagStats) P99(channel string, now time.Time) (time.Duration, bool) {
	c := s.channels[channel]
	if c == nil {
		return 0, false
	}
	var all lagHistogram
	present := quarterNumber(now) / lagPartLong
	for i := range c.parts {
		if p := &c.parts[i]; p.number > present-lagParts && p.number <= present {
			all.merge(&p.lags)
		}
	}
	lag, of := all.quantile(0.99)
	if of < lagLeastP99 {
		return 0, false
	}
	return lag, true
}

// Count returns what a channel's events of the time before now were like: of
// the running quarter of an hour and of as many before it as window holds, so
// that 15 min look back 15 to 30 min; at most 7 days.
func (s *LagStats) Count(channel string, now time.Time, window time.Duration) LagCounts {
	counts := LagCounts{Classes: map[LagClass]int{}}
	if c := s.channels[channel]; c != nil {
		c.sum(&counts, now, window)
	}
	return counts
}

// CountAll is [LagStats.Count] over all channels.
func (s *LagStats) CountAll(now time.Time, window time.Duration) LagCounts {
	counts := LagCounts{Classes: map[LagClass]int{}}
	for _, c := range s.channels {
		c.sum(&counts, now, window)
	}
	return counts
}

func quarterNumber(t time.Time) int32 { return whole32(t.Unix(), int64(lagQuarter/time.Second)) }

// whole32 is the integral part of n / by, rounded down and held within an int32.
func whole32(n, by int64) int32 {
	q := n / by
	if n%by < 0 {
		q--
	}
	return int32(min(max(q, -1<<31), 1<<31-1))
}
