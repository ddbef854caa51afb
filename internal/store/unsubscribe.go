package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/hookvigil/hookvigil/alerting/digest"
	"github.com/hookvigil/hookvigil/internal/subscription"
)

// hasUnsubscribed is the reason of notices that are dropped because nobody
// wants them. A row of the ledger all of whose notices have it is suppressed.
const hasUnsubscribed = "the address has unsubscribed"

// SetSubscription does what somebody wants for the digests to one address of a
// merchant, in one transaction with its audit: an address that leaves gets a
// row, and what waits in the outbox of digests to it is dropped; one that comes
// back loses its rows, also one that was written because the address bounced.
// What was dropped stays so. changed is false when it was as wanted: then
// nothing is written, and nobody's reason or time replaces another's. Whether
// the merchant has such an address is for the caller to know.
func (s *Store) SetSubscription(ctx context.Context, c subscription.Change) (changed bool, err error) {
	c.Address = subscription.Same(c.Address)
	if c.Merchant == "" || c.Address == "" {
		return false, errors.New("set a subscription: wanted a merchant and an address")
	}
	now := time.Now()
	err = s.state.write(ctx, func(tx *sql.Tx) error {
		var err error
		action := "subscribe"
		if c.Off {
			action = "unsubscribe"
			changed, err = leave(ctx, tx, c, now)
		} else {
			changed, err = comeBack(ctx, tx, c)
		}
		if err != nil || !changed {
			return err
		}
		w := recordWriter{tx: tx, actor: c.Actor(), now: now}
		return w.record(ctx, change{action: action, kind: "digest_subscription", id: c.Merchant + "/" + c.Address, detail: string(c.Reason)})
	})
	if err != nil {
		return false, fmt.Errorf("set a subscription: %w", err)
	}
	return changed, nil
}

// leave writes the row of an address that wants no digests, and drops those that
// wait for it.
func leave(ctx context.Context, tx *sql.Tx, c subscription.Change, now time.Time) (changed bool, err error) {
	res, err := tx.ExecContext(ctx, `INSERT INTO unsubscribe (merchant, address, kind, reason, detail, at) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT DO NOTHING`, c.Merchant, c.Address, subscription.KindDigest, c.Reason, c.By, now.UnixMicro())
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	if err != nil || n == 0 {
		return false, err
	}
	waiting, err := digestsTo(ctx, tx, c.Merchant, c.Address)
	if err != nil {
		return false, err
	}
	for id, subject := range waiting {
		if err := dropUnwanted(ctx, tx, id, subject, c.Actor(), now); err != nil {
			return false, err
		}
	}
	return true, nil
}

func comeBack(ctx context.Context, tx *sql.Tx, c subscription.Change) (changed bool, err error) {
	res, err := tx.ExecContext(ctx, `DELETE FROM unsubscribe WHERE merchant = ? AND address = ? AND kind IN (?, ?)`,
		c.Merchant, c.Address, subscription.KindDigest, subscription.KindAll)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// digestsTo returns the digests of a merchant that wait for an address: their
// subjects, by ID.
func digestsTo(ctx context.Context, tx *sql.Tx, merchant, address string) (map[string]string, error) {
	from := "digest/" + merchant + "/"
	before := from[:len(from)-1] + "0" // what follows the slash
	rows, err := tx.QueryContext(ctx, `SELECT id, subject, recipient FROM notice
		WHERE subject >= ? AND subject < ? AND state = 'waiting' AND kind = ?`, from, before, digest.KindDigest)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := map[string]string{}
	for rows.Next() {
		var id, subject, recipient string
		if err := rows.Scan(&id, &subject, &recipient); err != nil {
			return nil, err
		}
		if of, _, _, ok := digestOf(subject); ok && of == merchant && subscription.Same(recipient) == address {
			found[id] = subject
		}
	}
	return found, rows.Err()
}

// unwanted drops a notice that is about to be claimed when it is a digest to an
// address that has unsubscribed: one that was being sent at that moment and
// failed, one that was made at it, or one that a person has tried again.
func unwanted(ctx context.Context, tx *sql.Tx, id, subject string, now time.Time) (dropped bool, err error) {
	merchant, _, _, ok := digestOf(subject)
	if !ok || merchant == "" {
		return false, nil
	}
	var recipient string
	if err := tx.QueryRowContext(ctx, `SELECT recipient FROM notice WHERE id = ?`, id).Scan(&recipient); err != nil {
		return false, err
	}
	off, err := isOff(ctx, tx, merchant, recipient)
	if err != nil || !off {
		return false, err
	}
	return true, dropUnwanted(ctx, tx, id, subject, "", now)
}

// dropUnwanted ends a notice that waits, and the row of the ledger when it was
// the last one about it.
func dropUnwanted(ctx context.Context, tx *sql.Tx, id, subject, by string, now time.Time) error {
	_, err := tx.ExecContext(ctx, `UPDATE notice SET state = 'dropped', reason = ?2, finished_at = ?3, finished_by = ?4
		WHERE id = ?1 AND state = 'waiting'`, id, hasUnsubscribed, now.UnixMicro(), by)
	if err != nil {
		return err
	}
	return finishDigest(ctx, tx, subject, now)
}

func isOff(ctx context.Context, tx *sql.Tx, merchant, address string) (off bool, err error) {
	err = tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM unsubscribe WHERE merchant = ? AND address = ? AND kind IN (?, ?))`,
		merchant, subscription.Same(address), subscription.KindDigest, subscription.KindAll).Scan(&off)
	return off, err
}

// HasUnsubscribed reports whether an address of a merchant gets no digests.
func (s *Store) HasUnsubscribed(ctx context.Context, merchant, address string) (off bool, err error) {
	err = s.state.read(ctx, func(tx *sql.Tx) error {
		off, err = isOff(ctx, tx, merchant, address)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("read a subscription: %w", err)
	}
	return off, nil
}

const (
	unsubscribeColumns = `merchant, address, kind, reason, detail, at`

	usualUnsubscribed = 100 // in one answer, unless told otherwise
	mostUnsubscribed  = 1000
)

// Unsubscribed returns addresses that get no digests, in the order of merchant
// and address. Rows of merchants that are gone, and of addresses that a merchant
// has no more, are among them: should they come back, they stay without.
func (s *Store) Unsubscribed(ctx context.Context, f subscription.Filter) ([]subscription.Row, error) {
	limit := min(max(cmp.Or(f.Limit, usualUnsubscribed), 1), mostUnsubscribed)
	where, args := `(merchant, address) > (?, ?)`, []any{f.After.Merchant, f.After.Address}
	if f.Merchant != "" {
		where, args = where+` AND merchant = ?`, append(args, f.Merchant)
	}
	return s.unsubscribed(ctx, where+` ORDER BY merchant, address, kind LIMIT ?`, append(args, limit)...)
}

// EveryUnsubscribed returns all addresses that get no digests, in the order of
// merchant and address: 10,000 take about 30 ms.
func (s *Store) EveryUnsubscribed(ctx context.Context) ([]subscription.Row, error) {
	return s.unsubscribed(ctx, `true ORDER BY merchant, address, kind`)
}

// unsubscribed reads rows, each address once.
func (s *Store) unsubscribed(ctx context.Context, where string, args ...any) ([]subscription.Row, error) {
	list := []subscription.Row{}
	err := s.state.read(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT `+unsubscribeColumns+` FROM unsubscribe
			WHERE (kind = 'all' OR kind = 'digest' AND NOT EXISTS (SELECT 1 FROM unsubscribe o
				WHERE o.merchant = unsubscribe.merchant AND o.address = unsubscribe.address AND o.kind = 'all')) AND `+where, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var r subscription.Row
			var at int64
			if err := rows.Scan(&r.Merchant, &r.Address, &r.Kind, &r.Reason, &r.Detail, &at); err != nil {
				return err
			}
			r.At = moment(at)
			list = append(list, r)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("read who has unsubscribed: %w", err)
	}
	return list, nil
}
