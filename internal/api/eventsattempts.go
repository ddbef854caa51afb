package api

import (
	"context"
	"time"

	"github.com/hookvigil/hookvigil/internal/ingest"
)

type listAttemptsInput struct {
	ID     string `path:"id" maxLength:"128"`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"Most items to answer. A page may hold less and still have a next"`
	Cursor string `query:"cursor" maxLength:"4000" doc:"next of the answer before"`
	Failed bool   `query:"failed" doc:"Only those that failed"`
	From   string `query:"from" maxLength:"64" doc:"RFC 3339: it started then or later"`
	To     string `query:"to" maxLength:"64" doc:"RFC 3339: it started before"`
}

// attemptsCursor begins the place in a cursor of this list.
const attemptsCursor = "attempt:"

// listAttempts answers the attempts of an endpoint that the caller sees. Those
// from when it was another merchant's are that merchant's.
func (s *Server) listAttempts(ctx context.Context, in *listAttemptsInput) (*pageOutput[attemptView], error) {
	c := callerOf(ctx)
	if _, err := s.endpointFor(c, in.ID); err != nil {
		return nil, err
	}
	q := ingest.AttemptQuery{Endpoint: in.ID, Failed: in.Failed, Limit: in.Limit}
	start, end, bad := openWindow(in.From, in.To)
	if bad != nil {
		return nil, bad
	}
	q.From, q.To = start, end
	if q.After, bad = behind(attemptsCursor, in.Cursor); bad != nil {
		return nil, bad
	}
	read, err := s.deps.Events.EndpointAttempts(ctx, q)
	if err != nil {
		return nil, s.unread(ctx, err)
	}
	out := &pageOutput[attemptView]{Body: page[attemptView]{Items: []attemptView{}, Next: goesOn(attemptsCursor, read.Next)}}
	for _, a := range read.Attempts {
		if c.seesOf(a.Merchant) {
			out.Body.Items = append(out.Body.Items, viewOfAttempt(a))
		}
	}
	return out, nil
}

type facetsInput struct {
	Kind  string `path:"kind" enum:"source,type,product,channel"`
	Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"Most items to answer; there is no next page"`
}

// facetView is one word that attempts were told with.
type facetView struct {
	Value string    `json:"value"`
	Since time.Time `json:"since,omitzero" doc:"It was seen first"`
}

// listFacets answers words of all merchants together: it is not known whose
// they are.
func (s *Server) listFacets(ctx context.Context, in *facetsInput) (*pageOutput[facetView], error) {
	list, err := s.deps.Events.Facets(ctx, in.Kind, in.Limit)
	if err != nil {
		return nil, s.unread(ctx, err)
	}
	out := &pageOutput[facetView]{Body: page[facetView]{Items: []facetView{}}}
	for _, f := range list[:min(len(list), in.Limit)] {
		out.Body.Items = append(out.Body.Items, facetView{Value: f.Value, Since: f.Since.UTC()})
	}
	return out, nil
}
