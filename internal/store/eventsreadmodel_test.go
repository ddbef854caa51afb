package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest"
	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/probes"
)

// told is what was told to a store, kept in memory: of each identity and day
// the lowest attempt.
type told struct {
	source string
	kept   map[toldKey]ingest.Entry
	n      int // attempts made so far: no two start in the same millisecond
}

type toldKey struct {
	identity [16]byte
	day      string
}

func (p *told) add(g ingest.Group) {
	for _, e := range g.Entries {
		k := toldKey{e.Attempt.Identity(), dayOf(e.Attempt.StartedAt)}
		if was, ok := p.kept[k]; !ok || e.Attempt.Compare(was.Attempt) < 0 {
			p.kept[k] = e
		}
	}
}

// rows returns those that are wanted, newest first.
func (p *told) rows(want func(e ingest.Entry) bool) []ingest.Entry {
	var all []ingest.Entry
	for _, e := range p.kept {
		if want(e) {
			all = append(all, e)
		}
	}
	slices.SortFunc(all, func(a, b ingest.Entry) int { return b.Attempt.StartedAt.Compare(a.Attempt.StartedAt) })
	return all
}

// asTold is an entry as a slot gives it back.
func asTold(e ingest.Entry) ingest.Told {
	a := e.Attempt
	if a.Trigger != deliveries.Manual {
		a.Trigger = deliveries.Automatic
	}
	if a.Mode != deliveries.Test {
		a.Mode = deliveries.Live
	}
	if a.Trigger != deliveries.Manual && a.Number != 0 {
		a.ID = ""
	}
	if e.Fault == probes.FaultNone {
		a.Error = ""
	}
	a.URL, a.ExpiresAt, a.Duration = "", time.Time{}, a.Duration.Truncate(time.Microsecond)
	return ingest.Told{Attempt: a, Fault: e.Fault, Share: e.Share(), Received: e.Received}
}

func keyOfAttempt(a deliveries.Attempt) eventKey { return eventKey{a.Source, a.Event, a.Endpoint} }

// triesOf returns the tries of an event, by start; no test mode and no pings.
func (p *told) triesOf(k eventKey) []ingest.Entry {
	all := p.rows(func(e ingest.Entry) bool { return keyOfAttempt(e.Attempt) == k && e.Share() != ingest.NoShare })
	slices.Reverse(all)
	return all
}

// firstTry reports whether nothing earlier is found of its event.
func (p *told) firstTry(e ingest.Entry, stored map[eventKey]deliveries.Event) bool {
	a := e.Attempt
	from := a.StartedAt
	switch {
	case !a.CreatedAt.IsZero():
		from = earliest(from, a.CreatedAt)
	case a.Number != 1 || a.Trigger == deliveries.Manual:
		from = from.AddDate(-1, 0, 0)
	}
	if s, ok := stored[keyOfAttempt(a)]; ok {
		from = earliest(from, s.FirstAttemptAt)
	}
	return !slices.ContainsFunc(p.triesOf(keyOfAttempt(a)), func(o ingest.Entry) bool {
		return o.Attempt.StartedAt.Before(a.StartedAt) && dayOf(o.Attempt.StartedAt) >= dayOf(from.Add(-2*time.Hour))
	})
}

// event makes the event of tries by no schedule.
func eventOfEntries(tries []ingest.Entry) deliveries.Event {
	var base deliveries.Event
	var list []deliveries.Try
	seen := map[[16]byte]bool{}
	for _, e := range tries {
		a := asTold(e).Attempt
		if seen[e.Attempt.Identity()] {
			continue
		}
		seen[e.Attempt.Identity()] = true
		base.Source, base.ID, base.Endpoint = a.Source, a.Event, a.Endpoint
		base.Merchant, base.Type, base.Product = cmp.Or(base.Merchant, a.Merchant), cmp.Or(base.Type, a.Type), cmp.Or(base.Product, a.Product)
		base.Channel, base.Key, base.CreatedAt = cmp.Or(base.Channel, a.Channel), cmp.Or(base.Key, a.Key), cmp.Or(base.CreatedAt, a.CreatedAt)
		list = append(list, deliveries.Try{
			Number: a.Number, Manual: a.Trigger == deliveries.Manual, Actor: a.Actor, StartedAt: a.StartedAt, Duration: a.Duration, Status: a.Status, Fault: e.Fault,
		})
	}
	unknown, _ := deliveries.Preset("unknown")
	return micros(deliveries.EventOf(base, list, unknown))
}

func wanted(q ingest.EventQuery, e deliveries.Event) bool {
	for asked, is := range map[string]string{
		"e" + q.Endpoint: "e" + e.Endpoint, "t" + q.Type: "t" + e.Type, "p" + q.Product: "p" + e.Product, "c" + q.Channel: "c" + e.Channel, "k" + q.Key: "k" + e.Key,
	} {
		if len(asked) > 1 && asked != is {
			return false
		}
	}
	return e.Source == q.Source && (len(q.Merchants) == 0 || slices.Contains(q.Merchants, e.Merchant)) && (len(q.States) == 0 || slices.Contains(q.States, e.State))
}

func within(t, from, to time.Time) bool {
	return (from.IsZero() || !t.Before(from)) && (to.IsZero() || t.Before(to))
}

// byAttempts is what a query finds by the attempts.
func (p *told) byAttempts(q ingest.EventQuery, stored map[eventKey]deliveries.Event) []deliveries.Event {
	var all []deliveries.Event
	for _, e := range p.rows(func(e ingest.Entry) bool {
		return e.Share() != ingest.NoShare && e.Attempt.Endpoint != "" && within(e.Attempt.StartedAt, q.From, q.To)
	}) {
		if !p.firstTry(e, stored) {
			continue
		}
		k := keyOfAttempt(e.Attempt)
		event, ok := stored[k]
		if !ok {
			tries := p.triesOf(k)
			if e.Fault == probes.FaultNone {
				tries = []ingest.Entry{e}
			}
			event = eventOfEntries(slices.DeleteFunc(tries, func(o ingest.Entry) bool { return dayOf(o.Attempt.StartedAt) < dayOf(e.Attempt.StartedAt) }))
		}
		event.State = event.StateAt(q.Now)
		asTry := event
		asTry.Merchant, asTry.Type, asTry.Product = e.Attempt.Merchant, e.Attempt.Type, e.Attempt.Product
		asTry.Channel, asTry.Key = e.Attempt.Channel, e.Attempt.Key
		if wanted(q, event) && wanted(q, asTry) {
			all = append(all, event)
		}
	}
	return all
}

// byEvents is what a query finds among the stored events.
func byEvents(q ingest.EventQuery, stored map[eventKey]deliveries.Event) []deliveries.Event {
	var all []deliveries.Event
	for _, e := range stored {
		e.State = e.StateAt(q.Now)
		if wanted(q, e) && within(e.FirstAttemptAt, q.From.Truncate(time.Microsecond), q.To.Truncate(time.Microsecond)) {
			all = append(all, e)
		}
	}
	sortEvents(all)
	return all
}

func sortEvents(all []deliveries.Event) {
	slices.SortFunc(all, func(a, b deliveries.Event) int {
		return cmp.Or(b.FirstAttemptAt.Compare(a.FirstAttemptAt), keyOf(a).compare(keyOf(b)))
	})
}

// anyTold makes attempts of a few events over some days, some of which say
// otherwise what was said before.
func (p *told) anyTold() *rapid.Generator[deliveries.Attempt] {
	return rapid.Custom(func(t *rapid.T) deliveries.Attempt {
		p.n++
		a := traffic(0, 1)[0]
		event := rapid.IntRange(0, 4).Draw(t, "event")
		a.Source, a.Event = p.source, fmt.Sprint("e", event)
		a.ID = fmt.Sprint("att-", rapid.IntRange(0, 20).Draw(t, "id"))
		a.Number = rapid.IntRange(0, 3).Draw(t, "number")
		a.Trigger = rapid.SampledFrom([]deliveries.Trigger{"", deliveries.Automatic, deliveries.Automatic, deliveries.Manual}).Draw(t, "trigger")
		a.Actor = rapid.SampledFrom([]string{"", "ana"}).Draw(t, "actor")
		a.Mode = rapid.SampledFrom([]deliveries.Mode{"", deliveries.Live, deliveries.Live, deliveries.Test}).Draw(t, "mode")
		a.Status = rapid.SampledFrom([]int{200, 200, 503, 0}).Draw(t, "status")
		a.Error = rapid.SampledFrom([]string{"canceled", "timeout"}).Draw(t, "error")
		endpoint := rapid.IntRange(0, 2).Draw(t, "endpoint")
		a.Endpoint, a.Merchant = fmt.Sprint(p.source, "-", endpoint), fmt.Sprint(p.source, "-m", endpoint/2)
		a.Type = rapid.SampledFrom([]string{"", "paid", "paid"}).Draw(t, "type")
		a.Channel, a.Product, a.Key = fmt.Sprint("c", event%2), "P", fmt.Sprint("k", event/2)
		a.Duration = time.Duration(rapid.IntRange(0, 40_000_000).Draw(t, "micros"))*time.Microsecond + 999
		a.OccurredAt, a.CreatedAt = time.Time{}, time.Time{}
		if event > 1 {
			a.CreatedAt = midday.AddDate(0, 0, -event)
		}
		hours := rapid.IntRange(0, 24*min(max(event, 2), 4)).Draw(t, "hours before")
		a.StartedAt = midday.Add(-time.Duration(hours)*time.Hour + time.Duration(p.n)*time.Millisecond + 1234*time.Microsecond + 7)
		return a
	})
}

func anyQuery(p *told) *rapid.Generator[ingest.EventQuery] {
	return rapid.Custom(func(t *rapid.T) ingest.EventQuery {
		q := ingest.EventQuery{Source: p.source, Now: midday.Add(time.Duration(rapid.IntRange(0, 30).Draw(t, "now")) * time.Hour), Limit: rapid.IntRange(1, 6).Draw(t, "limit")}
		if rapid.Bool().Draw(t, "some states") {
			q.States = rapid.SliceOfNDistinct(rapid.SampledFrom([]deliveries.EventState{"pending", "retrying", "retrying", "delivered", "exhausted", "canceled"}), 1, 4, rapid.ID).Draw(t, "states")
		}
		maybe := func(name string, values ...string) string {
			return rapid.SampledFrom(append(values, slices.Repeat([]string{""}, 2+2*len(values))...)).Draw(t, name)
		}
		q.Endpoint = maybe("endpoint", p.source+"-0", p.source+"-1", "nobody")
		q.Type, q.Product, q.Channel, q.Key = maybe("type", "paid"), maybe("product", "P", "Q"), maybe("channel", "c0"), maybe("key", "k1")
		if rapid.IntRange(0, 2).Draw(t, "scoped") == 0 {
			q.Merchants = rapid.SampledFrom([][]string{{p.source + "-m0"}, {p.source + "-m1", "nobody"}, {"nobody"}, {p.source + "-m1", p.source + "-m0"}}).Draw(t, "merchants")
		}
		if rapid.IntRange(0, 2).Draw(t, "window") == 0 {
			q.From = midday.Add(-time.Duration(rapid.IntRange(0, 96).Draw(t, "from")) * time.Hour)
			q.To = q.From.Add(time.Duration(rapid.IntRange(0, 72).Draw(t, "span")) * time.Hour)
		}
		return q
	})
}

// reader is a test, or one run of a property.
type reader interface {
	rapid.TB
	Context() context.Context
}

// pages returns all pages of a query; between is called after each.
func pages(tb reader, s *Store, q ingest.EventQuery, looked int, between func()) (all []deliveries.Event) {
	tb.Helper()
	for range 10_000 {
		page, err := s.eventsLooking(tb.Context(), q, looked)
		if err != nil {
			tb.Fatalf("Events: %v", err)
		}
		if len(page.Events) > q.Limit {
			tb.Fatalf("%d events, want at most %d", len(page.Events), q.Limit)
		}
		all = append(all, page.Events...)
		if q.After = page.Next; q.After == "" {
			return all
		}
		between()
	}
	tb.Fatal("the pages have no end")
	return nil
}

func attemptPages(tb reader, s *Store, q ingest.AttemptQuery, looked int) (all []ingest.Told) {
	tb.Helper()
	for range 10_000 {
		page, err := s.attemptsLooking(tb.Context(), q, looked)
		if err != nil {
			tb.Fatalf("EndpointAttempts: %v", err)
		}
		all = append(all, page.Attempts...)
		if q.After = page.Next; q.After == "" {
			return all
		}
	}
	tb.Fatal("the pages have no end")
	return nil
}

// TestReadingFindsWhatWasTold holds the read side against all that was told,
// in memory.
func TestReadingFindsWhatWasTold(t *testing.T) {
	t.Parallel()
	s, tape := openStore(t, t.TempDir()), newTape()
	followXendit(t, s)
	run, failed := 0, false
	rapid.Check(t, func(rt *rapid.T) {
		if run >= modelChecks/2 && !failed { // each asks many questions
			return
		}
		run++
		defer func() { failed = failed || rt.Failed() }()
		p := &told{source: fmt.Sprint("read-", run), kept: map[toldKey]ingest.Entry{}}
		for range rapid.IntRange(1, 3).Draw(rt, "groups") {
			g := tape.group(rapid.SliceOfN(p.anyTold(), 1, 15).Draw(rt, "attempts")...)
			apply(t, s, g)
			p.add(g)
		}
		stored := storedEvents(t, s)
		for k := range stored {
			if k.Source != p.source {
				delete(stored, k)
			} else if rapid.IntRange(0, 5).Draw(rt, "forgotten") == 0 {
				forget(t, s, k)
				delete(stored, k)
			}
		}
		for range 5 {
			q := anyQuery(p).Draw(rt, "query")
			looked := rapid.SampledFrom([]int{2, 20, 500, rowsLooked}).Draw(rt, "looked")
			got := pages(rt, s, q, looked, func() {})
			if undelivered(q.States) {
				want := byEvents(q, stored)
				if !slices.IsSortedFunc(got, func(a, b deliveries.Event) int { return b.FirstAttemptAt.Compare(a.FirstAttemptAt) }) {
					rt.Errorf("not newest first: %v", got)
				}
				sortEvents(got)
				if !slices.Equal(got, want) {
					rt.Errorf("stored: %+v\n got %+v\nwant %+v", q, got, want)
				}
			} else if want := p.byAttempts(q, stored); !slices.Equal(got, want) {
				rt.Errorf("by attempts: %+v\n got %+v\nwant %+v", q, got, want)
			}
		}
		p.checkStories(rt, s, stored)
		p.checkAttempts(rt, s)
	})
}

// forget takes an event out of facts.db, as its retention does.
func forget(tb testing.TB, s *Store, k eventKey) {
	tb.Helper()
	if err := s.facts.write(tb.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(tb.Context(), `DELETE FROM open_event WHERE source = ? AND event = ? AND endpoint = ?`, k.Source, k.Event, k.Endpoint)
		return err
	}); err != nil {
		tb.Fatal(err)
	}
}

func (p *told) checkStories(rt *rapid.T, s *Store, stored map[eventKey]deliveries.Event) {
	for event := range 5 {
		id := fmt.Sprint("e", event)
		rows := p.rows(func(e ingest.Entry) bool { return e.Attempt.Event == id })
		slices.Reverse(rows)
		var want ingest.EventStory
		keys := map[eventKey]bool{}
		for _, e := range rows {
			want.Attempts = append(want.Attempts, asTold(e))
			if k := keyOfAttempt(e.Attempt); e.Share() != ingest.NoShare && !keys[k] {
				keys[k] = true
				one, ok := stored[k]
				if !ok {
					one = eventOfEntries(p.triesOf(k))
				}
				want.Events = append(want.Events, one)
			}
		}
		slices.SortFunc(want.Events, func(a, b deliveries.Event) int { return cmp.Compare(a.Endpoint, b.Endpoint) })
		got, err := s.EventStory(rt.Context(), p.source, id)
		if len(rows) == 0 {
			if !errors.Is(err, registry.ErrNotFound) {
				rt.Errorf("story of nothing: %v, %v; want not found", got, err)
			}
			continue
		}
		if err != nil || !slices.Equal(got.Attempts, want.Attempts) || !slices.Equal(got.Events, want.Events) {
			rt.Errorf("story of %s: %v\n got %+v\nwant %+v", id, err, got, want)
		}
	}
}

func (p *told) checkAttempts(rt *rapid.T, s *Store) {
	q := ingest.AttemptQuery{
		Endpoint: fmt.Sprint(p.source, "-", rapid.IntRange(0, 2).Draw(rt, "endpoint of attempts")),
		Failed:   rapid.Bool().Draw(rt, "failed"), Limit: rapid.IntRange(1, 7).Draw(rt, "limit of attempts"),
	}
	if rapid.Bool().Draw(rt, "window of attempts") {
		q.From = midday.Add(-time.Duration(rapid.IntRange(0, 96).Draw(rt, "attempts from")) * time.Hour)
		q.To = q.From.Add(time.Duration(rapid.IntRange(0, 72).Draw(rt, "span of attempts")) * time.Hour)
	}
	var want []ingest.Told
	for _, e := range p.rows(func(e ingest.Entry) bool {
		return e.Attempt.Endpoint == q.Endpoint && (!q.Failed || e.Fault != probes.FaultNone) && within(e.Attempt.StartedAt, q.From, q.To)
	}) {
		want = append(want, asTold(e))
	}
	if got := attemptPages(rt, s, q, rapid.SampledFrom([]int{1, 3, rowsLooked}).Draw(rt, "attempts looked at")); !slices.Equal(got, want) {
		rt.Errorf("attempts: %+v\n got %+v\nwant %+v", q, got, want)
	}
}

// TestPagesBesideNewArrivals: what comes meanwhile neither hides nor doubles
// what was there.
func TestPagesBesideNewArrivals(t *testing.T) {
	t.Parallel()
	for name, states := range map[string][]deliveries.EventState{"by attempts": nil, "stored": {deliveries.EventRetrying, deliveries.EventExhausted}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, tape := openStore(t, t.TempDir()), newTape()
			followXendit(t, s)
			day := func(at, n int) []deliveries.Attempt {
				all := traffic(at, n)
				for i := range all {
					all[i].Status = 503
					all[i].StartedAt = midday.Add(-time.Duration((at+i*7)%40) * time.Hour) // many at the same moment
				}
				return all
			}
			apply(t, s, tape.group(day(0, 60)...))
			at := 1000
			got := pages(t, s, ingest.EventQuery{States: states, Now: midday, Limit: 7}, rowsLooked, func() {
				apply(t, s, tape.group(day(at, 5)...))
				at += 100
			})
			seen := map[string]int{}
			for _, e := range got {
				seen[e.ID]++
			}
			for id, n := range seen {
				if n > 1 {
					t.Errorf("event %s comes %d times", id, n)
				}
			}
			for _, a := range day(0, 60) {
				if seen[a.Event] == 0 {
					t.Errorf("event %s is lost", a.Event)
				}
			}
		})
	}
}
