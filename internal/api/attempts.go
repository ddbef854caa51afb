package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"strconv"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hookvigil/hookvigil/internal/ingest"
)

// When a sender may try again, in seconds.
const (
	retryBusy = 1
	retryFull = 10
)

// attemptsView is the answer to attempts.
type attemptsView struct {
	Accepted      int         `json:"accepted" doc:"New, and durable"`
	Duplicate     int         `json:"duplicate" doc:"Known already; they change nothing"`
	Rejected      []rejection `json:"rejected" doc:"Records that were not taken, in order; at most 1,000"`
	RejectedCount int         `json:"rejected_count" doc:"All of them"`
}

// attemptsError is a problem with a body of which a part may be durable.
type attemptsError struct {
	*huma.ErrorModel
	Accepted  int `json:"accepted" doc:"New, and durable"`
	Duplicate int `json:"duplicate" doc:"Known already"`
}

const attemptsDescription = `One JSON object a line, a JSON array of objects, or one object; plain, gzip or zstd; at most 8 MiB on the wire and 32 MiB inflated.

200 says that every good record is durable; the bad ones are listed and are not worth sending again. Any other answer says how many
records are durable all the same: send the whole body again (in parts when it is too large), repeats change nothing. That holds for
a body that broke off (400), too.`

// attemptsOperation describes the route, which reads its body itself.
func (s *Server) attemptsOperation() huma.Operation {
	op := post("/api/v1/attempts", "put-attempts", "Hand in attempts")
	schemas := s.api.OpenAPI().Components.Schemas
	record := &huma.Schema{Type: huma.TypeObject, Description: "An attempt record", AdditionalProperties: true}
	op.RequestBody = &huma.RequestBody{Description: attemptsDescription, Content: map[string]*huma.MediaType{
		"application/x-ndjson": {Schema: record},
		"application/json":     {Schema: &huma.Schema{OneOf: []*huma.Schema{record, {Type: huma.TypeArray, Items: record}}}},
	}}
	answers := func(of reflect.Type, kind, description string) *huma.Response {
		return &huma.Response{Description: description, Content: map[string]*huma.MediaType{kind: {Schema: schemas.Schema(of, true, "")}}}
	}
	refused := reflect.TypeFor[attemptsError]()
	const kind = "application/problem+json"
	op.Responses = map[string]*huma.Response{
		"200": answers(reflect.TypeFor[attemptsView](), "application/json", "Every good record is durable"),
		"400": answers(refused, kind, "The body broke off or is damaged; send it again"),
		"408": answers(refused, kind, "The body came too slowly"),
		"413": answers(refused, kind, "The body is too large; send it in parts"),
		"415": answers(refused, kind, "The body is compressed in an unknown way"),
		"422": answers(refused, kind, "More than 100,000 records are bad, and nothing after them was read"),
		"429": answers(refused, kind, "Too much is under way; send it again after Retry-After seconds"),
		"503": answers(refused, kind, "Attempts are not taken at this moment; send it again after Retry-After seconds"),
	}
	return op
}

// attempts returns the handler of the route, nil when nobody takes attempts.
func (s *Server) attempts() http.Handler {
	if s.deps.Attempts == nil {
		return nil
	}
	return http.HandlerFunc(s.takeAttempts)
}

func (s *Server) takeAttempts(w http.ResponseWriter, r *http.Request) {
	body, bad := openBody(r)
	switch {
	case bad != nil:
		w.Header().Set("Accept-Encoding", "gzip, zstd") // RFC 9110 section 12.5.3
		writeProblem(w, bad)
		return
	case r.ContentLength > maxBody:
		writeProblem(w, onWireProblem())
		return
	case !s.inflow.enter(callerOf(r.Context()).name):
		s.refuseAttempts(r.Context(), w, attemptsView{}, errInflow)
		return
	}
	leave := sync.OnceFunc(func() { s.inflow.leave(callerOf(r.Context()).name) })
	defer leave()
	defer body.close()
	now := time.Now()
	deadline := now.Add(s.bodyTime)
	// A slow client holds its place no longer than that. A writer without a
	// connection has no deadline; the lines have theirs.
	_ = http.NewResponseController(w).SetReadDeadline(deadline)
	in := &intake{
		server: s, caller: callerOf(r.Context()), lines: newLineReader(body, deadline), now: now,
		batch: s.deps.Resolver.Begin(now, s.deps.Attempts.Floor()),
	}
	defer in.release()
	// What was read is kept, even when its sender has gone by now.
	ctx := context.WithoutCancel(r.Context())
	err := in.read(ctx)
	leave()
	if keeps(err) {
		err = errors.Join(err, in.flush(ctx))
	}
	s.deps.Rejected(in.view.RejectedCount)
	if err != nil {
		s.refuseAttempts(r.Context(), w, in.view, err)
		return
	}
	in.view.Rejected = filled(in.view.Rejected)
	writeJSON(w, http.StatusOK, "application/json", in.view)
}

// refuseAttempts answers a body that was not taken as a whole, and says what
// of it is durable.
func (s *Server) refuseAttempts(ctx context.Context, w http.ResponseWriter, v attemptsView, err error) {
	p, retry := s.attemptsProblem(ctx, err)
	if errors.Is(err, errRubbish) && len(v.Rejected) > 0 {
		p.Detail += fmt.Sprintf("; the first is line %d: %s", v.Rejected[0].Line, v.Rejected[0].Reason)
	}
	if retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(retry))
	}
	if v.Accepted+v.Duplicate > 0 {
		p.Detail += fmt.Sprintf("; %d of its records are durable already and %d were known before: repeating them changes nothing", v.Accepted, v.Duplicate)
	}
	writeJSON(w, p.Status, "application/problem+json", attemptsError{ErrorModel: p, Accepted: v.Accepted, Duplicate: v.Duplicate})
}

// attemptsProblem turns an error into a problem, and says after how many
// seconds to try again; 0: that is not said.
func (s *Server) attemptsProblem(ctx context.Context, err error) (p *huma.ErrorModel, retry int) {
	switch {
	case errors.Is(err, errInflow), errors.Is(err, ingest.ErrBusy):
		return problem(http.StatusTooManyRequests, "too many attempts are under way at this moment; send the body again"), retryBusy
	case errors.Is(err, ingest.ErrFull):
		return problem(http.StatusServiceUnavailable, "there is no space for attempts; send the body again, and see /-/duty"), retryFull
	case errors.Is(err, ingest.ErrClosed):
		return problem(http.StatusServiceUnavailable, "the daemon takes no attempts at this moment; send the body again"), retryFull
	case errors.Is(err, ingest.ErrTooLarge):
		return problem(http.StatusRequestEntityTooLarge, "the attempts are too large together; send them in parts"), 0
	case errors.Is(err, errRubbish):
		return problem(http.StatusUnprocessableEntity, fmt.Sprintf("more than %d records are bad, and nothing after them was read; are these attempts?", maxRejected)), 0
	case readError(err):
		return readProblem(err), 0
	}
	s.log.LogAttrs(ctx, slog.LevelError, "attempts not stored", slog.Any("error", err))
	return problem(http.StatusServiceUnavailable, "the attempts could not be stored; send the body again, and see /-/duty"), retryFull
}
