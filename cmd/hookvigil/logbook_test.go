package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/hooktest/traffic"
)

// logBegin is when the logs of the rule pack begin.
var logBegin = time.Date(2023, 11, 11, 0, 0, 0, 0, time.UTC)

// logbook is a log that a test writes, line by line in any order.
type logbook struct {
	from   time.Duration // beside begins then
	events int
	lines  []logged
}

type logged struct {
	at   time.Time // received
	line string
}

// Of attempts without a status.
const (
	timeout     = 0
	senderError = -1
)

// sent says what an event is like. Nothing is said where it is empty.
type sent struct {
	to, channel, product, kind string
	took                       time.Duration // 0: 0.1 s
	lag                        time.Duration // from what happened to its event
}

// tries writes an event's attempts by the schedule xendit, the first of them
// at so long after the begin, each with a status.
func (l *logbook) tries(at time.Duration, s sent, codes ...int) {
	schedule, _ := deliveries.Preset("xendit")
	event := ""
	for i, code := range codes {
		if i == 0 {
			event = l.attempt(at, s, 1, code)
			continue
		}
		l.again(at+schedule.Offsets[i-1], event, s, i+1, code)
	}
}

// attempt writes one attempt of a new event, and returns the event.
func (l *logbook) attempt(at time.Duration, s sent, number, code int) (event string) {
	l.events++
	event = fmt.Sprint("e", l.events)
	l.again(at, event, s, number, code)
	return event
}

// again writes one attempt of an event.
func (l *logbook) again(at time.Duration, event string, s sent, number, code int) {
	a := deliveries.Attempt{
		Source: "core", Event: event, Endpoint: s.to, Channel: s.channel, Product: s.product, Type: s.kind, Key: "k" + event,
		StartedAt: logBegin.Add(at), Number: number, Status: code, Duration: cmp.Or(s.took, 100*time.Millisecond),
	}
	if number == 1 {
		a.CreatedAt = a.StartedAt
	}
	switch code {
	case timeout:
		a.Error, a.Duration = "timeout", 30*time.Second
	case senderError:
		a.Status, a.Error = 0, "sender_error"
	}
	if s.lag > 0 {
		a.OccurredAt = a.StartedAt.Add(-s.lag)
	}
	l.lines = append(l.lines, logged{a.Completed(), string(traffic.AppendRecord(nil, a))})
}

// beside writes deliveries of acme-payouts, one in each step.
func (l *logbook) beside(long, step time.Duration) {
	for at := time.Duration(0); at < long; at += step {
		l.tries(l.from+at, sent{to: "acme-payouts"}, 200)
	}
}

// probe writes what a probe found: its verdict, and what follows it.
func (l *logbook) probe(at time.Duration, endpoint, verdict string) {
	when := logBegin.Add(at)
	l.lines = append(l.lines, logged{when, fmt.Sprintf(`{"kind":"probe","endpoint":%q,"at":%q,"level":"reach","verdict":%s}`+"\n",
		endpoint, when.Format(time.RFC3339), verdict)})
}

// look writes what a round of looks found.
func (l *logbook) look(at time.Duration, of, verdict string) {
	when := logBegin.Add(at)
	l.lines = append(l.lines, logged{when, fmt.Sprintf(`{"kind":"certificate",%s,"at":%q,"verdict":%s}`+"\n", of, when.Format(time.RFC3339), verdict)})
}

// text is the log in the order in which it was received.
func (l *logbook) text() string {
	slices.SortStableFunc(l.lines, func(a, b logged) int { return a.at.Compare(b.at) })
	var b strings.Builder
	for _, one := range l.lines {
		b.WriteString(one.line)
	}
	return b.String()
}
