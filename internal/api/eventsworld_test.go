package api_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/hookvigil/hookvigil/internal/api"
	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest"
	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/probes"
)

// fakeEvents is a history in memory. A cursor is the number of rows that were
// looked at.
type fakeEvents struct {
	mu       sync.Mutex
	events   []deliveries.Event // newest first
	told     []ingest.Told      // by start
	queries  []ingest.EventQuery
	attempts []ingest.AttemptQuery
	facets   []string // asked for, with their limits
	careless bool     // answers for all merchants, whoever is asked for
	err      error    // answered by everything
}

// oddSource and oddEvent are full of what paths have a use for.
const (
	oddSource = `a/b c`
	oddEvent  = `../evt/7?x=1#%2F é;`
)

// newFakeEvents has an event that retries at two merchants' endpoints, one
// that is lost, one of nobody, and one with an odd name.
func newFakeEvents() *fakeEvents {
	event := func(source, id, endpoint, merchant string) deliveries.Event {
		return deliveries.Event{
			Source: source, ID: id, Endpoint: endpoint, Merchant: merchant, Type: "payout.succeeded", Product: "PAYOUT", Channel: "ID_BCA", Key: "disb-1",
			Schedule: "xendit", State: deliveries.EventRetrying, CreatedAt: at, FirstAttemptAt: at.Add(time.Second), LastAttemptAt: at.Add(15 * time.Minute),
			NextRetryAt: at.Add(time.Hour), ExhaustsAt: farAway, Attempts: 2, ManualAttempts: 1,
			FirstFault: probes.FaultTimeoutResponse, LastFault: probes.FaultHTTP5xx, LastStatus: 503,
		}
	}
	lost, done := event("core", "evt_lost", "own-pay", "own"), event("core", "evt_done", "own-pay", "own")
	lost.ExhaustsAt = at.Add(24 * time.Hour) // long ago: the clock has lost it
	done.State, done.DeliveredAt, done.DeliveredBy, done.NextRetryAt, done.ExhaustsAt = deliveries.EventDelivered, at.Add(16*time.Minute), "Budi", time.Time{}, time.Time{}
	done.OccurredAt = at.Add(-2 * time.Hour)
	f := &fakeEvents{events: []deliveries.Event{
		event("core", "evt_1", "own-pay", "own"), event("core", "evt_1", "rival-pay", "rival"), lost, done,
		event("core", "evt_nobody", "stray", ""), event(oddSource, oddEvent, "own-void", "own"),
	}}
	for _, e := range f.events {
		f.told = append(f.told, triesOf(e)...)
	}
	return f
}

// farAway is when events that retry are lost.
var farAway = time.Date(2199, 1, 1, 0, 0, 0, 0, time.UTC)

// triesOf is an automatic try that timed out, and one of Budi's.
func triesOf(e deliveries.Event) []ingest.Told {
	one := deliveries.Attempt{
		Source: e.Source, ID: "att_1", Event: e.ID, Endpoint: e.Endpoint, Merchant: e.Merchant, Number: 1, Trigger: deliveries.Automatic,
		Error: "timeout", StartedAt: at.Add(time.Second), Duration: 30 * time.Second, Type: e.Type, Product: e.Product, Channel: e.Channel, Key: e.Key,
	}
	two := one
	two.ID, two.Number, two.Trigger, two.Actor, two.Error, two.Status = "att_2", 2, deliveries.Manual, "Budi", "", 503
	two.StartedAt, two.Duration = at.Add(15*time.Minute), time.Minute
	second := ingest.Told{Attempt: two, Fault: probes.FaultHTTP5xx, Received: at.Add(20 * time.Minute)}
	if e.State == deliveries.EventDelivered {
		second.Status, second.Fault = 200, probes.FaultNone
	}
	return []ingest.Told{{Attempt: one, Fault: probes.FaultTimeoutResponse, Received: at.Add(time.Minute)}, second}
}

func (f *fakeEvents) Events(_ context.Context, q ingest.EventQuery) (ingest.EventPage, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.queries = append(f.queries, q)
	if q.Now.IsZero() || q.Limit < 1 || q.Limit > 1000 {
		return ingest.EventPage{}, errors.New("no moment, or a limit outside 1 to 1000")
	}
	p, from := ingest.EventPage{}, 0
	if q.After != "" {
		from, _ = strconv.Atoi(q.After)
	}
	for i, e := range f.events[from:] {
		if len(p.Events) == q.Limit {
			p.Next = strconv.Itoa(from + i)
			break
		}
		if f.careless {
			q.Merchants = nil
		}
		if meets(e, q) {
			p.Events = append(p.Events, e)
		}
	}
	return p, f.err
}

func meets(e deliveries.Event, q ingest.EventQuery) bool {
	is := func(want, got string) bool { return want == "" || want == got }
	return (len(q.Merchants) == 0 || slices.Contains(q.Merchants, e.Merchant)) &&
		(len(q.States) == 0 || slices.Contains(q.States, e.StateAt(q.Now))) &&
		is(q.Endpoint, e.Endpoint) && is(q.Source, e.Source) && is(q.Type, e.Type) && is(q.Product, e.Product) &&
		is(q.Channel, e.Channel) && is(q.Key, e.Key) &&
		!e.FirstAttemptAt.Before(q.From) && (q.To.IsZero() || e.FirstAttemptAt.Before(q.To))
}

func (f *fakeEvents) EventStory(_ context.Context, source, id string) (ingest.EventStory, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var story ingest.EventStory
	for _, e := range f.events {
		if e.Source == source && e.ID == id {
			story.Events = append(story.Events, e)
		}
	}
	for _, a := range f.told {
		if a.Source == source && a.Event == id {
			story.Attempts = append(story.Attempts, a)
		}
	}
	if f.err == nil && len(story.Events)+len(story.Attempts) == 0 {
		return story, fmt.Errorf("event: %w", registry.ErrNotFound)
	}
	return story, f.err
}

func (f *fakeEvents) EndpointAttempts(_ context.Context, q ingest.AttemptQuery) (ingest.AttemptPage, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.attempts = append(f.attempts, q)
	p, from := ingest.AttemptPage{}, 0
	if q.After != "" {
		from, _ = strconv.Atoi(q.After)
	}
	for i, a := range f.told[from:] {
		if len(p.Attempts) == q.Limit {
			p.Next = strconv.Itoa(from + i)
			break
		}
		if a.Endpoint == q.Endpoint && (!q.Failed || a.Fault != probes.FaultNone) {
			p.Attempts = append(p.Attempts, a)
		}
	}
	return p, f.err
}

func (f *fakeEvents) Facets(_ context.Context, kind string, limit int) ([]ingest.Facet, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.facets = append(f.facets, fmt.Sprintf("%s %d", kind, limit))
	return []ingest.Facet{{Kind: kind, Value: "a word of rival", Since: at}, {Kind: kind, Value: "another"}}, f.err
}

// fakeBacklogs has one backlog for all, with the name of who was asked for in
// asked.
type fakeBacklogs struct {
	mu    sync.Mutex
	asked []string
	has   deliveries.Backlog
	err   error
}

func newFakeBacklogs() *fakeBacklogs {
	return &fakeBacklogs{has: deliveries.Backlog{
		Undelivered: 212, Oldest: at.Add(-time.Hour), NextRetryAt: at.Add(13 * time.Minute), MissingRetries: 3,
		AtRisk1h: 0, AtRisk6h: 18, AtRisk24h: 212, NextLoss: deliveries.Loss{At: at.Add(4 * time.Hour), Events: 18}, Lost: 7,
		RecoveryP50: 50 * time.Minute, RecoveryMax: 7 * time.Hour, OverAnHour: 90,
		Wave:          deliveries.Wave{Start: at, PerMinute: []int{3, 0, 9}, Peak: 9, PeakAt: at.Add(2 * time.Minute), Factor: 5.5, MinutesOver2x: 2},
		WorkerSeconds: 6360,
	}}
}

func (f *fakeBacklogs) Backlog(_ context.Context, endpoint string) (deliveries.Backlog, error) {
	return f.read("endpoint " + endpoint)
}

func (f *fakeBacklogs) MerchantBacklog(_ context.Context, merchant string) (deliveries.Backlog, error) {
	return f.read("merchant " + merchant)
}

func (f *fakeBacklogs) read(whose string) (deliveries.Backlog, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, whose)
	return f.has, f.err
}

// fakeSources says what it is told to.
type fakeSources struct {
	list []api.SourceView
	err  error
}

func (f *fakeSources) Sources(context.Context) ([]api.SourceView, error) { return f.list, f.err }
