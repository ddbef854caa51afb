package conditions

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/rules"
)

// Waits is what waits to be delivered, and what was lost, by endpoint and by
// source: counted in one walk over the open events, for the rules that follow
// them. Once [Conditions.Waiting] has it, it is read-only. It is not safe for
// concurrent use before.
type Waits struct {
	endpoints map[string]*EndpointWaits
	sources   map[string]*rules.RetriesFact

	unheardFrom, unheardTo time.Time // a time in which nobody heard of tries; zero: there was none
	unsure                 map[rules.Scope]bool
}

// Unheard says that between two moments nobody could hear what was tried, and
// that senders may still tell it. Of whom an event had a try due then, nothing is
// decided: it may be delivered, and what is missing may be on its way.
func (w *Waits) Unheard(from, to time.Time) { w.unheardFrom, w.unheardTo = from, to }

// doubt notes whose event may have had a try in the time in which nobody heard.
func (w *Waits) doubt(e deliveries.Event, s deliveries.Schedule) {
	due := e.NextRetryAt
	if w.unheardTo.IsZero() || due.IsZero() || !due.Before(w.unheardTo) || due.Add(s.Tolerance(due.Sub(e.FirstAttemptAt))).Before(w.unheardFrom) {
		return
	}
	w.unsure[rules.ScopeOf(rules.ScopeEndpoint, e.Endpoint)] = true
	w.unsure[rules.ScopeOf(rules.ScopeSource, e.Source)] = true
}

// EndpointWaits is what one endpoint has to get. The zero value is nothing.
type EndpointWaits struct {
	Waiting   int       // events
	Oldest    time.Time // first attempt of the oldest that waits; zero: none does
	Fault     string    // of that one's last try
	Delivered time.Time // start of the last delivery that is known; zero: none since Oldest

	loss  rules.LossFact
	lost  rules.LostFact
	lasts []time.Time // the last tries of those at risk
}

// Endpoint returns what an endpoint has to get.
func (w *Waits) Endpoint(id string) EndpointWaits {
	if w != nil && w.endpoints[id] != nil {
		return *w.endpoints[id]
	}
	return EndpointWaits{}
}

// Losses is the loss clock of an endpoint, or of many.
type Losses struct {
	Waiting int       // events that failed and are not delivered
	AtRisk  int       // of these, at risk by LossComing.Within (deliveries.Event.AtRisk)
	Next    time.Time // when the first of them gets it; zero: none
	Lost    int       // got it, and were not delivered
}

// Plus adds up.
func (l Losses) Plus(o Losses) Losses {
	l.Waiting, l.AtRisk, l.Lost = l.Waiting+o.Waiting, l.AtRisk+o.AtRisk, l.Lost+o.Lost
	if l.Next.IsZero() || !o.Next.IsZero() && o.Next.Before(l.Next) {
		l.Next = o.Next
	}
	return l
}

// LossesOf returns the loss clock of an endpoint.
func (w *Waits) LossesOf(endpoint string) Losses {
	if w == nil || w.endpoints[endpoint] == nil {
		return Losses{}
	}
	at := w.endpoints[endpoint]
	next := at.next()
	return Losses{Waiting: at.Waiting, AtRisk: next.AtRisk, Next: next.NextAt, Lost: at.lost.Lost}
}

// Losses returns the loss clock of all endpoints.
func (w *Waits) Losses() Losses {
	var all Losses
	if w == nil {
		return all
	}
	for id := range w.endpoints {
		all = all.Plus(w.LossesOf(id))
	}
	return all
}

// NewWaits returns one that has counted nothing.
func NewWaits() *Waits {
	return &Waits{endpoints: map[string]*EndpointWaits{}, sources: map[string]*rules.RetriesFact{}, unsure: map[rules.Scope]bool{}}
}

// AddOfSource counts one open event for its source alone: its endpoint is not
// watched.
func (w *Waits) AddOfSource(e deliveries.Event, s deliveries.Schedule, now time.Time) {
	w.doubt(e, s)
	if state := e.StateAt(now); state != deliveries.EventPending && state != deliveries.EventRetrying {
		return
	}
	of := w.source(e.Source)
	of.Waiting++
	if e.MissingRetry(s, now) {
		of.Missing++
	}
}

// Add counts one open event, which is repeated by a schedule.
func (w *Waits) Add(e deliveries.Event, s deliveries.Schedule, p rules.Pack, now time.Time) {
	w.AddOfSource(e, s, now)
	at := w.endpoint(e.Endpoint, e.Merchant)
	switch e.StateAt(now) {
	case deliveries.EventPending, deliveries.EventRetrying:
		at.wait(e, s, p.LossComing, now)
	case deliveries.EventDelivered, deliveries.EventCanceled: // nothing waits, and nothing was lost
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

func (at *EndpointWaits) wait(e deliveries.Event, s deliveries.Schedule, l rules.LossComing, now time.Time) {
	at.Waiting++
	at.loss.Undelivered++
	if at.Oldest.IsZero() || e.FirstAttemptAt.Before(at.Oldest) {
		at.Oldest, at.Fault = e.FirstAttemptAt, string(e.LastFault)
	}
	if !e.ExhaustsAt.IsZero() {
		at.loss.Within = max(at.loss.Within, s.RiskWithin(l.Within))
	}
	if !e.AtRisk(s, l.Within, now) {
		return
	}
	at.lasts = append(at.lasts, e.ExhaustsAt)
	at.loss.AtRisk++
	if e.ExhaustsAt.Sub(now) <= l.Urgent {
		at.loss.AtRiskUrgent++
	}
}

// lossesTogether is how close together last tries are told as one, as the loss
// clock of the digests does.
const lossesTogether = 10 * time.Minute

// next fills in when the next loss comes, and of how many.
func (at *EndpointWaits) next() rules.LossFact {
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

// Remember takes over from the walk before when each endpoint got its last
// delivery: those of the last half an hour are known beside it.
func (w *Waits) Remember(before *Waits, lately func(endpoint string) time.Time) {
	for id, at := range w.endpoints {
		at.Delivered = lately(id)
		if before != nil && before.endpoints[id] != nil && before.endpoints[id].Delivered.After(at.Delivered) {
			at.Delivered = before.endpoints[id].Delivered
		}
	}
}

// Unsure returns, in order, the endpoints of which something waits so long that
// it matters when they got their last delivery, and it is not known.
func (w *Waits) Unsure(long time.Duration, now time.Time) (ids []string, from time.Time) {
	for id, at := range w.endpoints {
		if at.Waiting > 0 && now.Sub(at.Oldest) >= long && at.Delivered.Before(at.Oldest) {
			ids = append(ids, id)
			if from.IsZero() || at.Oldest.Before(from) {
				from = at.Oldest
			}
		}
	}
	slices.Sort(ids)
	return ids, from
}

func (w *Waits) endpoint(id, merchant string) *EndpointWaits {
	at := w.endpoints[id]
	if at == nil {
		at = &EndpointWaits{loss: rules.LossFact{Endpoint: id, Merchant: merchant}, lost: rules.LostFact{Endpoint: id, Merchant: merchant}}
		w.endpoints[id] = at
	}
	return at
}

func (w *Waits) source(name string) *rules.RetriesFact {
	of := w.sources[name]
	if of == nil {
		of = &rules.RetriesFact{Source: name}
		w.sources[name] = of
	}
	return of
}

// DeliveredTo notes that something was delivered to an endpoint at a moment.
func (w *Waits) DeliveredTo(endpoint string, at time.Time) {
	if e := w.endpoints[endpoint]; e != nil && at.After(e.Delivered) {
		e.Delivered = at
	}
}

// Waiting takes what waits and what was lost. Where a condition stands and
// nothing is left, that is a fact too; where a try may not have been heard (see
// [Waits.Unheard]) there is none.
func (c *Conditions) Waiting(w *Waits, now time.Time) {
	c.mu.Lock()
	owner := c.cfg.Owner
	c.mu.Unlock()
	for _, s := range c.Standing() {
		kind, id := s.Scope.Split()
		switch {
		case kind == rules.ScopeEndpoint && (s.Rule == rules.RuleLossComing || s.Rule == rules.RuleEventsLost):
			w.endpoint(id, s.Merchant)
		case kind == rules.ScopeSource && s.Rule == rules.RuleRetriesMissing:
			w.source(id)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(w.endpoints)) {
		if w.unsure[rules.ScopeOf(rules.ScopeEndpoint, id)] {
			continue
		}
		loss, lost := w.endpoints[id].next(), w.endpoints[id].lost
		if owner != nil {
			merchant, host := owner(id)
			loss.Merchant, loss.Host = cmp.Or(merchant, loss.Merchant), host
			lost.Merchant, lost.Host = loss.Merchant, host
		}
		c.losing(loss, now)
		c.lost(lost, now)
	}
	for _, name := range slices.Sorted(maps.Keys(w.sources)) {
		if w.unsure[rules.ScopeOf(rules.ScopeSource, name)] {
			continue
		}
		c.retrying(*w.sources[name], now)
	}
}
