package config

import (
	"log/slog"
	"net/url"

	"github.com/hookvigil/hookvigil/internal/ingest"
	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/probes"
)

// Config is a whole configuration, checked: what the daemon is built from. It
// is read-only once loaded.
type Config struct {
	Path    string // of the main file, as given to Load
	DataDir string // absolute; in the file relative to the file's folder; default ./data

	Log    Log
	Server Server
	Guard  probes.GuardConfig

	Defaults registry.Defaults // Roots: the system's and tls.ca_files; nil: the system's
	Records  registry.Records  // Origin file; Token and Material hold what the named files held

	Schedule string // defaults.schedule: retry schedule preset of endpoints without their own; default xendit

	Sources    []Source    // where attempts come from; none: any source that a token names
	Rules      Rules       // when a condition opens and clears
	Receivers  []Receiver  // by name; none: incidents are shown and told to nobody
	Routes     []Route     // the first that matches an incident says who is told
	Heartbeats []Heartbeat // of watch, in the order of the file
	Canaries   []Canary    // what is well when our own way out is, in the order of the file; none: nobody outside is looked at
	Digest     Digest      // how health digests are made and sent
	Incidents  Incidents   // how an incident goes on: flapping, escalation, merchants
	Deadman    Deadman     // whom we call while all is well, and how lanes prove that they work

	Retention ingest.Retention // how long history is kept; valid; default ingest.DefaultRetention()

	Probes string // metrics.probes: all | unhealthy | off; default all
}

// Log says what is logged, and how.
type Log struct {
	Level  slog.Level // default info
	Format string     // logfmt | json; default logfmt
}

// Server is the HTTP listener and who may talk to it.
type Server struct {
	Listen      string   // host:port; default 127.0.0.1:8420
	Insecure    bool     // a listener beyond loopback may do without TLS
	PublicURL   *url.URL // where people reach the server; nil: not said
	OperatorURL *url.URL // what the ping's User-Agent points to; nil: not said
	TLS         TLS
	Tokens      []Token
}

// TLS names the listener's certificate, which Load has read and checked. Both
// paths are absolute, or both are empty: no TLS.
type TLS struct{ CertFile, KeyFile string }

// Token lets its bearer in.
type Token struct {
	Name      string        // unique; stands in the audit
	Role      string        // viewer | operator | admin | ingest
	Merchants []string      // IDs it is limited to; empty: all
	Source    string        // for ingest: the source whose attempts it may send
	Token     probes.Secret // at least 16 bytes
}
