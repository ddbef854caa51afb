package config

import (
	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
)

// layout is the file as it is written: every key of the top level. The
// defaults, units and bounds of the keys stand in examples/full.yaml.
type layout struct {
	Version          int                        `yaml:"version"`
	DataDir          string                     `yaml:"data_dir"`
	Include          string                     `yaml:"include"`
	MerchantsFile    string                     `yaml:"merchants_file"`
	Log              logLayout                  `yaml:"log"`
	Server           serverLayout               `yaml:"server"`
	Guard            guardLayout                `yaml:"guard"`
	TLS              tlsLayout                  `yaml:"tls"`
	Resolver         string                     `yaml:"resolver"`
	Defaults         defaultsLayout             `yaml:"defaults"`
	Merchants        []entry                    `yaml:"merchants"`
	Targets          []registry.Target          `yaml:"targets"`
	CertificateFiles []registry.CertificateFile `yaml:"certificate_files"`
	Sources          []sourceLayout             `yaml:"sources"`
	Rules            rulesLayout                `yaml:"rules"`
	Receivers        *node                      `yaml:"receivers"` // by name; what a receiver's keys are depends on its kind
	Routes           []routeLayout              `yaml:"routes"`
	Watch            []watchLayout              `yaml:"watch"`
	Canaries         []canaryLayout             `yaml:"canaries"`
	Digest           digestLayout               `yaml:"digest"`
	Incidents        incidentsLayout            `yaml:"incidents"`
	Deadman          deadmanLayout              `yaml:"deadman"`
	Retention        retentionLayout            `yaml:"retention"`
	Metrics          metricsLayout              `yaml:"metrics"`

	Later laterKeys `yaml:",inline"`
}

// entry is a merchant and its endpoints: one item of merchants, one line of
// NDJSON.
type entry struct {
	Merchant  registry.Merchant   `yaml:",inline"`
	Endpoints []registry.Endpoint `yaml:"endpoints"`
}

type logLayout struct {
	Level  string `yaml:"level"`
	Format string `yaml:"format"`
}

type serverLayout struct {
	Listen      string        `yaml:"listen"`
	Insecure    bool          `yaml:"insecure"`
	PublicURL   string        `yaml:"public_url"`
	OperatorURL string        `yaml:"operator_url"`
	TLS         certKeyLayout `yaml:"tls"`
	Tokens      []tokenLayout `yaml:"tokens"`
}

type certKeyLayout struct {
	CertFile string `yaml:"cert_file"`
	KeyFile  string `yaml:"key_file"`
}

type tokenLayout struct {
	Name      string        `yaml:"name"`
	Role      string        `yaml:"role"`
	Merchants []string      `yaml:"merchants"`
	Source    string        `yaml:"source"`
	Token     probes.Secret `yaml:"token"`
	TokenFile string        `yaml:"token_file"`
}

type guardLayout struct {
	Allow      []string `yaml:"allow"`
	AllowPorts []uint16 `yaml:"allow_ports"`
	DenyPorts  []uint16 `yaml:"deny_ports"`
}

type tlsLayout struct {
	CAFiles []string `yaml:"ca_files"`
}

type defaultsLayout struct {
	Probe       probeDefaults       `yaml:"probe"`
	Certificate certificateDefaults `yaml:"certificate"`
	Schedule    string              `yaml:"schedule"`
}

// probeDefaults is registry.ProbeSpec without what belongs to one endpoint.
type probeDefaults struct {
	Level          *probes.Level      `yaml:"level"`
	Interval       *registry.Duration `yaml:"interval"`
	Timeout        *registry.Duration `yaml:"timeout"`
	AckBudget      *registry.Duration `yaml:"ack_budget"`
	Confirm        *int               `yaml:"confirm"`
	ConfirmAfter   *registry.Duration `yaml:"confirm_after"`
	KeepAlive      *bool              `yaml:"keep_alive"`
	AllowCleartext *bool              `yaml:"allow_cleartext"`
}

func (p probeDefaults) spec() registry.ProbeSpec {
	return registry.ProbeSpec{
		Level: p.Level, Interval: p.Interval, Timeout: p.Timeout, AckBudget: p.AckBudget, Confirm: p.Confirm,
		ConfirmAfter: p.ConfirmAfter, KeepAlive: p.KeepAlive, AllowCleartext: p.AllowCleartext,
	}
}

// certificateDefaults is registry.CertificateSpec without files and pins.
type certificateDefaults struct {
	Interval  *registry.Duration     `yaml:"interval"`
	Timeout   *registry.Duration     `yaml:"timeout"`
	WarnBelow *certificate.Threshold `yaml:"warn_below"`
	PageBelow *certificate.Threshold `yaml:"page_below"`
}

func (c certificateDefaults) spec() registry.CertificateSpec {
	return registry.CertificateSpec{Interval: c.Interval, Timeout: c.Timeout, WarnBelow: c.WarnBelow, PageBelow: c.PageBelow}
}

type metricsLayout struct {
	Probes string `yaml:"probes"`
}
