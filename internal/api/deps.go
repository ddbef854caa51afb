package api

import (
	"context"
	"net/http"
	"time"

	"github.com/hookvigil/hookvigil/internal/ingest"
	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/rules"
)

// Registry is what is watched. Apply makes one change as one transaction and
// returns once it is stored; its errors are those of package registry
// ([registry.InvalidError], [registry.ErrFromFile], [registry.ErrNotFound]).
// Both are safe for concurrent use.
type Registry interface {
	Snapshot() *registry.Snapshot
	Apply(ctx context.Context, c registry.Change) (registry.Diff, error)
}

// Looks is what the signals last said. An unknown ID gives the zero view. Both
// are safe for concurrent use and do not block.
type Looks interface {
	Endpoint(id string) rules.EndpointView
	Target(id string) rules.CertificateView
}

// Duties is how the daemon itself is. Each list says what is wrong, one line a
// reason; empty is good. The reasons of Healthy and Ready are shown to
// everybody: they name no merchant. All are safe for concurrent use.
type Duties interface {
	Healthy() []string // alive
	Ready() []string   // can take requests
	Duty() []string    // lateness, outbox age and self-audit: what watchers watch

	// Reload reads the configuration again and swaps it when it is good. A
	// bad configuration changes nothing and is no error: it comes back as
	// faults. The error says that the daemon could not try.
	Reload(ctx context.Context) (ReloadReport, error)
}

// ReloadReport is the outcome of a reload.
type ReloadReport struct {
	Diff     registry.Diff // what changed; empty when there are faults
	Warnings []ConfigFault
	Faults   []ConfigFault // any: nothing was changed
}

// ConfigFault is one thing wrong with the configuration, and where.
type ConfigFault struct {
	Path    string `json:"path" doc:"Setting, such as merchants[0].endpoints[3].probe.timeout"`
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Message string `json:"message"`
	Hint    string `json:"hint"`
}

// Deps is what the server reads from and writes to. Registry, Looks and Duties
// are needed; the routes of what is nil answer 404.
type Deps struct {
	Registry Registry
	Looks    Looks
	Duties   Duties
	Remarks  func() []string // what /-/duty says beside its answer, one line each; nil: nothing. It is safe for concurrent use

	// Cause says why an endpoint is as that view of it shows. nil: by the view
	// alone, which does not tell how deliveries fail.
	Cause func(id string, v rules.EndpointView) rules.Finding

	// Defaults are those in force, for the warnings of a good change. nil:
	// registry.DefaultDefaults.
	Defaults func() registry.Defaults

	// Refuses says why an endpoint with that URL will not be probed as things
	// are (a forbidden literal address, a forbidden port); empty: nothing is
	// known against it. nil: nobody is asked.
	Refuses func(url string) string

	// DecodeEntry reads one line of an import: a merchant with its endpoints.
	// Its error is shown to the caller, so it holds no secret.
	DecodeEntry func(line []byte) (registry.Merchant, []registry.Endpoint, error)

	Attempts    Attempts                                                                   // POST /api/v1/attempts
	Rejected    func(n int)                                                                // is told of records that were not taken; nil: nobody
	Sources     func(name string) bool                                                     // whether attempts of that source are taken; nil: of all
	UsualSource func() string                                                              // of records that name none, of a token without one; empty: they are refused; nil: "default". It does not block
	Tally       func(ctx context.Context, q ingest.TallyQuery) (ingest.TallyAnswer, error) // GET /api/v1/ratios
	Incidents   Incidents
	Outbox      Outbox
	Silences    Silences
	Maintenance Maintenance
	Digests     Digests
	// Subscriptions is who gets digests: the links in mails, and
	// /api/v1/digests/unsubscribed.
	Subscriptions Subscriptions
	// OperatorURL is whom strangers may ask; empty, or nil: it is not said. It
	// does not block.
	OperatorURL func() string
	Events      Events
	Backlogs    Backlogs
	// Resolver makes attempts whole. nil: one is made of Registry, Sources and
	// Attempts, when that is an [ingest.Discoverer] too.
	Resolver *ingest.Resolver
	// Conditions lists what is pending or open, in any order: GET
	// /api/v1/conditions. It does not block.
	Conditions func() []rules.Standing
	// SourceViews is what is known of sources: GET /api/v1/sources.
	SourceViews Sources
	// Test sends one test notice to each destination of a receiver, and
	// returns when all have ended. Its error wraps [registry.ErrNotFound] for
	// a receiver that is not configured.
	Test func(ctx context.Context, receiver, by string) (TestOutcome, error)
	// Beat takes a sign of life, and is false when nobody waits for that one.
	Beat func(id string) bool
	// Interactions takes what people press in Slack: POST /slack/interactions.
	Interactions Interactions

	Metrics      http.Handler                                 // /metrics
	ProbeMetrics func(w http.ResponseWriter, r *http.Request) // /metrics/probes
	Probe        http.Handler                                 // /probe?target=; a target that is an endpoint's ID means that endpoint
	Web          http.Handler                                 // everything else; may set its own Content-Security-Policy

	// Observe is called after each request with its route, from a closed set
	// ("/" for pages, "unknown" for what has no route), and a method from a
	// closed set. nil: nobody listens.
	Observe func(route, method string, status int, took time.Duration)
	// Panicked is called when a handler panicked. nil: nobody listens.
	Panicked func(part string)
}

func (d *Deps) fill() {
	if d.Defaults == nil {
		d.Defaults = registry.DefaultDefaults
	}
	if d.Cause == nil {
		d.Cause = func(_ string, v rules.EndpointView) rules.Finding {
			return rules.CauseOf(rules.CauseFactOf(v, rules.AttemptsFact{}))
		}
	}
	if d.Refuses == nil {
		d.Refuses = func(string) string { return "" }
	}
	if d.Rejected == nil {
		d.Rejected = func(int) {}
	}
	if d.UsualSource == nil {
		d.UsualSource = func() string { return "default" }
	}
	if d.OperatorURL == nil {
		d.OperatorURL = func() string { return "" }
	}
	if d.Sources == nil {
		d.Sources = func(string) bool { return true }
	}
	if d.Resolver == nil {
		to, _ := d.Attempts.(ingest.Discoverer)
		d.Resolver = ingest.NewResolver(func() *registry.Snapshot { return d.Registry.Snapshot() }, d.Sources, to)
	}
	if d.Observe == nil {
		d.Observe = func(string, string, int, time.Duration) {}
	}
	if d.Panicked == nil {
		d.Panicked = func(string) {}
	}
}
