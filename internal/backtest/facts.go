package backtest

import (
	"cmp"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/internal/conditions"
	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest"
	"github.com/hookvigil/hookvigil/rules"
)

// facts is what the rules beyond ratios are told each minute of log time, as
// the daemon's jobs tell it each minute: what waits and what was lost, how
// sources send, and how long endpoints take.
type facts struct {
	world   World
	from    time.Time // begin of the log: nobody listened before
	players []*player
	lately  *ingest.Lately
	senders *ingest.Senders
	events  *events
	answers *answers
	waits   []*conditions.Waits // of the players; nil: before the first minute
	late    []lateEvent         // of the group that is gathered
}

// lateEvent is one that was delivered after a failure, by the last of so many
// attempts of its group.
type lateEvent struct {
	after int
	event deliveries.Event
}

func newFacts(r *replay, players []*player) *facts {
	window, s := time.Duration(0), r.settings
	for _, p := range players {
		window = max(window, p.pack.EndpointSlow.Window)
	}
	return &facts{
		world: s.World, players: players, lately: r.lately, events: newEvents(s, r.known), senders: ingest.NewSenders(s.World.Declared, nil),
		answers: newAnswers(cmp.Or(s.World.Failing, rules.BucketLength), window), waits: make([]*conditions.Waits, len(players)),
	}
}

// follow takes an attempt that is no repeat, the last of so many of its group.
func (f *facts) follow(e *ingest.Entry, nth int) {
	if delivered, ok := f.events.took(e); ok {
		f.late = append(f.late, lateEvent{nth, delivered})
	}
}

// took follows a group, in the order of the log: whatever a group is, senders
// meet its attempts and its events in turn.
func (f *facts) took(g ingest.Group, v []ingest.Verdict) {
	from := 0
	for _, l := range f.late {
		f.senders.Took(ingest.Group{Entries: g.Entries[from:l.after], Next: g.Next, At: g.At}, v[from:l.after])
		f.senders.Told(l.event)
		from = l.after
	}
	f.late = f.late[:0]
	f.senders.Took(ingest.Group{Entries: g.Entries[from:], Next: g.Next, At: g.At}, v[from:])
	for i := range g.Entries {
		if v[i] == ingest.Counted {
			f.answers.took(&g.Entries[i])
		}
	}
}

// minute tells what is known then.
func (f *facts) minute(now time.Time) {
	f.wait(now)
	for _, p := range f.players {
		f.judgeSources(p, now)
		if now.Minute()%5 == 0 {
			f.answers.facts(p.pack.EndpointSlow, now, func(s rules.SlowFact) {
				s.Merchant, s.Host = ownerOf(f.world.Known, s.Endpoint)
				if w, ok := f.world.Known.Endpoint(s.Endpoint); ok {
					s.Deadline = w.Deadline
				}
				p.conditions.Slow(s, now)
			})
		}
	}
}

// wait tells what waits to be delivered, and what was lost.
func (f *facts) wait(now time.Time) {
	waits := make([]*conditions.Waits, len(f.players))
	for i := range waits {
		waits[i] = conditions.NewWaits()
	}
	f.events.each(now, func(e *openEvent) {
		if w, ok := f.world.Known.Endpoint(e.event.Endpoint); ok && w.Suspended {
			return // nobody wants to know
		}
		for i, p := range f.players {
			waits[i].Add(e.event, e.schedule, p.pack, now)
		}
	})
	for i, p := range f.players {
		w := waits[i]
		w.Remember(f.waits[i], f.lately.Delivered)
		ids, _ := w.Unsure(p.oldestFor, now)
		for _, id := range ids {
			if w.Endpoint(id).Oldest.Before(f.from) {
				w.DeliveredTo(id, f.from) // perhaps it was: the log does not say
			}
		}
		p.conditions.Waiting(w, now)
	}
	f.waits = waits
}

// judgeSources tells how sources send.
func (f *facts) judgeSources(p *player, now time.Time) {
	for _, fact := range f.senders.Upstream(now, p.pack.UpstreamDelay.Window) {
		p.conditions.Delayed(fact, now)
	}
	last := map[string]time.Time{}
	quiet := f.senders.Quiet(now, f.from)
	for _, fact := range quiet {
		_, source := fact.Scope.Split()
		last[source] = fact.Last
	}
	for _, fact := range f.senders.Duplicates(now, p.pack.Duplicates.Window) {
		p.conditions.Duplicated(fact, now)
	}
	f.endStale(p, last, now)
	for _, fact := range quiet {
		if s, open := p.conditions.Open(rules.RuleSilence, fact.Scope); open && !fact.Known && !fact.Last.After(s.Episode.Since) {
			p.conditions.End(rules.RuleSilence, fact.Scope, "nothing came for so long that nothing is ordinary any more", now)
			continue
		}
		p.conditions.Quiet(fact, now)
	}
}

// quietFor is how long a condition about what came lately stays open while
// nothing comes that could clear it: as in the daemon.
const quietFor = 24 * time.Hour

// endStale ends the conditions of channels and sources that send nothing more,
// and of endpoints that get nothing more; last says when each source sent.
func (f *facts) endStale(p *player, last map[string]time.Time, now time.Time) {
	for _, s := range p.conditions.Standing() {
		if s.Episode.Phase != rules.PhaseOpen || now.Sub(s.OpenedAt) < quietFor {
			continue
		}
		kind, id := s.Scope.Split()
		switch {
		case s.Rule == rules.RuleEndpointSlow && now.Sub(f.lately.Delivered(id)) >= quietFor:
			p.conditions.End(s.Rule, s.Scope, "it got nothing for a day", now)
		case s.Rule == rules.RuleUpstreamDelay && !f.confirms(id, p.pack.UpstreamDelay.Window, now),
			s.Rule == rules.RuleDuplicates && now.Sub(last[id]) >= quietFor:
			p.conditions.End(s.Rule, s.Scope, "nothing came from this "+kind+" for a day", now)
		}
	}
}

// confirms reports whether a channel told of anything lately.
func (f *facts) confirms(channel string, window time.Duration, now time.Time) bool {
	return slices.ContainsFunc(f.senders.Upstream(now, max(window, quietFor)), func(u rules.UpstreamFact) bool {
		return u.Channel == channel && u.N > 0
	})
}

// undelivered adds to what a probe saw what the endpoint had to get a minute
// ago.
func (f *facts) undelivered(d rules.DownFact) rules.DownFact {
	at := f.waits[0].Endpoint(d.Endpoint) // it is the same by all settings
	d.Oldest, d.Waiting, d.LastFault, d.DeliveredAtAll = at.Oldest, at.Waiting, at.Fault, at.Delivered
	if lately := f.lately.Delivered(d.Endpoint); lately.After(d.DeliveredAtAll) {
		d.DeliveredAtAll = lately
	}
	return d
}
