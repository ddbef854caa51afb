package probes_test

import (
	"testing"

	"github.com/hookvigil/hookvigil/internal/hooktest"
	"github.com/hookvigil/hookvigil/probes"
)

func TestAKeptConnectionServesOnlyWhatItWasMadeFor(t *testing.T) {
	t.Parallel()
	p := newProber(t, loopback())
	old, next := receiver(t, hooktest.OK, nil), receiver(t, hooktest.OK, nil)
	ep := endpoint(t, old, nil, probes.LevelPing)
	ep.Policy.KeepAlive = true
	p.Probe(t.Context(), ep)
	ep.URL, ep.Token = mustURL(t, next.URL()), "another-token"
	if got := p.Probe(t.Context(), ep); got.Fault != probes.FaultNone {
		t.Fatalf("got %s (%s)", got.Fault, got.Detail)
	}
	if a, b := old.Stats().Requests, next.Stats().Requests; a != 1 || b != 1 {
		t.Errorf("the old server got %d requests and the new one %d, want 1 and 1", a, b)
	}
}

func TestAHangOnAKeptConnectionIsAHang(t *testing.T) {
	t.Parallel()
	p := newProber(t, loopback())
	r := receiver(t, hooktest.OK, nil)
	ep := endpoint(t, r, nil, probes.LevelPing)
	ep.Policy.KeepAlive = true
	p.Probe(t.Context(), ep)
	if err := r.Set(hooktest.Hang); err != nil {
		t.Fatal(err)
	}
	if got := probe(t, p, ep, probes.FaultTimeoutResponse); got.Fault != probes.FaultTimeoutResponse {
		t.Errorf("got %s (%s), want timeout_response", got.Fault, got.Detail)
	}
}

func TestAnIdleConnectionIsClosedWhenNobodyComesBack(t *testing.T) {
	t.Parallel()
	p := newProber(t, loopback())
	r := receiver(t, hooktest.OK, nil)
	ep := endpoint(t, r, nil, probes.LevelPing)
	ep.Policy.KeepAlive = true
	p.Probe(t.Context(), ep)
	p.Forget(ep.ID)
	if err := r.Wait(t.Context(), func(s hooktest.Stats) bool { return s.Open == 0 }); err != nil {
		t.Errorf("the connection of a forgotten endpoint stays open: %v", err)
	}
}

func TestTheBodyBeforeTheDecidingAnswerCostsNothing(t *testing.T) {
	t.Parallel()
	r := hooktest.Start(t, hooktest.Options{Behaviour: hooktest.Options405})
	p := newProber(t, loopback())
	ep := endpoint(t, r, nil, probes.LevelReach)
	got := p.Probe(t.Context(), ep)
	if got.Method != "HEAD" || got.Status != 200 || got.Verdict != probes.Healthy || got.BodyBytes != 0 {
		t.Errorf("got %s %d %s with %d bytes of body", got.Method, got.Status, got.Verdict, got.BodyBytes)
	}
}
