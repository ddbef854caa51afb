package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hookvigil/hookvigil/internal/registry"
)

// targetView is a service of our own as it is answered.
type targetView struct {
	ID          string           `json:"id"`
	Address     string           `json:"address"`
	ServerName  string           `json:"server_name"`
	Certificate *certificateView `json:"certificate"`
}

// TransformSchema says that the signal may be null.
func (targetView) TransformSchema(_ huma.Registry, schema *huma.Schema) *huma.Schema {
	orNull(schema, "certificate")
	return schema
}

type targetOutput struct{ Body targetView }

func targetID(w *registry.WatchedTarget) string { return w.ID }

func (s *Server) targetView(w *registry.WatchedTarget, chains bool) targetView {
	return targetView{
		ID: w.ID, Address: w.Address, ServerName: w.ServerName,
		Certificate: viewOfCertificate(s.deps.Looks.Target(w.ID), chains),
	}
}

// listTargets answers targets, which belong to no merchant: a token for some
// merchants sees none.
func (s *Server) listTargets(ctx context.Context, in *listInput) (*pageOutput[targetView], error) {
	c := callerOf(ctx)
	return take(*in, s.deps.Registry.Snapshot().Targets(), targetID, func(w *registry.WatchedTarget) (targetView, bool) {
		if c.scoped() {
			return targetView{}, false
		}
		return s.targetView(w, false), true
	})
}

func (s *Server) getTarget(ctx context.Context, in *idInput) (*targetOutput, error) {
	w, ok := s.deps.Registry.Snapshot().Target(in.ID)
	if !ok || callerOf(ctx).scoped() {
		return nil, notFound("target", in.ID)
	}
	return &targetOutput{Body: s.targetView(w, true)}, nil
}
