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
		b.Took.add(latencyPlace(took), n)
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
	for i, n := range o.Took {
		b.Took.add(i, int(n))
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
// on, so that a quantile is right to a fifth. The last place holds all from
// about a minute on.
type Latencies [latencyPlaces]uint32

const (
	latencyPlaces      = 66
	latencyPerDoubling = 4
)

// latencyPlace is where a time counts: 0 up to 1 ms, then by quarter doublings.
func latencyPlace(took time.Duration) int {
	if took <= time.Millisecond {
		return 0
	}
	place := int(math.Ceil(math.Log2(float64(took)/float64(time.Millisecond)) * latencyPerDoubling))
	return min(max(place, 0), latencyPlaces-1)
}

// latencyBound is the longest time of a place.
func latencyBound(place int) time.Duration {
	return time.Duration(float64(time.Millisecond) * math.Exp2(float64(place)/latencyPerDoubling))
}

func (l *Latencies) add(place, n int) {
	l[place] = uint32(min(max(int64(l[place])+int64(n), 0), math.MaxUint32))
}

// Count returns how many times were counted.
func (l Latencies) Count() int {
	n := 0
	for _, k := range l {
		n += int(k)
	}
	return n
}

// Over returns how many took longer than d, to the place: what lies in the same
// place as d is not counted.
func (l Latencies) Over(d time.Duration) (n int) {
	for _, k := range l[latencyPlace(d)+1:] {
		n += int(k)
	}
	return n
}

// Quantile returns the time that a share q of all were not over, rounded up to
// the bound of its place; false without any. q is held within [0, 1].
func (l Latencies) Quantile(q float64) (time.Duration, bool) {
	all := l.Count()
	if all == 0 {
		return 0, false
	}
	rank, seen := int(math.Ceil(min(max(q, 0), 1)*float64(all))), 0
	for place, n := range l {
		if seen += int(n); seen >= max(rank, 1) {
			return latencyBound(place), true
		}
	}
	return latencyBound(latencyPlaces - 1), true
}
