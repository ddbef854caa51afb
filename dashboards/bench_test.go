package dashboards_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"

	"github.com/hookvigil/hookvigil/dashboards"
)

// fleet is the size that the reference measured (ecosystem.md section 4).
const fleet = 100_000

// counting counts what is written to it.
type counting struct{ bytes int }

func (c *counting) Write(b []byte) (int, error) {
	c.bytes += len(b)
	return len(b), nil
}

// BenchmarkWriteProbes writes all 28 series of 100,000 endpoints.
func BenchmarkWriteProbes(b *testing.B) {
	rows := manyRows(fleet)
	b.ReportAllocs()
	var c counting
	var done dashboards.ProbesWritten
	for b.Loop() {
		var err error
		c = counting{}
		done, err = dashboards.WriteProbes(&c, slices.Values(rows), dashboards.ProbeOptions{})
		if err != nil {
			b.Fatal(err)
		}
	}
	report(b, done.Series, c.bytes)
}

// BenchmarkWriteProbesUnhealthy is the same fleet in mode unhealthy with 1 %
// of it down.
func BenchmarkWriteProbesUnhealthy(b *testing.B) {
	rows := manyRows(fleet)
	for i := range rows {
		if i%100 == 0 {
			rows[i] = expiredRow(rows[i].Endpoint)
		}
	}
	b.ReportAllocs()
	var c counting
	var done dashboards.ProbesWritten
	for b.Loop() {
		var err error
		c = counting{}
		done, err = dashboards.WriteProbes(&c, slices.Values(rows), dashboards.ProbeOptions{Mode: dashboards.ProbesUnhealthy, Now: noon})
		if err != nil {
			b.Fatal(err)
		}
	}
	report(b, done.Series, c.bytes)
}

// BenchmarkBaselineGaugeVec is what the reference measured: five gauges per
// endpoint with three labels as Metric objects of the client library. Only
// the scrape is timed; the objects stay in memory between scrapes too.
func BenchmarkBaselineGaugeVec(b *testing.B) {
	reg := prometheus.NewRegistry()
	for g := range 5 {
		vec := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: fmt.Sprintf("probe_number_%d", g), Help: "Baseline."},
			[]string{"endpoint", "merchant", "instance"})
		reg.MustRegister(vec)
		for _, row := range manyRows(fleet) {
			vec.WithLabelValues(row.Endpoint, row.Merchant, row.Shown).Set(0.121)
		}
	}
	b.ReportAllocs()
	var c counting
	for b.Loop() {
		families, err := reg.Gather()
		if err != nil {
			b.Fatal(err)
		}
		c = counting{}
		encode := expfmt.NewEncoder(&c, expfmt.NewFormat(expfmt.TypeTextPlain))
		for _, f := range families {
			if err := encode.Encode(f); err != nil {
				b.Fatal(err)
			}
		}
	}
	report(b, 5*fleet, c.bytes)
}

func report(b *testing.B, series, bytes int) {
	b.Helper()
	b.ReportMetric(float64(series)*float64(b.N)/b.Elapsed().Seconds(), "series/s")
	b.ReportMetric(float64(series), "series/op")
	b.ReportMetric(float64(bytes)/1e6, "MB-text/op")
}

// BenchmarkProbed is the cost of counting one probe.
func BenchmarkProbed(b *testing.B) {
	m, r := dashboards.New("dev"), tlsRow("e1").Result
	b.ReportAllocs()
	for b.Loop() {
		m.Probed(r, 0)
	}
}

// ExampleWriteProbe shows what /probe?target= answers for an endpoint that
// has not been looked at yet.
func ExampleWriteProbe() {
	var b strings.Builder
	if err := dashboards.WriteProbe(&b, dashboards.ProbeRow{Endpoint: "acme-payouts", State: "no_data"}); err != nil {
		fmt.Println(err)
	}
	fmt.Print(b.String())
	// Output:
	// # HELP hookvigil_endpoint_state State of the endpoint over all signals, in its label; always 1.
	// # TYPE hookvigil_endpoint_state gauge
	// hookvigil_endpoint_state{state="no_data"} 1
}
