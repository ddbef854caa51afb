package hooktest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// What the fake Slack and the SMTP sink share: scripts that run out, and
// waiting for a change.

// lasting is a step of a script. times and d bound it; at most one is set.
type lasting interface {
	lasts() (times int, d time.Duration)
}

// turns is a script in progress: its first step is the next one to be played.
type turns[T lasting] struct {
	steps []T
	used  int       // turns that the first step has had
	since time.Time // when the first step came first
}

// take returns the step for a turn at now, and false when the script has run
// out. A step with neither bound has one turn, or all of them when it is last.
func (t *turns[T]) take(now time.Time) (T, bool) {
	for len(t.steps) > 0 {
		at := t.steps[0]
		times, d := at.lasts()
		switch end := t.since.Add(d); {
		case d > 0 && now.Before(end):
			return at, true
		case d > 0:
			t.shift(end)
		case times == 0 && len(t.steps) == 1:
			return at, true
		default:
			if t.used++; t.used >= times {
				t.shift(now)
			}
			return at, true
		}
	}
	var none T
	return none, false
}

func (t *turns[T]) shift(since time.Time) {
	t.steps, t.used, t.since = t.steps[1:], 0, since
}

// scripts are the scripts of a server, by what they are for. Its methods need
// the mutex of the server held.
type scripts[K comparable, T lasting] map[K]*turns[T]

// play begins a script; without steps there is none for key any more.
func (s scripts[K, T]) play(key K, steps []T, now time.Time) {
	delete(s, key)
	if len(steps) > 0 {
		s[key] = &turns[T]{steps: slices.Clone(steps), since: now}
	}
}

// take returns the step of the first of keys that has a script, and the zero
// step when none has.
func (s scripts[K, T]) take(now time.Time, keys ...K) T {
	for _, key := range keys {
		if t := s[key]; t != nil {
			if at, ok := t.take(now); ok {
				return at
			}
			delete(s, key)
		}
	}
	var none T
	return none
}

// checkBounds refuses what a step cannot have.
func checkBounds(times int, durations ...time.Duration) error {
	if times < 0 || slices.Min(durations) < 0 {
		return errors.New("a count or a duration is negative; want 0 or more")
	}
	return nil
}

// checkLasting is checkBounds for the bounds of the step itself.
func checkLasting(step lasting) error {
	times, d := step.lasts()
	if times > 0 && d > 0 {
		return errors.New("both Times and For are set; want at most one of them")
	}
	return checkBounds(times, d)
}

// bell wakes those who wait for a change. Its methods need the mutex of what
// changes held; the zero value is ready.
type bell struct{ changed chan struct{} }

func (b *bell) ring() {
	if b.changed != nil {
		close(b.changed)
		b.changed = nil
	}
}

// next returns a channel that is closed at the next ring.
func (b *bell) next() <-chan struct{} {
	if b.changed == nil {
		b.changed = make(chan struct{})
	}
	return b.changed
}

// await blocks until the figures that look gives are as wanted, or ctx ends;
// then it returns an error with the figures.
func await[S any](ctx context.Context, what string, look func() (S, <-chan struct{}), until func(S) bool) error {
	for {
		figures, changed := look()
		if until(figures) {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("wait for %s (%+v): %w", what, figures, context.Cause(ctx))
		}
	}
}

// keepLatest appends v to list, and drops the oldest when there are more than
// limit.
func keepLatest[T any](list []T, v T, limit int) []T {
	if len(list) == limit {
		list = slices.Delete(list, 0, 1)
	}
	return append(list, v)
}
