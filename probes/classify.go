package probes

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"unicode/utf8"
)

// phase names what a probe was doing when it failed.
type phase int

const (
	phaseResolve phase = iota
	phaseConnect
	phaseTLS
	phaseWait
)

// timeouts says what a passed deadline is called in each phase.
var timeouts = map[phase]Fault{
	phaseResolve: FaultTimeoutDNS,
	phaseConnect: FaultTimeoutConnect,
	phaseTLS:     FaultTimeoutTLS,
	phaseWait:    FaultTimeoutResponse,
}

// errHeadTooLarge ends a head over 256 KiB or 5,000 lines.
var errHeadTooLarge = errors.New("response head larger than 256 KiB or 5,000 lines")

// classify names the fault of an error in a phase. It never says FaultNone.
func classify(in phase, err error) Fault {
	if f, ok := classifyOurs(err); ok {
		return f
	}
	if timedOut(err) {
		return timeouts[in]
	}
	if in == phaseTLS || in == phaseWait {
		if f, ok := classifyTLS(err); ok {
			return f
		}
	}
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return FaultRefused
	case isAny(err, syscall.ENETUNREACH, syscall.EHOSTUNREACH, syscall.ENETDOWN, syscall.EHOSTDOWN, syscall.EACCES, syscall.EPERM):
		return FaultUnreachable
	case isAny(err, syscall.ECONNRESET, syscall.EPIPE, syscall.ECONNABORTED):
		return FaultReset
	case errors.Is(err, errHeadTooLarge):
		return FaultHeadTooLarge
	case isAny(err, io.EOF, io.ErrUnexpectedEOF):
		return FaultClosed
	case in == phaseTLS:
		return FaultTLSHandshake
	case in == phaseWait:
		return FaultMalformed
	case in == phaseResolve:
		return FaultDNSFailed
	default:
		return FaultUnknown
	}
}

// classifyOurs names what the guard, the resolver and our own machine did.
func classifyOurs(err error) (Fault, bool) {
	if e, ok := errors.AsType[*chainError](err); ok {
		return e.fault, true
	}
	if e, ok := errors.AsType[*LookupError](err); ok {
		return e.Fault, true
	}
	if _, ok := errors.AsType[*BlockedError](err); ok {
		return FaultBlocked, true
	}
	if _, ok := errors.AsType[*URLError](err); ok {
		return FaultInvalidURL, true
	}
	switch {
	case errors.Is(err, context.Canceled):
		return FaultCanceled, true
	case isAny(err, syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.EADDRNOTAVAIL):
		return FaultInternal, true // no descriptors, no ports: nothing that the endpoint did
	}
	return "", false
}

func timedOut(err error) bool {
	if isAny(err, context.DeadlineExceeded, os.ErrDeadlineExceeded, syscall.ETIMEDOUT) {
		return true
	}
	e, ok := errors.AsType[net.Error](err)
	return ok && e.Timeout()
}

// chainError carries a verdict of our own out of the handshake.
type chainError struct {
	fault  Fault
	detail string
}

func (e *chainError) Error() string { return e.detail }

// classifyTLS names a failed handshake. Alerts of the peer have no type of
// their own outside QUIC, so that their text decides; a test pins the texts.
func classifyTLS(err error) (Fault, bool) {
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return FaultTLSHandshake, true
	}
	text := err.Error()
	alert, remote := strings.CutPrefix(text[max(0, strings.Index(text, "remote error: tls: ")):], "remote error: tls: ")
	switch {
	case remote && alert == "protocol version not supported",
		strings.Contains(text, "unsupported protocol version"),
		strings.Contains(text, "unsupported versions"):
		return FaultTLSVersion, true
	case remote && alert == "certificate required":
		return FaultTLSClientCert, true
	case remote, strings.Contains(text, "tls: "):
		return FaultTLSHandshake, true
	}
	return "", false
}

// clientCertRefused reports whether err is how a server refuses the client
// certificate that it asked for: in TLS 1.2 a plain handshake failure, in TLS
// 1.3 only with the first read.
func clientCertRefused(err error) bool {
	text := err.Error()
	for _, alert := range []string{
		"certificate required", "bad certificate", "unknown certificate authority", "unknown certificate",
		"handshake failure", "access denied", "unsupported certificate", "expired certificate", "revoked certificate",
	} {
		if strings.Contains(text, "remote error: tls: "+alert) {
			return true
		}
	}
	return false
}

// verifyFault names why crypto/x509 refuses a chain.
func verifyFault(err error) Fault {
	if e, ok := errors.AsType[x509.CertificateInvalidError](err); ok {
		switch {
		case e.Reason == x509.Expired && strings.Contains(e.Error(), "is before"):
			return FaultTLSNotYetValid
		case e.Reason == x509.Expired:
			return FaultTLSExpired
		case e.Reason == x509.IncompatibleUsage:
			return FaultTLSUsage
		}
		return FaultTLSUntrusted
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return FaultTLSHostname
	}
	if _, ok := errors.AsType[x509.SystemRootsError](err); ok {
		return FaultInternal
	}
	return FaultTLSUntrusted
}

func isAny(err error, targets ...error) bool {
	for _, t := range targets {
		if errors.Is(err, t) {
			return true
		}
	}
	return false
}

// detail turns err into one line for the operator. What a peer sent in quotes
// is left out: it could repeat a secret of the request.
func detail(in phase, err error) string {
	text := err.Error()
	if in == phaseWait {
		text, _, _ = strings.Cut(text, `"`)
		text = strings.TrimRight(text, " :")
	}
	return clip(text)
}

// clip makes a stranger's text fit for a log line: printable ASCII, at most
// 200 bytes.
func clip(s string) string {
	s = strings.Map(func(c rune) rune {
		if c < ' ' || c > '~' || c == utf8.RuneError {
			return '?'
		}
		return c
	}, s)
	if len(s) > 200 {
		s = s[:197] + "..."
	}
	return s
}
