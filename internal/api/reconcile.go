package api

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hookvigil/hookvigil/alerting"
)

// Reconciliations is whether what had failed in an incident was made good.
// Reconciliation gives the rows by channel, none for an incident without
// failed events. Reconcile does what a person says about a channel; it returns
// [alerting.ErrNoIncident], an [alerting.VersionError] or an
// [alerting.CommandError]. FailedProducts counts the failed events by product;
// nil: they cannot be counted any more. All are safe for concurrent use.
//
// [Deps].Incidents may be one too; otherwise incidents have no rows and the
// route of Reconcile answers 404.
type Reconciliations interface {
	Reconciliation(ctx context.Context, incident string) ([]alerting.Reconciliation, error)
	Reconcile(ctx context.Context, incident string, version int, c alerting.ReconcileCommand) (alerting.Incident, error)
	FailedProducts(ctx context.Context, in alerting.Incident) ([]alerting.FailedCount, error)
}

// reconcileRoutes are about what follows once an incident is over.
func (s *Server) reconcileRoutes() {
	_, reconciles := s.deps.Incidents.(Reconciliations)
	register(s, access{role: RoleOperator}, post("/api/v1/incidents/{id}/reconcile", "reconcile-incident",
		"Say that failed events of a payment channel were made good or given up"), served(reconciles, s.reconcile))
	report := get("/api/v1/incidents/{id}/report", "report-incident", "The report of an incident, in Markdown; who was told is for operators who see all")
	report.Responses = map[string]*huma.Response{"200": {Description: "The report", Content: map[string]*huma.MediaType{
		"text/markdown": {Schema: &huma.Schema{Type: huma.TypeString}},
	}}}
	register(s, access{role: RoleViewer}, report, served(s.deps.Incidents != nil, s.report))
}

// reconciliationView is one channel of an incident. Moments that have not come
// are left out.
type reconciliationView struct {
	Channel     string                  `json:"channel" doc:"Empty: events without one"`
	State       alerting.ReconcileState `json:"state" enum:"in_progress,t_plus_1,done"`
	Failed      int                     `json:"failed" doc:"Events whose first attempt failed while the incident ran"`
	Redelivered int                     `json:"redelivered" doc:"Of those, delivered since"`
	Waiting     int                     `json:"waiting" doc:"Of those, with an automatic try before them"`
	Exhausted   int                     `json:"exhausted" doc:"Of those, undelivered without one"`
	WrittenOff  int                     `json:"written_off" doc:"Made good in another way or given up, as people said"`
	Left        int                     `json:"left" doc:"Neither delivered nor written off"`
	ExpectedAt  time.Time               `json:"expected_at,omitzero" doc:"The last of the next automatic tries"`
	DoneAt      time.Time               `json:"done_at,omitzero"`
	UpdatedAt   time.Time               `json:"updated_at"`
	UpdatedBy   string                  `json:"updated_by" doc:"Whose word stands in it; empty: nobody's, it was counted"`
	Note        string                  `json:"note"`
}

// reconciliationOf reads the rows of an incident as they are answered.
func (s *Server) reconciliationOf(ctx context.Context, incident string) ([]reconciliationView, error) {
	rows, err := s.channelsOf(ctx, incident)
	views := make([]reconciliationView, 0, len(rows))
	for _, r := range rows {
		views = append(views, reconciliationView{
			Channel: r.Channel, State: r.State, Failed: r.Failed, Redelivered: r.Redelivered, Waiting: r.Waiting(), Exhausted: r.Exhausted,
			WrittenOff: r.WrittenOff, Left: r.Left(), ExpectedAt: r.ExpectedAt.UTC(), DoneAt: r.DoneAt.UTC(),
			UpdatedAt: r.UpdatedAt.UTC(), UpdatedBy: r.UpdatedBy, Note: r.Note,
		})
	}
	return views, err
}

func (s *Server) channelsOf(ctx context.Context, incident string) ([]alerting.Reconciliation, error) {
	from, ok := s.deps.Incidents.(Reconciliations)
	if !ok {
		return nil, nil
	}
	rows, err := from.Reconciliation(ctx, incident)
	if err != nil {
		return nil, s.unread(ctx, err)
	}
	return rows, nil
}

type reconcileInput struct {
	ID   string `path:"id" maxLength:"128" doc:"ID, or its last six characters when they are unique among the newest 1,000"`
	Body reconcileRecord
}

// reconcileRecord is what a person says about a channel.
type reconcileRecord struct {
	Version int                      `json:"version" required:"false" doc:"Of the incident as you read it; needed"`
	Channel *string                  `json:"channel,omitempty" maxLength:"256" doc:"As in the incident's reconciliation; needed, empty for events without one"`
	Action  alerting.ReconcileAction `json:"action" required:"false" enum:"written_off,done,note" doc:"written_off: so many events were made good in another way or given up; done: all that is left was"`
	Count   *int                     `json:"count,omitempty" doc:"Of written_off: events in all, in place of the number before; needed"`
	Note    string                   `json:"note,omitempty" maxLength:"2000" doc:"A remark; needed for a note"`
}

// wrong says what is missing or too much, each by its place.
func (r reconcileRecord) wrong(note string) (list []*huma.ErrorDetail) {
	bad := func(wrong bool, field, message string) {
		if wrong {
			list = append(list, detail("body."+field, message))
		}
	}
	bad(r.Version <= 0, "version", "is needed: read the incident first; give its version")
	bad(r.Channel == nil, "channel", `is needed: one of the incident's reconciliation, "" for events without a channel`)
	bad(r.Action == "", "action", "is needed: written_off, done or note")
	bad(r.Action == alerting.ReconcileWriteOff && r.Count == nil, "count", "is needed: how many events are written off in all")
	bad(r.Action == alerting.ReconcileWriteOff && r.Count != nil && *r.Count < 0, "count", "is negative; wanted 0 or more events")
	bad(r.Action != alerting.ReconcileWriteOff && r.Count != nil, "count", "goes with written_off alone")
	bad(r.Action == alerting.ReconcileNote && note == "", "note", "is needed: a note says something")
	return list
}

func (s *Server) reconcile(ctx context.Context, in *reconcileInput) (*incidentOutput, error) {
	c := alerting.ReconcileCommand{Do: in.Body.Action, By: callerOf(ctx).name, Note: cleanRemark(in.Body.Note)}
	if bad := in.Body.wrong(c.Note); len(bad) > 0 {
		return nil, unprocessable(bad...)
	}
	c.Channel = *in.Body.Channel
	if in.Body.Count != nil {
		c.Count = *in.Body.Count
	}
	incident, _, err := s.incidentFor(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	to, ok := s.deps.Incidents.(Reconciliations)
	if !ok {
		return nil, missing()
	}
	if _, err := to.Reconcile(ctx, incident.ID, in.Body.Version, c); err != nil {
		return nil, s.commandProblem(ctx, in.ID, err)
	}
	return s.getIncident(ctx, &incidentInput{ID: incident.ID})
}
