package daemon

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/hookvigil/hookvigil/internal/store"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/rules"
)

// quarters gathers what probes say of each endpoint by the quarter of an hour,
// until it is saved. It is safe for concurrent use.
type quarters struct {
	length time.Duration            // of a quarter: a quarter of an hour, unless the configuration says otherwise
	quiet  atomic.Pointer[quietNow] // planned work, in which nothing is counted; nil: none is known
	mu     sync.Mutex
	// guarded by mu
	open  map[quarter]*rules.Bucket
	last  map[string]time.Time // of each endpoint's probes
	taken time.Time
}

// quartersEvery is how long results are gathered before they are saved: one
// write for many of them. At most 60 s may be lost (DESIGN section 10).
const quartersEvery = 50 * time.Second

type quarter struct {
	endpoint string
	start    time.Time
}

func newQuarters(length time.Duration) *quarters {
	return &quarters{length: length, open: map[quarter]*rules.Bucket{}, last: map[string]time.Time{}}
}

// probed counts a result. It covers the time since the last one, but no more
// than the interval and a half: a gap is a gap. What has no opinion covers
// nothing, nor does what is seen in planned work.
func (q *quarters) probed(endpoint string, r probes.Result, interval time.Duration) {
	if !r.Verdict.Opinion() {
		return
	}
	quiet := q.quiet.Load().covers(endpoint, r.At)
	q.mu.Lock()
	defer q.mu.Unlock()
	span := interval
	if last, known := q.last[endpoint]; known {
		span = min(r.At.Sub(last), interval+interval/2)
	}
	q.last[endpoint] = r.At
	if quiet {
		return
	}
	b := q.bucketLocked(quarter{endpoint, r.At.UTC().Truncate(q.length)})
	took := r.Took
	if r.Status == 0 && r.Fault != probes.FaultNone {
		took = -1 // nobody answered
	}
	b.Add(r.Fault, took)
	b.Cover(max(span, 0), r.Verdict == probes.Down)
}

func (q *quarters) bucketLocked(k quarter) *rules.Bucket {
	b := q.open[k]
	if b == nil {
		b = &rules.Bucket{}
		q.open[k] = b
	}
	return b
}

// take returns what was gathered since the last time, when that is long enough
// ago or all is wanted.
func (q *quarters) take(now time.Time, all bool) []store.ProbeQuarter {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !all && now.Sub(q.taken) < min(quartersEvery, q.length/2) {
		return nil
	}
	q.taken = now
	list := make([]store.ProbeQuarter, 0, len(q.open))
	for k, b := range q.open {
		list = append(list, store.ProbeQuarter{Endpoint: k.endpoint, Start: k.start, Bucket: *b})
	}
	clear(q.open)
	return list
}

// giveBack takes back what could not be saved.
func (q *quarters) giveBack(list []store.ProbeQuarter) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, p := range list {
		q.bucketLocked(quarter{p.Endpoint, p.Start}).Merge(p.Bucket)
	}
}

// forget drops an endpoint that is no longer probed.
func (q *quarters) forget(endpoint string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.last, endpoint)
}
