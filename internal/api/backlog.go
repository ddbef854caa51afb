package api

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hookvigil/hookvigil/internal/deliveries"
)

// Backlogs is the loss clock: what waits to be delivered now, and when it is
// lost. The moment is the Start of the [deliveries.Wave]. Both are safe for
// concurrent use.
type Backlogs interface {
	// Backlog is of one endpoint; one that has none, or is not known, has the
	// backlog of no event.
	Backlog(ctx context.Context, endpoint string) (deliveries.Backlog, error)
	// MerchantBacklog is of one merchant; of all for the empty one.
	MerchantBacklog(ctx context.Context, merchant string) (deliveries.Backlog, error)
}

type backlogOutput struct{ Body backlogView }

// backlogView is what waits to be delivered at one moment. Moments that are
// not known are left out.
type backlogView struct {
	At             time.Time    `json:"at,omitzero" doc:"The moment"`
	Undelivered    int          `json:"undelivered" doc:"Events that wait; automatic tries are left, or may be"`
	Oldest         time.Time    `json:"oldest,omitzero" doc:"First attempt of the oldest of them"`
	NextRetryAt    time.Time    `json:"next_retry_at,omitzero" doc:"The earliest; in the past: it is overdue"`
	MissingRetries int          `json:"missing_retries" doc:"Events whose sender is late with a try; some may be among the lost"`
	AtRisk1h       int          `json:"at_risk_1h" doc:"Of the undelivered: the last automatic try comes within 1 h; each count includes the one before"`
	AtRisk6h       int          `json:"at_risk_6h"`
	AtRisk24h      int          `json:"at_risk_24h"`
	NextLoss       *lossView    `json:"next_loss" doc:"null: none is known"`
	DigestsLeft    int          `json:"digests_left" doc:"Whole digest periods before the next loss"`
	Lost           int          `json:"lost" doc:"No automatic try is left, and nobody has sent it since"`
	Recovery       recoveryView `json:"recovery" doc:"Should the endpoints recover at that moment"`
	Wave           waveView     `json:"wave" doc:"The retries of that recovery"`
	WorkerSeconds  float64      `json:"worker_seconds" doc:"For how long the tries to come occupy workers of the sender if all of them time out; a lower bound"`
}

// lossView is when events get their last automatic try.
type lossView struct {
	At     time.Time `json:"at" doc:"The earliest"`
	Events int       `json:"events" doc:"That get theirs within 10 min from then"`
}

// recoveryView is how long events wait for their next automatic try.
type recoveryView struct {
	P50        float64 `json:"p50_seconds"`
	Max        float64 `json:"max_seconds"`
	OverAnHour int     `json:"over_an_hour" doc:"Events that wait for more than 1 h"`
}

// waveView is the load that comes back with a recovery.
type waveView struct {
	PerMinute     []int     `json:"per_minute" doc:"Retries due in each minute; at most 25 h"`
	Later         int       `json:"later" doc:"Retries due after those"`
	Peak          int       `json:"peak" doc:"The highest of per_minute"`
	PeakAt        time.Time `json:"peak_at,omitzero"`
	Factor        *float64  `json:"factor" doc:"Load of the peak as a multiple of the usual one; null: the usual one is not known"`
	MinutesOver2x int       `json:"minutes_over_2x" doc:"Minutes with twice the usual load or more"`
}

// TransformSchema says that the next loss may be null.
func (backlogView) TransformSchema(_ huma.Registry, schema *huma.Schema) *huma.Schema {
	orNull(schema, "next_loss")
	return schema
}

func viewOfBacklog(b deliveries.Backlog) *backlogOutput {
	v := backlogView{
		At: b.Wave.Start.UTC(), Undelivered: b.Undelivered, Oldest: b.Oldest.UTC(), NextRetryAt: b.NextRetryAt.UTC(), MissingRetries: b.MissingRetries,
		AtRisk1h: b.AtRisk1h, AtRisk6h: b.AtRisk6h, AtRisk24h: b.AtRisk24h, DigestsLeft: b.DigestsLeft, Lost: b.Lost,
		Recovery: recoveryView{P50: b.RecoveryP50.Seconds(), Max: b.RecoveryMax.Seconds(), OverAnHour: b.OverAnHour},
		Wave: waveView{
			PerMinute: filled(b.Wave.PerMinute), Later: b.Wave.Later, Peak: b.Wave.Peak, PeakAt: b.Wave.PeakAt.UTC(), MinutesOver2x: b.Wave.MinutesOver2x,
		},
		WorkerSeconds: b.WorkerSeconds,
	}
	if !b.NextLoss.At.IsZero() {
		v.NextLoss = &lossView{At: b.NextLoss.At.UTC(), Events: b.NextLoss.Events}
	}
	if b.Wave.Factor > 0 {
		v.Wave.Factor = new(b.Wave.Factor)
	}
	return &backlogOutput{Body: v}
}

func (s *Server) endpointBacklog(ctx context.Context, in *idInput) (*backlogOutput, error) {
	if _, err := s.endpointFor(callerOf(ctx), in.ID); err != nil {
		return nil, err
	}
	return s.backlog(ctx, s.deps.Backlogs.Backlog, in.ID)
}

func (s *Server) merchantBacklog(ctx context.Context, in *idInput) (*backlogOutput, error) {
	if _, err := s.merchantFor(callerOf(ctx), in.ID); err != nil {
		return nil, err
	}
	return s.backlog(ctx, s.deps.Backlogs.MerchantBacklog, in.ID)
}

func (s *Server) wholeBacklog(ctx context.Context, _ *struct{}) (*backlogOutput, error) {
	return s.backlog(ctx, s.deps.Backlogs.MerchantBacklog, "")
}

func (s *Server) backlog(ctx context.Context, read func(context.Context, string) (deliveries.Backlog, error), id string) (*backlogOutput, error) {
	b, err := read(ctx, id)
	if err != nil {
		return nil, s.unread(ctx, err)
	}
	return viewOfBacklog(b), nil
}
