package daemon

import (
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/rules"
)

// eventWaits is what waits to be delivered, and what was lost, by endpoint and by
// source: counted in one walk over the open events, for the rules that follow
// them.
type eventWaits struct {
	endpoints map[string]*endpointWaits
	sources   map[string]*rules.RetriesFact
}

// endpointWaits is what one endpoint has to get.
type endpointWaits struct {
	loss    rules.LossFact
	lost    rules.LostFact
	lasts   []time.Time // the last tries of those at risk
	waiting int
	oldest  time.Time // first attempt of the oldest that waits
	fault   string    // of that one's last try

	delivered time.Time // start of the last delivery that is known; zero: none since oldest
}

func newEventWaits() *eventWaits {
	return &eventWaits{endpoints: map[string]*endpointWaits{}, sources: map[string]*rules.RetriesFact{}}
}

// add counts one open event, which is repeated by a schedule.
func (w *eventWaits) add(e deliveries.Event, s deliveries.Schedule, p rules.Pack, now time.Time) {
	at := w.endpoint(e.Endpoint, e.Merchant)
	switch e.StateAt(now) {
	case deliveries.EventPending, deliveries.EventRetrying:
		at.wait(e, p.LossComing, now)
		of := w.source(e.Source)
		of.Waiting++
		if e.MissingRetry(s, now) {
			of.Missing++
		}
	case deliveries.EventExhausted:
		at.lost.Lost++
		if e.ExhaustsAt.After(at.lost.Last) {
			at.lost.Last = e.ExhaustsAt
		}
		if now.Sub(e.ExhaustsAt) < p.EventsLost.Within {
			at.lost.Lately++
		}
	}
}

func (at *endpointWaits) wait(e deliveries.Event, l rules.LossComing, now time.Time) {
	at.waiting++
	at.loss.Undelivered++
	if at.oldest.IsZero() || e.FirstAttemptAt.Before(at.oldest) {
		at.oldest, at.fault = e.FirstAttemptAt, string(e.LastFault)
	}
	if e.ExhaustsAt.IsZero() {
		return
	}
	left := e.ExhaustsAt.Sub(now)
	if left > l.Within {
		return
	}
	at.lasts = append(at.lasts, e.ExhaustsAt)
	at.loss.AtRisk++
	if left <= l.Urgent {
		at.loss.AtRiskUrgent++
	}
}

// lossesTogether is how close together last tries are told as one, as the loss
// clock of the digests does.
const lossesTogether = 10 * time.Minute

// next fills in when the next loss comes, and of how many.
func (at *endpointWaits) next() rules.LossFact {
	f := at.loss
	for _, last := range at.lasts {
		if f.NextAt.IsZero() || last.Before(f.NextAt) {
			f.NextAt = last
		}
	}
	for _, last := range at.lasts {
		if last.Sub(f.NextAt) <= lossesTogether {
			f.NextEvents++
		}
	}
	return f
}

// remember takes over from the walk before when each endpoint got its last
// delivery: those of the last half an hour are known beside it.
func (w *eventWaits) remember(before *eventWaits, lately func(endpoint string) time.Time) {
	for id, at := range w.endpoints {
		at.delivered = lately(id)
		if before != nil && before.endpoints[id] != nil && before.endpoints[id].delivered.After(at.delivered) {
			at.delivered = before.endpoints[id].delivered
		}
	}
}

// unsure returns, in order, the endpoints of which something waits so long that
// it matters when they got their last delivery, and it is not known.
func (w *eventWaits) unsure(long time.Duration, now time.Time) (ids []string, from time.Time) {
	for id, at := range w.endpoints {
		if at.waiting > 0 && now.Sub(at.oldest) >= long && at.delivered.Before(at.oldest) {
			ids = append(ids, id)
			if from.IsZero() || at.oldest.Before(from) {
				from = at.oldest
			}
		}
	}
	slices.Sort(ids)
	return ids, from
}

func (w *eventWaits) endpoint(id, merchant string) *endpointWaits {
	at := w.endpoints[id]
	if at == nil {
		at = &endpointWaits{loss: rules.LossFact{Endpoint: id, Merchant: merchant}, lost: rules.LostFact{Endpoint: id, Merchant: merchant}}
		w.endpoints[id] = at
	}
	return at
}

func (w *eventWaits) source(name string) *rules.RetriesFact {
	of := w.sources[name]
	if of == nil {
		of = &rules.RetriesFact{Source: name}
		w.sources[name] = of
	}
	return of
}
