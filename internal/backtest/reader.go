package backtest

import (
	"context"
	"io"
)

// mostListed bounds the bad lines that are listed one by one.
const mostListed = 1000

// Rejected says why one line of a log was not taken.
type Rejected struct {
	File   string `json:"file"`
	Line   int    `json:"line"` // 0: not known
	Reason string `json:"reason"`
}

// reader merges files by the receipt of their records.
type reader struct {
	stdin   io.Reader
	waiting []source
	active  []*stream
	opened  int
}

// next returns the next record, good or bad; false at the end. Files that
// overlap are merged by the next record of each.
func (r *reader) next(ctx context.Context) (item, bool, error) {
	for {
		s := r.earliest()
		if len(r.waiting) > 0 && (s == nil || !r.waiting[0].first.After(s.items[s.next].at)) {
			if err := ctx.Err(); err != nil {
				return item{}, false, err
			}
			if err := r.begin(); err != nil {
				return item{}, false, err
			}
			continue
		}
		if s == nil {
			return item{}, false, nil
		}
		it := s.items[s.next]
		if s.next++; s.next == len(s.items) {
			if err := ctx.Err(); err != nil {
				return item{}, false, err
			}
			s.fill()
			r.drop(s)
		}
		return it, true, nil
	}
}

// begin opens the file that is next.
func (r *reader) begin() error {
	s, err := r.open(r.waiting[0].path)
	if err != nil {
		return err
	}
	r.waiting = r.waiting[1:]
	r.active = append(r.active, s)
	r.opened++
	s.fill()
	r.drop(s)
	return nil
}

// drop closes a stream that has nothing left.
func (r *reader) drop(s *stream) {
	if len(s.items) > 0 {
		return
	}
	s.close()
	for i := range r.active {
		if r.active[i] == s {
			r.active = append(r.active[:i], r.active[i+1:]...)
			return
		}
	}
}

// earliest returns the stream whose next record is first; nil without any.
func (r *reader) earliest() *stream {
	var first *stream
	for _, s := range r.active {
		if first == nil || s.items[s.next].at.Before(first.items[first.next].at) {
			first = s
		}
	}
	return first
}

func (r *reader) close() {
	for _, s := range r.active {
		s.close()
	}
	r.active = nil
}
