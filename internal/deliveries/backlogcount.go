package deliveries

import (
	"slices"
	"time"
)

// BacklogCounter counts events into a [Backlog], so that one pass over all
// events can fill the backlogs of many endpoints, of their merchants and of
// the platform. It is not safe for concurrent use.
type BacklogCounter struct {
	o      BacklogOptions
	b      Backlog         // the plain counts
	waits  []time.Duration // from Now until the next retry
	losses []time.Duration // from Now until the last try, of those that came within 10 min of the earliest so far
	first  time.Duration   // the earliest of losses
	tries  int             // still to come
}

// NewBacklogCounter returns an empty counter.
func NewBacklogCounter(o BacklogOptions) *BacklogCounter {
	o.Now = plainUTC(o.Now)
	if o.DigestEvery <= 0 {
		o.DigestEvery = DefaultDigestEvery
	}
	if o.Deadline <= 0 {
		o.Deadline = DefaultDeadline
	}
	if o.Schedule == nil {
		o.Schedule = byPreset()
	}
	return &BacklogCounter{o: o}
}

// Add counts one event. The same event may come once. What is delivered or
// canceled counts for nothing.
func (c *BacklogCounter) Add(e Event) {
	state := e.StateAt(c.o.Now)
	if state == EventExhausted {
		c.b.Lost++
	}
	if !e.Open() {
		return
	}
	s := c.o.Schedule(e)
	if e.MissingRetry(s, c.o.Now) {
		c.b.MissingRetries++
	}
	if state == EventExhausted {
		return
	}
	c.b.Undelivered++
	c.b.Oldest = earlier(c.b.Oldest, e.FirstAttemptAt)
	if !e.ExhaustsAt.IsZero() {
		c.risk(e.ExhaustsAt.Sub(c.o.Now))
	}
	if !e.NextRetryAt.IsZero() {
		c.b.NextRetryAt = earlier(c.b.NextRetryAt, e.NextRetryAt)
		c.waits = append(c.waits, max(e.NextRetryAt.Sub(c.o.Now), 0))
		c.tries += triesLeft(e, s)
	}
}

// risk counts an event whose last try is left away.
func (c *BacklogCounter) risk(left time.Duration) {
	if left <= time.Hour {
		c.b.AtRisk1h++
	}
	if left <= 6*time.Hour {
		c.b.AtRisk6h++
	}
	if left <= 24*time.Hour {
		c.b.AtRisk24h++
	}
	if len(c.losses) == 0 || left < c.first {
		c.first = left
	}
	if left <= c.first+lossCluster {
		c.losses = append(c.losses, left)
	}
}

// Merge adds what other counted. Both have to be made with the same options,
// and no event counted by both. It leaves other as it was.
func (c *BacklogCounter) Merge(other *BacklogCounter) {
	b, o := &c.b, other.b
	b.Undelivered += o.Undelivered
	b.MissingRetries += o.MissingRetries
	b.Lost += o.Lost
	b.AtRisk1h += o.AtRisk1h
	b.AtRisk6h += o.AtRisk6h
	b.AtRisk24h += o.AtRisk24h
	b.Oldest = earlier(b.Oldest, o.Oldest)
	b.NextRetryAt = earlier(b.NextRetryAt, o.NextRetryAt)
	if len(c.losses) == 0 || len(other.losses) > 0 && other.first < c.first {
		c.first = other.first
	}
	c.losses = append(c.losses, other.losses...)
	c.waits = append(c.waits, other.waits...)
	c.tries += other.tries
}

// Backlog returns what was counted so far. Further events may follow.
func (c *BacklogCounter) Backlog() Backlog {
	b := c.b
	if len(c.losses) > 0 {
		b.NextLoss.At = c.o.Now.Add(c.first)
		for _, left := range c.losses {
			if left <= c.first+lossCluster {
				b.NextLoss.Events++
			}
		}
		b.DigestsLeft = int(max(c.first, 0) / c.o.DigestEvery)
	}
	slices.Sort(c.waits)
	if n := len(c.waits); n > 0 {
		b.RecoveryP50, b.RecoveryMax = c.waits[(n-1)/2], c.waits[n-1]
	}
	within, _ := slices.BinarySearch(c.waits, time.Hour+1)
	b.OverAnHour = len(c.waits) - within
	b.Wave = waveOf(c.o.Now, c.waits, c.o.NormalPerMinute)
	b.WorkerSeconds = float64(c.tries) * c.o.Deadline.Seconds()
	return b
}

// triesLeft returns how many automatic tries the event still gets, at least
// the next one.
func triesLeft(e Event, s Schedule) int {
	if len(s.Offsets) == 0 {
		return 1
	}
	origin := e.FirstAttemptAt
	if !e.ExhaustsAt.IsZero() { // exact also when lateness moved the chain
		origin = e.ExhaustsAt.Add(-s.Offsets[len(s.Offsets)-1])
	}
	next, _ := slices.BinarySearch(s.Offsets, e.NextRetryAt.Sub(origin))
	return max(len(s.Offsets)-next, 1)
}

// earlier returns the earlier of two times; a zero one is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
