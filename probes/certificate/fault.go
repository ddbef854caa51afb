package certificate

import "slices"

// Fault is one finding about a certificate or the way to it: a closed set of
// stable words, used as metric labels and stored. Several at once are all
// reported, worst first. Those whose usual verdict is OK are notes.
type Fault string

// The findings this version makes, by group.
const (
	// Name resolution and the guard; words shared with the probe.
	FaultDNSNotFound  Fault = "dns_not_found"
	FaultDNSNoAddress Fault = "dns_no_address"
	FaultDNSFailed    Fault = "dns_failed"
	FaultTimeoutDNS   Fault = "timeout_dns"
	FaultBlocked      Fault = "blocked"
	FaultCanceled     Fault = "canceled"
	FaultInternal     Fault = "internal"

	// Transport.
	FaultConnectRefused   Fault = "connect_refused"
	FaultConnectFailed    Fault = "connect_failed"
	FaultHandshakeTimeout Fault = "handshake_timeout"
	FaultHandshakeClosed  Fault = "handshake_closed"
	FaultHandshakeFailed  Fault = "handshake_failed"
	FaultNotTLS           Fault = "not_tls"
	FaultHandshakeSlow    Fault = "handshake_slow"

	// Protocol.
	FaultTLSVersion Fault = "tls_version"
	FaultWeakCipher Fault = "weak_cipher"

	// Certificate bytes and files.
	FaultCertUnparseable Fault = "cert_unparseable"
	FaultKeyMismatch     Fault = "key_mismatch"
	FaultBadSignature    Fault = "bad_signature"
	FaultFileUnusable    Fault = "file_unusable"
	FaultKeyPermissions  Fault = "key_permissions"

	// Time.
	FaultExpiredLeaf          Fault = "expired_leaf"
	FaultExpiredIntermediate  Fault = "expired_intermediate"
	FaultExpiredRoot          Fault = "expired_root"
	FaultNotYetValid          Fault = "not_yet_valid"
	FaultExpiring             Fault = "expiring"
	FaultExpiringIntermediate Fault = "expiring_intermediate"
	FaultExpiringRoot         Fault = "expiring_root"
	FaultLifetimeLong         Fault = "lifetime_long"

	// Name.
	FaultHostnameMismatch Fault = "hostname_mismatch"
	FaultNoSAN            Fault = "no_san"

	// Chain.
	FaultChainIncomplete          Fault = "chain_incomplete"
	FaultSelfSigned               Fault = "self_signed"
	FaultUntrustedRoot            Fault = "untrusted_root"
	FaultNameConstraint           Fault = "name_constraint"
	FaultPathLength               Fault = "path_length"
	FaultIssuerNotCA              Fault = "issuer_not_ca"
	FaultWrongEKU                 Fault = "wrong_eku"
	FaultUnknownCriticalExtension Fault = "unknown_critical_extension"
	FaultLeafIsCA                 Fault = "leaf_is_ca"
	FaultChainOrder               Fault = "chain_order"
	FaultChainExtra               Fault = "chain_extra"
	FaultChainHasRoot             Fault = "chain_has_root"
	FaultChainHasExpiredSpare     Fault = "chain_has_expired_spare"

	// Strength.
	FaultWeakSignature Fault = "weak_signature"
	FaultWeakKey       Fault = "weak_key"

	// Client certificate.
	FaultClientCertRequired Fault = "client_cert_required"
	FaultClientCertRejected Fault = "client_cert_rejected"
	FaultClientCertExpired  Fault = "client_cert_expired"
	FaultClientCertWrongEKU Fault = "client_cert_wrong_eku"
	FaultClientCertExpiring Fault = "client_cert_expiring"

	// Drift.
	FaultPinMismatch        Fault = "pin_mismatch"
	FaultIssuerChanged      Fault = "issuer_changed"
	FaultRolledBack         Fault = "rolled_back"
	FaultDiskServedMismatch Fault = "disk_served_mismatch"
	FaultRenewed            Fault = "renewed"
	FaultKeyChanged         Fault = "key_changed"
	FaultNodeDisagreement   Fault = "node_disagreement"
)

// Verdict is what a look says: the worst of its findings.
type Verdict string

// The verdicts. OK: a strict client connects and will go on doing so. Warn:
// works today, a person should act. Fail: a strict client does not or must
// not connect. Unknown: we could not look.
const (
	OK      Verdict = "ok"
	Warn    Verdict = "warn"
	Fail    Verdict = "fail"
	Unknown Verdict = "unknown"
)

// Verdicts returns the closed set, best first.
func Verdicts() []Verdict { return []Verdict{OK, Warn, Fail, Unknown} }

// order lists every finding, worst first, with its usual verdict. It is the
// one table: what is not in it is not a word.
var order = []struct {
	fault Fault
	usual Verdict
}{
	// The certificate itself speaks before the way to it.
	{FaultExpiredLeaf, Fail}, {FaultNotYetValid, Fail}, {FaultExpiredIntermediate, Fail}, {FaultExpiredRoot, Fail},
	{FaultHostnameMismatch, Fail}, {FaultNoSAN, Fail},
	{FaultSelfSigned, Fail}, {FaultChainIncomplete, Fail}, {FaultUntrustedRoot, Fail},
	{FaultNameConstraint, Fail}, {FaultPathLength, Fail}, {FaultIssuerNotCA, Fail}, {FaultWrongEKU, Fail},
	{FaultUnknownCriticalExtension, Fail}, {FaultBadSignature, Fail}, {FaultKeyMismatch, Fail},
	{FaultCertUnparseable, Fail}, {FaultFileUnusable, Fail},
	{FaultPinMismatch, Fail}, {FaultWeakSignature, Fail}, {FaultWeakKey, Fail},
	{FaultTLSVersion, Fail}, {FaultWeakCipher, Fail},
	{FaultClientCertExpired, Fail}, {FaultClientCertWrongEKU, Fail}, {FaultClientCertRejected, Fail}, {FaultClientCertRequired, Fail},
	{FaultNotTLS, Fail}, {FaultHandshakeFailed, Fail}, {FaultHandshakeClosed, Fail}, {FaultHandshakeTimeout, Fail},
	{FaultConnectRefused, Fail}, {FaultConnectFailed, Fail},
	{FaultDNSNotFound, Fail}, {FaultDNSNoAddress, Fail},
	{FaultDNSFailed, Unknown}, {FaultTimeoutDNS, Unknown}, {FaultBlocked, Unknown}, {FaultCanceled, Unknown}, {FaultInternal, Unknown},
	{FaultExpiring, Warn}, {FaultExpiringIntermediate, Warn}, {FaultExpiringRoot, Warn}, {FaultClientCertExpiring, Warn},
	{FaultLeafIsCA, Warn}, {FaultIssuerChanged, Warn}, {FaultRolledBack, Warn}, {FaultDiskServedMismatch, Warn},
	{FaultHandshakeSlow, OK}, {FaultLifetimeLong, OK}, {FaultKeyPermissions, OK},
	{FaultChainOrder, OK}, {FaultChainExtra, OK}, {FaultChainHasRoot, OK}, {FaultChainHasExpiredSpare, OK},
	{FaultRenewed, OK}, {FaultKeyChanged, OK}, {FaultNodeDisagreement, OK},
}

// Faults returns the closed set, worst first.
func Faults() []Fault {
	words := make([]Fault, len(order))
	for i, o := range order {
		words[i] = o.fault
	}
	return words
}

// Usual returns the verdict that f usually means, Unknown for a word outside
// the set. A finding whose usual verdict is OK is a note.
func (f Fault) Usual() Verdict {
	if i := f.rank(); i < len(order) {
		return order[i].usual
	}
	return Unknown
}

// Unreached reports whether f says that the server was not reached, or did not
// speak: it is about the way there, which the probe walks too, and tells
// nothing of the certificate.
func (f Fault) Unreached() bool {
	switch f {
	case FaultDNSNotFound, FaultDNSNoAddress, FaultConnectRefused, FaultConnectFailed, FaultHandshakeTimeout, FaultHandshakeClosed:
		return true
	default:
		return false
	}
}

// rank is the place in the table, worst first.
func (f Fault) rank() int {
	for i, o := range order {
		if o.fault == f {
			return i
		}
	}
	return len(order)
}

// sortFaults puts the worst first and drops repeats.
func sortFaults(list []Fault) []Fault {
	slices.SortFunc(list, func(a, b Fault) int { return a.rank() - b.rank() })
	return slices.Compact(list)
}
