package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hookvigil/hookvigil/internal/registry"
)

const ourFault = "the fault is on our side; its cause is in the log of the daemon"

// problem makes an RFC 9457 problem.
func problem(status int, detail string, details ...*huma.ErrorDetail) *huma.ErrorModel {
	return &huma.ErrorModel{Status: status, Title: http.StatusText(status), Detail: detail, Errors: details}
}

// unprocessable is a problem with what was sent, by place.
func unprocessable(details ...*huma.ErrorDetail) *huma.ErrorModel {
	return problem(http.StatusUnprocessableEntity, "the request has faults; nothing was changed", details...)
}

// unanswerable is a problem with what was asked, by place: nothing would have
// been changed by it.
func unanswerable(details ...*huma.ErrorDetail) *huma.ErrorModel {
	return problem(http.StatusUnprocessableEntity, "the question has faults", details...)
}

func detail(location, message string) *huma.ErrorDetail {
	return &huma.ErrorDetail{Location: location, Message: message}
}

func notFound(kind, id string) *huma.ErrorModel {
	return problem(http.StatusNotFound, "there is no "+kind+" "+quote(id))
}

// quote makes a stranger's word fit to stand in a message.
func quote(s string) string {
	b, err := json.Marshal(registry.Clean(s))
	if err != nil {
		return `""` // a string always marshals
	}
	return string(b)
}

// asProblem turns the error of a handler into a problem. What the caller
// cannot act on is logged here and told without its cause.
func (s *Server) asProblem(ctx context.Context, err error) *huma.ErrorModel {
	if p, ok := errors.AsType[*huma.ErrorModel](err); ok {
		return p
	}
	if invalid, ok := errors.AsType[*registry.InvalidError](err); ok {
		return unprocessable(invalidDetails(invalid)...)
	}
	switch {
	case errors.Is(err, registry.ErrFromFile):
		return problem(http.StatusConflict, err.Error())
	case errors.Is(err, registry.ErrNotFound):
		return problem(http.StatusNotFound, err.Error())
	case ctx.Err() != nil:
		return problem(http.StatusServiceUnavailable, "the request was given up before it ended")
	}
	s.log.LogAttrs(ctx, slog.LevelError, "change not stored", slog.Any("error", err))
	return problem(http.StatusServiceUnavailable, "the change could not be stored; nothing was changed; try again, and see /-/duty")
}

// unread is the problem of a question that could not be answered.
func (s *Server) unread(ctx context.Context, err error) *huma.ErrorModel {
	if ctx.Err() != nil {
		return problem(http.StatusServiceUnavailable, "the request was given up before it ended")
	}
	s.log.LogAttrs(ctx, slog.LevelError, "facts not read", slog.Any("error", err))
	return problem(http.StatusServiceUnavailable, "the facts could not be read; try again, and see /-/duty")
}

func invalidDetails(invalid *registry.InvalidError) []*huma.ErrorDetail {
	details := []*huma.ErrorDetail{}
	for _, f := range invalid.Faults {
		if !f.Warning {
			details = append(details, detail("body."+f.Path, faultText(f.Fault)))
		}
	}
	return details
}

// faultText is a fault and its hint in one line.
func faultText(f registry.Fault) string {
	if f.Hint == "" {
		return f.Message
	}
	return f.Message + "; " + f.Hint
}

// scrub takes out of huma's own problems what was sent (it may be a token) and
// the cause of what is our fault.
func scrub(ctx huma.Context, _ string, v any) (any, error) {
	p, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	if brokenUpload(ctx, p.Status) {
		return problem(http.StatusBadRequest, "the body broke off, or is not sent as its head says"), nil
	}
	clean := *p
	clean.Errors = nil
	if p.Status >= http.StatusInternalServerError {
		return &clean, nil
	}
	for _, e := range p.Errors {
		if e != nil {
			clean.Errors = append(clean.Errors, detail(e.Location, e.Message))
		}
	}
	return &clean, nil
}

// writeProblem answers with p.
func writeProblem(w http.ResponseWriter, p *huma.ErrorModel) {
	writeJSON(w, p.Status, "application/problem+json", p)
}

// writeJSON answers with v, which always marshals. When the client is gone
// there is nobody to tell.
func writeJSON(w http.ResponseWriter, status int, contentType string, v any) {
	var buf bytes.Buffer
	if err := encode(&buf, v); err != nil {
		status = http.StatusInternalServerError
	}
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	_, _ = w.Write(buf.Bytes()) // see above
}
