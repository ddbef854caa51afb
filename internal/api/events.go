package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest"
	"github.com/hookvigil/hookvigil/internal/registry"
)

// Events is what is kept of real deliveries. All are safe for concurrent use.
type Events interface {
	// Events returns events that failed at least once, newest first attempt
	// first.
	Events(ctx context.Context, q ingest.EventQuery) (ingest.EventPage, error)
	// EventStory returns one event at all of its endpoints. An unknown one
	// wraps [registry.ErrNotFound].
	EventStory(ctx context.Context, source, id string) (ingest.EventStory, error)
	// EndpointAttempts returns attempts of one endpoint, newest first.
	EndpointAttempts(ctx context.Context, q ingest.AttemptQuery) (ingest.AttemptPage, error)
	// Facets returns the words of a kind that attempts were told with: source,
	// type, product or channel.
	Facets(ctx context.Context, kind string, limit int) ([]ingest.Facet, error)
}

type listEventsInput struct {
	Limit    int      `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"Most items to answer. A page may hold less and still have a next: one that few events meet looks at so many and no more"`
	Cursor   string   `query:"cursor" maxLength:"4000" doc:"next of the answer before"`
	Merchant string   `query:"merchant" maxLength:"256" doc:"Of this merchant alone"`
	Endpoint string   `query:"endpoint" maxLength:"256" doc:"At this endpoint alone"`
	Source   string   `query:"source" maxLength:"256" doc:"Of this source alone"`
	State    []string `query:"state,explode" maxItems:"5" enum:"pending,retrying,delivered,exhausted,canceled" doc:"Now in this state; may be repeated"`
	Type     string   `query:"type" maxLength:"256" doc:"Such as payout.succeeded"`
	Product  string   `query:"product" maxLength:"256"`
	Channel  string   `query:"channel" maxLength:"256" doc:"Such as ID_BCA"`
	Key      string   `query:"key" maxLength:"256" doc:"About this business key"`
	From     string   `query:"from" maxLength:"64" doc:"RFC 3339: the first attempt started then or later"`
	To       string   `query:"to" maxLength:"64" doc:"RFC 3339: it started before"`
}

type eventInput struct {
	Source string `path:"source" maxLength:"256" doc:"As in the list; a slash in it is written %2F"`
	ID     string `path:"id" maxLength:"256" doc:"As in the list; a slash in it is written %2F, a . alone %2E"`
}

type storyOutput struct{ Body storyView }

// eventsCursor begins the place in a cursor of this list, so that one of
// another list is not taken.
const eventsCursor = "event:"

// listEvents answers events that failed at least once. Those of no known
// merchant are for callers who see all.
func (s *Server) listEvents(ctx context.Context, in *listEventsInput) (*pageOutput[eventView], error) {
	c, out := callerOf(ctx), &pageOutput[eventView]{Body: page[eventView]{Items: []eventView{}}}
	q, bad := in.query(time.Now().UTC())
	if bad != nil {
		return nil, bad
	}
	switch {
	case in.Merchant != "" && !c.sees(in.Merchant), c.scoped() && len(c.merchants) == 0:
		return out, nil
	case in.Merchant != "":
		q.Merchants = []string{in.Merchant}
	default:
		q.Merchants = c.merchantList()
	}
	read, err := s.deps.Events.Events(ctx, q)
	if err != nil {
		return nil, s.unread(ctx, err)
	}
	for _, e := range read.Events {
		if c.seesOf(e.Merchant) {
			out.Body.Items = append(out.Body.Items, viewOfEvent(e, q.Now))
		}
	}
	out.Body.Next = goesOn(eventsCursor, read.Next)
	return out, nil
}

// query is the question without whom it is about.
func (in *listEventsInput) query(now time.Time) (ingest.EventQuery, *huma.ErrorModel) {
	q := ingest.EventQuery{
		Endpoint: in.Endpoint, Source: in.Source, Type: in.Type, Product: in.Product, Channel: in.Channel, Key: in.Key,
		Now: now, Limit: in.Limit,
	}
	for _, state := range in.State {
		if word := deliveries.EventState(state); !slices.Contains(q.States, word) {
			q.States = append(q.States, word)
		}
	}
	var bad *huma.ErrorModel
	if q.From, q.To, bad = openWindow(in.From, in.To); bad != nil {
		return q, bad
	}
	q.After, bad = behind(eventsCursor, in.Cursor)
	return q, bad
}

// getEvent answers all that is kept of one event, as far as the caller sees
// it.
func (s *Server) getEvent(ctx context.Context, in *eventInput) (*storyOutput, error) {
	story, err := s.deps.Events.EventStory(ctx, in.Source, in.ID)
	if err != nil && !errors.Is(err, registry.ErrNotFound) {
		return nil, s.unread(ctx, err)
	}
	story = callerOf(ctx).partOf(story)
	if err != nil || len(story.Events)+len(story.Attempts) == 0 {
		return nil, problem(http.StatusNotFound, "there is no event "+quote(in.ID)+" of source "+quote(in.Source)+
			"; one is known while its attempts are kept")
	}
	return &storyOutput{Body: viewOfStory(in.Source, in.ID, story, time.Now().UTC())}, nil
}

// seesOf reports whether c sees what is of a merchant. What is of none, or of
// nobody knows whom, is for those who see all.
func (c caller) seesOf(merchant string) bool {
	return !c.scoped() || merchant != "" && c.sees(merchant)
}

// partOf returns what c sees of an event: where its merchants' endpoints
// stand, and the attempts at those. Attempts at an endpoint about which the
// event says nothing go by their own merchant.
func (c caller) partOf(story ingest.EventStory) ingest.EventStory {
	if !c.scoped() {
		return story
	}
	part, sees := ingest.EventStory{}, map[string]bool{}
	for _, e := range story.Events {
		sees[e.Endpoint] = c.seesOf(e.Merchant)
		if sees[e.Endpoint] {
			part.Events = append(part.Events, e)
		}
	}
	for _, a := range story.Attempts {
		ours, told := sees[a.Endpoint]
		if told && ours || !told && c.seesOf(a.Merchant) {
			part.Attempts = append(part.Attempts, a)
		}
	}
	return part
}

// openWindow reads a half-open window, either end of which may be left out.
func openWindow(from, to string) (start, end time.Time, bad *huma.ErrorModel) {
	if start, bad = moment("query.from", from); bad != nil {
		return start, end, bad
	}
	if end, bad = moment("query.to", to); bad != nil {
		return start, end, bad
	}
	if !start.IsZero() && !end.IsZero() && !start.Before(end) {
		bad = unanswerable(detail("query.from", "is not before to"))
	}
	return start, end, bad
}

// moment reads a time; nothing is the zero time.
func moment(location, raw string) (time.Time, *huma.ErrorModel) {
	if raw == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, raw)
	if err != nil {
		return time.Time{}, unanswerable(detail(location, "is not a time; wanted RFC 3339, such as 2026-05-04T10:00:00Z"))
	}
	return t.UTC(), nil
}

// goesOn makes the cursor of the next page from what the reader calls it;
// empty at the end.
func goesOn(list, next string) string {
	if next == "" {
		return ""
	}
	return cursorAt(list + next)
}

// behind reads what goesOn wrote.
func behind(list, cursor string) (string, *huma.ErrorModel) {
	place, bad := listInput{Cursor: cursor}.after()
	if bad != nil || place == "" {
		return "", bad
	}
	next, ok := strings.CutPrefix(place, list)
	if !ok || next == "" {
		return "", unanswerable(detail("query.cursor", "is not a cursor of this list; wanted next of the answer before"))
	}
	return next, nil
}

// eventRoutes are about events, and what becomes of them.
func (s *Server) eventRoutes() {
	events, backlogs := s.deps.Events != nil, s.deps.Backlogs != nil
	viewer, house := access{role: RoleViewer}, access{role: RoleViewer, house: true}

	register(s, viewer, get("/api/v1/events", "list-events", "List events that failed at least once, newest first, and where they stand"),
		served(events, s.listEvents))
	register(s, viewer, get("/api/v1/events/{source}/{id}", "get-event", "Show one event at each endpoint, with every attempt and who caused it"),
		served(events, s.getEvent))
	register(s, viewer, get("/api/v1/endpoints/{id}/attempts", "list-attempts", "List the attempts of one endpoint, newest first"),
		served(events, s.listAttempts))
	register(s, house, get("/api/v1/facets/{kind}", "list-facets", "List the words that attempts were told with, such as channels"),
		served(events, s.listFacets))
	register(s, viewer, get("/api/v1/endpoints/{id}/backlog", "get-endpoint-backlog", "Show what waits to be delivered to an endpoint, and when it is lost"),
		served(backlogs, s.endpointBacklog))
	register(s, viewer, get("/api/v1/merchants/{id}/backlog", "get-merchant-backlog", "Show what waits to be delivered to a merchant, and when it is lost"),
		served(backlogs, s.merchantBacklog))
	register(s, house, get("/api/v1/backlog", "get-backlog", "Show what waits to be delivered to all, and when it is lost"),
		served(backlogs, s.wholeBacklog))
	register(s, house, get("/api/v1/sources", "list-sources", "List the sources of attempts: how complete, how late, how often repeated"),
		served(s.deps.SourceViews != nil, s.listSources))
}
