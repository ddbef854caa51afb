package api

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hookvigil/hookvigil/alerting/digest"
)

// Digests is the ledger of what merchants were told after each window, and
// what they would be told. Both are safe for concurrent use.
type Digests interface {
	// Digests returns rows, newest window first; where the limit cuts through
	// windows that start together, any of them. Snapshots are not looked at.
	Digests(ctx context.Context, f digest.Filter) ([]digest.Row, error)

	// DigestPreview returns the judged facts of the window that holds a
	// moment: frozen ones where the ledger has them. The zero moment means the
	// last closed window or, when none is closed, the running one; no merchant
	// means the platform's own digest. An unknown merchant wraps
	// [registry.ErrNotFound].
	DigestPreview(ctx context.Context, merchant string, window time.Time) (digest.Facts, error)
}

type listDigestsInput struct {
	Limit    int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"Most items to answer"`
	Cursor   string `query:"cursor" maxLength:"1000" doc:"next of the answer before"`
	Merchant string `query:"merchant" maxLength:"256" doc:"Of this merchant alone"`
	Kind     string `query:"kind" enum:"health,summary,platform" doc:"Of this kind alone; platform is the operators' own"`
	State    string `query:"state" enum:"waiting,sent,skipped_green,merged,suppressed,stale,dead" doc:"In this state alone"`
}

// digestView is one window in the ledger. Moments that have not come are left
// out.
type digestView struct {
	Merchant       string         `json:"merchant" doc:"Empty: the platform"`
	Kind           string         `json:"kind" enum:"health,summary,platform"`
	WindowStart    time.Time      `json:"window_start"`
	WindowEnd      time.Time      `json:"window_end" doc:"Not in the window"`
	Timezone       string         `json:"timezone" doc:"IANA name: its days and hours make the window"`
	State          digest.State   `json:"state" enum:"waiting,sent,skipped_green,merged,suppressed,stale,dead"`
	Verdict        digest.Verdict `json:"verdict" doc:"ok, attention or action; empty: not judged"`
	CoveredSeconds float64        `json:"covered_seconds" doc:"Of the window: there was data"`
	ClosedAt       time.Time      `json:"closed_at,omitzero"`
	DueAt          time.Time      `json:"due_at,omitzero" doc:"Its notices go, not before"`
	FinishedAt     time.Time      `json:"finished_at,omitzero" doc:"Missing: its notices are on their way"`
	MergedInto     time.Time      `json:"merged_into,omitzero" doc:"window_start of the digest that tells this window too"`
}

func viewOfDigest(r digest.Row) digestView {
	return digestView{
		Merchant: r.Merchant, Kind: r.Kind, WindowStart: r.Window.Start.UTC(), WindowEnd: r.Window.End.UTC(), Timezone: r.Zone,
		State: r.State, Verdict: r.Verdict, CoveredSeconds: r.Covered.Seconds(),
		ClosedAt: r.ClosedAt.UTC(), DueAt: r.Due.UTC(), FinishedAt: r.Finished.UTC(), MergedInto: r.MergedInto.UTC(),
	}
}

// listDigests answers what became of windows, newest first. The platform's own
// are for callers who see all.
func (s *Server) listDigests(ctx context.Context, in *listDigestsInput) (*pageOutput[digestView], error) {
	place, bad := listInput{in.Limit, in.Cursor}.after()
	if bad != nil {
		return nil, bad
	}
	behind, ok := parseDigestPlace(place)
	if !ok {
		return nil, unanswerable(detail("query.cursor", "is not a cursor; wanted next of the answer before"))
	}
	rows, more, err := s.digestsFor(ctx, in, behind)
	if err != nil {
		return nil, err
	}
	out := &pageOutput[digestView]{Body: page[digestView]{Items: []digestView{}}}
	for _, r := range rows[:min(len(rows), in.Limit)] {
		out.Body.Items = append(out.Body.Items, viewOfDigest(r))
	}
	if n := len(out.Body.Items); n > 0 && (n < len(rows) || more) {
		out.Body.Next = cursorAt(placeOfDigest(rows[n-1]).String())
	}
	return out, nil
}

// digestsFor reads what the caller sees behind a place, in order; more says
// that there may be others. A caller with a scope has each of its merchants
// asked for, so that nobody else's rows are read.
func (s *Server) digestsFor(ctx context.Context, in *listDigestsInput, behind digestPlace) (rows []digest.Row, more bool, err error) {
	c, merchants := callerOf(ctx), []string{in.Merchant}
	switch {
	case in.Merchant != "" && !c.sees(in.Merchant):
		return nil, false, nil
	case in.Merchant == "" && c.scoped():
		merchants = c.merchantList()
	}
	for _, m := range merchants { // one that is cut has more than the page takes
		read, cut, err := s.digestsBehind(ctx, digest.Filter{Merchant: m, Kind: in.Kind, State: digest.State(in.State)}, in.Limit, behind)
		if err != nil {
			return nil, false, err
		}
		rows, more = append(rows, read...), more || cut
	}
	slices.SortFunc(rows, func(a, b digest.Row) int { return placeOfDigest(a).compare(placeOfDigest(b)) })
	return slices.DeleteFunc(rows, func(r digest.Row) bool {
		return c.scoped() && (r.Merchant == "" || !c.sees(r.Merchant))
	}), more, nil
}

// digestsBehind reads the rows of a filter behind a place, in order: at least
// one more than limit where there are so many. cut says that there may be
// others.
func (s *Server) digestsBehind(ctx context.Context, f digest.Filter, limit int, behind digestPlace) (rows []digest.Row, cut bool, err error) {
	f.Limit = probeLimit(limit)
	if !behind.start.IsZero() {
		f.To = behind.start.Add(ledgerStep) // others start with it
	}
	for {
		read, oldest, err := s.wholeWindows(ctx, f)
		if err != nil {
			return nil, false, s.unread(ctx, err)
		}
		for _, r := range read {
			if behind.start.IsZero() || placeOfDigest(r).compare(behind) > 0 {
				rows = append(rows, r)
			}
		}
		switch {
		case oldest.rows == 0 || len(rows) > limit:
			return rows, oldest.rows > 0, nil
		case oldest.rows < maxPage:
			f.To = oldest.start
		case len(rows) == 0: // it is the place's, and there is no way on
			return nil, false, problem(http.StatusUnprocessableEntity,
				fmt.Sprintf("more than %d digests have a window that starts at %s; ask for them by merchant, kind or state", maxPage, oldest.start.UTC().Format(time.RFC3339)))
		default:
			return rows, true, nil
		}
	}
}

// ledgerStep is what the moments of the ledger are multiples of.
const ledgerStep = time.Microsecond

// together counts the windows with one start.
type together struct {
	start time.Time
	rows  int
}

// wholeWindows reads the rows of a filter, in order. Where the limit cuts them
// off, those that start with the oldest are read to their end, and counted;
// maxPage of them are not all.
func (s *Server) wholeWindows(ctx context.Context, f digest.Filter) (rows []digest.Row, oldest together, err error) {
	rows, err = s.deps.Digests.Digests(ctx, f)
	if err != nil {
		return nil, together{}, err
	}
	if len(rows) >= f.Limit {
		oldest.start = rows[len(rows)-1].Window.Start
		f.From, f.To, f.Limit = oldest.start, oldest.start.Add(ledgerStep), maxPage
		last, err := s.deps.Digests.Digests(ctx, f)
		if err != nil {
			return nil, together{}, err
		}
		rows = slices.DeleteFunc(rows, func(r digest.Row) bool { return r.Window.Start.Equal(oldest.start) })
		rows, oldest.rows = append(rows, last...), max(len(last), 1) // 1: they went in between
	}
	slices.SortFunc(rows, func(a, b digest.Row) int { return placeOfDigest(a).compare(placeOfDigest(b)) })
	return rows, oldest, nil
}

// digestPlace is where a row stands in the list. The zero place is before all
// of them.
type digestPlace struct {
	start          time.Time // UTC
	merchant, kind string
}

func placeOfDigest(r digest.Row) digestPlace {
	return digestPlace{r.Window.Start.UTC(), r.Merchant, r.Kind}
}

// compare orders places as the list has them: the newest window first.
func (p digestPlace) compare(o digestPlace) int {
	return cmp.Or(o.start.Compare(p.start), cmp.Compare(p.merchant, o.merchant), cmp.Compare(p.kind, o.kind))
}

// String writes the place for a cursor.
func (p digestPlace) String() string {
	return fmt.Sprintf("%d:%s:%s", p.start.UnixMicro(), p.kind, p.merchant)
}

// parseDigestPlace reads what String wrote; nothing is the zero place.
func parseDigestPlace(s string) (digestPlace, bool) {
	if s == "" {
		return digestPlace{}, true
	}
	at, rest, _ := strings.Cut(s, ":")
	kind, merchant, ok := strings.Cut(rest, ":")
	micros, err := strconv.ParseInt(at, 10, 64)
	return digestPlace{time.UnixMicro(micros).UTC(), merchant, kind}, ok && err == nil
}

// digestRoutes are about what merchants are told after each window.
func (s *Server) digestRoutes() {
	given, viewer := s.deps.Digests != nil, access{role: RoleViewer}
	register(s, viewer, get("/api/v1/digests", "list-digests", "List the windows that closed, newest first, and what became of their digests"),
		served(given, s.listDigests))
	preview := get("/api/v1/digests/preview", "preview-digest", "Show the digest of a window as it was or would be told")
	preview.Responses = map[string]*huma.Response{"200": {Description: "OK", Content: previewContent()}}
	register(s, viewer, preview, served(given, s.previewDigest))
}
