package deliveries

import "time"

// orderMinutes is how many minutes an [Order] counts apart: 24 h.
const orderMinutes = 24 * 60

// OrderCounts is what a number of attempts were. An attempt may be several
// things: AckLost is part of Retries.
type OrderCounts struct {
	Attempts         int // that count: see [Order.Took]
	Retries          int
	AckLost          int
	AfterSuccess     int
	Manual           int           // duplicates, not manual attempts
	Semantic         int           // events
	Inversions       int           // events delivered out of the order of their creation, by business key and endpoint
	LargestInversion time.Duration // how far apart such two were created, at most; to the ms
}

// OrderReport is what an [Order] found.
type OrderReport struct {
	Until      time.Time   // the newest start of an attempt; zero before the first
	Start      OrderCounts // since the Order was made
	Last15m    OrderCounts // attempts that started in the 15 min up to Until, to the minute
	Last24h    OrderCounts // in the 24 h up to Until
	Keys       int         // held now
	Dropped    int         // keys forgotten early, for want of room
	LowerBound bool        // Dropped > 0: there may be more duplicates than counted
}

// orderMinute is what happened in one minute.
type orderMinute struct {
	minute int32
	counts OrderCounts
}

// Lately returns the counts of the attempts that started within a window up to
// the newest, to the minute; at most 24 h.
func (o *Order) Lately(window time.Duration) (c OrderCounts) {
	last := minuteOf(o.until)
	for i := range o.minutes {
		if m := &o.minutes[i]; m.minute > last-int32(min(window, orderMinutes*time.Minute)/time.Minute) {
			c.merge(m.counts)
		}
	}
	return c
}

// Report returns the counts as of the newest attempt. It walks 1,440 minutes:
// some microseconds.
func (o *Order) Report() OrderReport {
	r := OrderReport{Until: o.until, Start: o.all, Keys: o.keys.n, Dropped: o.dropped, LowerBound: o.dropped > 0}
	last := minuteOf(o.until)
	for i := range o.minutes {
		m := &o.minutes[i]
		if m.minute > last-orderMinutes {
			r.Last24h.merge(m.counts)
		}
		if m.minute > last-15 {
			r.Last15m.merge(m.counts)
		}
	}
	return r
}

// count enters what one attempt was.
func (o *Order) count(start time.Time, classes []DuplicateClass, inversion time.Duration) {
	one := countsOf(classes)
	one.LargestInversion = inversion
	if inversion > 0 {
		one.Inversions = 1
	}
	o.all.merge(one)
	minute := minuteOf(start)
	if minute <= minuteOf(o.until)-orderMinutes {
		return
	}
	m := &o.minutes[ringPlace(minute, orderMinutes)]
	if m.minute != minute {
		*m = orderMinute{minute: minute}
	}
	m.counts.merge(one)
}

func countsOf(classes []DuplicateClass) OrderCounts {
	c := OrderCounts{Attempts: 1}
	for _, class := range classes {
		switch class {
		case DuplicateRetry:
			c.Retries++
		case DuplicateAckLost:
			c.AckLost++
		case DuplicateSuccess:
			c.AfterSuccess++
		case DuplicateManual:
			c.Manual++
		case DuplicateSemantic:
			c.Semantic++
		}
	}
	return c
}

func (c *OrderCounts) merge(o OrderCounts) {
	c.Attempts += o.Attempts
	c.Retries += o.Retries
	c.AckLost += o.AckLost
	c.AfterSuccess += o.AfterSuccess
	c.Manual += o.Manual
	c.Semantic += o.Semantic
	c.Inversions += o.Inversions
	c.LargestInversion = max(c.LargestInversion, o.LargestInversion)
}
