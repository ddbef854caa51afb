package main

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/hookvigil/hookvigil/internal/config"
	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
)

// checkResult is what check --probe says of one endpoint, target or file.
type checkResult struct {
	ID          string `json:"id"`
	URL         string `json:"url"` // or address, or path
	Suspended   bool   `json:"suspended,omitempty"`
	Verdict     string `json:"verdict,omitempty"`
	Fault       string `json:"fault,omitempty"`
	Certificate string `json:"certificate,omitempty"`
	Detail      string `json:"detail,omitempty"`

	rank int // how bad; 0: well
}

// How bad a result is: what hurts deliveries comes first.
const (
	rankWell = iota
	rankUnseen
	rankSoon
	rankBroken
)

// wrong counts the results that are not well.
func wrong(results []checkResult) int {
	n := 0
	for _, r := range results {
		if r.rank > rankWell {
			n++
		}
	}
	return n
}

// atOnce bounds how many looks check makes at a time.
const atOnce = 64

// lookAtAll looks once at everything that is watched, and returns the worst
// first.
func lookAtAll(ctx context.Context, e eyes, cfg *config.Config) []checkResult {
	var looks []func() checkResult
	snap := snapshotOf(cfg)
	for _, w := range snap.Endpoints() {
		looks = append(looks, func() checkResult { return e.endpoint(ctx, w) })
	}
	for _, t := range snap.Targets() {
		looks = append(looks, func() checkResult {
			r := checkResult{ID: t.ID, URL: t.Address}
			r.certificate(e.judge(ctx, t.Watch))
			return r
		})
	}
	for _, f := range cfg.Records.CertificateFiles {
		looks = append(looks, func() checkResult {
			r := checkResult{ID: f.ID, URL: f.Path}
			r.certificate(certificateFile(f.Path, f.KeyPath).Judge(cfg.Defaults.Certificate.Policy, time.Now()))
			return r
		})
	}
	results := together(looks)
	slices.SortStableFunc(results, func(a, b checkResult) int { return cmp.Compare(b.rank, a.rank) })
	return results
}

// together runs looks side by side and returns their results in order.
func together(looks []func() checkResult) []checkResult {
	results := make([]checkResult, len(looks))
	slots := make(chan struct{}, atOnce)
	var wg sync.WaitGroup
	for i, look := range looks {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			results[i] = look()
		})
	}
	wg.Wait()
	return results
}

// endpoint looks at one endpoint with both signals.
func (e eyes) endpoint(ctx context.Context, w *registry.Watched) checkResult {
	out := checkResult{ID: w.ID, URL: w.Shown, Suspended: w.Suspended}
	if w.Suspended {
		out.Detail = "suspended: not looked at"
		return out
	}
	r := e.prober.Probe(ctx, w.Probe)
	out.Verdict, out.Fault, out.Detail, out.rank = string(r.Verdict), string(r.Fault), r.Detail, probeRank(r.Verdict)
	if w.Watch != nil {
		out.certificate(e.judge(ctx, *w.Watch))
	}
	return out
}

// certificate adds the second signal. Its detail stands where the probe has
// nothing to say.
func (r *checkResult) certificate(rep certificate.Report) {
	r.Certificate = string(rep.Verdict)
	r.rank = max(r.rank, certificateRank(rep.Verdict))
	if len(rep.Faults) > 0 {
		r.Certificate += " " + string(rep.Faults[0])
	}
	if r.Detail == "" && rep.Verdict != certificate.OK {
		r.Detail = rep.Detail
	}
}

func probeRank(v probes.Verdict) int {
	switch v {
	case probes.Healthy:
		return rankWell
	case probes.Down:
		return rankBroken
	case probes.Degraded:
		return rankSoon
	default:
		return rankUnseen
	}
}

func certificateRank(v certificate.Verdict) int {
	switch v {
	case certificate.OK:
		return rankWell
	case certificate.Fail:
		return rankBroken
	case certificate.Warn:
		return rankSoon
	default:
		return rankUnseen
	}
}
