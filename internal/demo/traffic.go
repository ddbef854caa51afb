package demo

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

const (
	// perSecond is how many first attempts the sender makes a second.
	perSecond = 80
	// mostAtOnce bounds a batch after the machine has slept.
	mostAtOnce = 10 * perSecond
	// brokenSeldom says how much less traffic the two endpoints with trouble of
	// their own have than each of the others: they are not the platform's 4 %.
	brokenSeldom = 20
	// waits is how long the sender waits for an answer. The real one waits 30 s;
	// half a minute would be half an hour of the story.
	waits = 3 * time.Second
)

// retryAfter is the platform's schedule after the first attempt (15 min, 1 h,
// 3 h), as compressed as the story.
func retryAfter() []time.Duration {
	return []time.Duration{15 * time.Minute / compressed, time.Hour / compressed, 3 * time.Hour / compressed}
}

// attempt is one line of POST /api/v1/attempts.
type attempt struct {
	V        int       `json:"v"`
	Source   string    `json:"source"`
	ID       string    `json:"id"`
	Merchant string    `json:"merchant"`
	Endpoint string    `json:"endpoint"`
	Event    string    `json:"event"`
	Type     string    `json:"type"`
	Product  string    `json:"product"`
	Channel  string    `json:"channel"`
	Number   int       `json:"attempt"`
	Trigger  string    `json:"trigger"`
	Started  time.Time `json:"started_at"`
	Millis   int64     `json:"duration_ms"`
	Status   int       `json:"status,omitempty"`
	Error    string    `json:"error,omitempty"`
}

func (a attempt) failed() bool { return a.Error != "" || a.Status > 299 }

// retry is an event that is to be tried again.
type retry struct {
	due   time.Duration // since the begin
	first time.Duration // when it was tried first
	last  attempt
}

// traffic makes up what the sender does. The same seed and the same times give
// the same attempts. It is not safe for concurrent use.
type traffic struct {
	begun   time.Time
	dice    *rand.Rand
	routes  []route
	done    time.Duration // everything before has been made
	made    int           // first attempts
	debt    float64       // failures that are due, to keep to the share exactly
	patient float64       // the debt at which the next one fails
	retries []retry       // by due
}

func newTraffic(begun time.Time, seed uint64) *traffic {
	return &traffic{begun: begun, dice: rand.New(rand.NewPCG(seed, seed)), routes: routes(), patient: 1}
}

// until returns what ended since the last call and before a time since the
// begin: first attempts, and retries that were due.
func (t *traffic) until(since time.Duration) []attempt {
	n := int(since.Seconds()*perSecond) - int(t.done.Seconds()*perSecond)
	from, span := t.done, since-t.done
	t.done = max(t.done, since)
	if n = min(n, mostAtOnce); n <= 0 {
		n = 0
	}
	var list []attempt
	for i := range n {
		list = append(list, t.first(from+span*time.Duration(i)/time.Duration(n)))
	}
	for len(t.retries) > 0 && t.retries[0].due < since {
		r := t.retries[0]
		t.retries = t.retries[1:]
		list = append(list, t.again(r))
	}
	return list
}

// first makes up the first attempt of a new event.
func (t *traffic) first(at time.Duration) attempt {
	t.made++
	r := t.pick()
	a := attempt{
		V: 1, Source: "core", Event: fmt.Sprintf("evt_%06d", t.made), Merchant: r.merchant, Endpoint: r.endpoint,
		Type: r.kind, Product: r.product, Channel: r.channels[t.dice.IntN(len(r.channels))], Number: 1, Trigger: "automatic",
	}
	t.debt += float64(shareAt(at))
	word := brokenAt(r.endpoint, at)
	if word == "" && t.debt >= t.patient {
		word = t.reason(at)
	}
	if word != "" {
		t.debt--
		t.patient = 0.5 + t.dice.Float64() // no drumbeat, and the same share in the long run
	}
	return t.end(a, at, at, word)
}

// pick draws an endpoint.
func (t *traffic) pick() route {
	for {
		r := t.routes[t.dice.IntN(len(t.routes))]
		seldom := r.endpoint == hangingEndpoint || r.endpoint == expiringEndpoint
		if !seldom || t.dice.IntN(brokenSeldom) == 0 {
			return r
		}
	}
}

// again makes up the next attempt of an event that failed.
func (t *traffic) again(r retry) attempt {
	a := r.last
	a.Number++
	word := brokenAt(a.Endpoint, r.due)
	if word == "" && t.dice.Float64() < float64(shareAt(r.due)) {
		word = t.reason(r.due)
	}
	return t.end(a, r.due, r.first, word)
}

// reason draws how an attempt fails that the endpoint has no part in.
func (t *traffic) reason(at time.Duration) string {
	words := []string{"500", "timeout_response", "reset"}
	if at >= trouble && at < fullFix {
		words = []string{"tls_handshake", "timeout_tls", "timeout_response"}
	}
	return words[t.dice.IntN(len(words))]
}

// end completes a at a time since the begin. A word says why it failed; then
// it is tried again, as long as the schedule knows how.
func (t *traffic) end(a attempt, at, first time.Duration, word string) attempt {
	took := time.Duration(60+t.dice.IntN(300)) * time.Millisecond
	a.Status, a.Error = 200, ""
	switch word {
	case "":
	case "500":
		a.Status = 500
	case "timeout_response", "timeout_tls":
		took = waits
		fallthrough
	default:
		a.Status, a.Error = 0, word
	}
	a.ID = fmt.Sprintf("att_%s_%d", a.Event[len("evt_"):], a.Number)
	a.Started, a.Millis = t.begun.Add(at-took).UTC(), took.Milliseconds()
	if schedule := retryAfter(); a.failed() && a.Number <= len(schedule) {
		t.plan(retry{due: first + schedule[a.Number-1], first: first, last: a})
	}
	return a
}

func (t *traffic) plan(r retry) {
	at, _ := slices.BinarySearchFunc(t.retries, r, func(a, b retry) int { return int(a.due - b.due) })
	t.retries = slices.Insert(t.retries, at, r)
}
