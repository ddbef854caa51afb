package dashboards_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/hookvigil/hookvigil/dashboards"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
	"github.com/hookvigil/hookvigil/rules"
)

// tlsRow is a healthy https:// endpoint.
func tlsRow(id string) dashboards.ProbeRow {
	return dashboards.ProbeRow{
		Endpoint: id, Merchant: "acme", Shown: "https://hooks.example/" + id, State: rules.StateHealthy,
		Result: probes.Result{
			EndpointID: id, At: noon, Took: 120 * time.Millisecond, Level: probes.LevelReach, Verdict: probes.Healthy,
			Fault: probes.FaultNone, Status: 204, Addr: netip.MustParseAddrPort("192.0.2.7:443"),
			Phases: probes.Phases{
				Resolve: 5 * time.Millisecond, Connect: 20 * time.Millisecond, TLS: 45 * time.Millisecond,
				Wait: 50 * time.Millisecond, Read: time.Millisecond,
			},
			HTTPMajor: 1, HTTPMinor: 1, BodyBytes: 17, TLSVersion: tls.VersionTLS13, CipherSuite: tls.TLS_AES_128_GCM_SHA256,
			LeafExpiry: noon.Add(60 * day), ServedExpiry: noon.Add(50 * day), ChainExpiry: noon.Add(60 * day),
		},
		Report: certificate.Report{At: noon.Add(-time.Minute), Verdict: certificate.OK, NotAfter: noon.Add(60 * day)},
	}
}

const day = 24 * time.Hour

// expiredRow is an endpoint whose certificate has expired: the probe refused
// it in the handshake.
func expiredRow(id string) dashboards.ProbeRow {
	row := tlsRow(id)
	row.State = rules.StateDown
	r := &row.Result
	r.Verdict, r.Fault, r.Status, r.HTTPMajor, r.HTTPMinor, r.BodyBytes = probes.Down, probes.FaultTLSExpired, 0, 0, 0, 0
	r.Phases.Wait, r.Phases.Read = 0, 0
	r.LeafExpiry, r.ServedExpiry, r.ChainExpiry = noon.Add(-day), noon.Add(-day), time.Time{}
	row.Report.Verdict, row.Report.Faults, row.Report.NotAfter = certificate.Fail, []certificate.Fault{certificate.FaultExpiredLeaf}, noon.Add(-day)
	return row
}

func plainRow(id string) dashboards.ProbeRow {
	row := tlsRow(id)
	row.Shown = "http://hooks.example/" + id
	row.Report = certificate.Report{}
	r := &row.Result
	r.TLSVersion, r.CipherSuite, r.Phases.TLS = 0, 0, 0
	r.LeafExpiry, r.ServedExpiry, r.ChainExpiry = time.Time{}, time.Time{}, time.Time{}
	return row
}

func write(t *testing.T, o dashboards.ProbeOptions, rows ...dashboards.ProbeRow) (string, dashboards.ProbesWritten) {
	t.Helper()
	var b strings.Builder
	done, err := dashboards.WriteProbes(&b, slices.Values(rows), o)
	if err != nil {
		t.Fatal(err)
	}
	return b.String(), done
}

// series flattens families to name{own labels} -> value; the labels that say
// which endpoint it is are left out.
func series(families map[string]*dto.MetricFamily) map[string]float64 {
	flat := map[string]float64{}
	for name, f := range families {
		for _, m := range f.GetMetric() {
			key := name
			for _, l := range m.GetLabel() {
				switch l.GetName() {
				case "endpoint", "merchant", "instance":
				default:
					key += fmt.Sprintf("{%s=%q}", l.GetName(), l.GetValue())
				}
			}
			flat[key] = m.GetGauge().GetValue()
		}
	}
	return flat
}

func TestWriteProbeSpeaksBlackbox(t *testing.T) {
	t.Parallel()
	unix := func(at time.Time) float64 { return float64(at.Unix()) }
	probeAlways := map[string]float64{
		"probe_success": 1, "probe_duration_seconds": 0.121, "probe_dns_lookup_time_seconds": 0.005,
		"probe_ip_protocol": 4, "probe_ip_addr_hash": 1936431214,
		`hookvigil_probe_verdict{verdict="healthy"}`: 1, `hookvigil_probe_fault_info{fault="none"}`: 1,
		"hookvigil_probe_last_run_timestamp_seconds": unix(noon), `hookvigil_endpoint_state{state="healthy"}`: 1,
	}
	overHTTP := map[string]float64{
		`probe_http_duration_seconds{phase="resolve"}`: 0.005, `probe_http_duration_seconds{phase="connect"}`: 0.02,
		`probe_http_duration_seconds{phase="tls"}`: 0.045, `probe_http_duration_seconds{phase="processing"}`: 0.05,
		`probe_http_duration_seconds{phase="transfer"}`: 0.001,
		"probe_http_status_code":                        204, "probe_http_version": 1.1, "probe_http_ssl": 1, "probe_http_redirects": 0,
		"probe_http_content_length": 17, "probe_http_uncompressed_body_length": 17,
	}
	overTLS := map[string]float64{
		"probe_ssl_earliest_cert_expiry": unix(noon.Add(50 * day)), "probe_ssl_last_chain_expiry_timestamp_seconds": unix(noon.Add(60 * day)),
		`probe_tls_version_info{version="TLS 1.3"}`: 1, `probe_tls_cipher_info{cipher="TLS_AES_128_GCM_SHA256"}`: 1,
	}
	looked := map[string]float64{
		`hookvigil_certificate_verdict{verdict="ok"}`: 1, `hookvigil_certificate_fault_info{fault="none"}`: 1,
		"hookvigil_certificate_not_after_timestamp_seconds": unix(noon.Add(60 * day)),
		"hookvigil_certificate_last_look_timestamp_seconds": unix(noon.Add(-time.Minute)),
	}
	with := func(parts ...map[string]float64) map[string]float64 {
		all := map[string]float64{}
		for _, p := range parts {
			maps.Copy(all, p)
		}
		maps.DeleteFunc(all, func(_ string, v float64) bool { return v == gone })
		return all
	}
	levelTLS := tlsRow("e1")
	levelTLS.Result.Level = probes.LevelTLS
	ours := tlsRow("e1")
	ours.Result.Verdict, ours.Result.Fault = probes.Unknown, probes.FaultCanceled
	tests := map[string]struct {
		row  dashboards.ProbeRow
		want map[string]float64
	}{
		"a healthy https endpoint": {tlsRow("e1"), with(probeAlways, overHTTP, overTLS, looked)},
		"plain http has no TLS series": {plainRow("e1"), with(probeAlways, overHTTP, map[string]float64{
			"probe_http_ssl": 0, `probe_http_duration_seconds{phase="tls"}`: 0})},
		"an expired certificate still tells its dates": {expiredRow("e1"), with(probeAlways, overHTTP, overTLS, looked, map[string]float64{
			"probe_success": 0, "probe_duration_seconds": 0.12, "probe_http_status_code": 0, "probe_http_version": 0,
			"probe_http_content_length": 0, "probe_http_uncompressed_body_length": 0,
			`probe_http_duration_seconds{phase="processing"}`: 0, `probe_http_duration_seconds{phase="transfer"}`: 0,
			"probe_ssl_earliest_cert_expiry": unix(noon.Add(-day)), "probe_ssl_last_chain_expiry_timestamp_seconds": gone,
			`hookvigil_probe_verdict{verdict="healthy"}`: gone, `hookvigil_probe_verdict{verdict="down"}`: 1,
			`hookvigil_probe_fault_info{fault="none"}`: gone, `hookvigil_probe_fault_info{fault="tls_expired"}`: 1,
			`hookvigil_endpoint_state{state="healthy"}`: gone, `hookvigil_endpoint_state{state="down"}`: 1,
			`hookvigil_certificate_verdict{verdict="ok"}`: gone, `hookvigil_certificate_verdict{verdict="fail"}`: 1,
			`hookvigil_certificate_fault_info{fault="none"}`: gone, `hookvigil_certificate_fault_info{fault="expired_leaf"}`: 1,
			"hookvigil_certificate_not_after_timestamp_seconds": unix(noon.Add(-day))})},
		"level tls sends no request": {levelTLS, with(probeAlways, overTLS, looked)},
		"our own trouble is not theirs": {ours, with(probeAlways, overHTTP, overTLS, looked, map[string]float64{
			"probe_success": gone,
			`hookvigil_probe_verdict{verdict="healthy"}`: gone, `hookvigil_probe_verdict{verdict="unknown"}`: 1,
			`hookvigil_probe_fault_info{fault="none"}`: gone, `hookvigil_probe_fault_info{fault="canceled"}`: 1})},
		"not probed yet is not a failure": {dashboards.ProbeRow{Endpoint: "e1", State: rules.StateNoData},
			map[string]float64{`hookvigil_endpoint_state{state="no_data"}`: 1}},
		"a target has a certificate alone": {dashboards.ProbeRow{Endpoint: "ledger", Shown: "ledger.internal:8443", Report: tlsRow("").Report}, looked},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b strings.Builder
			if err := dashboards.WriteProbe(&b, tt.row); err != nil {
				t.Fatal(err)
			}
			got := series(parse(t, strings.NewReader(b.String())))
			for k, v := range tt.want {
				if have, ok := got[k]; !ok || have != v {
					t.Errorf("%s = %v (there: %t), want %v", k, have, ok, v)
				}
			}
			for k := range got {
				if _, ok := tt.want[k]; !ok {
					t.Errorf("%s is there, want it absent", k)
				}
			}
			for _, label := range []string{"instance=", "endpoint=", "merchant="} {
				if strings.Contains(b.String(), label) {
					t.Errorf("the answer to one target has the label %s", label)
				}
			}
		})
	}
}

// gone marks a series that must not be there.
const gone = -1

func TestWriteProbesGroupsAndLabels(t *testing.T) {
	t.Parallel()
	text, done := write(t, dashboards.ProbeOptions{}, tlsRow("e1"), expiredRow("e2"), plainRow("e3"))
	families := parse(t, strings.NewReader(text))
	if got := seriesIn(text); got != done.Series+1 || done.Rows != 3 || done.Dropped != 0 {
		t.Errorf("%d lines for %+v, want one more than the series, 3 rows, none dropped", got, done)
	}
	seen := map[string]bool{}
	for line := range strings.Lines(text) {
		if name, ok := strings.CutPrefix(line, "# TYPE "); ok {
			if seen[name] {
				t.Errorf("TYPE twice: %s", name)
			}
			seen[name] = true
		}
	}
	if want := `probe_success{endpoint="e2",merchant="acme",instance="https://hooks.example/e2"} 0` + "\n"; !strings.Contains(text, want) {
		t.Errorf("no line %s in\n%s", want, text)
	}
	if n := len(families["probe_ssl_earliest_cert_expiry"].GetMetric()); n != 2 {
		t.Errorf("probe_ssl_earliest_cert_expiry for %d endpoints, want 2: both https ones, the bad one too", n)
	}
}

func TestWriteProbesEscapesLabels(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"quotes and backslashes": `a"b\c\\"`,
		"line breaks":            "a\nb\r\nc",
		"braces and commas":      `x="1"},{`,
		"right to left":          "\u202eevil\u200f",
		"not UTF-8":              "a\xff\xfeb",
		"long":                   strings.Repeat("x\n", 100_000),
		"empty":                  "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			row := tlsRow("e1")
			row.Shown, row.Merchant = text, text
			out, _ := write(t, dashboards.ProbeOptions{}, row, tlsRow("e2"))
			want := strings.ToValidUTF8(text, "\uFFFD")
			for _, l := range parse(t, strings.NewReader(out))["probe_success"].GetMetric()[0].GetLabel() {
				if l.GetName() != "endpoint" && l.GetValue() != want {
					t.Errorf("%s = %.80q, want %.80q", l.GetName(), l.GetValue(), want)
				}
			}
		})
	}
}

func FuzzLabels(f *testing.F) {
	f.Add("e1", "m", "https://x/")
	f.Add("\\", "\"\n", "\xff")
	f.Fuzz(func(t *testing.T, id, merchant, shown string) {
		row := tlsRow("e1")
		row.Endpoint, row.Merchant, row.Shown = id, merchant, shown
		out, _ := write(t, dashboards.ProbeOptions{}, row)
		got := map[string]string{}
		for _, l := range parse(t, strings.NewReader(out))["probe_success"].GetMetric()[0].GetLabel() {
			got[l.GetName()] = l.GetValue()
		}
		for label, v := range map[string]string{"endpoint": id, "merchant": merchant, "instance": shown} {
			if want := strings.ToValidUTF8(v, "\uFFFD"); got[label] != want {
				t.Errorf("%s = %q, want %q", label, got[label], want)
			}
		}
	})
}

func TestWriteProbesModes(t *testing.T) {
	t.Parallel()
	healed, healedLongAgo := tlsRow("healed"), tlsRow("healed-long-ago")
	healed.LastUnhealthy, healedLongAgo.LastUnhealthy = noon.Add(-9*time.Minute), noon.Add(-10*time.Minute)
	unproven := tlsRow("unproven")
	unproven.State, unproven.Result.Verdict, unproven.Result.Fault = rules.StateNoData, probes.Unknown, probes.FaultDNSNotFound
	expiring := dashboards.ProbeRow{Endpoint: "expiring", Report: certificate.Report{At: noon, Verdict: certificate.Warn}}
	fresh := dashboards.ProbeRow{Endpoint: "fresh", State: rules.StateNoData}
	rows := []dashboards.ProbeRow{tlsRow("good"), expiredRow("bad"), healed, healedLongAgo, unproven, expiring, fresh}
	tests := map[string]struct {
		mode dashboards.ProbeMode
		want []string
	}{
		"no mode is all": {"", []string{"bad", "expiring", "fresh", "good", "healed", "healed-long-ago", "unproven"}},
		"all":            {dashboards.ProbesAll, []string{"bad", "expiring", "fresh", "good", "healed", "healed-long-ago", "unproven"}},
		"unhealthy ones, and those healed for less than the hold": {dashboards.ProbesUnhealthy, []string{"bad", "expiring", "healed", "unproven"}},
		"off": {dashboards.ProbesOff, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, _ := write(t, dashboards.ProbeOptions{Mode: tt.mode, Hold: 10 * time.Minute, Now: noon}, rows...)
			if got := endpointsIn(t, text); !slices.Equal(got, tt.want) {
				t.Errorf("endpoints %v, want %v", got, tt.want)
			}
		})
	}
}

// endpointsIn returns the IDs in a text, sorted.
func endpointsIn(t *testing.T, text string) []string {
	t.Helper()
	ids := map[string]bool{}
	for _, f := range parse(t, strings.NewReader(text)) {
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if l.GetName() == "endpoint" {
					ids[l.GetValue()] = true
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(ids))
}

func manyRows(n int) []dashboards.ProbeRow {
	rows := make([]dashboards.ProbeRow, n)
	for i := range rows {
		rows[i] = tlsRow(fmt.Sprintf("endpoint-%06d", i))
	}
	return rows
}

func TestWriteProbesShardsEachEndpointOnce(t *testing.T) {
	t.Parallel()
	const shards = 4
	rows, seen := manyRows(1000), map[string]int{}
	for shard := range shards {
		text, done := write(t, dashboards.ProbeOptions{Shard: shard, Shards: shards}, rows...)
		if done.Rows < 150 || done.Rows > 350 {
			t.Errorf("shard %d has %d of 1000 endpoints, want about 250", shard, done.Rows)
		}
		for _, id := range endpointsIn(t, text) {
			seen[id]++
		}
	}
	if len(seen) != len(rows) {
		t.Errorf("%d endpoints in all shards, want %d", len(seen), len(rows))
	}
	for id, n := range seen {
		if n != 1 {
			t.Errorf("%s is in %d shards, want 1", id, n)
		}
	}
}

func TestWriteProbesLimitIsNeverSilent(t *testing.T) {
	t.Parallel()
	rows := manyRows(10)
	_, all := write(t, dashboards.ProbeOptions{}, rows...)
	each := all.Series / 10
	tests := map[string]struct{ limit, rows int }{
		"no limit":                       {0, 10},
		"exactly enough":                 {all.Series, 10},
		"one series short drops one":     {all.Series - 1, 9},
		"room for two and a half":        {each*2 + each/2, 2},
		"less than one endpoint's worth": {1, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, done := write(t, dashboards.ProbeOptions{Limit: tt.limit}, rows...)
			if done.Rows != tt.rows || done.Series+done.Dropped != all.Series {
				t.Errorf("%+v, want %d rows, and written and dropped to add up to %d", done, tt.rows, all.Series)
			}
			got := parse(t, strings.NewReader(text))["hookvigil_probe_series_dropped"].GetMetric()[0].GetGauge().GetValue()
			if int(got) != done.Dropped {
				t.Errorf("hookvigil_probe_series_dropped %v, want %d", got, done.Dropped)
			}
		})
	}
}

func TestWriteProbesRefusesOptions(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]dashboards.ProbeOptions{
		"unknown mode":            {Mode: "some"},
		"shard beyond the shards": {Shard: 4, Shards: 4},
		"shard without shards":    {Shard: 1},
		"negative shard":          {Shard: -1, Shards: 2},
		"negative shards":         {Shards: -1},
		"negative limit":          {Limit: -1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b strings.Builder
			if _, err := dashboards.WriteProbes(&b, slices.Values(manyRows(1)), o); err == nil || b.Len() > 0 {
				t.Errorf("error %v and %d bytes, want an error and nothing written", err, b.Len())
			}
		})
	}
}

// brokenPipe fails from its nth write on.
type brokenPipe struct{ left, calls int }

var errGone = errors.New("the scraper is gone")

func (p *brokenPipe) Write(b []byte) (int, error) {
	p.calls++
	if p.calls > p.left {
		return 0, errGone
	}
	return len(b), nil
}

func TestWriteProbesStopsWhenTheScraperIsGone(t *testing.T) {
	t.Parallel()
	p := &brokenPipe{left: 2}
	if _, err := dashboards.WriteProbes(p, slices.Values(manyRows(1000)), dashboards.ProbeOptions{}); !errors.Is(err, errGone) {
		t.Errorf("error %v, want that of the writer", err)
	}
	if p.calls != 3 {
		t.Errorf("%d writes, want 3: none after the first failure", p.calls)
	}
}
