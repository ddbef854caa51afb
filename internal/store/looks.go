package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
)

// lookVersion is the shape of the memories as JSON. A start with another
// version forgets them: they are made again by looking.
const lookVersion = 1

// Kind says whose ID stands in a [Subject]: each kind has IDs of its own.
type Kind string

// The kinds of what is looked at.
const (
	KindEndpoint Kind = "endpoint"
	KindTarget   Kind = "target"
	KindFile     Kind = "file" // a certificate on disk
)

// Subject is what is looked at. Kind must be set.
type Subject struct {
	Kind Kind
	ID   string
}

// Look is what is remembered of one subject: by the probe, by the second
// signal, or by both. What is nil is not known, and leaves alone what is
// stored for the same URL.
type Look struct {
	Subject
	URL         string              // what was looked at: an endpoint's URL, a target's address; all below belongs to it alone
	Probe       *probes.Memory      // of the webhook probe
	Certificate *certificate.Memory // of the second signal, by address; replaces all stored addresses
	Report      *certificate.Report // its last judgement; AddressReport.Took is not kept
}

// SaveLooks stores looks in one transaction. A look at another URL than the
// stored one replaces all that is stored of the subject. Callers batch: what
// was not saved yet is lost in a crash (at most 60 s, DESIGN section 10), and a
// power cut may take the last batches too.
func (s *Store) SaveLooks(ctx context.Context, looks []Look) error {
	if len(looks) == 0 {
		return nil
	}
	err := s.facts.write(ctx, func(tx *sql.Tx) error {
		w, err := newLookWriter(ctx, tx, time.Now())
		if err != nil {
			return err
		}
		for _, l := range looks {
			if err := w.save(ctx, l); err != nil {
				return fmt.Errorf("%s %q: %w", l.Kind, l.ID, err)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("save looks: %w", err)
	}
	return nil
}

// DropLooks forgets the subjects; those that are not stored are no fault.
func (s *Store) DropLooks(ctx context.Context, subjects []Subject) error {
	if len(subjects) == 0 {
		return nil
	}
	err := s.facts.write(ctx, func(tx *sql.Tx) error {
		for _, sub := range subjects {
			for _, q := range []string{
				`DELETE FROM last_result WHERE kind = ? AND endpoint = ?`,
				`DELETE FROM certificate_seen WHERE kind = ? AND endpoint = ?`,
			} {
				if _, err := tx.ExecContext(ctx, q, sub.Kind, sub.ID); err != nil {
					return fmt.Errorf("%s %q: %w", sub.Kind, sub.ID, err)
				}
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("drop looks: %w", err)
	}
	return nil
}

// lookWriter saves looks within one transaction. Its statements are closed
// with the transaction.
type lookWriter struct {
	now                    int64
	forget, upsert, insert *sql.Stmt
}

func newLookWriter(ctx context.Context, tx *sql.Tx, now time.Time) (*lookWriter, error) {
	w := &lookWriter{now: now.UnixMicro()}
	for stmt, q := range map[**sql.Stmt]string{
		// The addresses go when new ones come, or when they belong to another URL.
		&w.forget: `DELETE FROM certificate_seen WHERE kind = ?1 AND endpoint = ?2 AND (?3 OR EXISTS (
			SELECT 1 FROM last_result WHERE kind = ?1 AND endpoint = ?2 AND (url <> ?4 OR version <> ?5)))`,
		&w.upsert: `INSERT INTO last_result (kind, endpoint, url, version, probe, report, saved_at) VALUES (?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (kind, endpoint) DO UPDATE SET
				probe = CASE WHEN excluded.probe IS NULL AND url = excluded.url AND version = excluded.version THEN probe ELSE excluded.probe END,
				report = CASE WHEN excluded.report IS NULL AND url = excluded.url AND version = excluded.version THEN report ELSE excluded.report END,
				url = excluded.url, version = excluded.version, saved_at = excluded.saved_at`,
		&w.insert: `INSERT INTO certificate_seen (kind, endpoint, address, fingerprint, version, memory, not_after, seen_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
	} {
		var err error
		if *stmt, err = tx.PrepareContext(ctx, q); err != nil {
			return nil, err
		}
	}
	return w, nil
}

func (w *lookWriter) save(ctx context.Context, l Look) error {
	probe, err := nullJSON(l.Probe)
	if err != nil {
		return err
	}
	report, err := nullJSON(l.Report)
	if err != nil {
		return err
	}
	if _, err := w.forget.ExecContext(ctx, l.Kind, l.ID, l.Certificate != nil, l.URL, lookVersion); err != nil {
		return err
	}
	if _, err := w.upsert.ExecContext(ctx, l.Kind, l.ID, l.URL, lookVersion, probe, report, w.now); err != nil {
		return err
	}
	if l.Certificate == nil {
		return nil
	}
	for _, address := range slices.Sorted(maps.Keys(l.Certificate.Addresses)) {
		seen := l.Certificate.Addresses[address]
		memory, err := json.Marshal(seen)
		if err != nil {
			return err
		}
		if _, err := w.insert.ExecContext(ctx, l.Kind, l.ID, address, seen.Fingerprint, lookVersion, string(memory), notAfter(l.Report, address), w.now); err != nil {
			return err
		}
	}
	return nil
}

// notAfter returns the end of the leaf at address, NULL when r does not know.
func notAfter(r *certificate.Report, address string) sql.NullInt64 {
	if r == nil {
		return sql.NullInt64{}
	}
	for _, a := range r.Addresses {
		if a.Address == address && !a.NotAfter.IsZero() {
			return sql.NullInt64{Int64: a.NotAfter.UnixMicro(), Valid: true}
		}
	}
	return sql.NullInt64{}
}

// nullJSON marshals v; nil becomes NULL.
func nullJSON[T any](v *T) (sql.NullString, error) {
	if v == nil {
		return sql.NullString{}, nil
	}
	b, err := json.Marshal(v)
	return sql.NullString{String: string(b), Valid: err == nil}, err
}
