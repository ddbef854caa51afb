package ingest

import (
	"math"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
)

// Span is how long a part of the way took.
type Span struct {
	Events   int
	P50, P99 time.Duration // upper bounds, at most a fifth over
}

// spans are the parts of the way of the present and the last hour.
type spans struct {
	hour      int64 // since 1970
	now, last [4]stretches
}

// spanNames are the parts, in the order of spans.
var spanNames = [4]string{"source", "queue", "delivery", "ack"} // read-only

func (s *spans) turn(at time.Time) {
	switch hour := at.Unix() / 3600; {
	case hour == s.hour+1:
		s.hour, s.last, s.now = hour, s.now, [4]stretches{}
	case hour > s.hour:
		s.hour, s.last, s.now = hour, [4]stretches{}, [4]stretches{}
	}
}

func (s *spans) add(l deliveries.Lags, at time.Time) {
	s.turn(at)
	for i, span := range [4]deliveries.Span{l.Source, l.Queue, l.Delivery, l.Ack} {
		if span.Known {
			s.now[i].add(span.Length)
		}
	}
}

func (s *spans) report(at time.Time) map[string]Span {
	s.turn(at)
	all := map[string]Span{}
	for i, name := range spanNames {
		both := s.now[i]
		for place, n := range s.last[i] {
			both[place] += n
		}
		if n := both.count(); n > 0 {
			all[name] = Span{Events: n, P50: both.quantile(0.50), P99: both.quantile(0.99)}
		}
	}
	return all
}

// stretches is a histogram of times from a millisecond to some weeks: four
// places for each doubling.
type stretches [4 * 32]uint32

func (s *stretches) add(d time.Duration) {
	place := 0
	if d > time.Millisecond {
		place = int(math.Ceil(4 * math.Log2(float64(d)/float64(time.Millisecond))))
	}
	s[min(place, len(s)-1)]++
}

func (s *stretches) count() (n int) {
	for _, one := range s {
		n += int(one)
	}
	return n
}

// quantile returns the upper end of the place in which that part of all times
// ends.
func (s *stretches) quantile(part float64) time.Duration {
	left := int(math.Ceil(part * float64(s.count())))
	for place, n := range s {
		if left -= int(n); left <= 0 {
			return time.Duration(math.Exp2(float64(place)/4) * float64(time.Millisecond))
		}
	}
	return 0
}
