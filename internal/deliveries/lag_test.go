package deliveries_test

import (
	"slices"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
)

// lagNoon is when the events of these tests are created.
var lagNoon = time.Date(2023, 11, 11, 12, 0, 0, 0, time.UTC) // read-only

func TestLagsAreFourSpansEachKnownOrNot(t *testing.T) {
	t.Parallel()
	known := func(d time.Duration) deliveries.Span { return deliveries.Span{Length: d, Known: true} }
	skewed := deliveries.Span{Known: true, Skewed: true}
	for name, tt := range map[string]struct {
		in     deliveries.Times
		want   deliveries.Lags
		skewed bool
	}{
		"nothing is said": {},
		"all is said": {
			in: deliveries.Times{OccurredAt: lagNoon.Add(-time.Minute), CreatedAt: lagNoon, FirstAttemptAt: lagNoon.Add(2 * time.Second),
				DeliveredAt: lagNoon.Add(15*time.Minute + 2*time.Second), Ack: 300 * time.Millisecond},
			want: deliveries.Lags{Source: known(time.Minute), Queue: known(2 * time.Second), Delivery: known(15 * time.Minute), Ack: known(300 * time.Millisecond)},
		},
		"no time between": {
			in:   deliveries.Times{OccurredAt: lagNoon, CreatedAt: lagNoon, FirstAttemptAt: lagNoon, DeliveredAt: lagNoon},
			want: deliveries.Lags{Source: known(0), Queue: known(0), Delivery: known(0)},
		},
		"when it was created is missing": {
			in:   deliveries.Times{OccurredAt: lagNoon, FirstAttemptAt: lagNoon, DeliveredAt: lagNoon.Add(time.Second)},
			want: deliveries.Lags{Delivery: known(time.Second)},
		},
		"not delivered yet": {
			in:   deliveries.Times{CreatedAt: lagNoon, FirstAttemptAt: lagNoon.Add(time.Second)},
			want: deliveries.Lags{Queue: known(time.Second)},
		},
		"created before it happened": {
			in:     deliveries.Times{OccurredAt: lagNoon.Add(time.Nanosecond), CreatedAt: lagNoon, FirstAttemptAt: lagNoon},
			want:   deliveries.Lags{Source: skewed, Queue: known(0)},
			skewed: true,
		},
		"tried before it was created": {
			in:     deliveries.Times{CreatedAt: lagNoon, FirstAttemptAt: lagNoon.Add(-time.Hour)},
			want:   deliveries.Lags{Queue: skewed},
			skewed: true,
		},
		"delivered before it was tried": {
			in:     deliveries.Times{FirstAttemptAt: lagNoon, DeliveredAt: lagNoon.Add(-1)},
			want:   deliveries.Lags{Delivery: skewed},
			skewed: true,
		},
		"a negative duration": {in: deliveries.Times{Ack: -1}, want: deliveries.Lags{Ack: skewed}, skewed: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := tt.in.Lags()
			if got != tt.want {
				t.Errorf("got  %+v\nwant %+v", got, tt.want)
			}
			if got.Skewed() != tt.skewed {
				t.Errorf("skewed %t, want %t", got.Skewed(), tt.skewed)
			}
		})
	}
}

// lagTimes is an event in time in all respects, changed by change.
func lagTimes(change func(*deliveries.Times)) deliveries.Times {
	t := deliveries.Times{
		OccurredAt: lagNoon.Add(-2 * time.Second), CreatedAt: lagNoon,
		FirstAttemptAt: lagNoon.Add(time.Second), DeliveredAt: lagNoon.Add(time.Second), Ack: 200 * time.Millisecond,
	}
	if change != nil {
		change(&t)
	}
	return t
}

func TestClassifySaysWhoWasLate(t *testing.T) {
	t.Parallel()
	const (
		channel    = deliveries.LagChannel
		reconciled = deliveries.LagReconciled
		expiry     = deliveries.LagNearExpiry
		dispatcher = deliveries.LagDispatcher
		endpoint   = deliveries.LagEndpoint
		unknown    = deliveries.LagUnknown
		none       = deliveries.LagNone
	)
	type times = deliveries.Times
	source := func(lag time.Duration) func(*times) {
		return func(t *times) { t.OccurredAt = t.CreatedAt.Add(-lag) }
	}
	queue := func(lag time.Duration) func(*times) {
		return func(t *times) {
			t.FirstAttemptAt = t.CreatedAt.Add(lag)
			t.DeliveredAt = t.FirstAttemptAt
		}
	}
	delivery := func(lag time.Duration, retried bool) func(*times) {
		return func(t *times) { t.DeliveredAt, t.Retried = t.FirstAttemptAt.Add(lag), retried }
	}
	// expired: it expired so long before it was created, and was paid so long before (after, if negative) it expired.
	expired := func(ago, paid time.Duration) func(*times) {
		return func(t *times) {
			t.ExpiresAt = t.CreatedAt.Add(-ago)
			t.OccurredAt = t.ExpiresAt.Add(-paid)
		}
	}
	for name, tt := range map[string]struct {
		change func(*times)
		p99    time.Duration
		want   []deliveries.LagClass
	}{
		"in time": {nil, 0, []deliveries.LagClass{none}},

		"D1 the channel was late":              {source(20 * time.Minute), 0, []deliveries.LagClass{channel}},
		"D1 exactly 5 min":                     {source(5 * time.Minute), 0, []deliveries.LagClass{none}},
		"D1 just over 5 min":                   {source(5*time.Minute + 1), 0, []deliveries.LagClass{channel}},
		"D1 exactly three times its p99":       {source(60 * time.Second), 20 * time.Second, []deliveries.LagClass{none}},
		"D1 just over three times its p99":     {source(60*time.Second + 1), 20 * time.Second, []deliveries.LagClass{channel}},
		"D1 over 5 min of a slow channel":      {source(5*time.Minute + 1), time.Hour, []deliveries.LagClass{channel}},
		"D1 a p99 that cannot be multiplied":   {source(5 * time.Minute), 1<<63 - 1, []deliveries.LagClass{none}},
		"D1 a p99 below zero is none":          {source(time.Minute), -1, []deliveries.LagClass{none}},
		"D1 the clocks disagree":               {source(-time.Hour), time.Nanosecond, []deliveries.LagClass{none}},
		"D2 found in reconciliation":           {source(26 * time.Hour), 0, []deliveries.LagClass{reconciled}},
		"D2 exactly 6 h":                       {source(6 * time.Hour), 0, []deliveries.LagClass{channel}},
		"D2 just over 6 h":                     {source(6*time.Hour + 1), 0, []deliveries.LagClass{reconciled}},
		"D2 the sender says so":                {func(t *times) { t.Reconciled = true }, 0, []deliveries.LagClass{reconciled}},
		"D2 the sender says so, and no more":   {func(t *times) { *t = times{Reconciled: true} }, 0, []deliveries.LagClass{reconciled}},
		"D3 paid near expiry":                  {expired(2*time.Minute, time.Minute), 0, []deliveries.LagClass{expiry}},
		"D3 expired as it was created":         {expired(0, time.Minute), 0, []deliveries.LagClass{expiry}},
		"D3 expired just after it was created": {expired(-1, time.Minute), 0, []deliveries.LagClass{none}},
		"D3 paid exactly 5 min before":         {expired(0, 5*time.Minute), 0, []deliveries.LagClass{expiry}},
		"D3 paid just over 5 min before":       {expired(0, 5*time.Minute+1), 0, []deliveries.LagClass{channel}},
		"D3 paid exactly 5 min after":          {expired(10*time.Minute, -5*time.Minute), 0, []deliveries.LagClass{expiry}},
		"D3 paid just over 5 min after":        {expired(10*time.Minute, -5*time.Minute-1), 0, []deliveries.LagClass{none}},
		"D3 near expiry and the channel late":  {expired(20*time.Minute, time.Minute), 0, []deliveries.LagClass{expiry}},
		"D2 and D3":                            {expired(7*time.Hour, time.Minute), 0, []deliveries.LagClass{reconciled, expiry}},
		"D3 nobody knows when it was paid":     {func(t *times) { t.OccurredAt, t.ExpiresAt = time.Time{}, t.CreatedAt }, 0, []deliveries.LagClass{unknown}},
		"D4 the sender was late":               {queue(10 * time.Minute), 0, []deliveries.LagClass{dispatcher}},
		"D4 exactly 60 s":                      {queue(60 * time.Second), 0, []deliveries.LagClass{none}},
		"D4 just over 60 s":                    {queue(60*time.Second + 1), 0, []deliveries.LagClass{dispatcher}},
		"D4 the clocks disagree":               {queue(-time.Hour), 0, []deliveries.LagClass{none}},
		"D5 the endpoint needed retries":       {delivery(15*time.Minute, true), 0, []deliveries.LagClass{endpoint}},
		"D5 at once, after a retry":            {delivery(1, true), 0, []deliveries.LagClass{endpoint}},
		"D5 no time passed":                    {delivery(0, true), 0, []deliveries.LagClass{none}},
		"D5 a slow answer is no retry":         {delivery(20*time.Second, false), 0, []deliveries.LagClass{none}},
		"all but D1": {func(t *times) {
			*t = times{OccurredAt: lagNoon.Add(-7 * time.Hour), ExpiresAt: lagNoon.Add(-7 * time.Hour), CreatedAt: lagNoon,
				FirstAttemptAt: lagNoon.Add(time.Hour), DeliveredAt: lagNoon.Add(2 * time.Hour), Retried: true}
		}, 0, []deliveries.LagClass{reconciled, expiry, dispatcher, endpoint}},
		"D1, D4 and D5": {func(t *times) {
			*t = times{OccurredAt: lagNoon.Add(-time.Hour), CreatedAt: lagNoon,
				FirstAttemptAt: lagNoon.Add(time.Hour), DeliveredAt: lagNoon.Add(2 * time.Hour), Retried: true}
		}, 0, []deliveries.LagClass{channel, dispatcher, endpoint}},

		"nothing is said":                           {func(t *times) { *t = times{} }, 0, []deliveries.LagClass{unknown}},
		"when it happened is missing":               {func(t *times) { t.OccurredAt = time.Time{} }, 0, []deliveries.LagClass{unknown}},
		"when it was created is missing":            {func(t *times) { t.CreatedAt = time.Time{} }, 0, []deliveries.LagClass{unknown}},
		"when it was first tried is missing":        {func(t *times) { t.FirstAttemptAt = time.Time{} }, 0, []deliveries.LagClass{unknown}},
		"not delivered yet":                         {func(t *times) { t.DeliveredAt = time.Time{} }, 0, []deliveries.LagClass{unknown}},
		"not delivered yet, in spite of retries":    {func(t *times) { t.DeliveredAt, t.Retried = time.Time{}, true }, 0, []deliveries.LagClass{unknown}},
		"what is proven is told beside what is not": {func(t *times) { delivery(time.Hour, true)(t); t.OccurredAt = time.Time{} }, 0, []deliveries.LagClass{endpoint}},
		"it does not say that it expires":           {func(t *times) { source(time.Hour)(t); t.ExpiresAt = time.Time{} }, 0, []deliveries.LagClass{channel}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := deliveries.DefaultLagLimits().Classify(lagTimes(tt.change), tt.p99); !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestLagClassesAreAClosedSet(t *testing.T) {
	t.Parallel()
	got := deliveries.LagClasses()
	want := []deliveries.LagClass{"channel_late", "found_in_reconciliation", "paid_near_expiry", "dispatcher_late", "endpoint_late", "unclassified", "on_time"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	got[0] = "changed"
	if again := deliveries.LagClasses(); again[0] != want[0] {
		t.Error("a caller changed the set")
	}
}

func TestALimitOfYourOwn(t *testing.T) {
	t.Parallel()
	limits := deliveries.LagLimits{Channel: time.Hour, Reconciled: 48 * time.Hour, Queue: time.Second}
	late := lagTimes(func(t *deliveries.Times) { t.OccurredAt = t.CreatedAt.Add(-time.Hour) })
	if got := limits.Classify(late, time.Minute); !slices.Equal(got, []deliveries.LagClass{deliveries.LagNone}) {
		t.Errorf("with no factor, a lag of the limit is %q", got)
	}
}
