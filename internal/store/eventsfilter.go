package store

import (
	"context"
	"database/sql"
	"hash/maphash"
)

// keyFilter says of a key whether it may have been added (a Bloom filter):
// never no of one that was, and yes of about one in a hundred others. It
// keeps a hundred thousand deliveries that went well from being looked for.
type keyFilter struct {
	seed  maphash.Seed
	bits  []uint64
	room  int // for so many keys; then it is made anew
	added int
}

const (
	filterRoom   = 1 << 18 // keys, at least
	filterBits   = 10      // of each key
	filterHashes = 7
)

func newKeyFilter(keys int) *keyFilter {
	room := max(filterRoom, 2*keys)
	return &keyFilter{seed: maphash.MakeSeed(), bits: make([]uint64, room*filterBits/64+1), room: room}
}

// places calls do with each bit of a key until it says false.
func (f *keyFilter) places(k eventKey, do func(word int, bit uint64) bool) {
	h := maphash.Comparable(f.seed, k)
	step := h>>32 | 1
	for range filterHashes {
		at := h % uint64(len(f.bits)*64)
		if !do(int(at/64), 1<<(at%64)) {
			return
		}
		h += step * 0x9e3779b97f4a7c15
	}
}

func (f *keyFilter) add(k eventKey) {
	f.added++
	f.places(k, func(word int, bit uint64) bool {
		f.bits[word] |= bit
		return true
	})
}

func (f *keyFilter) has(k eventKey) bool {
	all := true
	f.places(k, func(word int, bit uint64) bool {
		all = f.bits[word]&bit != 0
		return all
	})
	return all
}

// loadStored reads the keys of all stored events, at the first use and when
// the filter is full.
func (l *Ledger) loadStored(ctx context.Context) error {
	if l.stored != nil && l.stored.added < l.stored.room {
		return nil
	}
	return l.s.facts.read(ctx, func(tx *sql.Tx) error {
		var n int
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM open_event`).Scan(&n); err != nil {
			return err
		}
		f := newKeyFilter(n)
		rows, err := tx.QueryContext(ctx, `SELECT source, event, endpoint FROM open_event`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var k eventKey
			if err := rows.Scan(&k.Source, &k.Event, &k.Endpoint); err != nil {
				return err
			}
			f.add(k)
		}
		if err := rows.Err(); err != nil {
			return err
		}
		l.stored = f
		return nil
	})
}
