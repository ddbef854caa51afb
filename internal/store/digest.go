package store

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/alerting/digest"
)

var _ digest.Ledger = Digests{}

// Digests is the ledger of digests, in state.db: one row for each window, with
// one end. Who finishes or drops the last notice about a row gives it its final
// state, in the same transaction: sent when any of them was sent, otherwise
// dead. A dead one becomes sent when a person has its notice tried again and
// that arrives; nothing else changes a row that is final. Methods are safe for
// concurrent use.
type Digests struct{ s *Store }

// Digests returns the ledger of digests.
func (s *Store) Digests() Digests { return Digests{s} }

// Close implements [digest.Ledger]. It refuses everything when a row that waits
// has no notice, or a notice is about none of the rows.
func (d Digests) Close(ctx context.Context, rows []digest.Row, notices []alerting.Notice) (inserted int, err error) {
	series, err := seriesOf(rows, notices)
	if err == nil && len(series) > 0 {
		err = d.s.state.write(ctx, func(tx *sql.Tx) error {
			inserted, err = closeSeries(ctx, tx, series)
			return err
		})
	}
	if err != nil {
		return 0, fmt.Errorf("close digest windows: %w", err)
	}
	return inserted, nil
}

// digestSeries are rows of one merchant and kind, which stand or fall together.
type digestSeries struct {
	rows    []digest.Row
	notices []alerting.Notice
}

// seriesOf sorts rows and notices into series, in the order of the rows.
func seriesOf(rows []digest.Row, notices []alerting.Notice) ([]*digestSeries, error) {
	var all []*digestSeries
	known, about := map[[2]string]*digestSeries{}, map[string]*digestSeries{}
	for _, r := range rows {
		of := [2]string{r.Merchant, r.Kind}
		if known[of] == nil {
			known[of] = &digestSeries{}
			all = append(all, known[of])
		}
		known[of].rows = append(known[of].rows, r)
		about[r.Subject()] = known[of]
	}
	told := map[string]bool{}
	for _, n := range notices {
		of := about[n.Subject]
		if of == nil {
			return nil, fmt.Errorf("notice %.200q is about %.200q: want one of the rows", n.IdemKey, n.Subject)
		}
		of.notices = append(of.notices, n)
		told[n.Subject] = true
	}
	for _, r := range rows {
		if r.State == digest.StateWaiting && !told[r.Subject()] {
			return nil, fmt.Errorf("row %.200q waits without a notice: want a state that is final, such as %s", r.Subject(), digest.StateSuppressed)
		}
	}
	return all, nil
}

// closeSeries inserts those of which no row is there.
func closeSeries(ctx context.Context, tx *sql.Tx, all []*digestSeries) (inserted int, err error) {
	find, err := tx.PrepareContext(ctx, `SELECT EXISTS (SELECT 1 FROM digest WHERE merchant = ? AND kind = ? AND window_start = ?)`)
	if err != nil {
		return 0, err
	}
	defer find.Close()
	insert, err := tx.PrepareContext(ctx, `INSERT INTO digest (`+digestColumns+`, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	if err != nil {
		return 0, err
	}
	defer insert.Close()
	var notices []alerting.Notice
	var waiting []digest.Row
	for _, one := range all {
		there, err := anyThere(ctx, find, one.rows)
		if err != nil {
			return 0, err
		}
		if there {
			continue
		}
		for _, r := range one.rows {
			if err := insertDigest(ctx, insert, r); err != nil {
				return 0, fmt.Errorf("row %.200q: %w", r.Subject(), err)
			}
			if inserted++; r.State == digest.StateWaiting {
				waiting = append(waiting, r)
			}
		}
		notices = append(notices, one.notices...)
	}
	if err := insertNotices(ctx, tx, notices); err != nil {
		return 0, err
	}
	for _, r := range waiting { // its notices may be there already, from before the ledger was lost
		if err := finishDigest(ctx, tx, r.Subject(), r.ClosedAt); err != nil {
			return 0, err
		}
	}
	return inserted, nil
}

func anyThere(ctx context.Context, find *sql.Stmt, rows []digest.Row) (there bool, err error) {
	for _, r := range rows {
		err = find.QueryRowContext(ctx, r.Merchant, r.Kind, r.Window.Start.UnixMicro()).Scan(&there)
		if there || err != nil {
			return there, err
		}
	}
	return false, nil
}

func insertDigest(ctx context.Context, insert *sql.Stmt, r digest.Row) error {
	if r.Finished.IsZero() && r.State != digest.StateWaiting {
		r.Finished = r.ClosedAt
	}
	snapshot := sql.NullString{String: string(r.Snapshot), Valid: len(r.Snapshot) > 0}
	_, err := insert.ExecContext(ctx, r.Merchant, r.Kind, r.Window.Start.UnixMicro(), r.Window.End.UnixMicro(), r.Zone, r.State, r.Verdict,
		r.Covered.Microseconds(), snapshot, instant(r.MergedInto), r.ClosedAt.UnixMicro(), notBefore(r.Due), instant(r.Finished), digest.Version)
	return err
}

// finishDigest gives the row that notices are about its final state, once all
// of them have ended. A subject of another kind is none.
func finishDigest(ctx context.Context, tx *sql.Tx, subject string, at time.Time) error {
	merchant, kind, start, ok := digestOf(subject)
	if !ok {
		return nil
	}
	_, err := tx.ExecContext(ctx, `WITH
			ends(sent, some, off) AS MATERIALIZED (SELECT coalesce(max(state = 'sent'), 0), count(*) > 0 AND max(state IN ('waiting', 'sending')) = 0,
				coalesce(min(state = 'dropped' AND reason = ?6), 0)
				FROM notice WHERE subject = ?1)
		UPDATE digest SET state = iif((SELECT sent FROM ends), 'sent', iif((SELECT off FROM ends), 'suppressed', 'dead')), finished_at = ?2
		WHERE merchant = ?3 AND kind = ?4 AND window_start BETWEEN ?5 AND ?5 + 999999 AND (SELECT some FROM ends)
			AND (state = 'waiting' OR (state = 'dead' AND (SELECT sent FROM ends)))`,
		subject, at.UnixMicro(), merchant, kind, start*1e6, hasUnsubscribed)
	return err
}

// digestOf reads a [digest.Row.Subject]: digest/<merchant>/<kind>/<seconds>.
func digestOf(subject string) (merchant, kind string, start int64, ok bool) {
	rest, ok := strings.CutPrefix(subject, "digest/")
	if !ok {
		return "", "", 0, false
	}
	rest, last, ok := cutLast(rest)
	if !ok {
		return "", "", 0, false
	}
	start, err := strconv.ParseInt(last, 10, 64)
	if err != nil {
		return "", "", 0, false
	}
	merchant, kind, ok = cutLast(rest)
	return merchant, kind, start, ok
}

// cutLast cuts at the last slash.
func cutLast(s string) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, '/')
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}
