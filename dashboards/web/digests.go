package web

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/alerting/digest"
	"github.com/hookvigil/hookvigil/rules"
)

const (
	digestPatience = time.Second // for the one question about digests
	digestsAsked   = 40          // rows to choose from
	digestsShown   = 10
	previewPath    = "/api/v1/digests/preview"
)

// DigestSource is where the pages read digests: a store, which may fail. They
// give it 1 s; when it fails, the page goes without its digests and says so.
type DigestSource interface {
	// Digests returns rows of the ledger, newest window first. The overview
	// asks once, for 40 of any merchant; a search or a further page does not.
	Digests(ctx context.Context, f digest.Filter) ([]digest.Row, error)
}

// digestBlock is what the overview shows of digests.
type digestBlock struct {
	Rows  []digestRow
	More  string // how many windows that were read are not shown; empty: none
	Fails bool   // they cannot be read
}

// digestRow is one window of the ledger.
type digestRow struct {
	Who     string // name of a merchant; empty: the platform itself
	ID      string // of the merchant, when its name is another word
	Start   time.Time
	Window  string // in its zone
	Verdict signal
	Weekly  bool
	Actions string // how many things are to be done; empty: not known, or none
	Fate    signal // what became of it, and when
	Preview string // address of the digest as it was told; empty: it told nothing
}

// digestBlock reads the newest windows, and shows the newest of each merchant.
func (p *pages) digestBlock(ctx context.Context) digestBlock {
	ctx, cancel := context.WithTimeout(ctx, digestPatience)
	defer cancel()
	rows, err := p.src.Digests(ctx, digest.Filter{Limit: digestsAsked})
	if err != nil {
		p.digestsUnreadable(ctx, err)
		return digestBlock{Fails: true}
	}
	newest := newestOfEach(rows)
	slices.SortStableFunc(newest, worthReading)
	shown := newest[:min(len(newest), digestsShown)]
	b := digestBlock{More: unshown(len(rows), len(newest), len(shown))}
	for _, r := range shown {
		b.Rows = append(b.Rows, digestRowOf(r, p.opt.Now()))
	}
	return b
}

// newestOfEach keeps the window of each merchant, and of the platform, that
// ended last; of a week and a window that ended together the window.
func newestOfEach(rows []digest.Row) []digest.Row {
	var kept []digest.Row
	at := map[string]int{}
	for _, r := range rows {
		i, ok := at[r.Merchant]
		if !ok {
			at[r.Merchant], kept = len(kept), append(kept, r)
			continue
		}
		old := kept[i].Window
		if cmp.Or(r.Window.End.Compare(old.End), r.Window.Start.Compare(old.Start)) > 0 {
			kept[i] = r
		}
	}
	return kept
}

// unshown says how many windows are left out: all of them older than what is
// shown of their merchant, unless there are more merchants than room.
func unshown(read, newest, shown int) string {
	if read <= shown {
		return ""
	}
	most, what := "", "older"
	if read >= digestsAsked { // nobody has counted the rest
		most = "at least "
	}
	if newest > shown {
		what = "more"
	}
	return "and " + most + grouped(read-shown) + " " + what
}

// digestsUnreadable logs why, once a minute. A reader who left is no news.
func (p *pages) digestsUnreadable(ctx context.Context, err error) {
	if !errors.Is(ctx.Err(), context.Canceled) && p.due(&p.complainedDigests) {
		p.log.LogAttrs(ctx, slog.LevelWarn, "digests cannot be shown", slog.Any("err", err))
	}
}

// worthReading orders rows: the platform's own first, then the newest window;
// of one moment what did not arrive, then the worst verdict.
func worthReading(a, b digest.Row) int {
	others := func(r digest.Row) int {
		if r.Merchant == "" {
			return 0
		}
		return 1
	}
	trouble := func(r digest.Row) int {
		switch {
		case r.State == digest.StateDead:
			return 0
		case r.Verdict == digest.Act:
			return 1
		case r.Verdict == digest.Attention:
			return 2
		default:
			return 3
		}
	}
	return cmp.Or(cmp.Compare(others(a), others(b)), b.Window.Start.Compare(a.Window.Start), cmp.Compare(trouble(a), trouble(b)))
}

func digestRowOf(r digest.Row, now time.Time) digestRow {
	v := digestRow{
		Who: r.Merchant, Start: r.Window.Start, Window: windowText(r.Window, r.Zone), Weekly: r.Kind == digest.KindSummary,
		Verdict: verdictSignal(r.Verdict), Fate: fateSignal(r, now),
	}
	if r.Snapshot == nil {
		return v
	}
	// A snapshot that cannot be read was written by a newer version: the row
	// still says what its columns know.
	if f, err := digest.Decode(r.Snapshot); err == nil {
		if name := strings.TrimSpace(f.Name); name != "" && name != r.Merchant {
			v.Who, v.ID = name, r.Merchant
		}
		if n := len(f.Actions); n > 0 {
			v.Actions = plural(n, "thing") + " to do"
		}
	}
	if !v.Weekly { // the preview knows windows, not weeks
		v.Preview = previewLink(r)
	}
	return v
}

func previewLink(r digest.Row) string {
	q := url.Values{"format": {"html"}, "window": {r.Window.Start.UTC().Format(time.RFC3339Nano)}}
	if r.Merchant != "" {
		q.Set("merchant", r.Merchant)
	}
	return previewPath + "?" + q.Encode()
}

// verdictSignal shows a verdict by the shapes and colours of states.
func verdictSignal(v digest.Verdict) signal {
	switch v {
	case digest.OK:
		return signal{Mark: rules.StateHealthy, Word: "ok"}
	case digest.Attention:
		return signal{Mark: rules.StateDegraded, Word: "attention"}
	case digest.Act:
		return signal{Mark: rules.StateDown, Word: "action"}
	default:
		return signal{Mark: rules.StateNoData, Word: "not judged"}
	}
}

// fateSignal says what became of a window: of one that waits, when it is due.
func fateSignal(r digest.Row, now time.Time) signal {
	s := signal{Mark: rules.StateNoData, At: r.Finished}
	switch r.State {
	case digest.StateWaiting:
		s.Mark, s.Word, s.At = rules.StateRecovering, "on its way", r.Due
		s.Facts = []string{"due"}
	case digest.StateSent:
		s.Mark, s.Word = rules.StateHealthy, "sent"
	case digest.StateSkipped:
		s.Word, s.Facts = "not sent", []string{"nothing was wrong"}
	case digest.StateMerged:
		s.Word, s.Facts = "not sent", []string{"a later digest tells it"}
	case digest.StateSuppressed:
		s.Word, s.Facts = "not sent", []string{"there is nobody to tell, or no endpoint"}
		if r.Finished.After(r.ClosedAt) { // its notices waited already
			s.Facts = []string{"all it was for have unsubscribed"}
		}
	case digest.StateStale:
		s.Word, s.Facts = "not sent", []string{"it was too late to tell"}
	case digest.StateDead:
		s.Mark, s.Word = rules.StateDown, "not delivered"
	default:
		s.Word = cut(string(r.State), maxName)
	}
	if !s.At.IsZero() {
		s.Clock = clock(now, s.At)
	}
	return s
}

// windowText spells a window in its zone: "2026-11-21 06:00 to 12:00
// Asia/Jakarta". A zone that is not known here is UTC. Seconds are shown only
// where there are any.
func windowText(w digest.Window, zone string) string {
	at, err := time.LoadLocation(zone)
	if err != nil || zone == "" || zone == "Local" {
		at = time.UTC
	}
	start, end, layout := w.Start.In(at), w.End.In(at), "15:04"
	if start.Second() != 0 || end.Second() != 0 {
		layout = time.TimeOnly
	}
	until := end.Format(layout)
	if start.Format(time.DateOnly) != end.Format(time.DateOnly) {
		until = end.Format(time.DateOnly + " " + layout)
	}
	return start.Format(time.DateOnly+" "+layout) + " to " + until + " " + at.String()
}
