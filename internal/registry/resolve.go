package registry

import (
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
)

// Defaults is what a record leaves out.
type Defaults struct {
	Probe       probes.Policy
	Certificate CertificateDefaults
	Schedule    string         // retry schedule preset
	Roots       *x509.CertPool // system's and tls.ca_files; nil: the system's
	Slack       []string       // names of the receivers that digests of merchants may go to, of kind slack; sorted
}

// CertificateDefaults is the certificate part of [Defaults].
type CertificateDefaults struct {
	Interval time.Duration
	Timeout  time.Duration
	Policy   certificate.Policy
}

// DefaultDefaults returns the defaults of DESIGN section 9.1.
func DefaultDefaults() Defaults {
	return Defaults{
		Probe:       probes.DefaultPolicy(),
		Certificate: CertificateDefaults{Interval: 15 * time.Minute, Timeout: 10 * time.Second, Policy: certificate.DefaultPolicy()},
		Schedule:    "xendit",
	}
}

// Fault is one thing wrong with a record. Path is relative to the record
// ("probe.timeout"); a warning does not stop anything.
type Fault struct {
	Path    string
	Message string
	Hint    string
	Warning bool
}

// Watched is an endpoint ready to be looked at: the record with its defaults
// filled in.
type Watched struct {
	Endpoint
	Shown    string          // the URL as people may see it: no query, no user info
	Probe    probes.Endpoint // what the prober gets
	Watch    *Watch          // nil for http://: there is no certificate
	Schedule deliveries.Schedule
	Deadline time.Duration

	print fingerprint
}

// Watch is what the second signal gets.
type Watch struct {
	Target   certificate.Target
	Policy   certificate.Policy
	Interval time.Duration
}

// WatchedTarget is a target ready to be looked at.
type WatchedTarget struct {
	Target
	Watch Watch

	print fingerprint
}

// resolver collects the faults of one record.
type resolver struct {
	d      Defaults
	faults []Fault
}

func (r *resolver) bad(path, hint, format string, args ...any) {
	r.faults = append(r.faults, Fault{Path: path, Hint: hint, Message: fmt.Sprintf(format, args...)})
}

func (r *resolver) warn(path, hint, format string, args ...any) {
	r.faults = append(r.faults, Fault{Path: path, Hint: hint, Message: fmt.Sprintf(format, args...), Warning: true})
}

// ResolveEndpoint checks ep and fills in its defaults. With any fault that is
// no warning the Watched must not be used. What was only seen is resolved for
// its schedule and deadline alone.
func ResolveEndpoint(ep Endpoint, d Defaults) (Watched, []Fault) {
	r := resolver{d: d}
	r.id(ep.ID)
	if ep.Origin == OriginSeen {
		return r.seen(ep), r.faults
	}
	w := Watched{Endpoint: ep}
	u, err := probes.ParseURL(ep.URL)
	if err != nil {
		r.bad("url", "", "%v", err)
		u = &url.URL{}
	}
	w.Shown = probes.ShowURL(u)
	w.Probe = r.probe(ep, u)
	w.Schedule = r.schedule(ep.Schedule)
	w.Deadline = r.deadline(ep.Deadline)
	if watch := r.watch(ep.Certificate, ep.Material, "certificate."); u.Scheme == "https" {
		watch.Target.ID, watch.Target.Host, watch.Target.Port = ep.ID, u.Hostname(), probes.PortOf(u)
		w.Watch = &watch
	}
	r.products(ep.Products)
	w.print = printOf(ep, ep.Token, ep.Material.Fingerprint, w.Probe.Policy, w.Watch, w.Schedule.Name, w.Deadline)
	return w, r.faults
}

// seen resolves what was met in attempts. Its URL may not be known, and nobody
// looks at it: it has no Watch.
func (r *resolver) seen(ep Endpoint) Watched {
	w := Watched{Endpoint: ep, Schedule: r.schedule(""), Deadline: probes.MaxTimeout}
	w.Probe = probes.Endpoint{ID: ep.ID, URL: &url.URL{}, Policy: r.d.Probe}
	if ep.URL != "" {
		u, err := probes.ParseURL(ep.URL)
		if err != nil {
			r.bad("url", "", "%v", err)
			u = &url.URL{}
		}
		w.Shown, w.Probe.URL = probes.ShowURL(u), u
	}
	w.print = printOf(ep, "", "", w.Schedule.Name)
	return w
}

func (r *resolver) probe(ep Endpoint, u *url.URL) probes.Endpoint {
	p := ep.Probe.over(r.d.Probe)
	for _, e := range p.Validate() {
		r.bad("probe."+e.Field, "", "%s", e.Message)
	}
	if err := probes.CheckBody(ep.Probe.Body); err != nil {
		r.bad("probe.body", "a ping must not look like money", "%v", err)
	}
	if err := probes.CheckTokenHeader(ep.TokenHeader); err != nil {
		r.bad("token_header", "", "%v", err)
	}
	if err := probes.CheckToken(ep.Token, ep.Signature); err != nil {
		r.bad("token", "", "%v", err)
	}
	if p.Level == probes.LevelPing && ep.Token == "" {
		r.warn("probe.level", "give token_file", "ping without a token: most endpoints answer 401")
	}
	if p.Level == probes.LevelPing && ep.Token != "" && u.Scheme == "http" && !p.AllowCleartext {
		r.warn("probe.level", "use https://, or set probe.allow_cleartext: true", "the token is not sent over http://")
	}
	if p.Level == probes.LevelTLS && u.Scheme == "http" {
		r.bad("probe.level", "use https:// or level: reach", "level tls needs an https:// URL")
	}
	if p.KeepAlive && p.Level == probes.LevelTLS {
		r.bad("probe.keep_alive", "", "keep_alive has no meaning at level tls, which sends no request")
	}
	return probes.Endpoint{
		ID: ep.ID, URL: u, Policy: p, Token: ep.Token, TokenHeader: ep.TokenHeader, Scheme: ep.Signature,
		Body: ep.Probe.Body, Roots: r.roots(ep.Material), ClientCert: ep.Material.ClientCert,
	}
}

func (r *resolver) roots(m Material) *x509.CertPool {
	if m.Roots != nil {
		return m.Roots
	}
	return r.d.Roots
}

// over returns p with what s sets. An ack budget that was not asked for
// shrinks with the timeout.
func (s ProbeSpec) over(p probes.Policy) probes.Policy {
	set(&p.Level, s.Level)
	setDuration(&p.Interval, s.Interval)
	setDuration(&p.Timeout, s.Timeout)
	setDuration(&p.AckBudget, s.AckBudget)
	set(&p.Confirm, s.Confirm)
	setDuration(&p.ConfirmAfter, s.ConfirmAfter)
	set(&p.KeepAlive, s.KeepAlive)
	set(&p.AllowCleartext, s.AllowCleartext)
	if s.AckBudget == nil && s.Timeout != nil && p.Timeout > 0 {
		p.AckBudget = min(p.AckBudget, p.Timeout)
	}
	return p
}

func set[T any](field *T, v *T) {
	if v != nil {
		*field = *v
	}
}

func setDuration(field *time.Duration, v *Duration) {
	if v != nil {
		*field = v.Std()
	}
}

func (r *resolver) watch(s CertificateSpec, m Material, prefix string) Watch {
	w := Watch{Policy: r.d.Certificate.Policy, Interval: r.d.Certificate.Interval}
	w.Target.Timeout = r.d.Certificate.Timeout
	setDuration(&w.Interval, s.Interval)
	setDuration(&w.Target.Timeout, s.Timeout)
	if w.Interval < time.Second || w.Interval > 24*time.Hour {
		r.bad(prefix+"interval", "", "%s is outside [1s, 24h]", Duration(w.Interval))
	}
	if w.Target.Timeout <= 0 || w.Target.Timeout > probes.MaxTimeout {
		r.bad(prefix+"timeout", "", "%s is outside (0s, 30s]", Duration(w.Target.Timeout))
	}
	own := certificate.DefaultPolicy()
	w.Policy.WarnBelow = capped(s.WarnBelow, w.Policy.WarnBelow, own.WarnBelow.Cap)
	w.Policy.PageBelow = capped(s.PageBelow, w.Policy.PageBelow, own.PageBelow.Cap)
	warn, page := w.Policy.WarnBelow, w.Policy.PageBelow
	if pagesFirst(warn, page) {
		r.bad(prefix+"page_below", "page_below must not be more than warn_below", "%s is more than warn_below %s", page, warn)
	}
	for i, pin := range s.Pins {
		r.pin(&w.Policy, fmt.Sprintf("%spins[%d]", prefix, i), pin)
	}
	if (s.ClientCertFile == "") != (s.ClientKeyFile == "") {
		r.bad(prefix+"client_cert_file", "", "client_cert_file and client_key_file come together")
	}
	w.Policy.Roots, w.Policy.Served, w.Target.ClientCert = r.roots(m), m.Served, m.ClientCert
	return w
}

// pagesFirst reports whether a certificate of any usual life would page before
// it warns: a share without its cap can hide behind a long life.
func pagesFirst(warn, page certificate.Threshold) bool {
	return slices.ContainsFunc([]time.Duration{longLife, 47 * 24 * time.Hour, 160 * time.Hour}, func(life time.Duration) bool {
		return warn.Left(life) < page.Left(life) && page.Left(life) < life
	})
}

// longLife is the longest a public certificate lives in 2026 (CA/Browser
// Forum ballot SC-081v3), to compare two thresholds by.
const longLife = 200 * 24 * time.Hour

// capped gives a share without a cap the default's, or else the built-in one
// (30d, 7d): a quarter of a private certificate's ten years is no warning.
func capped(t *certificate.Threshold, def certificate.Threshold, builtin time.Duration) certificate.Threshold {
	switch {
	case t == nil:
		return def
	case t.Share == 0 || t.Cap > 0:
		return *t
	case def.Share > 0 && def.Cap > 0:
		return certificate.Threshold{Share: t.Share, Cap: def.Cap}
	default:
		return certificate.Threshold{Share: t.Share, Cap: builtin}
	}
}

func (r *resolver) pin(p *certificate.Policy, path, s string) {
	raw, err := hex.DecodeString(strings.ReplaceAll(s, ":", ""))
	if err != nil || len(raw) != len(certificate.Pin{}) {
		r.bad(path, "openssl x509 -pubkey -noout | openssl pkey -pubin -outform der | sha256sum", "%q is not 64 hex digits of a SPKI sha256", short(s))
		return
	}
	p.Pins = append(slices.Clip(p.Pins), certificate.Pin(raw))
}

func (r *resolver) schedule(name string) deliveries.Schedule {
	if name == "" {
		name = r.d.Schedule
	}
	s, err := deliveries.ParseSchedule(name)
	if err != nil {
		r.bad("schedule", "one of "+strings.Join(deliveries.Presets(), ", "), "%v", err)
	}
	return s
}

func (r *resolver) deadline(d *Duration) time.Duration {
	if d == nil {
		return probes.MaxTimeout
	}
	if d.Std() <= 0 || d.Std() > probes.MaxTimeout {
		r.bad("deadline", "", "%s is outside (0s, 30s]; platforms give up after 30s", *d)
	}
	return d.Std()
}

// ResolveTarget checks t and fills in its defaults.
func ResolveTarget(t Target, d Defaults) (WatchedTarget, []Fault) {
	r := resolver{d: d}
	r.id(t.ID)
	w := WatchedTarget{Target: t, Watch: r.watch(t.CertificateSpec, t.Material, "")}
	w.Watch.Target.ID, w.Watch.Target.ServerName, w.Watch.Target.Own = t.ID, t.ServerName, true
	w.Watch.Target.Host, w.Watch.Target.Port = r.address(t.Address)
	if t.ServerName != "" {
		if err := checkHost(t.ServerName); err != nil {
			r.bad("server_name", "a host name without a port, such as ledger.internal", "%q is not a server name: %v", short(t.ServerName), err)
		}
	}
	w.print = printOf(t, "", t.Material.Fingerprint, w.Watch)
	return w, r.faults
}

// address reads host:port.
func (r *resolver) address(s string) (host string, port uint16) {
	host, text, err := net.SplitHostPort(s)
	n, perr := strconv.ParseUint(text, 10, 16)
	switch {
	case err != nil || host == "":
		r.bad("address", "", "%q is not host:port; wanted ledger.internal:8443", short(s))
	case perr != nil || n == 0:
		r.bad("address", "", "port %q is outside 1..65535", short(text))
	default:
		if err := checkHost(host); err != nil {
			r.bad("address", "", "%q is not host:port: %v; wanted ledger.internal:8443", short(s), err)
		}
	}
	return host, uint16(n)
}

// checkHost asks of a name or an address what a URL asks of its host.
func checkHost(host string) error {
	if _, err := netip.ParseAddr(host); strings.ContainsAny(host, "/?") || strings.Contains(host, ":") && err != nil {
		return errors.New("a port, path or query does not belong to a host")
	}
	_, err := probes.ParseURL("https://" + net.JoinHostPort(host, "443"))
	return err
}
