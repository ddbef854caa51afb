package alerting_test

import (
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
)

// What waits when an incident is reconciled failed after it: nothing of the
// incident is at stake any more.
func TestWhatIsReconciledHasNothingAtStake(t *testing.T) {
	t.Parallel()
	h := &house{d: lively()}
	stake := alerting.About{Waiting: 2, AtRisk: 1, NextLoss: at(90), Lost: 1}
	h.d.About = func(alerting.Incident, bool) alerting.About { return stake }
	h.loudEndpoint()
	if a := h.lastTold(t).About; a.Waiting != 2 || a.AtRisk != 1 || a.Lost != 1 || !a.NextLoss.Equal(at(90)) {
		t.Errorf("while it is open it tells %+v, want all that is at stake", a)
	}
	in := h.only(t)
	in.State, in.ResolvedAt = alerting.StateResolved, at(20)
	made := h.d.Reconciled(in, "all channels are done", nil, at(30))
	if len(made.Notices) == 0 {
		t.Fatal("nobody is told that it is reconciled")
	}
	for _, n := range made.Notices {
		a := factsOf(t, n).About
		if a.Waiting != 0 || a.AtRisk != 0 || a.Lost != 0 || !a.NextLoss.IsZero() {
			t.Errorf("%s tells %d that wait, %d at risk, %d lost, the next at %s; want none", n.Lane, a.Waiting, a.AtRisk, a.Lost, a.NextLoss.Format(time.TimeOnly))
		}
	}
}
