package rules

import (
	"math"
	"time"

	"github.com/hookvigil/hookvigil/probes"
)

// BucketLength is how long one bucket lasts. A quarter of an hour cuts no
// window of any time zone, also not those at +05:45 (DESIGN.md section 8).
const BucketLength = 15 * time.Minute

// Bucket is what happened at one endpoint in a quarter of an hour: what a
// digest is made of, for probes and for first attempts alike. Buckets of any
// spans merge. The zero value is empty and fit for use.
type Bucket struct {
	Covered time.Duration        // of the span: there is a result for it (probes alone)
	Down    time.Duration        // of Covered: the result was bad
	Counts  map[probes.Fault]int // how looks or attempts ended; FaultNone: well
	Took    Latencies            // of those that were answered
}

// Add counts one result: how it ended and, unless took is negative, how long
// the answer took.
func (b *Bucket) Add(fault probes.Fault, took time.Duration) { b.count(fault, took, 1) }

// Remove takes back what Add has counted.
func (b *Bucket) Remove(fault probes.Fault, took time.Duration) { b.count(fault, took, -1) }

func (b *Bucket) count(fault probes.Fault, took time.Duration, n int) {
	if b.Counts == nil {
		b.Counts = map[probes.Fault]int{}
	}
	if b.Counts[fault] += n; b.Counts[fault] <= 0 {
		delete(b.Counts, fault)
	}
	if took >= 0 {
		place := latencyPlace(took)
		b.Took.add(place, n, n*latencyPart(place, took))
	}
}

// Cover notes that the state of the endpoint is known for a further span, and
// whether it was bad.
func (b *Bucket) Cover(span time.Duration, bad bool) {
	b.Covered += span
	if bad {
		b.Down += span
	}
}

// Merge adds what another bucket holds.
func (b *Bucket) Merge(o Bucket) {
	b.Covered += o.Covered
	b.Down += o.Down
	for fault, n := range o.Counts {
		if b.Counts == nil {
			b.Counts = map[probes.Fault]int{}
		}
		b.Counts[fault] += n
	}
	for i, n := range o.Took.counts {
		b.Took.add(i, int(n), int(o.Took.parts[i]))
	}
}

// Total returns how many results there are.
func (b Bucket) Total() int {
	n := 0
	for _, k := range b.Counts {
		n += k
	}
	return n
}

// Failed returns how many of them ended badly.
func (b Bucket) Failed() int { return b.Total() - b.Counts[probes.FaultNone] }

// Availability returns the share of the covered time that was not bad; false
// when nothing is covered: no data is neither 0 nor 1.
func (b Bucket) Availability() (Ratio, bool) {
	if b.Covered <= 0 {
		return 0, false
	}
	return Ratio(float64(b.Covered-b.Down) / float64(b.Covered)), true
}

// Latencies is a histogram of times: four places for each doubling from 1 ms
// on, and for each place how far into it its times lie in the mean. The last
// place holds all from about a minute on. The zero value is empty; two are
// alike when they are ==.
type Latencies struct {
	counts [latencyPlaces]uint32
	parts  [latencyPlaces]uint64 // of the times of a place, summed: how far into it each lies, in latencyParts
}

const (
	latencyPlaces      = 66
	latencyPerDoubling = 4
	latencyParts       = 256 // of the width of a place: times are told to 0.1 %
)

// latencyPlace is where a time counts: 0 up to 1 ms, then by quarter doublings.
func latencyPlace(took time.Duration) int {
	if took <= time.Millisecond {
		return 0
	}
	place := int(math.Ceil(math.Log2(float64(took)/float64(time.Millisecond)) * latencyPerDoubling))
	return min(max(place, 0), latencyPlaces-1)
}

// latencyPart is how far into its place a time lies, rounded down: what is made
// of it is never longer than the time was.
func latencyPart(place int, took time.Duration) int {
	from, to := latencyBounds(place)
	return min(max(int(float64(took-from)*latencyParts/float64(to-from)), 0), latencyParts-1)
}

// latencyBounds are the times between which those of a place lie.
func latencyBounds(place int) (from, to time.Duration) {
	if place > 0 {
		from = latencyBound(place - 1)
	}
	return from, latencyBound(place)
}

// latencyBound is the longest time of a place.
func latencyBound(place int) time.Duration {
	return time.Duration(float64(time.Millisecond) * math.Exp2(float64(place)/latencyPerDoubling))
}

// add counts n times in a place, which lie so many parts into it together.
func (l *Latencies) add(place, n, parts int) {
	l.counts[place] = uint32(min(max(int64(l.counts[place])+int64(n), 0), math.MaxUint32))
	l.parts[place] = uint64(max(int64(l.parts[place])+int64(parts), 0))
	if l.counts[place] == 0 {
		l.parts[place] = 0
	}
}

// Count returns how many times were counted.
func (l Latencies) Count() int {
	n := 0
	for _, k := range l.counts {
		n += int(k)
	}
	return n
}

// Over returns how many took longer than d, to the place: what lies in the same
// place as d is not counted.
func (l Latencies) Over(d time.Duration) (n int) {
	for _, k := range l.counts[latencyPlace(d)+1:] {
		n += int(k)
	}
	return n
}

// Quantile returns the time that a share q of all were not over; false without
// any. It is the mean of the times that lie within a fifth of it (in the same
// place): exact to 0.1 % where these are alike, and never longer than the
// longest of all. Times of more than about a minute are told as one.
// q is held within [0, 1].
func (l Latencies) Quantile(q float64) (time.Duration, bool) {
	all := l.Count()
	if all == 0 {
		return 0, false
	}
	rank, seen := max(int(math.Ceil(min(max(q, 0), 1)*float64(all))), 1), 0
	for place, n := range l.counts {
		if seen += int(n); seen >= rank {
			return l.mean(place), true
		}
	}
	return l.mean(latencyPlaces - 1), true // not reached: rank is at most all
}

// mean is that of the times in a place, of which there are some.
func (l Latencies) mean(place int) time.Duration {
	from, to := latencyBounds(place)
	part := min(float64(l.parts[place])/latencyParts/float64(max(l.counts[place], 1)), 1)
	return from + time.Duration(part*float64(to-from))
}
