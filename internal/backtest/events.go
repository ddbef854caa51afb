package backtest

import (
	"cmp"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest"
	"github.com/hookvigil/hookvigil/probes"
)

const (
	// followedFor is for how long an event is followed that nobody sends any
	// more: as the daemon tells of what was lost.
	followedFor = 24 * time.Hour
	// mostTries bounds those kept of one event: the longest schedule has 99, and
	// people may add to them.
	mostTries = 200
	// mostWords bounds the names that are kept for reuse.
	mostWords = 100_000
)

// events are those that failed, and that wait to be delivered or were lost
// lately. Like the daemon's they are made of the tries of each.
type events struct {
	most     int
	schedule func(endpoint string) deliveries.Schedule
	seen     *known // identities of attempts that came before, and of the one that is taken

	list      []openEvent // in the order of their first failure, but for those that took the place of one that left
	places    map[uint64]int
	delivered *known // keys of events, of which the first attempt did not say it
	words     map[string]string
	beyond    int // failed tries of events that there was no room for
}

// openEvent is one event that failed: some 0.7 KB.
type openEvent struct {
	key      uint64
	event    deliveries.Event
	tries    []deliveries.Try
	schedule deliveries.Schedule
}

func newEvents(s Settings, seen *known) *events {
	return &events{
		most: s.MostOpen, schedule: s.World.Schedule, seen: seen, places: map[uint64]int{}, delivered: newKnown(s.MostKnown),
		words: map[string]string{},
	}
}

// took follows an attempt that is no repeat. An event exists once a try of it
// failed, and no longer than until one is good: then it is returned.
func (o *events) took(e *ingest.Entry) (delivered deliveries.Event, ok bool) {
	a := &e.Attempt
	if a.Endpoint == "" || a.Mode == deliveries.Test || a.Synthetic() {
		return deliveries.Event{}, false
	}
	good := e.Fault == probes.FaultNone
	if good && len(o.list) == 0 && isFirst(a) {
		return deliveries.Event{}, false // the usual
	}
	key := keyOf(a)
	place, open := o.places[key]
	switch {
	case open:
		return o.add(place, e)
	case good && isFirst(a): // its identity says so
	case good:
		o.delivered.has(key)
	case o.delivered.holds(key) || o.first(*a): // whatever is tried again of it
	case len(o.list) >= o.most:
		o.beyond++
	default:
		o.places[key] = len(o.list)
		o.list = append(o.list, openEvent{key: key, schedule: o.schedule(a.Endpoint)})
		return o.add(len(o.list)-1, e)
	}
	return deliveries.Event{}, false
}

func isFirst(a *deliveries.Attempt) bool { return a.Number == 1 && a.Trigger != deliveries.Manual }

// first reports whether the first attempt of the event came before: it did not
// fail, or the event would be known, unless it left long ago.
func (o *events) first(a deliveries.Attempt) bool {
	if isFirst(&a) {
		return false
	}
	a.Number, a.Trigger = 1, deliveries.Automatic
	return o.seen.holds(numberOf(&a))
}

// add makes the event anew with one more try, and returns it when it is
// delivered by that.
func (o *events) add(place int, e *ingest.Entry) (deliveries.Event, bool) {
	at, a := &o.list[place], &e.Attempt
	try := deliveries.Try{
		Number: a.Number, Manual: a.Trigger == deliveries.Manual, StartedAt: a.StartedAt, Duration: a.Duration, Status: a.Status, Fault: e.Fault,
	}
	if len(at.tries) < mostTries {
		at.tries = append(at.tries, try)
	} else {
		at.tries[mostTries-1] = try // the newest decides, and those before it say where it began
	}
	base := at.event
	base.Source, base.Endpoint = o.word(a.Source), o.word(a.Endpoint)
	base.Merchant, base.Channel = cmp.Or(base.Merchant, o.word(a.Merchant)), cmp.Or(base.Channel, o.word(a.Channel))
	base.OccurredAt, base.CreatedAt = cmp.Or(base.OccurredAt, a.OccurredAt), cmp.Or(base.CreatedAt, a.CreatedAt)
	base.ExpiresAt = cmp.Or(base.ExpiresAt, a.ExpiresAt)
	at.event = deliveries.EventOf(base, at.tries, at.schedule)
	now := at.event
	if now.State != deliveries.EventDelivered {
		return deliveries.Event{}, false
	}
	o.delivered.has(at.key)
	o.drop(place)
	return now, true
}

// each tells of every event that waits or was lost within a day, in an order
// that the log alone decides, and lets go of the others.
func (o *events) each(now time.Time, tell func(*openEvent)) {
	for i := 0; i < len(o.list); {
		at := &o.list[i]
		if at.over(now) {
			o.drop(i)
			continue
		}
		if at.event.State != deliveries.EventCanceled {
			tell(at)
		}
		i++
	}
}

// over reports whether nothing of an event matters any more.
func (e *openEvent) over(now time.Time) bool {
	switch {
	case !e.event.ExhaustsAt.IsZero():
		return now.Sub(e.event.ExhaustsAt) > followedFor && e.event.StateAt(now) == deliveries.EventExhausted
	case e.event.NextRetryAt.IsZero(): // canceled, or nobody knows when it is tried again
		return now.Sub(e.event.LastAttemptAt) > followedFor
	default:
		return false
	}
}

// rests reports whether time alone changes nothing.
func (o *events) rests() bool { return len(o.list) == 0 }

// drop lets go of one; the last takes its place.
func (o *events) drop(place int) {
	last := len(o.list) - 1
	delete(o.places, o.list[place].key)
	if place != last {
		o.list[place] = o.list[last]
		o.places[o.list[place].key] = place
	}
	o.list[last] = openEvent{}
	o.list = o.list[:last]
}

// word returns a text that holds no other in memory: those of an attempt are
// one piece.
func (o *events) word(s string) string {
	if w, ok := o.words[s]; ok {
		return w
	}
	if len(o.words) >= mostWords {
		clear(o.words) // what is in use stays in memory all the same
	}
	w := strings.Clone(s)
	o.words[w] = w
	return w
}

// keyOf names the event of an attempt: FNV-1a over source, endpoint and event,
// each with its end. Of a million two are alike by chance once in 40 million
// logs.
func keyOf(a *deliveries.Attempt) uint64 {
	const offset, prime = 14695981039346656037, 1099511628211
	h := uint64(offset)
	for _, s := range [...]string{a.Source, a.Endpoint, a.Event} {
		for i := range len(s) {
			h = (h ^ uint64(s[i])) * prime
		}
		h = (h ^ 0x1ff) * prime // no byte is that
	}
	return h
}
