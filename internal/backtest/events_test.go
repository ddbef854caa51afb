package backtest

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/hooktest/traffic"
	"github.com/hookvigil/hookvigil/internal/ingest"
	"github.com/hookvigil/hookvigil/probes"
)

// entryOf judges an attempt as a replay does.
func entryOf(a deliveries.Attempt) *ingest.Entry {
	return &ingest.Entry{Attempt: a, Received: a.Completed(), Kind: a.Kind(), Fault: a.Outcome(0), Counts: a.Counts(0)}
}

// follow takes attempts that are no repeats.
func follow(o *events, all []deliveries.Attempt) (delivered int) {
	for i := range all {
		if o.seen.has(numberOf(&all[i])) {
			continue
		}
		if _, ok := o.took(entryOf(all[i])); ok {
			delivered++
		}
	}
	return delivered
}

// left writes what waits and what is lost at a time, in order.
func left(o *events, now time.Time) []string {
	list := []string{}
	o.each(now, func(e *openEvent) { list = append(list, describe(e.event)) })
	slices.Sort(list)
	return list
}

func describe(e deliveries.Event) string {
	return fmt.Sprint(e.Source, " ", e.Endpoint, " ", e.Merchant, " ", e.Channel, " ", e.State, " ", e.FirstAttemptAt, e.NextRetryAt, e.ExhaustsAt, " ", e.LastFault, " ", e.Attempts)
}

func xendit(string) deliveries.Schedule {
	s, _ := deliveries.Preset("xendit")
	return s
}

func newFollowed(most int, schedule func(string) deliveries.Schedule) *events {
	return newEvents(Settings{MostOpen: most, MostKnown: 1 << 20, World: World{Schedule: schedule}}, newKnown(1<<20))
}

// TestEventsAreThoseThatAllTriesMake compares what is followed try by try with
// what all tries of each event make at the end.
func TestEventsAreThoseThatAllTriesMake(t *testing.T) {
	t.Parallel()
	c := traffic.DefaultConfig(7)
	c.Rate, c.Length, c.Healthy, c.Duplicated, c.Repeated = 0.2, 8*time.Hour, 0.2, 0.05, 0.05
	c.Platform.Merchants, c.Platform.Endpoints, c.Dead = 10, 20, []string{"ep-00003"}
	all := slices.Collect(traffic.New(c).Attempts())
	for name, order := range map[string]func(a, b deliveries.Attempt) int{
		"as they came":   func(a, b deliveries.Attempt) int { return a.Completed().Compare(b.Completed()) },
		"the other way":  func(a, b deliveries.Attempt) int { return b.Completed().Compare(a.Completed()) },
		"mixed by names": func(a, b deliveries.Attempt) int { return cmp.Compare(numberOf(&a), numberOf(&b)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mixed := slices.Clone(all)
			slices.SortStableFunc(mixed, order)
			o := newFollowed(1000_000, xendit)
			delivered := follow(o, mixed)
			now := c.Start.Add(c.Length)
			want := waitingOf(mixed)
			if got := left(o, now); !slices.Equal(got, want) || len(want) < 20 || o.beyond != 0 {
				t.Errorf("%d wait, want %d (at least 20)", len(got), len(want))
				for i := range min(len(got), len(want)) {
					if got[i] != want[i] {
						t.Fatalf("got  %s\nwant %s", got[i], want[i])
					}
				}
			}
			if delivered == 0 {
				t.Error("none was delivered after a failure")
			}
		})
	}
}

// waitingOf makes each event of all of its tries at once.
func waitingOf(all []deliveries.Attempt) []string {
	tries, bases, seen := map[string][]deliveries.Try{}, map[string]deliveries.Event{}, map[[16]byte]bool{}
	for _, a := range all {
		if seen[a.Identity()] {
			continue
		}
		seen[a.Identity()] = true
		key := a.Event + a.Endpoint
		bases[key] = deliveries.Event{Source: a.Source, Endpoint: a.Endpoint, Merchant: a.Merchant, Channel: a.Channel, CreatedAt: a.CreatedAt}
		tries[key] = append(tries[key], deliveries.Try{
			Number: a.Number, StartedAt: a.StartedAt, Duration: a.Duration, Status: a.Status, Fault: a.Outcome(0),
		})
	}
	list := []string{}
	for key, some := range tries {
		failed := slices.ContainsFunc(some, func(t deliveries.Try) bool { return t.Fault != probes.FaultNone })
		e := deliveries.EventOf(bases[key], some, xendit(""))
		if failed && (e.Open() || e.State == deliveries.EventExhausted) {
			list = append(list, describe(e))
		}
	}
	slices.Sort(list)
	return list
}

func TestEventsLeaveWhenNothingOfThemMatters(t *testing.T) {
	t.Parallel()
	begin := time.Date(2023, 11, 11, 0, 0, 0, 0, time.UTC)
	try := func(number int, after time.Duration, status int) deliveries.Attempt {
		return deliveries.Attempt{Source: "core", Event: "e", Endpoint: "ep", Number: number, StartedAt: begin.Add(after), Status: status}
	}
	canceled := try(1, 0, 0)
	canceled.Error = "canceled"
	ping := try(1, 0, 500)
	ping.Event = probes.PingIDPrefix + "1"
	testMode := try(1, 0, 500)
	testMode.Mode = deliveries.Test
	nowhere := try(1, 0, 500)
	nowhere.Endpoint = ""
	unknown := func(string) deliveries.Schedule { s, _ := deliveries.Preset(deliveries.Unknown); return s }
	for name, tt := range map[string]struct {
		schedule func(string) deliveries.Schedule
		all      []deliveries.Attempt
		told     time.Duration // it is told of then; 0: at no time
		gone     time.Duration
	}{
		"an overdue event a day after its last try was due": {xendit, []deliveries.Attempt{try(1, 0, 500)}, 48 * time.Hour, 48*time.Hour + 1},
		"an exhausted event a day after its last try":       {xendit, []deliveries.Attempt{try(7, 24*time.Hour, 500)}, 48 * time.Hour, 48*time.Hour + 1},
		"one of unknown schedule a day after its last try":  {unknown, []deliveries.Attempt{try(1, 0, 500), try(2, time.Hour, 500)}, 25 * time.Hour, 25*time.Hour + 1},
		"one that its sender gave up is not told":           {xendit, []deliveries.Attempt{canceled}, 0, 0},
		"a ping is no event":                                {xendit, []deliveries.Attempt{ping}, 0, 0},
		"nor is a test":                                     {xendit, []deliveries.Attempt{testMode}, 0, 0},
		"nor what goes nowhere":                             {xendit, []deliveries.Attempt{nowhere}, 0, 0},
		"nor what is tried again after it was delivered":    {xendit, []deliveries.Attempt{try(1, 0, 200), try(2, time.Hour, 500)}, 0, 0},
		"nor one whose first try is told after a good one":  {xendit, []deliveries.Attempt{try(2, time.Hour, 200), try(1, 0, 500), try(3, 2*time.Hour, 500)}, 0, 0},
		"nor a delivered one":                               {xendit, []deliveries.Attempt{try(1, 0, 500), try(2, time.Hour, 200), try(3, 2*time.Hour, 500)}, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newFollowed(10, tt.schedule)
			follow(o, tt.all)
			if got := left(o, begin.Add(tt.told)); len(got) != map[bool]int{false: 1}[tt.told == 0] {
				t.Errorf("told of %q", got)
			}
			if got := left(o, begin.Add(tt.gone)); tt.told > 0 && (len(got) != 0 || !o.rests() || len(o.places) != 0) {
				t.Errorf("still told of %q", got)
			}
		})
	}
}

func TestEventsAreBounded(t *testing.T) {
	t.Parallel()
	begin := time.Date(2023, 11, 11, 0, 0, 0, 0, time.UTC)
	o := newFollowed(3, xendit)
	var all []deliveries.Attempt
	for i := range 5 {
		all = append(all, deliveries.Attempt{Source: "core", Event: fmt.Sprint("e", i), Endpoint: "ep", Number: 1, StartedAt: begin, Status: 500})
	}
	for i := range 2 * mostTries { // somebody tries the first by hand, again and again
		all = append(all, deliveries.Attempt{
			Source: "core", ID: fmt.Sprint(i), Event: "e0", Endpoint: "ep", Trigger: deliveries.Manual, StartedAt: begin.Add(time.Duration(i+1) * time.Second), Status: 500,
		})
	}
	follow(o, all)
	if len(o.list) != 3 || o.beyond != 2 || len(o.list[0].tries) != mostTries || !o.list[0].event.LastAttemptAt.Equal(begin.Add(2*mostTries*time.Second)) {
		t.Errorf("%d events, %d beyond, %d tries until %s", len(o.list), o.beyond, len(o.list[0].tries), o.list[0].event.LastAttemptAt)
	}
}
