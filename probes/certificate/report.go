package certificate

import (
	"crypto/x509"
	"net/netip"
	"time"
)

// Seen is what one look at one address brought home, unjudged: the data are
// kept whether or not a client would accept them.
type Seen struct {
	Address netip.AddrPort
	At      time.Time     // start of the look, UTC
	Took    time.Duration // until the handshake ended or failed

	// Fault is a finding of the way itself (transport, protocol, client
	// certificate); empty when the handshake ended well. Chain may be filled
	// all the same.
	Fault  Fault
	Detail string // one line for the operator, at most 200 bytes

	Chain       []*x509.Certificate // as served, leaf first
	Version     uint16              // TLS version; 0 without a handshake
	CipherSuite uint16
	ALPN        string
	ClientAsked bool // the server asked for a client certificate
	Staple      []byte
}

// Report is the judgement of one round of looks at one target.
type Report struct {
	At        time.Time       `json:"at"`
	Verdict   Verdict         `json:"verdict"`
	Faults    []Fault         `json:"faults"` // all, worst first; never nil
	Notes     []Fault         `json:"notes"`  // findings whose usual verdict is ok; never nil
	NotAfter  time.Time       `json:"not_after"`
	Detail    string          `json:"detail,omitempty"` // the worst finding in words, with dates and names
	Addresses []AddressReport `json:"addresses"`
}

// AddressReport is the judgement of one address.
type AddressReport struct {
	Address  string        `json:"address"` // ip:port; empty when the name did not resolve
	Verdict  Verdict       `json:"verdict"`
	Faults   []Fault       `json:"faults"`
	Notes    []Fault       `json:"notes"`
	NotAfter time.Time     `json:"not_after"` // of the leaf served; zero when none was
	PathEnd  time.Time     `json:"path_end"`  // end of the longest-lived verified path; zero when none verified
	Took     time.Duration `json:"-"`
	Detail   string        `json:"detail,omitempty"`
	Chain    []Link        `json:"chain"` // as served, leaf first; data present when bad
	Page     bool          `json:"page"`  // less is left than page_below: the rule that pages asks this
}

// Link describes one certificate of a chain.
type Link struct {
	Subject     string    `json:"subject"`
	Issuer      string    `json:"issuer"`
	SANs        []string  `json:"sans,omitempty"` // at most 20; the leaf's alone
	Serial      string    `json:"serial"`
	NotBefore   time.Time `json:"not_before"`
	NotAfter    time.Time `json:"not_after"`
	Fingerprint string    `json:"fingerprint_sha256"` // of the certificate, hex
	SPKI        string    `json:"spki_sha256"`        // of its key, hex: what a pin names
	Key         string    `json:"key"`                // "ECDSA P-256", "RSA 2048"
	Signature   string    `json:"signature"`
	CA          bool      `json:"ca"`
}

// Memory is what is remembered of a target from round to round, by address:
// it names renewals, roll-backs and changes of issuer. The zero value
// remembers nothing. Judge never changes the one it got.
type Memory struct {
	Addresses map[string]Remembered `json:"addresses"`
}

// Remembered is the leaf last seen at one address.
type Remembered struct {
	Fingerprint string    `json:"fingerprint"`
	SPKI        string    `json:"spki"`
	Issuer      string    `json:"issuer"`
	NotBefore   time.Time `json:"not_before"`
	At          time.Time `json:"at"`               // when it was first seen
	Last        time.Time `json:"last"`             // when it was last seen
	Root        string    `json:"root,omitempty"`   // SPKI of the root over it, hex; empty when none verified
	Events      []Fault   `json:"events,omitempty"` // what had changed when it was first seen; told for a day or more
}
