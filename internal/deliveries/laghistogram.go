package deliveries

import (
	"math"
	"time"
)

// lagHistogram counts source lags: four places for each doubling from 10 s to
// over a week, so that a quantile is right to a fifth. Shorter lags are not
// told apart: two companies' clocks and times in whole seconds say no more.
// Histograms merge by addition.
type lagHistogram [lagPlaces]uint32

const (
	lagPlaces      = 65 // the last one holds all over 10 s x 2^15.75, about 6.4 d
	lagPerDoubling = 4
	lagShortest    = 10 * time.Second
)

func lagPlace(lag time.Duration) int {
	if lag <= lagShortest {
		return 0
	}
	place := math.Ceil(math.Log2(float64(lag)/float64(lagShortest)) * lagPerDoubling)
	return min(max(int(place), 0), lagPlaces-1)
}

// lagBound is the longest lag of a place.
func lagBound(place int) time.Duration {
	return time.Duration(float64(lagShortest) * math.Exp2(float64(place)/lagPerDoubling))
}

func (h *lagHistogram) add(place, n int) { h[place] = counted(h[place], n) }

func (h *lagHistogram) merge(o *lagHistogram) {
	for place, n := range o {
		h.add(place, int(n))
	}
}

// quantile returns the bound of the place that holds the share q, and of how
// many lags.
func (h *lagHistogram) quantile(q float64) (lag time.Duration, of int) {
	for _, n := range h {
		of += int(n)
	}
	rank, seen := max(int(math.Ceil(q*float64(of))), 1), 0
	for place, n := range h {
		if seen += int(n); seen >= rank {
			return lagBound(place), of
		}
	}
	return 0, of
}

// counted adds n, which may be negative, within the bounds of a counter.
func counted(to uint32, n int) uint32 {
	return uint32(min(max(int64(to)+int64(n), 0), math.MaxUint32))
}
