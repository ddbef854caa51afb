package traffic

import (
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
)

const (
	// usualTook is the median of a delivered attempt, usualSpread the sigma of
	// its logarithm: our own choice, 120 ms and a p99 of half a second.
	usualTook   = 120 * time.Millisecond
	usualSpread = 0.6
	slowSpread  = 0.25
	// sourceLag and queueLag are means: until the event is created, and until
	// its first attempt starts. They keep well under deliveries.DefaultLagLimits.
	sourceLag = 2 * time.Second
	queueLag  = 200 * time.Millisecond
	// jitter is the most that a retry starts after it was due.
	jitter = time.Second
	// againAfter is when a delivered event is sent again (Duplicated).
	againAfter = time.Minute
)

// Generator makes the attempts of a [Config]. It is read-only and safe for
// concurrent use: each of its sequences begins anew and is the same.
type Generator struct {
	config Config
	err    error
}

// New returns the generator of a configuration. One that Validate refuses
// makes no attempts, and [Generator.Err] says why.
func New(c Config) *Generator { return &Generator{config: c, err: c.Validate()} }

// Err returns what Validate found; nil when attempts can be made.
func (g *Generator) Err() error { return g.err }

// Received says when a record of the attempt arrives: Config.Delay after its
// completion, so in the order of [Generator.Attempts].
func (g *Generator) Received(a deliveries.Attempt) time.Time {
	return a.Completed().Add(g.config.Delay)
}

// Attempts yields the attempts that start within Length of Start in the order
// of their completion, retries among them; it may complete after the end. A
// retry that would start after the end is not made. A million attempts take
// about a second, and memory only for what is on the wire or waits for a retry.
func (g *Generator) Attempts() iter.Seq[deliveries.Attempt] {
	return func(yield func(deliveries.Attempt) bool) {
		if g.err != nil {
			return
		}
		r := newRun(g.config)
		for r.startNext() {
			if !r.finish(r.clock, yield) {
				return
			}
		}
		r.finish(math.MaxInt64, yield)
	}
}

// attempt is one on the wire, and what its retry has to know.
type attempt struct {
	deliveries.Attempt
	origin int64 // start of the event's first attempt
	where  traits
	failed bool
	extra  bool // of a delivered event: neither retried nor sent again
}

// run is one pass. Times are nanoseconds since the begin.
type run struct {
	config   Config
	dice     *rand.Rand
	people   *people
	weather  *weather
	pace     pace
	troubles []trouble
	ways     ways
	dead     []bool
	slow     map[int][]Slow

	clock  int64 // start of the newest attempt
	next   int64 // of the next first attempt
	length int64
	events int
	made   int
	wire   queue[attempt] // by completion
	again  queue[attempt] // the attempt before, by the start of the next
}

func newRun(c Config) *run {
	dice := rand.New(rand.NewPCG(c.Seed, 0x68762d74))
	r := &run{
		config: c, dice: dice, people: newPeople(c.Platform), weather: newWeather(c.Rough, dice), pace: newPace(c),
		ways: newWays(c.Failures), dead: make([]bool, c.Platform.Endpoints), slow: map[int][]Slow{}, length: int64(c.Length),
	}
	for _, in := range c.Incidents {
		r.troubles = append(r.troubles, newTrouble(in, c))
	}
	for _, id := range c.Dead {
		r.dead[c.Platform.endpoint(id)] = true
	}
	for _, s := range c.Slow {
		e := c.Platform.endpoint(s.Endpoint)
		r.slow[e] = append(r.slow[e], s)
	}
	r.next = r.pace.after(0, dice)
	return r
}

// startNext moves the clock to what comes next and starts it when it is a
// first or a later attempt; false when nothing comes before the end. A
// completion comes before a start, because it may bring a retry.
func (r *run) startNext() bool {
	start := min(r.next, r.again.first())
	if done := r.wire.first(); done <= start && done < r.length {
		r.clock = done
		return true
	}
	if start >= r.length {
		return false
	}
	r.clock = start
	if r.again.first() < r.next {
		before, _ := r.again.pop()
		r.later(before)
		return true
	}
	r.first()
	r.next = r.pace.after(start, r.dice)
	return true
}

// finish yields what completed up to a time.
func (r *run) finish(upTo int64, yield func(deliveries.Attempt) bool) bool {
	for r.wire.first() <= upTo && r.wire.first() < math.MaxInt64 {
		a, done := r.wire.pop()
		r.plan(a, done)
		if !yield(a.Attempt) {
			return false
		}
		if r.config.Repeated > 0 && r.dice.Float64() < r.config.Repeated && !yield(a.Attempt) {
			return false
		}
	}
	return true
}

// first starts the first attempt of an event.
func (r *run) first() {
	x := r.people.draw(r.dice)
	r.events++
	a := attempt{origin: r.clock, where: x}
	a.Source, a.Number, a.Trigger, a.Mode = r.config.Source, 1, deliveries.Automatic, deliveries.Live
	at, p := &r.people.addresses[x.endpoint], &r.config.Platform
	a.Merchant, a.Endpoint, a.URL = at.merchant, at.endpoint, at.url
	a.Product, a.Channel, a.Type = p.Products[x.product], p.Channels[x.channel], p.Types[x.kind]
	r.name(&a)
	a.StartedAt = r.moment(r.clock)
	a.CreatedAt = a.StartedAt.Add(-r.wait(queueLag))
	a.OccurredAt = a.CreatedAt.Add(-r.wait(sourceLag))
	for _, l := range r.config.LateChannels {
		if l.Channel == a.Channel && l.Has(a.CreatedAt) {
			a.OccurredAt = a.OccurredAt.Add(-l.By)
		}
	}
	r.send(a)
}

// later starts a further attempt of an event.
func (r *run) later(a attempt) {
	a.Number++
	a.Status, a.Error, a.Duration = 0, "", 0
	a.StartedAt = r.moment(r.clock)
	r.nameAttempt(&a)
	r.send(a)
}

// send decides how an attempt ends, and puts it on the wire.
func (r *run) send(a attempt) {
	how, failed := r.fate(a.where)
	a.failed = failed
	a.Status, a.Error, a.Duration = how.Status, how.Error, how.Took
	if a.Duration == 0 {
		a.Duration = r.lasts(usualTook, usualSpread)
	}
	for _, s := range r.slow[a.where.endpoint] {
		if failed || !s.Has(a.StartedAt) {
			continue
		}
		if a.Duration = r.lasts(s.Took, slowSpread); a.Duration > deliveries.DefaultDeadline {
			a.failed, a.Status, a.Error, a.Duration = true, 0, "timeout_response", deliveries.DefaultDeadline
		}
	}
	r.wire.push(r.clock+int64(a.Duration), a)
}

// fate draws whether an attempt fails, and how.
func (r *run) fate(x traits) (Failure, bool) {
	ratio, by := r.weather.ratio(r.config.Healthy, time.Duration(r.clock)), r.ways
	for i := range r.troubles {
		if worse := r.troubles[i].ratio(r.clock, x); worse > ratio {
			ratio, by = worse, r.troubles[i].ways
		}
	}
	if r.dead[x.endpoint] {
		return Failure{Error: "refused"}, true
	}
	if r.dice.Float64() >= ratio {
		return Failure{Status: 200}, false
	}
	return by.draw(r.dice), true
}

// plan decides what follows an attempt that has completed.
func (r *run) plan(a attempt, done int64) {
	if a.extra {
		return
	}
	if !a.failed {
		if r.config.Duplicated > 0 && r.dice.Float64() < r.config.Duplicated {
			a.extra = true
			r.again.push(done+int64(againAfter), a)
		}
		return
	}
	if offsets := r.config.Schedule.Offsets; a.Number <= len(offsets) {
		due := max(a.origin+int64(offsets[a.Number-1])+r.dice.Int64N(int64(jitter)), done)
		has := func(s Span) bool { return s.Has(r.moment(due)) }
		if slices.ContainsFunc(r.config.MissingRetries, has) {
			return
		}
		r.again.push(r.pace.awake(due), a)
	}
}

// lasts draws a duration around a median, of whole microseconds.
func (r *run) lasts(median time.Duration, spread float64) time.Duration {
	d := time.Duration(float64(median) * math.Exp(spread*r.dice.NormFloat64()))
	return max(min(d, time.Hour).Truncate(time.Microsecond), time.Microsecond)
}

// wait draws a span with a mean, of whole microseconds.
func (r *run) wait(mean time.Duration) time.Duration {
	return time.Duration(float64(mean) * r.dice.ExpFloat64()).Truncate(time.Microsecond)
}

func (r *run) moment(at int64) time.Time { return r.config.Start.Add(time.Duration(at)).UTC() }
