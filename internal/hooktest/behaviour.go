package hooktest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/hookvigil/hookvigil/probes"
)

// Behaviour names one way in which a receiver behaves. The words are stable:
// the demo shows them. The zero value is [OK].
type Behaviour string

// Plain answers. All of them keep the connection alive when the client wants
// that, and read the request first.
const (
	OK              Behaviour = "ok"               // 200 with a short body, to everything
	Created         Behaviour = "created"          // 201
	AcceptsAll      Behaviour = "accepts_all"      // 202 to every method, path and token: level refuse calls it accepts_unauthenticated
	NoContent       Behaviour = "no_content"       // 204, no body
	Slow            Behaviour = "slow"             // 200 after Options.Delay
	Limited         Behaviour = "limited"          // 429 with Retry-After in seconds
	LimitedDate     Behaviour = "limited_date"     // 429 with Retry-After as a date
	Unavailable     Behaviour = "unavailable"      // 503 with Retry-After in seconds
	UnavailableDate Behaviour = "unavailable_date" // 503 with Retry-After as a date
	TokenCheck      Behaviour = "token_check"      // 200 when Options.TokenHeader carries Options.Token, else 401
	Options501      Behaviour = "options_501"      // 501 to OPTIONS, 200 to the rest
	Options405      Behaviour = "options_405"      // 405 to OPTIONS, 200 to the rest
	PostOnly        Behaviour = "post_only"        // 200 to POST, 500 to the rest: a handler that forgot the other methods
)

// Answers that are no answer, or a broken head.
const (
	Hang             Behaviour = "hang"               // reads the request and never answers
	DripHead         Behaviour = "drip_head"          // a head without end, one byte each Options.Every
	Interim          Behaviour = "interim"            // 100, then 103, then 200
	InterimFlood     Behaviour = "interim_flood"      // a hundred times 103, then nothing more
	BadStatusLine    Behaviour = "bad_status_line"    // "HTTP/1.1 OK"
	BadHeader        Behaviour = "bad_header"         // a header line without a colon
	TwoLengths       Behaviour = "two_lengths"        // two Content-Length headers that differ
	HTTP09           Behaviour = "http_09"            // text without any head
	Garbage          Behaviour = "garbage"            // bytes that are no text
	Banner           Behaviour = "banner"             // speaks first, like a mail server
	CloseAfterAsk    Behaviour = "close_after_ask"    // reads the request and closes
	CloseInHead      Behaviour = "close_in_head"      // closes in the middle of the head
	ResetInHead      Behaviour = "reset_in_head"      // resets in the middle of the head
	ResetAfterAsk    Behaviour = "reset_after_ask"    // reads the request and resets
	HeaderFlood      Behaviour = "header_flood"       // 512 KiB of small headers, then the end of the head
	HugeHeader       Behaviour = "huge_header"        // one header of 1 MiB, then the end of the head
	CloseAfterAccept Behaviour = "close_after_accept" // closes as soon as it has accepted, before TLS
	ResetAfterAccept Behaviour = "reset_after_accept" // resets as soon as it has accepted, before TLS; a dialler may see that as a failed connect
)

// A good head, 200, and trouble with the body. HEAD gets the head alone.
const (
	Body64KiB     Behaviour = "body_64kib"      // exactly 65,536 bytes
	Body64KiBOne  Behaviour = "body_64kib_one"  // one byte more
	EndlessBody   Behaviour = "endless_body"    // as fast as the client reads, until it goes
	GzipBomb      Behaviour = "gzip_bomb"       // less than 64 KiB that inflate to 16 MiB
	TruncatedBody Behaviour = "truncated_body"  // announces 1,000 bytes, sends 100, closes
	HangingBody   Behaviour = "hanging_body"    // announces 1,000 bytes, sends 100, then nothing more
	SlowBody      Behaviour = "slow_body"       // chunks of one byte each Options.Every, without end
	BadChunk      Behaviour = "bad_chunk"       // chunked, with a chunk length that is no number
	ResetInBody   Behaviour = "reset_in_body"   // announces 1,000 bytes, sends 100, resets
	NeverEndsBody Behaviour = "never_ends_body" // no length, 100 bytes, and the connection stays open
)

// Trouble in the handshake. These need a receiver with a [CA].
const (
	TLSHang            Behaviour = "tls_hang"             // accepts and never answers the ClientHello
	PlainOnTLS         Behaviour = "plain_on_tls"         // answers the ClientHello in HTTP
	TLSAlert           Behaviour = "tls_alert"            // answers the ClientHello with a handshake_failure alert
	TLSClose           Behaviour = "tls_close"            // reads the ClientHello and closes
	TLSReset           Behaviour = "tls_reset"            // reads the ClientHello and resets
	TLS10              Behaviour = "tls_1_0"              // speaks TLS 1.0 only
	TLS11              Behaviour = "tls_1_1"              // speaks TLS 1.1 only
	ClientCertTLS12    Behaviour = "client_cert_tls12"    // TLS 1.2, wants a client certificate of Options.ClientCAs
	ClientCertTLS13    Behaviour = "client_cert_tls13"    // the same with TLS 1.3, which refuses after the handshake
	CertExpired        Behaviour = "cert_expired"         // leaf expired an hour ago
	CertExpiring       Behaviour = "cert_expiring"        // one of the leaf's 90 days is left
	CertNotYetValid    Behaviour = "cert_not_yet_valid"   // leaf valid from tomorrow
	CertWrongName      Behaviour = "cert_wrong_name"      // leaf for another name
	CertNoSAN          Behaviour = "cert_no_san"          // name only in the common name
	CertSelfSigned     Behaviour = "cert_self_signed"     // leaf signed by itself
	CertUntrusted      Behaviour = "cert_untrusted"       // leaf of another root
	CertNoIntermediate Behaviour = "cert_no_intermediate" // leaf of an intermediate that is not served
	CertOldMiddle      Behaviour = "cert_old_middle"      // leaf of an intermediate that is served and expired
	CertWrongUsage     Behaviour = "cert_wrong_usage"     // leaf for client authentication only
)

// Status returns the behaviour that answers code, 101 to 599, to everything.
// A 3xx carries Options.Location, a 401 and a 405 the header that they owe. A
// 1xx but 101 is no final answer, and nothing follows it.
func Status(code int) Behaviour { return Behaviour("status_" + strconv.Itoa(code)) }

// Description is what a behaviour does, and what a probe must say of it.
type Description struct {
	Does string // one sentence

	// Fault and Notes are of a probe at level ping, on a kind of receiver that
	// the behaviour is for, that trusts its CA, sends its token, and has no
	// client certificate. They hold while Options.Delay lies between the
	// probe's ack budget and its deadline. The note cleartext is left out: it
	// depends on the scheme alone.
	Fault probes.Fault
	Notes probes.NoteSet

	Reach probes.Fault // the fault at level reach
	TLS   bool         // needs a receiver with a CA
}

// Behaviours returns all behaviours, with a selection of statuses. The slice
// is the caller's.
func Behaviours() []Behaviour {
	var names []Behaviour
	for _, s := range specs() {
		names = append(names, s.name)
	}
	return names
}

// Describe says what b does; the zero Description when b is no behaviour.
func (b Behaviour) Describe() Description {
	s, err := find(b)
	if err != nil {
		return Description{}
	}
	return s.Description
}

// UnmarshalText implements [encoding.TextUnmarshaler]; an unknown word is an
// error that lists the known ones.
func (b *Behaviour) UnmarshalText(text []byte) error {
	s, err := find(Behaviour(text))
	if err != nil {
		return err
	}
	*b = s.name
	return nil
}

// spec is a behaviour with its doing. Exactly one of the functions that are
// set comes first; what is nil is done in the ordinary way.
type spec struct {
	name Behaviour
	Description

	accept func(*exchange)                  // instead of everything after accepting
	secure func(*handshake)                 // changes the handshake
	leaf   func(*leafer) (LeafOptions, *CA) // issues another leaf than the sound one
	greet  func(*exchange)                  // instead of reading a request
	serve  func(*exchange)                  // instead of 200
}

// specs returns the table.
func specs() []spec {
	return slices.Concat(answers(), statuses(), silences(), brokenHeads(), cuts(), bodies(), handshakes(), certificates())
}

func find(b Behaviour) (spec, error) {
	if b == "" {
		b = OK
	}
	if rest, ok := strings.CutPrefix(string(b), "status_"); ok {
		if code, err := strconv.Atoi(rest); err == nil && code > 100 && code < 600 {
			return status(code), nil
		}
		return spec{}, fmt.Errorf("%q is not a behaviour; a status is status_101 to status_599", string(b))
	}
	all := specs()
	for _, s := range all {
		if s.name == b {
			return s, nil
		}
	}
	words := make([]string, len(all))
	for i, s := range all {
		words[i] = string(s.name)
	}
	return spec{}, fmt.Errorf("%q is not a behaviour; one of %s", string(b), strings.Join(words, ", "))
}
