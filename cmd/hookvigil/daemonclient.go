package main

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/spf13/cobra"
)

// daemonAt is the running daemon of a data directory.
type daemonAt string

// running returns the daemon of the configuration that --config names.
func running(cmd *cobra.Command) (daemonAt, error) {
	dir, err := dataDir(cmd)
	return daemonAt(dir), err
}

// get reads a path into v, which may be nil.
func (d daemonAt) get(ctx context.Context, path string, v any) (answer, error) {
	return d.put(ctx, question{path: path}, v)
}

// post sends body to a path and reads the answer into v, which may be nil.
func (d daemonAt) post(ctx context.Context, path string, body, v any) (answer, error) {
	return d.put(ctx, question{method: http.MethodPost, path: path, body: body}, v)
}

func (d daemonAt) put(ctx context.Context, q question, v any) (answer, error) {
	a, err := q.put(ctx, string(d))
	if err != nil || v == nil {
		return a, err
	}
	return a, a.decode(v)
}

// maxPage is the longest page of a list that the daemon gives.
const maxPage = 1000

// page is a page of a list.
type page[T any] struct {
	Items []T
	Next  string
}

// list is items of a list of the daemon.
type list[T any] struct {
	items []T
	more  bool      // there are more than were asked for
	at    time.Time // of the last page
}

// listOf reads at most so many items of a list, page by page.
func listOf[T any](ctx context.Context, d daemonAt, path string, filter url.Values, most int) (list[T], error) {
	var l list[T]
	q := url.Values{}
	maps.Copy(q, filter)
	for {
		q.Set("limit", strconv.Itoa(min(maxPage, most-len(l.items))))
		var p page[T]
		a, err := d.get(ctx, path+"?"+q.Encode(), &p)
		if err != nil {
			return l, err
		}
		l.items, l.more, l.at = append(l.items, p.Items...), p.Next != "", a.at
		if p.Next == "" || len(p.Items) == 0 || len(l.items) >= most {
			return l, nil
		}
		q.Set("cursor", p.Next)
	}
}

// printAnswer writes an answer as the daemon gave it, on one line.
func printAnswer(cmd *cobra.Command, a answer) error { return printJSON(cmd, json.RawMessage(a.raw)) }
