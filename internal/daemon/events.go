package daemon

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/internal/api"
)

// Sources implements api.Sources: what each source sent since the start.
func (s senderViews) Sources(context.Context) ([]api.SourceView, error) {
	now := time.Now()
	var list []api.SourceView
	heard := map[string]bool{}
	for _, r := range s.d.column.senders.Report(now) {
		heard[r.Source] = true
		v := api.SourceView{
			Name: r.Source, Declared: r.Declared, Effective: r.Grade, Why: r.Why, Since: s.d.started, LastAttemptAt: r.Newest,
			Received: r.Counted + r.Replaced + r.Duplicates, Rejected: r.Contradicted + r.Outside, Late: r.Late,
			LagClasses: r.Lags, Order: &r.Order,
		}
		for kind, span := range r.Spans {
			v.Lags = append(v.Lags, api.SourceLag{Kind: kind, Events: span.Events, P50: span.P50, P99: span.P99})
		}
		slices.SortFunc(v.Lags, func(a, b api.SourceLag) int { return strings.Compare(a.Kind, b.Kind) })
		list = append(list, v)
	}
	for _, c := range s.d.settings.Load().Sources {
		if !heard[c.ID] { // nothing came since the start
			list = append(list, api.SourceView{Name: c.ID, Declared: c.Grade, Effective: c.Grade, Since: s.d.started})
		}
	}
	return list, nil
}

// senderViews are the sources of attempts, as the API sees them.
type senderViews struct{ d *Daemon }

// retain lets go of what is older than the configuration says.
func (d *Daemon) retain(ctx context.Context) {
	done, err := d.store.Retain(ctx, time.Now(), d.settings.Load().Retention)
	if done.Slot != "" || done.Failures != "" {
		d.log.Info("history that is not kept any more was dropped", "day", done.Slot, "carried_on", done.Carried, "failures_of", done.Failures,
			"rollups", done.Rollups, "events", done.Events)
	}
	if err != nil && ctx.Err() == nil {
		d.log.Error("history that is not kept any more stays", "err", err)
		d.metrics.StoreFailed("retain")
	}
}
