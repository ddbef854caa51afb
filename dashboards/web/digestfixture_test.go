package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/hookvigil/hookvigil/alerting/digest"
)

// ledger is a web.DigestSource in memory. The zero ledger has no rows.
type ledger struct {
	rows  []digest.Row
	broke func(context.Context) error // breaks Digests
	asked *[]digest.Filter            // what Digests was asked; nil: nobody notes it
}

func (l ledger) Digests(ctx context.Context, f digest.Filter) ([]digest.Row, error) {
	if l.asked != nil {
		*l.asked = append(*l.asked, f)
	}
	if l.broke != nil {
		if err := l.broke(ctx); err != nil {
			return nil, err
		}
	}
	return l.rows[:min(len(l.rows), f.Limit)], nil
}

// told is a window of six hours that ended then, of a merchant who lives in
// Jakarta; with actions it needs some.
func told(merchant, name string, end time.Time, state digest.State, actions int) digest.Row {
	r := digest.Row{
		Merchant: merchant, Kind: digest.KindHealth, Window: digest.Window{Start: end.Add(-6 * time.Hour), End: end}, Zone: "Asia/Jakarta",
		State: state, Verdict: digest.OK, Covered: 6 * time.Hour, ClosedAt: end.Add(3 * time.Minute), Due: end.Add(20 * time.Minute),
	}
	if merchant == "" {
		r.Kind, r.Zone = digest.KindPlatform, "UTC"
	}
	if actions > 0 {
		r.Verdict = digest.Act
	}
	if state != digest.StateWaiting {
		r.Finished = r.Due.Add(4 * time.Second)
	}
	switch state {
	case digest.StateSent, digest.StateWaiting, digest.StateDead:
		facts := digest.Facts{
			Version: digest.Version, Kind: r.Kind, Merchant: merchant, Name: name, Zone: r.Zone, Window: r.Window,
			Verdict: r.Verdict, Actions: make([]digest.Action, actions),
		}
		snapshot, err := json.Marshal(facts)
		if err != nil {
			panic(fmt.Sprintf("facts: %v", err)) // of a test
		}
		r.Snapshot = snapshot
	default:
		r.Finished = r.ClosedAt
	}
	return r
}

// toldToday is one row for each fate of a window, and one more of fajar, which
// is older than its newest.
func toldToday() []digest.Row {
	end := now.Add(-time.Hour)
	weekly := told("eka", "Eka", now.Add(-55*time.Hour), digest.StateSent, 0)
	weekly.Kind, weekly.Window.Start = digest.KindSummary, weekly.Window.End.Add(-7*day)
	unjudged := told("hadi", "Hadi", end.Add(-12*time.Hour), digest.StateStale, 0)
	unjudged.Verdict = ""
	warned := told("ceres", "Ceres", end, digest.StateSent, 0)
	warned.Verdict = digest.Attention
	return []digest.Row{
		told("acme", "Acme Pte Ltd", end, digest.StateDead, 3),
		told("borneo", "Toko Borneo", end, digest.StateSent, 1),
		warned,
		told("dewi", "Dewi & Sons", end, digest.StateSkipped, 0),
		told("", "", end, digest.StateSent, 0),
		told("fajar", "Fajar", end, digest.StateWaiting, 0),
		told("fajar", "Fajar", end.Add(-6*time.Hour), digest.StateMerged, 0),
		told("indah", "Indah", end.Add(-6*time.Hour), digest.StateMerged, 0),
		told("gita", "Gita", end.Add(-6*time.Hour), digest.StateSuppressed, 0),
		unjudged, weekly,
	}
}
