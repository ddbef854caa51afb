package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"time"
)

// maxAudit bounds one answer of Audit.
const maxAudit = 1000

// AuditRow says who changed what, and when. Of the values it has hashes only.
type AuditRow struct {
	Seq    int64     `json:"seq"` // rises by one or more
	At     time.Time `json:"at"`  // UTC
	Actor  string    `json:"actor"`
	Action string    `json:"action"` // create, update, delete
	Kind   string    `json:"kind"`   // merchant, endpoint
	ID     string    `json:"id"`
	Before string    `json:"before_sha256,omitempty"` // of the record without its token, hex; empty: there was none
	After  string    `json:"after_sha256,omitempty"`
	Detail string    `json:"detail,omitempty"` // what the hashes do not show: "token changed"
}

// Audit returns the last changes, newest first: at most limit, which is cut to
// 1..1000.
func (s *Store) Audit(ctx context.Context, limit int) ([]AuditRow, error) {
	limit = min(max(limit, 1), maxAudit)
	list := make([]AuditRow, 0, limit)
	err := s.state.read(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT seq, at, actor, action, kind, id, before_sha256, after_sha256, detail
			FROM audit ORDER BY seq DESC LIMIT ?`, limit)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var a AuditRow
			var at int64
			var before, after []byte
			if err := rows.Scan(&a.Seq, &at, &a.Actor, &a.Action, &a.Kind, &a.ID, &before, &after, &a.Detail); err != nil {
				return err
			}
			a.At, a.Before, a.After = time.UnixMicro(at).UTC(), hex.EncodeToString(before), hex.EncodeToString(after)
			list = append(list, a)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("read audit: %w", err)
	}
	return list, nil
}

// change is one row of the audit before it is written; before and after are
// specs without secrets, nil when there is none.
type change struct {
	action, kind, id, detail string
	before, after            []byte
}

// record audits c within the transaction of the change itself.
func (w *recordWriter) record(ctx context.Context, c change) error {
	if w.audit == nil {
		stmt, err := w.tx.PrepareContext(ctx, `INSERT INTO audit (at, actor, action, kind, id, before_sha256, after_sha256, detail)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?)`)
		if err != nil {
			return err
		}
		w.audit = stmt // closed with the transaction
	}
	_, err := w.audit.ExecContext(ctx, w.now.UnixMicro(), w.actor, c.action, c.kind, c.id, hashOf(c.before), hashOf(c.after), c.detail)
	return err
}

// hashOf returns the SHA-256 of spec, nil of nil.
func hashOf(spec []byte) []byte {
	if spec == nil {
		return nil
	}
	sum := sha256.Sum256(spec)
	return sum[:]
}
