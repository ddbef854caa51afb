package digest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
)

// book is a ledger in memory that keeps the contract.
type book struct {
	mu      sync.Mutex
	rows    []Row
	there   map[string]bool // subjects
	notices []alerting.Notice
	keys    map[string]bool
	fail    error
	before  func() // runs at the start of Close, without the lock
}

func newBook() *book { return &book{there: map[string]bool{}, keys: map[string]bool{}} }

func (b *book) Last(_ context.Context, kind string) (map[string]time.Time, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	last := map[string]time.Time{}
	for _, r := range b.rows {
		if r.Kind == kind && r.Window.End.After(last[r.Merchant]) {
			last[r.Merchant] = r.Window.End
		}
	}
	return last, b.fail
}

func (b *book) Close(_ context.Context, rows []Row, notices []alerting.Notice) (int, error) {
	if b.before != nil {
		b.before()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fail != nil {
		return 0, b.fail
	}
	refused := map[string]bool{}
	for _, r := range rows {
		if b.there[r.Subject()] {
			refused[r.Merchant+"/"+r.Kind] = true
		}
	}
	n := 0
	kept := map[string]bool{}
	for _, r := range rows {
		if !refused[r.Merchant+"/"+r.Kind] {
			b.there[r.Subject()], kept[r.Subject()] = true, true
			b.rows = append(b.rows, r)
			n++
		}
	}
	for _, x := range notices {
		if kept[x.Subject] {
			if b.keys[x.IdemKey] {
				return 0, fmt.Errorf("key %s twice", x.IdemKey)
			}
			b.keys[x.IdemKey] = true
			b.notices = append(b.notices, x)
		}
	}
	return n, nil
}

func (b *book) List(context.Context, Filter) ([]Row, error) { return b.rows, nil }

// of returns the rows of a merchant and kind, in order of their windows.
func (b *book) of(merchant, kind string) []Row {
	var list []Row
	for _, r := range b.rows {
		if r.Merchant == merchant && r.Kind == kind {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(a, b Row) int { return a.Window.Start.Compare(b.Window.Start) })
	return list
}

// crew is a source that says what it is told to.
type crew struct {
	subs   []Subscriber
	fail   map[string]error
	bad    func(Window) bool // the window has a failing endpoint
	none   bool              // no endpoints
	gather func(merchant string)

	backlog func(Window) *Backlog // of the first endpoint, and of the platform
}

func (c *crew) Subscribers(context.Context) ([]Subscriber, error) { return slices.Clone(c.subs), nil }

func (c *crew) Gather(_ context.Context, s Subscriber, w Window) (Facts, error) {
	if c.gather != nil {
		c.gather(s.Merchant)
	}
	if err := c.fail[s.Merchant]; err != nil {
		return Facts{}, err
	}
	f := Facts{Covered: w.Length()}
	if s.Merchant == "" {
		f.Platform = &Platform{Probing: w.Length()}
		if c.backlog != nil {
			f.Platform.Backlog = c.backlog(w)
		}
		return f, nil
	}
	if !c.none {
		f.Endpoints = []Endpoint{healthy(s.Merchant + "-1")}
		if c.backlog != nil {
			f.Endpoints[0].Backlog = c.backlog(w)
		}
	}
	if c.bad != nil && c.bad(w) {
		f.Endpoints = append(f.Endpoints, timingOut(s.Merchant+"-2"))
	}
	return f, nil
}

func mailTo(address string) alerting.Destination {
	return alerting.Destination{Lane: "mail/" + address, Recipient: address}
}

func merchant(id, mode string) Subscriber {
	return Subscriber{Merchant: id, Name: strings.ToUpper(id), Zone: "Asia/Jakarta", Mode: mode, To: []alerting.Destination{mailTo(id + "@example.com")}, Since: began}
}

// began is a Saturday, 18:00 in Jakarta: a boundary.
var began = evening.Start

func tick(t *testing.T, d *Digest, after time.Duration) {
	t.Helper()
	if err := d.Tick(t.Context(), began.Add(after), after); err != nil {
		t.Fatal(err)
	}
}

func config() Config {
	c := DefaultConfig()
	c.Spread = 45 * time.Minute
	return c
}
