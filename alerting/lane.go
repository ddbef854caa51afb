package alerting

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"
)

// serve sends what is due in one lane, one notice after the other, until
// nothing is or ctx ends.
func (o *Outbox) serve(ctx context.Context, lane string) {
	for ctx.Err() == nil {
		port := o.table.Load().port(lane)
		claimed, err := o.queue.Claim(ctx, ClaimRequest{
			Lane: lane, Owner: o.cfg.Owner, Now: time.Now(), Limit: 1, Lease: port.Timeout + leaseMargin,
		})
		if err != nil && ctx.Err() == nil {
			o.log.Error("outbox cannot be claimed from", "lane", lane, "error", err)
		}
		if err != nil || len(claimed) == 0 {
			return
		}
		for _, c := range claimed {
			o.handle(ctx, port, c)
		}
	}
}

// handle makes one try of c and records how it ended. It lasts at most the
// drain longer than ctx, except for one last attempt to record.
func (o *Outbox) handle(ctx context.Context, port Port, c Claimed) {
	ctx, cut := outlive(ctx, o.cfg.Drain)
	defer cut()
	now := time.Now()
	c.Storm = o.cfg.Storm.window(c.Storm, now)
	if o.cfg.Storm.holds(c, c.Storm) {
		o.finish(ctx, port, c, held(o.cfg.Storm, c, port.Kind, now))
		return
	}
	if c.Until.Sub(now) < port.Timeout {
		return // we were stopped for a while: the lease may end while we send
	}
	c.Late = now.Sub(c.Created) > lateAfter
	ref, err := o.send(ctx, port, c)
	out := Outcome{
		ID: c.ID, Fence: c.Fence, Lane: c.Lane, Kind: port.Kind, Began: now, Ended: time.Now(), Storm: c.Storm,
		Reduced: c.Reduced || err != nil && errors.Is(err, errPanicked), // what panics is its form, most likely
	}
	if err != nil {
		out = out.failed(port, c.Notice, err)
	} else {
		out = out.sent(c, ref)
	}
	o.finish(ctx, port, c, out)
}

// errPanicked stands for a bug in a receiver.
var errPanicked = errors.New("the receiver panicked")

// send makes the one attempt, within the port's time. A receiver that panics
// has failed like any other, and gets the plain form from then on.
func (o *Outbox) send(ctx context.Context, port Port, c Claimed) (ref Ref, failed *SendError) {
	ctx, cancel := context.WithTimeout(ctx, port.Timeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			o.log.Error("receiver panicked", "lane", c.Lane, "notice", c.ID, "panic", p, "stack", string(debug.Stack()))
			ref, failed = Ref{}, &SendError{Class: ClassTransient, Err: errPanicked}
		}
	}()
	ref, err := port.Receiver.Send(ctx, c.Notice, c.Prev)
	if err != nil {
		return Ref{}, sendErrorOf(err, ctx.Err() != nil)
	}
	return ref, nil
}

// finish records out. The message is on its way, so that a queue that refuses
// is asked again until the lease ends: then the notice goes once more, with
// the same key.
func (o *Outbox) finish(ctx context.Context, port Port, c Claimed, out Outcome) {
	for {
		applied, err := o.record(ctx, out)
		if err == nil {
			o.report(port, c, out, applied)
			return
		}
		o.log.Error("outcome of a notice cannot be recorded", "lane", c.Lane, "notice", c.ID, "result", out.Result, "error", err)
		if !time.Now().Before(c.Until) {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(sweepEvery):
		}
	}
}

func (o *Outbox) record(ctx context.Context, out Outcome) (bool, error) {
	// What happened is recorded even when the time for sending is over.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishWithin)
	defer cancel()
	return o.queue.Finish(ctx, out)
}

// report tells the log and the metrics what was recorded.
func (o *Outbox) report(port Port, c Claimed, out Outcome, applied bool) {
	if !applied {
		o.log.Warn("outcome of a notice came after its lease", "lane", c.Lane, "notice", c.ID, "result", out.Result)
	}
	if applied && out.Extra != nil {
		o.Poke()
	}
	if out.Result == ResultHeld {
		o.cfg.Observe.Held(port.Kind)
		return
	}
	if out.Result == ResultHushed {
		return // nothing was tried
	}
	took := out.Ended.Sub(out.Began)
	if out.Result == ResultSent {
		took = out.Ended.Sub(c.Created)
	}
	o.cfg.Observe.Tried(port.Kind, out.Class, took)
	if out.Stop && applied {
		o.log.Error("lane stopped", "lane", c.Lane, "error", out.Text)
	}
	if out.Result == ResultDead && applied {
		told := ""
		if out.Extra != nil {
			told = out.Extra.Lane
		}
		o.log.Error("notice is dead", "lane", c.Lane, "notice", c.ID, "error", out.Text, "told", told)
		o.cfg.Observe.Dead(port.Kind, c.Notice)
	}
}

// outlive returns a context that ends d after ctx has.
func outlive(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	longer, cut := context.WithCancelCause(context.WithoutCancel(ctx)) // draining outlives ctx, by d
	stop := context.AfterFunc(ctx, func() {
		time.AfterFunc(d, func() { cut(fmt.Errorf("drained for %s: %w", d, context.Canceled)) })
	})
	return longer, func() { stop(); cut(nil) }
}
