package deliveries_test

import (
	"encoding/binary"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/probes"
)

// orderTry is one attempt as the tables write it: when it started after noon,
// how it ended, and what to change.
type orderTry struct {
	at     time.Duration
	fault  probes.Fault // "": delivered
	change func(*deliveries.Attempt)
	want   []deliveries.DuplicateClass
}

func (o orderTry) attempt() deliveries.Attempt {
	a := deliveries.Attempt{Source: "core", Endpoint: "ep_1", Event: "evt_1", StartedAt: lagNoon.Add(o.at), Duration: time.Second, CreatedAt: lagNoon}
	if o.change != nil {
		o.change(&a)
	}
	return a
}

func (o orderTry) outcome() probes.Fault {
	if o.fault == "" {
		return probes.FaultNone
	}
	return o.fault
}

func orderNumber(n int) func(*deliveries.Attempt) {
	return func(a *deliveries.Attempt) { a.Number = n }
}

func orderManual(a *deliveries.Attempt) { a.Trigger, a.Actor = deliveries.Manual, "ops@example.com" }

func TestOrderSaysWhatAnAttemptIs(t *testing.T) {
	t.Parallel()
	const m = time.Minute
	type classes = []deliveries.DuplicateClass
	retry, ackLost, success := classes{"retry"}, classes{"retry", "ack_lost_suspect"}, classes{"duplicate_after_success"}
	manual := classes{"manual_duplicate"}
	for name, tries := range map[string][]orderTry{
		"delivered at once":                        {{0, "", orderNumber(1), nil}},
		"a retry":                                  {{0, "http_5xx", orderNumber(1), nil}, {m, "", orderNumber(2), retry}},
		"a retry without its first":                {{m, "", orderNumber(2), retry}},
		"a retry by order alone":                   {{0, "http_5xx", nil, nil}, {m, "", nil, retry}},
		"a retry after a timeout":                  {{0, "timeout_response", orderNumber(1), nil}, {m, "", orderNumber(2), ackLost}},
		"a retry after a reset":                    {{0, "reset", orderNumber(1), nil}, {m, "", orderNumber(2), ackLost}},
		"a retry after a closed connection":        {{0, "closed", orderNumber(1), nil}, {m, "", orderNumber(2), ackLost}},
		"a retry after no connection":              {{0, "timeout_connect", orderNumber(1), nil}, {m, "", orderNumber(2), retry}},
		"only the attempt just before is asked":    {{0, "reset", orderNumber(1), nil}, {m, "http_5xx", orderNumber(2), ackLost}, {2 * m, "", orderNumber(3), retry}},
		"a timeout handed in after its retry":      {{m, "", orderNumber(2), retry}, {0, "timeout_response", orderNumber(1), classes{"ack_lost_suspect"}}},
		"a failure handed in after its retry":      {{m, "", orderNumber(2), retry}, {0, "http_5xx", orderNumber(1), nil}},
		"once more after success":                  {{0, "", orderNumber(1), nil}, {m, "", orderNumber(2), success}},
		"once more after success, in vain":         {{0, "", orderNumber(1), nil}, {m, "http_5xx", orderNumber(2), success}},
		"started as the success ended":             {{0, "", orderNumber(1), nil}, {time.Second, "", orderNumber(2), success}},
		"started just before the success ended":    {{0, "", orderNumber(1), nil}, {time.Second - time.Millisecond, "", orderNumber(2), retry}},
		"after success, handed in before it":       {{m, "", orderNumber(2), retry}, {0, "", orderNumber(1), success}},
		"a success handed in before two known":     {{2 * m, "", orderNumber(2), retry}, {3 * m, "", orderNumber(3), success}, {0, "", orderNumber(1), nil}},
		"by a person after failure":                {{0, "http_5xx", orderNumber(1), nil}, {m, "", orderManual, nil}},
		"by a person after success":                {{0, "", orderNumber(1), nil}, {m, "", orderManual, manual}},
		"by a person after success, before it":     {{m, "http_5xx", orderManual, nil}, {0, "", orderNumber(1), manual}},
		"by a person twice":                        {{0, "http_5xx", orderNumber(1), nil}, {m, "", orderManual, nil}, {2 * m, "", orderManual, manual}},
		"the schedule goes on after a person":      {{0, "reset", orderNumber(1), nil}, {m, "", orderManual, nil}, {2 * m, "", orderNumber(2), success}},
		"a person after a timeout is no retry":     {{0, "timeout_response", orderNumber(1), nil}, {m, "", orderManual, nil}},
		"the sender's own trouble is passed over":  {{0, "", orderNumber(1), nil}, {m, "sender_error", orderNumber(2), nil}},
		"a cancelled one is passed over":           {{0, "", orderNumber(1), nil}, {m, "canceled", orderNumber(2), nil}},
		"test mode is passed over":                 {{0, "", orderNumber(1), nil}, {m, "", func(a *deliveries.Attempt) { a.Number, a.Mode = 2, deliveries.Test }, nil}},
		"a ping is passed over":                    {{0, "", orderNumber(1), nil}, {m, "", func(a *deliveries.Attempt) { a.Number, a.Type = 2, probes.PingType }, nil}},
		"no event":                                 {{0, "", func(a *deliveries.Attempt) { a.Event, a.Number = "", 2 }, nil}},
		"no start":                                 {{0, "", func(a *deliveries.Attempt) { a.StartedAt, a.Number = time.Time{}, 2 }, nil}},
		"another endpoint":                         {{0, "", orderNumber(1), nil}, {m, "", func(a *deliveries.Attempt) { a.Number, a.Endpoint = 1, "ep_2" }, nil}},
		"another URL where no endpoint is known":   {{0, "", orderPlace("https://a"), nil}, {m, "", orderPlace("https://b"), nil}},
		"the same URL where no endpoint is known":  {{0, "", orderPlace("https://a"), nil}, {m, "", orderPlace("https://a"), success}},
		"kept for 72 h":                            {{0, "", orderNumber(1), nil}, {72 * time.Hour, "", orderNumber(2), success}},
		"forgotten after 72 h":                     {{0, "", orderNumber(1), nil}, {72*time.Hour + m, "", orderNumber(2), retry}},
		"another event that tells the same":        {{0, "", orderEvent("e1", "payout", "k1"), nil}, {m, "", orderEvent("e2", "payout", "k1"), classes{"semantic_duplicate"}}},
		"that one again":                           {{0, "", orderEvent("e1", "payout", "k1"), nil}, {m, "reset", orderEvent("e2", "payout", "k1"), classes{"semantic_duplicate"}}, {2 * m, "", orderEvent("e2", "payout", "k1"), ackLost}},
		"the same key at another endpoint":         {{0, "", orderEvent("e1", "payout", "k1"), nil}, {m, "", func(a *deliveries.Attempt) { orderEvent("e2", "payout", "k1")(a); a.Endpoint = "ep_2" }, nil}},
		"another type for the same key":            {{0, "", orderEvent("e1", "plan.activated", "k1"), nil}, {m, "", orderEvent("e2", "cycle.succeeded", "k1"), nil}},
		"another key for the same type":            {{0, "", orderEvent("e1", "payout", "k1"), nil}, {m, "", orderEvent("e2", "payout", "k2"), nil}},
		"no key":                                   {{0, "", orderEvent("e1", "payout", ""), nil}, {m, "", orderEvent("e2", "payout", ""), nil}},
		"no type":                                  {{0, "", orderEvent("e1", "", "k1"), nil}, {m, "", orderEvent("e2", "", "k1"), nil}},
		"type and key are not run into one":        {{0, "", orderEvent("e1", "ab", "c"), nil}, {m, "", orderEvent("e2", "a", "bc"), nil}},
		"a key and an event of the same name":      {{0, "", orderEvent("x", "x", "x"), nil}, {m, "", orderEvent("y", "x", "y"), nil}},
		"a first attempt handed in after a retry":  {{m, "http_5xx", orderNumber(2), retry}, {0, "http_5xx", orderNumber(1), nil}},
		"two without a number, the later one last": {{0, "reset", nil, nil}, {m, "", nil, ackLost}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := deliveries.NewOrder(deliveries.OrderOptions{})
			for i, try := range tries {
				if got := o.Took(try.attempt(), try.outcome()); !slices.Equal(got, try.want) {
					t.Errorf("attempt %d is %q, want %q", i, got, try.want)
				}
			}
		})
	}
}

func orderPlace(url string) func(*deliveries.Attempt) {
	return func(a *deliveries.Attempt) { a.Endpoint, a.Merchant, a.URL = "", "m_1", url }
}

func orderEvent(event, kind, key string) func(*deliveries.Attempt) {
	return func(a *deliveries.Attempt) { a.Event, a.Type, a.Key = event, kind, key }
}

func TestOrderFindsEventsDeliveredOutOfOrder(t *testing.T) {
	t.Parallel()
	const m = time.Minute
	// of is an event of key k that was created and delivered at minutes after noon.
	of := func(event string, created, delivered int, key string) orderTry {
		return orderTry{time.Duration(delivered) * m, "", func(a *deliveries.Attempt) {
			a.Event, a.Key, a.CreatedAt = event, key, lagNoon.Add(time.Duration(created)*m)
		}, nil}
	}
	failed := of("a", 0, 1, "k")
	failed.fault = "http_5xx"
	nowhere := of("b", 1, 2, "k")
	nowhere.change = func(a *deliveries.Attempt) { a.Event, a.Key, a.CreatedAt = "b", "k", time.Time{} }
	for name, tt := range map[string]struct {
		tries   []orderTry
		want    int
		largest time.Duration
	}{
		"in order":                         {[]orderTry{of("a", 0, 10, "k"), of("b", 1, 11, "k")}, 0, 0},
		"out of order":                     {[]orderTry{of("b", 1, 10, "k"), of("a", 0, 11, "k")}, 1, m},
		"in order, handed in out of it":    {[]orderTry{of("b", 1, 11, "k"), of("a", 0, 10, "k")}, 0, 0},
		"out of order, handed in in order": {[]orderTry{of("a", 0, 11, "k"), of("b", 1, 10, "k")}, 1, m},
		"two overtaken by one":             {[]orderTry{of("c", 9, 10, "k"), of("a", 0, 11, "k"), of("b", 1, 12, "k")}, 2, 9 * m},
		"overtaken by the last created":    {[]orderTry{of("a", 0, 10, "k"), of("c", 9, 11, "k"), of("b", 5, 12, "k")}, 1, 4 * m},
		"created together":                 {[]orderTry{of("b", 0, 10, "k"), of("a", 0, 11, "k")}, 0, 0},
		"created together, the other way":  {[]orderTry{of("b", 0, 11, "k"), of("a", 0, 10, "k")}, 0, 0},
		"delivered together":               {[]orderTry{of("b", 1, 10, "k"), of("a", 0, 10, "k")}, 0, 0},
		"another key":                      {[]orderTry{of("b", 1, 10, "k"), of("a", 0, 11, "l")}, 0, 0},
		"no key":                           {[]orderTry{of("b", 1, 10, ""), of("a", 0, 11, "")}, 0, 0},
		"the failure does not count":       {[]orderTry{failed, of("b", 1, 2, "k"), of("a", 0, 30, "k")}, 1, m},
		"an event counts once":             {[]orderTry{of("b", 1, 10, "k"), of("a", 0, 11, "k"), of("a", 0, 20, "k")}, 1, m},
		"when it was created is missing":   {[]orderTry{nowhere, of("a", 0, 30, "k")}, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := deliveries.NewOrder(deliveries.OrderOptions{})
			for _, try := range tt.tries {
				o.Took(try.attempt(), try.outcome())
			}
			if got := o.Report().Start; got.Inversions != tt.want || got.LargestInversion != tt.largest {
				t.Errorf("%d inversions, largest %s; want %d, %s", got.Inversions, got.LargestInversion, tt.want, tt.largest)
			}
		})
	}
}

func TestOrderReportsTheLastQuarterAndDay(t *testing.T) {
	t.Parallel()
	o := deliveries.NewOrder(deliveries.OrderOptions{})
	for i, ago := range []time.Duration{0, 14 * time.Minute, 15 * time.Minute, 24*time.Hour - time.Minute, 24 * time.Hour, 60 * time.Hour} {
		a := deliveries.Attempt{Endpoint: "ep", Event: fmt.Sprint(i), Number: 2, StartedAt: lagNoon.Add(-ago)}
		o.Took(a, probes.FaultHTTP5xx) // newest first: the others come late
	}
	got := o.Report()
	want := deliveries.OrderReport{
		Until:   lagNoon,
		Start:   deliveries.OrderCounts{Attempts: 6, Retries: 6},
		Last24h: deliveries.OrderCounts{Attempts: 4, Retries: 4},
		Last15m: deliveries.OrderCounts{Attempts: 2, Retries: 2},
		Keys:    6,
	}
	if got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	o.Took(deliveries.Attempt{Endpoint: "ep", Event: "a day later", Number: 1, StartedAt: lagNoon.Add(24 * time.Hour)}, probes.FaultNone)
	if got := o.Report(); got.Last24h != (deliveries.OrderCounts{Attempts: 1}) || got.Last15m != got.Last24h {
		t.Errorf("a day later %+v", got)
	}
}

func TestOrderCountsEveryClass(t *testing.T) {
	t.Parallel()
	o := deliveries.NewOrder(deliveries.OrderOptions{})
	for _, try := range []orderTry{
		{0, "reset", orderEvent("e1", "payout", "k"), nil},
		{time.Minute, "", orderEvent("e1", "payout", "k"), nil},
		{2 * time.Minute, "", orderEvent("e1", "payout", "k"), nil},
		{3 * time.Minute, "", func(a *deliveries.Attempt) { orderEvent("e1", "payout", "k")(a); orderManual(a) }, nil},
		{4 * time.Minute, "", func(a *deliveries.Attempt) {
			orderEvent("e2", "payout", "k")(a)
			a.CreatedAt = a.CreatedAt.Add(-time.Second)
		}, nil},
	} {
		o.Took(try.attempt(), try.outcome())
	}
	want := deliveries.OrderCounts{Attempts: 5, Retries: 1, AckLost: 1, AfterSuccess: 1, Manual: 1, Semantic: 1, Inversions: 1, LargestInversion: time.Second}
	if got := o.Report().Start; got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestOrderForgetsTheOldestFirstAndSaysSo(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		others int
		want   bool // the first event is remembered
	}{
		"room for all":     {9, true},
		"one more than it": {10, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := deliveries.NewOrder(deliveries.OrderOptions{Keys: 10})
			for i := range tt.others + 1 {
				o.Took(deliveries.Attempt{Endpoint: "ep", Event: fmt.Sprint(i), Number: 1, StartedAt: lagNoon}, probes.FaultNone)
			}
			if got := o.Report(); got.LowerBound == tt.want || (got.Dropped == 0) != tt.want || got.Keys != 10 {
				t.Errorf("report %+v", got)
			}
			again := o.Took(deliveries.Attempt{Endpoint: "ep", Event: "0", Number: 2, StartedAt: lagNoon.Add(time.Hour)}, probes.FaultNone)
			if got := slices.Equal(again, []deliveries.DuplicateClass{deliveries.DuplicateSuccess}); got != tt.want {
				t.Errorf("the first event again is %q", again)
			}
		})
	}
}

// orderTries draws attempts of few events and keys, so that they meet.
func orderTries(rt *rapid.T) []orderTry {
	return rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) orderTry {
		number := rapid.IntRange(0, 4).Draw(rt, "number")
		event := rapid.IntRange(0, 12).Draw(rt, "event")
		by := rapid.SampledFrom([]deliveries.Trigger{"", deliveries.Automatic, deliveries.Manual}).Draw(rt, "trigger")
		created := time.Duration(rapid.IntRange(-5, 5).Draw(rt, "created")) * time.Hour
		return orderTry{
			at:    time.Duration(rapid.IntRange(0, 100*60).Draw(rt, "minute")) * time.Minute,
			fault: rapid.SampledFrom([]probes.Fault{"", "", "http_5xx", "reset", "timeout_response", "sender_error"}).Draw(rt, "fault"),
			change: func(a *deliveries.Attempt) {
				a.Event, a.Number, a.Trigger = fmt.Sprint(event), number, by
				a.Type, a.Key = "payout", fmt.Sprint(event%4)
				a.CreatedAt = a.CreatedAt.Add(created)
			},
		}
	}), 1, 120).Draw(rt, "tries")
}

func TestOrderIsBoundedAndDeterministic(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		options := deliveries.OrderOptions{
			Keys: rapid.IntRange(1, 40).Draw(rt, "keys"),
			Keep: time.Duration(rapid.IntRange(1, 100).Draw(rt, "keep")) * time.Hour,
		}
		x, y := deliveries.NewOrder(options), deliveries.NewOrder(options)
		counted := 0
		for _, try := range orderTries(rt) {
			a := try.attempt()
			if got, want := x.Took(a, try.outcome()), y.Took(a, try.outcome()); !slices.Equal(got, want) {
				rt.Fatalf("%q and %q for the same attempt", got, want)
			}
			if try.fault != "sender_error" {
				counted++
			}
			r := x.Report()
			if r.Keys > options.Keys {
				rt.Fatalf("%d keys, at most %d", r.Keys, options.Keys)
			}
			if r.LowerBound != (r.Dropped > 0) || r.Start.Attempts != counted || r.Last24h.Attempts > counted || r.Last15m.Attempts > r.Last24h.Attempts {
				rt.Fatalf("after %d attempts %+v", counted, r)
			}
		}
		if x.Report() != y.Report() {
			rt.Fatalf("%+v\n%+v", x.Report(), y.Report())
		}
	})
}

// TestOrderCountsAlikeInWhateverOrder: for failures of one event, each start
// once, the order of handing in does not matter.
func TestOrderCountsAlikeInWhateverOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		var tries []orderTry
		for i, fault := range rapid.SliceOfN(rapid.SampledFrom([]probes.Fault{"http_5xx", "reset", "closed"}), 1, 12).Draw(rt, "faults") {
			tries = append(tries, orderTry{time.Duration(i) * time.Minute, fault, orderNumber(i + 1), nil})
		}
		suspects := 0
		for _, try := range tries[:len(tries)-1] {
			if try.fault != "http_5xx" {
				suspects++
			}
		}
		o := deliveries.NewOrder(deliveries.OrderOptions{})
		for _, try := range rapid.Permutation(tries).Draw(rt, "order") {
			o.Took(try.attempt(), try.fault)
		}
		want := deliveries.OrderCounts{Attempts: len(tries), Retries: len(tries) - 1, AckLost: suspects}
		if got := o.Report().Start; got != want {
			rt.Fatalf("got %+v, want %+v", got, want)
		}
	})
}

// BenchmarkOrder fills an Order to its default bound, then goes on: each
// attempt is a new event with a business key, the costliest kind.
func BenchmarkOrder(b *testing.B) {
	names := strings.Repeat("0", 16)
	attempt := func(i int) deliveries.Attempt {
		name := fmt.Sprintf("%s%09d", names, i)
		return deliveries.Attempt{Source: "core", Endpoint: "ep_1", Event: name, Type: "payout", Key: name, Number: 1,
			StartedAt: lagNoon.Add(time.Duration(i) * time.Millisecond), CreatedAt: lagNoon}
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	o := deliveries.NewOrder(deliveries.OrderOptions{})
	i := 0
	for ; i < 400_000; i++ { // three keys each: full, and beyond
		o.Took(attempt(i), probes.FaultNone)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	many := make([]deliveries.Attempt, 4096)
	for j := range many {
		many[j] = attempt(i + j)
	}
	b.ReportAllocs()
	event := make([]byte, 8)
	for n := uint64(0); b.Loop(); n++ {
		a := many[n%uint64(len(many))]
		binary.BigEndian.PutUint64(event, n)
		a.Event, a.Key = string(event), string(event)
		o.Took(a, probes.FaultNone)
	}
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/1e6, "B/key")
}
