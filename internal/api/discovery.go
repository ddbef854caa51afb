package api

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/hookvigil/hookvigil/internal/registry"
)

// targetGroup is one group of Prometheus' HTTP service discovery.
type targetGroup struct {
	Targets []string          `json:"targets"`
	Labels  map[string]string `json:"labels"`
}

type discoveryOutput struct{ Body []targetGroup }

// discover lists the endpoints that the caller sees. The usual relabelling
// makes __meta_hookvigil_endpoint the target of /probe, and the URL the
// instance.
func (s *Server) discover(ctx context.Context, _ *struct{}) (*discoveryOutput, error) {
	c, snap := callerOf(ctx), s.deps.Registry.Snapshot()
	out := &discoveryOutput{Body: []targetGroup{}}
	for _, w := range snap.Endpoints() {
		if !c.sees(w.Merchant) {
			continue
		}
		m, _ := snap.Merchant(w.Merchant)
		out.Body = append(out.Body, groupOf(w, m))
	}
	return out, nil
}

func groupOf(w *registry.Watched, m registry.Merchant) targetGroup {
	products := ""
	if len(w.Products) > 0 {
		products = "," + strings.Join(w.Products, ",") + "," // as Prometheus' own lists, for regexes
	}
	return targetGroup{Targets: []string{w.Shown}, Labels: map[string]string{
		"__meta_hookvigil_endpoint":      w.ID,
		"__meta_hookvigil_merchant":      w.Merchant,
		"__meta_hookvigil_merchant_name": m.Name,
		"__meta_hookvigil_url":           w.Shown,
		"__meta_hookvigil_level":         string(w.Probe.Policy.Level),
		"__meta_hookvigil_products":      products,
		"__meta_hookvigil_origin":        string(w.Origin),
		"__meta_hookvigil_suspended":     strconv.FormatBool(w.Suspended),
	}}
}

// scopedProbe passes a request to the blackbox contract. For a token with a
// scope the target is one of its own endpoints, by ID or by URL, and is passed
// on by ID, so that nobody else's endpoint with the same URL is meant.
func (s *Server) scopedProbe(next http.Handler) http.Handler {
	if next == nil {
		return nil
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := callerOf(r.Context())
		if !c.scoped() {
			next.ServeHTTP(w, r)
			return
		}
		query := r.URL.Query()
		id, ok := s.ownTarget(c, query.Get("target"))
		if !ok {
			writeProblem(w, problem(http.StatusNotFound, "there is no such target"))
			return
		}
		query["target"] = []string{id}
		own := r.Clone(r.Context())
		own.URL.RawQuery, own.RequestURI, own.Form = query.Encode(), "", nil
		next.ServeHTTP(w, own)
	})
}

// ownTarget finds the endpoint that c means by target.
func (s *Server) ownTarget(c caller, target string) (string, bool) {
	snap := s.deps.Registry.Snapshot()
	if w, ok := snap.Endpoint(target); ok {
		return w.ID, c.sees(w.Merchant)
	}
	var found []string
	for _, w := range snap.Endpoints() {
		if c.sees(w.Merchant) && (w.Shown == target || w.URL == target) {
			found = append(found, w.ID)
		}
	}
	if len(found) != 1 { // none, or which one is meant?
		return "", false
	}
	return found[0], true
}
