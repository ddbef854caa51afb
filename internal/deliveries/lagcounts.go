package deliveries

import (
	"slices"
	"time"
)

// LagCounts is how many events there were, and of which class.
type LagCounts struct {
	Events   int
	Source   int // of Events: the source lag is known, or that it was reconciled
	Queue    int // of Events: the queue lag is known
	Delivery int // of Events: the delivery lag is known
	Skewed   int // of Events: a lag was negative, clocks disagree
	Classes  map[LagClass]int
}

// Share returns which share of the events for which it could be told are of a
// class, in [0, 1]; false without such an event: no data is not 0. A share of
// dispatcher_late over 0.05 says that p95 of the queue lag is over its limit.
func (c LagCounts) Share(class LagClass) (float64, bool) {
	of := c.Events
	switch class {
	case LagChannel, LagReconciled, LagNearExpiry:
		of = c.Source
	case LagDispatcher:
		of = c.Queue
	case LagEndpoint:
		of = c.Delivery
	default: // unclassified and on_time: of all
	}
	if of <= 0 {
		return 0, false
	}
	return min(float64(c.Classes[class])/float64(of), 1), true
}

// channelLags is one channel: rings by quarter of an hour and by 6 h. A place
// holds the number of the span that it is about.
type channelLags struct {
	newest   int32
	quarters [lagQuarters]struct {
		number int32
		counts lagCounters
	}
	parts [lagParts]struct {
		number int32
		lags   lagHistogram
	}
}

type lagCounters struct {
	events, source, queue, delivery, skewed uint32
	classes                                 [len(lagClasses)]uint32
}

func (c *channelLags) count(quarter int32, e LagEvent, n int) bool {
	q := &c.quarters[ringPlace(quarter, lagQuarters)]
	if q.number > quarter {
		return false // the clock was set back by a week
	}
	if q.number != quarter {
		q.number, q.counts = quarter, lagCounters{}
	}
	c.newest = max(c.newest, quarter)
	lags := e.Times.Lags()
	q.counts.add(e, lags, n)
	if lags.Source.Known {
		c.learn(quarter/lagPartLong, lags.Source.Length, n)
	}
	return true
}

func (c *channelLags) learn(part int32, lag time.Duration, n int) {
	p := &c.parts[ringPlace(part, lagParts)]
	if p.number > part {
		return
	}
	if p.number != part {
		p.number, p.lags = part, lagHistogram{}
	}
	p.lags.add(lagPlace(lag), n)
}

func (k *lagCounters) add(e LagEvent, lags Lags, n int) {
	k.events = counted(k.events, n)
	for _, one := range [...]struct {
		counter *uint32
		holds   bool
	}{
		{&k.source, lags.Source.Known || e.Times.Reconciled},
		{&k.queue, lags.Queue.Known},
		{&k.delivery, lags.Delivery.Known},
		{&k.skewed, lags.Skewed()},
	} {
		if one.holds {
			*one.counter = counted(*one.counter, n)
		}
	}
	for _, class := range e.Classes {
		if i := slices.Index(lagClasses[:], class); i >= 0 {
			k.classes[i] = counted(k.classes[i], n)
		}
	}
}

// sum adds what the quarters of a window hold.
func (c *channelLags) sum(to *LagCounts, now time.Time, window time.Duration) {
	last := quarterNumber(now.Add(lagFutureMax))
	first := quarterNumber(now) - int32(min(max(window/lagQuarter, 0), lagQuarters-1))
	for i := range c.quarters {
		q := &c.quarters[i]
		if q.number < first || q.number > last {
			continue
		}
		k := &q.counts
		to.Events += int(k.events)
		to.Source += int(k.source)
		to.Queue += int(k.queue)
		to.Delivery += int(k.delivery)
		to.Skewed += int(k.skewed)
		for j, n := range k.classes {
			if n > 0 {
				to.Classes[lagClasses[j]] += int(n)
			}
		}
	}
}

// ringPlace is where the span of a number stands in a ring.
func ringPlace(number int32, size int32) int32 {
	return (number%size + size) % size
}
