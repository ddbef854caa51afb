package probes

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"net/url"
	"time"
)

// MaxTimeout is the longest deadline of a probe: the platform gives up on a
// webhook after 30 s ("Payout webhook": "marks webhook event as failed if
// there is no response within 30s").
const MaxTimeout = 30 * time.Second

// Endpoint is one URL of a merchant as the prober needs it: parsed, checked,
// with its secrets in hand. It is read-only once made.
type Endpoint struct {
	ID     string
	URL    *url.URL // passed ParseURL
	Policy Policy

	Token       Secret // for level ping; empty: a ping without a token
	TokenHeader string // header that carries Token; empty: x-callback-token
	Scheme      Scheme // how a ping proves where it comes from; empty: SchemeToken

	Body json.RawMessage // extra fields of the ping body; passed CheckBody; nil: none

	Roots      *x509.CertPool   // nil: the prober's
	ClientCert *tls.Certificate // nil: none
}

// Scheme says how a ping proves where it comes from.
type Scheme string

// The schemes.
const (
	SchemeToken            Scheme = "token"             // the token itself in a header
	SchemeStandardWebhooks Scheme = "standard-webhooks" // HMAC-SHA256 signature, standardwebhooks.com
)

// UnmarshalText implements [encoding.TextUnmarshaler].
func (s *Scheme) UnmarshalText(b []byte) error {
	switch v := Scheme(b); v {
	case SchemeToken, SchemeStandardWebhooks:
		*s = v
		return nil
	default:
		return fmt.Errorf("%q is not a signature scheme; one of token, standard-webhooks", b)
	}
}

// Policy says how an endpoint is probed.
type Policy struct {
	Level          Level
	Interval       time.Duration // between regular probes; default 1m, 1s to 24h
	Timeout        time.Duration // from resolving to the complete head; default and most 30s
	AckBudget      time.Duration // slower than this is degraded; default 5s, at most Timeout
	Confirm        int           // quick re-probes after a first failure; default 2, 0 to 10
	ConfirmAfter   time.Duration // between them; default 10s
	KeepAlive      bool          // reuse the connection; every tenth probe still makes a full handshake
	AllowCleartext bool          // send the token over http://
}

// DefaultPolicy returns the defaults of DESIGN section 9.1.
func DefaultPolicy() Policy {
	return Policy{
		Level: LevelReach, Interval: time.Minute, Timeout: MaxTimeout, AckBudget: 5 * time.Second,
		Confirm: 2, ConfirmAfter: 10 * time.Second,
	}
}

// A PolicyError names one setting of a policy that is out of bounds.
type PolicyError struct {
	Field   string // as in the configuration: "timeout"
	Message string // what is wrong and what is wanted
}

// Error implements error.
func (e *PolicyError) Error() string { return e.Field + ": " + e.Message }

// Validate returns every setting that is out of bounds, none when p is good.
func (p Policy) Validate() []*PolicyError {
	var errs []*PolicyError
	bad := func(field, format string, args ...any) {
		errs = append(errs, &PolicyError{Field: field, Message: fmt.Sprintf(format, args...)})
	}
	if err := new(Level).UnmarshalText([]byte(p.Level)); err != nil {
		bad("level", "%v", err)
	}
	if p.Interval < time.Second || p.Interval > 24*time.Hour {
		bad("interval", "%s is outside [1s, 24h]", p.Interval)
	}
	if p.Timeout <= 0 || p.Timeout > MaxTimeout {
		bad("timeout", "%s is outside (0s, 30s]; platforms give up after 30s", p.Timeout)
	}
	if p.AckBudget <= 0 || p.AckBudget > p.Timeout {
		bad("ack_budget", "%s is outside (0s, timeout = %s]", p.AckBudget, p.Timeout)
	}
	if p.Confirm < 0 || p.Confirm > 10 {
		bad("confirm", "%d is outside [0, 10]", p.Confirm)
	}
	if p.ConfirmAfter < time.Second || p.ConfirmAfter > time.Hour {
		bad("confirm_after", "%s is outside [1s, 1h]", p.ConfirmAfter)
	}
	return errs
}
