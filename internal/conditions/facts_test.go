package conditions_test

import (
	"slices"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/conditions"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
	"github.com/hookvigil/hookvigil/rules"
)

// endpoint is an endpoint under its probe.
type endpoint struct {
	memory    probes.Memory
	delivered time.Time
}

// probe plays one probe, and returns how long to the next confirming one.
func (e *endpoint) probe(c *conditions.Conditions, at time.Time, v probes.Verdict) time.Duration {
	r := probes.Result{At: at, Level: probes.LevelReach, Verdict: v}
	if v == probes.Down {
		r.Fault = probes.FaultTimeoutConnect
	}
	var wait time.Duration
	e.memory, wait = e.memory.Step(r, probes.DefaultPolicy())
	c.Probed(rules.DownFact{
		Endpoint: "ep", Merchant: "m", Host: "a.example", Memory: e.memory, Policy: probes.DefaultPolicy(), Delivered: e.delivered,
	}, at)
	return wait
}

// outage plays ten minutes of probes, regular and confirming ones, around an
// outage that begins with a probe and lasts so long, and returns how often it
// opened and cleared.
func outage(t *testing.T, long time.Duration, deliveredAfter time.Duration) (opened, cleared int) {
	t.Helper()
	store := newMemory()
	cfg := conditions.Config{Committed: func(changes []rules.Change) {
		for _, ch := range changes {
			if ch.Key != (rules.Key{Rule: rules.RuleEndpointDown, Scope: "endpoint:ep", Episode: 1}) || ch.Merchant != "m" || ch.Host != "a.example" {
				t.Errorf("told %+v", ch)
			}
			if ch.Open {
				opened++
			} else {
				cleared++
			}
		}
	}}
	c := conditions.New(cfg, store, quiet())
	e := &endpoint{}
	begin := day.Add(time.Minute)
	var confirm time.Time
	for at := day; at.Before(day.Add(10 * time.Minute)); at = at.Add(time.Second) {
		if since := at.Sub(day); since%time.Minute != 0 && !at.Equal(confirm) {
			continue
		}
		verdict := probes.Healthy
		if !at.Before(begin) && at.Before(begin.Add(long)) {
			verdict = probes.Down
		}
		if deliveredAfter > 0 && !at.Before(begin.Add(deliveredAfter)) {
			e.delivered = begin.Add(deliveredAfter)
		}
		confirm = at.Add(e.probe(c, at, verdict))
	}
	if stop := running(t, c); stop() != nil {
		t.Error("the last commit failed")
	}
	return opened, cleared
}

func TestEndpointDown(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		long, delivered time.Duration
		opened, cleared int
	}{
		"20 s open nothing":                   {20 * time.Second, 0, 0, 0},
		"110 s open nothing":                  {110 * time.Second, 0, 0, 0},
		"2 min 10 s open once, and clear":     {130 * time.Second, 0, 1, 1},
		"what lasts is told once":             {time.Hour, 0, 1, 0},
		"a delivery in the middle vetoes":     {4 * time.Minute, 90 * time.Second, 0, 0},
		"a delivery after it opened does not": {5 * time.Minute, 150 * time.Second, 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opened, cleared := outage(t, tt.long, tt.delivered)
			if opened != tt.opened || cleared != tt.cleared {
				t.Errorf("opened %d times, cleared %d; want %d and %d", opened, cleared, tt.opened, tt.cleared)
			}
		})
	}
}

func TestPendingIsWrittenAndDropped(t *testing.T) {
	t.Parallel()
	store := newMemory()
	c := conditions.New(conditions.Config{}, store, quiet())
	e := &endpoint{}
	e.probe(c, day, probes.Healthy)
	if got := c.Lag(time.Now()); got != 0 {
		t.Errorf("a healthy probe left something to write for %s", got)
	}
	e.probe(c, day.Add(time.Minute), probes.Down)
	stands := c.Standing()
	if len(stands) != 1 || stands[0].Episode.Phase != rules.PhasePending || !stands[0].OpenedAt.IsZero() || stands[0].Merchant != "m" || stands[0].Evidence.Text == "" {
		t.Fatalf("stands %+v, want one pending", stands)
	}
	if _, open := c.Open(rules.RuleEndpointDown, "endpoint:ep"); open {
		t.Error("a pending one is not open")
	}
	if err := running(t, c)(); err != nil || len(store.rows) != 1 {
		t.Errorf("rows %+v, %v; want the pending one", store.rows, err)
	}
	e.probe(c, day.Add(2*time.Minute), probes.Healthy)
	if err := running(t, c)(); err != nil || len(store.rows) != 0 || len(c.Standing()) != 0 {
		t.Errorf("rows %+v, stands %+v, %v; want none", store.rows, c.Standing(), err)
	}
	e.probe(c, day.Add(3*time.Minute), probes.Healthy)
	if got := c.Lag(time.Now()); got != 0 {
		t.Errorf("a healthy probe left something to write for %s", got)
	}
}

// TestTheEndOfAnEpisodeIsNotLostToTheNext has the end of one episode and the
// beginning of the next in one commit.
func TestTheEndOfAnEpisodeIsNotLostToTheNext(t *testing.T) {
	t.Parallel()
	store := newMemory()
	c := conditions.New(conditions.Config{}, store, quiet())
	e := &endpoint{}
	at := day
	play := func(verdicts ...probes.Verdict) {
		for _, v := range verdicts {
			e.probe(c, at, v)
			at = at.Add(time.Minute)
		}
	}
	play(probes.Healthy, probes.Down, probes.Down, probes.Down)
	if err := running(t, c)(); err != nil {
		t.Fatal(err)
	}
	play(probes.Healthy, probes.Healthy, probes.Down, probes.Healthy, probes.Down)
	if err := running(t, c)(); err != nil {
		t.Fatal(err)
	}
	first := store.rows[rules.Key{Rule: rules.RuleEndpointDown, Scope: "endpoint:ep", Episode: 1}]
	if first.Cleared.IsZero() || first.Episode.Since.IsZero() || len(store.rows) != 2 || len(store.changes) != 2 {
		t.Errorf("rows %+v, changes %+v; want episode 1 cleared and 2 pending", store.rows, store.changes)
	}
	play(probes.Down, probes.Down)
	if err := running(t, c)(); err != nil || len(store.changes) != 3 || store.changes[2].Key.Episode != 2 {
		t.Errorf("changes %+v, %v; want that episode 2 opened", store.changes, err)
	}
}

func round(at time.Time, v certificate.Verdict) rules.CertificateFact {
	f := rules.CertificateFact{Scope: "target:ledger", Host: "ledger.internal", Report: certificate.Report{At: at, Verdict: v, Detail: "as it is"}}
	if v == certificate.Fail {
		f.Report.Faults = []certificate.Fault{certificate.FaultExpiredLeaf}
	}
	return f
}

func TestCertificateOpensWithTheSecondBadRound(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		rounds []certificate.Verdict
		again  []bool
		phase  rules.Phase
	}{
		"one is pending: look again":            {[]certificate.Verdict{certificate.Fail}, []bool{true}, rules.PhasePending},
		"two open":                              {[]certificate.Verdict{certificate.Fail, certificate.Fail}, []bool{true, false}, rules.PhaseOpen},
		"a good one between drops":              {[]certificate.Verdict{certificate.Fail, certificate.OK, certificate.Fail}, []bool{true, false, true}, rules.PhasePending},
		"no opinion between keeps":              {[]certificate.Verdict{certificate.Fail, certificate.Unknown, certificate.Fail}, []bool{true, true, false}, rules.PhaseOpen},
		"a good one clears":                     {[]certificate.Verdict{certificate.Fail, certificate.Fail, certificate.OK}, []bool{true, false, false}, rules.PhaseNone},
		"after it cleared, two are wanted anew": {[]certificate.Verdict{certificate.Fail, certificate.Fail, certificate.OK, certificate.Fail}, []bool{true, false, false, true}, rules.PhasePending},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := conditions.New(conditions.Config{}, newMemory(), quiet())
			var again []bool
			for i, v := range tt.rounds {
				again = append(again, c.Looked(round(day.Add(time.Duration(i)*time.Minute), v), day.Add(time.Duration(i)*time.Minute)))
			}
			if !slices.Equal(again, tt.again) {
				t.Errorf("again %v, want %v", again, tt.again)
			}
			phase := rules.PhaseNone
			for _, s := range c.Standing() {
				phase = s.Episode.Phase
			}
			if phase != tt.phase {
				t.Errorf("phase %q, want %q", phase, tt.phase)
			}
		})
	}
}

func TestGone(t *testing.T) {
	t.Parallel()
	store := newMemory()
	c := conditions.New(conditions.Config{}, store, quiet())
	e := &endpoint{}
	for i, v := range []probes.Verdict{probes.Healthy, probes.Down, probes.Down, probes.Down, probes.Down} {
		e.probe(c, day.Add(time.Duration(i)*time.Minute), v)
	}
	c.Looked(round(day, certificate.Fail), day)
	if got, want := c.Scopes(), []rules.Scope{"endpoint:ep", "target:ledger"}; !slices.Equal(got, want) {
		t.Errorf("scopes %v, want %v", got, want)
	}
	if err := running(t, c)(); err != nil {
		t.Fatal(err)
	}

	c = loaded(t, conditions.Config{}, store) // strangers are found after a start
	for _, scope := range c.Scopes() {
		c.Gone(scope, "removed from the configuration", day.Add(time.Hour))
	}
	c.Gone("endpoint:unheard", "removed", day)
	if got := c.Standing(); len(got) != 0 {
		t.Errorf("stands %+v, want nothing", got)
	}
	if err := running(t, c)(); err != nil {
		t.Fatal(err)
	}
	if n := len(store.changes); n != 2 || store.changes[1].Open || store.changes[1].Evidence.Text != "removed from the configuration" || store.changes[1].Merchant != "m" {
		t.Errorf("changes %+v; want that it opened, and cleared with why", store.changes)
	}
	if len(store.rows) != 1 {
		t.Errorf("rows %+v; want the cleared one alone", store.rows)
	}
}

func TestAPendingCertificateOutlivesARestart(t *testing.T) {
	t.Parallel()
	store := newMemory()
	c := conditions.New(conditions.Config{}, store, quiet())
	c.Looked(round(day, certificate.Fail), day)
	if err := running(t, c)(); err != nil {
		t.Fatal(err)
	}
	c = loaded(t, conditions.Config{}, store)
	if again := c.Looked(round(day.Add(time.Minute), certificate.Fail), day.Add(time.Minute)); again {
		t.Error("still pending after the second bad round, want open")
	}
}
