package api

import (
	"context"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
)

// Sources is what is known of the senders of attempts, by name. It is safe for
// concurrent use.
type Sources interface {
	Sources(ctx context.Context) ([]SourceView, error)
}

// SourceView is one source of attempts. The zero value of a field stands for
// "not known".
type SourceView struct {
	Name          string
	Declared      deliveries.Grade // empty: its grade is not configured
	Effective     deliveries.Grade // as which it is treated
	Why           string           // it is not the one declared; no full stop
	Since         time.Time        // the counts below begin: the start of the daemon, say
	LastAttemptAt time.Time        // newest start of an attempt
	Received      int              // attempts that were taken
	Rejected      int              // attempts that were logged and do not count
	Late          int              // attempts that came too late for their window
	Lags          []SourceLag      // those kinds of which something is known
	LagClasses    map[deliveries.LagClass]int
	Order         *deliveries.OrderReport // duplicates and broken order; nil: not looked at
}

// SourceLag is how long the events of a source take for one part of their way.
type SourceLag struct {
	Kind     string // source, queue, delivery or ack, as the fields of [deliveries.Lags]
	Events   int    // of which it is known
	P50, P99 time.Duration
}

// sourceView is a source as it is answered.
type sourceView struct {
	Name          string           `json:"name"`
	Declared      deliveries.Grade `json:"declared_grade" doc:"A every attempt, B final results, C failures alone, D a sample; empty: not configured"`
	Effective     deliveries.Grade `json:"effective_grade" doc:"As which it is treated"`
	Why           string           `json:"why" doc:"It is not the one declared; empty: it is"`
	Since         time.Time        `json:"since,omitzero" doc:"The counts begin"`
	LastAttemptAt time.Time        `json:"last_attempt_at,omitzero"`
	Received      int              `json:"received" doc:"Attempts that were taken"`
	Rejected      int              `json:"rejected" doc:"Attempts that were logged and do not count: they contradict another, or lie outside of what is kept. Bad records are listed in the answer to who sent them"`
	Late          int              `json:"late" doc:"Attempts that came too late for their window"`
	Lags          []sourceLagView  `json:"lags"`
	LagClasses    map[string]int   `json:"lag_classes" doc:"Events by who made them late; one may have several"`
	Order         *orderView       `json:"order,omitempty" doc:"Missing: not looked at"`
}

type sourceLagView struct {
	Kind   string  `json:"kind" enum:"source,queue,delivery,ack" doc:"From occurred to created, to the first attempt, to the delivery; ack: the attempt that was delivered"`
	Events int     `json:"events" doc:"Of which it is known"`
	P50    float64 `json:"p50_seconds"`
	P99    float64 `json:"p99_seconds"`
}

// orderView is what was found of duplicates and broken order.
type orderView struct {
	Until      time.Time       `json:"until,omitzero" doc:"The newest start of an attempt"`
	All        orderCountsView `json:"all" doc:"Since counting began"`
	Last15m    orderCountsView `json:"last_15m" doc:"Before until"`
	Last24h    orderCountsView `json:"last_24h" doc:"Before until"`
	Keys       int             `json:"keys" doc:"Events and business keys remembered now"`
	Dropped    int             `json:"dropped" doc:"Forgotten early, for want of room"`
	LowerBound bool            `json:"lower_bound" doc:"Some were: there may be more duplicates than counted"`
}

type orderCountsView struct {
	Attempts         int     `json:"attempts"`
	Retries          int     `json:"retry" doc:"Expected: the attempt before failed"`
	AckLost          int     `json:"ack_lost_suspect" doc:"Of retry: the attempt before may have arrived"`
	AfterSuccess     int     `json:"duplicate_after_success" doc:"Automatic, of what was delivered: a defect of the sender"`
	Manual           int     `json:"manual_duplicate" doc:"By a person, of what was delivered"`
	Semantic         int     `json:"semantic_duplicate" doc:"Another event about the same: sent again upstream"`
	Inversions       int     `json:"inversions" doc:"Events delivered out of the order of their creation"`
	LargestInversion float64 `json:"largest_inversion_seconds"`
}

// listSources answers all sources at once: each is of many merchants.
func (s *Server) listSources(ctx context.Context, _ *struct{}) (*pageOutput[sourceView], error) {
	list, err := s.deps.SourceViews.Sources(ctx)
	if err != nil {
		return nil, s.unread(ctx, err)
	}
	out := &pageOutput[sourceView]{Body: page[sourceView]{Items: make([]sourceView, 0, len(list))}}
	for _, v := range list {
		out.Body.Items = append(out.Body.Items, viewOfSource(v))
	}
	return out, nil
}

func viewOfSource(v SourceView) sourceView {
	shown := sourceView{
		Name: v.Name, Declared: v.Declared, Effective: v.Effective, Why: v.Why,
		Since: v.Since.UTC(), LastAttemptAt: v.LastAttemptAt.UTC(), Received: v.Received, Rejected: v.Rejected, Late: v.Late,
		Lags: make([]sourceLagView, 0, len(v.Lags)), LagClasses: make(map[string]int, len(v.LagClasses)), Order: viewOfOrder(v.Order),
	}
	for _, l := range v.Lags {
		shown.Lags = append(shown.Lags, sourceLagView{Kind: l.Kind, Events: l.Events, P50: l.P50.Seconds(), P99: l.P99.Seconds()})
	}
	for class, n := range v.LagClasses {
		shown.LagClasses[string(class)] = n
	}
	return shown
}

func viewOfOrder(r *deliveries.OrderReport) *orderView {
	if r == nil {
		return nil
	}
	return &orderView{
		Until: r.Until.UTC(), All: viewOfCounts(r.Start), Last15m: viewOfCounts(r.Last15m), Last24h: viewOfCounts(r.Last24h),
		Keys: r.Keys, Dropped: r.Dropped, LowerBound: r.LowerBound,
	}
}

func viewOfCounts(c deliveries.OrderCounts) orderCountsView {
	return orderCountsView{
		Attempts: c.Attempts, Retries: c.Retries, AckLost: c.AckLost, AfterSuccess: c.AfterSuccess, Manual: c.Manual, Semantic: c.Semantic,
		Inversions: c.Inversions, LargestInversion: c.LargestInversion.Seconds(),
	}
}
