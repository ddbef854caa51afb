package api

import (
	"context"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/alerting/report"
)

type reportInput struct {
	ID   string `path:"id" maxLength:"128" doc:"ID, or its last six characters when they are unique among the newest 1,000"`
	Zone string `query:"zone" maxLength:"64" default:"UTC" doc:"IANA time zone of all moments"`
}

type reportOutput struct {
	ContentType string `header:"Content-Type"`
	Body        []byte
}

const typeMarkdown = "text/markdown; charset=utf-8"

// maxTold bounds the notices of one report.
const maxTold = 5000

// report answers an incident as it is told afterwards.
func (s *Server) report(ctx context.Context, in *reportInput) (*reportOutput, error) {
	zone, err := time.LoadLocation(in.Zone)
	if err != nil || in.Zone == "Local" {
		return nil, unanswerable(detail("query.zone", "is no time zone; wanted an IANA name such as Asia/Jakarta"))
	}
	r := report.Report{Zone: zone, Now: time.Now()}
	if r.Incident, r.Entries, err = s.incidentFor(ctx, in.ID); err != nil {
		return nil, err
	}
	if r.Channels, err = s.channelsOf(ctx, r.Incident.ID); err != nil {
		return nil, err
	}
	if from, ok := s.deps.Incidents.(Reconciliations); ok && len(r.Channels) > 0 {
		if r.Products, err = from.FailedProducts(ctx, r.Incident); err != nil {
			return nil, s.unread(ctx, err)
		}
	}
	if r.Notices, err = s.toldOf(ctx, r.Incident.ID); err != nil {
		return nil, s.unread(ctx, err)
	}
	return &reportOutput{ContentType: typeMarkdown, Body: []byte(r.Markdown())}, nil
}

// toldOf returns the notices about an incident, newest first; nil for whom may
// not read the outbox.
func (s *Server) toldOf(ctx context.Context, incident string) ([]alerting.OutboxRow, error) {
	if c := callerOf(ctx); s.deps.Outbox == nil || c.scoped() || !c.role.may(RoleOperator) {
		return nil, nil
	}
	all, f := []alerting.OutboxRow{}, alerting.OutboxFilter{Subject: incident, Limit: 1000}
	for len(all) < maxTold {
		some, err := s.deps.Outbox.Outbox(ctx, f)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
		if len(some) < f.Limit {
			break
		}
		f.Before = some[len(some)-1].ID
	}
	return all, nil
}
