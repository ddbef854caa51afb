package daemon

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/netip"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/hookvigil/hookvigil/internal/config"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/rules"
)

// How canaries are looked at. Two failures in a row are seen within 70 s of a
// cut: our own choice. Two rounds never overlap.
const (
	canaryEvery   = 30 * time.Second
	canaryTimeout = 10 * time.Second
)

// canaryLook is one canary of a round. A look that was made elsewhere than the
// last one of the same ID begins anew.
type canaryLook struct {
	id    string
	where string
	alone bool // it decides by itself
	look  func(context.Context) probes.Result
}

// canaries remembers how each canary was. It is safe for concurrent use.
type canaries struct {
	log *slog.Logger

	mu sync.Mutex
	// guarded by mu
	of map[string]*canary
}

type canary struct {
	fact   rules.CanaryFact
	where  string
	looked bool // it gave an opinion at its last look
	said   bool // that it has none
}

func newCanaries(log *slog.Logger) *canaries { return &canaries{log: log, of: map[string]*canary{}} }

// round looks at all of them side by side, and forgets all others. It blocks
// for as long as the slowest takes.
func (c *canaries) round(ctx context.Context, looks []canaryLook) {
	results := make([]probes.Result, len(looks))
	var wg sync.WaitGroup
	for i, l := range looks {
		wg.Go(func() { results[i] = l.look(ctx) })
	}
	wg.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	wanted := map[string]bool{}
	for i, l := range looks {
		wanted[l.id] = true
		c.noteLocked(l, results[i])
	}
	maps.DeleteFunc(c.of, func(id string, _ *canary) bool { return !wanted[id] })
}

func (c *canaries) noteLocked(l canaryLook, r probes.Result) {
	one := c.of[l.id]
	if one == nil || one.where != l.where {
		one = &canary{where: l.where, fact: rules.CanaryFact{ID: l.id, Alone: l.alone}}
		c.of[l.id] = one
	}
	before := one.fact.Failures
	switch one.looked = r.Verdict.Opinion(); {
	case r.Fault == probes.FaultCanceled: // shutting down: this says nothing
	case !one.looked:
		c.silentLocked(one, r)
	case r.Verdict != probes.Down || !rules.CanaryFault(string(r.Fault)): // whatever it answers, it was reached
		one.fact.Known, one.fact.Failures, one.fact.Since, one.fact.Fault = true, 0, time.Time{}, ""
		if before > 0 {
			c.log.Info("canary is well again", "canary", l.id)
		}
	case !one.fact.Known:
		c.silentLocked(one, r)
	default:
		if before == 0 {
			one.fact.Since = r.At
		}
		one.fact.Failures, one.fact.Fault = before+1, string(r.Fault)
		if before == 0 {
			c.log.Warn("canary fails", "canary", l.id, "fault", r.Fault, "detail", r.Detail)
		}
	}
}

// silentLocked says once of a canary that it says nothing of us.
func (c *canaries) silentLocked(one *canary, r probes.Result) {
	if one.said || one.fact.Known {
		return
	}
	one.said = true
	c.log.Warn("canary has no opinion: it was never well", "canary", one.fact.ID, "fault", r.Fault, "detail", r.Detail)
}

// facts returns what the rule looks at, by ID.
func (c *canaries) facts() []rules.CanaryFact {
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []rules.CanaryFact
	for _, id := range slices.Sorted(maps.Keys(c.of)) {
		list = append(list, c.of[id].fact)
	}
	return list
}

// up returns which canaries were reached at their last look: those alone that
// gave an opinion then.
func (c *canaries) up() map[string]bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	up := map[string]bool{}
	for id, one := range c.of {
		if one.looked {
			up[id] = one.fact.Known && one.fact.Failures == 0
		}
	}
	return up
}

// canaryLooks are the canaries of one round: our own listener, those of the
// configuration, and the resolver as soon as one of these has a name.
func (d *Daemon) canaryLooks(outside []config.Canary) []canaryLook {
	var looks []canaryLook
	guard := probes.NewGuard(d.settings.Load().Guard)
	if u := d.ownURL(); u != nil {
		own := probes.NewProber(probes.Config{Version: d.opts.Version}, guard.Own(), d.log, func() { d.metrics.Panicked("canary") })
		ep := canaryEndpoint(config.CanaryLoopback, u, probes.LevelReach)
		looks = append(looks, canaryLook{id: ep.ID, where: u.String(), alone: true, look: func(ctx context.Context) probes.Result { return own.Probe(ctx, ep) }})
	}
	named := ""
	for _, c := range outside {
		ep := canaryEndpoint(c.ID, c.URL, probes.LevelTLS)
		looks = append(looks, canaryLook{id: c.ID, where: c.URL.String(), look: func(ctx context.Context) probes.Result {
			return d.eyes.Load().prober.Probe(ctx, ep)
		}})
		if _, err := netip.ParseAddr(c.URL.Hostname()); err != nil && named == "" {
			named = c.URL.Hostname()
		}
	}
	if named != "" {
		looks = append(looks, canaryLook{id: config.CanaryResolver, where: named, look: func(ctx context.Context) probes.Result {
			return askResolver(ctx, guard, named)
		}})
	}
	return looks
}

func canaryEndpoint(id string, u *url.URL, level probes.Level) probes.Endpoint {
	p := probes.DefaultPolicy()
	p.Level, p.Interval, p.Timeout, p.AckBudget = level, canaryEvery, canaryTimeout, canaryTimeout
	return probes.Endpoint{ID: id, URL: u, Policy: p}
}

// ownURL is where our own listener says that the daemon lives; nil before it
// listens.
func (d *Daemon) ownURL() *url.URL {
	at, err := netip.ParseAddrPort(d.Addr())
	if err != nil {
		return nil
	}
	addr := at.Addr().Unmap()
	switch {
	case addr.IsUnspecified(): // of either family, which the kernel maps to loopback
		addr = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	case addr.Zone() != "":
		return nil // the guard refuses it
	}
	scheme := "http"
	if d.listenerCert.current.Load() != nil {
		scheme = "https"
	}
	return &url.URL{Scheme: scheme, Host: netip.AddrPortFrom(addr, at.Port()).String(), Path: "/-/healthy"}
}

// askResolver asks for the addresses of a name, as a look.
func askResolver(ctx context.Context, guard *probes.Guard, name string) probes.Result {
	ctx, cancel := context.WithTimeout(ctx, canaryTimeout)
	defer cancel()
	r := probes.Result{EndpointID: config.CanaryResolver, At: time.Now().UTC(), Verdict: probes.Healthy, Fault: probes.FaultNone}
	_, err := guard.Lookup(ctx, name)
	failed, ok := errors.AsType[*probes.LookupError](err)
	if !ok {
		return r // found, also where the guard forbids what was found
	}
	r.Fault, r.Verdict, r.Detail = failed.Fault, probes.Down, failed.Why
	switch failed.Fault {
	case probes.FaultCanceled, probes.FaultInternal, probes.FaultInvalidURL:
		r.Verdict = probes.Unknown
	default: // of the DNS
	}
	return r
}
