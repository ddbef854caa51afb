package deliveries

import (
	"maps"
	"slices"
	"strings"
	"time"
)

const (
	burstLeast    = 20
	burstLag      = 6 * time.Hour
	burstSpan     = 5 * time.Minute
	burstChannels = 200
)

// Burst recognises a reconciliation run: the last 20 events of a channel with
// a source lag over 6 h were created within 5 min of each other. A payment
// channel that comes back confirms minutes to a few hours late; so much that
// is older, at once, comes out of a settlement report. The figures are our
// own choice; 6 h is the limit of found_in_reconciliation.
//
// An old event is in that class by itself. What a burst adds are the younger
// ones of the same run, late by over 5 min: without it they would be put down
// to the channel.
//
// It keeps 20 times for each of at most 200 channels, about 110 KB; the one
// whose last old event was created first makes room for a further one. The
// zero value is ready for use. It is not safe for concurrent use.
type Burst struct {
	channels map[string]*burstRing
}

// burstRing is when the last old events of a channel were created, in the
// order in which they came.
type burstRing struct {
	created [burstLeast]time.Time
	next    int
}

// Took notes an event and reports whether it is part of a burst: what to put
// into [Times.Reconciled]. The first 19 of a run come too early for that.
func (b *Burst) Took(channel string, t Times) bool {
	lag := t.Lags().Source
	if !lag.Known || lag.Length <= DefaultLagLimits().Channel {
		return false
	}
	ring := b.channels[channel]
	if lag.Length > burstLag {
		if ring == nil {
			ring = b.room(channel)
		}
		ring.add(t.CreatedAt)
	}
	return ring != nil && ring.spanWith(t.CreatedAt) <= burstSpan
}

func (b *Burst) room(channel string) *burstRing {
	if b.channels == nil {
		b.channels = map[string]*burstRing{}
	}
	if len(b.channels) >= burstChannels {
		delete(b.channels, slices.MinFunc(slices.Collect(maps.Keys(b.channels)), b.older))
	}
	ring := &burstRing{}
	b.channels[channel] = ring
	return ring
}

func (b *Burst) older(x, y string) int {
	if order := b.channels[x].last().Compare(b.channels[y].last()); order != 0 {
		return order
	}
	return strings.Compare(x, y)
}

func (r *burstRing) last() time.Time { return r.created[(r.next+burstLeast-1)%burstLeast] }

func (r *burstRing) add(created time.Time) {
	r.created[r.next] = created
	r.next = (r.next + 1) % burstLeast
}

// spanWith is how far apart the times of the ring and one more lie: ages,
// while the ring is not full, because of the zero times in it.
func (r *burstRing) spanWith(created time.Time) time.Duration {
	first, last := created, created
	for _, t := range r.created {
		if t.Before(first) {
			first = t
		}
		if t.After(last) {
			last = t
		}
	}
	return last.Sub(first)
}
