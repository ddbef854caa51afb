package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/probes"
)

// chunk is how many records are compared with the stored ones at a time: it
// bounds memory, not the transaction.
const chunk = 500

// Registry returns the merchants and endpoints as stored, by ID, with their
// origin and, for those given by the API, their token. Targets and certificate
// files live in the configuration alone. A record that was changed on disk
// gives a *DamagedError.
func (s *Store) Registry(ctx context.Context) (registry.Records, error) {
	var rec registry.Records
	err := s.state.read(ctx, func(tx *sql.Tx) error {
		return readRecords(ctx, tx, &rec)
	})
	if err != nil {
		return registry.Records{}, fmt.Errorf("read registry: %w", err)
	}
	return rec, nil
}

func readRecords(ctx context.Context, tx *sql.Tx, rec *registry.Records) error {
	err := eachRecord(ctx, tx, merchants(), func(r record) error {
		var m registry.Merchant
		if err := json.Unmarshal(r.spec, &m); err != nil {
			return fmt.Errorf("merchant %q: %w", r.id, err)
		}
		rec.Merchants = append(rec.Merchants, m)
		return nil
	})
	if err != nil {
		return err
	}
	return eachRecord(ctx, tx, endpoints(), func(r record) error {
		var ep registry.Endpoint
		if err := json.Unmarshal(r.spec, &ep); err != nil {
			return fmt.Errorf("endpoint %q: %w", r.id, err)
		}
		ep.Token = probes.Secret(r.token)
		rec.Endpoints = append(rec.Endpoints, ep)
		return nil
	})
}

// CommitRegistry stores d in one transaction: all of it, or nothing. Each
// record that changes leaves a row in the audit, without any secret, unless
// attempts changed it and no person (d.Seen); one that is as stored writes
// nothing, and dropping what is not there does nothing. Puts come before drops. Tokens of endpoints that come from a file are not
// stored: the file keeps them.
func (s *Store) CommitRegistry(ctx context.Context, d registry.Delta) error {
	err := s.state.write(ctx, func(tx *sql.Tx) error {
		w := recordWriter{tx: tx, actor: d.Actor, now: time.Now(), unaudited: d.Seen}
		if err := putAll(ctx, &w, merchants(), d.PutMerchants, merchantRecord); err != nil {
			return err
		}
		if err := putAll(ctx, &w, endpoints(), d.PutEndpoints, endpointRecord); err != nil {
			return err
		}
		if err := w.drop(ctx, endpoints(), d.DropEndpoints); err != nil {
			return err
		}
		return w.drop(ctx, merchants(), d.DropMerchants)
	})
	if err != nil {
		return fmt.Errorf("commit registry: %w", err)
	}
	return nil
}

// record is a merchant or an endpoint as a row.
type record struct {
	id       string
	merchant string // of an endpoint
	origin   registry.Origin
	spec     []byte
	token    string
}

func merchantRecord(m registry.Merchant) (record, error) {
	spec, err := json.Marshal(m)
	return record{id: m.ID, origin: m.Origin, spec: spec}, err
}

func endpointRecord(ep registry.Endpoint) (record, error) {
	spec, err := json.Marshal(ep) // leaves the token out
	r := record{id: ep.ID, merchant: ep.Merchant, origin: ep.Origin, spec: spec}
	if ep.Origin != registry.OriginFile {
		r.token = ep.Token.Reveal()
	}
	return r, err
}

// fingerprint is a hash over the whole record. It is kept beside the record
// and goes nowhere else, since it covers the token.
func (r record) fingerprint() [sha256.Size]byte {
	var b []byte
	for _, field := range []string{r.id, r.merchant, string(r.origin), string(r.spec), r.token} {
		b = binary.AppendUvarint(b, uint64(len(field)))
		b = append(b, field...)
	}
	return sha256.Sum256(b)
}

// putAll writes those of list that differ from what is stored.
func putAll[T any](ctx context.Context, w *recordWriter, t recordTable, list []T, toRecord func(T) (record, error)) error {
	for part := range slices.Chunk(list, chunk) {
		records := make([]record, len(part))
		for i, v := range part {
			r, err := toRecord(v)
			if err != nil {
				return fmt.Errorf("%s %q: %w", t.kind, r.id, err)
			}
			records[i] = r
		}
		if err := w.put(ctx, t, records); err != nil {
			return err
		}
	}
	return nil
}
