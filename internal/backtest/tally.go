package backtest

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/rules"
)

// mostTicks bounds what a calibration holds in memory: 16 B each.
const mostTicks = 16_000_000

// Span is a stretch of time, without its end.
type Span struct{ From, To time.Time }

func (s Span) holds(ns int64) bool { return s.From.UnixNano() <= ns && ns < s.To.UnixNano() }

// tally counts the ticks of every series, as the ratio rules see them.
type tally struct {
	kinds   []string // of scopes
	except  []Span
	tick    int64
	grace   time.Duration
	most    int // series
	series  map[rules.Scope]*history
	ticks   int
	beyond  int // attempts of series over most, or of ticks over mostTicks
	late    int
	removed int // attempts within except
}

// history is what is stored of one series: its ticks with attempts, by time.
type history struct {
	scope rules.Scope
	ticks []counted
}

type counted struct {
	at   int64 // begin
	n, k uint32
}

func (t *tally) took(_ context.Context, g ingest.Group, v []ingest.Verdict) {
	for i := range g.Entries {
		if e := &g.Entries[i]; v[i] == ingest.Counted && e.Counts && e.Kind == deliveries.KindFirst {
			t.count(e)
		}
	}
}

// probed implements follower: probes make no ratio.
func (t *tally) probed(rules.DownFact, time.Time) {}

// looked implements follower: nor do certificates.
func (t *tally) looked(rules.CertificateFact, time.Time) {}

// idle implements follower: a tick without attempts says nothing.
func (t *tally) idle(context.Context, time.Time) {}

func (t *tally) count(e *ingest.Entry) {
	done := e.Attempt.Completed()
	if e.Received.Sub(done) > t.grace+time.Duration(t.tick) {
		t.late++ // no detector would have seen it
		return
	}
	ns := done.UnixNano()
	if slices.ContainsFunc(t.except, func(s Span) bool { return s.holds(ns) }) {
		t.removed++
		return
	}
	for _, kind := range t.kinds {
		scope, ok := scopeOf(kind, &e.Attempt)
		if ok && !t.add(scope, ns-ns%t.tick, e.Fault != probes.FaultNone) {
			t.beyond++
		}
	}
}

// scopeOf returns the scope of a kind that an attempt belongs to.
func scopeOf(kind string, a *deliveries.Attempt) (rules.Scope, bool) {
	id := ""
	switch kind {
	case string(rules.ScopePlatform):
		return rules.ScopePlatform, true
	case rules.ScopeChannel:
		id = a.Channel
	case rules.ScopeProduct:
		id = a.Product
	case rules.ScopeType:
		id = a.Type
	case rules.ScopeMerchant:
		id = a.Merchant
	}
	return rules.ScopeOf(kind, id), id != ""
}

// Kinds returns the kinds of scope that can be calibrated.
func Kinds() []string {
	return []string{string(rules.ScopePlatform), rules.ScopeProduct, rules.ScopeChannel, rules.ScopeType, rules.ScopeMerchant}
}

// add counts one attempt; false when there is no room for its series.
func (t *tally) add(scope rules.Scope, begin int64, failed bool) bool {
	h := t.series[scope]
	if h == nil {
		if len(t.series) >= t.most {
			return false
		}
		h = &history{scope: rules.Scope(strings.Clone(string(scope)))}
		t.series[h.scope] = h
	}
	i := len(h.ticks)
	for i > 0 && h.ticks[i-1].at > begin {
		i--
	}
	if i == 0 || h.ticks[i-1].at != begin {
		if t.ticks >= mostTicks {
			return false
		}
		t.ticks++
		h.ticks = slices.Insert(h.ticks, i, counted{at: begin})
		i++
	}
	c := &h.ticks[i-1]
	c.n++
	if failed {
		c.k++
	}
	return true
}

// lasted returns how long the history is, without what was cut out.
func (h *history) lasted(tick int64, except []Span) time.Duration {
	if len(h.ticks) == 0 {
		return 0
	}
	from, to := h.ticks[0].at, h.ticks[len(h.ticks)-1].at+tick
	d := to - from
	for _, s := range except {
		d -= max(0, min(to, s.To.UnixNano())-max(from, s.From.UnixNano()))
	}
	return time.Duration(max(d, tick))
}

func (h *history) sums() (n, k int) {
	for _, c := range h.ticks {
		n, k = n+int(c.n), k+int(c.k)
	}
	return n, k
}

// play lets a detector see the history. It returns what opened by the sum, one
// for each incident, and how much opened by the loud ratio, which no height
// changes.
func (h *history) play(d rules.Detector) (opened []rules.Alarm, loud int) {
	var s rules.DetectorState
	for _, c := range h.ticks {
		var a *rules.Alarm
		s, a = d.Step(s, rules.Tick{At: time.Unix(0, c.at).UTC(), N: int(c.n), K: int(c.k)})
		switch {
		case a == nil || a.Kind != rules.AlarmOpened || a.Again:
		case a.By == rules.ByLoud:
			loud++
		default:
			opened = append(opened, *a)
		}
	}
	return opened, loud
}
