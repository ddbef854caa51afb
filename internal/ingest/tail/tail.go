package tail

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"time"
)

// saveEvery is how often the offset is saved while there is more to read; at
// the end of the file it is saved at once. It costs two fsyncs.
const saveEvery = time.Second

// Tail reads one file. It is for one Run.
type Tail struct {
	cfg     Config
	handle  Handler
	offsets Offsets
	log     *slog.Logger

	cur   *current // nil: none is open
	place Offset   // that was acknowledged last
	known bool     // whether there is one
	dirty bool     // it is not saved
	saved time.Time
	done  *finished

	progress Progress  // since Observe was called last
	caughtUp time.Time // when we last were at the end
	trouble  error     // what stands in the way; nil: nothing does

	reading, saving, taking, garbage complaint
	dropped                          int // lines that were not taken since it was said last
}

// New returns a tail for a Config that passed Validate. Nothing is opened yet.
// A nil log is silence.
func New(cfg Config, handle Handler, offsets Offsets, log *slog.Logger) *Tail {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Tail{
		cfg: cfg.filled(), handle: handle, offsets: offsets, done: newFinished(),
		log: log.With("source", cfg.Source, "path", cfg.Path), progress: Progress{Source: cfg.Source},
	}
}

// Run reads the file until ctx ends, and returns nil then. What stands in the
// way (no file, no permission, a handler that cannot) is logged once while it
// lasts, and tried again. A file that was never read is read from its
// beginning.
//
// The context of the handler's calls is ctx: a batch that is under way when it
// ends comes again after the next start.
func (t *Tail) Run(ctx context.Context) error {
	t.load()
	t.caughtUp = time.Now()
	tick := time.NewTicker(t.cfg.Poll)
	defer tick.Stop()
	for ctx.Err() == nil {
		t.poll(ctx)
		t.observe()
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
	t.close()
	t.save()
	return nil
}

// load begins where the last run ended. An offset that cannot be read means
// reading everything again, which counts nothing twice.
func (t *Tail) load() {
	var err error
	t.place, t.known, err = t.offsets.Load(t.cfg.Path)
	if err != nil {
		t.place, t.known = Offset{}, false
		t.log.Warn("offset cannot be read: the file is read from its beginning, repeats count once", "err", err)
	}
}

// poll reads what there is to read.
func (t *Tail) poll(ctx context.Context) {
	for ctx.Err() == nil {
		err := t.open()
		if err == nil {
			err = t.drain(ctx)
		}
		if ctx.Err() != nil {
			return
		}
		more := false
		if err == nil {
			t.save()
			more, err = t.leave(ctx)
		} else {
			t.close() // what is open may be of no use any more: a file server was started again
		}
		if t.cur != nil && !t.cur.left {
			t.caughtUp = time.Now()
		}
		t.say(err)
		if !more {
			return
		}
	}
}

// say logs what stands in the way of reading once, and its end.
func (t *Tail) say(err error) {
	if !errors.Is(err, errMoving) {
		t.trouble = err
	}
	if err == nil {
		if t.reading.over() {
			t.log.Info("file is read again")
		}
		return
	}
	if errors.Is(err, errMoving) || !t.reading.due(err.Error(), 0) {
		return
	}
	if errors.Is(err, fs.ErrNotExist) {
		t.log.Info("file is not there: waiting for it")
		return
	}
	t.log.Warn("file cannot be read: it is tried again", "err", err)
}

// drain hands in all whole lines of the file at hand.
func (t *Tail) drain(ctx context.Context) error {
	for {
		b, behind, err := t.cur.read()
		if errors.Is(err, errTruncated) {
			if err = t.truncated(); err != nil {
				return err
			}
			continue
		}
		if err != nil || b.empty() {
			return err
		}
		if err := t.hand(ctx, b); err != nil {
			return err
		}
		t.acknowledged(behind)
		if time.Since(t.saved) >= saveEvery {
			t.save()
		}
		t.observe()
	}
}

// acknowledged moves on behind what was handed in.
func (t *Tail) acknowledged(behind Offset) {
	t.cur.at, t.place, t.known, t.dirty = behind, behind, true, true
	t.progress.At = time.Now()
}

// save saves the offset when there is a new one. While it cannot, reading goes
// on: what is not saved is read twice at worst.
func (t *Tail) save() {
	if !t.dirty {
		return
	}
	t.saved = time.Now()
	if err := t.offsets.Save(t.cfg.Path, t.place); err != nil {
		if t.saving.due(err.Error(), complainEvery) {
			t.log.Warn("offset cannot be saved: after a restart lines are read again", "err", err)
		}
		return
	}
	t.dirty = false
	if t.saving.over() {
		t.log.Info("offset is saved again")
	}
}

func (t *Tail) close() {
	if t.cur != nil {
		_ = t.cur.file.Close() // it was only read
		t.cur = nil
	}
}

// observe tells how it goes.
func (t *Tail) observe() {
	p, partial := t.progress, int64(0)
	p.Err = t.trouble
	if t.cur != nil {
		partial = t.cur.partial
		if info, err := t.cur.file.Stat(); err == nil {
			p.Behind = max(0, info.Size()-t.cur.at.At)
		}
	}
	if p.Behind > partial || t.cur == nil || t.cur.left {
		p.Lag = time.Since(t.caughtUp)
	}
	t.cfg.Observe(p)
	t.progress = Progress{Source: p.Source, At: p.At}
}
