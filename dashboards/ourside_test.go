package dashboards

import (
	"fmt"
	"maps"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// TestOurSideShowsWhatItWasTold and forgets who is no canary any more.
func TestOurSideShowsWhatItWasTold(t *testing.T) {
	t.Parallel()
	crowd, first := map[string]bool{}, map[string]float64{"unknown": 0}
	for i := range 2 * mostCanaries {
		crowd[fmt.Sprintf("c%03d", i)] = i != 2*mostCanaries-1
		if i < mostCanaries {
			first[fmt.Sprintf("c%03d", i)] = 1
		}
	}
	r := &registrar{reg: prometheus.NewRegistry()}
	var o ourSideMetrics
	o.register(r)
	for _, step := range []struct {
		name    string
		inDoubt bool
		up      map[string]bool
		active  float64
		want    map[string]float64
	}{
		{"no canary", false, nil, 0, map[string]float64{}},
		{"one of two fails", true, map[string]bool{"outside-1": false, "loopback": true}, 1, map[string]float64{"outside-1": 0, "loopback": 1}},
		{"one is gone", false, map[string]bool{"loopback": true}, 0, map[string]float64{"loopback": 1}},
		{"names that become the same", true, map[string]bool{"": false, "unknown": true}, 1, map[string]float64{"unknown": 0}},
		{"hostile names", true, map[string]bool{"\xff": true}, 1, map[string]float64{labelled("\xff"): 1}},
		{"too many", false, crowd, 0, first},
	} {
		o.stand(step.inDoubt, step.up)
		got := map[string]map[string]float64{}
		families, err := r.reg.Gather()
		if err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		for _, f := range families {
			got[f.GetName()] = map[string]float64{}
			for _, m := range f.GetMetric() {
				label := ""
				for _, l := range m.GetLabel() {
					label = l.GetValue()
				}
				got[f.GetName()][label] = m.GetGauge().GetValue()
			}
		}
		if v := got["hookvigil_ourside_active"][""]; v != step.active {
			t.Errorf("%s: active is %v, want %v", step.name, v, step.active)
		}
		if v := got["hookvigil_canary_up"]; !maps.Equal(v, step.want) {
			t.Errorf("%s: canaries are %v, want %v", step.name, v, step.want)
		}
	}
}
