package backtest

import (
	"cmp"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest"
	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/probes"
)

// mostAudited bounds the sources whose grade is audited one by one, as it is
// of a daemon; those beyond count as declared.
const mostAudited = 32

// judge says of each record what a daemon would have made of it.
type judge struct {
	world    World
	resolver *ingest.Resolver
	now      *ingest.Resolution
	minute   int64
	audits   map[string]*audited
}

// audited is what is known of a source.
type audited struct {
	declared deliveries.Grade
	audit    *deliveries.Audit // nil: it counts as declared
}

func newJudge(w World) *judge {
	return &judge{world: w, audits: map[string]*audited{}, resolver: ingest.NewResolver(func() *registry.Snapshot { return w.Known }, w.Takes, nil)}
}

// take completes an attempt as intake does; the reason says why it is not
// taken, empty when it is.
func (j *judge) take(it *item) (reason string) {
	a := &it.attempt
	a.Source = cmp.Or(a.Source, j.world.Source)
	if age := it.at.Sub(a.StartedAt); age < 0 || age > ingest.MaxAge {
		if reason := ingest.Refusal(a.StartedAt, it.at, time.Time{}); reason != "" {
			return reason
		}
	}
	if minute := it.at.Unix() / 60; j.now == nil || minute != j.minute {
		j.now, j.minute = j.resolver.Begin(it.at, time.Time{}), minute // its notes are a map: not one for each record
	}
	_, reason = j.now.Resolve(a)
	return reason
}

// entry judges an attempt as the applier does, in the order of the log.
func (j *judge) entry(it *item, at ingest.Position) ingest.Entry {
	a := it.attempt
	var deadline time.Duration
	if w, ok := j.world.Known.Endpoint(a.Endpoint); ok {
		deadline = w.Deadline
	}
	kind := a.Kind()
	if kind == deliveries.KindUnknown {
		kind = deliveries.KindFirst // a sender without numbers is not to go unheard
	}
	fault := a.Outcome(deadline)
	return ingest.Entry{
		Attempt: a, Position: at, Received: it.at, Kind: kind, Fault: fault,
		Counts: a.Ordinary() && fault != probes.FaultSenderError && fault != probes.FaultCanceled,
	}
}

// grade takes an attempt that is no repeat into the audit of its source, and
// reports whether the source yielded ratios before it.
func (j *judge) grade(e *ingest.Entry) bool {
	s := j.audits[e.Attempt.Source]
	if s == nil {
		s = &audited{declared: j.world.Declared(e.Attempt.Source)}
		if len(j.audits) >= mostAudited {
			return s.declared == deliveries.GradeAll
		}
		s.audit = deliveries.NewAudit(s.declared)
		j.audits[e.Attempt.Source] = s
	}
	grade, _ := s.audit.Grade()
	s.audit.Took(e.Attempt, e.Fault)
	return grade == deliveries.GradeAll
}
