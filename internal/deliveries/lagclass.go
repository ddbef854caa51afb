package deliveries

import (
	"slices"
	"time"
)

// LagClass says who made a webhook late. It is a stable word: a value in JSON
// and a metric label.
type LagClass string

// The classes, most upstream first. D1 to D3 are the three scenarios of the
// provider's page "Delayed webhooks"; D4 and D5 are ours.
const (
	LagChannel    LagClass = "channel_late"            // D1: the payment channel confirmed late
	LagReconciled LagClass = "found_in_reconciliation" // D2: nobody confirmed; a settlement report told
	LagNearExpiry LagClass = "paid_near_expiry"        // D3: paid while the request expired
	LagDispatcher LagClass = "dispatcher_late"         // D4: the sender's own queue
	LagEndpoint   LagClass = "endpoint_late"           // D5: the endpoint needed retries
	LagUnknown    LagClass = "unclassified"            // a time is missing, and what is known is on time
	LagNone       LagClass = "on_time"
)

// lagClasses is the closed set; read-only.
var lagClasses = [...]LagClass{LagChannel, LagReconciled, LagNearExpiry, LagDispatcher, LagEndpoint, LagUnknown, LagNone}

// LagClasses returns the closed set, most upstream first, then unclassified
// and on_time. The slice is the caller's.
func LagClasses() []LagClass { return slices.Clone(lagClasses[:]) }

// LagLimits says from when on a lag is late. A lag of exactly a limit is not
// late. [DefaultLagLimits] is the usual value; the zero value finds nearly
// everything late.
type LagLimits struct {
	Channel       time.Duration // source lag: over it, D1
	ChannelFactor int           // source lag: over so many times the channel's own p99, D1; 0: not asked
	Reconciled    time.Duration // source lag: over it, D2
	Expiry        time.Duration // happened at most so long before or after it expired: D3
	Queue         time.Duration // queue lag: over it, D4
}

// DefaultLagLimits returns 5 min or three times the channel's p99, 6 h, 5 min
// and 60 s. All are our own choice; the page "Delayed webhooks" gives only
// one figure, an average reconciliation time of 24 h.
func DefaultLagLimits() LagLimits {
	return LagLimits{
		Channel:       5 * time.Minute,
		ChannelFactor: 3,
		Reconciled:    6 * time.Hour,
		Expiry:        5 * time.Minute,
		Queue:         60 * time.Second,
	}
}

// Classify returns every class that holds for t, most upstream first; never an
// empty slice. channelP99 is the usual source lag of its channel, see
// [LagStats.P99]; 0 or less: not known. It is pure.
//
// What a missing time would decide is not guessed. When no class holds, the
// answer is on_time if occurred, created, first attempt and delivery are all
// known, and unclassified otherwise; so an event that is not delivered yet is
// never on time. A class that is proven is told even while another span is
// not known. channel_late is what is left over: it is never told beside
// found_in_reconciliation or paid_near_expiry.
func (l LagLimits) Classify(t Times, channelP99 time.Duration) []LagClass {
	lags := t.Lags()
	var classes []LagClass
	reconciled := t.Reconciled || lags.Source.Known && lags.Source.Length > l.Reconciled
	nearExpiry := l.nearExpiry(t)
	if !reconciled && !nearExpiry && l.channelLate(lags.Source, channelP99) {
		classes = append(classes, LagChannel)
	}
	if reconciled {
		classes = append(classes, LagReconciled)
	}
	if nearExpiry {
		classes = append(classes, LagNearExpiry)
	}
	if lags.Queue.Known && lags.Queue.Length > l.Queue {
		classes = append(classes, LagDispatcher)
	}
	if t.Retried && lags.Delivery.Known && lags.Delivery.Length > 0 {
		classes = append(classes, LagEndpoint)
	}
	switch {
	case len(classes) > 0:
		return classes
	case lags.Source.Known && lags.Queue.Known && lags.Delivery.Known:
		return []LagClass{LagNone}
	default:
		return []LagClass{LagUnknown}
	}
}

// channelLate compares by division, so that no p99 is too long to multiply.
func (l LagLimits) channelLate(source Span, p99 time.Duration) bool {
	if !source.Known {
		return false
	}
	if source.Length > l.Channel {
		return true
	}
	if p99 <= 0 || l.ChannelFactor <= 0 {
		return false
	}
	factor := time.Duration(l.ChannelFactor)
	whole, rest := source.Length/factor, source.Length%factor
	return whole > p99 || whole == p99 && rest > 0
}

// nearExpiry: it had expired when the event was created, and what it tells of
// happened around that time.
func (l LagLimits) nearExpiry(t Times) bool {
	if t.ExpiresAt.IsZero() || t.CreatedAt.IsZero() || t.OccurredAt.IsZero() || t.ExpiresAt.After(t.CreatedAt) {
		return false
	}
	return t.OccurredAt.Sub(t.ExpiresAt).Abs() <= l.Expiry
}
