package backtest

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/rules"
)

// Counts are the sums of a replay.
type Counts struct {
	Files        int
	Records      int  // good attempts, repeats included
	Probes       int  // good results of probes
	Certificates int  // good rounds of looks at a certificate
	Bad          int  // what was not taken
	Stated       int  // attempts that say when they were received
	Disordered   int  // further behind than the window: received late
	Duplicates   int  // a repeat of one that was read before
	AtLeast      bool // there may be more: not all that was read is remembered
	First        int  // first attempts that count in a ratio
	Failed       int  // of them failed
	Ungraded     int  // first attempts of sources that yield no ratio

	// What there was no room for (Settings.MostOpen): where it is not 0, more may
	// wait, be lost or be slow than is told.
	Unfollowed int // failed tries of events
	Untimed    int // answers of endpoints

	From, To time.Time // receipt of the first and the last record; zero without any
}

// follower hears all of a log, in order.
type follower interface {
	took(ctx context.Context, g ingest.Group, v []ingest.Verdict)
	probed(f rules.DownFact, now time.Time)
	looked(f rules.CertificateFact, now time.Time)
	idle(ctx context.Context, now time.Time)
}

// replay is one run through a log.
type replay struct {
	settings Settings
	to       []follower

	reader reader
	queue  queue
	known  *known
	judge  *judge
	prober *prober
	lately *ingest.Lately
	facts  *facts // nil: ratios are all that is asked for

	group    ingest.Group
	verdicts []ingest.Verdict
	seq      int64
	last     time.Time // receipt of the last record that went out
	minute   time.Time // the next of which the facts are told

	counts   Counts
	rejected []Rejected
}

// run reads all of the input and hands it on.
func (r *replay) run(ctx context.Context, in Input) error {
	paths, err := in.files()
	if err != nil {
		return err
	}
	r.reader.stdin = in.Stdin
	defer r.reader.close()
	if err := r.reader.sources(paths); err != nil {
		return err
	}
	for {
		it, ok, err := r.reader.next(ctx)
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		r.read(ctx, it)
	}
	r.drain(ctx, true)
	r.flush(ctx)
	if !r.minute.IsZero() {
		r.advance(ctx, r.minute) // and no further: what came after the log nobody knows
		r.counts.Unfollowed, r.counts.Untimed = r.facts.events.beyond, r.facts.answers.beyond
	}
	r.counts.Files, r.counts.Probes, r.counts.AtLeast = r.reader.opened, r.prober.results, r.known.forgot
	return ctx.Err()
}

func newReplay(s Settings) (*replay, error) {
	s = s.withDefaults()
	if err := s.Validate(); err != nil {
		return nil, fmt.Errorf("replay: %w", err)
	}
	lately, err := ingest.LoadLately(context.Background(), nothing{}, time.Unix(0, 0), s.World.Failing) // it reads nothing
	if err != nil {
		return nil, fmt.Errorf("replay: %w", err)
	}
	return &replay{
		settings: s, queue: queue{window: s.Window, most: s.MostHeld}, known: newKnown(s.MostKnown), judge: newJudge(s.World), lately: lately,
		prober: &prober{known: s.World.Known, usual: s.World.Policy, memory: map[string]probes.Memory{}, answered: map[string]time.Time{}, lately: lately},
	}, nil
}

// read takes a record in, and hands on what it makes due.
func (r *replay) read(ctx context.Context, it item) {
	if it.bad == "" && it.probe == nil && it.look == nil {
		it.bad = r.judge.take(&it)
	}
	if it.bad != "" {
		r.counts.Bad++
		if len(r.rejected) < mostListed {
			r.rejected = append(r.rejected, Rejected{File: it.file, Line: it.line, Reason: it.bad})
		}
		return
	}
	if it.stated {
		r.counts.Stated++
	}
	r.queue.push(it)
	r.drain(ctx, false)
}

// drain hands on what is due.
func (r *replay) drain(ctx context.Context, all bool) {
	for {
		it, ok := r.queue.pop(all)
		if !ok {
			r.counts.Disordered = r.queue.disordered
			return
		}
		r.emit(ctx, &it)
	}
}

// emit puts a record into the group, or tells of a probe or a look.
func (r *replay) emit(ctx context.Context, it *item) {
	if r.counts.From.IsZero() {
		r.counts.From = it.at
	}
	r.advance(ctx, it.at)
	r.last, r.counts.To = it.at, it.at
	if it.probe != nil || it.look != nil {
		r.flush(ctx)
		r.signal(it)
		return
	}
	r.seq++
	e := r.judge.entry(it, positionOf(r.seq))
	v := r.verdict(&e)
	r.group.Entries, r.verdicts = append(r.group.Entries, e), append(r.verdicts, v)
	if r.facts != nil && v == ingest.Counted {
		r.facts.follow(&e, len(r.group.Entries))
	}
	if len(r.group.Entries) >= r.settings.Group {
		r.flush(ctx)
	}
}

// signal tells of a probe or a look.
func (r *replay) signal(it *item) {
	if it.look != nil {
		r.counts.Certificates++
		fact := r.prober.whose(*it.look, r.settings.World.Known)
		for _, f := range r.to {
			f.looked(fact, it.at)
		}
		return
	}
	fact := r.prober.fact(*it.probe, it.at)
	if r.facts != nil {
		fact = r.facts.undelivered(fact)
	}
	for _, f := range r.to {
		f.probed(fact, it.at)
	}
}

// verdict says what the ledger would have said.
func (r *replay) verdict(e *ingest.Entry) ingest.Verdict {
	r.counts.Records++
	if r.known.has(numberOf(&e.Attempt)) {
		r.counts.Duplicates++
		return ingest.Duplicate
	}
	yields := r.judge.grade(e)
	if e.Counts && e.Kind == deliveries.KindFirst {
		switch {
		case !yields:
			r.counts.Ungraded++
		case e.Fault != probes.FaultNone:
			r.counts.Failed++
			fallthrough
		default:
			r.counts.First++
		}
	}
	e.Counts = e.Counts && yields
	return ingest.Counted
}

// numberOf is what an attempt is remembered by.
func numberOf(a *deliveries.Attempt) uint64 {
	id := a.Identity()
	return binary.LittleEndian.Uint64(id[:])
}

// flush hands the group on.
func (r *replay) flush(ctx context.Context) {
	if len(r.group.Entries) == 0 {
		return
	}
	r.group.Next, r.group.At = positionOf(r.seq+1), r.last
	r.lately.Took(r.group, r.verdicts)
	if r.facts != nil {
		r.facts.took(r.group, r.verdicts)
	}
	for _, f := range r.to {
		f.took(ctx, r.group, r.verdicts)
	}
	clear(r.group.Entries) // nobody keeps it: no text of it stays in memory
	r.group, r.verdicts = ingest.Group{Entries: r.group.Entries[:0]}, r.verdicts[:0]
}

// positionOf gives each record a place of its own in a log that nobody has.
func positionOf(seq int64) ingest.Position {
	return ingest.Position{Segment: uint32(seq/math.MaxInt32) + 1, Offset: uint32(seq % math.MaxInt32)}
}

// nothing is a ledger without history.
type nothing struct{}

// Progress implements [ingest.QuarterReader].
func (nothing) Progress(context.Context) (ingest.Progress, error) { return ingest.Progress{}, nil }

// Quarters implements [ingest.QuarterReader].
func (nothing) Quarters(context.Context, time.Time) ([]ingest.EndpointTally, error) { return nil, nil }

// DeliveredSince implements [ingest.QuarterReader].
func (nothing) DeliveredSince(context.Context, time.Time) (map[string]time.Time, error) {
	return nil, nil
}
