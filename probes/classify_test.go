package probes

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
)

// errno wraps an error of the kernel as package net does.
func errno(op string, e syscall.Errno) error {
	return fmt.Errorf("dial: %w", &net.OpError{Op: op, Net: "tcp", Err: os.NewSyscallError(op, e)})
}

// TestClassify pins what each error of the kernel, of crypto/tls and of our
// own means in each phase: crypto/tls has no type for a peer's alert, so that
// its text decides.
func TestClassify(t *testing.T) {
	t.Parallel()
	alert := func(text string) error { return errors.New("remote error: tls: " + text) }
	for name, test := range map[string]struct {
		in   phase
		err  error
		want Fault
	}{
		"refused":                       {phaseConnect, errno("connect", syscall.ECONNREFUSED), FaultRefused},
		"no route to the network":       {phaseConnect, errno("connect", syscall.ENETUNREACH), FaultUnreachable},
		"no route to the host":          {phaseConnect, errno("connect", syscall.EHOSTUNREACH), FaultUnreachable},
		"forbidden by a local firewall": {phaseConnect, errno("connect", syscall.EPERM), FaultUnreachable},
		"no descriptors left":           {phaseConnect, errno("socket", syscall.EMFILE), FaultInternal},
		"none in the whole system":      {phaseConnect, errno("socket", syscall.ENFILE), FaultInternal},
		"no ports left":                 {phaseConnect, errno("connect", syscall.EADDRNOTAVAIL), FaultInternal},
		"no memory":                     {phaseWait, errno("write", syscall.ENOBUFS), FaultInternal},
		"the kernel's own patience":     {phaseConnect, errno("connect", syscall.ETIMEDOUT), FaultTimeoutConnect},
		"reset while connecting":        {phaseConnect, errno("connect", syscall.ECONNRESET), FaultReset},
		"reset while waiting":           {phaseWait, errno("read", syscall.ECONNRESET), FaultReset},
		"a broken pipe":                 {phaseWait, errno("write", syscall.EPIPE), FaultReset},
		"closed while waiting":          {phaseWait, io.EOF, FaultClosed},
		"cut off":                       {phaseWait, fmt.Errorf("read: %w", io.ErrUnexpectedEOF), FaultClosed},
		"closed in the handshake":       {phaseTLS, io.EOF, FaultClosed},
		"time is up while resolving":    {phaseResolve, context.DeadlineExceeded, FaultTimeoutDNS},
		"while connecting":              {phaseConnect, os.ErrDeadlineExceeded, FaultTimeoutConnect},
		"in the handshake":              {phaseTLS, context.DeadlineExceeded, FaultTimeoutTLS},
		"while waiting":                 {phaseWait, os.ErrDeadlineExceeded, FaultTimeoutResponse},
		"given up by us":                {phaseWait, fmt.Errorf("probe: %w", context.Canceled), FaultCanceled},
		"blocked":                       {phaseConnect, &BlockedError{Address: "10.0.0.1", Why: "private"}, FaultBlocked},
		"an invalid URL":                {phaseResolve, &URLError{Reason: "odd"}, FaultInvalidURL},
		"no such name":                  {phaseResolve, &LookupError{Host: "x", Fault: FaultDNSNotFound}, FaultDNSNotFound},
		"a resolver's other trouble":    {phaseResolve, errors.New("odd"), FaultDNSFailed},
		"our judgement of a chain":      {phaseTLS, fmt.Errorf("tls: %w", &chainError{fault: FaultTLSExpired}), FaultTLSExpired},
		"plain text on the port":        {phaseTLS, tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}, FaultTLSHandshake},
		"their version":                 {phaseTLS, alert("protocol version not supported"), FaultTLSVersion},
		"our version":                   {phaseTLS, errors.New("tls: server selected unsupported protocol version 301"), FaultTLSVersion},
		"a client certificate wanted":   {phaseWait, alert("certificate required"), FaultTLSClientCert},
		"a handshake failure":           {phaseTLS, alert("handshake failure"), FaultTLSHandshake},
		"a TLS trouble of ours":         {phaseTLS, errors.New("tls: unexpected message"), FaultTLSHandshake},
		"a head too large":              {phaseWait, errHeadTooLarge, FaultHeadTooLarge},
		"no HTTP":                       {phaseWait, errors.New("malformed HTTP response"), FaultMalformed},
		"something new":                 {phaseConnect, errors.New("odd"), FaultUnknown},
	} {
		if got := classify(test.in, test.err); got != test.want {
			t.Errorf("%s: got %s, want %s", name, got, test.want)
		}
	}
}

func TestClientCertRefusedReadsTheAlertsOfBothVersions(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"remote error: tls: certificate required": true, "remote error: tls: bad certificate": true,
		"remote error: tls: unknown certificate authority": true, "remote error: tls: handshake failure": true,
		"remote error: tls: internal error": false, "EOF": false,
	} {
		if got := clientCertRefused(errors.New(text)); got != want {
			t.Errorf("%s: got %t, want %t", text, got, want)
		}
	}
}

func TestDetailRepeatsNothingThatAPeerSent(t *testing.T) {
	t.Parallel()
	got := detail(phaseWait, errors.New(`malformed HTTP response "token=marker"`))
	if strings.Contains(got, "marker") || got != "malformed HTTP response" {
		t.Errorf("got %q", got)
	}
	long := detail(phaseTLS, errors.New(strings.Repeat("é\x1b", 300)))
	if len(long) > 200 || strings.ContainsAny(long, "é\x1b") {
		t.Errorf("got %d bytes: %q", len(long), long)
	}
}
