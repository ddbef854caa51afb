package api

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/internal/subscription"
)

// unknownRoute is the route of what has none, in logs and metrics.
const unknownRoute = "unknown"

// serve is what every request passes: headers, recovery, account, and the
// refusals that hold for all routes.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	start, rec := time.Now(), &recorder{ResponseWriter: w}
	// A shallow copy: the mux writes the pattern into it.
	r = r.WithContext(r.Context())
	defer func() {
		s.account(r, rec, time.Since(start))
	}()
	defer s.recover(rec, r)
	setHeaders(rec.Header())
	switch {
	case tokenInQuery(r):
		writeProblem(rec, unauthorized(rec, "a token does not belong into the URL, where proxies keep it; send it as Authorization: Bearer <token>"))
	case s.origin.Check(r) != nil:
		writeProblem(rec, problem(http.StatusForbidden, "a page of another origin may not change anything here"))
	default:
		s.mux.ServeHTTP(rec, r)
	}
}

func setHeaders(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
}

// recover answers 500 for a handler that panicked. The value of a panic may
// hold anything, so only its type is logged, unless the runtime wrote it; the
// stack says where it was.
func (s *Server) recover(rec *recorder, r *http.Request) {
	v := recover()
	if v == nil {
		return
	}
	err, isError := v.(error)
	if isError && errors.Is(err, http.ErrAbortHandler) {
		panic(http.ErrAbortHandler) // net/http's own way to cut a connection
	}
	what := fmt.Sprintf("%T", v)
	if _, ok := errors.AsType[runtime.Error](err); isError && ok {
		what = err.Error()
	}
	s.deps.Panicked("api")
	s.log.LogAttrs(r.Context(), slog.LevelError, "handler panicked",
		slog.String("route", routeOf(r)), slog.String("panic", what), slog.String("stack", string(debug.Stack())))
	if rec.status != 0 {
		panic(http.ErrAbortHandler) // half an answer is out: let the client see that it is not whole
	}
	writeProblem(rec, problem(http.StatusInternalServerError, ourFault))
}

// account tells the log and the metrics of a request.
func (s *Server) account(r *http.Request, rec *recorder, took time.Duration) {
	status := rec.status
	if status == 0 {
		status = http.StatusOK // net/http's answer to a handler that wrote nothing
	}
	route, method := routeOf(r), methodOf(r)
	if rec.unknown {
		route = unknownRoute
	}
	s.deps.Observe(route, method, status, took)
	s.log.LogAttrs(r.Context(), slog.LevelDebug, "request",
		slog.String("method", method), slog.String("route", route), slog.String("path", clip(withoutCapability(r.URL.Path))),
		slog.Int("status", status), slog.Duration("took", took), slog.String("remote", remoteAddress(r).String()))
}

// routeOf returns the route that answered, from the closed set.
func routeOf(r *http.Request) string {
	_, path, ok := strings.Cut(r.Pattern, " ")
	switch {
	case ok:
		return path
	case r.Pattern != "":
		return r.Pattern
	default:
		return unknownRoute
	}
}

// methodOf returns the method, from a closed set.
func methodOf(r *http.Request) string {
	for _, known := range methods() {
		if r.Method == known {
			return known
		}
	}
	return "OTHER"
}

func methods() []string {
	return []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions}
}

// withoutCapability returns a path without the token in it that would let
// whoever reads the log unsubscribe somebody.
func withoutCapability(path string) string {
	const mark = subscription.Path + "/"
	for i := range max(len(path)-len(mark)+1, 0) {
		if strings.EqualFold(path[i:i+len(mark)], mark) {
			return path[:i+len(mark)] + "…"
		}
	}
	return path
}

// clip bounds what a stranger can put into a log line.
func clip(s string) string {
	const most = 200
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return strings.ToValidUTF8(s, "�")
}

// recorder remembers the status of an answer.
type recorder struct {
	http.ResponseWriter
	status  int
	unknown bool // no route answered
}

// WriteHeader implements [http.ResponseWriter].
func (w *recorder) WriteHeader(status int) {
	if w.status == 0 && status >= http.StatusOK { // 1xx come before the answer
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets [http.ResponseController] reach the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }
