package config

import (
	"time"

	"github.com/hookvigil/hookvigil/alerting"
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
	Certificate  rules.Certificate
	Platform     rules.Detector // of platform_error_ratio
	Channel      rules.Detector // of channel_error_ratio; differs from Platform in its Threshold alone
	Grace        time.Duration  // after its end a tick takes attempts so long, in [0s, 1h]; default 60s
	CommonCause  alerting.Fold
	Reopen       time.Duration // bad again within this is the same incident, in [0s, 7d]; default 30m
}

// DefaultRules returns the settings of a file that has no rules.
func DefaultRules() Rules {
	desk := alerting.DefaultDesk()
	return Rules{
		EndpointDown: rules.DefaultEndpointDown(), Certificate: rules.DefaultCertificate(),
		Platform: rules.DefaultDetector(), Channel: rules.DefaultDetector(), Grace: defaultGrace,
		CommonCause: desk.Fold, Reopen: desk.Reopen,
	}
}

// rulesLayout is rules as it is written.
type rulesLayout struct {
	EndpointDown struct {
		Span *registry.Duration `yaml:"span"`
		Good *int               `yaml:"good"`
	} `yaml:"endpoint_down"`
	Certificate struct {
		Rounds *int `yaml:"rounds"`
		Good   *int `yaml:"good"`
	} `yaml:"certificate"`
	ErrorRatio  ratioLayout     `yaml:"error_ratio"`
	Platform    thresholdLayout `yaml:"platform_error_ratio"`
	Channel     thresholdLayout `yaml:"channel_error_ratio"`
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
	Product      ignored `yaml:"product_error_ratio" later:"ratios are watched for the platform and for each channel"`
	Merchant     ignored `yaml:"merchant_error_ratio" later:"ratios are watched for the platform and for each channel"`
	Failing      ignored `yaml:"endpoint_failing" later:"ratios are watched for the platform and for each channel"`
	LossComing   ignored `yaml:"loss_coming" later:"losses are not foreseen yet"`
	EventsLost   ignored `yaml:"events_lost" later:"losses are not foreseen yet"`
	Slow         ignored `yaml:"endpoint_slow" later:"a slow endpoint is shown as degraded, and opens nothing"`
	Blind        ignored `yaml:"primary_blind" later:"a bad certificate opens certificate"`
	Retries      ignored `yaml:"retries_missing" later:"missing retries are not watched for yet"`
	Upstream     ignored `yaml:"upstream_delay" later:"delays are not watched for yet"`
	Duplicates   ignored `yaml:"duplicates" later:"duplicates are counted, and open nothing"`
	Self         ignored `yaml:"monitor_self" later:"/-/duty says how hookvigil itself is"`
	SilenceOfOne ignored `yaml:"silence" later:"how long each heartbeat may stay out stands in watch"`
}

// rules takes what the file says over the built-in settings.
func (l *loader) rules() {
	r, in := DefaultRules(), l.in.Rules
	l.takeSpans(
		spanSetting{"rules.endpoint_down.span", in.EndpointDown.Span, &r.EndpointDown.Span, 0, longestSpan},
		spanSetting{"rules.error_ratio.grace", in.ErrorRatio.Grace, &r.Grace, 0, longestGrace},
		spanSetting{"rules.common_cause.within", in.CommonCause.Within, &r.CommonCause.Within, time.Millisecond, longestSpan},
		spanSetting{"rules.reopen", in.Reopen, &r.Reopen, 0, longestReopen},
	)
	l.takeCounts(
		countSetting{"rules.endpoint_down.good", in.EndpointDown.Good, &r.EndpointDown.Good, 1, mostRounds},
		countSetting{"rules.certificate.rounds", in.Certificate.Rounds, &r.Certificate.Rounds, 1, mostRounds},
		countSetting{"rules.certificate.good", in.Certificate.Good, &r.Certificate.Good, 1, mostRounds},
		countSetting{"rules.common_cause.endpoints", in.CommonCause.Endpoints, &r.CommonCause.Endpoints, 2, mostEndpoints},
		countSetting{"rules.common_cause.hosts", in.CommonCause.Hosts, &r.CommonCause.Hosts, 1, mostEndpoints},
	)
	if f := r.CommonCause; f.Hosts > f.Endpoints && f.Endpoints > 1 {
		l.bad("rules.common_cause.hosts", "at most as many as endpoints", "%d hosts need as many endpoints, and endpoints is %d", f.Hosts, f.Endpoints)
	}
	r.Platform, r.Channel = l.detectors(in)
	l.cfg.Rules = r
}
