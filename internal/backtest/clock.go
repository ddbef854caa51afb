package backtest

import (
	"context"
	"time"
)

// What log time does where nothing comes.
const (
	// idleAfter is how long nothing has to come before log time goes on without
	// it: longer than log time stays behind while nothing comes.
	idleAfter = 30 * time.Second
	// restsAfter is how long nothing has to come before minutes are left out when
	// nothing waits: what is ordinary is learnt for a week.
	restsAfter = 8 * 24 * time.Hour
)

// advance lets log time go on to a time. The facts of each minute on the way
// are told then.
func (r *replay) advance(ctx context.Context, to time.Time) {
	if r.facts != nil {
		if r.minute.IsZero() {
			r.facts.from, r.minute = to, to.Truncate(time.Minute).Add(time.Minute)
		}
		for ; !r.minute.After(to) && ctx.Err() == nil; r.minute = r.minute.Add(time.Minute) {
			if r.minute.Sub(r.last) > restsAfter && r.facts.events.rests() {
				r.minute = to.Truncate(time.Minute)
			}
			r.flush(ctx)
			r.idle(ctx, r.minute)
			r.facts.minute(r.minute)
		}
	}
	r.idle(ctx, to)
}

// idle closes the ticks when nothing has come for so long.
func (r *replay) idle(ctx context.Context, now time.Time) {
	if r.last.IsZero() || now.Sub(r.last) < idleAfter {
		return
	}
	r.flush(ctx)
	for _, f := range r.to {
		f.idle(ctx, now)
	}
}
