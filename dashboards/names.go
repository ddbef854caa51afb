package dashboards

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// Names returns, sorted, every name that a query may use on what we expose:
// on /metrics, a histogram also by its _bucket, _count and _sum, the Go
// runtime's and the process's where this program runs; and on /metrics/probes.
func Names() []string {
	names := append(New("").names, runtimeNames()...)
	names = append(names, droppedFamily().name)
	for _, f := range probeFamilies() {
		names = append(names, f.name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// runtimeNames asks the collectors of the client library, because their names
// differ by platform and Go version.
func runtimeNames() []string {
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	families, err := reg.Gather()
	if err != nil {
		return nil // what the runtime does not tell, nobody can query
	}
	var names []string
	for _, f := range families {
		names = append(names, f.GetName())
		if m := f.GetMetric(); len(m) > 0 && m[0].GetSummary() != nil {
			names = append(names, f.GetName()+"_count", f.GetName()+"_sum")
		}
	}
	return names
}
