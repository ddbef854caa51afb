package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/internal/ingest"
)

// The rows of the table cursor that say what was heard.
const (
	cursorAlive  = "heard.alive"   // at: a sign of life
	cursorAbsent = "heard.absent"  // position to at: the last absence
	cursorExcuse = "heard.excuse"  // position: end of the first one; at: until when it is excused
	cursorSource = "heard.source." // and the source. position: for how long it had been silent, in microseconds; at: its last arrival
)

// Absence is a time in which attempts could not be heard, or several that are
// taken for one. The zero value is none.
type Absence struct {
	From, To time.Time
	First    time.Time // end of the first of several
	Until    time.Time // until when senders may still tell what was tried in it
}

// Heard is what a later run has to know of what this one heard.
type Heard struct {
	Alive   time.Time // when it was saved; zero: never was
	Absence Absence
	Sources map[string]ingest.Arrival // by source, as of Alive
}

// SaveHeard keeps h instead of what was kept before, durably, in one small
// transaction. Times are kept to the microsecond.
func (s *Store) SaveHeard(ctx context.Context, h Heard) error {
	err := s.state.write(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM cursor WHERE name GLOB 'heard.*'`); err != nil {
			return err
		}
		if err := moveCursor(ctx, tx, cursorAlive, 0, h.Alive); err != nil {
			return err
		}
		if a := h.Absence; !a.To.IsZero() {
			if err := moveCursor(ctx, tx, cursorAbsent, a.From.UnixMicro(), a.To); err != nil {
				return err
			}
			if err := moveCursor(ctx, tx, cursorExcuse, a.First.UnixMicro(), a.Until); err != nil {
				return err
			}
		}
		for source, a := range h.Sources {
			if err := moveCursor(ctx, tx, cursorSource+source, a.Silent.Microseconds(), a.Last); err != nil {
				return fmt.Errorf("source %s: %w", source, err)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("save what was heard: %w", err)
	}
	return nil
}

// Heard returns what was saved last; the zero value when nothing was.
func (s *Store) Heard(ctx context.Context) (Heard, error) {
	h := Heard{Sources: map[string]ingest.Arrival{}}
	err := s.state.read(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT name, position, at FROM cursor WHERE name GLOB 'heard.*'`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var name string
			var position, at int64
			if err := rows.Scan(&name, &position, &at); err != nil {
				return err
			}
			h.take(name, position, at)
		}
		return rows.Err()
	})
	if err != nil {
		return Heard{}, fmt.Errorf("read what was heard: %w", err)
	}
	return h, nil
}

func (h *Heard) take(name string, position, at int64) {
	switch source, of := strings.CutPrefix(name, cursorSource); {
	case of:
		h.Sources[source] = ingest.Arrival{Last: moment(at), Silent: time.Duration(position) * time.Microsecond}
	case name == cursorAlive:
		h.Alive = moment(at)
	case name == cursorAbsent:
		h.Absence.From, h.Absence.To = moment(position), moment(at)
	case name == cursorExcuse:
		h.Absence.First, h.Absence.Until = moment(position), moment(at)
	}
}
