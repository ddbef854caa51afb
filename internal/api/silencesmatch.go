package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hookvigil/hookvigil/alerting"
)

// seesMatcher reports whether a matcher is c's to see and to write: with a
// scope it names merchants, and c's alone. Whatever else it names can only
// make it match less.
func (c caller) seesMatcher(m alerting.Matcher) bool {
	return !c.scoped() || len(m.Merchant) > 0 && !slices.ContainsFunc(m.Merchant, func(id string) bool { return !c.sees(id) })
}

// ownMatcher returns a matcher that the caller may write, with the IDs of the
// incidents that it names by number. A word that means nothing known is
// refused: whoever types it wrong would hear what he wants to be quiet, and
// find out at night.
func (s *Server) ownMatcher(ctx context.Context, m alerting.Matcher) (alerting.Matcher, error) {
	c, snap := callerOf(ctx), s.deps.Registry.Snapshot()
	var wrong []*huma.ErrorDetail
	none := func(kind string, i int, id string) {
		wrong = append(wrong, detail(fmt.Sprintf("body.matcher.%s[%d]", kind, i), "there is no "+kind+" "+quote(id)))
	}
	for i, id := range m.Merchant {
		if _, ok := snap.Merchant(id); !ok || !c.sees(id) {
			none("merchant", i, id)
		}
	}
	for i, id := range m.Endpoint {
		if ep, ok := snap.Endpoint(id); !ok || !c.sees(ep.Merchant) {
			none("endpoint", i, id)
		}
	}
	m.Incident = slices.Clone(m.Incident)
	for i, id := range m.Incident {
		whole, err := s.incidentNamed(ctx, id)
		switch {
		case err != nil && s.asProblem(ctx, err).Status != http.StatusNotFound:
			return m, err
		case err != nil:
			none("incident", i, id)
		default:
			m.Incident[i] = whole
		}
	}
	if len(wrong) == 0 && !c.seesMatcher(m) {
		wrong = append(wrong, detail("body.matcher.merchant", "is needed: the token is for some merchants; name those that are meant"))
	}
	if len(wrong) > 0 {
		return m, unprocessable(wrong...)
	}
	return m, nil
}

// incidentNamed returns the ID of an incident that the caller sees.
func (s *Server) incidentNamed(ctx context.Context, id string) (string, error) {
	if s.deps.Incidents == nil {
		return "", missing()
	}
	in, _, err := s.incidentFor(ctx, id)
	return in.ID, err
}
