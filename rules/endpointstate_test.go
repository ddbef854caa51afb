package rules_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
	"github.com/hookvigil/hookvigil/rules"
)

var update = flag.Bool("update", false, "rewrite golden files")

// at is when everything was looked at.
var at = time.Date(2026, 5, 4, 9, 58, 30, 0, time.FixedZone("WIB", 7*3600))

// order is the order of DESIGN section 4, worst first.
var order = []rules.Word{"suspended", "down", "failing", "degraded", "recovering", "healthy", "no_data"}

func probed(v probes.Verdict, f probes.Fault) rules.ProbeView {
	return rules.ProbeView{Result: probes.Result{At: at, Verdict: v, Fault: f, Level: probes.LevelReach}}
}

func failing(confirmed bool, failures int) rules.ProbeView {
	v := probed(probes.Down, probes.FaultHTTP5xx)
	v.Confirmed, v.Failures, v.Since = confirmed, failures, at.Add(-2*time.Minute)
	return v
}

// report is a report of one address.
func report(v certificate.Verdict, detail string, faults ...certificate.Fault) certificate.Report {
	return certificate.Report{
		At: at, Verdict: v, Faults: faults, Detail: detail,
		Addresses: []certificate.AddressReport{{Address: "192.0.2.1:443", Verdict: v, Faults: faults}},
	}
}

// opinion is a view of one signal and the word that it stands for.
type opinion[V any] struct {
	view V
	word rules.Word
}

func probeOpinions() map[string]opinion[rules.ProbeView] {
	stale := func(v rules.ProbeView) rules.ProbeView { v.Stale = true; return v }
	gone := probed(probes.Down, probes.FaultHTTP410)
	gone.Gone, gone.Confirmed, gone.Failures = true, true, 9
	slow := probed(probes.Degraded, probes.FaultNone)
	slow.Result.Took = 6*time.Second + 400*time.Microsecond
	blocked := probed(probes.Blocked, probes.FaultBlocked)
	blocked.Result.Detail = "10.0.0.7 is a private address"
	return map[string]opinion[rules.ProbeView]{
		"not probed yet":                   {rules.ProbeView{}, rules.StateNoData},
		"healthy":                          {probed(probes.Healthy, probes.FaultNone), rules.StateHealthy},
		"slow":                             {slow, rules.StateDegraded},
		"accepts anything":                 {probed(probes.Degraded, probes.FaultAcceptsUnauthenticated), rules.StateDegraded},
		"a first failure":                  {failing(false, 1), rules.StateDegraded},
		"failures, not confirmed":          {failing(false, 3), rules.StateDegraded},
		"confirmed":                        {failing(true, 5), rules.StateDown},
		"confirmed at once":                {failing(true, 1), rules.StateDown},
		"410 once":                         {probed(probes.Down, probes.FaultHTTP410), rules.StateDegraded},
		"410 again and again":              {gone, rules.StateSuspended},
		"410 again and again, a day ago":   {stale(gone), rules.StateSuspended},
		"blocked":                          {blocked, rules.StateNoData},
		"a level that was never healthy":   {probed(probes.Unknown, probes.FaultHTTP5xx), rules.StateNoData},
		"trouble of our own":               {probed(probes.Unknown, probes.FaultInternal), rules.StateNoData},
		"a failure without a word":         {probed(probes.Unknown, probes.FaultUnknown), rules.StateNoData},
		"given up at shutdown":             {probed(probes.Unknown, probes.FaultCanceled), rules.StateNoData},
		"healthy long ago":                 {stale(probed(probes.Healthy, probes.FaultNone)), rules.StateNoData},
		"confirmed long ago":               {stale(failing(true, 5)), rules.StateNoData},
		"blocked, whatever was before":     {func() rules.ProbeView { v := blocked; v.Confirmed, v.Failures = true, 5; return v }(), rules.StateNoData},
		"unknown, whatever was before":     {func() rules.ProbeView { v := probed(probes.Unknown, probes.FaultHTTP404); v.Confirmed = true; return v }(), rules.StateNoData},
		"healthy again, with an old Since": {func() rules.ProbeView { v := probed(probes.Healthy, probes.FaultNone); v.Since = at; return v }(), rules.StateHealthy},
	}
}

func certificateOpinions() map[string]opinion[rules.CertificateView] {
	view := func(r certificate.Report) rules.CertificateView { return rules.CertificateView{Report: r} }
	mixed := report(certificate.Warn, "1 of 2 addresses, 192.0.2.1:443: leaf expires", certificate.FaultBlocked, certificate.FaultExpiring)
	mixed.Addresses = []certificate.AddressReport{
		{Address: "192.0.2.1:443", Verdict: certificate.Warn, Faults: []certificate.Fault{certificate.FaultExpiring}},
		{Address: "10.0.0.7:443", Verdict: certificate.Unknown, Faults: []certificate.Fault{certificate.FaultBlocked}},
	}
	half := report(certificate.OK, "", certificate.FaultTimeoutDNS)
	half.Addresses = []certificate.AddressReport{
		{Address: "192.0.2.1:443", Verdict: certificate.OK},
		{Address: "", Verdict: certificate.Unknown, Faults: []certificate.Fault{certificate.FaultTimeoutDNS}},
	}
	old := view(report(certificate.Fail, "leaf expired", certificate.FaultExpiredLeaf))
	old.Stale = true
	bare := report(certificate.Fail, "leaf expired", certificate.FaultExpiredLeaf)
	bare.Addresses = nil
	return map[string]opinion[rules.CertificateView]{
		"not looked at yet":              {rules.CertificateView{}, rules.StateNoData},
		"ok":                             {view(report(certificate.OK, "")), rules.StateNoData},
		"ok where we could look":         {view(half), rules.StateNoData},
		"expiring":                       {view(report(certificate.Warn, "leaf expires in 9d", certificate.FaultExpiring)), rules.StateDegraded},
		"expiring where we could look":   {view(mixed), rules.StateDegraded},
		"expired":                        {view(report(certificate.Fail, "leaf expired", certificate.FaultExpiredLeaf, certificate.FaultExpiring)), rules.StateDegraded},
		"expired, without its addresses": {view(bare), rules.StateDegraded},
		"nobody could look":              {view(report(certificate.Unknown, "no answer from DNS", certificate.FaultTimeoutDNS)), rules.StateNoData},
		"expired long ago":               {old, rules.StateNoData},
	}
}

func deliveryOpinions() map[string]opinion[rules.DeliveryView] {
	const w = 5 * time.Minute
	return map[string]opinion[rules.DeliveryView]{
		"no source":                      {rules.DeliveryView{}, rules.StateNoData},
		"an empty window":                {rules.DeliveryView{Window: w}, rules.StateNoData},
		"an empty window that failed":    {rules.DeliveryView{Window: w, Failing: true}, rules.StateNoData},
		"all delivered":                  {rules.DeliveryView{Window: w, FirstAttempts: 1}, rules.StateHealthy},
		"some failed, below the rule":    {rules.DeliveryView{Window: w, FirstAttempts: 100, FailedFirst: 3}, rules.StateHealthy},
		"the rule is met":                {rules.DeliveryView{Window: w, FirstAttempts: 200, FailedFirst: 8, Failing: true}, rules.StateFailing},
		"the rule is met, with a tail":   {rules.DeliveryView{Window: w, FirstAttempts: 4, FailedFirst: 4, Failing: true, Backlog: 18}, rules.StateFailing},
		"one event waits":                {rules.DeliveryView{Window: w, FirstAttempts: 10, Backlog: 1}, rules.StateRecovering},
		"events wait, without a window":  {rules.DeliveryView{Backlog: 18}, rules.StateRecovering},
		"events wait, and nothing since": {rules.DeliveryView{Window: w, Failing: true, Backlog: 2}, rules.StateRecovering},
	}
}

func worst(words ...rules.Word) rules.Word {
	for _, w := range order {
		if slices.Contains(words, w) {
			return w
		}
	}
	return "?"
}

func TestWordsAreClosedAndOrdered(t *testing.T) {
	t.Parallel()
	if got := rules.Words(); !slices.Equal(got, order) {
		t.Errorf("got %v, want %v", got, order)
	}
}

// TestStateOfOneSignal holds each view against its own word.
func TestStateOfOneSignal(t *testing.T) {
	t.Parallel()
	check := func(name string, v rules.EndpointView, want rules.Word) {
		if got, _ := rules.EndpointState(v); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
	for name, o := range probeOpinions() {
		check("probe "+name, rules.EndpointView{Probe: o.view}, o.word)
	}
	for name, o := range certificateOpinions() {
		check("certificate "+name, rules.EndpointView{Certificate: o.view}, o.word)
	}
	for name, o := range deliveryOpinions() {
		check("deliveries "+name, rules.EndpointView{Deliveries: o.view}, o.word)
	}
	check("suspended by its record", rules.EndpointView{Suspended: true}, rules.StateSuspended)
	check("nothing known", rules.EndpointView{}, rules.StateNoData)
}

// TestWorstSignalWins goes through all combinations: the state is the worst of
// what each signal says alone, and the reasons are those of each, in order.
func TestWorstSignalWins(t *testing.T) {
	t.Parallel()
	seen := map[rules.Word]bool{}
	for pn, p := range probeOpinions() {
		for cn, c := range certificateOpinions() {
			for dn, d := range deliveryOpinions() {
				for _, suspended := range []bool{false, true} {
					v := rules.EndpointView{Suspended: suspended, Probe: p.view, Certificate: c.view, Deliveries: d.view}
					own := rules.StateNoData
					if suspended {
						own = rules.StateSuspended
					}
					got, reasons := rules.EndpointState(v)
					if want := worst(own, p.word, c.word, d.word); got != want {
						t.Fatalf("probe %q, certificate %q, deliveries %q, suspended %t: got %s, want %s", pn, cn, dn, suspended, got, want)
					}
					if want := reasonsOfEach(v); !slices.Equal(reasons, want) {
						t.Fatalf("probe %q, certificate %q, deliveries %q: reasons\n%v, want\n%v", pn, cn, dn, reasons, want)
					}
					if got == rules.StateHealthy && p.word != rules.StateHealthy && d.word != rules.StateHealthy {
						t.Fatalf("probe %q, deliveries %q: healthy without a signal that says so", pn, dn)
					}
					seen[got] = true
				}
			}
		}
	}
	if len(seen) != len(order) {
		t.Errorf("met %v, want every word of %v", seen, order)
	}
}

// reasonsOfEach asks for the reasons of one signal after the other.
func reasonsOfEach(v rules.EndpointView) []rules.Reason {
	_, none := rules.EndpointState(rules.EndpointView{}) // "not probed yet" comes with every view without a probe
	alone := func(v rules.EndpointView) []rules.Reason {
		_, reasons := rules.EndpointState(v)
		return slices.DeleteFunc(reasons, func(r rules.Reason) bool { return slices.Contains(none, r) })
	}
	_, probe := rules.EndpointState(rules.EndpointView{Probe: v.Probe})
	return slices.Concat(alone(rules.EndpointView{Suspended: v.Suspended}), probe,
		alone(rules.EndpointView{Certificate: v.Certificate}), alone(rules.EndpointView{Deliveries: v.Deliveries}))
}

// TestReasonsAreNeverNil: JSON shows a list, also an empty one.
func TestReasonsAreNeverNil(t *testing.T) {
	t.Parallel()
	if _, reasons := rules.EndpointState(rules.EndpointView{Probe: probed(probes.Healthy, probes.FaultNone)}); reasons == nil || len(reasons) != 0 {
		t.Errorf("got %#v, want an empty list", reasons)
	}
}

func TestEveryReasonSaysSomething(t *testing.T) {
	t.Parallel()
	for _, v := range probes.Verdicts() {
		for _, f := range probes.Faults() {
			for _, confirmed := range []bool{false, true} {
				view := probed(v, f)
				view.Confirmed = confirmed
				word, reasons := rules.EndpointState(rules.EndpointView{Probe: view})
				if !v.Opinion() && word != rules.StateNoData {
					t.Errorf("%s %s has no opinion and gives %s", v, f, word)
				}
				for _, r := range reasons {
					if r.Signal != "probe" || r.Word == "" || r.Text == "" {
						t.Errorf("%s %s: reason %+v has an empty part", v, f, r)
					}
				}
			}
		}
	}
}

// TestReasonsGolden is what people read of each view.
func TestReasonsGolden(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	line := func(name string, v rules.EndpointView, signal string) {
		word, reasons := rules.EndpointState(v)
		fmt.Fprintf(&b, "%s: %s\n", name, word)
		for _, r := range reasons {
			if r.Signal == signal {
				fmt.Fprintf(&b, "    %s %s: %s\n", r.Signal, r.Word, r.Text)
			}
		}
	}
	line("suspended by its record", rules.EndpointView{Suspended: true}, "registry")
	for name, o := range sorted(probeOpinions()) {
		line("probe, "+name, rules.EndpointView{Probe: o.view}, "probe")
	}
	for name, o := range sorted(certificateOpinions()) {
		line("certificate, "+name, rules.EndpointView{Certificate: o.view}, "certificate")
	}
	for name, o := range sorted(deliveryOpinions()) {
		line("deliveries, "+name, rules.EndpointView{Deliveries: o.view}, "deliveries")
	}
	path := filepath.Join("testdata", "reasons.golden")
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("got\n%s\nwant (rewrite with -update)\n%s", b.String(), want)
	}
}

func sorted[V any](m map[string]V) func(func(string, V) bool) {
	return func(yield func(string, V) bool) {
		for _, name := range slices.Sorted(maps.Keys(m)) {
			if !yield(name, m[name]) {
				return
			}
		}
	}
}

func TestRatioOfDeliveries(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		view  rules.DeliveryView
		want  rules.Ratio
		known bool
	}{
		"nothing known":             {rules.DeliveryView{}, 0, false},
		"no attempt in the window":  {rules.DeliveryView{Window: time.Minute}, 0, false},
		"none failed":               {rules.DeliveryView{FirstAttempts: 7}, 0, true},
		"4% exactly":                {rules.DeliveryView{FirstAttempts: 200, FailedFirst: 8}, 0.04, true},
		"just under 4%":             {rules.DeliveryView{FirstAttempts: 201, FailedFirst: 8}, 8.0 / 201, true},
		"the only one failed":       {rules.DeliveryView{FirstAttempts: 1, FailedFirst: 1}, 1, true},
		"a backlog is no ratio":     {rules.DeliveryView{Backlog: 9}, 0, false},
		"a met rule without a base": {rules.DeliveryView{Failing: true}, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, known := tt.view.Ratio(); got != tt.want || known != tt.known {
				t.Errorf("got %v, %t; want %v, %t", float64(got), known, float64(tt.want), tt.known)
			}
		})
	}
}
