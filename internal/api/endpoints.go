package api

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/rules"
)

type idInput struct {
	ID string `path:"id" maxLength:"128"`
}

// huma finds no parameters in embedded types that are not exported: limit and
// cursor stand here again.
type listEndpointsInput struct {
	Limit    int        `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"Most items to answer"`
	Cursor   string     `query:"cursor" maxLength:"1000" doc:"next of the answer before"`
	Merchant string     `query:"merchant" doc:"Of this merchant alone"`
	State    rules.Word `query:"state" enum:"suspended,down,failing,degraded,recovering,healthy,no_data" doc:"In this state alone"`
	Q        string     `query:"q" maxLength:"200" doc:"ID or URL (without its query) holds this, in whatever case"`
}

type endpointOutput struct {
	Status int
	Body   endpointView
}

type putEndpointInput struct {
	ID   string `path:"id" maxLength:"128"`
	Body endpointRecord
}

func watchedID(w *registry.Watched) string { return w.ID }

func (s *Server) listEndpoints(ctx context.Context, in *listEndpointsInput) (*pageOutput[endpointView], error) {
	c, q := callerOf(ctx), strings.ToLower(in.Q)
	return take(listInput{in.Limit, in.Cursor}, s.deps.Registry.Snapshot().KnownEndpoints(), watchedID, func(w *registry.Watched) (endpointView, bool) {
		switch {
		case !c.sees(w.Merchant), in.Merchant != "" && w.Merchant != in.Merchant:
			return endpointView{}, false
		case q != "" && !strings.Contains(strings.ToLower(w.ID), q) && !strings.Contains(strings.ToLower(w.Shown), q):
			return endpointView{}, false
		}
		looks := s.deps.Looks.Endpoint(w.ID)
		v := viewOf(w, looks)
		if in.State != "" && v.State != in.State {
			return endpointView{}, false
		}
		return s.because(v, looks), true
	})
}

// because adds the cause to what is shown of an endpoint.
func (s *Server) because(v endpointView, looks rules.EndpointView) endpointView {
	looks.Suspended = looks.Suspended || v.Suspended
	found := s.deps.Cause(v.ID, looks)
	v.Cause, v.Advice = found.Cause, found.Advice.English
	return v
}

// endpointFor finds an endpoint that the caller sees.
func (s *Server) endpointFor(c caller, id string) (*registry.Watched, error) {
	w, ok := s.deps.Registry.Snapshot().Endpoint(id)
	if !ok || !c.sees(w.Merchant) {
		return nil, notFound("endpoint", id)
	}
	return w, nil
}

func (s *Server) getEndpoint(ctx context.Context, in *idInput) (*endpointOutput, error) {
	w, err := s.endpointFor(callerOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &endpointOutput{Status: http.StatusOK, Body: s.whole(callerOf(ctx), w)}, nil
}

// whole shows an endpoint with all that is known.
func (s *Server) whole(c caller, w *registry.Watched) endpointView {
	looks := s.deps.Looks.Endpoint(w.ID)
	v := s.because(viewOf(w, looks), looks)
	v.Certificate = viewOfCertificate(looks.Certificate, true)
	if c.role.may(RoleOperator) {
		v.Record = recordOf(w.Endpoint)
	}
	return v
}

func (s *Server) putEndpoint(ctx context.Context, in *putEndpointInput) (*endpointOutput, error) {
	c := callerOf(ctx)
	var ep registry.Endpoint
	var known bool
	err := s.change(ctx, func(snap *registry.Snapshot) (registry.Change, error) {
		var old *registry.Watched
		old, known = snap.Endpoint(in.ID)
		switch {
		case known && !c.sees(old.Merchant):
			return registry.Change{}, notFound("endpoint", in.ID)
		case !c.sees(in.Body.Merchant):
			return registry.Change{}, notFound("merchant", in.Body.Merchant)
		case known && old.Origin == registry.OriginFile: // its secrets stay the file's, whatever a reload does meanwhile
			return registry.Change{}, fmt.Errorf("endpoint %s %w", quote(in.ID), registry.ErrFromFile)
		}
		var r reading
		ep = r.endpoint(in.ID, &in.Body)
		if r.keep(&ep, old); r.faults != nil {
			return registry.Change{}, unprocessable(r.faults...)
		}
		return registry.Change{Actor: c.name, PutEndpoints: []registry.Endpoint{ep}}, nil
	})
	if err != nil {
		return nil, err
	}
	now, err := s.endpointFor(c, in.ID)
	if err != nil {
		return nil, err // somebody dropped it meanwhile
	}
	out := &endpointOutput{Status: created(known), Body: s.whole(c, now)}
	out.Body.Warnings = warningsOf(ep, s.deps.Defaults())
	if why := s.deps.Refuses(ep.URL); why != "" {
		out.Body.Warnings = append(out.Body.Warnings, warning{Location: "body.url", Message: "will not be probed: " + why})
	}
	return out, nil
}

func created(known bool) int {
	if known {
		return http.StatusOK
	}
	return http.StatusCreated
}

func (s *Server) deleteEndpoint(ctx context.Context, in *idInput) (*struct{}, error) {
	c := callerOf(ctx)
	return nil, s.change(ctx, func(*registry.Snapshot) (registry.Change, error) {
		_, err := s.endpointFor(c, in.ID)
		return registry.Change{Actor: c.name, DropEndpoints: []string{in.ID}}, err
	})
}

// warning is a remark on a record that was taken.
type warning struct {
	Location string `json:"location"`
	Message  string `json:"message"`
}

func warningsOf(ep registry.Endpoint, d registry.Defaults) []warning {
	var list []warning
	_, faults := registry.ResolveEndpoint(ep, d)
	for _, f := range faults {
		if f.Warning {
			list = append(list, warning{Location: "body." + f.Path, Message: faultText(f)})
		}
	}
	return list
}
