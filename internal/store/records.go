package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// recordTable is the SQL of the table of one kind of record.
type recordTable struct {
	kind   string // also the table's name
	all    string
	prints string
	one    string
	put    string
	drop   string
}

func merchants() recordTable {
	return recordTable{
		kind:   "merchant",
		all:    `SELECT id, '', origin, spec, NULL, fingerprint FROM merchant ORDER BY id`,
		prints: `SELECT id, fingerprint FROM merchant WHERE id IN (SELECT value FROM json_each(?))`,
		one:    `SELECT '', origin, spec, NULL FROM merchant WHERE id = ?`,
		put: `INSERT INTO merchant (id, origin, spec, fingerprint, created_at, updated_at) VALUES (?1, ?3, ?4, ?6, ?7, ?7)
			ON CONFLICT (id) DO UPDATE SET origin = excluded.origin, spec = excluded.spec,
				fingerprint = excluded.fingerprint, updated_at = excluded.updated_at`,
		drop: `DELETE FROM merchant WHERE id = ?`,
	}
}

func endpoints() recordTable {
	return recordTable{
		kind:   "endpoint",
		all:    `SELECT id, merchant, origin, spec, token, fingerprint FROM endpoint ORDER BY id`,
		prints: `SELECT id, fingerprint FROM endpoint WHERE id IN (SELECT value FROM json_each(?))`,
		one:    `SELECT merchant, origin, spec, token FROM endpoint WHERE id = ?`,
		put: `INSERT INTO endpoint (id, merchant, origin, spec, token, fingerprint, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)
			ON CONFLICT (id) DO UPDATE SET merchant = excluded.merchant, origin = excluded.origin, spec = excluded.spec,
				token = excluded.token, fingerprint = excluded.fingerprint, updated_at = excluded.updated_at`,
		drop: `DELETE FROM endpoint WHERE id = ?`,
	}
}

// eachRecord hands out all records of t by ID. One that does not match its
// fingerprint was changed on disk.
func eachRecord(ctx context.Context, tx *sql.Tx, t recordTable, use func(record) error) error {
	rows, err := tx.QueryContext(ctx, t.all)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var r record
		var token sql.NullString
		var print []byte
		if err := rows.Scan(&r.id, &r.merchant, &r.origin, &r.spec, &token, &print); err != nil {
			return err
		}
		r.token = token.String
		if want := r.fingerprint(); string(print) != string(want[:]) {
			return &DamagedError{File: stateFile, Detail: fmt.Sprintf("%s %q is not as it was written", t.kind, r.id)}
		}
		if err := use(r); err != nil {
			return err
		}
	}
	return rows.Err()
}

// recordWriter changes records within one transaction and audits each change.
type recordWriter struct {
	tx    *sql.Tx
	actor string
	now   time.Time
	audit *sql.Stmt

	unaudited bool // nobody is behind the change
}

// put writes those of records that differ from what is stored.
func (w *recordWriter) put(ctx context.Context, t recordTable, records []record) error {
	stored, err := w.prints(ctx, t, records)
	if err != nil {
		return err
	}
	var stmt *sql.Stmt
	for _, r := range records {
		print := r.fingerprint()
		before, known := stored[r.id]
		if known && before == print {
			continue
		}
		if stmt == nil {
			if stmt, err = w.tx.PrepareContext(ctx, t.put); err != nil {
				return err
			}
			defer stmt.Close()
		}
		if err := w.putOne(ctx, t, stmt, r, known); err != nil {
			return fmt.Errorf("%s %q: %w", t.kind, r.id, err)
		}
		stored[r.id] = print
	}
	return nil
}

func (w *recordWriter) putOne(ctx context.Context, t recordTable, stmt *sql.Stmt, r record, known bool) error {
	c := change{action: "create", kind: t.kind, id: r.id, after: r.spec}
	if known {
		old, err := w.old(ctx, t, r.id)
		if err != nil {
			return err
		}
		c.action, c.before = "update", old.spec
		if old.token != r.token {
			c.detail = "token changed"
		}
	}
	print := r.fingerprint()
	_, err := stmt.ExecContext(ctx, r.id, r.merchant, r.origin, string(r.spec), nullText(r.token), print[:], w.now.UnixMicro())
	if breaksReference(err) {
		return fmt.Errorf("there is no merchant %q", r.merchant)
	}
	if err != nil {
		return err
	}
	return w.note(ctx, c)
}

// note audits c, when somebody is behind it.
func (w *recordWriter) note(ctx context.Context, c change) error {
	if w.unaudited {
		return nil
	}
	return w.record(ctx, c)
}

// drop deletes the records with these IDs; those that are not there are no
// fault.
func (w *recordWriter) drop(ctx context.Context, t recordTable, ids []string) error {
	for _, id := range ids {
		old, err := w.old(ctx, t, id)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err == nil {
			_, err = w.tx.ExecContext(ctx, t.drop, id)
		}
		if breaksReference(err) {
			err = errors.New("it still has endpoints")
		}
		if err == nil {
			err = w.note(ctx, change{action: "delete", kind: t.kind, id: id, before: old.spec})
		}
		if err != nil {
			return fmt.Errorf("%s %q: %w", t.kind, id, err)
		}
	}
	return nil
}

// prints returns the fingerprints of those records that are stored, by ID.
func (w *recordWriter) prints(ctx context.Context, t recordTable, records []record) (map[string][sha256.Size]byte, error) {
	ids := make([]string, len(records))
	for i, r := range records {
		ids[i] = r.id
	}
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, err
	}
	rows, err := w.tx.QueryContext(ctx, t.prints, string(list))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	stored := make(map[string][sha256.Size]byte, len(records))
	for rows.Next() {
		var id string
		var print []byte
		if err := rows.Scan(&id, &print); err != nil {
			return nil, err
		}
		var p [sha256.Size]byte
		copy(p[:], print)
		stored[id] = p
	}
	return stored, rows.Err()
}

// old returns the stored record with that ID; sql.ErrNoRows when there is none.
func (w *recordWriter) old(ctx context.Context, t recordTable, id string) (record, error) {
	r := record{id: id}
	var token sql.NullString
	err := w.tx.QueryRowContext(ctx, t.one, id).Scan(&r.merchant, &r.origin, &r.spec, &token)
	r.token = token.String
	return r, err
}

// nullText stores an empty text as NULL: there is none.
func nullText(s string) sql.NullString { return sql.NullString{String: s, Valid: s != ""} }
