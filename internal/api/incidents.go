package api

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hookvigil/hookvigil/alerting"
)

// An incident's short number is looked for among the newest so many.
const (
	numberBytes = 6
	maxNumbered = 1000
)

type listIncidentsInput struct {
	Limit    int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"Most items to answer"`
	Cursor   string `query:"cursor" maxLength:"1000" doc:"next of the answer before"`
	Live     bool   `query:"live" doc:"Only those that are not resolved"`
	Merchant string `query:"merchant" maxLength:"256" doc:"Of this merchant alone"`
	Endpoint string `query:"endpoint" maxLength:"256" doc:"That this endpoint is or was a part of"`
}

type incidentInput struct {
	ID string `path:"id" maxLength:"128" doc:"ID, or its last six characters when they are unique among the newest 1,000"`
}

type incidentOutput struct{ Body incidentView }

type commandInput struct {
	ID   string `path:"id" maxLength:"128" doc:"ID, or its last six characters when they are unique among the newest 1,000"`
	Body commandRecord
}

// commandRecord is what a person says about an incident.
type commandRecord struct {
	Version int    `json:"version" required:"false" doc:"Of the incident as you read it; needed"`
	Text    string `json:"text,omitempty" maxLength:"2000" doc:"A remark for the timeline; needed for a note"`
	// FirstFix is for a note alone.
	FirstFix bool `json:"first_fix,omitempty" doc:"With a note: the first fix has worked, the incident is mitigated"`
}

// listIncidents answers what the caller sees, newest first. Incidents that
// concern no merchant alone are for callers who see all.
func (s *Server) listIncidents(ctx context.Context, in *listIncidentsInput) (*pageOutput[incidentView], error) {
	c := callerOf(ctx)
	before, bad := listInput{in.Limit, in.Cursor}.after()
	if bad != nil {
		return nil, bad
	}
	f := alerting.IncidentFilter{Live: in.Live, Merchants: c.merchantList(), Endpoint: in.Endpoint, Before: before, Limit: probeLimit(in.Limit)}
	if in.Merchant != "" {
		f.Merchants = []string{in.Merchant}
	}
	out := &pageOutput[incidentView]{Body: page[incidentView]{Items: []incidentView{}}}
	if in.Merchant != "" && !c.sees(in.Merchant) {
		return out, nil
	}
	list, err := s.deps.Incidents.Incidents(ctx, f)
	if err != nil {
		return nil, s.unread(ctx, err)
	}
	list, out.Body.Next = cutPage(list, in.Limit, func(in alerting.Incident) string { return in.ID })
	for _, incident := range list {
		if c.seesIncident(incident) {
			out.Body.Items = append(out.Body.Items, viewOfIncident(incident))
		}
	}
	return out, nil
}

func (s *Server) getIncident(ctx context.Context, in *incidentInput) (*incidentOutput, error) {
	incident, entries, err := s.incidentFor(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out := &incidentOutput{Body: wholeIncident(incident, entries)}
	out.Body.Reconciliation, err = s.reconciliationOf(ctx, incident.ID)
	return out, err
}

// incidentFor finds an incident that the caller sees, by its ID or its number.
func (s *Server) incidentFor(ctx context.Context, id string) (alerting.Incident, []alerting.Entry, error) {
	c := callerOf(ctx)
	incident, entries, err := s.deps.Incidents.Incident(ctx, id)
	if errors.Is(err, alerting.ErrNoIncident) && len(id) == numberBytes {
		var whole string
		if whole, err = s.numbered(ctx, strings.ToLower(id)); err != nil {
			return alerting.Incident{}, nil, err
		}
		incident, entries, err = s.deps.Incidents.Incident(ctx, whole)
	}
	switch {
	case errors.Is(err, alerting.ErrNoIncident), err == nil && !c.seesIncident(incident):
		return alerting.Incident{}, nil, notFound("incident", id)
	case err != nil:
		return alerting.Incident{}, nil, s.unread(ctx, err)
	}
	return incident, entries, nil
}

// numbered finds the ID behind a short number, among what the caller sees.
func (s *Server) numbered(ctx context.Context, number string) (string, error) {
	c := callerOf(ctx)
	list, err := s.deps.Incidents.Incidents(ctx, alerting.IncidentFilter{Merchants: c.merchantList(), Limit: maxNumbered})
	if err != nil {
		return "", s.unread(ctx, err)
	}
	var found []string
	for _, in := range list {
		if in.Number() == number && c.seesIncident(in) {
			found = append(found, in.ID)
		}
	}
	switch len(found) {
	case 0:
		return "", notFound("incident", number)
	case 1:
		return found[0], nil
	default:
		return "", problem(http.StatusConflict, "several incidents end in "+quote(number)+"; give the whole ID")
	}
}

// command returns the handler of one of people's verbs.
func (s *Server) command(do alerting.CommandKind) func(context.Context, *commandInput) (*incidentOutput, error) {
	return func(ctx context.Context, in *commandInput) (*incidentOutput, error) {
		cmd := alerting.Command{Do: do, By: callerOf(ctx).name, Text: cleanRemark(in.Body.Text), FirstFix: do == alerting.CommandNote && in.Body.FirstFix}
		switch {
		case in.Body.Version <= 0:
			return nil, unprocessable(detail("body.version", "is needed: read the incident first; give its version"))
		case do == alerting.CommandNote && cmd.Text == "":
			return nil, unprocessable(detail("body.text", "is needed: a note says something"))
		}
		incident, _, err := s.incidentFor(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		if _, err := s.deps.Incidents.Command(ctx, incident.ID, in.Body.Version, cmd); err != nil {
			return nil, s.commandProblem(ctx, in.ID, err)
		}
		incident, entries, err := s.incidentFor(ctx, incident.ID)
		if err != nil {
			return nil, err
		}
		return &incidentOutput{Body: wholeIncident(incident, entries)}, nil
	}
}

func (s *Server) commandProblem(ctx context.Context, id string, err error) *huma.ErrorModel {
	if e, ok := errors.AsType[*alerting.VersionError](err); ok {
		return problem(http.StatusConflict, e.Error())
	}
	if e, ok := errors.AsType[*alerting.CommandError](err); ok {
		return problem(http.StatusConflict, e.Error())
	}
	if errors.Is(err, alerting.ErrNoIncident) {
		return notFound("incident", id)
	}
	return s.asProblem(ctx, err)
}

// merchantList returns the merchants that c sees; nil: all.
func (c caller) merchantList() []string { return slices.Sorted(maps.Keys(c.merchants)) }

// seesIncident reports whether an incident is c's to see: one that concerns no
// merchant alone is for those who see all.
func (c caller) seesIncident(in alerting.Incident) bool {
	return !c.scoped() || in.Merchant != "" && c.sees(in.Merchant)
}
