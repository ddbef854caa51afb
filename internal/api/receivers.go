package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/internal/registry"
)

type receiverInput struct {
	Name string `path:"name" maxLength:"128"`
}

type testOutput struct{ Body testView }

// testView is what became of the test of a receiver.
type testView struct {
	Receiver string           `json:"receiver"`
	Notices  []testNoticeView `json:"notices" doc:"One for each destination"`
}

type testNoticeView struct {
	Lane        string         `json:"lane"`
	State       string         `json:"state" doc:"sent, or where it stands in the outbox"`
	Class       alerting.Class `json:"error_class,omitempty"`
	Text        string         `json:"error_text,omitempty" doc:"Why it was not sent"`
	TookSeconds float64        `json:"took_seconds"`
}

// testReceiver sends a test notice on each lane of a receiver. A lane that
// fails is what one wants to know, and no error.
func (s *Server) testReceiver(ctx context.Context, in *receiverInput) (*testOutput, error) {
	outcome, err := s.deps.Test(ctx, in.Name, callerOf(ctx).name)
	switch {
	case errors.Is(err, registry.ErrNotFound):
		return nil, notFound("receiver", in.Name)
	case err != nil && ctx.Err() == nil:
		s.log.LogAttrs(ctx, slog.LevelError, "receiver not tested", slog.Any("error", err))
		return nil, problem(http.StatusServiceUnavailable, "the test could not be done; try again, and see /-/duty")
	case err != nil:
		return nil, err
	}
	v := testView{Receiver: outcome.Receiver, Notices: make([]testNoticeView, 0, len(outcome.Notices))}
	for _, n := range outcome.Notices {
		v.Notices = append(v.Notices, testNoticeView{Lane: n.Lane, State: n.State, Class: n.Class, Text: n.Text, TookSeconds: n.Took.Seconds()})
	}
	return &testOutput{Body: v}, nil
}

// beat takes a sign of life.
func (s *Server) beat(_ context.Context, in *idInput) (*struct{}, error) {
	if !s.deps.Beat(in.ID) {
		return nil, notFound("heartbeat", in.ID)
	}
	return nil, nil //nolint:nilnil // huma's 204
}
