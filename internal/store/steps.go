package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// steps are how long the steps of time are in which facts.db counts, in
// seconds: minutes and quarters of an hour, unless a shorter bucket is wanted.
type steps struct {
	minute, quarter int64
}

func stepsOf(bucket time.Duration) steps {
	quarter := int64(bucket / time.Second)
	return steps{minute: min(minuteSeconds, quarter), quarter: quarter}
}

// slot is the number of the quarter that t is in.
func (s steps) slot(t time.Time) int64 { return floor(t.Unix(), s.quarter) / s.quarter }

// start is when a quarter begins.
func (s steps) start(slot int64) time.Time { return time.Unix(slot*s.quarter, 0).UTC() }

// checkSteps notes in a new facts.db how long its steps are, and holds an older
// one against it: numbers of steps mean another time when these change.
func (s *Store) checkSteps(ctx context.Context) error {
	return s.facts.write(ctx, func(tx *sql.Tx) error {
		var seconds int64
		err := tx.QueryRowContext(ctx, `SELECT seconds FROM rollup_step`).Scan(&seconds)
		if errors.Is(err, sql.ErrNoRows) {
			seconds = s.steps.quarter
			var used bool
			if err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM rollup) OR EXISTS (SELECT 1 FROM tally_quarter)`).Scan(&used); err != nil {
				return err
			}
			if used { // written before the steps were noted
				seconds = stepsOf(rules.BucketLength).quarter
			}
			_, err = tx.ExecContext(ctx, `INSERT INTO rollup_step (one, seconds) VALUES (1, ?)`, seconds)
		}
		if err == nil && seconds != s.steps.quarter {
			kept, wanted := time.Duration(seconds)*time.Second, time.Duration(s.steps.quarter)*time.Second
			err = fmt.Errorf("%s is counted in buckets of %s, and the configuration wants %s: set digest.bucket to %s, or begin with an empty data_dir", factsFile, kept, wanted, kept)
		}
		return err
	})
}
