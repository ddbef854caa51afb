package deliveries

import "time"

// Times is what lags are made of: the times of one event at one endpoint. A
// zero time stands for "not said", or for "not yet".
type Times struct {
	OccurredAt     time.Time // what the event tells of happened
	CreatedAt      time.Time // the event was created
	ExpiresAt      time.Time // zero: it does not expire
	FirstAttemptAt time.Time // start of the first attempt
	DeliveredAt    time.Time // of the attempt that was delivered

	Ack        time.Duration // duration of the attempt that was delivered; 0: not said
	Retried    bool          // it took more than one attempt, whoever started them
	Reconciled bool          // the sender, or a [Burst], says that it was found in reconciliation
}

// Span is a stretch of time that may not be known. The zero value is not known.
type Span struct {
	Length time.Duration // never negative; 0 when not known
	Known  bool          // both of its ends are said
	Skewed bool          // the end lay before the start: the clocks disagree, Length is 0
}

// Lags is where the time of one event went.
type Lags struct {
	Source   Span // created - occurred: the payment channel
	Queue    Span // first attempt - created: the sender
	Delivery Span // delivered - first attempt: the endpoint
	Ack      Span // duration of the attempt that was delivered
}

// Lags returns the four spans. One of them whose times are missing is not known.
func (t Times) Lags() Lags {
	return Lags{
		Source:   between(t.OccurredAt, t.CreatedAt),
		Queue:    between(t.CreatedAt, t.FirstAttemptAt),
		Delivery: between(t.FirstAttemptAt, t.DeliveredAt),
		Ack:      spanOf(t.Ack, t.Ack != 0),
	}
}

// Skewed reports whether one of the spans was negative.
func (l Lags) Skewed() bool {
	return l.Source.Skewed || l.Queue.Skewed || l.Delivery.Skewed || l.Ack.Skewed
}

func between(from, to time.Time) Span {
	return spanOf(to.Sub(from), !from.IsZero() && !to.IsZero())
}

func spanOf(length time.Duration, known bool) Span {
	if !known {
		return Span{}
	}
	return Span{Length: max(length, 0), Known: true, Skewed: length < 0}
}
