package backtest

import (
	"slices"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/rules"
)

// mostQuarters bounds the quarters of endpoints that are held for
// endpoint_slow: 0.6 KB each.
const mostQuarters = 100_000

// answers are how long endpoints took to answer first attempts that count, by
// the quarter of an hour in which these started, as far back as a rule looks.
type answers struct {
	step   int64         // length of a quarter, in nanoseconds
	window time.Duration // of the rule that looks back furthest

	of     map[string]*answered
	held   int   // quarters
	newest int64 // number of the newest quarter
	beyond int   // answers that there was no room for
}

// answered is one endpoint's, by rising number.
type answered struct{ quarters []quarter }

type quarter struct {
	number int64
	n      int
	bucket *rules.Bucket
}

func newAnswers(step, window time.Duration) *answers {
	return &answers{step: int64(step), window: window, of: map[string]*answered{}}
}

// took counts an attempt that is no repeat, when it is a first one that counts
// and was answered.
func (w *answers) took(e *ingest.Entry) {
	a := &e.Attempt
	took := a.Duration.Truncate(time.Microsecond) // as it is stored
	if !e.Counts || e.Kind != deliveries.KindFirst || a.Endpoint == "" || a.Status == 0 || took <= 0 {
		return
	}
	number := a.StartedAt.UnixNano() / w.step
	if number > w.newest {
		w.newest = number
		w.sweep(a.StartedAt)
	}
	if number < w.oldest(time.Unix(0, w.newest*w.step)) {
		return
	}
	if q := w.quarter(a.Endpoint, number); q != nil {
		q.n++
		q.bucket.Add(probes.FaultNone, took) // only how long it took is asked for
		return
	}
	w.beyond++
}

// oldest is the number of the oldest quarter that any window touches.
func (w *answers) oldest(now time.Time) int64 { return now.Add(-w.window).UnixNano() / w.step }

// quarter returns where a quarter is counted; nil when there is no room.
func (w *answers) quarter(endpoint string, number int64) *quarter {
	at := w.of[endpoint]
	if at == nil {
		if w.held >= mostQuarters {
			return nil
		}
		at = &answered{}
		w.of[strings.Clone(endpoint)] = at
	}
	i := len(at.quarters)
	for i > 0 && at.quarters[i-1].number >= number {
		i--
	}
	if i < len(at.quarters) && at.quarters[i].number == number {
		return &at.quarters[i]
	}
	if w.held >= mostQuarters {
		return nil
	}
	w.held++
	at.quarters = slices.Insert(at.quarters, i, quarter{number: number, bucket: &rules.Bucket{}})
	return &at.quarters[i]
}

// sweep lets go of what no window touches any more.
func (w *answers) sweep(now time.Time) {
	oldest := w.oldest(now)
	for id, at := range w.of {
		gone := 0
		for gone < len(at.quarters) && at.quarters[gone].number < oldest {
			gone++
		}
		w.held -= gone
		if at.quarters = slices.Delete(at.quarters, 0, gone); len(at.quarters) == 0 {
			delete(w.of, id)
		}
	}
}

// facts tells of the endpoints that got at least so many answers as the rule
// needs for an opinion, in the quarters that its window touches, in order.
func (w *answers) facts(rule rules.EndpointSlow, now time.Time, tell func(rules.SlowFact)) {
	first, last := now.Add(-rule.Window).UnixNano()/w.step, now.UnixNano()/w.step
	within := func(at *answered) []quarter {
		from, to := 0, len(at.quarters)
		for from < to && at.quarters[from].number < first {
			from++
		}
		for to > from && at.quarters[to-1].number > last {
			to--
		}
		return at.quarters[from:to]
	}
	var enough []string
	for id, at := range w.of {
		n := 0
		for _, q := range within(at) {
			n += q.n
		}
		if n >= rule.Least {
			enough = append(enough, id)
		}
	}
	slices.Sort(enough)
	for _, id := range enough {
		var all rules.Bucket
		for _, q := range within(w.of[id]) {
			all.Merge(*q.bucket)
		}
		f := rules.SlowFact{Endpoint: id, From: now.Add(-rule.Window), To: now, Answered: all.Took.Count(), Slow: all.Took.Over(rule.Budget)}
		f.P99, _ = all.Took.Quantile(0.99)
		tell(f)
	}
}
