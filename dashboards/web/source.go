package web

import (
	"context"
	"iter"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/rules"
)

// Source is what the pages read. Its methods are called from many requests at
// once and must be safe for that; those without a context must not block on
// I/O. What they return is not changed by the pages.
type Source interface {
	IncidentSource
	DigestSource
	// Summary tells of the daemon itself.
	Summary() Summary
	// Entries yields every endpoint, ordered by ID. It runs once per request of
	// the overview, so that it should cost no more than a walk over memory:
	// 100,000 endpoints in about 10 ms.
	Entries() iter.Seq[Entry]
	// Endpoint tells everything of one endpoint. It is called for the 100 of a page.
	Endpoint(id string) (Endpoint, bool)
	// Targets returns the targets of our own, ordered by ID.
	Targets() []Target
	// Ratios tells how deliveries go: the platform first, then the worst
	// channels. The pages show the first 20 that have a first attempt.
	Ratios() []Ratio
	// Conditions returns those that are pending or open, in any order. It is
	// called once for the overview and for the page of an endpoint.
	Conditions() []rules.Standing
}

// IncidentSource is where the pages read incidents: a store, which may fail.
// They give it 3 s for a page; whatever fails then costs the page its
// incidents and nothing else.
type IncidentSource interface {
	// Incidents returns incidents, newest first. The overview asks it for all
	// that live, 1,000 at a time and 5,000 at most.
	Incidents(ctx context.Context, f alerting.IncidentFilter) ([]alerting.Incident, error)
	// Incident returns one incident and its timeline, oldest first. An unknown
	// ID is alerting.ErrNoIncident. The overview calls it for the ten it shows.
	Incident(ctx context.Context, id string) (alerting.Incident, []alerting.Entry, error)
}

// Ratio is how first attempts went in one scope of late. Without a First it
// says nothing and is not shown.
type Ratio struct {
	Scope  rules.Scope
	First  int           // first attempts
	Failed int           // of them
	Window time.Duration // in which they were counted, up to now
	Open   bool          // a condition on this ratio is open
}

// Summary tells of the daemon itself.
type Summary struct {
	Version  string
	Started  time.Time
	Problems []string // what keeps the daemon from its duty, one sentence each; none: on duty
	Reload   Reload
}

// Reload tells of the configuration. The zero value says nothing.
type Reload struct {
	InForce time.Time // when the configuration in force was loaded
	Refused time.Time // when a newer one was refused; zero: none was
	Problem string    // why it was refused
}

// Entry is what the overview needs of each endpoint to filter, search and
// order it.
type Entry struct {
	ID           string
	MerchantID   string
	MerchantName string // as the merchant spells it: any text; empty: the ID
	Shown        string // URL as people may see it: no query, no user info
	State        rules.Word
}

// Endpoint is everything that is known of one endpoint.
type Endpoint struct {
	Entry
	View     rules.EndpointView
	Reasons  []rules.Reason
	Finding  rules.Finding // why, by all signals together; shown when it has an advice
	Products []string
	Policy   probes.Policy // how it is probed; the zero value is not shown
}

// Target is an address of our own whose certificate is watched.
type Target struct {
	ID          string
	Address     string // host:port
	ServerName  string // empty: the host
	Certificate rules.CertificateView
}
