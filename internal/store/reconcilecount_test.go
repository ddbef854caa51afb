package store

import (
	"cmp"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/rules"
)

// putEvents stores events as the ledger does.
func putEvents(tb testing.TB, s *Store, events ...deliveries.Event) {
	tb.Helper()
	err := s.facts.write(tb.Context(), func(tx *sql.Tx) error {
		for _, e := range events {
			row := storedEvent{Event: e}
			if _, err := tx.ExecContext(tb.Context(), `INSERT INTO open_event (`+eventColumns+`) VALUES `+tuples(1, eventColumnCount), row.args()...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
}

// anyEvent is an event of a few endpoints and channels, in any state, that
// first failed within the 48 h before midday.
func anyEvent(rng *rand.Rand, i int) deliveries.Event {
	n := rng.IntN(6)
	first := midday.Add(-time.Duration(rng.Int64N(int64(48 * time.Hour)))).Truncate(time.Microsecond)
	e := deliveries.Event{
		Source: "core", ID: fmt.Sprint("evt-", i), Endpoint: fmt.Sprint("ep-", n), Merchant: fmt.Sprint("m-", n/2),
		Type: fmt.Sprint("type-", rng.IntN(2)), Product: fmt.Sprint("P-", rng.IntN(2)), Channel: []string{"", "ID_BCA", "QR"}[rng.IntN(3)],
		Schedule: []string{"xendit", "svix", "hook0", deliveries.Learnt, "unknown"}[rng.IntN(5)],
		State: []deliveries.EventState{
			deliveries.EventPending, deliveries.EventRetrying, deliveries.EventRetrying, deliveries.EventDelivered, deliveries.EventExhausted, deliveries.EventCanceled,
		}[rng.IntN(6)],
		FirstAttemptAt: first, LastAttemptAt: first.Add(time.Duration(rng.IntN(600)) * time.Minute), Attempts: 2,
		FirstFault: probes.FaultRefused, LastFault: probes.FaultRefused,
	}
	switch {
	case e.State == deliveries.EventDelivered:
		e.DeliveredAt = e.LastAttemptAt
		if rng.IntN(4) == 0 { // a later try failed: a duplicate
			e.FirstFault = probes.FaultNone
		}
	case e.Open() && rng.IntN(5) > 0:
		e.NextRetryAt = first.Add(time.Duration(rng.IntN(70)) * time.Hour)
		e.ExhaustsAt = e.NextRetryAt.Add(time.Duration(rng.IntN(10)) * time.Hour)
	}
	return e
}

// ofScope reports whether an event belongs to one of the scopes.
func ofScope(e deliveries.Event, scopes []rules.Scope) bool {
	return slices.ContainsFunc(scopes, func(s rules.Scope) bool {
		switch kind, id := s.Split(); kind {
		case rules.ScopeProduct:
			return e.Product == id
		case rules.ScopeChannel:
			return e.Channel == id
		case rules.ScopeType:
			return e.Type == id
		case rules.ScopeMerchant:
			return e.Merchant == id
		case rules.ScopeEndpoint:
			return e.Endpoint == id
		default:
			return s == rules.ScopePlatform
		}
	})
}

// countOneByOne is what is counted by channel or product, told from each event alone.
func countOneByOne(events []deliveries.Event, in alerting.Incident, now time.Time, of func(deliveries.Event) string) []alerting.FailedCount {
	counts := map[string]alerting.FailedCount{}
	from, to := in.FailedSpan(now)
	for _, e := range events {
		if e.FirstAttemptAt.Before(from) || !e.FirstAttemptAt.Before(to) || e.FirstFault == probes.FaultNone || !ofScope(e, in.FailedScopes()) {
			continue
		}
		name := of(e)
		c := counts[name]
		c.Name = name
		c.Failed++
		switch e.StateAt(now) {
		case deliveries.EventDelivered:
			c.Redelivered++
			c.DeliveredAt = later(c.DeliveredAt, e.DeliveredAt)
		case deliveries.EventExhausted, deliveries.EventCanceled:
			c.Exhausted++
		default:
			c.Waiting++
			c.ExpectedAt = later(c.ExpectedAt, e.NextRetryAt)
		}
		counts[name] = c
	}
	list := []alerting.FailedCount{}
	for _, c := range counts {
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b alerting.FailedCount) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

func channelOf(e deliveries.Event) string { return e.Channel }
func productOf(e deliveries.Event) string { return e.Product }

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// TestEventsAreCountedAsIfOneByOne: whatever index is used, and whether it is
// the row or the clock that says that no try is left.
func TestEventsAreCountedAsIfOneByOne(t *testing.T) {
	t.Parallel()
	s, rng := openStore(t, t.TempDir()), rand.New(rand.NewPCG(3, 4))
	events := make([]deliveries.Event, 1000)
	for i := range events {
		events[i] = anyEvent(rng, i)
	}
	putEvents(t, s, events...)
	members := func(scopes ...rules.Scope) (list []alerting.Membership) {
		for _, scope := range scopes {
			list = append(list, alerting.Membership{Key: rules.Key{Scope: scope}})
		}
		return list
	}
	told := append(members("endpoint:ep-5"), alerting.Membership{Key: rules.Key{Scope: "endpoint:ep-3"}, Merchant: "m-1"})
	for name, in := range map[string]alerting.Incident{
		"platform":                    {Scope: rules.ScopePlatform},
		"channel":                     {Scope: "channel:QR"},
		"two channels":                {Scope: "channel:QR", Members: members("channel:ID_BCA")},
		"product":                     {Scope: "product:P-1"},
		"type":                        {Scope: "type:type-0"},
		"merchant":                    {Scope: "merchant:m-1"},
		"endpoint":                    {Scope: "endpoint:ep-2", Merchant: "m-1"},
		"cause of endpoints":          {Rule: alerting.RuleCommonCause, Scope: rules.ScopePlatform, Members: members("endpoint:ep-0", "endpoint:ep-4")},
		"members with their merchant": {Rule: alerting.RuleCommonCause, Scope: rules.ScopePlatform, Members: told},
		"nothing that fails":          {Scope: "channel:none"},
		"an endpoint without events":  {Scope: "endpoint:none"},
		"a target":                    {Scope: "target:t"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, span := range [][2]time.Duration{{-50 * time.Hour, 0}, {-30 * time.Hour, -26 * time.Hour}, {-time.Hour, 0}, {-90 * time.Hour, -80 * time.Hour}} {
				in.StartedAt, in.ResolvedAt = midday.Add(span[0]), midday.Add(span[1])
				for _, now := range []time.Time{midday, midday.Add(20 * time.Hour), midday.Add(200 * time.Hour)} {
					got, err := s.CountFailed(t.Context(), in, now)
					if want := countOneByOne(events, in, now, channelOf); err != nil || !slices.Equal(got, want) {
						t.Errorf("%s at %s: %v\ngot  %v\nwant %v", span, now, err, got, want)
					}
					got, err = s.CountFailedProducts(t.Context(), in, now)
					if want := countOneByOne(events, in, now, productOf); err != nil || !slices.Equal(got, want) {
						t.Errorf("products, %s at %s: %v\ngot  %v\nwant %v", span, now, err, got, want)
					}
				}
			}
		})
	}
}

func TestAnEventThatFailsTheMomentAnIncidentEndsIsNotOfIt(t *testing.T) {
	t.Parallel()
	s := openStore(t, t.TempDir())
	event := func(id string, at time.Time) deliveries.Event {
		return deliveries.Event{
			Source: "core", ID: id, Endpoint: "e", Merchant: "m", Schedule: "xendit", State: deliveries.EventRetrying,
			FirstAttemptAt: at, LastAttemptAt: at, Attempts: 1, FirstFault: probes.FaultRefused, LastFault: probes.FaultRefused,
		}
	}
	putEvents(t, s, event("before", midday.Add(-time.Minute-time.Microsecond)), event("first", midday.Add(-time.Minute)),
		event("last", midday.Add(time.Hour-time.Microsecond)), event("after", midday.Add(time.Hour)))
	got, err := s.CountFailed(t.Context(), alerting.Incident{Scope: rules.ScopePlatform, StartedAt: midday, ResolvedAt: midday.Add(time.Hour)}, midday.Add(2*time.Hour))
	if err != nil || len(got) != 1 || got[0].Failed != 2 {
		t.Errorf("got %v, %v, want 2 of one channel", got, err)
	}
}
