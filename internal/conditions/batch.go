package conditions

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/internal/ingest"
	"github.com/hookvigil/hookvigil/rules"
)

// batch is what waits to be written, in one transaction.
type batch struct {
	standing []rules.Standing // the last of each episode, by rising episode
	index    map[rules.Key]int
	changes  []rules.Change
	series   map[string]any // what is written of each: its JSON; nil: its row goes
	position ingest.Position
	since    time.Time // the oldest of it waits since then; zero: it is empty
}

func newBatch() *batch {
	return &batch{index: map[rules.Key]int{}, series: map[string]any{}}
}

// put replaces what was there of the same episode. A pending condition that
// was dropped stands for the episode that it would have become. Not of the
// same condition alone: the end of one episode must not be lost to the
// beginning of the next.
func (b *batch) put(s rules.Standing) {
	key := s.Key()
	if s.Episode.Phase == rules.PhaseNone && s.Cleared.IsZero() {
		key.Episode++
	}
	if i, there := b.index[key]; there {
		b.standing[i] = s
		return
	}
	b.index[key] = len(b.standing)
	b.standing = append(b.standing, s)
}

// merge adds what came after b.
func (b *batch) merge(later *batch) {
	for _, s := range later.standing {
		b.put(s)
	}
	b.changes = append(b.changes, later.changes...)
	maps.Copy(b.series, later.series)
	if !later.position.IsZero() {
		b.position = later.position
	}
	if b.since.IsZero() {
		b.since = later.since
	}
}

// commit gives the batch the form that the store takes.
func (b *batch) commit(now time.Time) (Commit, error) {
	c := Commit{Standing: b.standing, Changes: b.changes, Position: b.position.Int64(), Now: now}
	for _, name := range slices.Sorted(maps.Keys(b.series)) {
		state := SeriesState{Series: name, Version: seriesVersion}
		if at := b.series[name]; at != nil {
			var err error
			if state.State, err = json.Marshal(at); err != nil {
				return Commit{}, fmt.Errorf("encode series %s: %w", name, err)
			}
		}
		c.Series = append(c.Series, state)
	}
	return c, nil
}
