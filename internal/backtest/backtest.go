package backtest

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/internal/conditions"
	"github.com/hookvigil/hookvigil/internal/ingest"
	"github.com/hookvigil/hookvigil/rules"
)

// Result is what a replay gave.
type Result struct {
	Counts   Counts
	Rejected []Rejected // the first 1,000 of Counts.Bad
	Played   []Played   // by Settings.Rules
}

// Played is what one setting made of the log.
type Played struct {
	Changes  []rules.Change // by the time that they say; of one moment as they were decided
	Episodes []Episode      // in the order in which they opened
	Late     int            // first attempts that came too late for their tick
}

// Run replays the input, and blocks until all of it is read or ctx ends. What
// is bad in the input is counted and listed, and stops nothing; an error means
// that a file cannot be read at all, or that the settings are wrong.
//
// Each whole minute of log time the rules beyond ratios are told what is
// known, as a daemon's jobs do. After the last record log time goes on until
// every open tick has closed, and to the next minute of these. What is open
// then stays open: nobody knows how it ended. The same input and settings give
// the same result.
func Run(ctx context.Context, in Input, s Settings) (Result, error) {
	r, err := newReplay(s)
	if err != nil {
		return Result{}, err
	}
	players := make([]*player, 0, len(r.settings.Rules))
	for _, cfg := range r.settings.Rules {
		p := newPlayer(cfg, r.settings.World)
		players = append(players, p)
		r.to = append(r.to, p)
	}
	r.facts = newFacts(r, players)
	if err := r.run(ctx, in); err != nil {
		return Result{}, err
	}
	out := Result{Counts: r.counts, Rejected: r.rejected}
	for _, p := range players {
		played, err := p.finish(ctx, r.last)
		if err != nil {
			return Result{}, err
		}
		out.Played = append(out.Played, played)
	}
	return out, nil
}

// player decides a log by one setting.
type player struct {
	conditions *conditions.Conditions
	told       *ear
	closes     time.Duration // after the last record all is decided
	pack       rules.Pack
	oldestFor  time.Duration // of endpoint_down
}

func newPlayer(cfg conditions.Config, w World) *player {
	cfg.Heartbeats, cfg.Committed = nil, nil
	if cfg.Owner == nil {
		cfg.Owner = func(endpoint string) (merchant, host string) { return ownerOf(w.Known, endpoint) }
	}
	const idleBehind = 30 * time.Second // log time stays behind the clock while nothing comes; more than enough
	told := &ear{}
	usual := conditions.DefaultConfig()
	if cfg.Pack == (rules.Pack{}) {
		cfg.Pack = usual.Pack
	}
	if cfg.EndpointDown == (rules.EndpointDown{}) {
		cfg.EndpointDown = usual.EndpointDown
	}
	return &player{
		pack: cfg.Pack, oldestFor: cfg.EndpointDown.OldestFor,
		conditions: conditions.New(cfg, told, slog.New(slog.DiscardHandler)), told: told,
		closes: cfg.Grace + conditions.DefaultGrace + max(longestTick(cfg), rules.TickLength) + idleBehind,
	}
}

func longestTick(c conditions.Config) time.Duration {
	return max(c.Platform.Tick, c.Product.Tick, c.Channel.Tick, c.Type.Tick, c.Merchant.Tick, c.Endpoint.Tick)
}

func (p *player) took(ctx context.Context, g ingest.Group, v []ingest.Verdict) {
	p.conditions.Took(ctx, g, v, false)
}

func (p *player) probed(f rules.DownFact, now time.Time) { p.conditions.Probed(f, now) }

func (p *player) looked(f rules.CertificateFact, now time.Time) { p.conditions.Looked(f, now) }

func (p *player) idle(ctx context.Context, now time.Time) { p.conditions.Idle(ctx, now) }

// finish closes what is open and asks what was decided. It is all written at
// once, at the end of Run: so no clock has a part in it.
func (p *player) finish(ctx context.Context, last time.Time) (Played, error) {
	if !last.IsZero() {
		p.conditions.Idle(ctx, last.Add(p.closes))
	}
	over, cancel := context.WithCancel(ctx)
	cancel()
	if err := p.conditions.Run(over); err != nil {
		return Played{}, fmt.Errorf("replay: %w", err)
	}
	slices.SortStableFunc(p.told.changes, func(a, b rules.Change) int { return a.At.Compare(b.At) })
	return Played{Changes: p.told.changes, Episodes: episodesOf(p.told.changes), Late: int(p.conditions.LateTotal())}, nil
}

// ear is a store that hears what is decided and keeps nothing else.
type ear struct{ changes []rules.Change }

// Conditions implements [conditions.Store].
func (*ear) Conditions(context.Context) (conditions.Saved, error) { return conditions.Saved{}, nil }

// CommitShard implements [conditions.Store].
func (e *ear) CommitShard(_ context.Context, c conditions.Commit) error {
	e.changes = append(e.changes, c.Changes...)
	return nil
}
