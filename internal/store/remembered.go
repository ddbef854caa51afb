package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
)

// Looks returns all that is remembered, for the start. A memory that another
// version of hookvigil wrote, and this one cannot read, is left out and
// counted in one log line: looking makes it again. The order is by kind and ID.
func (s *Store) Looks(ctx context.Context) ([]Look, error) {
	r := remembered{certificates: map[Subject]*certificate.Memory{}}
	err := s.facts.read(ctx, func(tx *sql.Tx) error {
		if err := r.readCertificates(ctx, tx); err != nil {
			return err
		}
		return r.readResults(ctx, tx)
	})
	if err != nil {
		return nil, fmt.Errorf("read looks: %w", err)
	}
	if r.unreadable > 0 {
		s.log.Warn("remembered looks could not be read and were left out", "count", r.unreadable, "last_error", r.lastErr)
	}
	return r.looks, nil
}

// remembered collects what facts.db holds.
type remembered struct {
	certificates map[Subject]*certificate.Memory
	looks        []Look
	unreadable   int
	lastErr      error
}

func (r *remembered) readCertificates(ctx context.Context, tx *sql.Tx) error {
	rows, err := tx.QueryContext(ctx, `SELECT kind, endpoint, address, version, memory FROM certificate_seen`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var sub Subject
		var address string
		var version int
		var memory sql.NullString
		if err := rows.Scan(&sub.Kind, &sub.ID, &address, &version, &memory); err != nil {
			return err
		}
		seen := decode[certificate.Remembered](r, version, memory)
		if seen == nil {
			continue
		}
		if r.certificates[sub] == nil {
			r.certificates[sub] = &certificate.Memory{Addresses: map[string]certificate.Remembered{}}
		}
		r.certificates[sub].Addresses[address] = *seen
	}
	return rows.Err()
}

func (r *remembered) readResults(ctx context.Context, tx *sql.Tx) error {
	rows, err := tx.QueryContext(ctx, `SELECT kind, endpoint, url, version, probe, report FROM last_result ORDER BY kind, endpoint`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var l Look
		var version int
		var probe, report sql.NullString
		if err := rows.Scan(&l.Kind, &l.ID, &l.URL, &version, &probe, &report); err != nil {
			return err
		}
		l.Probe = decode[probes.Memory](r, version, probe)
		l.Report = decode[certificate.Report](r, version, report)
		l.Certificate = r.certificates[l.Subject]
		if l.Probe != nil || l.Report != nil || l.Certificate != nil {
			r.looks = append(r.looks, l)
		}
	}
	return rows.Err()
}

// decode returns what text holds, nil for NULL and for what it cannot read.
func decode[T any](r *remembered, version int, text sql.NullString) *T {
	if !text.Valid {
		return nil
	}
	var v T
	err := fmt.Errorf("it has version %d, this hookvigil knows %d", version, lookVersion)
	if version == lookVersion {
		err = json.Unmarshal([]byte(text.String), &v)
	}
	if err != nil {
		r.unreadable++
		r.lastErr = err
		return nil
	}
	return &v
}
