package config

import (
	"crypto/x509"
	"fmt"

	"github.com/hookvigil/hookvigil/internal/registry"
)

// roots reads tls.ca_files into the roots of everything that is looked at.
func (l *loader) roots() {
	l.cfg.Defaults = registry.DefaultDefaults()
	var certs []*x509.Certificate
	for i, file := range l.in.TLS.CAFiles {
		path := fmt.Sprintf("tls.ca_files[%d]", i)
		more, err := l.files.certificates(l.path(path, file))
		if err != nil {
			l.bad(path, "", "%v", err)
		}
		certs = append(certs, more...)
	}
	if certs != nil {
		l.cfg.Defaults.Roots = poolOf(certs)
	}
	l.extra = certs
}

// poolOf returns the system's roots and certs.
func poolOf(certs []*x509.Certificate) *x509.CertPool {
	pool := systemPool()
	for _, c := range certs {
		pool.AddCert(c)
	}
	return pool
}

// defaults takes what the file says over the built-in defaults. An endpoint
// without a word of its own is resolved with them: the same checks hold, and
// what comes out are the new defaults.
func (l *loader) defaults() {
	in := l.in.Defaults
	d := l.cfg.Defaults
	l.cfg.Schedule = d.Schedule
	w, found := registry.ResolveEndpoint(registry.Endpoint{
		ID: "defaults", URL: "https://defaults.invalid/",
		Probe: in.Probe.spec(), Certificate: in.Certificate.spec(), Schedule: in.Schedule,
	}, d)
	good := true
	for _, f := range found {
		if !f.Warning { // a warning is about one endpoint, such as a missing token
			good = l.bad(under("defaults", f.Path), f.Hint, "%s", f.Message)
		}
	}
	if !good {
		return // every endpoint would repeat it
	}
	d.Probe = w.Probe.Policy
	if w.Watch != nil {
		d.Certificate = registry.CertificateDefaults{Interval: w.Watch.Interval, Timeout: w.Watch.Target.Timeout, Policy: w.Watch.Policy}
	}
	if w.Schedule.Name != "" {
		d.Schedule = w.Schedule.Name
	}
	d.Certificate.Policy.Roots = nil // each record has its own
	l.cfg.Defaults, l.cfg.Schedule = d, d.Schedule
}
