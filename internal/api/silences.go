package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/internal/registry"
)

type listSilencesInput struct {
	Limit  int                   `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"Most items to answer"`
	Cursor string                `query:"cursor" maxLength:"1000" doc:"next of the answer before"`
	State  alerting.SilenceState `query:"state" enum:"pending,active,ended" doc:"In this state alone"`
}

type silenceInput struct {
	ID string `path:"id" maxLength:"128" doc:"As in the list"`
}

type addSilenceInput struct{ Body silenceRecord }

// silenceRecord is a silence as it is written.
type silenceRecord struct {
	Matcher alerting.Matcher `json:"matcher" doc:"Of each list that is given one word must fit; all: true means everything"`
	From    time.Time        `json:"from,omitzero" doc:"Left out, or past: now"`
	Until   time.Time        `json:"until,omitzero" doc:"At most 7 days after from; or give for"`
	For     string           `json:"for,omitempty" maxLength:"100" doc:"How long, such as 1h, 90m or 2d; or give until"`
	Reason  string           `json:"reason" required:"false" doc:"Needed: why, for whoever is on call next; at most 500 characters"`
}

// silenceView is a silence as it is answered.
type silenceView struct {
	ID        string                `json:"id"`
	State     alerting.SilenceState `json:"state" enum:"pending,active,ended"`
	Matcher   alerting.Matcher      `json:"matcher"`
	From      time.Time             `json:"from"`
	Until     time.Time             `json:"until"`
	By        string                `json:"by"`
	Reason    string                `json:"reason"`
	CreatedAt time.Time             `json:"created_at"`
	RemovedAt time.Time             `json:"removed_at,omitzero" doc:"Ended before its time"`
	RemovedBy string                `json:"removed_by"`
}

// addedSilence is the answer to a new silence.
type addedSilence struct {
	silenceView
	Covers []coveredView `json:"covers" doc:"Live incidents that fall silent now, newest first"`
}

// coveredView is an incident that falls silent.
type coveredView struct {
	ID       string `json:"id"`
	Number   string `json:"number" doc:"The end of the ID, for people"`
	Severity string `json:"severity"`
	Title    string `json:"title"`
}

type addedSilenceOutput struct{ Body addedSilence }

func viewOfSilence(s alerting.Silence, now time.Time) silenceView {
	return silenceView{
		ID: s.ID, State: s.State(now), Matcher: s.Matcher, From: s.From.UTC(), Until: s.Until.UTC(), By: s.By, Reason: s.Reason,
		CreatedAt: s.Created.UTC(), RemovedAt: s.RemovedAt.UTC(), RemovedBy: s.RemovedBy,
	}
}

// quietRoutes are about what nobody wants to hear of.
func (s *Server) quietRoutes() {
	viewer, operator := access{role: RoleViewer}, access{role: RoleOperator}
	silences, plans := s.deps.Silences != nil, s.deps.Maintenance != nil
	add := post("/api/v1/silences", "add-silence", "Keep conditions quiet for a while")
	add.DefaultStatus = http.StatusCreated

	register(s, viewer, get("/api/v1/silences", "list-silences", "List silences, newest first"), served(silences, s.listSilences))
	register(s, operator, add, served(silences, s.addSilence))
	register(s, operator, drop("/api/v1/silences/{id}", "remove-silence", "End a silence now"), served(silences, s.removeSilence))
	register(s, viewer, get("/api/v1/maintenance", "list-maintenance", "List planned work"), served(plans, s.listMaintenance))
	register(s, viewer, get("/api/v1/maintenance/{id}", "get-maintenance", "Show one plan of work"), served(plans, s.getMaintenance))
	register(s, operator, put("/api/v1/maintenance/{id}", "put-maintenance", "Plan work, or change a plan"), served(plans, s.putMaintenance))
	register(s, operator, drop("/api/v1/maintenance/{id}", "remove-maintenance", "End planned work"), served(plans, s.removeMaintenance))
}

// listSilences answers what the caller sees: with a scope that is what names
// its merchants, and them alone.
func (s *Server) listSilences(ctx context.Context, in *listSilencesInput) (*pageOutput[silenceView], error) {
	before, bad := listInput{in.Limit, in.Cursor}.after()
	if bad != nil {
		return nil, bad
	}
	now, c := time.Now(), callerOf(ctx)
	list, err := s.deps.Silences.Silences(ctx, alerting.SilenceFilter{
		State: in.State, Now: now, Merchants: c.merchantList(), Before: before, Limit: probeLimit(in.Limit),
	})
	if err != nil {
		return nil, s.unread(ctx, err)
	}
	out := &pageOutput[silenceView]{Body: page[silenceView]{Items: []silenceView{}}}
	list, out.Body.Next = cutPage(list, in.Limit, func(q alerting.Silence) string { return q.ID })
	for _, q := range list {
		if c.seesMatcher(q.Matcher) {
			out.Body.Items = append(out.Body.Items, viewOfSilence(q, now))
		}
	}
	return out, nil
}

func (s *Server) addSilence(ctx context.Context, in *addSilenceInput) (*addedSilenceOutput, error) {
	now, q := time.Now(), alerting.Silence{Matcher: in.Body.Matcher, From: in.Body.From, Until: in.Body.Until, By: callerOf(ctx).name, Reason: in.Body.Reason}
	if q.From.Before(now) {
		q.From = now
	}
	if in.Body.For != "" {
		length, err := registry.ParseDuration(in.Body.For)
		switch {
		case !q.Until.IsZero():
			return nil, unprocessable(detail("body.for", "stands beside until; wanted one of them"))
		case err != nil:
			return nil, unprocessable(detail("body.for", err.Error()))
		}
		q.Until = q.From.Add(length.Std())
	}
	var err error
	if q.Matcher, err = s.ownMatcher(ctx, q.Matcher); err != nil {
		return nil, err
	}
	if q, err = s.deps.Silences.AddSilence(ctx, q); err != nil {
		return nil, s.quietProblem(ctx, "silence", q.ID, err)
	}
	now = time.Now()
	return &addedSilenceOutput{Body: addedSilence{silenceView: viewOfSilence(q, now), Covers: s.covered(ctx, q, now)}}, nil
}

// covered lists the live incidents that a silence alone keeps quiet. What
// cannot be read is left out: the silence is in force all the same.
func (s *Server) covered(ctx context.Context, q alerting.Silence, now time.Time) []coveredView {
	covers, c := []coveredView{}, callerOf(ctx)
	if s.deps.Incidents == nil || q.State(now) != alerting.SilenceActive {
		return covers
	}
	live, err := s.deps.Incidents.Incidents(ctx, alerting.IncidentFilter{Live: true, Merchants: c.merchantList(), Limit: maxNumbered})
	if err != nil {
		_ = s.unread(ctx, err) // it is logged there
		return covers
	}
	alone := alerting.Quiet{Silences: []alerting.Silence{q}}
	for _, in := range live {
		if _, quiet := alone.Incident(in, now); quiet && in.Live() && c.seesIncident(in) {
			covers = append(covers, coveredView{ID: in.ID, Number: in.Number(), Severity: string(in.Severity), Title: in.Title})
		}
	}
	return covers
}

func (s *Server) removeSilence(ctx context.Context, in *silenceInput) (*struct{}, error) {
	c := callerOf(ctx)
	q, err := s.deps.Silences.Silence(ctx, in.ID)
	if err == nil && !c.seesMatcher(q.Matcher) {
		err = alerting.ErrNoSilence
	}
	if err == nil {
		err = s.deps.Silences.RemoveSilence(ctx, in.ID, c.name)
	}
	if err != nil {
		return nil, s.quietProblem(ctx, "silence", in.ID, err)
	}
	return nil, nil
}

// quietProblem turns the error of a command about what is quiet into a
// problem.
func (s *Server) quietProblem(ctx context.Context, kind, id string, err error) *huma.ErrorModel {
	if errors.Is(err, alerting.ErrNoSilence) || errors.Is(err, alerting.ErrNoMaintenance) {
		return notFound(kind, id)
	}
	if e, ok := errors.AsType[*alerting.SilenceOverError](err); ok {
		return problem(http.StatusConflict, e.Error())
	}
	if e, ok := errors.AsType[*alerting.MaintenanceVersionError](err); ok {
		return problem(http.StatusConflict, e.Error())
	}
	if e, ok := errors.AsType[*alerting.TooQuietError](err); ok {
		return problem(http.StatusConflict, e.Error())
	}
	return s.asProblem(ctx, err)
}
