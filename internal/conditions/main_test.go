package conditions_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/conditions"
	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/rules"
)

// day is when the logs of the tests begin.
var day = time.Date(2023, 11, 11, 0, 0, 0, 0, time.UTC)

var errDisk = errors.New("disk full")

// changeKey is what makes a change unique in the store.
type changeKey struct {
	key    rules.Key
	number int
}

// memory is a store that behaves as the real one: one live episode of a
// condition at a time, no change twice, all of a commit or nothing.
type memory struct {
	mu       sync.Mutex // guards the fields below
	fail     error
	hang     bool
	commits  []conditions.Commit
	rows     map[rules.Key]rules.Standing
	changes  []rules.Change
	known    map[changeKey]bool
	series   map[string]conditions.SeriesState
	position int64
}

func newMemory() *memory {
	return &memory{rows: map[rules.Key]rules.Standing{}, known: map[changeKey]bool{}, series: map[string]conditions.SeriesState{}}
}

func (m *memory) setFail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail = err
}

func (m *memory) setHang(hang bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.hang = hang
}

// setSeries stores something in the place of a series.
func (m *memory) setSeries(name, state string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.series[name] = conditions.SeriesState{Series: name, Version: 1, State: []byte(state)}
}

func (m *memory) told() []rules.Change {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.changes)
}

func (m *memory) Conditions(context.Context) (conditions.Saved, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	type met struct {
		rule  rules.Rule
		scope rules.Scope
	}
	last := map[met]rules.Standing{}
	for _, key := range slices.SortedFunc(maps.Keys(m.rows), func(a, b rules.Key) int { return cmp.Compare(a.Episode, b.Episode) }) {
		last[met{key.Rule, key.Scope}] = m.rows[key]
	}
	standing, series := slices.Collect(maps.Values(last)), slices.Collect(maps.Values(m.series))
	return conditions.Saved{Standing: standing, Series: series, Position: m.position}, m.fail
}

func (m *memory) CommitShard(ctx context.Context, c conditions.Commit) error {
	m.mu.Lock()
	hang, fail := m.hang, m.fail
	m.mu.Unlock()
	if hang {
		<-ctx.Done()
		return ctx.Err()
	}
	if fail != nil {
		return fail
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.commits = append(m.commits, c)
	for _, s := range c.Standing {
		if err := m.putRow(s); err != nil {
			return err
		}
	}
	for _, ch := range c.Changes {
		if _, there := m.rows[ch.Key]; !there {
			return fmt.Errorf("change %+v has no condition", ch.Key)
		}
		if k := (changeKey{ch.Key, ch.Number}); !m.known[k] {
			m.known[k] = true
			m.changes = append(m.changes, ch)
		}
	}
	for _, s := range c.Series {
		m.series[s.Series] = s
		if len(s.State) == 0 {
			delete(m.series, s.Series)
		}
	}
	if c.Position != 0 {
		m.position = c.Position
	}
	return nil
}

func (m *memory) putRow(s rules.Standing) error {
	if s.Episode.Phase == rules.PhaseNone && s.Cleared.IsZero() { // a pending one that was dropped
		delete(m.rows, rules.Key{Rule: s.Rule, Scope: s.Scope, Episode: s.Episode.Number + 1})
		return nil
	}
	for key, row := range m.rows {
		if key.Rule == s.Rule && key.Scope == s.Scope && key != s.Key() && row.Cleared.IsZero() {
			return fmt.Errorf("%+v begins while %+v is live", s.Key(), key)
		}
	}
	m.rows[s.Key()] = s
	return nil
}

// tape makes a log by hand.
type tape struct {
	at      uint32 // of the last attempt
	entries []ingest.Entry
}

// add puts an attempt on the tape: of a channel, ended and received at.
func (p *tape) add(channel string, ended, received time.Time, failed bool) *ingest.Entry {
	p.at++
	e := ingest.Entry{
		Attempt:  deliveries.Attempt{Source: "core", Channel: channel, StartedAt: ended.Add(-time.Second), Duration: time.Second},
		Position: ingest.Position{Segment: 1, Offset: p.at}, Received: received, Kind: deliveries.KindFirst, Counts: true, Fault: probes.FaultNone,
	}
	if failed {
		e.Fault = "http_5xx"
	}
	p.entries = append(p.entries, e)
	return &p.entries[len(p.entries)-1]
}

// tick puts n attempts of a channel on the tape that end within 10 s, the
// first k of them failed, each received at once.
func (p *tape) tick(channel string, begin time.Time, n, k int) {
	for i := range n {
		ended := begin.Add(time.Duration(i) * rules.TickLength / time.Duration(n))
		p.add(channel, ended, ended, i < k)
	}
}

// play gives what is on the tape to c, as one group, and empties the tape.
func (p *tape) play(c *conditions.Conditions) {
	give(c, p.entries)
	p.entries = p.entries[:0]
}

// give gives entries to c as one group; all of them are counted.
func give(c *conditions.Conditions, entries []ingest.Entry) { tell(c, entries, false) }

// tell gives entries as give does, or as a replay.
func tell(c *conditions.Conditions, entries []ingest.Entry, replay bool) {
	if len(entries) == 0 {
		return
	}
	next := entries[len(entries)-1].Position
	next.Offset++
	verdicts := slices.Repeat([]ingest.Verdict{ingest.Counted}, len(entries))
	c.Took(context.Background(), ingest.Group{Entries: entries, Next: next}, verdicts, replay)
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// logged is a log that a test reads.
type logged struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logged) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Count(l.buf.Bytes(), []byte(text))
}

// running runs c until stop, which reports what Run returned.
func running(t *testing.T, c *conditions.Conditions) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	var err error
	wg.Go(func() { err = c.Run(ctx) })
	stop = func() error {
		cancel()
		wg.Wait()
		return err
	}
	t.Cleanup(func() { _ = stop() }) // it may have been stopped, and its error seen
	return stop
}

// loaded returns conditions that took up what the store has.
func loaded(t *testing.T, cfg conditions.Config, store conditions.Store) *conditions.Conditions {
	t.Helper()
	c := conditions.New(cfg, store, quiet())
	if err := c.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c
}
