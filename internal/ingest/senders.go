package ingest

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/rules"
)

// mostSenders bounds the sources that are followed one by one: their names may
// come from senders. Those beyond are counted in the ratios all the same, as
// of the grade that they are declared to be.
const mostSenders = 32

// lateAfter is how long after its end an attempt is received too late for its
// tick, by the default settings: a tick of 10 s and 60 s of grace (DESIGN.md section 6).
const lateAfter = 70 * time.Second

// orderKeys bounds what is remembered of each source to find duplicates: 24 MB
// when it is full. The figure of reference webhooks.md section 10.3 is 1 M.
const orderKeys = 500_000

// Senders follows what each source sends: whether it is as complete as
// declared, what comes twice or out of order, and where time is lost on the
// way. All of it is in memory and begins anew with each start, but for what was
// learned of gaps and what is held against a source. Make one with
// [NewSenders]; its methods are safe for concurrent use.
type Senders struct {
	declared func(source string) deliveries.Grade
	changed  func(SenderReport) // a grade was lowered or raised; may be nil

	mu        sync.Mutex // guards the fields below, and what is in of
	of        map[string]*sender
	listening time.Time // since the last break; zero: nothing was missed
}

// sender is what is known of one source.
type sender struct {
	name     string
	declared deliveries.Grade
	grade    deliveries.Grade
	audit    *deliveries.Audit
	order    *deliveries.Order
	lags     *deliveries.LagStats
	burst    deliveries.Burst
	spans    spans
	gap      rules.GapLearner
	heard    arrival

	newest, received time.Time // of its attempts
	verdicts         [Outside + 1]int
	late             int
}

// NewSenders returns one that knows no source yet. declared says of which
// grade a source is declared to be; changed, when it is not nil, is told of each grade
// that was lowered or raised, and may not call back.
func NewSenders(declared func(source string) deliveries.Grade, changed func(SenderReport)) *Senders {
	return &Senders{declared: declared, changed: changed, of: map[string]*sender{}}
}

// Recall tells of the last deliveries that are known from before this start,
// by source: a source is not taken for one of failures alone because it is
// in the middle of an outage.
func (s *Senders) Recall(delivered map[string]time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, at := range delivered {
		if one := s.senderLocked(name); one != nil {
			one.audit.Recall(at)
		}
	}
}

// Grade returns as what a source is treated: what it is declared to be, or
// less when it does not send that.
func (s *Senders) Grade(name string) deliveries.Grade {
	s.mu.Lock()
	defer s.mu.Unlock()
	if one := s.of[name]; one != nil && one.declared == s.declared(name) {
		return one.grade
	}
	return s.declared(name)
}

// Took follows a group that was applied for the first time.
func (s *Senders) Took(g Group, v []Verdict) {
	s.mu.Lock()
	touched := map[*sender]bool{}
	for i := range g.Entries {
		e := &g.Entries[i]
		one := s.senderLocked(e.Attempt.Source)
		if one == nil || i >= len(v) {
			continue
		}
		touched[one] = true
		one.took(e, v[i])
		one.heard.took(e.Received, s.listening)
	}
	var news []SenderReport
	for one := range touched {
		if grade, _ := one.audit.Grade(); grade != one.grade {
			one.grade = grade
			news = append(news, one.report(g.At))
		}
	}
	s.mu.Unlock()
	for _, r := range news {
		if s.changed != nil {
			s.changed(r)
		}
	}
}

// Told follows an event that was told anew: one that needed more than one try
// says how long that took when it is delivered.
func (s *Senders) Told(e deliveries.Event) {
	if e.State != deliveries.EventDelivered || e.LastAttemptAt.After(e.DeliveredAt) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if one := s.senderLocked(e.Source); one != nil {
		one.delivered(e.Channel, deliveries.Times{
			OccurredAt: e.OccurredAt, CreatedAt: e.CreatedAt, ExpiresAt: e.ExpiresAt, FirstAttemptAt: e.FirstAttemptAt,
			DeliveredAt: e.DeliveredAt, Ack: e.DeliveredAt.Sub(e.LastAttemptAt), Retried: true,
		}, e.DeliveredAt)
	}
}

// senderLocked returns what is known of a source; nil when there is no room
// for another. One that is declared otherwise now is audited anew.
func (s *Senders) senderLocked(name string) *sender {
	declared := s.declared(name)
	one := s.of[name]
	switch {
	case one == nil && len(s.of) >= mostSenders:
		return nil
	case one == nil:
		one = &sender{name: name, order: deliveries.NewOrder(deliveries.OrderOptions{Keys: orderKeys}), lags: deliveries.NewLagStats(0)}
		s.of[name] = one
	case one.declared == declared:
		return one
	}
	one.declared, one.grade, one.audit = declared, declared, deliveries.NewAudit(declared)
	return one
}

func (o *sender) took(e *Entry, v Verdict) {
	o.verdicts[min(v, Outside)]++
	if e.Attempt.StartedAt.After(o.newest) {
		o.newest = e.Attempt.StartedAt
	}
	if e.Received.After(o.received) {
		o.received = e.Received
	}
	o.gap.Took(e.Received, 1)
	if v != Counted {
		return
	}
	if e.Received.Sub(e.Attempt.Completed()) > lateAfter {
		o.late++
	}
	o.audit.Took(e.Attempt, e.Fault)
	o.order.Took(e.Attempt, e.Fault)
	if e.Kind == deliveries.KindFirst && e.Fault == probes.FaultNone && e.Attempt.Ordinary() {
		a := &e.Attempt
		o.delivered(a.Channel, deliveries.Times{
			OccurredAt: a.OccurredAt, CreatedAt: a.CreatedAt, ExpiresAt: a.ExpiresAt, FirstAttemptAt: a.StartedAt,
			DeliveredAt: a.Completed(), Ack: a.Duration,
		}, e.Received)
	}
}

// delivered counts where the time of an event went.
func (o *sender) delivered(channel string, t deliveries.Times, now time.Time) {
	t.Reconciled = o.burst.Took(channel, t)
	usual, _ := o.lags.P99(channel, now)
	o.lags.Add(now, deliveries.LagEvent{Channel: channel, Times: t, Classes: deliveries.DefaultLagLimits().Classify(t, usual)})
	o.spans.add(t.Lags(), now)
}

// SenderReport is what was seen of one source since the start.
type SenderReport struct {
	Source   string
	Declared deliveries.Grade
	Grade    deliveries.Grade // as what it is treated
	Why      string           // a sentence without a full stop, when that is not what is declared

	Newest   time.Time // start of its newest attempt
	Received time.Time // when it last sent

	Counted, Replaced, Duplicates, Contradicted, Outside int // attempts, by what became of them
	Late                                                 int // of Counted: received over 70 s after they ended, too late for an alarm

	Order deliveries.OrderReport
	Lags  map[deliveries.LagClass]int // events of the last 24 h, by who made them late
	Spans map[string]Span             // of the last one to two hours: source, queue, delivery, ack
}

// Report returns what was seen of each source, by name.
func (s *Senders) Report(now time.Time) []SenderReport {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]SenderReport, 0, len(s.of))
	for _, name := range slices.Sorted(maps.Keys(s.of)) {
		list = append(list, s.of[name].report(now))
	}
	return list
}

func (o *sender) report(now time.Time) SenderReport {
	_, why := o.audit.Grade()
	return SenderReport{
		Source: o.name, Declared: o.declared, Grade: o.grade, Why: why, Newest: o.newest, Received: o.received,
		Counted: o.verdicts[Counted], Replaced: o.verdicts[Replaced], Duplicates: o.verdicts[Duplicate],
		Contradicted: o.verdicts[Contradicted], Outside: o.verdicts[Outside], Late: o.late,
		Order: o.order.Report(), Lags: o.lags.CountAll(now, 24*time.Hour).Classes, Spans: o.spans.report(now),
	}
}
