package certificate

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"syscall"
)

// What crypto/tls says of an alert from the other side. Alerts have no type
// outside QUIC, so that their text decides; a test pins the texts.
const (
	remoteAlert      = "remote error: tls: "
	alertNoALPN      = "no application protocol"
	alertVersion     = "protocol version not supported"
	alertFailure     = "handshake failure"
	alertWeak        = "insufficient security level"
	alertMissingCert = "certificate required"
)

// What crypto/tls itself says.
const (
	saysUnparseable = "tls: failed to parse certificate from server"
	saysKeyMismatch = "tls: invalid signature by the server certificate"
	saysVersion     = "tls: server selected unsupported protocol version"
	saysCipher      = "tls: server chose an unconfigured cipher suite"
)

// refusals are the alerts by which a server turns a client certificate down,
// or the want of one.
var refusals = []string{
	alertMissingCert, alertFailure, "bad certificate", "unsupported certificate", "revoked certificate", "expired certificate",
	"unknown certificate", "unknown certificate authority", "access denied", "error decrypting message",
}

// alertOf returns the text of an alert that the server sent, empty when err
// is none.
func alertOf(err error) string {
	if err == nil {
		return ""
	}
	_, alert, _ := strings.Cut(err.Error(), remoteAlert)
	return alert
}

// word names why a connection failed. parent is the context of the caller,
// without our own deadline.
func (t try) word(parent context.Context) (Fault, string) {
	if parent.Err() != nil {
		return FaultCanceled, "given up"
	}
	if t.phase == connecting {
		return wayFault(parent, t.err)
	}
	detail := clean(t.err.Error(), maxError)
	if header, ok := errors.AsType[tls.RecordHeaderError](t.err); ok && t.state.Version == 0 {
		return FaultNotTLS, notTLS(header)
	}
	if timedOut(t.err) {
		return FaultHandshakeTimeout, "connected, and the handshake did not end in time"
	}
	if t.clientRefused() {
		return t.clientWord(detail)
	}
	return handshakeFault(t.err), detail
}

// handshakeFault names what ended a handshake.
func handshakeFault(err error) Fault {
	text := err.Error()
	switch {
	case ours(err):
		return FaultInternal
	case strings.Contains(text, saysUnparseable):
		return FaultCertUnparseable
	case strings.Contains(text, saysKeyMismatch) && !strings.Contains(text, "insecure"): // a key too small to be used is no other key
		return FaultKeyMismatch
	case alertOf(err) == alertVersion, strings.Contains(text, saysVersion):
		return FaultTLSVersion
	case strings.Contains(text, saysCipher):
		return FaultWeakCipher
	case closed(err):
		return FaultHandshakeClosed
	}
	return FaultHandshakeFailed
}

// clientRefused reports whether the connection ended over a client
// certificate: the server asked for one and then refused, or just hung up.
func (t try) clientRefused() bool {
	return t.asked && (slices.Contains(refusals, alertOf(t.err)) || closed(t.err))
}

func (t try) clientWord(detail string) (Fault, string) {
	if t.presented {
		return FaultClientCertRejected, clean("the server refuses our client certificate: "+detail, maxError)
	}
	return FaultClientCertRequired, clean("the server requires a client certificate and none is configured: "+detail, maxError)
}

// refusedHello reports whether other versions or ciphers might be welcome.
func (t try) refusedHello() bool {
	if t.phase != shaking || t.asked || t.state.Version != 0 {
		return false
	}
	alert, text := alertOf(t.err), t.err.Error()
	return alert == alertVersion || alert == alertFailure || alert == alertWeak ||
		strings.Contains(text, saysVersion) || strings.Contains(text, saysCipher) || closed(t.err)
}

// notTLS says what a server said instead.
func notTLS(h tls.RecordHeaderError) string {
	said := string(h.RecordHeader[:])
	switch {
	case strings.HasPrefix(said, "HTTP"):
		return "the server speaks HTTP without TLS on this port"
	case strings.HasPrefix(said, "220"):
		return "the server speaks SMTP or FTP without TLS on this port"
	case strings.HasPrefix(said, "SSH-"):
		return "the server speaks SSH on this port"
	}
	return "the server does not speak TLS on this port; it said \"" + clean(said, maxName) + "\""
}

// dialFault names why no connection came about.
func dialFault(err error) Fault {
	switch {
	case ours(err):
		return FaultInternal
	case errors.Is(err, syscall.ECONNREFUSED):
		return FaultConnectRefused
	}
	return FaultConnectFailed
}

// ours reports trouble of this machine: no descriptors, memory or ports left,
// or no route to a whole family, which says nothing of the other side.
func ours(err error) bool {
	for _, e := range []error{
		syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.EADDRNOTAVAIL,
		syscall.ENETUNREACH, syscall.ENETDOWN, syscall.EAFNOSUPPORT,
	} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// closed reports that the other side hung up without a word of TLS.
func closed(err error) bool {
	for _, e := range []error{io.EOF, io.ErrUnexpectedEOF, syscall.ECONNRESET, syscall.EPIPE, syscall.ECONNABORTED} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

func timedOut(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	n, ok := errors.AsType[net.Error](err)
	return ok && n.Timeout()
}
