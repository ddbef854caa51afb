package ingest

import (
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/probes"
)

// EventQuery asks for events, newest first attempt first. The zero value asks
// for the newest of all. Fields are met together.
type EventQuery struct {
	Merchants []string                // of one of these; empty: of any, also of none
	Endpoint  string                  // at this endpoint; empty: at any
	Source    string                  // of this source; empty: of any
	States    []deliveries.EventState // in one of these at Now; empty: in any
	Type      string
	Product   string
	Channel   string
	Key       string    // about this business key
	From, To  time.Time // the first attempt started in the half-open window; zero: open
	Now       time.Time // for states that the clock changes; required
	Limit     int       // most events to return, 1 to 1000
	After     string    // Next of the page before; empty: from the newest on
}

// EventPage is some of the events that a query asks for.
type EventPage struct {
	Events []deliveries.Event
	// Next goes on behind this page; empty: it was the last. A page may hold
	// less than Limit and still have a Next: a query that few events meet looks
	// at so many rows and no more.
	Next string
}

// Told is one attempt as it is kept: what its source said, and how it was
// judged then. URL and ExpiresAt are not kept.
type Told struct {
	deliveries.Attempt

	Fault    probes.Fault // FaultNone: delivered
	Share    Share        // how it was counted
	Received time.Time    // by the log
}

// EventStory is all that is kept of one event: where it stands at each
// endpoint, by endpoint, and every attempt, by start. An event that was
// delivered at once has no Event stored; it is told from its attempts.
type EventStory struct {
	Events   []deliveries.Event
	Attempts []Told
}

// AttemptQuery asks for the attempts of one endpoint, newest first.
type AttemptQuery struct {
	Endpoint string
	Failed   bool      // those alone that failed
	From, To time.Time // started in the half-open window; zero: open
	Limit    int       // most to return, 1 to 1000
	After    string    // Next of the page before
}

// AttemptPage is some of the attempts that a query asks for; Next as in
// [EventPage].
type AttemptPage struct {
	Attempts []Told
	Next     string
}

// Facet is one word that attempts were told with, such as a channel.
type Facet struct {
	Kind  string // source, type, product, channel
	Value string
	Since time.Time // it was seen first
}
