package digest

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
	"github.com/hookvigil/hookvigil/rules"
)

// Version is the shape of [Facts] that this package writes and reads.
const Version = 1

// The kinds of digest. The words are stored.
const (
	KindHealth   = "health"   // of a merchant, for each window
	KindSummary  = "summary"  // of a merchant's week, when ordinary ones are sent for problems alone
	KindPlatform = "platform" // of the platform itself, for its operators
)

// Verdict is a digest in one word. The words are stored.
type Verdict string

// The verdicts, best first.
const (
	OK        Verdict = "ok"
	Attention Verdict = "attention" // look at it in your own time
	Act       Verdict = "action"    // deliveries fail, or are about to
)

// Facts is what one digest tells, frozen when its window closed: mail, text,
// Slack and preview are made from it. Numbers are plain, texts of strangers
// are as they came: rendering cleans and escapes them. A [Source] leaves
// Version, Kind, Merchant, Name, Language, Zone, Window, Until, Parts, Verdict
// and Actions empty: [Digest] and [Judge] fill them in; who previews a window
// that is not over sets Until.
type Facts struct {
	Version   int           `json:"version"`
	Kind      string        `json:"kind"`
	Merchant  string        `json:"merchant,omitempty"` // empty: the platform
	Name      string        `json:"name,omitempty"`     // shown; empty: Merchant
	Language  string        `json:"language"`           // en or id; any other: en
	Zone      string        `json:"zone"`               // IANA name; times are told in it
	Window    Window        `json:"window"`
	Until     time.Time     `json:"until,omitzero"`  // the window still runs, and this is how far it goes; zero: it is closed
	Made      time.Time     `json:"made,omitzero"`   // states, certificates and backlogs are as of then, the rest is of the window; zero: of the window's end
	Parts     []Part        `json:"parts,omitempty"` // of a merged digest, oldest first
	Covered   time.Duration `json:"covered_ns"`      // of the window: we had data
	Verdict   Verdict       `json:"verdict"`
	Actions   []Action      `json:"actions"`   // at most three, worst first
	Endpoints []Endpoint    `json:"endpoints"` // worst first once judged
	Incidents []Incident    `json:"incidents"` // that touched the window, oldest first
	Note      string        `json:"note,omitempty"`
	Platform  *Platform     `json:"platform,omitempty"` // with KindPlatform alone
	Footer    Footer        `json:"footer"`
}

// Part is one window of a digest that tells several, because none could be
// sent in between.
type Part struct {
	Window  Window        `json:"window"`
	Covered time.Duration `json:"covered_ns"`
	Verdict Verdict       `json:"verdict"`
	Failing int           `json:"failing"` // endpoints that needed action
	First   Count         `json:"first"`
}

// Count is how many of something there were, and how many failed. A zero Total
// is no data: neither good nor bad.
type Count struct {
	Total  int `json:"total"`
	Failed int `json:"failed"`
}

// Ratio returns the share that failed; false without data.
func (c Count) Ratio() (rules.Ratio, bool) {
	if c.Total <= 0 {
		return 0, false
	}
	return share(c.Failed, c.Total), true
}

// share is part of whole, held within [0, 1]. whole is above 0.
func share[N int | time.Duration](part, whole N) rules.Ratio {
	return rules.Ratio(min(max(float64(part)/float64(whole), 0), 1))
}

// Endpoint is one endpoint in the window.
type Endpoint struct {
	ID          string        `json:"id"`
	URL         string        `json:"url"` // as it may be shown: without user, password and query
	State       rules.Word    `json:"state"`
	Now         probes.Fault  `json:"now,omitempty"` // what probes met last, with State down; empty: not known
	Covered     time.Duration `json:"covered_ns"`    // of the window: the probe knew
	Down        time.Duration `json:"down_ns"`       // of Covered: it was bad
	Answers     int           `json:"answers"`       // that the three times are taken from; 0: none
	P50         time.Duration `json:"p50_ns"`
	P95         time.Duration `json:"p95_ns"`
	P99         time.Duration `json:"p99_ns"`
	Deadline    time.Duration `json:"deadline_ns,omitempty"` // senders give up; 0: 30 s
	First       Count         `json:"first"`                 // first attempts of the window
	Before      Count         `json:"before"`                // and of the one before
	Faults      []Fault       `json:"faults"`                // what failed
	Strip       []Count       `json:"strip"`                 // looks and first attempts by half-hour (or another part of the window), oldest first; none is shorter than what is counted in; at most 48
	Certificate *Certificate  `json:"certificate,omitempty"` // nil: none was seen
	Backlog     *Backlog      `json:"backlog,omitempty"`     // nil: not known, or none

	Maintenance   []Window `json:"maintenance,omitempty"`    // planned work in the window: none of it is in Covered
	InMaintenance bool     `json:"in_maintenance,omitempty"` // State was taken in it
}

// Availability returns the share of the covered time in which the endpoint was
// not bad; false when nobody looked. Planned work is no part of either.
func (e Endpoint) Availability() (rules.Ratio, bool) {
	if e.Covered <= 0 {
		return 0, false
	}
	return share(e.Covered-e.Down, e.Covered), true
}

// deadline is when senders give up (Xendit, "Payout webhook": 30 s).
func (e Endpoint) deadline() time.Duration {
	if e.Deadline <= 0 {
		return 30 * time.Second
	}
	return e.Deadline
}

// Fault counts how often an endpoint failed in one way.
type Fault struct {
	Word     probes.Fault `json:"fault"`
	Looks    int          `json:"looks"`    // probes
	Attempts int          `json:"attempts"` // first attempts
}

// Certificate is what the second signal said last.
type Certificate struct {
	Verdict   certificate.Verdict `json:"verdict"`
	Fault     certificate.Fault   `json:"fault,omitempty"` // the worst; empty: none
	NotBefore time.Time           `json:"not_before,omitzero"`
	NotAfter  time.Time           `json:"not_after,omitzero"`
}

// Incident is one incident as a merchant reads it.
type Incident struct {
	ID       string         `json:"id"`
	Title    string         `json:"title"`
	Severity rules.Severity `json:"severity"`
	Opened   time.Time      `json:"opened"`
	Resolved time.Time      `json:"resolved,omitzero"` // zero: it runs
	Ours     bool           `json:"ours"`              // the platform's fault, not the merchant's

	Maintenance bool `json:"maintenance,omitempty"` // of planned work, and told to nobody
	StillFails  bool `json:"still_fails,omitempty"` // Resolved by a person, while what it is about fails
}

// past reports whether what an incident is about is over, and not only closed.
func (i Incident) past() bool { return !i.Resolved.IsZero() && !i.StillFails }

// Footer is what stands below every digest.
type Footer struct {
	PublicURL string `json:"public_url,omitempty"` // http or https; empty: no link
	Mode      string `json:"mode,omitempty"`       // every | problems | daily
}

// Platform is what the operators' own digest tells beside the coverage.
type Platform struct {
	Merchants    int           `json:"merchants"`
	Endpoints    int           `json:"endpoints"`
	First        Count         `json:"first"`
	Worst        []Merchant    `json:"worst"`                // merchants with a failure or an endpoint that fails, in any order; [Judge] keeps the 100 worst
	MoreWorst    int           `json:"more_worst,omitempty"` // that [Judge] left out although they deserve to be named
	Broken       []Turn        `json:"broken"`               // endpoints, in this window; shown unless they recovered in it
	Recovered    []Turn        `json:"recovered"`            // likewise
	Certificates []Expiring    `json:"certificates"`         // soonest first
	Names        []Name        `json:"names,omitempty"`      // of the merchants that Broken, Recovered and Certificates are about, in any order; [Judge] keeps those that are shown
	Channels     []Channel     `json:"channels"`             // in any order
	Digests      Ledgered      `json:"digests"`
	Unsubscribed Unsubscribed  `json:"unsubscribed,omitzero"`
	Dead         int           `json:"dead_letters"`      // notices that were not delivered, digests among them
	Probing      time.Duration `json:"probing_ns"`        // of the window: this program ran and looked
	Backlog      *Backlog      `json:"backlog,omitempty"` // of all endpoints; nil: not known, or none
}

// Merchant is one line of the worst.
type Merchant struct {
	ID      string `json:"id"`
	Name    string `json:"name,omitempty"`
	First   Count  `json:"first"`
	Failing int    `json:"failing"` // endpoints, see [Endpoint.FailsNow]
	Of      int    `json:"of"`
}

// Name is what a merchant is called.
type Name struct {
	ID   string `json:"id"`
	Name string `json:"name"` // empty: ID
}

// Turn is an endpoint that became bad or good.
type Turn struct {
	Endpoint string       `json:"endpoint"`
	Merchant string       `json:"merchant"`
	Fault    probes.Fault `json:"fault,omitempty"`
	At       time.Time    `json:"at"`
}

// Expiring is a certificate that ends soon.
type Expiring struct {
	ID       string    `json:"id"` // endpoint or target
	Merchant string    `json:"merchant,omitempty"`
	NotAfter time.Time `json:"not_after"`
}

// Channel is one payment channel.
type Channel struct {
	ID    string `json:"id"`
	First Count  `json:"first"`
}

// Ledgered counts what became of the digests of the window before.
type Ledgered struct {
	Sent       int `json:"sent"`
	Skipped    int `json:"skipped"` // all green
	Suppressed int `json:"suppressed"`
	Waiting    int `json:"waiting"`
	Dead       int `json:"dead"`
}

// Decode reads a snapshot. It refuses a version that it does not know.
func Decode(snapshot json.RawMessage) (Facts, error) {
	var f Facts
	if err := json.Unmarshal(snapshot, &f); err != nil {
		return Facts{}, fmt.Errorf("read the facts of a digest: %w", err)
	}
	if f.Version != Version {
		return Facts{}, fmt.Errorf("read the facts of a digest: version %d is not known, wanted %d; a newer hookvigil wrote it", f.Version, Version)
	}
	return f, nil
}
