package daemon

import (
	"sync"
	"time"

	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/internal/store"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
	"github.com/hookvigil/hookvigil/rules"
)

// staleAfter is how many intervals a look may be old and still count: an
// absent result for more than two intervals is itself a finding (DESIGN 5.2).
const staleAfter = 3

// board holds what each signal last said of each endpoint and target. It is
// safe for concurrent use.
type board struct {
	watched    func() *registry.Snapshot
	deliveries func(endpoint string, now time.Time) rules.DeliveryView

	mu sync.RWMutex
	// guarded by mu
	probes map[string]probed // by endpoint
	certs  map[store.Subject]looked
	dirty  map[store.Subject]bool // to be saved
}

// probed is the first signal's memory of an endpoint. It belongs to one URL:
// another URL starts anew.
type probed struct {
	url       string
	memory    probes.Memory
	answered  time.Time // start of the last probe, when it was answered
	unhealthy time.Time // when it was last not healthy, since the start
}

// looked is the second signal's memory of an endpoint, a target or a file. It
// belongs to one URL or address as well.
type looked struct {
	url    string
	memory certificate.Memory
	report certificate.Report
}

// newBoard returns an empty board. watched gives what is watched now: a look
// that ends after its endpoint was removed leaves nothing behind. deliveries
// gives the third signal, which is kept elsewhere.
func newBoard(watched func() *registry.Snapshot, deliveries func(string, time.Time) rules.DeliveryView) *board {
	return &board{watched: watched, deliveries: deliveries, probes: map[string]probed{}, certs: map[store.Subject]looked{}, dirty: map[store.Subject]bool{}}
}

// probed notes r and says when the next probe is due (zero: the regular turn),
// and whether the endpoint is still watched at that URL.
func (b *board) probed(w *registry.Watched, r probes.Result) (memory probes.Memory, next time.Duration, current bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	was := b.probes[w.ID]
	if now, ok := b.watched().Endpoint(w.ID); !ok || now.URL != w.URL || now.Suspended {
		memory, _ := was.memory.Step(r, w.Probe.Policy)
		return memory, 0, false
	}
	if was.url != w.URL {
		was = probed{url: w.URL}
	}
	was.memory, next = was.memory.Step(r, w.Probe.Policy)
	if was.memory.Last.Verdict != probes.Healthy {
		was.unhealthy = r.At
	}
	switch was.memory.Last.Verdict {
	case probes.Healthy, probes.Degraded:
		was.answered = r.At
	case probes.Down:
		was.answered = time.Time{}
	default: // no opinion
	}
	b.probes[w.ID], b.dirty[endpointSubject(w.ID)] = was, true
	return was.memory, next, true
}

// looked judges what was seen in the light of what is remembered, and notes
// it. current says that it is still watched there.
func (b *board) looked(s watched, seen []certificate.Seen, now time.Time) (report certificate.Report, current bool) {
	b.mu.RLock()
	was := b.certs[s.subject]
	b.mu.RUnlock()
	if was.url != s.url {
		was = looked{url: s.url}
	}
	was.report, was.memory = certificate.Judge(s.watch.Target, seen, s.watch.Policy, was.memory, now)
	b.mu.Lock()
	defer b.mu.Unlock()
	if now, ok := watchedBy(b.watched(), s.key); ok && now.url == s.url {
		b.certs[s.subject], b.dirty[s.subject] = was, true
		current = true
	}
	return was.report, current
}

// note keeps a report that was judged elsewhere (a certificate file).
func (b *board) note(subject store.Subject, report certificate.Report) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.certs[subject] = looked{report: report}
}

// forget drops what is no longer watched.
func (b *board) forget(gone []store.Subject) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range gone {
		if s.Kind == store.KindEndpoint {
			delete(b.probes, s.ID)
		}
		delete(b.certs, s)
		delete(b.dirty, s)
	}
}

// strangers lists what is remembered and no longer watched.
func (b *board) strangers() []store.Subject {
	b.mu.RLock()
	defer b.mu.RUnlock()
	snap, gone := b.watched(), []store.Subject{}
	for id := range b.probes {
		if _, ok := snap.Endpoint(id); !ok {
			gone = append(gone, endpointSubject(id))
		}
	}
	for s := range b.certs {
		_, endpoint := snap.Endpoint(s.ID)
		_, target := snap.Target(s.ID)
		if s.Kind == store.KindEndpoint && !endpoint || s.Kind == store.KindTarget && !target {
			gone = append(gone, s)
		}
	}
	return gone
}

// knows reports what each signal has already said of a subject at that URL.
func (b *board) knows(s store.Subject, url string) (probe, look bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	p, ok := b.probes[s.ID]
	c, seen := b.certs[s]
	return ok && s.Kind == store.KindEndpoint && p.url == url, seen && c.url == url
}

// view puts the signals of an endpoint side by side.
func (b *board) view(w *registry.Watched, now time.Time) rules.EndpointView {
	b.mu.RLock()
	p, c := b.probes[w.ID], b.certs[endpointSubject(w.ID)]
	b.mu.RUnlock()
	v := rules.EndpointView{Suspended: w.Suspended, Deliveries: b.deliveries(w.ID, now)}
	if p.url == w.URL {
		m := p.memory
		v.Probe = rules.ProbeView{
			Result: m.Last, Confirmed: m.Confirmed(w.Probe.Policy), Failures: m.Failures, Since: m.FirstFailure, Gone: m.IsGone(),
			Stale: !m.IsGone() && stale(m.Last.At, w.Probe.Policy.Interval+m.Last.RetryAfter, now),
		}
	}
	if w.Watch != nil && c.url == w.URL {
		v.Certificate = rules.CertificateView{Report: c.report, Stale: stale(c.report.At, w.Watch.Interval, now)}
	}
	return v
}

// movedFrom reports whether what the signals remember of an endpoint belongs
// to another URL than it has now.
func (b *board) movedFrom(w *registry.Watched) bool {
	b.mu.RLock()
	defer b.mu.RUnlock()
	p, ok := b.probes[w.ID]
	return ok && p.url != w.URL
}

// answered returns when the last probe of an endpoint began, when it was
// answered; zero: it was not, or there was none since the start.
func (b *board) answered(id string) time.Time {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.probes[id].answered
}

// lastUnhealthy returns when an endpoint's probe was last not healthy; zero:
// never since the start.
func (b *board) lastUnhealthy(id string) time.Time {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.probes[id].unhealthy
}

// target returns the second signal's view of a target.
func (b *board) target(t *registry.WatchedTarget, now time.Time) rules.CertificateView {
	b.mu.RLock()
	defer b.mu.RUnlock()
	c := b.certs[targetSubject(t.ID)]
	if c.url != t.Address {
		return rules.CertificateView{}
	}
	return rules.CertificateView{Report: c.report, Stale: stale(c.report.At, t.Watch.Interval, now)}
}

// file returns what was last said of a certificate file.
func (b *board) file(id string) certificate.Report {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.certs[fileSubject(id)].report
}

func stale(at time.Time, interval time.Duration, now time.Time) bool {
	return !at.IsZero() && now.Sub(at) > staleAfter*interval+probes.MaxTimeout
}

// takeDirty returns what has changed since the last call, to be saved.
func (b *board) takeDirty() []store.Look {
	b.mu.Lock()
	defer b.mu.Unlock()
	looks := make([]store.Look, 0, len(b.dirty))
	for s := range b.dirty {
		l := store.Look{Subject: s}
		if p, ok := b.probes[s.ID]; ok && s.Kind == store.KindEndpoint {
			l.URL, l.Probe = p.url, &p.memory
		}
		if c, ok := b.certs[s]; ok && (l.Probe == nil || c.url == l.URL) {
			l.URL, l.Certificate, l.Report = c.url, &c.memory, &c.report
		}
		looks = append(looks, l)
	}
	clear(b.dirty)
	return looks
}

// markDirty gives back what could not be saved.
func (b *board) markDirty(looks []store.Look) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, l := range looks {
		b.dirty[l.Subject] = true
	}
}

// restore fills the board at start.
func (b *board) restore(looks []store.Look) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, l := range looks {
		if l.Probe != nil {
			b.probes[l.ID] = probed{url: l.URL, memory: *l.Probe}
		}
		if l.Certificate != nil && l.Report != nil {
			b.certs[l.Subject] = looked{l.URL, *l.Certificate, *l.Report}
		}
	}
}

// place returns who issued the certificate that an endpoint was last seen to
// serve, and the range of addresses that it was last reached in: a /24, or a
// /48 of version 6; empty: not known.
func (b *board) place(id string) (issuer, network string) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	issuer = issuerOf(rules.CertificateView{Report: b.certs[endpointSubject(id)].report})
	addr := b.probes[id].memory.Last.Addr.Addr().Unmap()
	bits := 48
	if addr.Is4() {
		bits = 24
	}
	if p, err := addr.Prefix(bits); err == nil {
		network = p.String()
	}
	return issuer, network
}
