package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

const (
	pageSize     = 100 // endpoints on a page
	maxQuery     = 200 // bytes of a search
	maxPage      = 1_000_000
	refreshAfter = 30 // seconds, when a reader asks for it
)

func escapeID(id string) string { return url.PathEscape(id) }

// ask is what a reader asks of the overview.
type ask struct {
	State   rules.Word // empty: all
	Query   string     // as typed
	Page    int        // from 1
	Refresh bool
}

func askOf(v url.Values) ask {
	a := ask{State: rules.Word(v.Get("state")), Query: strings.TrimSpace(v.Get("q")), Page: 1, Refresh: v.Get("refresh") != ""}
	if len(a.Query) > maxQuery {
		a.Query = strings.ToValidUTF8(a.Query[:maxQuery], "")
	}
	if n, err := strconv.Atoi(v.Get("page")); err == nil && n > 1 {
		a.Page = min(n, maxPage)
	}
	return a
}

// link is the address of what a asks for.
func (a ask) link() string {
	v := url.Values{}
	if a.State != "" {
		v.Set("state", string(a.State))
	}
	if a.Query != "" {
		v.Set("q", a.Query)
	}
	if a.Page > 1 {
		v.Set("page", strconv.Itoa(a.Page))
	}
	if a.Refresh {
		v.Set("refresh", strconv.Itoa(refreshAfter))
	}
	if len(v) == 0 {
		return "/"
	}
	return "/?" + v.Encode()
}

func (a ask) state(w rules.Word) ask { a.State, a.Page = w, 1; return a }
func (a ask) page(n int) ask         { a.Page = n; return a }

// looking reports whether a reader looks for certain endpoints.
func (a ask) looking() bool { return a.State != "" || a.Query != "" || a.Page > 1 }

// wants reports whether e is asked for; needle is the query in lower case.
func (a ask) wants(e Entry, needle string) bool {
	if a.State != "" && e.State != a.State {
		return false
	}
	return needle == "" || holds(needle, e.ID, e.MerchantID, e.MerchantName, e.Shown)
}

func holds(needle string, texts ...string) bool {
	for _, t := range texts {
		if strings.Contains(strings.ToLower(t), needle) {
			return true
		}
	}
	return false
}

// found is the outcome of one walk over all endpoints.
type found struct {
	counts  map[rules.Word]int // of all endpoints, whatever was asked
	total   int
	matches int
	page    []string // IDs of the page asked for, most urgent first
	pages   int      // at least 1
	at      int      // number of the page
}

// find walks over all endpoints once. Entries come by ID, so that putting
// them into one heap per state orders them.
func find(src Source, a ask) found {
	f := found{counts: map[rules.Word]int{}}
	heaps, needle := map[rules.Word][]string{}, strings.ToLower(a.Query)
	for e := range src.Entries() {
		f.counts[e.State]++
		f.total++
		if a.wants(e, needle) {
			f.matches++
			if len(heaps[e.State]) < a.Page*pageSize { // no page asked for reaches further
				heaps[e.State] = append(heaps[e.State], e.ID)
			}
		}
	}
	f.pages = max(1, (f.matches+pageSize-1)/pageSize)
	f.at = min(a.Page, f.pages)
	skip := (f.at - 1) * pageSize
	for _, w := range byUrgency() {
		heap := heaps[w]
		drop := min(skip, len(heap))
		skip -= drop
		heap = heap[drop:]
		f.page = append(f.page, heap[:min(len(heap), pageSize-len(f.page))]...)
	}
	return f
}

// count is one link of the navigation by state.
type count struct {
	State rules.Word // empty: all
	N     int
	Link  string
	Here  bool
}

func countsOf(f found, a ask) []count {
	list := []count{{N: f.total, Link: a.state("").link(), Here: a.State == ""}}
	for _, w := range byUrgency() {
		list = append(list, count{State: w, N: f.counts[w], Link: a.state(w).link(), Here: a.State == w})
	}
	return list
}

// overviewPage is what the template overview draws.
type overviewPage struct {
	frame
	Brief          bool // the reader looks for certain endpoints: nothing else in full
	Incidents      incidentBlock
	Quiet          int // conditions that open no incident
	Digests        digestBlock
	Ratios         []ratioView
	Ask            ask
	Counts         []count
	Rows           []row
	Total, Matches int
	First, Last    int // numbers of the rows shown, from 1
	At, Pages      int
	Prev, Next     string // addresses; empty: none
	All            string // address without filter
	Targets        []targetRow
	MoreTargets    int
}

func (p *pages) overview(w http.ResponseWriter, r *http.Request) {
	a := askOf(r.URL.Query())
	f := find(p.src, a)
	page := overviewPage{
		frame: p.frame(titleOf(f.counts)), Ask: a, Counts: countsOf(f, a), Total: f.total, Matches: f.matches,
		At: f.at, Pages: f.pages, All: ask{Refresh: a.Refresh, Page: 1}.link(),
	}
	page.Here = "/"
	page.Refresh, page.Toggle = refreshOf(a)
	page.Brief = a.looking()
	page.Incidents = p.incidentBlock(r.Context(), page.Brief)
	if !page.Brief {
		page.Ratios, page.Digests, page.Quiet = ratiosOf(p.src.Ratios()), p.digestBlock(r.Context()), quietOnes(p.src.Conditions())
	}
	for _, id := range f.page {
		if ep, ok := p.src.Endpoint(id); ok { // else: removed since the walk
			page.Rows = append(page.Rows, briefRow(ep, page.Now))
		}
	}
	if len(page.Rows) > 0 {
		page.First = (f.at-1)*pageSize + 1
		page.Last = page.First + len(page.Rows) - 1
	}
	if f.at > 1 {
		page.Prev = a.page(f.at - 1).link()
	}
	if f.at < f.pages {
		page.Next = a.page(f.at + 1).link()
	}
	page.Targets, page.MoreTargets = p.targets(a, page.Now)
	p.render(w, r, http.StatusOK, "overview", page)
}

// briefRow is a row with short times: a table of many is read down its
// columns. A reason that another cell of the row says in full is left out.
func briefRow(ep Endpoint, now time.Time) row {
	r := rowOf(ep, now)
	r.Probe, r.Certificate, r.Deliveries = r.Probe.brief(now), r.Certificate.brief(now), r.Deliveries.brief(now)
	r.Reasons = nil
	for _, why := range ep.Reasons {
		if why.Signal != "deliveries" && why.Text != r.Probe.Word {
			why.Text = brevity{now: now}.shorten(why.Text)
			r.Reasons = append(r.Reasons, why)
		}
	}
	return r
}

func refreshOf(a ask) (seconds int, toggle string) {
	if a.Refresh {
		seconds = refreshAfter
	}
	a.Refresh = !a.Refresh
	return seconds, a.link()
}

// worstFirst orders targets by what their certificate says.
func worstFirst(rows []targetRow) {
	order := byUrgency()
	slices.SortStableFunc(rows, func(a, b targetRow) int {
		return slices.Index(order, a.Certificate.Mark) - slices.Index(order, b.Certificate.Mark)
	})
}
