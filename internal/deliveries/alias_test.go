package deliveries

import (
	"strings"
	"testing"

	"github.com/hookvigil/hookvigil/probes"
)

func TestOurOwnWordsMeanThemselves(t *testing.T) {
	t.Parallel()
	for _, f := range probes.Faults() {
		want := f
		if f == probes.FaultNone {
			want = probes.FaultUnknown // no error stands for success
		}
		if got := FaultOf(string(f)); got != want {
			t.Errorf("%s: got %s, want %s", f, got, want)
		}
	}
}

// TestForeignErrors holds the table against words and texts as the programs
// write them.
func TestForeignErrors(t *testing.T) {
	t.Parallel()
	for fault, texts := range map[probes.Fault][]string{
		probes.FaultDNSNotFound: {
			"ENOTFOUND", "getaddrinfo ENOTFOUND hooks.example.com", "EAI_NONAME", "net::ERR_NAME_NOT_RESOLVED",
			"dial tcp: lookup hooks.example.com on 10.0.0.2:53: no such host",
			"curl: (6) Could not resolve host: hooks.example.com", "java.net.UnknownHostException: hooks.example.com",
			"[Errno -2] Name or service not known",
		},
		probes.FaultDNSNoAddress: {"ENODATA", "[Errno -5] No address associated with hostname"},
		probes.FaultDNSFailed: {
			"dns_error", "dns", "E_DNS", "SERVFAIL", "getaddrinfo EAI_AGAIN hooks.example.com",
			"dial tcp: lookup hooks.example.com on 10.0.0.2:53: server misbehaving",
		},
		probes.FaultTimeoutDNS: {
			"dial tcp: lookup hooks.example.com on 10.0.0.2:53: read udp 10.0.0.9:1->10.0.0.2:53: i/o timeout",
			"queryA ETIMEOUT hooks.example.com", "Resolving timed out after 5000 milliseconds",
		},
		probes.FaultRefused: {
			"connection_refused", "ECONNREFUSED", "econnrefused", "Connection refused", "connection-refused",
			"connect ECONNREFUSED 203.0.113.9:443", "dial tcp 203.0.113.9:443: connect: connection refused",
			"curl: (7) Failed to connect to hooks.example.com port 443: Connection refused",
		},
		probes.FaultUnreachable: {
			"network_unreachable", "EHOSTUNREACH", "E_CONNECTION", "dial tcp 203.0.113.9:443: connect: no route to host",
			"dial tcp [2001:db8::1]:443: connect: network is unreachable", "CURLE_COULDNT_CONNECT",
		},
		probes.FaultTimeoutConnect: {
			"ETIMEDOUT", "connect ETIMEDOUT 203.0.113.9:443", "dial tcp 203.0.113.9:443: i/o timeout", "UND_ERR_CONNECT_TIMEOUT",
			"dial tcp 203.0.113.9:443: connect: connection timed out", "connect_timeout", "Connection timed out after 10001 milliseconds",
		},
		probes.FaultTimeoutResponse: {
			"timeout", "TIMEOUT", " timeout ", "E_TIMEOUT", "read timeout", "ESOCKETTIMEDOUT", "timeout of 30000ms exceeded",
			"context deadline exceeded (Client.Timeout exceeded while awaiting headers)",
			"net/http: timeout awaiting response headers", "read tcp 10.0.0.9:1->203.0.113.9:443: i/o timeout",
			"net/http: request canceled (Client.Timeout exceeded while awaiting headers)",
			"curl: (28) Operation timed out after 30001 milliseconds with 0 bytes received",
		},
		probes.FaultTimeoutTLS: {"net/http: TLS handshake timeout", "SSL connection timeout", "tls_timeout"},
		probes.FaultTLSExpired: {
			"CERT_HAS_EXPIRED", "certificate has expired",
			"tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2023-11-11T13:00:00Z is after 2023-11-10T00:00:00Z",
			"[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate has expired (_ssl.c:1006)",
			"curl: (60) SSL certificate problem: certificate has expired", "net::ERR_CERT_DATE_INVALID",
		},
		probes.FaultTLSNotYetValid: {
			"CERT_NOT_YET_VALID", "certificate is not yet valid",
			"x509: certificate has expired or is not yet valid: current time 2023-11-11T13:00:00Z is before 2023-11-12T00:00:00Z",
		},
		probes.FaultTLSUntrusted: {
			"DEPTH_ZERO_SELF_SIGNED_CERT", "SELF_SIGNED_CERT_IN_CHAIN", "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
			"UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "unable to get local issuer certificate", "unable to verify the first certificate",
			"tls: failed to verify certificate: x509: certificate signed by unknown authority",
			"curl: (60) SSL certificate problem: self-signed certificate", "CURLE_PEER_FAILED_VERIFICATION",
		},
		probes.FaultTLSHostname: {
			"ERR_TLS_CERT_ALTNAME_INVALID", "tls_name", "x509: certificate is valid for a.example, not b.example",
			"Hostname/IP does not match certificate's altnames: Host: b.example. is not in the cert's altnames: DNS:a.example",
			"SSL: no alternative certificate subject name matches target host name 'b.example'",
			"x509: cannot validate certificate for 203.0.113.9 because it doesn't contain any IP SANs",
		},
		probes.FaultTLSVersion: {
			"tls_protocol", "remote error: tls: protocol version not supported", "tlsv1 alert protocol version",
			"tls: server selected unsupported protocol version 301", "ERR_SSL_VERSION_OR_CIPHER_MISMATCH",
		},
		probes.FaultTLSUsage: {"x509: certificate specifies an incompatible key usage"},
		probes.FaultTLSClientCert: {
			"remote error: tls: certificate required", "remote error: tls: bad certificate", "remote error: tls: expired certificate",
			"sslv3 alert bad certificate", "sslv3 alert certificate expired",
		},
		probes.FaultTLSHandshake: {
			"tls_error", "tls_handshake", "EPROTO", "remote error: tls: handshake failure", "CURLE_SSL_CONNECT_ERROR",
			"write EPROTO 140:error:1408F10B:SSL routines:ssl3_get_record:wrong version number",
		},
		probes.FaultReset: {
			"connection_reset", "ECONNRESET", "read ECONNRESET", "EPIPE", "ECONNABORTED",
			"read tcp 10.0.0.9:1->203.0.113.9:443: read: connection reset by peer", "write: broken pipe",
		},
		probes.FaultClosed: {
			"EOF", "unexpected EOF", `Post "https://hooks.example.com/": EOF`, "socket hang up", "Empty reply from server",
			"Remote end closed connection without response", "http: server closed idle connection",
			"upstream connect error or disconnect/reset before headers",
		},
		probes.FaultMalformed: {"HPE_INVALID_CONSTANT", `malformed HTTP response "x"`, "http: server gave HTTP response to HTTPS client", "BadStatusLine"},
		probes.FaultHeadTooLarge: {
			"HPE_HEADER_OVERFLOW", "UND_ERR_HEADERS_OVERFLOW", "net/http: server response headers exceeded 1048576 bytes; aborted",
		},
		probes.FaultHTTP3xx:     {"redirect_error", "stopped after 10 redirects", "CURLE_TOO_MANY_REDIRECTS", "302", "http_301"},
		probes.FaultHTTP4xx:     {"403", "http_422"},
		probes.FaultHTTP404:     {"404", "HTTP 404", "status_404"},
		probes.FaultHTTP410:     {"http_410"},
		probes.FaultHTTP5xx:     {"503", "http-500", "599"},
		probes.FaultBlocked:     {"blocked_ssrf", "blocked"},
		probes.FaultInvalidURL:  {"E_INVALID_TARGET", `unsupported protocol scheme ""`, "CURLE_URL_MALFORMAT"},
		probes.FaultSenderError: {"proxy_error", "proxyconnect tcp: dial tcp 10.0.0.1:3128: connect: connection refused", "EMFILE", "socket: too many open files", "E_INVALID_HEADER"},
		probes.FaultCanceled:    {"cancelled", "context canceled", "AbortError", "ERR_CANCELED"},
		probes.FaultUnknown: {
			"", " ", "network_error", "E_HTTP", "E_UNKNOWN", "none", "ok", "200", "299", "600", "5xx", "42", "gremlins in the wire",
			"\x00", "\xff\xfe", strings.Repeat("x", 1000),
		},
	} {
		for _, text := range texts {
			if got := FaultOf(text); got != fault {
				t.Errorf("%q: got %s, want %s", text, got, fault)
			}
		}
	}
}

// TestAliasTableIsWellFormed: a spelling that is not normal would never be
// found, a word that stands twice would mean whatever row comes last.
func TestAliasTableIsWellFormed(t *testing.T) {
	t.Parallel()
	seen := map[string]probes.Fault{}
	for _, row := range aliasTable {
		if !row.fault.Known() || row.fault == probes.FaultNone {
			t.Errorf("row of %q stands for no fault", row.fault)
		}
		for _, s := range append(strings.Fields(row.words), strings.Fields(row.parts)...) {
			if normal(s) != s {
				t.Errorf("%q is not in normal form: %q", s, normal(s))
			}
		}
		for w := range strings.FieldsSeq(row.words) {
			if other, ok := seen[w]; ok {
				t.Errorf("word %q stands for %s and %s", w, other, row.fault)
			}
			if f := probes.Fault(w); f.Known() && f != row.fault && f != probes.FaultNone {
				t.Errorf("our own word %q is turned into %s", w, row.fault)
			}
			seen[w] = row.fault
		}
	}
}

// TestAliasPartsAreReached: a part that one above it swallows is never
// reached in its plainest form.
func TestAliasPartsAreReached(t *testing.T) {
	t.Parallel()
	for _, row := range aliasTable {
		for p := range strings.FieldsSeq(row.parts) {
			plain := "xx " + strings.ReplaceAll(p, "*", " ") + " xx"
			if got := FaultOf(plain); got != row.fault {
				t.Errorf("%q, written as %q: got %s, want %s", p, plain, got, row.fault)
			}
		}
	}
}
