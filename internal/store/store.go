package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// Store is an open data directory. Verbs are safe for concurrent use.
type Store struct {
	// Alerted is told when a receiver has accepted the first notice of an
	// incident, once that is committed. It must not block. Nil: nobody is. Set it
	// before the outbox runs.
	Alerted func()

	log   *slog.Logger
	lock  *dirLock
	state *database
	facts *database
	steps steps // of facts.db

	installation int64 // tells this state.db from every other

	ledger *Ledger // of attempts, in facts.db and the slots
	plans  settledPlans
}

// Open takes the data directory dir, creates what is missing in it (directory
// 0700, files 0600), brings the tables up to date and checks the files; this
// reads all of them. It blocks for as long, or until ctx ends.
//
// It refuses, in one line: *LockedError when another daemon has the directory,
// *NewerError when a newer hookvigil wrote it, *DamagedError when state.db
// cannot be trusted, or is missing where hookvigil ran before; also when a copy
// lies beside it that [Store.Rescue] made. A damaged facts.db is moved aside with
// a log line and made anew, because it can be rebuilt. Before the tables of a state.db are changed
// it is copied to state.db.bak-<schema>.
func Open(ctx context.Context, dir string, log *slog.Logger) (*Store, error) {
	return OpenWith(ctx, dir, Options{Bucket: rules.BucketLength}, log)
}

// Options are how a data directory is kept.
type Options struct {
	Bucket time.Duration // length of a bucket of the rollup: whole seconds, at least one; it cannot change once something is counted
}

// OpenWith is [Open] with other options than the usual ones.
func OpenWith(ctx context.Context, dir string, o Options, log *slog.Logger) (*Store, error) {
	if o.Bucket < time.Second || o.Bucket%time.Second != 0 {
		return nil, fmt.Errorf("open data directory: buckets of %s; want whole seconds", o.Bucket)
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("open data directory: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open data directory: %w", err)
	}
	lock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	s := &Store{log: log, lock: lock, steps: stepsOf(o.Bucket)}
	if err := s.open(ctx, dir); err != nil {
		_ = s.Close() // the first error says why
		return nil, err
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, dir string) error {
	if err := checkLeftovers(dir); err != nil {
		return err
	}
	anew := missing(dir, stateFile)
	var err error
	if s.state, err = openDatabase(ctx, dir, stateSchema(), s.log); err != nil {
		return err
	}
	if anew {
		s.log.Warn("data directory was empty: nothing is known from before; if hookvigil ran with it, its disk is not mounted or was emptied", "dir", dir)
	}
	if !anew && missing(dir, factsFile) {
		s.log.Warn("database was missing and is made anew: what was counted and last seen begins with nothing", "file", factsFile)
	}
	if s.installation, err = s.readInstallation(ctx); err != nil {
		return fmt.Errorf("read the number of this installation: %w", err)
	}
	s.facts, err = openDatabase(ctx, dir, factsSchema(), s.log)
	if damaged, ok := errors.AsType[*DamagedError](err); ok {
		kept, moveErr := moveAside(filepath.Join(dir, factsFile), time.Now())
		if moveErr != nil {
			return fmt.Errorf("move the damaged %s aside: %w", factsFile, moveErr)
		}
		s.log.Warn("damaged database moved aside and made anew", "file", factsFile, "detail", damaged.Detail, "kept", kept)
		s.facts, err = openDatabase(ctx, dir, factsSchema(), s.log)
	}
	if err != nil {
		return err
	}
	if err := s.checkSteps(ctx); err != nil {
		return err
	}
	s.ledger = newLedger(s, dir)
	if err := s.ledger.loadKept(ctx); err != nil {
		return err
	}
	return s.Check(ctx)
}

// missing reports whether a file is not there.
func missing(dir, file string) bool {
	_, err := os.Stat(filepath.Join(dir, file))
	return errors.Is(err, fs.ErrNotExist)
}

// Check proves that state.db can be written, and that it and facts.db are where
// they were opened: one small durable transaction. It waits for a write that is
// under way, for as long as ctx lasts. The error wraps fs.ErrNotExist when a
// file was removed, moved or unmounted while it was open: every verb that
// writes to it fails then, until the same file is back.
func (s *Store) Check(ctx context.Context) error {
	err := s.state.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO cursor (name, position, at) VALUES ('writable', 0, ?)
			ON CONFLICT (name) DO UPDATE SET at = excluded.at`, time.Now().UnixMicro())
		return err
	})
	if err != nil {
		return fmt.Errorf("write to %s: %w", stateFile, err)
	}
	if err := s.facts.inPlace(); err != nil {
		return fmt.Errorf("write to %s: %w", factsFile, err)
	}
	return nil
}

// Close waits for the verbs under way, folds the write-ahead logs into their
// files and lets the next daemon in. A second call does nothing.
func (s *Store) Close() error {
	return errors.Join(s.ledger.close(), s.state.close(), s.facts.close(), s.lock.release())
}
