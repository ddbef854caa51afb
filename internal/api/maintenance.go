package api

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/internal/registry"
)

// maintenanceRecord is planned work as it is written.
type maintenanceRecord struct {
	Version    int              `json:"version" required:"false" doc:"As you read it; 0, or left out: it is new"`
	Matcher    alerting.Matcher `json:"matcher" doc:"Merchants, endpoints, channels, products; of each list that is given one word must fit"`
	Zone       string           `json:"zone,omitempty" doc:"IANA name, by whose clocks it recurs; left out: UTC"`
	Start      time.Time        `json:"start" doc:"When the first occurrence begins; a day on which it recurs"`
	Length     string           `json:"length" maxLength:"100" doc:"Of each occurrence, such as 90m or 2h; 1m to 7d"`
	Recurrence string           `json:"recurrence,omitempty" maxLength:"500" doc:"RFC 5545: FREQ=DAILY, WEEKLY or MONTHLY, with INTERVAL, BYDAY, BYMONTHDAY, UNTIL, COUNT; left out: once"`
	Reason     string           `json:"reason" required:"false" doc:"Needed: why, for whoever is on call next; at most 500 characters"`
}

// maintenanceView is planned work as it is answered.
type maintenanceView struct {
	ID         string           `json:"id"`
	Version    int              `json:"version" doc:"Grows with every change; a change names it"`
	Matcher    alerting.Matcher `json:"matcher"`
	Zone       string           `json:"zone"`
	Start      time.Time        `json:"start"`
	Length     string           `json:"length"`
	Recurrence string           `json:"recurrence" doc:"Empty: once"`
	EndsAt     time.Time        `json:"ends_at,omitzero" doc:"No occurrence starts after; missing: it goes on for ever"`
	By         string           `json:"by" doc:"Who changed it last"`
	Reason     string           `json:"reason"`
	CreatedAt  time.Time        `json:"created_at"`
	UpdatedAt  time.Time        `json:"updated_at"`
	RemovedAt  time.Time        `json:"removed_at,omitzero" doc:"Removed: it is in force no more"`
	RemovedBy  string           `json:"removed_by,omitempty"`
	Now        *occurrenceView  `json:"now,omitempty" doc:"The occurrence that lasts now"`
	Next       *occurrenceView  `json:"next,omitempty" doc:"The one that begins next; missing: there is none within ten years"`
}

// occurrenceView is one time of work.
type occurrenceView struct {
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
}

type listMaintenanceInput struct {
	Limit   int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"Most items to answer"`
	Cursor  string `query:"cursor" maxLength:"1000" doc:"next of the answer before"`
	Removed bool   `query:"removed" doc:"Also those that were removed, with removed_at and removed_by: they are kept for 400 days"`
}

type maintenanceInput struct {
	ID string `path:"id" maxLength:"128"`
}

type putMaintenanceInput struct {
	ID   string `path:"id" maxLength:"128"`
	Body maintenanceRecord
}

type removeMaintenanceInput struct {
	ID      string `path:"id" maxLength:"128"`
	Version int    `query:"version" minimum:"0" doc:"As you read it; needed"`
}

type maintenanceOutput struct {
	Status int
	Body   maintenanceView
}

func viewOfMaintenance(m alerting.Maintenance, now time.Time) maintenanceView {
	v := maintenanceView{
		ID: m.ID, Version: m.Version, Matcher: m.Matcher, Zone: m.Zone, Start: m.Start.UTC(), Length: registry.Duration(m.Length).String(),
		Recurrence: m.Recurrence, EndsAt: m.EndsAt.UTC(), By: m.By, Reason: m.Reason, CreatedAt: m.Created.UTC(), UpdatedAt: m.Updated.UTC(),
		RemovedAt: m.RemovedAt.UTC(), RemovedBy: m.RemovedBy,
	}
	if from, until, ok := m.At(now); ok {
		v.Now = &occurrenceView{from.UTC(), until.UTC()}
	}
	if from, until, ok := m.Next(now); ok {
		v.Next = &occurrenceView{from.UTC(), until.UTC()}
	}
	return v
}

// listMaintenance answers the plans that the caller sees, by ID.
func (s *Server) listMaintenance(ctx context.Context, in *listMaintenanceInput) (*pageOutput[maintenanceView], error) {
	list, err := s.deps.Maintenance.Maintenances(ctx)
	if err == nil && in.Removed {
		var removed []alerting.Maintenance
		removed, err = s.deps.Maintenance.RemovedMaintenances(ctx)
		list = slices.Concat(list, removed)
		slices.SortFunc(list, func(a, b alerting.Maintenance) int { return cmp.Compare(a.ID, b.ID) })
	}
	if err != nil {
		return nil, s.unread(ctx, err)
	}
	c, now := callerOf(ctx), time.Now()
	return take(listInput{in.Limit, in.Cursor}, list, func(m alerting.Maintenance) string { return m.ID }, func(m alerting.Maintenance) (maintenanceView, bool) {
		if !c.seesMatcher(m.Matcher) {
			return maintenanceView{}, false
		}
		return viewOfMaintenance(m, now), true
	})
}

// maintenanceFor finds a plan that the caller sees.
func (s *Server) maintenanceFor(ctx context.Context, id string) (alerting.Maintenance, error) {
	m, err := s.deps.Maintenance.Maintenance(ctx, id)
	if err == nil && !callerOf(ctx).seesMatcher(m.Matcher) {
		err = alerting.ErrNoMaintenance
	}
	return m, err
}

func (s *Server) getMaintenance(ctx context.Context, in *maintenanceInput) (*maintenanceOutput, error) {
	m, err := s.maintenanceFor(ctx, in.ID)
	switch {
	case errors.Is(err, alerting.ErrNoMaintenance):
		return nil, notFound("maintenance", in.ID)
	case err != nil:
		return nil, s.unread(ctx, err)
	}
	return &maintenanceOutput{Status: http.StatusOK, Body: viewOfMaintenance(m, time.Now())}, nil
}

func (s *Server) putMaintenance(ctx context.Context, in *putMaintenanceInput) (*maintenanceOutput, error) {
	length, err := registry.ParseDuration(in.Body.Length)
	if err != nil {
		return nil, unprocessable(detail("body.length", err.Error()))
	}
	m := alerting.Maintenance{
		ID: in.ID, Version: in.Body.Version, Zone: cmp.Or(in.Body.Zone, "UTC"), Start: in.Body.Start, Length: length.Std(), Recurrence: in.Body.Recurrence,
		By: callerOf(ctx).name, Reason: in.Body.Reason,
	}
	// What a caller with a scope does not see is not there, and is not written
	// over either.
	if was, err := s.deps.Maintenance.Maintenance(ctx, in.ID); err == nil && !callerOf(ctx).seesMatcher(was.Matcher) {
		return nil, notFound("maintenance", in.ID)
	}
	if m.Matcher, err = s.ownMatcher(ctx, in.Body.Matcher); err != nil {
		return nil, err
	}
	if m, err = s.deps.Maintenance.PutMaintenance(ctx, m); err != nil {
		return nil, s.quietProblem(ctx, "maintenance", in.ID, err)
	}
	status := http.StatusOK
	if in.Body.Version == 0 {
		status = http.StatusCreated
	}
	return &maintenanceOutput{Status: status, Body: viewOfMaintenance(m, time.Now())}, nil
}

func (s *Server) removeMaintenance(ctx context.Context, in *removeMaintenanceInput) (*struct{}, error) {
	if in.Version == 0 {
		return nil, unprocessable(detail("query.version", "is needed: read the plan first; give its version"))
	}
	_, err := s.maintenanceFor(ctx, in.ID)
	if err == nil {
		err = s.deps.Maintenance.RemoveMaintenance(ctx, in.ID, in.Version, callerOf(ctx).name)
	}
	if err != nil {
		return nil, s.quietProblem(ctx, "maintenance", in.ID, err)
	}
	return nil, nil
}
