package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/binary"
	"errors"
	"time"
)

// installationRow is the row of cursor that tells this state.db from every
// other: a random number, made with it.
const installationRow = "installation"

// readInstallation returns the number of this state.db, and makes it when there
// is none.
func (s *Store) readInstallation(ctx context.Context) (int64, error) {
	var number int64
	err := s.state.read(ctx, func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, `SELECT position FROM cursor WHERE name = ?`, installationRow).Scan(&number)
	})
	if !errors.Is(err, sql.ErrNoRows) {
		return number, err
	}
	var random [8]byte
	_, _ = rand.Read(random[:])                                   // never fails
	number = int64(binary.BigEndian.Uint64(random[:])>>1) | 1<<40 // above zero, which stands for none
	return number, s.state.write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO cursor (name, position, at) VALUES (?, ?, ?)`, installationRow, number, time.Now().UnixMicro())
		return err
	})
}
