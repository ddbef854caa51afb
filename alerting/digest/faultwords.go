package digest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/probes"
)

// mostFaults bounds the faults of an endpoint that are named.
const mostFaults = 4

// failures says what failed in plain words, what was met most often first.
func (v voice) failures(faults []Fault) string {
	faults = slices.SortedFunc(slices.Values(faults), func(a, b Fault) int {
		return cmp.Or(b.Attempts-a.Attempts, b.Looks-a.Looks, cmp.Compare(a.Word, b.Word))
	})
	var list []string
	for _, f := range faults[:min(len(faults), mostFaults)] {
		list = append(list, lineOf(v.fault(f.Word), v.count(v.AttemptCount, f.Attempts), v.count(v.ProbeCount, f.Looks)))
	}
	if more := len(faults) - len(list); more > 0 {
		list = append(list, fmt.Sprintf(v.More, more))
	}
	return strings.Join(list, "; ")
}

// fault is a fault in plain words, with the word of the closed set, which is
// what page, metrics and support know it by.
func (v voice) fault(word probes.Fault) string {
	name := alerting.Line(string(word), longName)
	if plain := v.Faults[string(word)]; plain != "" {
		return plain + " (" + name + ")"
	}
	return name
}

// count is empty for nothing.
func (v voice) count(f forms, n int) string {
	if n <= 0 {
		return ""
	}
	return fmt.Sprintf(form(f, n), n)
}

// unanswered reports whether something failed without an answer: such requests
// are not among those whose time was taken.
func (e Endpoint) unanswered() bool {
	return slices.ContainsFunc(e.Faults, func(f Fault) bool { return (f.Attempts > 0 || f.Looks > 0) && !answered(f.Word) })
}

// answered reports whether a fault is an answer, though not a good one.
func answered(f probes.Fault) bool {
	switch f {
	case probes.FaultHTTP3xx, probes.FaultHTTP4xx, probes.FaultHTTP401, probes.FaultHTTP404, probes.FaultHTTP410,
		probes.FaultHTTP429, probes.FaultHTTP5xx, probes.FaultAcceptsUnauthenticated:
		return true
	default:
		return false
	}
}

// englishFaults has plain words for every fault of a request.
func englishFaults() map[string]string {
	return map[string]string{
		"dns_not_found": "the host name does not exist", "dns_no_address": "the host name has no address",
		"dns_failed": "the host name could not be resolved", "timeout_dns": "the host name was not resolved in time",
		"blocked": "the address is not allowed", "invalid_url": "the URL is not allowed",
		"refused": "the connection was refused", "unreachable": "the server cannot be reached", "timeout_connect": "no connection in time",
		"timeout_tls": "no TLS handshake in time", "tls_handshake": "the TLS handshake failed", "tls_version": "the TLS version is too old",
		"tls_expired": "the certificate has expired", "tls_not_yet_valid": "the certificate is not valid yet",
		"tls_untrusted": "the certificate is not trusted", "tls_hostname": "the certificate is for another host name",
		"tls_usage": "the certificate is not for servers", "tls_client_cert": "a client certificate is wanted",
		"reset": "the connection was reset", "closed": "the connection was closed without an answer",
		"malformed": "the answer cannot be understood", "head_too_large": "the header of the answer is too large",
		"timeout_response": "no answer in time",
		"http_3xx":         "a redirect", "http_4xx": "refused by the endpoint", "http_401": "token not accepted", "http_404": "path not found",
		"http_410": "gone for good", "http_429": "too many requests", "http_5xx": "server error",
		"accepts_unauthenticated": "a wrong token was accepted",
		"sender_error":            "trouble of the sender", "canceled": "given up by us", "internal": "trouble on our side", "unknown": "not known why",
	}
}

// indonesianFaults is the same; see [englishFaults].
func indonesianFaults() map[string]string {
	return map[string]string{
		"dns_not_found": "nama host tidak ada", "dns_no_address": "nama host tidak memiliki alamat",
		"dns_failed": "nama host tidak dapat ditemukan", "timeout_dns": "nama host tidak ditemukan tepat waktu",
		"blocked": "alamat tidak diizinkan", "invalid_url": "URL tidak diizinkan",
		"refused": "sambungan ditolak", "unreachable": "server tidak dapat dijangkau", "timeout_connect": "sambungan tidak dibuat tepat waktu",
		"timeout_tls": "jabat tangan TLS tidak selesai tepat waktu", "tls_handshake": "jabat tangan TLS gagal", "tls_version": "versi TLS terlalu lama",
		"tls_expired": "sertifikat kedaluwarsa", "tls_not_yet_valid": "sertifikat belum berlaku",
		"tls_untrusted": "sertifikat tidak tepercaya", "tls_hostname": "sertifikat untuk nama host lain",
		"tls_usage": "sertifikat bukan untuk server", "tls_client_cert": "sertifikat klien diminta",
		"reset": "sambungan diputus", "closed": "sambungan ditutup tanpa jawaban",
		"malformed": "jawaban tidak dapat dipahami", "head_too_large": "kepala jawaban terlalu besar",
		"timeout_response": "tidak ada jawaban tepat waktu",
		"http_3xx":         "pengalihan", "http_4xx": "ditolak oleh endpoint", "http_401": "token tidak diterima", "http_404": "path tidak ditemukan",
		"http_410": "sudah tidak ada", "http_429": "terlalu banyak permintaan", "http_5xx": "kesalahan server",
		"accepts_unauthenticated": "token yang salah diterima",
		"sender_error":            "gangguan di pengirim", "canceled": "dihentikan oleh kami", "internal": "gangguan di pihak kami", "unknown": "sebab tidak diketahui",
	}
}
