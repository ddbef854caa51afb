package config

import (
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/internal/ingest"
	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/rules"
)

// The longest that a rule can be told to wait, and that an incident stays one
// that can open again.
const (
	longestSpan   = 24 * time.Hour
	longestReopen = 7 * 24 * time.Hour
	longestGrace  = time.Hour
	mostRounds    = 100     // in a row, of anything
	mostEndpoints = 100_000 // of a common cause
)

// defaultGrace is how long after its end a tick is open (DESIGN section 6).
const defaultGrace = time.Minute

// Rules are the settings of the rules, all of them valid.
type Rules struct {
	EndpointDown rules.EndpointDown
	Failing      Failing
	Certificate  rules.Certificate
	Platform     rules.Detector // of platform_error_ratio; the others differ from it in their Threshold alone
	Product      rules.Detector // of product_error_ratio
	Channel      rules.Detector // of channel_error_ratio
	Type         rules.Detector // of type_error_ratio
	Merchant     rules.Detector // of merchant_error_ratio
	Endpoint     rules.Detector // of endpoint_failing
	Paging       []string       // IDs of the merchants whose ratio pages
	Pack         rules.Pack
	Grace        time.Duration // after its end a tick takes attempts so long, in [0s, 1h]; default 60s
	CommonCause  alerting.Fold
	Reopen       time.Duration // bad again within this is the same incident, in [0s, 7d]; default 30m
}

// Failing is from when on an endpoint's state is "failing" (reference
// webhooks.md section 8.1, R3): what pages and digests say of it. The condition
// endpoint_failing goes by its detector.
type Failing struct {
	Window   time.Duration // one to two of them are looked at; a multiple of digest.bucket; default 15m
	Attempts int           // at least so many first attempts; default 20
	Ratio    rules.Ratio   // at least that share of them failed; default 20 %
}

// DefaultRules returns the settings of a file that has no rules.
func DefaultRules() Rules {
	desk := alerting.DefaultDesk()
	return Rules{
		EndpointDown: rules.DefaultEndpointDown(), Certificate: rules.DefaultCertificate(),
		Failing:  Failing{Window: ingest.Quarter, Attempts: 20, Ratio: 0.20},
		Platform: rules.DefaultDetector(), Product: rules.DefaultDetector(), Channel: rules.DefaultDetector(),
		Type: rules.DefaultDetector(), Merchant: rules.DefaultDetector(), Endpoint: rules.DefaultDetector(),
		Pack: rules.DefaultPack(), Grace: defaultGrace,
		CommonCause: desk.Fold, Reopen: desk.Reopen,
	}
}

// rulesLayout is rules as it is written.
type rulesLayout struct {
	EndpointDown struct {
		Span      *registry.Duration `yaml:"span"`
		Good      *int               `yaml:"good"`
		OldestFor *registry.Duration `yaml:"oldest_for"`
	} `yaml:"endpoint_down"`
	Failing struct {
		Window    *registry.Duration `yaml:"window"`
		Attempts  *int               `yaml:"attempts"`
		Ratio     *rules.Ratio       `yaml:"ratio"`
		Threshold *rules.Ratio       `yaml:"threshold"`
	} `yaml:"endpoint_failing"`
	Certificate struct {
		Rounds *int `yaml:"rounds"`
		Good   *int `yaml:"good"`
	} `yaml:"certificate"`
	ErrorRatio ratioLayout     `yaml:"error_ratio"`
	Platform   thresholdLayout `yaml:"platform_error_ratio"`
	Product    thresholdLayout `yaml:"product_error_ratio"`
	Channel    thresholdLayout `yaml:"channel_error_ratio"`
	Type       thresholdLayout `yaml:"type_error_ratio"`
	Merchant   struct {
		Threshold *rules.Ratio `yaml:"threshold"`
		Page      []string     `yaml:"page"`
	} `yaml:"merchant_error_ratio"`
	Pack        packLayout `yaml:",inline"`
	CommonCause struct {
		Endpoints *int               `yaml:"endpoints"`
		Hosts     *int               `yaml:"hosts"`
		Within    *registry.Duration `yaml:"within"`
	} `yaml:"common_cause"`
	Reopen *registry.Duration `yaml:"reopen"`

	Later laterRules `yaml:",inline"`
}

// laterRules are the rules that are documented and not yet built.
type laterRules struct {
	Blind ignored `yaml:"primary_blind" later:"a bad certificate opens certificate"`
	Self  ignored `yaml:"monitor_self" later:"the rule has no settings"`
}

// rules takes what the file says over the built-in settings.
func (l *loader) rules() {
	r, in := DefaultRules(), l.in.Rules
	l.takeSpans(
		spanSetting{"rules.endpoint_down.span", in.EndpointDown.Span, &r.EndpointDown.Span, 0, longestSpan},
		spanSetting{"rules.endpoint_down.oldest_for", in.EndpointDown.OldestFor, &r.EndpointDown.OldestFor, 0, longestSpan},
		spanSetting{"rules.endpoint_failing.window", in.Failing.Window, &r.Failing.Window, time.Second, longestSpan},
		spanSetting{"rules.error_ratio.grace", in.ErrorRatio.Grace, &r.Grace, 0, longestGrace},
		spanSetting{"rules.common_cause.within", in.CommonCause.Within, &r.CommonCause.Within, time.Millisecond, longestSpan},
		spanSetting{"rules.reopen", in.Reopen, &r.Reopen, 0, longestReopen},
	)
	l.takeCounts(
		countSetting{"rules.endpoint_down.good", in.EndpointDown.Good, &r.EndpointDown.Good, 1, mostRounds},
		countSetting{"rules.endpoint_failing.attempts", in.Failing.Attempts, &r.Failing.Attempts, 1, rules.TickAttempts},
		countSetting{"rules.certificate.rounds", in.Certificate.Rounds, &r.Certificate.Rounds, 1, mostRounds},
		countSetting{"rules.certificate.good", in.Certificate.Good, &r.Certificate.Good, 1, mostRounds},
		countSetting{"rules.common_cause.endpoints", in.CommonCause.Endpoints, &r.CommonCause.Endpoints, 2, mostEndpoints},
		countSetting{"rules.common_cause.hosts", in.CommonCause.Hosts, &r.CommonCause.Hosts, 1, mostEndpoints},
	)
	if f := r.CommonCause; f.Hosts > f.Endpoints && f.Endpoints > 1 {
		l.bad("rules.common_cause.hosts", "at most as many as endpoints", "%d hosts need as many endpoints, and endpoints is %d", f.Hosts, f.Endpoints)
	}
	if in.Failing.Ratio != nil {
		if r.Failing.Ratio = *in.Failing.Ratio; r.Failing.Ratio <= 0 || r.Failing.Ratio > 1 {
			l.bad("rules.endpoint_failing.ratio", "20%", "%s is outside (0%%, 100%%]", r.Failing.Ratio)
		}
	}
	l.detectors(in, &r)
	r.Pack = l.pack(in.Pack)
	l.cfg.Rules = r
}
