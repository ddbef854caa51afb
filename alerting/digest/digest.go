package digest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
)

// ErrClock says that the wall clock jumped: nothing was done.
var ErrClock = errors.New("the wall clock jumped forward")

// Bounds of what a wall clock may do.
const (
	mostJump = 24 * time.Hour // ahead of the monotonic one
	believed = time.Hour      // a new time that has stood so long is the time
	sameTime = time.Minute    // within it, two times are the same
)

// Digest turns closed windows into rows and notices. It is safe for concurrent
// use, and so are several with one ledger.
type Digest struct {
	cfg    Config
	ledger Ledger
	source Source
	log    *slog.Logger

	mu    sync.Mutex // held through a tick; guards what is below
	clock clock
	next  *duty // where the last tick had to stop; nil: it came to the end
	zones map[string]*time.Location
}

// New returns a Digest for a Config that passed Validate. It does nothing until
// it is ticked. A nil log is silence.
func New(cfg Config, ledger Ledger, source Source, log *slog.Logger) *Digest {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	cfg.PerTick, cfg.AtOnce = cmp.Or(cfg.PerTick, DefaultConfig().PerTick), cmp.Or(cfg.AtOnce, DefaultConfig().AtOnce)
	return &Digest{cfg: cfg, ledger: ledger, source: source, log: log, zones: map[string]*time.Location{}}
}

// Tick closes all windows that have ended by wall, less [Config.Delay], and are
// not in the ledger: one row each, with one notice for each destination, whose
// due time is spread. Of several at once, because nobody ticked, the last tells
// all; what is older than a week or 28 windows is told no more. The work of one
// tick is bounded by [Config.PerTick]; the next one goes on where it stopped.
//
// mono is any clock that is never set, such as the time since the start: when
// wall has gained more than 24 h on it since the last good tick, nothing is
// done and the error is [ErrClock], until wall comes back, or has stood for an
// hour: a machine that slept is not a clock that was set wrong. A wall that
// goes back is harmless.
//
// A merchant that cannot be gathered stays for the next tick and stops nobody
// else; the error counts such merchants and names the first. Tick blocks while
// source and ledger do, and stops early when ctx ends.
func (d *Digest) Tick(ctx context.Context, wall time.Time, mono time.Duration) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if jump := d.clock.jump(wall, mono); jump > 0 {
		return fmt.Errorf("make digests: %w by %s; none is made until it is set right, has stood for %s, or the program is started anew", ErrClock, jump.Round(time.Second), believed)
	}
	duties, err := d.dutiesLocked(ctx, wall)
	if err != nil {
		return err
	}
	return d.closeLocked(ctx, duties, wall.UTC().Truncate(time.Microsecond))
}

// dutiesLocked returns what has closed, in the order in which it is done.
func (d *Digest) dutiesLocked(ctx context.Context, wall time.Time) ([]duty, error) {
	subs, err := d.source.Subscribers(ctx)
	if err != nil {
		return nil, fmt.Errorf("make digests: list subscribers: %w", err)
	}
	last := map[string]map[string]time.Time{}
	var duties []duty
	for _, s := range subs {
		zone, name := d.zoneLocked(s)
		list, err := d.cfg.series(s, zone)
		if err != nil {
			d.log.WarnContext(ctx, "merchant gets no digest", "merchant", s.Merchant, "error", err)
			continue
		}
		for _, one := range list {
			if last[one.kind] == nil {
				if last[one.kind], err = d.ledger.Last(ctx, one.kind); err != nil {
					return nil, fmt.Errorf("make digests: read the ledger: %w", err)
				}
				if last[one.kind] == nil {
					last[one.kind] = map[string]time.Time{}
				}
			}
			due := duty{sub: s, kind: one.kind, zone: name, offset: offsetOf(s.Merchant, d.cfg.Spread)}
			due.stale, due.windows = one.closed(last[one.kind][s.Merchant], s.Since, wall.Add(-d.cfg.Delay))
			if len(due.windows) > 0 {
				duties = append(duties, due)
			}
		}
	}
	return rotate(duties, d.next), nil
}

// mostZones bounds the zones that are kept; there are about 600.
const mostZones = 1000

// zoneLocked returns the zone of a subscriber, and its name. One that this
// machine does not know is UTC: a digest in UTC is better than none.
func (d *Digest) zoneLocked(s Subscriber) (*time.Location, string) {
	name := cmp.Or(s.Zone, "UTC")
	zone, ok := d.zones[name]
	if !ok {
		var err error
		if zone, err = time.LoadLocation(name); err != nil || name == "Local" {
			d.log.Warn("time zone is not known: UTC is used", "merchant", s.Merchant, "zone", alerting.Line(name, longName))
			zone = time.UTC
		}
		if len(d.zones) < mostZones {
			d.zones[name] = zone
		}
	}
	return zone, zone.String()
}

// closeLocked does what is due, at most so much, in transactions of some
// merchants each.
func (d *Digest) closeLocked(ctx context.Context, duties []duty, now time.Time) error {
	var batch closing
	var first error
	failed, budget := 0, d.cfg.PerTick
	d.next = nil
	for _, due := range duties {
		if budget <= 0 || ctx.Err() != nil {
			d.next = &due
			break
		}
		budget -= due.cost()
		closed, err := d.closing(ctx, due, now)
		if err != nil {
			failed++
			first = cmp.Or(first, fmt.Errorf("merchant %q: %w", alerting.Line(due.sub.Merchant, longName), err))
			continue
		}
		if batch.add(closed); batch.merchants >= d.cfg.AtOnce {
			if err := d.commit(ctx, &batch); err != nil {
				return err
			}
		}
	}
	if err := ctx.Err(); err != nil { // what is gathered is gathered again
		return fmt.Errorf("make digests: %w", err)
	}
	if err := d.commit(ctx, &batch); err != nil {
		return err
	}
	if failed > 0 {
		return fmt.Errorf("make digests: %d of %d could not be made, the first: %w", failed, len(duties), first)
	}
	return nil
}

// commit writes a batch, and empties it.
func (d *Digest) commit(ctx context.Context, batch *closing) error {
	if len(batch.rows) == 0 {
		return nil
	}
	n, err := d.ledger.Close(ctx, batch.rows, batch.notices)
	if err != nil {
		return fmt.Errorf("make digests: close windows: %w", err)
	}
	d.log.InfoContext(ctx, "windows closed", "rows", len(batch.rows), "inserted", n, "notices", len(batch.notices))
	*batch = closing{}
	return nil
}

// closing gathers one duty. A source that panics harms its own merchant alone.
func (d *Digest) closing(ctx context.Context, due duty, now time.Time) (c closing, err error) {
	defer func() {
		if r := recover(); r != nil {
			d.log.ErrorContext(ctx, "digest panicked", "merchant", due.sub.Merchant, "panic", r, "stack", string(debug.Stack()))
			c, err = closing{}, errors.New("a panic, see the log")
		}
	}()
	gather := func(w Window) (Facts, error) {
		f, err := d.source.Gather(ctx, due.sub, w)
		if err != nil {
			return Facts{}, fmt.Errorf("gather the window from %s: %w", w.Start.Format(time.RFC3339), err)
		}
		return due.dress(f, w), nil
	}
	return due.close(gather, now)
}

// closing is what one transaction writes.
type closing struct {
	merchants int
	rows      []Row
	notices   []alerting.Notice
}

func (c *closing) add(o closing) {
	c.merchants++
	c.rows = append(c.rows, o.rows...)
	c.notices = append(c.notices, o.notices...)
}
