package certificate

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// Target is one name and port whose certificate is looked at: the address
// behind an endpoint, or a service of our own without a merchant.
type Target struct {
	ID         string
	Host       string         // name or IP literal, resolved afresh at each look
	Port       uint16         // 0: 443
	ServerName string         // SNI and the name that is judged; empty: Host
	Connect    netip.AddrPort // when valid: dial this alone and resolve nothing (CLI --connect)
	Timeout    time.Duration  // over one look at one address; default 10s
	Own        bool           // a target of ours: private addresses are no surprise (Guard.Own)
	ClientCert *tls.Certificate
}

// Name returns the name that the certificate must carry.
func (t Target) Name() string {
	if t.ServerName != "" {
		return t.ServerName
	}
	return t.Host
}

// Policy says how what was seen is judged. The zero Roots means the system's.
type Policy struct {
	WarnBelow Threshold // default 25% of the lifetime, at most 30d
	PageBelow Threshold // default 10% of the lifetime, at most 7d
	Roots     *x509.CertPool
	Pins      []Pin               // when any: one certificate of the chain must have one of these keys
	Served    []*x509.Certificate // what should be served (served_file), leaf first; nil: not compared
}

// DefaultPolicy returns the defaults: with one third of life left a renewer
// acts (reference certs.md section 5), so that a quarter left is late.
func DefaultPolicy() Policy {
	return Policy{WarnBelow: Threshold{Share: 0.25, Cap: 30 * day}, PageBelow: Threshold{Share: 0.10, Cap: 7 * day}}
}

const day = 24 * time.Hour

// Threshold is how much of a certificate's life must be left: a share of its
// lifetime, or a fixed time. Certificates live 200 days in 2026 and 47 in 2029
// (CA/Browser Forum ballot SC-081v3), so that fixed days lie.
type Threshold struct {
	Share float64       // of the lifetime, in [0, 1]; 0 when Cap alone counts
	Cap   time.Duration // with Share: never more than this; without: exactly this
}

// Left returns the time that must be left of a life of length life.
func (t Threshold) Left(life time.Duration) time.Duration {
	if t.Share == 0 {
		return t.Cap
	}
	left := time.Duration(t.Share * float64(life))
	if t.Cap > 0 {
		left = min(left, t.Cap)
	}
	return left
}

// UnmarshalText reads "25%" (capped by the caller's default) or "14d", "36h".
func (t *Threshold) UnmarshalText(b []byte) error {
	s := strings.TrimSpace(string(b))
	if num, ok := strings.CutSuffix(s, "%"); ok {
		v, err := strconv.ParseFloat(strings.TrimSpace(num), 64)
		if err != nil || !(v > 0 && v <= 100) {
			return fmt.Errorf("%q is not a share of the lifetime; wanted 25%% or a time such as 14d", s)
		}
		*t = Threshold{Share: v / 100}
		return nil
	}
	if num, ok := strings.CutSuffix(s, "d"); ok {
		v, err := strconv.ParseFloat(num, 64)
		if err != nil || !(v > 0 && v <= 3650) {
			return fmt.Errorf("%q is not a number of days; wanted 14d or 25%%", s)
		}
		*t = Threshold{Cap: time.Duration(v * float64(day))}
		return nil
	}
	v, err := time.ParseDuration(s)
	if err != nil || v <= 0 {
		return fmt.Errorf("%q is neither a share nor a time; wanted 25%% or 14d", s)
	}
	*t = Threshold{Cap: v}
	return nil
}

// MarshalText writes what UnmarshalText reads.
func (t Threshold) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// String writes "25%" or a time.
func (t Threshold) String() string {
	if t.Share > 0 {
		return strconv.FormatFloat(t.Share*100, 'f', -1, 64) + "%"
	}
	if t.Cap > 0 && t.Cap%day == 0 {
		return strconv.Itoa(int(t.Cap/day)) + "d"
	}
	return t.Cap.String()
}

// Pin is the SHA-256 of a certificate's SubjectPublicKeyInfo.
type Pin [32]byte
