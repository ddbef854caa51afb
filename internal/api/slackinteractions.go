package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hookvigil/hookvigil/alerting/slack"
)

// Interactions does what somebody pressed in Slack, when the request is signed
// by it. It returns nil when Slack is to be answered 200, and otherwise
// [slack.ErrRefused], [slack.ErrMalformed] or [slack.ErrNoButtons]; it logs
// why. It blocks for less than the 3 s that Slack waits, and is safe for
// concurrent use.
type Interactions func(ctx context.Context, s slack.Signed) error

// Bounds of an interaction: a message with its blocks, and who pressed where.
const (
	maxInteraction     = 1 << 20
	interactionTimeout = 3 * time.Second // to send it; Slack wants its answer within that
)

func interactionsOperation() huma.Operation {
	op := post("/slack/interactions", "slack-interactions", "Take what somebody pressed in Slack, signed by Slack in place of a token")
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
		"application/x-www-form-urlencoded": {Schema: &huma.Schema{
			Type: huma.TypeObject, Required: []string{"payload"}, Properties: map[string]*huma.Schema{"payload": {Type: huma.TypeString}},
		}},
	}}
	return op
}

// interactions answers POST /slack/interactions. Its query is not looked at:
// the signature does not cover it.
func (s *Server) interactions() http.Handler {
	if s.deps.Interactions == nil {
		return nil
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// A writer without a connection has no deadline; the body is bounded all the same.
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(interactionTimeout))
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxInteraction))
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			writeProblem(w, problem(http.StatusRequestEntityTooLarge, "an interaction has at most 1 MiB"))
			return
		}
		if err != nil {
			writeProblem(w, problem(http.StatusBadRequest, "the body broke off, or took more than 3 s"))
			return
		}
		err = s.deps.Interactions(r.Context(), slack.Signed{
			Timestamp: r.Header.Get("X-Slack-Request-Timestamp"), Signature: r.Header.Get("X-Slack-Signature"),
			Body: body, Remote: remoteAddress(r).String(),
		})
		if err != nil {
			writeProblem(w, interactionProblem(err))
			return
		}
		w.WriteHeader(http.StatusOK) // an empty answer changes nothing in Slack
	})
}

func interactionProblem(err error) *huma.ErrorModel {
	switch {
	case errors.Is(err, slack.ErrRefused):
		return problem(http.StatusUnauthorized, slack.ErrRefused.Error())
	case errors.Is(err, slack.ErrMalformed):
		return problem(http.StatusBadRequest, slack.ErrMalformed.Error())
	case errors.Is(err, slack.ErrNoButtons):
		return problem(http.StatusNotFound, slack.ErrNoButtons.Error())
	default:
		return problem(http.StatusInternalServerError, ourFault)
	}
}
