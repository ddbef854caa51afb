package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/probes"
)

// application is one run of an applier.
type application struct {
	*Applier
	cursor  cursor
	before  Position // applied at the start: up to here it is a replay
	applied Position
	saved   Position // synced

	group Group // gathered and not applied

	ended   time.Time // the last group was applied
	came    time.Time // the last batch
	idled   time.Time
	synced  time.Time // tried
	reading complaint
	keeping complaint
	syncing complaint
}

// start finds where to begin; false when ctx has ended.
func (r *application) start(ctx context.Context) bool {
	for {
		p, err := r.cfg.Ledger.Progress(ctx)
		if err == nil {
			r.before, r.applied, r.saved = p.Applied, p.Applied, p.Synced
			r.cursor = cursor{log: r.cfg.Log, at: least(r.cfg.From, p.Synced)}
			return true
		}
		if !r.failed(ctx, &r.keeping, "ledger does not say how far the log is applied; nothing is applied until it does", err) {
			return false
		}
	}
}

func least(a, b Position) Position {
	if b.Before(a) {
		return b
	}
	return a
}

// step reads one batch, or waits at the end of the log.
func (r *application) step(ctx context.Context) {
	news := r.cfg.Log.advanced() // asked for before the end is looked at: no news is missed
	b, err := r.cursor.next()
	if err == nil {
		r.reading.over()
		r.add(ctx, b)
		return
	}
	if errors.Is(err, io.EOF) {
		r.reading.over()
		r.rest(ctx, news)
		return
	}
	if _, ok := errors.AsType[*DamagedError](err); ok {
		r.log.Error("log is damaged; applying goes on behind it", "err", err)
		return
	}
	r.cursor.close()
	r.failed(ctx, &r.reading, "log cannot be read; attempts are acknowledged and not applied until it can", err)
}

// failed tells of an error and waits before the next try; false when ctx has
// ended.
func (r *application) failed(ctx context.Context, c *complaint, what string, err error) bool {
	if ctx.Err() != nil {
		return false
	}
	c.make(r.log, what, err)
	r.cfg.Observe(ApplierReport{Applied: r.applied, End: r.cfg.Log.End(), Err: err})
	pause(ctx, nil, retryAfter)
	return ctx.Err() == nil
}

// pause waits for news, or so long, or until ctx ends.
func pause(ctx context.Context, news <-chan struct{}, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-news:
	case <-t.C:
	case <-ctx.Done():
	}
}

// rest applies what is gathered at the end of the log once its time has come,
// and otherwise waits for more.
func (r *application) rest(ctx context.Context, news <-chan struct{}) {
	now := time.Now()
	if len(r.group.Entries) > 0 {
		if wait := r.ended.Add(r.cfg.Gather).Sub(now); wait > 0 {
			pause(ctx, news, wait)
			return
		}
		r.apply(ctx)
		return
	}
	if now.Sub(r.came) >= quietFor && now.Sub(r.idled) >= idleEvery {
		r.idled = now
		r.cfg.Consumer.Idle(ctx, now)
	}
	pause(ctx, news, min(idleEvery, max(time.Until(r.synced.Add(r.cfg.SyncEvery)), time.Millisecond)))
}

// add puts a batch into the group, after applying what must not be in one
// group with it.
func (r *application) add(ctx context.Context, b Batch) {
	r.came = time.Now()
	if has := len(r.group.Entries); has > 0 &&
		(has+len(b.Attempts) > r.cfg.Most || r.parts(r.before, b) || r.parts(r.cfg.From, b)) {
		if !r.apply(ctx) {
			return // ctx has ended: the batch is in the log
		}
	}
	for i, a := range b.Attempts {
		r.group.Entries = append(r.group.Entries, r.judged(a, b.PositionOf(i), b.Received))
	}
	r.group.Next, r.group.At = b.Next, b.Received
	if len(r.group.Entries) >= r.cfg.Most {
		r.apply(ctx)
	}
}

// parts reports whether at lies between the group and b.
func (r *application) parts(at Position, b Batch) bool {
	return !at.Before(r.group.Next) && at.Before(b.Next)
}

func (r *application) judged(a deliveries.Attempt, at Position, received time.Time) Entry {
	fault := a.Outcome(r.cfg.Deadline(a.Endpoint))
	kind := a.Kind()
	if kind == deliveries.KindUnknown {
		kind = deliveries.KindFirst // a sender without numbers is not to go unheard
	}
	return Entry{
		Attempt: a, Position: at, Received: received, Kind: kind, Fault: fault,
		Counts: a.Ordinary() && fault != probes.FaultSenderError && fault != probes.FaultCanceled && r.cfg.Counts(a.Source),
	}
}

// apply brings the group into the ledger, however long that takes; false when
// ctx has ended first.
func (r *application) apply(ctx context.Context) bool {
	began := time.Now()
	v, err := r.keep(ctx)
	for err != nil {
		if !r.failed(ctx, &r.keeping, "attempts cannot be applied; they stay in the log and are tried again", err) {
			return false
		}
		began = time.Now()
		v, err = r.keep(ctx)
	}
	r.keeping.over()
	g := r.group
	r.group = Group{}
	if r.applied.Before(g.Next) {
		r.applied = g.Next
	}
	replay := !r.before.Before(g.Next)
	if r.cfg.From.Before(g.Next) {
		r.cfg.Consumer.Took(ctx, g, v, replay)
	}
	r.ended = time.Now()
	rep := ApplierReport{Applied: r.applied, End: r.cfg.Log.End(), Received: g.At, Took: r.ended.Sub(began), Replay: replay}
	rep.count(v)
	r.cfg.Observe(rep)
	return true
}

func (r *application) keep(ctx context.Context) ([]Verdict, error) {
	if err := r.cfg.Log.checkSpace(0, applyEighths); err != nil {
		return nil, err
	}
	v, err := r.cfg.Ledger.Apply(ctx, r.group)
	if err == nil && len(v) != len(r.group.Entries) {
		return nil, fmt.Errorf("ledger said %d verdicts of %d attempts", len(v), len(r.group.Entries))
	}
	return v, err
}

func (r *ApplierReport) count(v []Verdict) {
	for _, one := range v {
		switch one {
		case Counted:
			r.Counted++
		case Replaced:
			r.Replaced++
		case Contradicted:
			r.Contradicted++
		case Outside:
			r.Outside++
		default:
			r.Duplicates++
		}
	}
}

// sync makes what is applied outlive a power cut, and lets go of the log as
// far as nobody needs it. After an error it is due again in a second.
func (r *application) sync(ctx context.Context) {
	r.synced = time.Now()
	err := r.syncAndTrim(ctx)
	if err == nil {
		r.syncing.over()
		return
	}
	if ctx.Err() == nil {
		r.syncing.make(r.log, "applied attempts cannot be synced; the log keeps them", err)
	}
	r.synced = r.synced.Add(min(0, retryAfter-r.cfg.SyncEvery))
}

func (r *application) syncAndTrim(ctx context.Context) error {
	if r.saved.Before(r.applied) {
		if err := r.cfg.Ledger.Sync(ctx, r.applied); err != nil {
			return err
		}
		r.saved = r.applied
	}
	return r.cfg.Log.Trim(least(r.saved, r.cfg.Consumer.Position()))
}
