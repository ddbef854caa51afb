package api

import (
	"context"

	"github.com/hookvigil/hookvigil/internal/registry"
)

// turn lets one change of the API through at a time: what a change keeps of a
// stored record (its secrets, whose it is) must still be so when it is applied.
// Only the API changes records that do not come from a file, so that holding
// the turn is enough. What attempts alone make known may come and go meanwhile:
// it holds no token, and goes only when it had no attempts for weeks.
type turn chan struct{}

func newTurn() turn { return make(turn, 1) }

// take waits for the turn. The caller gives it back with the function.
func (t turn) take(ctx context.Context) (giveBack func(), err error) {
	select {
	case t <- struct{}{}:
		return func() { <-t }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// change takes the turn, builds a change of what is there now, and applies it.
func (s *Server) change(ctx context.Context, build func(*registry.Snapshot) (registry.Change, error)) error {
	giveBack, err := s.turn.take(ctx)
	if err != nil {
		return err
	}
	defer giveBack()
	c, err := build(s.deps.Registry.Snapshot())
	if err != nil {
		return err
	}
	_, err = s.deps.Registry.Apply(ctx, c)
	return err
}
