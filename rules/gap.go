package rules

import (
	"math"
	"time"
)

// What a [GapLearner] goes by. Arrivals less than gapUnit apart are one, so
// that a burst of many does not hide the quiet after it, and one outage is
// less than 1 % of an hour's gaps. The longest gap that is told from others is
// gapUnit<<gapBins, 45 h. Source: reference webhooks.md section 8.1, R9 (p99
// gap); gapWatched and gapArrivals are our own choice, and gapFew is measured:
// with 3 times the gap, sources of one arrival in 20 minutes fell silent by
// mistake 9 times in 200 simulated weeks without it, and once with it.
const (
	gapUnit     = 10 * time.Second
	gapBins     = 14
	gapDays     = 7
	gapWatched  = 24 * time.Hour
	gapArrivals = 200
	gapFew      = 20                                 // gaps of an hour of the day; fewer say little of their p99
	gapLatest   = math.MaxInt64 / int64(time.Second) // as seconds since 1970
)

// GapLearner learns how long it is ordinarily quiet between two arrivals, for
// each hour of the day in UTC, over today and the six days before it: at night
// it is quiet for longer. It is a comparable value of fixed size (2.7 KB, at
// most 3.8 KB as JSON); a copy is a snapshot. The zero value has seen nothing.
// No method blocks; it is not safe for concurrent use.
type GapLearner struct {
	began    int64 // first arrival; nanoseconds since 1970, 0: none
	last     int64 // last arrival
	counted  int64 // when a short gap was counted last
	skipped  bool  // nobody listened since last
	arrivals int   // up to gapArrivals
	day      int64 // the newest in cells; days since 1970
	cells    [gapDays][24]gapCell
}

// gapCell counts the gaps that touch one hour of one day. Counts stay at their
// greatest number.
type gapCell struct {
	short uint16         // stretches of gapUnit without a longer gap
	long  [gapBins]uint8 // gaps in (gapUnit<<i, gapUnit<<(i+1)]; the last takes all that are longer
}

// Took notes n arrivals at a time of our clock; times rise from call to call.
// An earlier time than the last counts as an arrival and gives no gap. It takes
// constant time: a gap is counted in each hour that it touches, at most in 168.
func (g *GapLearner) Took(at time.Time, n int) {
	if n <= 0 || at.Unix() <= 0 || at.Unix() >= gapLatest {
		return
	}
	t := at.UnixNano()
	g.arrivals = min(g.arrivals+min(n, gapArrivals), gapArrivals)
	if g.last == 0 {
		g.began, g.skipped = t, true
	}
	g.turnTo(dayOfHour(hourOf(t)))
	gap := t - g.last
	switch {
	case gap <= 0:
		return
	case g.skipped:
		g.counted = t
	case gap >= int64(gapUnit):
		g.long(gap, t)
		g.counted = t
	case t-g.counted >= int64(gapUnit):
		c := g.cell(hourOf(t))
		c.short = min(c.short, math.MaxUint16-1) + 1
		g.counted = t
	}
	g.last, g.skipped = t, false
}

// Skip says that nobody listened for a while, as after a start: how long it is
// until the next arrival is not learned.
func (g *GapLearner) Skip() { g.skipped = true }

// NotAfter says what time it is, after the clock was set: an arrival that lies
// ahead was one of now, or nothing would be missed until then. What was learned
// stays.
func (g *GapLearner) NotAfter(now time.Time) {
	t := now.UnixNano()
	if now.Unix() <= 0 || now.Unix() >= gapLatest || g.last <= t {
		return
	}
	g.last, g.began, g.counted, g.skipped = t, min(g.began, t), min(g.counted, t), true
	for g.day > dayOfHour(hourOf(t)) && g.day > 0 { // it comes again
		g.cells[g.day%gapDays] = [24]gapCell{}
		g.day--
	}
}

// Last returns the last arrival, in UTC; zero when there was none.
func (g *GapLearner) Last() time.Time {
	if g.last == 0 {
		return time.Time{}
	}
	return moment(g.last)
}

// Expected returns a gap that at this hour of the day, and at those before and
// after it, 99 of 100 do not exceed: the greatest of the three, as the upper
// end of its bin, which is at most twice as long; of few gaps the next bin. It is known once arrivals lie 24 h apart and are at
// least 200, and only where these hours had a gap within the week.
func (g *GapLearner) Expected(now time.Time) (gap time.Duration, known bool) {
	if g.arrivals < gapArrivals || g.last-g.began < int64(gapWatched) || now.Unix() <= 0 || now.Unix() >= gapLatest {
		return 0, false
	}
	hour := hourOf(now.UnixNano())
	for class := hour + 23; class <= hour+25; class++ {
		usual, seen := g.usual(class%24, dayOfHour(hour))
		gap, known = max(gap, usual), known || seen
	}
	return gap, known
}

// usual is the p99 of one hour of the day, as the upper end of its bin.
func (g *GapLearner) usual(class, today int64) (time.Duration, bool) {
	var sum [gapBins + 1]int
	all := 0
	for day := max(g.day-gapDays+1, today-gapDays+1, 0); day <= g.day; day++ {
		c := &g.cells[day%gapDays][class]
		all, sum[0] = all+int(c.short), sum[0]+int(c.short)
		for i, n := range c.long {
			all, sum[i+1] = all+int(n), sum[i+1]+int(n)
		}
	}
	if all == 0 {
		return 0, false
	}
	within := 0
	for i, n := range sum {
		if within += n; 100*within < 99*all {
			continue
		}
		if all < gapFew && i > 0 {
			i++ // the longest of so few is less than their p99 would be
		}
		return gapUnit << i, true
	}
	return 0, false // not reached: the last bin has all
}

// long counts a gap that ends at t, in each hour that it touches.
func (g *GapLearner) long(gap, t int64) {
	bin := 0
	for bin < gapBins-1 && gap > int64(gapUnit)<<(bin+1) {
		bin++
	}
	for hour := max(hourOf(t-gap), 24*(g.day-gapDays+1)); hour <= hourOf(t); hour++ {
		n := &g.cell(hour).long[bin]
		*n = min(*n, math.MaxUint8-1) + 1
	}
}

// turnTo forgets the days that are more than a week before a new one.
func (g *GapLearner) turnTo(day int64) {
	for d := max(g.day+1, day-gapDays+1); d <= day; d++ {
		g.cells[d%gapDays] = [24]gapCell{}
	}
	g.day = max(g.day, day)
}

func (g *GapLearner) cell(hour int64) *gapCell {
	return &g.cells[dayOfHour(hour)%gapDays][hour%24]
}

func hourOf(t int64) int64       { return t / int64(time.Hour) }
func dayOfHour(hour int64) int64 { return hour / 24 }
