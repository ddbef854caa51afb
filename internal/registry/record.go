package registry

import (
	"encoding/json"

	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
)

// Origin says where a record comes from. The file wins over the API: what
// comes from a file is read-only in the API.
type Origin string

// The origins.
const (
	OriginFile Origin = "file"
	OriginAPI  Origin = "api"
	OriginSeen Origin = "seen" // met in an attempt: never probed, never mailed
)

// Merchant is who receives webhooks and reads digests. One spelling serves
// the YAML file, the NDJSON import and the API.
type Merchant struct {
	ID        string   `yaml:"id" json:"id"`
	Name      string   `yaml:"name" json:"name,omitempty"`         // shown; empty: the ID
	Timezone  string   `yaml:"timezone" json:"timezone,omitempty"` // IANA name; empty: UTC
	Language  string   `yaml:"language" json:"language,omitempty"` // en | id; empty: en
	Digest    Digest   `yaml:"digest" json:"digest,omitzero"`
	Incidents Contacts `yaml:"incidents" json:"incidents,omitzero"`
	Origin    Origin   `yaml:"-" json:"origin,omitempty"`
}

// Digest says who gets the health digest and how often. The default is every
// six hours (Xendit, "Payout webhook": "notification via email every 6h").
type Digest struct {
	To    []string `yaml:"to" json:"to,omitempty"`
	Slack string   `yaml:"slack" json:"slack,omitempty"` // name of a receiver of kind slack; empty: none
	Mode  string   `yaml:"mode" json:"mode,omitempty"`   // every | problems | daily | off; empty: every
}

// Told reports whether anybody gets the digest.
func (d Digest) Told() bool { return d.Mode != "off" && (len(d.To) > 0 || d.Slack != "") }

// Contacts is a list of mail addresses.
type Contacts struct {
	To []string `yaml:"to" json:"to,omitempty"`
}

// Endpoint is one URL of a merchant. What it leaves out comes from the
// defaults.
type Endpoint struct {
	ID          string          `yaml:"id" json:"id"`
	Merchant    string          `yaml:"-" json:"merchant"` // in files: the merchant it stands under
	URL         string          `yaml:"url" json:"url"`
	Products    []string        `yaml:"products" json:"products,omitempty"`
	Token       probes.Secret   `yaml:"token" json:"-"` // in files as ${NAME} alone; in the API write-only
	TokenFile   string          `yaml:"token_file" json:"token_file,omitempty"`
	TokenHeader string          `yaml:"token_header" json:"token_header,omitempty"`
	Signature   probes.Scheme   `yaml:"signature" json:"signature,omitempty"`
	Probe       ProbeSpec       `yaml:"probe" json:"probe,omitzero"`
	Certificate CertificateSpec `yaml:"certificate" json:"certificate,omitzero"`
	Schedule    string          `yaml:"schedule" json:"schedule,omitempty"` // retry schedule preset
	Deadline    *Duration       `yaml:"deadline" json:"deadline,omitempty"` // of an attempt; default and most 30s
	Suspended   bool            `yaml:"suspended" json:"suspended,omitempty"`
	Origin      Origin          `yaml:"-" json:"origin,omitempty"`

	Material Material `yaml:"-" json:"-"`
}

// ProbeSpec overrides the probe defaults; nil means the default.
type ProbeSpec struct {
	Level          *probes.Level   `yaml:"level" json:"level,omitempty"`
	Interval       *Duration       `yaml:"interval" json:"interval,omitempty"`
	Timeout        *Duration       `yaml:"timeout" json:"timeout,omitempty"`
	AckBudget      *Duration       `yaml:"ack_budget" json:"ack_budget,omitempty"`
	Confirm        *int            `yaml:"confirm" json:"confirm,omitempty"`
	ConfirmAfter   *Duration       `yaml:"confirm_after" json:"confirm_after,omitempty"`
	KeepAlive      *bool           `yaml:"keep_alive" json:"keep_alive,omitempty"`
	AllowCleartext *bool           `yaml:"allow_cleartext" json:"allow_cleartext,omitempty"`
	Body           json.RawMessage `yaml:"body" json:"body,omitempty"` // extra fields of the ping: a JSON object
}

// CertificateSpec overrides the certificate defaults; nil or empty means the
// default.
type CertificateSpec struct {
	Interval       *Duration              `yaml:"interval" json:"interval,omitempty"`
	Timeout        *Duration              `yaml:"timeout" json:"timeout,omitempty"`
	WarnBelow      *certificate.Threshold `yaml:"warn_below" json:"warn_below,omitempty"`
	PageBelow      *certificate.Threshold `yaml:"page_below" json:"page_below,omitempty"`
	CAFile         string                 `yaml:"ca_file" json:"ca_file,omitempty"`
	ClientCertFile string                 `yaml:"client_cert_file" json:"client_cert_file,omitempty"`
	ClientKeyFile  string                 `yaml:"client_key_file" json:"client_key_file,omitempty"`
	Pins           []string               `yaml:"pins" json:"pins,omitempty"` // SPKI sha256, hex
	ServedFile     string                 `yaml:"served_file" json:"served_file,omitempty"`
}

// Target is an address of our own whose certificate is watched, without a
// merchant.
type Target struct {
	ID         string `yaml:"id" json:"id"`
	Address    string `yaml:"address" json:"address"` // host:port
	ServerName string `yaml:"server_name" json:"server_name,omitempty"`

	// CertificateSpec's keys stand beside address in the file.
	CertificateSpec `yaml:",inline"`

	Material Material `yaml:"-" json:"-"`
}

// CertificateFile is a certificate on disk that is watched: ours, a client's.
type CertificateFile struct {
	ID      string `yaml:"id" json:"id"`
	Path    string `yaml:"path" json:"path"`
	KeyPath string `yaml:"key_path" json:"key_path,omitempty"`
}
