package daemon

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/rules"
)

// What is a crowd: many merchants and not one machine (DESIGN 5.4), looked for
// at most so often, because it walks over all that fails.
const (
	crowdMerchants = 5
	crowdHosts     = 3
	crowdsEvery    = 10 * time.Second
)

// failuresKept is how long a failure says how an endpoint fails; it is counted
// in halves, as the ratio beside it is.
const failuresKept = 2 * ingest.Quarter

// causes remembers how first attempts failed lately, by endpoint: what a cause
// needs beyond their ratio. It holds those alone that had a failure within
// failuresKept, and nothing across a restart. The zero value is empty and fit
// for use; it is safe for concurrent use.
type causes struct {
	mu sync.Mutex
	// guarded by mu
	failures map[string]map[probes.Fault]failureRun // by endpoint
	swept    time.Time
	crowds   map[string]bool // issuers whose certificates fail at many merchants
	counted  time.Time
}

// failureRun is how often an endpoint has failed in one way.
type failureRun struct {
	quarter     int64 // number of the newest
	now, before int   // in it, and in the one before
	first, last time.Time
	status      int // of the last
}

// took notes the failures of a group.
func (c *causes) took(g ingest.Group, v []ingest.Verdict) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range g.Entries {
		e := &g.Entries[i]
		if i < len(v) && v[i] == ingest.Counted && e.Counts && e.Kind == deliveries.KindFirst && e.Fault != probes.FaultNone && e.Attempt.Endpoint != "" {
			c.failedLocked(e.Attempt.Endpoint, e.Fault, e.Attempt.StartedAt, e.Attempt.Status)
		}
	}
	if g.At.Sub(c.swept) >= ingest.Quarter {
		c.swept = g.At
		maps.DeleteFunc(c.failures, func(_ string, of map[probes.Fault]failureRun) bool {
			maps.DeleteFunc(of, func(_ probes.Fault, r failureRun) bool { return g.At.Sub(r.last) > failuresKept })
			return len(of) == 0
		})
	}
}

func (c *causes) failedLocked(endpoint string, fault probes.Fault, at time.Time, status int) {
	if c.failures == nil {
		c.failures = map[string]map[probes.Fault]failureRun{}
	}
	of := c.failures[endpoint]
	if of == nil {
		of = map[probes.Fault]failureRun{}
		c.failures[endpoint] = of
	}
	of[fault] = of[fault].with(at, status)
}

// with counts one failure more. One that is told late counts in its own half.
func (r failureRun) with(at time.Time, status int) failureRun {
	number := at.Unix() / int64(ingest.Quarter/time.Second)
	switch {
	case at.Sub(r.last) > failuresKept:
		r = failureRun{quarter: number, first: at}
	case number == r.quarter-1:
		r.before++
	case number == r.quarter+1:
		r.quarter, r.before, r.now = number, r.now, 0
	case number > r.quarter:
		r.quarter, r.before, r.now = number, 0, 0
	}
	if number == r.quarter {
		r.now++
	}
	if at.Before(r.first) {
		r.first = at
	}
	if !at.Before(r.last) {
		r.last, r.status = at, status
	}
	return r
}

// lately returns how most of an endpoint's failures ended; the zero fact
// without any.
func (c *causes) lately(endpoint string, now time.Time) rules.AttemptsFact {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.latelyLocked(endpoint, now)
}

func (c *causes) latelyLocked(endpoint string, now time.Time) rules.AttemptsFact {
	var f rules.AttemptsFact
	most := 0
	present := now.Unix() / int64(ingest.Quarter/time.Second)
	for fault, r := range c.failures[endpoint] {
		n := 0
		switch r.quarter {
		case present, present + 1: // a sender's clock may be ahead
			n = r.now + r.before
		case present - 1:
			n = r.now
		}
		if n == 0 {
			continue
		}
		if r.last.After(f.Failed) {
			f.Failed = r.last
		}
		if cmp.Or(cmp.Compare(n, most), cmp.Compare(f.Fault, fault)) > 0 {
			f.Fault, f.Status, f.Since, most = fault, r.status, r.first, n
		}
	}
	return f
}

// causeOf says why an endpoint is as that view of it shows.
func (d *Daemon) causeOf(id string, v rules.EndpointView) rules.Finding {
	now := time.Now()
	f := d.causes.lately(id, now)
	if d.column.lately != nil {
		f.Delivered = d.column.lately.Delivered(id)
	}
	w, known := d.registry.Snapshot().Endpoint(id)
	if at := d.board.lastUnhealthy(id); known && !at.IsZero() {
		f.Outage = at.Add(w.Probe.Policy.Interval) // the next probe told that it was over
	}
	if ofTLS(f.Fault) {
		f.Crowd = d.crowds(now)[issuerOf(v.Certificate)]
	}
	return rules.CauseOf(rules.CauseFactOf(v, f))
}

func ofTLS(f probes.Fault) bool { return strings.HasPrefix(string(f), "tls_") }

// issuerOf names who issued the certificate that an endpoint serves; empty
// when that is not known.
func issuerOf(v rules.CertificateView) string {
	for _, a := range v.Report.Addresses {
		if len(a.Chain) > 0 {
			return a.Chain[0].Issuer
		}
	}
	return ""
}

// crowds returns the issuers whose certificates fail at many merchants. The
// map is not changed any more.
func (d *Daemon) crowds(now time.Time) map[string]bool {
	c := &d.causes
	c.mu.Lock()
	if fresh := c.crowds != nil && now.Sub(c.counted) < crowdsEvery; fresh {
		defer c.mu.Unlock()
		return c.crowds
	}
	c.counted = now
	ids := slices.Collect(maps.Keys(c.failures))
	ids = slices.DeleteFunc(ids, func(id string) bool { return !ofTLS(c.latelyLocked(id, now).Fault) })
	c.mu.Unlock()
	found := crowdsOf(d.suspects(ids, now))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.crowds = found
	return found
}

// suspect is an endpoint whose TLS senders refuse.
type suspect struct{ issuer, merchant, host string }

// suspects tells of some endpoints whose certificates they serve.
func (d *Daemon) suspects(ids []string, now time.Time) []suspect {
	snap, list := d.registry.Snapshot(), []suspect{}
	for _, id := range ids {
		if w, ok := snap.Endpoint(id); ok {
			list = append(list, suspect{issuerOf(d.board.view(w, now).Certificate), w.Merchant, hostOf(w.Probe.URL)})
		}
	}
	return list
}

// crowdsOf returns the issuers that many merchants on several hosts have in
// common.
func crowdsOf(list []suspect) map[string]bool {
	merchants, hosts := map[string]map[string]bool{}, map[string]map[string]bool{}
	for _, s := range list {
		if merchants[s.issuer] == nil {
			merchants[s.issuer], hosts[s.issuer] = map[string]bool{}, map[string]bool{}
		}
		merchants[s.issuer][s.merchant], hosts[s.issuer][s.host] = true, true
	}
	found := map[string]bool{}
	for issuer := range merchants {
		if issuer != "" && len(merchants[issuer]) >= crowdMerchants && len(hosts[issuer]) >= crowdHosts {
			found[issuer] = true
		}
	}
	return found
}
