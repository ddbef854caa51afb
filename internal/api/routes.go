package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hookvigil/hookvigil/alerting"
)

// routes registers everything that is answered. Who may use a route stands
// beside it, and nowhere else.
func (s *Server) routes() {
	viewer, operator := access{role: RoleViewer}, access{role: RoleOperator}
	house := access{role: RoleViewer, house: true}

	register(s, viewer, get("/api/v1/endpoints", "list-endpoints", "List endpoints with their states"), s.listEndpoints)
	register(s, viewer, get("/api/v1/endpoints/{id}", "get-endpoint", "Show one endpoint: its state and what each signal says"), s.getEndpoint)
	register(s, operator, put("/api/v1/endpoints/{id}", "put-endpoint", "Add or replace an endpoint"), s.putEndpoint)
	register(s, operator, drop("/api/v1/endpoints/{id}", "delete-endpoint", "Stop watching an endpoint"), s.deleteEndpoint)
	register(s, viewer, get("/api/v1/merchants", "list-merchants", "List merchants"), s.listMerchants)
	register(s, viewer, get("/api/v1/merchants/{id}", "get-merchant", "Show one merchant"), s.getMerchant)
	register(s, operator, put("/api/v1/merchants/{id}", "put-merchant", "Add or replace a merchant"), s.putMerchant)
	register(s, operator, drop("/api/v1/merchants/{id}", "delete-merchant", "Drop a merchant with all its endpoints"), s.deleteMerchant)
	register(s, operator, importOperation(), s.importLines)
	register(s, viewer, get("/api/v1/targets", "list-targets", "List our own services whose certificates are watched"), s.listTargets)
	register(s, viewer, get("/api/v1/targets/{id}", "get-target", "Show one of our own services"), s.getTarget)
	register(s, viewer, get("/api/v1/sd/prometheus", "discover", "Prometheus HTTP service discovery of all endpoints"), s.discover)
	s.conditionRoutes()
	s.deliveryRoutes()
	s.deskRoutes()
	s.reconcileRoutes()
	s.quietRoutes()
	s.digestRoutes()
	s.subscriptionRoutes()
	s.eventRoutes()

	s.plain(viewer, get("/api/v1/openapi.json", "openapi", "This document"), http.HandlerFunc(s.openAPI))
	s.plain(access{open: true}, interactionsOperation(), s.interactions())
	s.plain(access{open: true}, get("/-/healthy", "healthy", "200 when the daemon is alive"), duty(s.deps.Duties.Healthy, nil))
	s.plain(access{open: true}, get("/-/ready", "ready", "200 when the daemon can take requests"), duty(s.deps.Duties.Ready, nil))
	s.plain(house, get("/-/duty", "duty", "200 when the daemon does its duty: for watchers"), duty(s.deps.Duties.Duty, s.deps.Remarks))
	s.plain(access{role: RoleAdmin, house: true}, post("/-/reload", "reload", "Read the configuration again"), http.HandlerFunc(s.reload))
	s.plain(house, get("/metrics", "metrics", "Aggregates for Prometheus"), s.deps.Metrics)
	s.plain(house, get("/metrics/probes", "probe-metrics", "Series by endpoint, under blackbox_exporter's names"), probeMetrics(s.deps))
	s.plain(viewer, probeOperation(), s.scopedProbe(s.deps.Probe))

	s.access["/"] = house
	s.mux.Handle("/", s.rest(s.guard(house, orMissing(s.deps.Web))))
}

// deliveryRoutes are about what senders report.
func (s *Server) deliveryRoutes() {
	s.plain(access{role: RoleIngest}, s.attemptsOperation(), s.attempts())
	register(s, access{role: RoleViewer}, get("/api/v1/ratios", "get-ratios", "Count attempts and failures of a scope in a window"),
		served(s.deps.Tally != nil, s.ratios))
	beat := post("/api/v1/heartbeats/{id}", "beat", "Give a sign of life")
	beat.DefaultStatus = http.StatusNoContent
	register(s, access{role: RoleOperator, or: RoleIngest, house: true}, beat, served(s.deps.Beat != nil, s.beat))
}

// deskRoutes are about what the desk decided, and what was told.
func (s *Server) deskRoutes() {
	desk, outbox := s.deps.Incidents != nil, s.deps.Outbox != nil
	viewer, operator := access{role: RoleViewer}, access{role: RoleOperator}
	house := access{role: RoleOperator, house: true}

	register(s, viewer, get("/api/v1/incidents", "list-incidents", "List incidents, newest first"), served(desk, s.listIncidents))
	register(s, viewer, get("/api/v1/incidents/{id}", "get-incident", "Show one incident with its members and timeline"), served(desk, s.getIncident))
	register(s, operator, post("/api/v1/incidents/{id}/ack", "ack-incident", "Say that somebody is at it"), served(desk, s.command(alerting.CommandAcknowledge)))
	register(s, operator, post("/api/v1/incidents/{id}/resolve", "resolve-incident", "Say that it is over"), served(desk, s.command(alerting.CommandResolve)))
	register(s, operator, post("/api/v1/incidents/{id}/note", "note-incident", "Add a remark to the timeline"), served(desk, s.command(alerting.CommandNote)))

	register(s, house, get("/api/v1/outbox", "list-outbox", "List notices, newest first"), served(outbox, s.listOutbox))
	retry, drop := post("/api/v1/outbox/{id}/retry", "retry-notice", "Send a notice again now"), post("/api/v1/outbox/{id}/drop", "drop-notice", "Give a notice up")
	retry.DefaultStatus, drop.DefaultStatus = http.StatusNoContent, http.StatusNoContent
	register(s, house, retry, served(outbox, s.retryNotice))
	register(s, house, drop, served(outbox, s.dropNotice))
	register(s, house, post("/api/v1/receivers/{name}/test", "test-receiver", "Send one test notice to each destination, and wait for its end"),
		served(s.deps.Test != nil, s.testReceiver))
}

func probeOperation() huma.Operation {
	op := get("/probe", "probe", "blackbox_exporter's contract for one endpoint")
	op.Parameters = []*huma.Param{{Name: "target", In: "query", Required: true, Description: "ID or URL", Schema: &huma.Schema{Type: huma.TypeString}}}
	return op
}

func probeMetrics(d Deps) http.Handler {
	if d.ProbeMetrics == nil {
		return nil
	}
	return http.HandlerFunc(d.ProbeMetrics)
}

func operation(method, path, id, summary string) huma.Operation {
	return huma.Operation{
		Method: method, Path: path, OperationID: id, Summary: summary,
		MaxBodyBytes: maxBody, BodyReadTimeout: bodyTimeout, RejectUnknownQueryParameters: true,
	}
}

func get(path, id, summary string) huma.Operation {
	return operation(http.MethodGet, path, id, summary)
}

func post(path, id, summary string) huma.Operation {
	return operation(http.MethodPost, path, id, summary)
}

func put(path, id, summary string) huma.Operation {
	op := operation(http.MethodPut, path, id, summary)
	op.Responses = map[string]*huma.Response{"201": {Description: "It is new; the body is that of 200"}}
	return op
}

func drop(path, id, summary string) huma.Operation {
	op := operation(http.MethodDelete, path, id, summary)
	op.DefaultStatus = http.StatusNoContent
	return op
}

// register adds a route of the API: h gets the request checked and decoded.
func register[I, O any](s *Server, a access, op huma.Operation, h func(context.Context, *I) (*O, error)) {
	s.access[op.Method+" "+op.Path] = a
	describe(&op, a)
	huma.Register(s.api, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := h(ctx, in)
		if err != nil {
			return nil, s.asProblem(ctx, err)
		}
		return out, nil
	})
}

// served returns h, or what stands in for it when this daemon was not given
// what h reads from.
func served[I, O any](given bool, h func(context.Context, *I) (*O, error)) func(context.Context, *I) (*O, error) {
	if given {
		return h
	}
	return func(context.Context, *I) (*O, error) { return nil, missing() }
}

func missing() *huma.ErrorModel {
	return problem(http.StatusNotFound, "this daemon does not serve that")
}

// plain adds a route that reads its request itself; a nil h answers 404.
func (s *Server) plain(a access, op huma.Operation, h http.Handler) {
	pattern := op.Method + " " + op.Path
	s.access[pattern] = a
	describe(&op, a)
	if op.Responses == nil {
		op.Responses = map[string]*huma.Response{"200": {Description: "OK"}}
	}
	s.api.OpenAPI().AddOperation(&op)
	s.mux.Handle(pattern, s.guard(a, http.MaxBytesHandler(orMissing(h), maxBody)))
}

// orMissing stands in for a handler that this daemon was not given.
func orMissing(h http.Handler) http.Handler {
	if h != nil {
		return h
	}
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		writeProblem(w, missing())
	})
}

// guardedMux is the mux as huma sees it: each route gets its guard.
type guardedMux struct{ s *Server }

// HandleFunc registers h behind the guard of its pattern; a pattern that
// nobody gave an access lets nobody in.
func (m guardedMux) HandleFunc(pattern string, h func(http.ResponseWriter, *http.Request)) {
	m.s.mux.Handle(pattern, m.s.guard(m.s.access[pattern], http.HandlerFunc(h)))
}

// ServeHTTP implements [http.Handler].
func (m guardedMux) ServeHTTP(w http.ResponseWriter, r *http.Request) { m.s.mux.ServeHTTP(w, r) }

// rest answers what no route took: 405 where another method would do, 404
// below /api/ and /-/, and pages elsewhere.
func (s *Server) rest(pages http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		allowed := s.allowed(r)
		unknown := strings.HasPrefix(r.URL.Path, "/api/") || strings.HasPrefix(r.URL.Path, "/-/")
		if rec, ok := w.(*recorder); ok {
			rec.unknown = unknown || allowed != ""
		}
		switch {
		case allowed != "":
			w.Header().Set("Allow", allowed)
			writeProblem(w, problem(http.StatusMethodNotAllowed, "wanted "+allowed))
		case unknown:
			writeProblem(w, problem(http.StatusNotFound, "there is no such route; GET /api/v1/openapi.json lists them"))
		default:
			pages.ServeHTTP(w, r)
		}
	})
}

// allowed lists the methods that some route takes at the path of r.
func (s *Server) allowed(r *http.Request) string {
	var list []string
	for _, method := range methods() {
		other := *r
		other.Method = method
		if _, pattern := s.mux.Handler(&other); pattern != "/" && pattern != "" {
			list = append(list, method)
		}
	}
	return strings.Join(list, ", ")
}
