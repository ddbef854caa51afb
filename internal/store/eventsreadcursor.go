package store

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"strconv"
	"strings"

	"github.com/hookvigil/hookvigil/internal/registry"
)

// place is how far a reader has come: the row behind which it goes on.
type place struct {
	kind byte   // what is read
	file string // key of a history file; empty for events that are stored
	at   int64  // of stored events: first_attempt_at; microseconds
	id   int64  // of the row; all below it are still to come
}

// What is read, and so the meaning of a place.
const (
	placeStored   = 'o' // events of open_event
	placeFirst    = 'f' // events, by their first attempts
	placeAttempts = 'a' // attempts of an endpoint
)

const placeVersion = "1"

const notCursor = "is no cursor; want Next of the page before"

// cursor writes the place as an opaque word, with a sum that tells it from
// what was cut or made up.
func (p place) cursor() string {
	text := fmt.Appendf(nil, "%s%c:%s:%d:%d", placeVersion, p.kind, p.file, p.at, p.id)
	return base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint32(text, crc32.ChecksumIEEE(text)))
}

// placeOf reads a cursor of that kind; the zero place when there is none.
// Anything but what cursor writes is refused.
func placeOf(cursor string, kind byte) (place, error) {
	if cursor == "" {
		return place{}, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	parts := strings.Split(string(raw[:max(len(raw)-4, 0)]), ":")
	if err != nil || len(parts) != 4 || len(parts[0]) != 2 || parts[0][:1] != placeVersion {
		return place{}, refused("after", notCursor)
	}
	p := place{kind: parts[0][1], file: parts[1]}
	at, atErr := strconv.ParseInt(parts[2], 10, 64)
	id, idErr := strconv.ParseInt(parts[3], 10, 64)
	p.at, p.id = at, id
	if atErr != nil || idErr != nil || id < 0 || p.cursor() != cursor {
		return place{}, refused("after", notCursor)
	}
	if p.kind != kind {
		return place{}, refused("after", "is the cursor of another list; want Next of the page before, with the same filters")
	}
	return p, nil
}

// refused is the error of a query that cannot be answered.
func refused(path, message string) error {
	return &registry.InvalidError{Faults: []registry.RecordFault{{
		Kind: "query", ID: "history", Fault: registry.Fault{Path: path, Message: message},
	}}}
}

// mostPerPage is what a page may have at most.
const mostPerPage = 1000

func checkLimit(n int) error {
	if n < 1 || n > mostPerPage {
		return refused("limit", fmt.Sprintf("%d is outside 1 to %d", n, mostPerPage))
	}
	return nil
}

// walkFrom returns a walk through the files that a reader of a window has
// still to see, from where it stood, that looks at so many rows.
func (s *Store) walkFrom(p place, q *question, looked int) (*walk, error) {
	all, err := s.historyFiles()
	if err != nil {
		return nil, err
	}
	w := &walk{before: math.MaxInt64, carried: math.MaxInt64, left: looked}
	var last historyFile
	if p.file != "" {
		if last, err = s.fileOfKey(p.file); err != nil {
			return nil, refused("after", notCursor)
		}
		if !last.failures {
			w.carried = min(p.id, last.to.UnixMilli()<<idBits)
		}
	}
	for _, f := range all {
		out := !q.to.IsZero() && !f.from.Before(q.to) || !q.from.IsZero() && !q.from.Before(f.to)
		if out || p.file != "" && f.compare(last) < 0 {
			continue
		}
		if len(w.files) == 0 && f.key() == p.file {
			w.before = p.id
		}
		w.files = append(w.files, f)
	}
	return w, nil
}
