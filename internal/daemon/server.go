package daemon

import (
	"bufio"
	"context"
	"iter"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/dashboards"
	"github.com/hookvigil/hookvigil/internal/api"
	"github.com/hookvigil/hookvigil/internal/config"
	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/rules"
)

// newServer puts the HTTP interface together.
func (d *Daemon) newServer(cfg *config.Config) *api.Server {
	return api.New(
		api.Config{Tokens: apiTokens(cfg.Server.Tokens), Listen: cfg.Server.Listen, Version: d.opts.Version},
		api.Deps{
			Registry: d.registry,
			Looks:    shown{d},
			Duties:   duties{d},
			Remarks:  duties{d}.Remarks,
			Defaults: d.registry.Defaults,
			DecodeEntry: func(line []byte) (registry.Merchant, []registry.Endpoint, error) {
				return config.DecodeEntry(line, false)
			},
			Refuses:       d.refuses,
			Cause:         d.causeOf,
			Attempts:      intake{d},
			Rejected:      func(n int) { d.metrics.AttemptsTaken(0, 0, n) },
			Resolver:      d.resolver,
			UsualSource:   d.usualSource,
			Tally:         d.store.Tally,
			Conditions:    d.standing,
			Incidents:     incidents{d},
			Outbox:        outbox{d},
			Silences:      quiets{d},
			Maintenance:   quiets{d},
			Test:          d.testReceiver,
			Digests:       digests{d},
			Subscriptions: subscriptions{d},
			OperatorURL:   d.operatorURL,
			Events:        d.store,
			Backlogs:      backlogs{d},
			SourceViews:   senderViews{d},
			Beat:          func(id string) bool { return d.column.conditions.Beat(id, time.Now()) },
			Interactions:  d.interaction,
			Metrics:       d.metrics.Handler(),
			ProbeMetrics:  d.serveProbeSeries,
			Probe:         http.HandlerFunc(d.serveProbe),
			Web:           d.pages(),
			Observe:       d.metrics.HTTP,
			Panicked:      d.metrics.Panicked,
		}, d.log)
}

// refuses says why the guard will refuse a URL, as far as the URL alone shows
// it: names are resolved when they are dialled.
func (d *Daemon) refuses(raw string) string {
	u, err := probes.ParseURL(raw)
	if err != nil {
		return "" // refused as invalid, elsewhere
	}
	guard := probes.NewGuard(d.settings.Load().Guard)
	if addr, err := netip.ParseAddr(u.Hostname()); err == nil {
		if err := guard.Judge(addr); err != nil {
			return err.Error()
		}
	}
	if err := guard.JudgePort(probes.PortOf(u)); err != nil {
		return err.Error()
	}
	return ""
}

func apiTokens(tokens []config.Token) []api.Token {
	list := make([]api.Token, len(tokens))
	for i, t := range tokens {
		list[i] = api.Token{Name: t.Name, Role: api.Role(t.Role), Merchants: t.Merchants, Source: t.Source, Secret: t.Token}
	}
	return list
}

// shown is the board as the API sees it.
type shown struct{ d *Daemon }

// Endpoint implements api.Looks.
func (s shown) Endpoint(id string) rules.EndpointView {
	w, ok := s.d.registry.Snapshot().Endpoint(id)
	if !ok {
		return rules.EndpointView{}
	}
	return s.d.board.view(w, time.Now())
}

// Target implements api.Looks.
func (s shown) Target(id string) rules.CertificateView {
	t, ok := s.d.registry.Snapshot().Target(id)
	if !ok {
		return rules.CertificateView{}
	}
	return s.d.board.target(t, time.Now())
}

// Reload implements api.Duties.
func (q duties) Reload(ctx context.Context) (api.ReloadReport, error) { return q.d.Reload(ctx) }

// Bounds of /metrics/probes: all endpoints up to 5,000 of them, and never more
// series than a scrape of 10 s can carry (reference ecosystem.md section 4).
const (
	maxProbeSeries = 2_500_000
	unhealthyHold  = 15 * time.Minute
)

// serveProbeSeries answers /metrics/probes?shard=i&shards=n.
func (d *Daemon) serveProbeSeries(w http.ResponseWriter, r *http.Request) {
	opts := dashboards.ProbeOptions{Mode: dashboards.ProbeMode(d.settings.Load().Probes), Limit: maxProbeSeries, Hold: unhealthyHold, Now: time.Now()}
	for key, field := range map[string]*int{"shard": &opts.Shard, "shards": &opts.Shards} {
		if v := r.URL.Query().Get(key); v != "" {
			n, err := strconv.Atoi(v)
			if err != nil {
				http.Error(w, key+" is not a number; wanted ?shard=0&shards=4", http.StatusBadRequest)
				return
			}
			*field = n
		}
	}
	if err := opts.Validate(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", dashboards.ProbesContentType)
	out := bufio.NewWriterSize(w, 64<<10)
	written, err := dashboards.WriteProbes(out, d.probeRows(), opts)
	if err == nil {
		err = out.Flush()
	}
	if err != nil {
		d.log.Debug("probe series not written", "err", err) // the scraper hung up
	}
	d.metrics.ProbeSeriesDropped(written.Dropped)
}

// probeRows yields every endpoint and target for their series.
func (d *Daemon) probeRows() iter.Seq[dashboards.ProbeRow] {
	return func(yield func(dashboards.ProbeRow) bool) {
		snap, now := d.registry.Snapshot(), time.Now()
		for _, w := range snap.Endpoints() {
			if !yield(d.probeRow(w, now)) {
				return
			}
		}
		for _, t := range snap.Targets() {
			if !yield(dashboards.ProbeRow{Endpoint: t.ID, Shown: t.Address, Report: d.board.target(t, now).Report}) {
				return
			}
		}
	}
}

func (d *Daemon) probeRow(w *registry.Watched, now time.Time) dashboards.ProbeRow {
	v := d.board.view(w, now)
	word, _ := rules.EndpointState(v)
	row := dashboards.ProbeRow{Endpoint: w.ID, Merchant: w.Merchant, Shown: w.Shown, State: word, LastUnhealthy: d.board.lastUnhealthy(w.ID)}
	// What nobody looks at any more has no series: a frozen one would never clear.
	if !v.Suspended && !v.Probe.Stale {
		row.Result = v.Probe.Result
	}
	if !v.Suspended && !v.Certificate.Stale {
		row.Report = v.Certificate.Report
	}
	return row
}

// serveProbe answers /probe?target=, blackbox_exporter's contract: the latest
// result of a configured endpoint while it is fresh, else a probe made now.
func (d *Daemon) serveProbe(w http.ResponseWriter, r *http.Request) {
	target := r.URL.Query().Get("target")
	found := d.findTarget(target)
	switch len(found) {
	case 0:
		http.Error(w, "target is not a configured endpoint; give its ID or its URL as shown by /api/v1/endpoints", http.StatusNotFound)
		return
	case 1:
	default:
		http.Error(w, "target is the URL of several endpoints; give the ID of one: "+strings.Join(idsOf(found), ", "), http.StatusBadRequest)
		return
	}
	ep := found[0]
	d.freshen(r.Context(), ep)
	w.Header().Set("Content-Type", dashboards.ProbesContentType)
	if err := dashboards.WriteProbe(w, d.probeRow(ep, time.Now())); err != nil {
		d.log.Debug("probe series not written", "err", err) // the scraper hung up
	}
}

// freshen waits for a result of an endpoint that has none that counts. It
// asks the schedule for its turn, so that never two looks run at a time
// however many ask.
func (d *Daemon) freshen(ctx context.Context, ep *registry.Watched) {
	has := func() bool {
		v := d.board.view(ep, time.Now())
		return !v.Probe.Result.At.IsZero() && !v.Probe.Stale
	}
	if ep.Suspended || has() || !d.probeTurns.Now(ep.ID) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, ep.Probe.Policy.Timeout)
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for !has() {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// findTarget finds an endpoint by ID, or those with that URL, as written or as
// shown.
func (d *Daemon) findTarget(target string) []*registry.Watched {
	snap := d.registry.Snapshot().Registered() // what was only seen is not probed, whoever asks
	if w, ok := snap.Endpoint(target); ok {
		return []*registry.Watched{w}
	}
	var found []*registry.Watched
	for _, w := range snap.Endpoints() {
		if w.URL == target || w.Shown == target {
			found = append(found, w)
		}
	}
	return found
}

// idsOf names at most five endpoints.
func idsOf(list []*registry.Watched) []string {
	var ids []string
	for _, w := range list[:min(len(list), 5)] {
		ids = append(ids, w.ID)
	}
	return ids
}
