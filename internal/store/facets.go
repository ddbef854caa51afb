package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/internal/ingest"
)

// facetFiles is how many of the newest slots are asked for their words.
const facetFiles = 8

// Facets returns words that attempts of the last days were told with, by
// value: of a kind (source, type, product, channel), and as many as limit, 1
// to 1000; when there are more, those of the newest days. It reads the words of
// at most eight slots, not their attempts. Since is the beginning of the oldest
// of these days that has the word; of products and channels it is when the
// first attempt was counted, when that is earlier.
//
// Another kind or limit is a *[registry.InvalidError]. Damaged and newer slots
// are as in [Store.EndpointAttempts]; it blocks likewise.
func (s *Store) Facets(ctx context.Context, kind string, limit int) ([]ingest.Facet, error) {
	if err := checkLimit(limit); err != nil {
		return nil, err
	}
	switch kind {
	case "source", "type", "product", "channel":
	default:
		return nil, refused("kind", fmt.Sprintf("%.20q is no kind of facet; want source, type, product or channel", kind))
	}
	found, err := s.slotFacets(ctx, kind, limit)
	if err == nil {
		err = s.dateFacets(ctx, kind, found)
	}
	if err != nil {
		return nil, fmt.Errorf("read facets: %w", err)
	}
	list := make([]ingest.Facet, 0, len(found))
	for value, since := range found {
		list = append(list, ingest.Facet{Kind: kind, Value: value, Since: since})
	}
	slices.SortFunc(list, func(a, b ingest.Facet) int { return cmp.Compare(a.Value, b.Value) })
	return list, nil
}

// slotFacets returns the words of the newest slots, and since when they are
// there.
func (s *Store) slotFacets(ctx context.Context, kind string, limit int) (map[string]time.Time, error) {
	files, err := s.historyFiles()
	if err != nil {
		return nil, err
	}
	files = slices.DeleteFunc(files, func(f historyFile) bool { return f.failures })
	found := map[string]time.Time{}
	for _, f := range files[:min(facetFiles, len(files))] {
		var values []string
		if err := s.lookInto(ctx, f, func(tx *sql.Tx) (err error) {
			values, err = wordsOf(ctx, tx, kind)
			return err
		}); err != nil {
			return nil, err
		}
		for _, v := range values {
			if _, ok := found[v]; ok || len(found) < limit {
				found[v] = f.from
			}
		}
	}
	return found, nil
}

// wordsOf returns the words of a kind; more than all pages show are not read.
func wordsOf(ctx context.Context, tx *sql.Tx, kind string) ([]string, error) {
	rows, err := tx.QueryContext(ctx, `SELECT value FROM word WHERE kind = ? ORDER BY value LIMIT ?`, kind, 10*mostPerPage)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var values []string
	for rows.Next() {
		var v string
		if err := rows.Scan(&v); err != nil {
			return nil, err
		}
		values = append(values, v)
	}
	return values, rows.Err()
}

// dateFacets puts in when facts.db saw them first, where it knows.
func (s *Store) dateFacets(ctx context.Context, kind string, found map[string]time.Time) error {
	if kind != "product" && kind != "channel" {
		return nil
	}
	return s.facts.read(ctx, func(tx *sql.Tx) error {
		for value, since := range found {
			var at int64
			if err := tx.QueryRowContext(ctx, `SELECT coalesce(min(seen_at), 0) FROM dictionary WHERE kind = 'scope' AND value = ?`, kind+":"+value).Scan(&at); err != nil {
				return err
			}
			if seen := moment(at); at > 0 && seen.Before(since) {
				found[value] = seen
			}
		}
		return nil
	})
}
