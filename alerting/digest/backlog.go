package digest

import (
	"slices"
	"time"
)

// Backlog is the loss clock: what failed first before the end of the window and
// still waits to be delivered as of [Facts.Made], of one endpoint or of all. Counts are of events and never below 0;
// the zero Backlog is nothing. With LowerBound each count is at least that.
type Backlog struct {
	Undelivered    int           `json:"undelivered"`            // open: automatic tries are left, or may be
	Oldest         time.Time     `json:"oldest,omitzero"`        // first attempt of the oldest of them
	AtRisk1h       int           `json:"at_risk_1h"`             // of Undelivered: the last automatic try comes within 1 h,
	AtRisk6h       int           `json:"at_risk_6h"`             // 6 h
	AtRisk24h      int           `json:"at_risk_24h"`            // and 24 h; each count includes the one before
	Lost           int           `json:"lost"`                   // the last automatic try failed, and nobody has sent it since
	MissingRetries int           `json:"missing_retries"`        // the sender is late with a try
	DigestsLeft    int           `json:"digests_left"`           // whole digest periods before LossAt
	LossAt         time.Time     `json:"loss_at,omitzero"`       // the earliest last automatic try; zero: none is known
	LossEvents     int           `json:"loss_events"`            // that have theirs then, or within minutes from it
	NextRetryAt    time.Time     `json:"next_retry_at,omitzero"` // the earliest; zero: none is known
	RecoveryMax    time.Duration `json:"recovery_max_ns"`        // the longest wait for a next automatic try; 0: not known
	LowerBound     bool          `json:"lower_bound,omitempty"`  // not everything could be counted
}

// Loss is what an [Action] says of events that are lost, or will be. The zero
// Loss is none.
type Loss struct {
	Events      int  `json:"events"`
	From        bool `json:"from,omitempty"`         // one after the other from Action.At on, not all of them then
	DigestsLeft int  `json:"digests_left,omitempty"` // that come before Action.At; 0: none
	LowerBound  bool `json:"lower_bound,omitempty"`
}

// every is the time from this digest to the next. A week's summary goes to
// those who get ordinary ones too when something is wrong.
func (f Facts) every() time.Duration {
	switch n := len(f.Parts); {
	case f.Kind == KindSummary:
		return DefaultEvery
	case n > 0:
		return f.Parts[n-1].Window.Length()
	default:
		return f.Window.Length()
	}
}

// next is when the window of the next digest ends: of a window that runs, that
// is its own.
func (f Facts) next() time.Time {
	if f.runs() {
		return f.Window.End
	}
	return f.Window.End.Add(f.every())
}

// losing counts the events that get their last automatic try before the window
// of the next digest ends; 0: none. That are those of the first loss, and all
// that are at risk where the next digest is one of the known horizons away.
func (f Facts) losing(b *Backlog) int {
	if b == nil || b.LossEvents <= 0 || b.LossAt.IsZero() || !b.LossAt.Before(f.next()) {
		return 0
	}
	if f.runs() {
		return b.LossEvents
	}
	switch f.every() {
	case time.Hour:
		return max(b.LossEvents, b.AtRisk1h)
	case 6 * time.Hour:
		return max(b.LossEvents, b.AtRisk6h)
	case day:
		return max(b.LossEvents, b.AtRisk24h)
	default:
		return b.LossEvents
	}
}

// loss is the next one of a backlog; false: none is known. What it says of
// digests agrees with losing.
func (f Facts) loss(b *Backlog) (Loss, bool) {
	if n := f.losing(b); n > 0 {
		return Loss{Events: n, From: n > b.LossEvents, LowerBound: b.LowerBound}, true
	}
	if b == nil || b.LossEvents <= 0 || b.LossAt.IsZero() {
		return Loss{}, false
	}
	return Loss{Events: b.LossEvents, DigestsLeft: max(b.DigestsLeft, 1), LowerBound: b.LowerBound}, true
}

// withBacklogOf returns f with the backlogs of another digest, which tells the
// newest window of those that f tells: what waited before that is history. What
// was lost in any of them is told all the same: no other digest does.
func (f Facts) withBacklogOf(newest Facts) Facts {
	f.Endpoints = slices.Clone(f.Endpoints)
	for i, e := range f.Endpoints {
		var now *Backlog
		if at := slices.IndexFunc(newest.Endpoints, func(o Endpoint) bool { return o.ID == e.ID }); at >= 0 {
			now = newest.Endpoints[at].Backlog
		}
		f.Endpoints[i].Backlog = now.withLostOf(e.Backlog)
	}
	if f.Platform != nil {
		p := *f.Platform
		var now *Backlog
		if newest.Platform != nil {
			now = newest.Platform.Backlog
		}
		p.Backlog = now.withLostOf(p.Backlog)
		f.Platform = &p
	}
	return f
}

// withLostOf returns a backlog with what was lost in a longer time, which includes
// its own. Either may be nil.
func (b *Backlog) withLostOf(whole *Backlog) *Backlog {
	if !whole.lost() {
		return b
	}
	var all Backlog
	if b != nil {
		all = *b
	}
	all.Lost = max(all.Lost, whole.Lost)
	all.LowerBound = all.LowerBound || whole.LowerBound
	return &all
}
