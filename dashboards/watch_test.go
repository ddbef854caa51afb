package dashboards

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// watching returns the metrics on a registry of their own, and what they show
// by name and label.
func watching(t *testing.T) (*watchMetrics, func() map[string]map[string]float64) {
	t.Helper()
	r := &registrar{reg: prometheus.NewRegistry()}
	w := &watchMetrics{}
	w.registerWatch(r)
	return w, func() map[string]map[string]float64 {
		families, err := r.reg.Gather()
		if err != nil {
			t.Fatal(err)
		}
		shown := map[string]map[string]float64{}
		for _, f := range families {
			shown[f.GetName()] = map[string]float64{}
			for _, m := range f.GetMetric() {
				label := ""
				for _, l := range m.GetLabel() {
					label = l.GetValue()
				}
				shown[f.GetName()][label] = m.GetGauge().GetValue() + m.GetCounter().GetValue()
			}
		}
		return shown
	}
}

func TestPingsAreCountedByHowTheyEnded(t *testing.T) {
	t.Parallel()
	w, shown := watching(t)
	if got := shown()["hookvigil_deadman_pings_total"]; len(got) != len(PingResults()) || got["ok"] != 0 {
		t.Errorf("before the first: %v, want each result at 0", got)
	}
	at := time.Date(2026, 3, 1, 10, 2, 11, 0, time.UTC)
	w.Pinged(PingOK, at)
	w.Pinged(PingWithheld, at.Add(time.Minute))
	w.Pinged(PingTimeout, at.Add(2*time.Minute))
	w.Pinged("https://hc.example.com/secret", at.Add(3*time.Minute))
	w.LastResort()
	w.Reserve(true)
	got := shown()
	want := map[string]float64{"ok": 1, "withheld": 1, "timeout": 1, "refused": 0, "failed": 0, "unknown": 1}
	if !maps.Equal(got["hookvigil_deadman_pings_total"], want) {
		t.Errorf("pings %v, want %v", got["hookvigil_deadman_pings_total"], want)
	}
	if v := got["hookvigil_deadman_last_ping_timestamp_seconds"][""]; v != float64(at.Unix()) {
		t.Errorf("last ping at %v, want %d: what was withheld or failed is none", v, at.Unix())
	}
	if got["hookvigil_last_resort_notices_total"][""] != 1 || got["hookvigil_store_reserve_held"][""] != 1 {
		t.Errorf("last resort %v, reserve %v, want 1 and 1", got["hookvigil_last_resort_notices_total"], got["hookvigil_store_reserve_held"])
	}
}

func TestAReceiverIsProvedByAllOfItsLanes(t *testing.T) {
	t.Parallel()
	at := func(s int64) time.Time { return time.Unix(s, 0) }
	crowd, most := map[string]time.Time{}, map[string]float64{"unknown": 1000 + mostReceivers}
	for i := range mostReceivers + 5 {
		crowd[fmt.Sprintf("r%03d/x", i)] = at(int64(1000 + i))
		if i < mostReceivers {
			most[fmt.Sprintf("r%03d", i)] = float64(1000 + i)
		}
	}
	w, shown := watching(t)
	for name, c := range map[string]struct {
		last map[string]time.Time
		want map[string]float64
	}{
		"none":                            {nil, map[string]float64{}},
		"the lane longest ago counts":     {map[string]time.Time{"mail/a": at(300), "mail/b": at(200), "ops/C1": at(400)}, map[string]float64{"mail": 200, "ops": 400}},
		"a lane that never took anything": {map[string]time.Time{"mail/a": at(300), "mail/b": {}}, map[string]float64{}},
		"too many receivers":              {crowd, most},
	} {
		w.Proved(c.last)
		if got := shown()["hookvigil_lane_proved_timestamp_seconds"]; !maps.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}
