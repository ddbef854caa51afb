package rules

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
)

// Cause says in one word why an endpoint is as it is, from all three signals
// together. The words are stable: they are answered by the API, and stored.
type Cause string

// The causes.
const (
	CauseSuspended           Cause = "suspended"            // switched off in its record: nothing is expected of it
	CauseGone                Cause = "gone"                 // answers 410
	CauseOurTrustStore       Cause = "our_trust_store"      // the sender's roots, not the merchants' certificates
	CauseCertificate         Cause = "certificate"          // of the endpoint, or its chain
	CauseTLS                 Cause = "tls"                  // the handshake, not the certificate
	CauseEndpointDown        Cause = "endpoint_down"        // the server, its name or its network
	CauseHandlerBroken       Cause = "handler_broken"       // the server stands, the handler behind it does not
	CauseHandlerSlow         Cause = "handler_slow"         // under load, or before it answers
	CauseConnectionBroken    Cause = "connection_broken"    // ends before a complete answer
	CauseSenderBlocked       Cause = "sender_blocked"       // the probe gets through, the sender does not
	CauseAuthChanged         Cause = "auth_changed"         // token, signature or path, or a firewall rule
	CausePayloadRejected     Cause = "payload_rejected"     // one type of event, or its content
	CauseRateLimited         Cause = "rate_limited"         // answers 429
	CauseRedirect            Cause = "redirect"             // answers 3xx, which is never followed
	CauseUnauthenticated     Cause = "unauthenticated"      // accepts a wrong token
	CauseProbePathBlocked    Cause = "probe_path_blocked"   // deliveries get through, the probe does not
	CauseDispatcherSilent    Cause = "dispatcher_silent"    // nothing is sent to it any more
	CauseCertificateExpiring Cause = "certificate_expiring" // works today
	CauseRecovered           Cause = "recovered"            // deliveries failed, and get through again
	CauseHealthy             Cause = "healthy"
	CauseUnclear             Cause = "unclear" // the signals disagree, or not enough is known
	CauseNoData              Cause = "no_data" // never healthy
)

// Causes returns the closed set.
func Causes() []Cause {
	return []Cause{
		CauseSuspended, CauseGone, CauseOurTrustStore, CauseCertificate, CauseTLS, CauseEndpointDown, CauseHandlerBroken, CauseHandlerSlow,
		CauseConnectionBroken, CauseSenderBlocked, CauseAuthChanged, CausePayloadRejected, CauseRateLimited, CauseRedirect, CauseUnauthenticated,
		CauseProbePathBlocked, CauseDispatcherSilent, CauseCertificateExpiring, CauseRecovered, CauseHealthy, CauseUnclear, CauseNoData,
	}
}

// Audience is who can do something about a cause.
type Audience string

// The audiences.
const (
	AudienceMerchant Audience = "merchant"
	AudienceSRE      Audience = "sre"
)

// Flow is how real deliveries go. The zero value says that nothing is known.
type Flow string

// The flows.
const (
	FlowUnknown Flow = ""        // no source tells, or too few attempts to judge
	FlowOK      Flow = "ok"      // enough get through
	FlowFailing Flow = "failing" // by the ratio of first attempts
	FlowSilent  Flow = "silent"  // none, although some were expected

	FlowRecovered Flow = "recovered" // they failed in the same window, and no more
)

// Look is what the probe found at one level. The zero value says that it did
// not look.
type Look struct {
	Verdict probes.Verdict
	Fault   probes.Fault // FaultNone or empty when healthy
	Pending bool         // a failure that is not confirmed yet
}

// CauseFact is what is known of one endpoint. It is a comparable value, and
// holds neither a name nor a URL. The zero value knows nothing.
type CauseFact struct {
	Suspended bool // by its record

	Flow   Flow
	Fault  probes.Fault // of most failed first attempts; empty: not known
	Status int          // HTTP status of the last of them; 0: none, or not known

	Since time.Time // first of the present failures, of whichever signal; zero: not known

	Reach Look // levels tls, reach and refuse
	Ping  Look // level ping

	Certificate certificate.Verdict // empty: not looked at
	Finding     certificate.Fault   // its worst; empty: none
	Left        time.Duration       // until the certificate served ends, when no verdict says more; 0: not known

	// Crowd says that many merchants with certificates of one issuer fail alike
	// (DESIGN 5.4: five merchants on three hosts).
	Crowd bool
}

// Advice is what to do, one to three sentences in each language. It holds no
// secret, URL or name; both are empty when there is nothing to do.
type Advice struct {
	English    string `json:"en,omitempty"`
	Indonesian string `json:"id,omitempty"`
}

// Finding is the cause, whom to tell and what to do. Tell is never nil.
type Finding struct {
	Cause  Cause      `json:"cause"`
	Tell   []Audience `json:"tell"`
	Advice Advice     `json:"advice,omitzero"`
}

// CauseOf finds the cause by the matrix of reference webhooks.md section 11.3.
// It is pure and total: whatever the fact holds, there is exactly one finding.
func CauseOf(f CauseFact) Finding {
	if f.Flow == FlowFailing && kindOf(f.Fault, f.Status) == kindUnknown && f.Ping.Verdict == probes.Down {
		f.Fault, f.Status = f.Ping.Fault, 0 // the ping goes the same way, and says how it ends
	}
	s := sightOf(f)
	row := &causeMatrix[len(causeMatrix)-1] // is met by everything
	for i := range causeMatrix {
		if causeMatrix[i].meets(s) {
			row = &causeMatrix[i]
			break
		}
	}
	tell := append([]Audience{}, row.tell...)
	if f.Crowd && row.besides != "" {
		tell = append(tell, row.besides)
	}
	return Finding{Cause: row.cause, Tell: tell, Advice: causeAdvice[row.says].filled(f, row.of)}
}

// filled puts what is known into the places {fault} {status} {since}.
func (a Advice) filled(f CauseFact, of witness) Advice {
	fault := f.word(of)
	fill := func(text, since string) string {
		if f.Since.IsZero() {
			since = ""
		} else {
			since += clock(f.Since)
		}
		return strings.NewReplacer("{fault}", fault, "{status}", f.status(of, fault), "{since}", since).Replace(text)
	}
	return Advice{English: fill(a.English, " since "), Indonesian: fill(a.Indonesian, " sejak ")}
}

// word is the fault that a witness names; "unknown" for what is no known word,
// so that nothing foreign gets into a sentence.
func (f CauseFact) word(of witness) string {
	said := map[witness]probes.Fault{ofDeliveries: f.Fault, ofReach: f.Reach.Fault, ofPing: f.Ping.Fault}[of]
	switch {
	case of == ofCertificate && slices.Contains(certificate.Faults(), f.Finding):
		return string(f.Finding)
	case said != "" && said != probes.FaultNone && said.Known():
		return string(said)
	default:
		return string(probes.FaultUnknown)
	}
}

// status is what is answered, as exactly as it is known: "403", "5xx".
func (f CauseFact) status(of witness, fault string) string {
	short, answered := strings.CutPrefix(fault, "http_")
	if of == ofDeliveries && answered && f.Status >= 100 && f.Status <= 599 {
		return strconv.Itoa(f.Status)
	}
	return short
}
