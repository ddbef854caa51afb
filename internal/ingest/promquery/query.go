package promquery

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// sayEvery is how often what lasts is logged again.
const sayEvery = time.Minute

// Query asks one server for one pair of queries. It is for one Run.
type Query struct {
	cfg    Config
	client *client
	hand   Handler
	log    *slog.Logger
	meter  *meter

	began, lastData time.Time
	said            map[string]time.Time // when each kind of thing was logged, while it lasts
}

// New returns a query for a Config that passed Validate; its error says that
// the URL is none. Nothing is asked yet. A nil log is silence.
func New(cfg Config, hand Handler, log *slog.Logger) (*Query, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	cfg = cfg.filled()
	c, err := newClient(cfg)
	if err != nil {
		return nil, err
	}
	return &Query{
		cfg: cfg, client: c, hand: hand, log: log.With("source", cfg.Source),
		meter: newMeter(cfg.Every, cfg.Good != ""), said: map[string]time.Time{},
	}, nil
}

// Run asks at once and then every Config.Every, until ctx ends; it returns nil
// then. An ask that fails is logged once a minute while it lasts: the next
// answer counts for it, too. Counters are not kept beyond Run: what they rose
// by while nobody asked is not told.
func (q *Query) Run(ctx context.Context) error {
	defer q.client.http.CloseIdleConnections()
	tick := time.NewTicker(q.cfg.Every)
	defer tick.Stop()
	q.began = time.Now()
	for ctx.Err() == nil {
		q.ask(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
	return nil
}

// ask makes one ask, hands on what it gave and tells how it went.
func (q *Query) ask(ctx context.Context) {
	began := time.Now()
	asked := Asked{Source: q.cfg.Source, At: began.UTC().Truncate(time.Millisecond)}
	samples, err := q.measure(ctx, &asked)
	if ctx.Err() != nil {
		return
	}
	asked.Took, asked.Err = time.Since(began), err
	for _, s := range samples {
		if s.Scope == rules.ScopePlatform {
			asked.First, asked.Failed = s.First, s.Failed
			q.lastData = began
		}
	}
	asked.LastData, asked.Lag = q.lastData, time.Since(q.began)
	if !q.lastData.IsZero() {
		asked.Lag = time.Since(q.lastData)
	}
	q.say(asked)
	q.cfg.Observe(asked)
	if len(samples) > 0 {
		q.hand(ctx, samples)
	}
}

// measure asks both queries for one moment.
func (q *Query) measure(ctx context.Context, asked *Asked) ([]Sample, error) {
	ctx, cancel := context.WithTimeout(ctx, q.cfg.Timeout)
	defer cancel()
	total, err := q.read(ctx, "total", q.cfg.Total, asked)
	if err != nil {
		return nil, err
	}
	name, text := "failed", q.cfg.Failed
	if q.meter.good {
		name, text = "good", q.cfg.Good
	}
	other, err := q.read(ctx, name, text, asked)
	if err != nil {
		return nil, err
	}
	return q.meter.step(asked.At, total, other, asked), nil
}

// read asks one query.
func (q *Query) read(ctx context.Context, name, text string, asked *Asked) ([]series, error) {
	a, err := q.client.instant(ctx, name, text, asked.At)
	if err != nil {
		return nil, err
	}
	all, bad, err := q.cfg.Labels.read(a)
	if err != nil {
		return nil, fmt.Errorf("query %s (%s): %w", name, cut(text, maxShown), err)
	}
	asked.Series += len(all) + bad
	asked.Bad += bad
	hints := slices.Concat(a.Warnings, a.Infos)
	if q.due("warnings of "+name, len(hints) > 0) {
		q.log.Warn("prometheus warns of a query", "name", name, "query", cut(text, maxShown), "warnings", q.client.show(strings.Join(hints, "; ")))
	}
	if q.due("nothing for "+name, len(all) == 0 && (name != "failed" || bad > 0)) {
		q.log.Warn("query gives no counters: there is no ratio", "name", name, "query", cut(text, maxShown), "bad", bad)
	}
	return all, nil
}

// say logs what is wrong with an ask.
func (q *Query) say(a Asked) {
	if _, failing := q.said["ask"]; failing && a.Err == nil {
		q.log.Info("prometheus answers again")
	}
	if q.due("ask", a.Err != nil) {
		q.log.Warn("prometheus cannot be asked: it is tried again", "err", a.Err)
	}
	if q.due("unclear", a.Unclear > 0) {
		q.log.Warn("counters fell or rose by more than can be: they are left out this time; leave each series on its own, without sum", "scopes", a.Unclear)
	}
	if q.due("mismatched", a.Mismatched > 0) {
		q.log.Warn("queries do not go together: what failed is not a part of the total", "scopes", a.Mismatched)
	}
}

// due reports whether something that is wrong is to be logged now: when it
// begins, and once a minute.
func (q *Query) due(what string, wrong bool) bool {
	if !wrong {
		delete(q.said, what)
		return false
	}
	now := time.Now()
	if at, lasts := q.said[what]; lasts && now.Sub(at) < sayEvery {
		return false
	}
	q.said[what] = now
	return true
}
