package daemon

import (
	"context"
	"path/filepath"
	"reflect"
	"sync"
	"time"

	"github.com/hookvigil/hookvigil/dashboards"
	"github.com/hookvigil/hookvigil/internal/conditions"
	"github.com/hookvigil/hookvigil/internal/config"
	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest/promquery"
	"github.com/hookvigil/hookvigil/internal/ingest/tail"
)

const (
	drainFeeds = 250 * time.Millisecond // a place in a file is saved with two fsyncs
	feedAgain  = 15 * time.Second       // until a feed that stopped for a bug begins anew
	takeLimit  = 15 * time.Second       // for the attempts of one batch to be durable, as in the API
)

// feedKey is what a feed is told apart by: a source has one of each kind.
type feedKey struct {
	source string
	kind   dashboards.FeedKind
}

// feed is what fetches facts by itself: exactly one of the two is set.
type feed struct {
	tail  *tail.Config
	query *promquery.Config
}

// same reports whether f and o are configured alike. Package reflect cannot
// tell by itself, because two pools of the same roots are different to it.
func (f feed) same(o feed) bool {
	if f.query != nil && o.query != nil {
		a, b := *f.query, *o.query
		if !a.Roots.Equal(b.Roots) {
			return false
		}
		a.Roots, b.Roots = nil, nil
		f.query, o.query = &a, &b
	}
	return reflect.DeepEqual(f, o)
}

// feedsOf returns the feeds that sources ask for.
func feedsOf(sources []config.Source) map[feedKey]feed {
	list := map[feedKey]feed{}
	for _, s := range sources {
		if s.Tail != nil {
			list[feedKey{s.ID, dashboards.FeedTail}] = feed{tail: s.Tail}
		}
		if s.Prometheus != nil {
			list[feedKey{s.ID, dashboards.FeedPrometheus}] = feed{query: s.Prometheus}
		}
	}
	return list
}

// feeds runs what fetches facts by itself, and knows how it goes: a goroutine
// for each file and each Prometheus of the sources.
type feeds struct {
	d       *Daemon
	changed chan struct{} // what is wanted may be different from what runs

	mu     sync.Mutex // guards the fields below
	wanted map[feedKey]feed
	states map[feedKey]feedState // of those that run
}

func newFeeds(d *Daemon) *feeds {
	return &feeds{d: d, changed: make(chan struct{}, 1), states: map[feedKey]feedState{}}
}

// set says which feeds are to run from now on.
func (f *feeds) set(sources []config.Source) {
	f.mu.Lock()
	f.wanted = feedsOf(sources)
	f.mu.Unlock()
	select {
	case f.changed <- struct{}{}:
	default: // it will look already
	}
}

// runningFeed is a feed under way.
type runningFeed struct {
	feed
	cancel context.CancelFunc
	group  *sync.WaitGroup // of its one goroutine
}

// Run runs the feeds that are wanted until ctx ends.
func (f *feeds) Run(ctx context.Context) error {
	running := map[feedKey]runningFeed{}
	for ctx.Err() == nil {
		f.turn(ctx, running)
		select {
		case <-f.changed:
		case <-ctx.Done():
		}
	}
	for _, r := range running { // their contexts have ended
		r.cancel()
		r.group.Wait()
	}
	return nil
}

// turn ends what is no longer wanted, and waits for it: a file may have gone to
// another source. Then it starts what is new.
func (f *feeds) turn(ctx context.Context, running map[feedKey]runningFeed) {
	f.mu.Lock()
	wanted := f.wanted
	f.mu.Unlock()
	var gone []feedKey
	for key, r := range running {
		if next, ok := wanted[key]; !ok || !r.same(next) {
			r.cancel()
			gone = append(gone, key)
		}
	}
	for _, key := range gone {
		running[key].group.Wait()
		delete(running, key)
		f.ended(key)
		f.d.log.Info("feed stopped", "source", key.source, "kind", key.kind)
	}
	for key, next := range wanted {
		if _, runs := running[key]; runs {
			continue
		}
		inner, cancel := context.WithCancel(ctx)
		r := runningFeed{feed: next, cancel: cancel, group: new(sync.WaitGroup)}
		running[key] = r
		f.begun(key, next)
		f.d.log.Info("feed started", "source", key.source, "kind", key.kind)
		r.group.Go(func() { f.keep(inner, key, next) })
	}
}

// keep runs one feed until ctx ends. After a bug in it, it begins anew.
func (f *feeds) keep(ctx context.Context, key feedKey, one feed) {
	for ctx.Err() == nil {
		f.once(ctx, key, one)
		select {
		case <-time.After(feedAgain):
		case <-ctx.Done():
		}
	}
}

// once runs one feed until ctx ends or it fails.
func (f *feeds) once(ctx context.Context, key feedKey, one feed) {
	defer f.d.recovered("feed", key.source)
	var err error
	if one.tail != nil {
		err = f.follow(ctx, key, *one.tail)
	} else {
		err = f.ask(ctx, key, *one.query)
	}
	if err != nil && ctx.Err() == nil {
		f.d.log.Error("feed failed; it begins anew", "source", key.source, "kind", key.kind, "err", err)
	}
}

// follow reads a file. How far it was read is kept in the data directory.
func (f *feeds) follow(ctx context.Context, key feedKey, cfg tail.Config) error {
	cfg.Observe = func(p tail.Progress) { f.read(key, p, time.Now()) }
	offsets := tail.NewFileOffsets(filepath.Join(f.d.atStart.DataDir, "tail"))
	return tail.New(cfg, f.take, offsets, f.d.log).Run(ctx)
}

// ask asks a Prometheus.
func (f *feeds) ask(ctx context.Context, key feedKey, cfg promquery.Config) error {
	cfg.Observe = func(a promquery.Asked) { f.asked(key, a, time.Now()) }
	q, err := promquery.New(cfg, f.count, f.d.log)
	if err != nil {
		return err
	}
	return q.Run(ctx)
}

// take makes attempts of a file durable, by the same way as those that are
// handed in.
func (f *feeds) take(ctx context.Context, attempts []deliveries.Attempt) (tail.Receipt, error) {
	way := intake{f.d}
	batch := f.d.resolver.Begin(time.Now(), way.Floor())
	var r tail.Receipt
	good := make([]deliveries.Attempt, 0, len(attempts))
	for i := range attempts {
		match, reason := batch.Resolve(&attempts[i])
		if reason != "" {
			r.Rejected = append(r.Rejected, tail.Rejection{Index: i, Reason: reason})
			continue
		}
		batch.Note(&attempts[i], match)
		good = append(good, attempts[i])
	}
	ctx, cancel := context.WithTimeout(ctx, takeLimit)
	defer cancel()
	taken, err := way.Take(ctx, time.Now().UTC(), good)
	if err != nil {
		return tail.Receipt{}, err // all of them come again
	}
	batch.Tell()
	for range taken.Outside { // which of them is not said
		r.Rejected = append(r.Rejected, tail.Rejection{Index: -1, Reason: "started_at: it grew too old to be kept"})
	}
	r.Accepted, r.Duplicate = taken.Accepted, taken.Duplicate
	f.d.metrics.AttemptsTaken(0, 0, len(r.Rejected))
	return r, nil
}

// count brings what a Prometheus counted to the conditions.
func (f *feeds) count(_ context.Context, samples []promquery.Sample) {
	list := make([]conditions.Sample, len(samples))
	for i, s := range samples {
		list[i] = conditions.Sample{Scope: s.Scope, At: s.At, First: s.First, Failed: s.Failed}
	}
	f.d.column.conditions.Counted(list)
}
