package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest"
	"github.com/hookvigil/hookvigil/internal/registry"
)

// storyReaders is how many files are searched for an event at a time.
const storyReaders = 4

// EventStory returns all that is kept of an event, at whatever endpoints of
// whatever merchants: attempts in test mode and pings too, although no Event is
// made of those. Each Event is as it is stored, State included (ask StateAt);
// one that never failed, or is not stored any more, is told from its attempts.
//
// It looks into each slot, and blocks for about half a millisecond for each,
// or until ctx ends; it holds up nobody. An event that nothing is known of is a
// [registry.ErrNotFound]. Damaged and newer slots are as in
// [Store.EndpointAttempts].
func (s *Store) EventStory(ctx context.Context, source, id string) (ingest.EventStory, error) {
	story, err := s.eventStory(ctx, source, id)
	if err == nil && len(story.Events) == 0 && len(story.Attempts) == 0 {
		err = registry.ErrNotFound
	}
	if err != nil {
		return ingest.EventStory{}, fmt.Errorf("read event %.200q of source %.200q: %w", id, source, err)
	}
	return story, nil
}

func (s *Store) eventStory(ctx context.Context, source, id string) (story ingest.EventStory, err error) {
	rows, err := s.rowsOfEvent(ctx, source, id)
	if err != nil {
		return story, err
	}
	events := map[string]deliveries.Event{}
	if err := s.facts.read(ctx, func(tx *sql.Tx) error {
		found, err := tx.QueryContext(ctx, `SELECT `+eventColumns+` FROM open_event WHERE source = ? AND event = ?`, source, id)
		if err != nil {
			return err
		}
		return eachEvent(found, func(e deliveries.Event) error {
			events[e.Endpoint] = e
			return nil
		})
	}); err != nil {
		return story, err
	}
	tries := map[eventKey]keptTries{}
	for i := range rows {
		r := &rows[i]
		story.Attempts = append(story.Attempts, r.Told)
		if _, ok := events[r.Endpoint]; !ok && r.Endpoint != "" && r.Share != ingest.NoShare {
			tries[r.key()] = append(tries[r.key()], r.try())
		}
	}
	for k, list := range tries {
		events[k.Endpoint] = eventOfTries(k, list)
	}
	for _, e := range events {
		story.Events = append(story.Events, e)
	}
	slices.SortFunc(story.Events, func(a, b deliveries.Event) int { return cmp.Compare(a.Endpoint, b.Endpoint) })
	return story, nil
}

// rowsOfEvent returns the attempts of an event in all files, by start.
func (s *Store) rowsOfEvent(ctx context.Context, source, id string) ([]readRow, error) {
	files, err := s.historyFiles()
	if err != nil {
		return nil, err
	}
	// The slots first: what is carried on from one meanwhile is found in the failures.
	inSlots := slices.DeleteFunc(slices.Clone(files), func(f historyFile) bool { return f.failures })
	inFailures := slices.DeleteFunc(files, func(f historyFile) bool { return !f.failures })
	var found [][]readRow
	for _, some := range [][]historyFile{inSlots, inFailures} {
		more, err := s.rowsInFiles(ctx, some, source, id)
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
	rows := slices.Concat(found...)
	type copied struct { // of a failed attempt, until its slot is dropped
		identity [16]byte
		started  time.Time
	}
	seen := map[copied]bool{}
	rows = slices.DeleteFunc(rows, func(r readRow) bool {
		c := copied{r.identity, r.StartedAt}
		again := seen[c]
		seen[c] = true
		return again
	})
	slices.SortFunc(rows, func(a, b readRow) int { return cmp.Or(a.StartedAt.Compare(b.StartedAt), cmp.Compare(a.id, b.id)) })
	return rows, nil
}

// rowsInFiles searches a few files at a time.
func (s *Store) rowsInFiles(ctx context.Context, files []historyFile, source, id string) ([][]readRow, error) {
	found, errs := make([][]readRow, len(files)), make([]error, len(files))
	var wg sync.WaitGroup
	for first := range min(storyReaders, len(files)) {
		wg.Go(func() {
			for i := first; i < len(files); i += storyReaders {
				errs[i] = s.lookInto(ctx, files[i], func(tx *sql.Tx) (err error) {
					found[i], err = rowsOfEvent(ctx, tx, source, id)
					return err
				})
			}
		})
	}
	wg.Wait()
	return found, errors.Join(errs...)
}

func rowsOfEvent(ctx context.Context, tx *sql.Tx, source, id string) ([]readRow, error) {
	var some bool // in most files there is none, and this question is soon asked
	if err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM attempt WHERE event = ?)`, eventHash(source, id)).Scan(&some); err != nil || !some {
		return nil, err
	}
	rows, err := readRows(ctx, tx, `SELECT `+readColumns+` FROM attempt a WHERE a.event = ? AND a.event_id = ?`, eventHash(source, id), id)
	return slices.DeleteFunc(rows, func(r readRow) bool { return r.Source != source }), err
}
