//go:build integration

package probes_test

import (
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/hooktest"
	"github.com/hookvigil/hookvigil/probes"
)

// The platform gives up after 30 s ("Payout webhook": "no response within
// 30s"): the real time, once.
func TestThirtySeconds(t *testing.T) {
	t.Parallel()
	p := newProber(t, loopback())
	for name, test := range map[string]struct {
		b     hooktest.Behaviour
		delay time.Duration
		want  probes.Fault
		notes probes.NoteSet
	}{
		"25 s is delivered, slowly": {hooktest.Slow, 25 * time.Second, probes.FaultNone, probes.NoteSlow | probes.NoteCleartext},
		"35 s is not":               {hooktest.Slow, 35 * time.Second, probes.FaultTimeoutResponse, probes.NoteCleartext},
		"a hang ends at 30 s":       {hooktest.Hang, 0, probes.FaultTimeoutResponse, probes.NoteCleartext},
		"a dripping head as well":   {hooktest.DripHead, 0, probes.FaultTimeoutResponse, probes.NoteCleartext},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := hooktest.Start(t, hooktest.Options{Behaviour: test.b, Delay: test.delay})
			ep := probes.Endpoint{ID: "x", URL: mustURL(t, r.URL()), Policy: probes.DefaultPolicy()}
			got := p.Probe(t.Context(), ep)
			if got.Fault != test.want || got.Notes != test.notes {
				t.Errorf("got %s [%s] after %s, want %s [%s]", got.Fault, got.Notes, got.Took, test.want, test.notes)
			}
			if test.want != probes.FaultNone && (got.Took < 29*time.Second || got.Took > 37*time.Second) {
				t.Errorf("ended after %s, want 30s, and what a busy machine takes besides", got.Took)
			}
		})
	}
}
