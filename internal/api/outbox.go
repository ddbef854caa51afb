package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/hookvigil/hookvigil/alerting"
)

type listOutboxInput struct {
	Limit   int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"Most items to answer"`
	Cursor  string `query:"cursor" maxLength:"1000" doc:"next of the answer before"`
	State   string `query:"state" enum:"waiting,sending,sent,replaced,withheld,dead,dropped" doc:"In this state alone"`
	Lane    string `query:"lane" maxLength:"400" doc:"Of this lane alone: RECEIVER/DESTINATION"`
	Subject string `query:"subject" maxLength:"400" doc:"About this alone, such as an incident's ID"`
}

type noticeInput struct {
	ID string `path:"id" maxLength:"800" doc:"As in the list; a slash in it is written %2F"`
}

// listOutbox answers notices, newest first.
func (s *Server) listOutbox(ctx context.Context, in *listOutboxInput) (*pageOutput[alerting.OutboxRow], error) {
	before, bad := listInput{in.Limit, in.Cursor}.after()
	if bad != nil {
		return nil, bad
	}
	list, err := s.deps.Outbox.Outbox(ctx, alerting.OutboxFilter{
		State: in.State, Lane: in.Lane, Subject: in.Subject, Before: before, Limit: probeLimit(in.Limit),
	})
	if err != nil {
		return nil, s.unread(ctx, err)
	}
	out := &pageOutput[alerting.OutboxRow]{}
	list, out.Body.Next = cutPage(list, in.Limit, func(row alerting.OutboxRow) string { return row.ID })
	out.Body.Items = filled(list)
	return out, nil
}

func (s *Server) retryNotice(ctx context.Context, in *noticeInput) (*struct{}, error) {
	return nil, s.noticeProblem(ctx, in.ID, s.deps.Outbox.RetryNotice(ctx, in.ID, callerOf(ctx).name))
}

func (s *Server) dropNotice(ctx context.Context, in *noticeInput) (*struct{}, error) {
	return nil, s.noticeProblem(ctx, in.ID, s.deps.Outbox.DropNotice(ctx, in.ID, callerOf(ctx).name))
}

// noticeProblem turns the error of a command about a notice into a problem;
// nil for none.
func (s *Server) noticeProblem(ctx context.Context, id string, err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*alerting.NoticeStateError](err); ok {
		return problem(http.StatusConflict, e.Error())
	}
	if errors.Is(err, alerting.ErrNoNotice) {
		return notFound("notice", id)
	}
	return s.asProblem(ctx, err)
}
