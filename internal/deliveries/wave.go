package deliveries

import (
	"math"
	"time"
)

// longestWave bounds [Wave.PerMinute]: a day, which no wait of the usual
// schedules exceeds, and an hour for those that are late.
const longestWave = 25 * 60

// Wave is the load that comes back with a recovery: the retries that fall due
// in each minute from then on, were every one of them to succeed.
type Wave struct {
	Start     time.Time
	PerMinute []int // retries due in each minute after Start, overdue ones in the first; ends with the last that has any; at most 25 h
	Later     int   // retries due after those 25 h
	Peak      int   // the highest of PerMinute, without the normal load
	PeakAt    time.Time
	// Factor is the load of the peak as a multiple of the normal one, which it
	// includes: 1 when no retry is due. 0: the normal load is not known.
	Factor        float64
	MinutesOver2x int // minutes with twice the normal load or more, which they include; 0 when it is not known
}

// waveOf returns the wave of retries that are waits away from now; waits are
// ascending and not negative.
func waveOf(now time.Time, waits []time.Duration, normalPerMinute float64) Wave {
	w := Wave{Start: now}
	for i, wait := range waits {
		minute := int(wait / time.Minute)
		if minute >= longestWave {
			w.Later = len(waits) - i
			break
		}
		if missing := minute + 1 - len(w.PerMinute); missing > 0 {
			w.PerMinute = append(w.PerMinute, make([]int, missing)...)
		}
		w.PerMinute[minute]++
	}
	known := normalPerMinute > 0 && !math.IsInf(normalPerMinute, 1)
	for minute, due := range w.PerMinute {
		if due > w.Peak {
			w.Peak, w.PeakAt = due, now.Add(time.Duration(minute)*time.Minute)
		}
		if known && float64(due) >= normalPerMinute {
			w.MinutesOver2x++
		}
	}
	if known {
		w.Factor = (float64(w.Peak) + normalPerMinute) / normalPerMinute
	}
	return w
}
