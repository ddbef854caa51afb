package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// part is one long-running piece of the daemon. run blocks until its context
// ends and leaves nothing behind; drain bounds how long that may take.
type part struct {
	name  string
	run   func(context.Context) error
	drain time.Duration
}

var errStoppedEarly = errors.New("stopped early")

// runAll runs every part until ctx ends or a part stops; then it ends them
// one after the other, in order, and waits for each as long as its drain. It
// returns nil when ctx ended first.
func runAll(ctx context.Context, log *slog.Logger, parts []part) error {
	running := make([]runningPart, len(parts))
	early := make(chan error, len(parts))
	for i, p := range parts {
		running[i] = p.start(ctx, early)
	}
	var cause error
	select {
	case <-ctx.Done():
	case cause = <-early:
		log.Error("a part stopped; shutting down", "cause", cause)
	}
	spare := time.Duration(0) // what the parts before did not need
	for _, p := range running {
		spare = p.stop(log, spare)
	}
	return cause
}

// runningPart is a part under way.
type runningPart struct {
	part
	cancel context.CancelFunc
	done   chan struct{}
	group  *sync.WaitGroup // of the one goroutine, which stop waits for
}

// start runs p under a context that outlives ctx, because parts are stopped
// one by one after ctx has ended.
func (p part) start(ctx context.Context, early chan<- error) runningPart {
	inner, cancel := context.WithCancel(context.WithoutCancel(ctx))
	r := runningPart{part: p, cancel: cancel, done: make(chan struct{}), group: new(sync.WaitGroup)}
	r.group.Go(func() {
		defer close(r.done)
		err := p.run(inner)
		if inner.Err() == nil { // nobody asked it to stop
			if err == nil {
				err = errStoppedEarly
			}
			early <- fmt.Errorf("%s: %w", p.name, err)
		}
	})
	return r
}

// stop ends the part and waits for it, at most its drain and what is spare. It
// returns what is spare then.
func (r runningPart) stop(log *slog.Logger, spare time.Duration) time.Duration {
	begun := time.Now()
	r.cancel()
	timer := time.NewTimer(r.drain + spare)
	defer timer.Stop()
	select {
	case <-r.done:
		r.group.Wait()
		log.Info("part stopped", "part", r.name, "took", time.Since(begun).Round(time.Millisecond))
	case <-timer.C:
		log.Warn("part did not stop in time", "part", r.name, "drain", r.drain+spare)
	}
	return max(r.drain+spare-time.Since(begun), 0)
}

// besides runs parts side by side until ctx ends or one of them stops: one
// without the others is of no use.
func besides(ctx context.Context, runs ...func(context.Context) error) error {
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	errs := make([]error, len(runs))
	var wg sync.WaitGroup
	for i, run := range runs {
		wg.Go(func() {
			defer cancel()
			errs[i] = run(inner)
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}
