package store

import (
	"context"
	"fmt"

	"github.com/hookvigil/hookvigil/internal/ingest"
)

// EndpointAttempts returns a page of the attempts of an endpoint, newest
// first: all that are kept, manual ones, retries, test mode and pings too.
// Failed ones are those that were not delivered, for whatever reason.
//
// Within a millisecond the order is that of arrival at most. An attempt that
// arrives between two pages is in the second one if it is older than the end
// of the first; none that was there is left out or comes twice, but one that
// is contradicted meanwhile counts as a new one. A call looks at no more than
// 200,000 rows; then a page may be short, or empty, with a Next.
//
// A query with a limit outside 1 to 1000, without an endpoint or with a cursor
// that is not from a page like this is a *[registry.InvalidError]. A damaged
// slot is moved aside and left out; one of a newer hookvigil is a *NewerError.
// It blocks for as long as it reads, or until ctx ends, and holds up nobody.
func (s *Store) EndpointAttempts(ctx context.Context, q ingest.AttemptQuery) (ingest.AttemptPage, error) {
	return s.attemptsLooking(ctx, q, rowsLooked)
}

// attemptsLooking is EndpointAttempts that looks at so many rows and no more.
func (s *Store) attemptsLooking(ctx context.Context, q ingest.AttemptQuery, rows int) (ingest.AttemptPage, error) {
	if err := checkLimit(q.Limit); err != nil {
		return ingest.AttemptPage{}, err
	}
	if q.Endpoint == "" {
		return ingest.AttemptPage{}, refused("endpoint", "is empty; want the id of an endpoint")
	}
	from, err := placeOf(q.After, placeAttempts)
	if err != nil {
		return ingest.AttemptPage{}, err
	}
	page, err := s.endpointAttempts(ctx, q, from, rows)
	if err != nil {
		return ingest.AttemptPage{}, fmt.Errorf("read attempts of endpoint %q: %w", q.Endpoint, err)
	}
	return page, nil
}

func (s *Store) endpointAttempts(ctx context.Context, q ingest.AttemptQuery, from place, looked int) (page ingest.AttemptPage, err error) {
	asked := question{endpoint: q.Endpoint, failed: q.Failed, from: q.From, to: q.To}
	w, err := s.walkFrom(from, &asked, looked)
	if err != nil {
		return page, err
	}
	var last place
	for len(w.files) > 0 {
		if w.left <= 0 {
			page.Next = w.place(placeAttempts).cursor()
			return page, nil
		}
		file := w.files[0].key()
		rows, err := w.next(ctx, s, &asked, q.Limit+1-len(page.Attempts))
		if err != nil {
			return page, err
		}
		for i := range rows {
			if len(page.Attempts) == q.Limit {
				page.Next = last.cursor()
				return page, nil
			}
			page.Attempts = append(page.Attempts, rows[i].Told)
			last = place{kind: placeAttempts, file: file, id: rows[i].id}
		}
	}
	return page, nil
}
