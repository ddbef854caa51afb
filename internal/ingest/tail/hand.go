package tail

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
)

// How long to wait before a batch is handed in again: the log says busy for a
// second or so, and full for as long as it takes.
const (
	firstWait = 250 * time.Millisecond
	lastWait  = 15 * time.Second
)

// plainLines goes before each batch. To the decoder an object or an array at
// the very beginning may go on over several lines; after this first record,
// which is none, every line is a record of its own, wherever the batch began.
const plainLines = "-\n"

// decoded is a batch as attempts.
type decoded struct {
	attempts []deliveries.Attempt
	from     []int64 // where the line of each attempt begins
}

// hand decodes a batch and hands it in until it is acknowledged. The error is
// ctx's.
func (t *Tail) hand(ctx context.Context, b batch) error {
	t.progress.Overlong += b.over
	t.progress.Lines += b.over
	if b.over > 0 {
		t.drop(b.from, fmt.Sprintf("the line is longer than %d bytes", maxLine))
	}
	d := t.decode(b)
	if len(d.attempts) == 0 {
		return nil
	}
	r, err := t.take(ctx, d.attempts)
	if err != nil {
		return err
	}
	t.progress.Accepted += r.Accepted
	t.progress.Duplicate += r.Duplicate
	for _, bad := range r.Rejected {
		at := b.from
		if bad.Index >= 0 && bad.Index < len(d.from) {
			at = d.from[bad.Index]
		}
		t.drop(at, bad.Reason)
	}
	return nil
}

// take calls the handler until it takes the attempts, or ctx ends.
func (t *Tail) take(ctx context.Context, attempts []deliveries.Attempt) (Receipt, error) {
	for wait := firstWait; ; wait = min(2*wait, lastWait) {
		r, err := t.handle(ctx, slices.Clone(attempts)) // which may change them, and fail then
		if err == nil {
			t.trouble = nil
			if t.taking.over() {
				t.log.Info("attempts are taken again")
			}
			return r, nil
		}
		if ctx.Err() != nil {
			return Receipt{}, ctx.Err()
		}
		t.progress.Refused++
		t.trouble = err
		if t.taking.due(err.Error(), complainEvery) {
			t.log.Warn("attempts are not taken: they stay in the file and are handed in again", "err", err)
		}
		t.observe()
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return Receipt{}, ctx.Err()
		}
	}
}

// decode makes attempts of the lines of a batch.
func (t *Tail) decode(b batch) decoded {
	var d decoded
	text := b.text
	if b.from == 0 {
		text = bytes.TrimPrefix(text, []byte("\ufeff"))
	}
	starts := lineStarts(text, b.from+int64(len(b.text)-len(text)))
	t.progress.Lines += len(starts)
	n := -1 // the first is plainLines
	for a, bad := range deliveries.Decode(io.MultiReader(strings.NewReader(plainLines), bytes.NewReader(text)), time.Now()) {
		if n++; n == 0 || n > len(starts) {
			continue
		}
		at := starts[n-1]
		switch {
		case bad != nil:
			t.drop(at, bad.Reason)
		case a.Source != "" && a.Source != t.cfg.Source:
			t.drop(at, "source is not the one of this file")
		default:
			a.Source = t.cfg.Source
			d.attempts, d.from = append(d.attempts, a), append(d.from, at)
		}
	}
	return d
}

// lineStarts returns where the lines begin that are not blank: those that the
// decoder makes a record of.
func lineStarts(text []byte, from int64) []int64 {
	var starts []int64
	for line := range bytes.Lines(text) {
		if len(bytes.Trim(line, " \t\r\n")) > 0 {
			starts = append(starts, from)
		}
		from += int64(len(line))
	}
	return starts
}

// drop counts a line that is not taken, and logs one at most once a minute.
func (t *Tail) drop(at int64, reason string) {
	t.progress.Rejected++
	t.dropped++
	if now := time.Now(); t.garbage.at.IsZero() || now.Sub(t.garbage.at) >= complainEvery {
		t.garbage.at = now
		t.log.Warn("lines are not taken", "lines", t.dropped, "byte", at, "reason", bare(reason))
		t.dropped = 0
	}
}
