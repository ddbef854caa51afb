package alerting_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// book is a Book in memory: it hands out changes, and counts who asks.
type book struct {
	mu      sync.Mutex
	changes []rules.Change
	err     error
	panics  bool
	stall   chan struct{} // a turn waits until it is closed, or its context ends

	asked   []time.Duration // since the start
	orphans []time.Duration // of those, the ones that look for orphans
	start   time.Time
	incs    []alerting.Incident
}

func (b *book) CommitDesk(ctx context.Context, r alerting.DeskRequest, decide func(alerting.World, []rules.Change) alerting.Decision) (alerting.DeskTurn, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked = append(b.asked, time.Since(b.start))
	if r.Orphans {
		b.orphans = append(b.orphans, time.Since(b.start))
	}
	if b.stall != nil {
		select {
		case <-b.stall:
		case <-ctx.Done():
			return alerting.DeskTurn{}, ctx.Err()
		}
	}
	switch {
	case b.panics:
		panic("no such thing")
	case b.err != nil:
		return alerting.DeskTurn{}, b.err
	case ctx.Err() != nil:
		return alerting.DeskTurn{}, ctx.Err()
	case len(b.changes) == 0:
		return alerting.DeskTurn{}, nil
	}
	n := min(r.Limit, len(b.changes))
	d := decide(alerting.World{Incidents: b.incs}, b.changes[:n])
	b.changes = b.changes[n:]
	b.incs = append(b.incs, d.Incidents...)
	return alerting.DeskTurn{Changes: n, Decision: d, More: len(b.changes) > 0}, nil
}

func (b *book) CommandIncident(_ context.Context, id string, version int, do func(alerting.Incident, []alerting.Destination) (alerting.Decision, error)) (alerting.Incident, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, in := range b.incs {
		if in.ID != id {
			continue
		}
		if in.Version != version {
			return in, &alerting.VersionError{ID: id, Has: in.Version, Want: version}
		}
		d, err := do(in, nil)
		if err == nil && len(d.Incidents) == 1 {
			b.incs[i] = d.Incidents[0]
		}
		return b.incs[i], err
	}
	return alerting.Incident{}, alerting.ErrNoIncident
}

func (b *book) set(change func(b *book)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change(b)
}

// times returns when it was asked so far, and forgets it.
func (b *book) times() []time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := b.asked
	b.asked = nil
	return list
}

// logged counts the lines of a log by message.
type logged struct {
	mu    sync.Mutex
	lines []string
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, string(p))
	return len(p), nil
}

func (l *logged) count(part string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, line := range l.lines {
		n += strings.Count(line, part)
	}
	return n
}

// office is a clerk at work.
type office struct {
	book  *book
	clerk *alerting.Clerk
	log   *logged
	turns []alerting.DeskTurn
	stop  func() // ends it, and waits
}

func openOffice(t *testing.T, b *book) *office {
	t.Helper()
	o := &office{book: b, log: &logged{}}
	b.start = time.Now()
	o.clerk = alerting.NewClerk(b, desk(), slog.New(slog.NewTextHandler(o.log, nil)))
	o.clerk.Decided = func(turn alerting.DeskTurn) { o.turns = append(o.turns, turn) }
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := o.clerk.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	o.stop = func() { cancel(); wg.Wait() }
	return o
}

func TestClerkDecidesWhenPokedAndEachSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := openOffice(t, &book{})
		defer o.stop()
		synctest.Wait()
		time.Sleep(300 * time.Millisecond)
		o.book.set(func(b *book) { b.changes = []rules.Change{down("a", "h1", true, noon, at(2))} })
		o.clerk.Poke()
		o.clerk.Poke()
		synctest.Wait()
		if len(o.turns) != 1 || o.turns[0].Changes != 1 || len(o.turns[0].Decision.Notices) != 2 {
			t.Fatalf("after a poke: %d turns", len(o.turns))
		}
		o.book.times()
		o.book.set(func(b *book) { b.changes = []rules.Change{down("b", "h2", true, noon, at(2))} })
		time.Sleep(time.Second)
		synctest.Wait()
		if len(o.turns) != 2 {
			t.Errorf("nobody poked: %d turns, want 2", len(o.turns))
		}
		time.Sleep(21 * time.Second)
		synctest.Wait()
		o.book.mu.Lock()
		defer o.book.mu.Unlock()
		if n := len(o.book.orphans); n != 3 {
			t.Errorf("orphans were looked for at %v, want every 10 s", o.book.orphans)
		}
	})
}

func TestClerkReadsAllThatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &book{}
		for range 1201 {
			b.changes = append(b.changes, down("a", "h1", true, noon, at(2)))
		}
		o := openOffice(t, b)
		defer o.stop()
		synctest.Wait()
		if got := b.times(); len(got) != 3 || got[2] != 0 || len(o.turns) != 3 {
			t.Errorf("turns at %v, want three at once", got)
		}
	})
}

func TestClerkOutlastsABookThatRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		broken func(b *book)
		says   string
	}{
		"it returns an error": {func(b *book) { b.err = errors.New("disk is full") }, "take a turn: disk is full"},
		"it panics":           {func(b *book) { b.panics = true }, "the desk panicked: no such thing"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := &book{changes: []rules.Change{down("a", "h1", true, noon, at(2))}}
				c.broken(b)
				o := openOffice(t, b)
				defer o.stop()
				synctest.Wait()
				for range 5 {
					o.clerk.Poke()
					synctest.Wait()
				}
				if n := len(b.times()); n != 1 {
					t.Errorf("asked %d times at once, want once: a poke mends nothing", n)
				}
				time.Sleep(150 * time.Second)
				synctest.Wait()
				if n := len(b.times()); n != 150 {
					t.Errorf("asked %d times in 150 s, want each second", n)
				}
				if n := o.log.count(c.says); n != 3 {
					t.Errorf("logged %d times, want once a minute", n)
				}
				if lag := o.clerk.Lag(time.Now()); lag != 150*time.Second {
					t.Errorf("lag %s, want 150 s", lag)
				}
				b.set(func(b *book) { b.err, b.panics = nil, false })
				time.Sleep(time.Second)
				synctest.Wait()
				if len(o.turns) != 1 || o.clerk.Lag(time.Now()) != 0 {
					t.Errorf("mended: %d turns, lag %s", len(o.turns), o.clerk.Lag(time.Now()))
				}
			})
		})
	}
}

func TestClerkDrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &book{}
		o := openOffice(t, b)
		synctest.Wait()
		b.set(func(b *book) { b.changes = []rules.Change{down("a", "h1", true, noon, at(2))} })
		o.stop()
		if len(o.turns) != 1 {
			t.Errorf("%d turns, want what was committed decided at the end", len(o.turns))
		}
	})
}

func TestClerkEndsWithinAQuarterOfASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := openOffice(t, &book{stall: make(chan struct{})})
		synctest.Wait()
		start := time.Now()
		o.stop()
		if took := time.Since(start); took != 250*time.Millisecond {
			t.Errorf("it ended after %s, want 250 ms", took)
		}
	})
}

func TestClerkTakesCommandsAndANewDesk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &book{changes: []rules.Change{down("a", "h1", true, noon, at(2))}}
		o := openOffice(t, b)
		defer o.stop()
		synctest.Wait()
		d := desk()
		d.Routes = func(alerting.Incident) []alerting.Destination {
			return []alerting.Destination{{Lane: "new/C2", Recipient: "C2", Form: alerting.FormThread}}
		}
		o.clerk.SetDesk(d)
		in := b.incs[0]
		after, err := o.clerk.Command(t.Context(), in.ID, in.Version, alerting.Command{Do: alerting.CommandAcknowledge, By: "sari"})
		if err != nil || after.State != alerting.StateAcknowledged {
			t.Fatalf("%s, %v", after.State, err)
		}
		if n := len(o.turns); n != 2 || kinds(o.turns[1].Decision.Notices) != "new:root new:update" {
			t.Errorf("%d turns, the last told %s", n, kinds(o.turns[n-1].Decision.Notices))
		}
		_, err = o.clerk.Command(t.Context(), in.ID, in.Version, alerting.Command{Do: alerting.CommandAcknowledge, By: "budi"})
		if v, ok := errors.AsType[*alerting.VersionError](err); !ok || v.Has != after.Version {
			t.Errorf("error %v, want the version that it has", err)
		}
		if _, err := o.clerk.Command(t.Context(), "inc_x", 1, alerting.Command{Do: alerting.CommandNote, By: "budi", Text: "x"}); !errors.Is(err, alerting.ErrNoIncident) {
			t.Errorf("error %v, want ErrNoIncident", err)
		}
		if len(o.turns) != 2 {
			t.Error("a refused command was reported as a decision")
		}
	})
}
