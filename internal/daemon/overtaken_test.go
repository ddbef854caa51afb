package daemon_test

import (
	"fmt"
	"testing"

	"github.com/hookvigil/hookvigil/internal/hooktest"
	"github.com/hookvigil/hookvigil/rules"
)

// An endpoint that nobody could reach comes back while a look at its
// certificate hangs, and its probe is answered before that look gives up: the
// two signals do not disagree, one of them is of before.
func TestALookThatAProbeOvertakesOpensNothing(t *testing.T) {
	t.Parallel()
	ca, pem := hooktest.StartCA(t, "root")
	r := hooktest.Start(t, hooktest.Options{CA: ca})
	d := start(t, t.TempDir(), head+"tls: {ca_files: ["+pem+"]}\n"+
		merchants(fmt.Sprintf("{id: x, url: %q, probe: {interval: 1h}, certificate: {interval: 1h, timeout: 5s}}", r.URL())))
	d.until("x is healthy", func() bool { v, _ := d.endpoint("x"); return v.State == "healthy" && v.Certificate != nil })
	ended := func() bool { return d.CertificateTurns().Running() == 0 }
	d.until("the first look has ended", ended)
	phase := func() (now rules.Phase) {
		for _, s := range d.Standing() {
			if s.Rule == rules.RuleCertificate {
				now = s.Episode.Phase
			}
		}
		return now
	}

	r.Stop()
	d.lookNow("x")
	d.until("it is refused", func() bool { return ended() && phase() == rules.PhasePending })
	if err := r.Set(hooktest.TLSHang); err != nil {
		t.Fatal(err)
	}
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	d.CertificateTurns().Now("x")
	d.until("a look hangs", func() bool { return r.Stats().Open > 0 })
	if err := r.Set(hooktest.OK); err != nil {
		t.Fatal(err)
	}
	if v := d.probeNow("x"); v.Probe.Verdict != "healthy" {
		t.Fatalf("probe: %+v, want it answered", v.Probe)
	}
	d.until("the look has given up", ended)
	if got := phase(); got != rules.PhasePending {
		t.Errorf("certificate: phase %v after a look that began before the probe was answered; want it pending", got)
	}

	r.Stop()
	d.lookNow("x")
	d.until("the look after it has ended", ended)
	if got := phase(); got != rules.PhaseOpen {
		t.Errorf("certificate: phase %v after a look that failed once the probe had been answered; want it open", got)
	}
}
