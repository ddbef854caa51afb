package daemon_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/hooktest"
	"github.com/hookvigil/hookvigil/probes"
)

// kind is one endpoint of the great test: what its receiver does, and how it
// is probed.
type kind struct {
	id       string
	b        hooktest.Behaviour
	level    probes.Level
	receiver *hooktest.Receiver
	tls      bool
}

// want returns what the probe must say of it.
func (k kind) want() (probes.Fault, probes.NoteSet) {
	d := k.b.Describe()
	if k.level == probes.LevelReach {
		return d.Reach, d.Notes
	}
	return d.Fault, d.Notes
}

// patience is the time that the probe of an endpoint gets: as much as can be, so
// that a busy machine is not taken for a slow endpoint, but where the endpoint
// takes time itself.
func (k kind) patience() string {
	switch fault, notes := k.want(); {
	case notes.Has(probes.NoteSlow):
		return "timeout: 30s, ack_budget: 2s"
	case strings.HasPrefix(string(fault), "timeout_"):
		return "timeout: 4s, ack_budget: 4s"
	default:
		return "timeout: 30s, ack_budget: 30s"
	}
}

// kinds starts a receiver for each behaviour, over http and https, at ping and
// at reach: more than 200.
func kinds(t *testing.T, ca *hooktest.CA) []kind {
	t.Helper()
	var list []kind
	for _, b := range hooktest.Behaviours() {
		for i, level := range []probes.Level{probes.LevelPing, probes.LevelReach} {
			for _, secure := range []bool{false, true} {
				if b.Describe().TLS != secure && (b.Describe().TLS || i == 1) {
					continue
				}
				opts := hooktest.Options{Behaviour: b, Delay: 2500 * time.Millisecond, Every: 20 * time.Millisecond, Token: "the-token-of-every-kind"}
				if secure {
					opts.CA = ca
				}
				id := fmt.Sprintf("%s-%s-%t", strings.ReplaceAll(string(b), "_", "-"), level, secure)
				list = append(list, kind{id, b, level, hooktest.Start(t, opts), secure})
			}
		}
	}
	return list
}

func TestEveryKindOfEndpointIsSeenForWhatItIs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ca, pem := hooktest.StartCA(t, "root")
	list := kinds(t, ca)
	if len(list) < 200 {
		t.Fatalf("%d endpoints, want 200", len(list))
	}
	write(t, dir+"/token", "the-token-of-every-kind")
	var lines []string
	for _, k := range list {
		lines = append(lines, fmt.Sprintf("{id: %s, url: %q, token_file: token, probe: {level: %s, interval: 24h, %s, confirm_after: 1h, allow_cleartext: true}, certificate: {interval: 24h, timeout: %s}}",
			k.id, k.receiver.URL()+"/hook", k.level, k.patience(), map[bool]string{true: "4s", false: "30s"}[k.b == hooktest.TLSHang]))
	}
	d := start(t, dir, head+"tls: {ca_files: ["+pem+"]}\n"+merchants(lines...))
	each := func(check func(kind)) {
		var wg sync.WaitGroup
		slots := make(chan struct{}, 12) // so that a busy machine is not taken for a slow endpoint
		for _, k := range list {
			slots <- struct{}{}
			wg.Go(func() {
				defer func() { <-slots }()
				check(k)
			})
		}
		wg.Wait()
	}
	each(func(k kind) { d.check(k, d.atFirst) })
	each(func(k kind) { d.check(k, d.onceProven) })
}

// check holds what is said of an endpoint. It is asked three times at most: a
// busy machine is no slow endpoint, a regular probe may come between two of the
// test, and what is said wrongly is said so each time.
func (r *running) check(k kind, ask func(kind) (complaint string)) {
	complaint := ask(k)
	for try := 1; try < 3 && complaint != ""; try++ {
		r.t.Logf("asked again: %s", complaint)
		complaint = ask(k)
	}
	if complaint != "" {
		r.t.Error(complaint)
	}
}

// atFirst probes an endpoint that was never healthy, and says what is wrong with
// the answer.
func (r *running) atFirst(k kind) string {
	fault, notes := k.want()
	v := r.probeNow(k.id)
	verdict := "unknown"
	switch {
	case fault == probes.FaultNone && notes.Has(probes.NoteSlow):
		verdict = "degraded"
	case fault == probes.FaultNone:
		verdict = "healthy"
	}
	got := slices.DeleteFunc(v.Probe.Notes, func(w string) bool { return w == "cleartext" })
	if v.Probe.Verdict != verdict || v.Probe.Fault != string(fault) || !slices.Equal(got, notes.Words()) {
		return fmt.Sprintf("%s at first: got %s %s %v, want %s %s %v", k.id, v.Probe.Verdict, v.Probe.Fault, got, verdict, fault, notes.Words())
	}
	if k.tls {
		if complaint := r.certificateAtFirst(k); complaint != "" {
			return complaint
		}
	}
	v, _ = r.endpoint(k.id)
	if want := stateAtFirst(verdict, v.Certificate != nil && v.Certificate.Verdict != "ok"); v.State != want {
		return fmt.Sprintf("%s at first: state %s, want %s", k.id, v.State, want)
	}
	return ""
}

// stateAtFirst is the endpoint's word: a bad certificate alone is degraded, and
// what was never healthy is no_data.
func stateAtFirst(verdict string, badCertificate bool) string {
	switch {
	case badCertificate, verdict == "degraded":
		return "degraded"
	case verdict == "healthy":
		return "healthy"
	default:
		return "no_data"
	}
}

// certificateFaults is what the second signal must find.
var certificateFaults = map[hooktest.Behaviour]string{
	hooktest.CertExpired: "expired_leaf", hooktest.CertExpiring: "expiring", hooktest.CertNotYetValid: "not_yet_valid",
	hooktest.CertWrongName: "hostname_mismatch", hooktest.CertNoSAN: "no_san", hooktest.CertSelfSigned: "self_signed",
	hooktest.CertNoIntermediate: "chain_incomplete", hooktest.CertOldMiddle: "expired_intermediate", hooktest.CertWrongUsage: "wrong_eku",
	hooktest.TLS10: "tls_version", hooktest.TLS11: "tls_version", hooktest.TLSHang: "handshake_timeout", hooktest.PlainOnTLS: "not_tls",
	hooktest.TLSAlert: "handshake_failed", hooktest.TLSClose: "handshake_closed",
	hooktest.ClientCertTLS12: "client_cert_required", hooktest.ClientCertTLS13: "client_cert_required",
}

// certificateAtFirst looks at an endpoint's certificate and says what is wrong
// with what was found: the second signal must agree with the first on it.
func (r *running) certificateAtFirst(k kind) string {
	v := r.lookNow(k.id)
	bad := strings.HasPrefix(string(k.b.Describe().Fault), "tls_") || strings.HasPrefix(string(k.b.Describe().Fault), "timeout_tls") ||
		k.b == hooktest.CloseAfterAccept || k.b == hooktest.ResetAfterAccept || k.b == hooktest.TLSClose || k.b == hooktest.TLSReset
	if want := certificateFaults[k.b]; want != "" && !slices.Contains(v.Certificate.Faults, want) {
		return fmt.Sprintf("%s: certificate faults %v, want %s", k.id, v.Certificate.Faults, want)
	}
	switch verdict := v.Certificate.Verdict; {
	case bad && verdict != "fail", k.b == hooktest.CertExpiring && verdict != "warn", !bad && k.b != hooktest.CertExpiring && verdict != "ok":
		return fmt.Sprintf("%s: certificate %s %v", k.id, verdict, v.Certificate.Faults)
	}
	return ""
}

// onceProven says what is wrong with what is said when an endpoint has been
// healthy: its failure is down, and confirmed by two more.
func (r *running) onceProven(k kind) string {
	fault, _ := k.want()
	if fault == probes.FaultNone || strings.HasPrefix(string(k.b), "cert_") {
		return "" // certificates are made for a receiver's life
	}
	if err := k.receiver.Set(hooktest.OK); err != nil {
		r.t.Error(err)
	}
	set, v := time.Now(), r.probeNow(k.id)
	for v.Probe.At.Before(set) { // that one had begun before, and hung
		v = r.probeNow(k.id)
	}
	if v.Probe.Verdict != "healthy" {
		return fmt.Sprintf("%s, mended: %s %s, want healthy", k.id, v.Probe.Verdict, v.Probe.Fault)
	}
	if err := k.receiver.Set(k.b); err != nil {
		r.t.Error(err)
	}
	for range 2 {
		r.probeNow(k.id)
	}
	v = r.probeNow(k.id)
	if v.Probe.Verdict != "down" || v.Probe.Fault != string(fault) || v.Probe.Failures != 3 {
		return fmt.Sprintf("%s, broken again: %s %s after %d failures, want down %s after 3", k.id, v.Probe.Verdict, v.Probe.Fault, v.Probe.Failures, fault)
	}
	if want := map[bool]string{false: "down", true: "suspended"}[fault == probes.FaultHTTP410]; v.State != want {
		return fmt.Sprintf("%s, broken again: state %s, want %s", k.id, v.State, want)
	}
	return ""
}
