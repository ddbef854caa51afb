package web

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

const (
	incidentPatience = 3 * time.Second // for all that one page reads of incidents
	incidentBatch    = 1000            // the most that one reading gives
	incidentBatches  = 5
	onOverview       = 10  // incidents on the overview
	newestEntries    = 3   // of the timeline, under each of them
	recentIncidents  = 100 // on the list, besides those that live
	ofEndpoint       = 10  // incidents on the page of an endpoint
)

// incidentRow is one incident in a list.
type incidentRow struct {
	alerting.Incident
	Mark     signal // the severity
	Open     int    // members that are still open
	For      string // how long it has lasted; empty: it is not said
	Clock    string // when it started; empty: the whole date
	Earlier  int    // entries of the timeline before Timeline
	Timeline []entryView
	Unread   bool // the timeline could not be read
	Quiet    *quietMark
}

func incidentRowOf(in alerting.Incident) incidentRow {
	return incidentRow{Incident: in, Mark: severitySignal(in), Open: openMembers(in), Quiet: quietMarkOf(in)}
}

// quietMark says why nobody hears of an incident.
type quietMark struct {
	Word  string // silenced, in maintenance
	Until time.Time
	Clock string // Until, short; empty: the whole date
	By    string
}

// quietMarkOf returns nil for an incident that is heard, or is over.
func quietMarkOf(in alerting.Incident) *quietMark {
	h := in.Story.Hush
	if !in.Live() || h.ID == "" || h.Until.IsZero() {
		return nil
	}
	q := &quietMark{Word: "silenced", Until: h.Until, By: h.By}
	if h.Kind == alerting.HushMaintenance {
		q.Word = "in maintenance"
	}
	return q
}

func incidentRows(list []alerting.Incident) []incidentRow {
	rows := make([]incidentRow, 0, len(list))
	for _, in := range list {
		rows = append(rows, incidentRowOf(in))
	}
	return rows
}

// liveIncidents is all that live, worst and newest first.
type liveIncidents struct {
	list []alerting.Incident
	more bool // there are even more, unread
}

// live reads the incidents that live, in batches: the one that pages may be
// older than a thousand that do not.
func (p *pages) live(ctx context.Context) (liveIncidents, error) {
	var all liveIncidents
	f := alerting.IncidentFilter{Live: true, Limit: incidentBatch}
	for n := 1; ; n++ {
		batch, err := p.src.Incidents(ctx, f)
		if err != nil {
			return liveIncidents{}, err
		}
		all.list = append(all.list, batch...)
		if len(batch) < incidentBatch {
			break
		}
		if n == incidentBatches {
			all.more = true
			break
		}
		f.Before = batch[len(batch)-1].ID
	}
	slices.SortStableFunc(all.list, worstIncident)
	return all, nil
}

// worstIncident orders incidents by severity, then the newest first.
func worstIncident(a, b alerting.Incident) int {
	switch {
	case a.Severity.Worse(b.Severity):
		return -1
	case b.Severity.Worse(a.Severity):
		return 1
	default:
		return cmp.Or(b.OpenedAt.Compare(a.OpenedAt), cmp.Compare(a.ID, b.ID))
	}
}

// incidentBlock is what the overview shows of incidents.
type incidentBlock struct {
	Rows  []incidentRow
	Live  int
	More  int  // not shown
	Over  bool // there are more than were counted
	Brief bool // the reader looks for endpoints: one line only
	Fails bool // they cannot be read
}

// incidentBlock reads what the overview shows: ten at most with the newest of
// their timelines, or only their number.
func (p *pages) incidentBlock(ctx context.Context, brief bool) incidentBlock {
	ctx, cancel := context.WithTimeout(ctx, incidentPatience)
	defer cancel()
	live, err := p.live(ctx)
	if err != nil {
		p.unreadable(ctx, err)
		return incidentBlock{Fails: true}
	}
	b := incidentBlock{Live: len(live.list), Over: live.more, Brief: brief}
	if brief {
		return b
	}
	shown := live.list[:min(len(live.list), onOverview)]
	b.More = len(live.list) - len(shown)
	b.Rows = incidentRows(shown)
	now := p.opt.Now()
	for i := range b.Rows {
		in := b.Rows[i].Incident
		b.Rows[i].For, b.Rows[i].Clock = lasting(now.Sub(b.Rows[i].StartedAt)), clock(now, b.Rows[i].StartedAt)
		if q := b.Rows[i].Quiet; q != nil {
			q.Clock = clock(now, q.Until)
		}
		_, entries, err := p.src.Incident(ctx, b.Rows[i].ID)
		if err != nil {
			p.unreadable(ctx, err)
			b.Rows[i].Unread = true
			continue
		}
		b.Rows[i].Earlier = max(0, len(entries)-newestEntries)
		b.Rows[i].Timeline = entryViews(entries[b.Rows[i].Earlier:], maxShown, brevity{in.Title, in.Scope, in.StartedAt, now})
		for j := range b.Rows[i].Timeline {
			e := &b.Rows[i].Timeline[j]
			e.Clock = clock(now, e.At)
		}
	}
	return b
}

// endpointIncidents is what the page of an endpoint shows of incidents.
type endpointIncidents struct {
	Rows  []incidentRow
	More  bool // than are shown
	Fails bool // they cannot be read
}

func (p *pages) incidentsOf(ctx context.Context, endpoint string) endpointIncidents {
	ctx, cancel := context.WithTimeout(ctx, incidentPatience)
	defer cancel()
	list, err := p.src.Incidents(ctx, alerting.IncidentFilter{Live: true, Endpoint: endpoint, Limit: ofEndpoint + 1})
	if err != nil {
		p.unreadable(ctx, err)
		return endpointIncidents{Fails: true}
	}
	more := len(list) > ofEndpoint
	return endpointIncidents{Rows: incidentRows(list[:min(len(list), ofEndpoint)]), More: more}
}

// incidentsPage is what the template incidents draws.
type incidentsPage struct {
	frame
	LiveOnly          bool
	LinkAll, LinkLive string
	Live              []incidentRow
	Count             int  // of those that live
	More              int  // of them, not shown
	Over              bool // there are more than were counted
	Past              []incidentRow
	Recent            int  // how many were read to find Past, live ones among them
	Full              bool // there may be more than were read
}

// incidents lists those that live, and unless ?show=live asks for no more,
// those among the last hundred that are over.
func (p *pages) incidents(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), incidentPatience)
	defer cancel()
	q := r.URL.Query()
	liveOnly, refresh := q.Get("show") == "live", q.Get("refresh") != ""
	live, err := p.live(ctx)
	if err != nil {
		p.unavailable(w, r, err)
		return
	}
	shown := live.list[:min(len(live.list), pageSize)]
	page := incidentsPage{
		frame: p.frame(plural(len(live.list), "live incident")), LiveOnly: liveOnly,
		LinkAll: incidentsLink(false, refresh), LinkLive: incidentsLink(true, refresh),
		Live: incidentRows(shown), Count: len(live.list), More: len(live.list) - len(shown), Over: live.more,
	}
	if !liveOnly {
		recent, err := p.src.Incidents(ctx, alerting.IncidentFilter{Limit: recentIncidents})
		if err != nil {
			p.unavailable(w, r, err)
			return
		}
		page.Recent, page.Full = len(recent), len(recent) == recentIncidents
		page.Past = incidentRows(slices.DeleteFunc(slices.Clone(recent), alerting.Incident.Live))
	}
	page.Here = "/incidents"
	page.Refresh, _ = p.refreshing(r)
	page.Toggle = incidentsLink(liveOnly, !refresh)
	p.render(w, r, http.StatusOK, "incidents", page)
}

// incidentsLink is the address of the list.
func incidentsLink(liveOnly, refresh bool) string {
	v := url.Values{}
	if liveOnly {
		v.Set("show", "live")
	}
	if refresh {
		v.Set("refresh", strconv.Itoa(refreshAfter))
	}
	if len(v) == 0 {
		return "/incidents"
	}
	return "/incidents?" + v.Encode()
}

// unavailable answers 503: incidents cannot be read.
func (p *pages) unavailable(w http.ResponseWriter, r *http.Request, err error) {
	p.unreadable(r.Context(), err)
	f := p.frame("incidents cannot be read")
	f.Refresh, f.Toggle = p.refreshing(r)
	w.Header().Set("Retry-After", "10")
	p.render(w, r, http.StatusServiceUnavailable, "unavailable", f)
}

// unreadable logs why incidents could not be read, once a minute: pages may
// be asked for all day. A reader who left early is no news.
func (p *pages) unreadable(ctx context.Context, err error) {
	if errors.Is(ctx.Err(), context.Canceled) {
		return
	}
	if p.due(&p.complained) {
		p.log.LogAttrs(ctx, slog.LevelWarn, "incidents cannot be shown", slog.Any("err", err))
	}
}

// due reports whether a complaint was not made within the last minute, and
// takes it as made.
func (p *pages) due(complained *atomic.Int64) bool {
	now, last := p.opt.Now().UnixNano(), complained.Load()
	return (last == 0 || now-last >= int64(time.Minute)) && complained.CompareAndSwap(last, now)
}

// severitySignal shows how loud an incident is; one that is over is grey.
func severitySignal(in alerting.Incident) signal {
	s := signal{Mark: rules.StateNoData, Word: string(in.Severity)}
	if !in.Live() {
		return s
	}
	s.Mark = severityMark(in.Severity)
	return s
}

// severityMark is the class, and with it shape and colour, of a severity.
func severityMark(s rules.Severity) rules.Word {
	switch s {
	case rules.Critical:
		return rules.StateDown
	case rules.High:
		return rules.StateFailing
	case rules.Low:
		return rules.StateDegraded
	default:
		return rules.StateNoData
	}
}

func openMembers(in alerting.Incident) int {
	n := 0
	for _, m := range in.Members {
		if m.Left.IsZero() {
			n++
		}
	}
	return n
}
