package daemon

import (
	"context"
	"errors"
	"sync"
	"time"
)

// savePoint remembers when results were last saved, and what went wrong since.
type savePoint struct {
	mu sync.Mutex
	// guarded by mu
	at  time.Time
	err error
}

func (s *savePoint) note(err error, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
	if err == nil {
		s.at = now
	}
}

// since returns how long ago results were last saved.
func (s *savePoint) since(now time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return now.Sub(s.at)
}

func (s *savePoint) problem() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		return "the saving job does not run"
	}
	return s.err.Error()
}

// save writes what the looks changed since the last time. What cannot be
// written is kept for the next time.
func (d *Daemon) save(ctx context.Context) {
	d.saving.Lock()
	defer d.saving.Unlock()
	looks := d.board.takeDirty()
	var err error
	if len(looks) > 0 {
		err = d.store.SaveLooks(ctx, looks)
	}
	list := d.quarters.take(time.Now(), d.stopping.Load())
	if lost := d.store.SaveProbes(ctx, list); lost != nil {
		d.quarters.giveBack(list)
		err = errors.Join(err, lost)
	}
	d.saved.note(err, time.Now())
	if err == nil {
		d.metrics.Saved(time.Now())
	} else {
		d.board.markDirty(looks)
		d.metrics.StoreFailed("save_looks")
		d.log.Warn("results not saved; will try again", "looks", len(looks), "err", err)
	}
}
