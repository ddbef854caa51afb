package main

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/hookvigil/hookvigil/internal/config"
)

// daemonAt is the running daemon of a data directory.
type daemonAt struct {
	dir   string
	asked func(answered bool) // after the first question, once; nil: nobody wants to know
}

// running returns the daemon of the configuration that --config names. A file
// that was broken after the daemon started must not keep anybody from asking it:
// that it runs with what it read before is said once it has answered.
func running(cmd *cobra.Command) (daemonAt, error) {
	path := configPath(cmd)
	cfg, faults := config.Load(path)
	switch {
	case !config.Failed(faults):
		return daemonAt{dir: cfg.DataDir}, nil
	case cfg.DataDir == "":
		return daemonAt{}, printed(cmd, faults)
	}
	var once sync.Once
	return daemonAt{cfg.DataDir, func(answered bool) {
		once.Do(func() {
			more := ""
			if answered {
				more = "; the daemon runs with what it read before"
			}
			warn(cmd, "%s has faults, which 'hookvigil check --config %s' shows%s", path, path, more)
		})
	}}, nil
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
	a, err := q.put(ctx, d.dir)
	if d.asked != nil {
		refusal, refused := errors.AsType[*exitError](err)
		d.asked(err == nil || refused && refusal.http != 0)
	}
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
