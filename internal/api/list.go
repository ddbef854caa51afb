package api

import (
	"cmp"
	"encoding/base64"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// listInput is what every list takes.
type listInput struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"Most items to answer"`
	Cursor string `query:"cursor" maxLength:"1000" doc:"next of the answer before"`
}

// page is what every list answers.
type page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next" doc:"Cursor of the next page; empty at the end"`
}

type pageOutput[T any] struct{ Body page[T] }

const (
	cursorVersion = "1:"
	maxPage       = 1000
)

// after returns the ID that a list goes on behind.
func (in listInput) after() (string, *huma.ErrorModel) {
	if in.Cursor == "" {
		return "", nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(in.Cursor)
	id, ok := strings.CutPrefix(string(raw), cursorVersion)
	if err != nil || !ok {
		return "", unanswerable(detail("query.cursor", "is not a cursor; wanted next of the answer before"))
	}
	return id, nil
}

// take returns the kept ones of sorted (by ID) from the cursor on, up to the
// limit, shown. A cursor stays good when the list changes between pages.
func take[T, V any](in listInput, sorted []T, id func(T) string, keep func(T) (V, bool)) (*pageOutput[V], error) {
	after, bad := in.after()
	if bad != nil {
		return nil, bad
	}
	out := &pageOutput[V]{Body: page[V]{Items: []V{}}}
	from, exact := slices.BinarySearchFunc(sorted, after, func(v T, id_ string) int { return cmp.Compare(id(v), id_) })
	if exact {
		from++
	}
	last := ""
	for _, v := range sorted[from:] {
		shown, ok := keep(v)
		if !ok {
			continue
		}
		if len(out.Body.Items) == in.Limit {
			out.Body.Next = cursorAt(last)
			break
		}
		out.Body.Items, last = append(out.Body.Items, shown), id(v)
	}
	return out, nil
}

// probeLimit is how many items are read for a page of limit: one more tells
// whether there is another page. Readers give at most maxPage.
func probeLimit(limit int) int { return min(limit+1, maxPage) }

// cutPage cuts what was read for a page of limit to the page, and returns the
// cursor of the next one; empty at the end. A page of maxPage that is full may
// have an empty one behind it.
func cutPage[T any](read []T, limit int, id func(T) string) (items []T, next string) {
	items = read[:min(len(read), limit)]
	if len(items) > 0 && (len(read) > limit || len(items) == maxPage) {
		next = cursorAt(id(items[len(items)-1]))
	}
	return items, next
}

// cursorAt names the place behind an item.
func cursorAt(id string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(cursorVersion + id))
}
