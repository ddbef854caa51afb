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
	reads  atomic.Int64             // of planned work that have begun
	mu     sync.Mutex
	// guarded by mu
	open  map[quarter]*rules.Bucket
	last  map[string]time.Time // when each endpoint's last probe ended
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

// probed counts a result. It covers the time that the probe took, however long
// the endpoint kept it waiting, and that since the one before had ended, but of
// this no more than the interval and a half: a gap is a gap. What has no opinion
// covers nothing, nor does what is seen in planned work.
func (q *quarters) probed(endpoint string, r probes.Result, interval time.Duration) {
	if !r.Verdict.Opinion() {
		return
	}
	quiet := q.quiet.Load().covers(endpoint, r.At)
	q.mu.Lock()
	defer q.mu.Unlock()
	end := r.At.Add(max(r.Took, 0))
	since := end.Add(-max(r.Took, interval))
	if last, known := q.last[endpoint]; known {
		since = last
		if earliest := r.At.Add(-interval - interval/2); since.Before(earliest) {
			since = earliest
		}
	}
	q.last[endpoint] = end
	if quiet {
		return
	}
	b := q.bucketLocked(quarter{endpoint, r.At.UTC().Truncate(q.length)})
	took := r.Took
	if r.Status == 0 && r.Fault != probes.FaultNone {
		took = -1 // nobody answered
	}
	b.Add(r.Fault, took)
	b.Cover(max(end.Sub(since), 0), r.Verdict == probes.Down)
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

// unsaved adds to quarters that were read what is not saved yet of the same
// endpoints, from the quarter that holds from until to. Whoever calls holds
// Daemon.saving since before the reading: what is on its way is in neither.
func (q *quarters) unsaved(list []store.EndpointQuarter, endpoints []string, from, to time.Time) []store.EndpointQuarter {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.open) == 0 {
		return list
	}
	for _, id := range endpoints {
		for start := from.UTC().Truncate(q.length); start.Before(to); start = start.Add(q.length) {
			if b := q.open[quarter{id, start}]; b != nil {
				own := store.EndpointQuarter{Endpoint: id, Start: start}
				own.Probe.Merge(*b)
				list = append(list, own)
			}
		}
	}
	return list
}

// forget drops an endpoint that is no longer probed.
func (q *quarters) forget(endpoint string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.last, endpoint)
}
