package backtest

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/rules"
)

// probeLine is a probe's result in a log, told from an attempt by "kind":
// "probe". Beside kind and endpoint it is the probe of
// GET /api/v1/endpoints/{id}; fields that are not named here are ignored.
type probeLine struct {
	Endpoint          string         `json:"endpoint"`
	At                time.Time      `json:"at"` // start of the probe
	TookSeconds       float64        `json:"took_seconds"`
	Level             probes.Level   `json:"level"` // missing: reach
	Verdict           probes.Verdict `json:"verdict"`
	Fault             probes.Fault   `json:"fault"` // missing: none
	Status            int            `json:"status"`
	RetryAfterSeconds float64        `json:"retry_after_seconds"`
}

// probeOf reads a probe's result; bad says why it is none.
func probeOf(line []byte) (r *probes.Result, bad string) {
	p := probeLine{Level: probes.LevelReach, Fault: probes.FaultNone}
	if err := json.Unmarshal(line, &p); err != nil {
		return nil, "the probe is not as it should be; wanted the fields of an endpoint's probe in the API, endpoint and kind"
	}
	const longest = 24 * 3600
	switch {
	case p.Endpoint == "":
		return nil, "missing endpoint"
	case p.At.Year() < 2000 || p.At.Year() >= far().Year():
		return nil, `at: is missing or no time; wanted RFC 3339 ("2023-11-11T13:00:00Z")`
	case !slices.Contains(probes.Verdicts(), p.Verdict):
		return nil, "verdict: is not known; wanted healthy, degraded, down, blocked or unknown"
	case !p.Fault.Known():
		return nil, "fault: is not known; wanted one of the words of GET /api/v1/endpoints"
	case !(p.TookSeconds >= 0 && p.TookSeconds <= longest):
		return nil, "took_seconds: is outside 0 to 86400"
	case !(p.RetryAfterSeconds >= 0 && p.RetryAfterSeconds <= longest):
		return nil, "retry_after_seconds: is outside 0 to 86400"
	}
	return &probes.Result{
		EndpointID: strings.Clone(p.Endpoint), At: p.At.UTC(), Took: seconds(p.TookSeconds), Level: p.Level, Verdict: p.Verdict,
		Fault: p.Fault, Status: p.Status, RetryAfter: seconds(p.RetryAfterSeconds),
	}, ""
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// prober remembers of each endpoint what the daemon's board does.
type prober struct {
	known    *registry.Snapshot
	usual    probes.Policy // of endpoints that are not known
	memory   map[string]probes.Memory
	answered map[string]time.Time // start of the last probe, where it was answered
	lately   latelyOf
	results  int
}

// latelyOf is what is known lately of an endpoint's deliveries.
type latelyOf interface {
	Endpoint(id string, now time.Time) (first, failed int, window time.Duration)
	Delivered(id string) time.Time
}

// fact makes of a result what endpoint_down looks at.
func (p *prober) fact(r probes.Result, now time.Time) rules.DownFact {
	f := rules.DownFact{Endpoint: r.EndpointID, Policy: p.usual}
	if w, ok := p.known.Endpoint(r.EndpointID); ok {
		f.Policy = w.Probe.Policy
	}
	f.Merchant, f.Host = ownerOf(p.known, r.EndpointID)
	f.Memory, _ = p.memory[r.EndpointID].Step(r, f.Policy)
	p.memory[r.EndpointID] = f.Memory
	p.results++
	switch last := f.Memory.Last; last.Verdict {
	case probes.Healthy, probes.Degraded:
		p.answered[r.EndpointID] = last.At
	case probes.Down:
		delete(p.answered, r.EndpointID)
	default: // no opinion
	}
	if first, failed, _ := p.lately.Endpoint(r.EndpointID, now); 2*failed <= first {
		f.Delivered = p.lately.Delivered(r.EndpointID) // one that gets through among many that do not is no veto
	}
	return f
}

// ownerOf returns whose an endpoint is, and its host; empty: not known.
func ownerOf(known *registry.Snapshot, endpoint string) (merchant, host string) {
	w, ok := known.Endpoint(endpoint)
	if !ok {
		return "", ""
	}
	if w.Probe.URL != nil {
		host = strings.ToLower(w.Probe.URL.Hostname())
	}
	return w.Merchant, host
}
