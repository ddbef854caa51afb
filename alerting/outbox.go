package alerting

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// The outbox's own times.
const (
	// FallBackAfter is how long a lane may fail before its critical notices are
	// told elsewhere (DESIGN section 7).
	FallBackAfter = 60 * time.Second

	// LetGoStep and LetGoMost are how soon a notice goes again when its lane
	// works after a failure, whatever its back-off says: LetGoStep after its last
	// try for each try, and at most LetGoMost after it. One that fails alone, in
	// a lane that works for others, is so tried once a minute.
	LetGoStep = 5 * time.Second
	LetGoMost = time.Minute

	sweepEvery   = time.Second      // what nobody poked for is found
	lateAfter    = time.Minute      // a notice says that it is late
	leaseMargin  = 30 * time.Second // beyond the send's own time
	finishWithin = 2 * time.Second  // one attempt to record an outcome
)

// Outbox sends what waits in its queue: each lane by itself, so that none
// delays another. It alone decides on a further try.
//
// Every notice in the queue is delivered, or replaced by a newer state of its
// subject or by the summary of a storm, or ends as a dead letter that is told
// through another receiver. A crash repeats at most the messages on the wire,
// each with the same key.
type Outbox struct {
	cfg    OutboxConfig
	queue  Queue
	log    *slog.Logger
	table  atomic.Pointer[Ports]
	poke   chan struct{}
	resume atomic.Bool // start the stopped lanes at the next sweep
}

// OutboxConfig is how an outbox works. The zero config is useful.
type OutboxConfig struct {
	Owner   string        // names this sender; the same after a restart, another in another replica; empty: "hookvigil"
	Drain   time.Duration // what is on the wire may last that long after the end; zero: 5 s
	Storm   StormCap
	Observe Observer
}

// Observer is told what happens, for metrics. Nil functions are left out.
// They are called from many goroutines, and must not block.
type Observer struct {
	Tried func(kind string, class Class, took time.Duration) // one try; class "": it was sent, took since it was decided
	Dead  func(kind string, n Notice)
	Held  func(kind string) // one message that the summary of a storm counts
	Lanes func(w Work)      // each sweep
}

// NewOutbox returns an outbox that sends through ports once Run is called.
func NewOutbox(cfg OutboxConfig, q Queue, ports Ports, log *slog.Logger) *Outbox {
	if cfg.Owner == "" {
		cfg.Owner = "hookvigil"
	}
	if cfg.Drain <= 0 {
		cfg.Drain = 5 * time.Second
	}
	cfg.Storm = cfg.Storm.orDefault()
	cfg.Observe = cfg.Observe.orSilent()
	o := &Outbox{cfg: cfg, queue: q, log: log, poke: make(chan struct{}, 1)}
	o.table.Store(&ports)
	return o
}

// Run sends until ctx ends. Then it claims nothing more, lets what is on the
// wire finish within the drain, and returns nil once all its goroutines have
// ended. Call it once.
//
// It starts with what an earlier run of the same owner left behind, and starts
// the lanes that had stopped.
func (o *Outbox) Run(ctx context.Context) error {
	var lanes sync.WaitGroup
	defer lanes.Wait()
	s := newSweeper(o, &lanes)
	o.resume.Store(true)
	for ctx.Err() == nil {
		s.sweep(ctx)
		s.start(ctx)
		s.wait(ctx)
	}
	return nil
}

// Poke says that notices were committed: they go at once instead of within a
// second. It does not block.
func (o *Outbox) Poke() {
	select {
	case o.poke <- struct{}{}:
	default: // somebody poked already
	}
}

// Reload puts ports in place of the present ones, from the next send on, and
// starts the lanes that had stopped. A send under way keeps its receiver. It
// does not block.
func (o *Outbox) Reload(ports Ports) {
	o.table.Store(&ports)
	o.resume.Store(true)
	o.Poke()
}

func (v Observer) orSilent() Observer {
	if v.Tried == nil {
		v.Tried = func(string, Class, time.Duration) {}
	}
	if v.Dead == nil {
		v.Dead = func(string, Notice) {}
	}
	if v.Held == nil {
		v.Held = func(string) {}
	}
	if v.Lanes == nil {
		v.Lanes = func(Work) {}
	}
	return v
}
