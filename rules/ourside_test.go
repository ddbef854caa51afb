package rules_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/rules"
)

// fleet is a world of endpoints that are probed once a minute, each at its own
// second, and of canaries that are looked at each 30 s.
type fleet struct {
	n     int
	hosts int
	down  func(i int, at time.Time) bool // a probe that begins then fails, by a timeout to connect after 30 s
	cut   func(at time.Time) bool        // a look at a canary that begins then fails, at once
	many  int                            // canaries
}

// play steps the rule each 10 s for so long, and returns what was told when.
func (w fleet) play(long time.Duration) (told []rules.Change) {
	rule, state := rules.DefaultOurSide(), rules.OurSideState{}
	bad := make([]time.Time, w.n) // since when; zero: well
	known := make([]time.Time, w.n)
	canaries := make([]rules.CanaryFact, w.many)
	for second := range int(long / time.Second) {
		at := detectorStart.Add(time.Duration(second) * time.Second)
		for i := second % 60; i < w.n; i += 60 {
			switch fails := w.down != nil && w.down(i, at); {
			case !fails:
				bad[i] = time.Time{}
			case bad[i].IsZero():
				bad[i], known[i] = at, at.Add(probes.MaxTimeout)
			}
		}
		for i := range canaries {
			if c := &canaries[i]; second%30 == i {
				c.ID, c.Known = fmt.Sprintf("outside-%d", i+1), true
				if w.cut != nil && w.cut(at) {
					c.Failures, c.Fault = c.Failures+1, string(probes.FaultTimeoutConnect)
				} else {
					c.Failures, c.Fault = 0, ""
				}
			}
		}
		if second%10 != 0 {
			continue
		}
		f := rules.OurSideFact{Watched: w.n, Canaries: canaries}
		for i, since := range bad {
			if !since.IsZero() && !known[i].After(at) {
				f.Bad = append(f.Bad, rules.BadEndpoint{Host: fmt.Sprintf("h%d.example", i%w.hosts), Fault: string(probes.FaultTimeoutConnect), Since: since})
			}
		}
		var c *rules.Change
		if state, c = rule.Step(state, f, at); c != nil {
			told = append(told, *c)
		}
	}
	return told
}

// TestOurSideOverTime plays outages, and checks what is told and how soon.
func TestOurSideOverTime(t *testing.T) {
	t.Parallel()
	const begin = 5 * time.Minute
	within := func(long time.Duration) func(time.Time) bool {
		return func(at time.Time) bool { since := at.Sub(detectorStart) - begin; return since >= 0 && since < long }
	}
	ever := within(time.Hour)
	share := func(n, of int, when func(time.Time) bool) func(int, time.Time) bool {
		return func(i int, at time.Time) bool { return i%of < n && when(at) }
	}
	for name, tt := range map[string]struct {
		world fleet
		want  []bool // open or not
		soon  time.Duration
	}{
		"all is well":                           {fleet{n: 600, hosts: 60, many: 2}, nil, 0},
		"5,000 at once are told once":           {fleet{n: 5000, hosts: 900, down: share(1, 1, ever)}, []bool{true}, 90 * time.Second},
		"60 endpoints, and no canary":           {fleet{n: 60, hosts: 14, down: share(1, 1, ever)}, []bool{true}, 90 * time.Second},
		"a canary alone":                        {fleet{n: 3, hosts: 3, many: 1, cut: ever}, []bool{true}, 70 * time.Second},
		"both canaries":                         {fleet{many: 2, cut: ever}, []bool{true}, 70 * time.Second},
		"one bad look at a canary":              {fleet{many: 1, cut: within(30 * time.Second)}, nil, 0},
		"a cut that ends is told twice":         {fleet{n: 600, hosts: 60, many: 1, down: share(1, 1, within(10*time.Minute)), cut: within(10 * time.Minute)}, []bool{true, false}, 70 * time.Second},
		"and without canaries":                  {fleet{n: 600, hosts: 60, down: share(1, 1, within(10*time.Minute))}, []bool{true, false}, 90 * time.Second},
		"10 % are theirs":                       {fleet{n: 5000, hosts: 900, down: share(1, 10, ever)}, nil, 0},
		"30 % are theirs":                       {fleet{n: 5000, hosts: 900, down: share(3, 10, ever)}, nil, 0},
		"32 % are ours":                         {fleet{n: 5000, hosts: 900, down: share(8, 25, ever)}, []bool{true}, 110 * time.Second},
		"four hosts are theirs":                 {fleet{n: 60, hosts: 4, down: share(1, 1, ever)}, nil, 0},
		"nineteen are too few":                  {fleet{n: 19, hosts: 19, down: share(1, 1, ever)}, nil, 0},
		"40 % of one cloud stay, and it is one": {fleet{n: 600, hosts: 60, down: share(2, 5, ever)}, []bool{true}, 110 * time.Second},
		"10 % a minute, one part after the other": {fleet{n: 600, hosts: 60, down: func(i int, at time.Time) bool {
			since := at.Sub(detectorStart) - begin
			return since >= 0 && i%10 == int(since/time.Minute)
		}}, nil, 0},
		"10 % more each minute stay bad": {fleet{n: 600, hosts: 60, down: func(i int, at time.Time) bool {
			since := at.Sub(detectorStart) - begin
			return since >= 0 && i%10 <= int(since/time.Minute)
		}}, nil, 0},
		"most recover, and what stays opens nothing again": {fleet{n: 600, hosts: 60, down: func(i int, at time.Time) bool {
			since := at.Sub(detectorStart) - begin
			return since >= 0 && (since < 90*time.Second || i%20 < 9)
		}}, []bool{true, false}, 90 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			told := tt.world.play(25 * time.Minute)
			var got []bool
			for i, c := range told {
				got = append(got, c.Open)
				if c.Key != (rules.Key{Rule: rules.RuleMonitorSelf, Scope: rules.SelfEgress, Episode: 1}) || c.Number != i+1 || c.Severity != rules.Critical || c.Evidence.Text == "" {
					t.Errorf("told %+v", c)
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Fatalf("told %v, want %v: %+v", got, tt.want, told)
			}
			if len(told) == 0 {
				return
			}
			if took := told[0].At.Sub(detectorStart.Add(begin)); took < 0 || took > tt.soon {
				t.Errorf("it opened after %s, want within %s", took, tt.soon)
			}
		})
	}
}

// turned are so many endpoints on so many hosts that turned bad a moment ago.
func turned(n, hosts int, fault probes.Fault, ago time.Duration) []rules.BadEndpoint {
	var list []rules.BadEndpoint
	for i := range n {
		list = append(list, rules.BadEndpoint{Host: fmt.Sprint("h", i%hosts), Fault: string(fault), Since: detectorStart.Add(-ago)})
	}
	return list
}

// TestOurSideFirst steps the rule once.
func TestOurSideFirst(t *testing.T) {
	t.Parallel()
	const lost = probes.FaultUnreachable
	fails := func(id string, n int) rules.CanaryFact {
		return rules.CanaryFact{ID: id, Known: true, Failures: n, Fault: "timeout_connect", Since: detectorStart.Add(-40 * time.Second)}
	}
	alone := func(c rules.CanaryFact) rules.CanaryFact { c.Alone = true; return c }
	never := rules.CanaryFact{ID: "n", Failures: 9, Fault: "refused"}
	well := rules.CanaryFact{ID: "w", Known: true}
	for name, tt := range map[string]struct {
		fact  rules.OurSideFact
		text  string // empty: nothing is told
		fault string
	}{
		"nothing": {rules.OurSideFact{}, "", ""},
		"the line of the design": {rules.OurSideFact{Watched: 60, Bad: turned(31, 14, lost, time.Minute), Canaries: []rules.CanaryFact{fails("outside-1", 2)}},
			"31 of 60 endpoints on 14 hosts turned unreachable within a minute; canary outside-1 fails: timeout_connect", "unreachable"},
		"several faults": {rules.OurSideFact{Watched: 60, Bad: append(turned(20, 14, lost, time.Minute), turned(21, 14, probes.FaultTimeoutDNS, 50*time.Second)...)},
			"41 of 60 endpoints on 14 hosts turned bad (21 timeout_dns, 20 unreachable) within a minute", "timeout_dns"},
		"canaries that are well are said":   {rules.OurSideFact{Watched: 60, Bad: turned(31, 14, lost, 0), Canaries: []rules.CanaryFact{well, never}}, "31 of 60 endpoints on 14 hosts turned unreachable within a minute; 1 canary is well", "unreachable"},
		"20 on 5 hosts":                     {rules.OurSideFact{Watched: 60, Bad: turned(20, 5, lost, 0)}, "20 of 60 endpoints on 5 hosts turned unreachable within a minute", "unreachable"},
		"19":                                {rules.OurSideFact{Watched: 20, Bad: turned(19, 5, lost, 0)}, "", ""},
		"4 hosts":                           {rules.OurSideFact{Watched: 60, Bad: turned(40, 4, lost, 0)}, "", ""},
		"30 % exactly":                      {rules.OurSideFact{Watched: 100, Bad: turned(30, 9, lost, 0)}, "", ""},
		"just over 30 %":                    {rules.OurSideFact{Watched: 100, Bad: turned(31, 9, lost, 0)}, "31 of 100 endpoints on 9 hosts turned unreachable within a minute", "unreachable"},
		"another fault is theirs":           {rules.OurSideFact{Watched: 60, Bad: turned(60, 60, probes.FaultHTTP5xx, 0)}, "", ""},
		"refused is theirs":                 {rules.OurSideFact{Watched: 60, Bad: turned(60, 60, probes.FaultRefused, 0)}, "", ""},
		"long ago is no turn":               {rules.OurSideFact{Watched: 60, Bad: turned(60, 60, lost, 3*time.Minute)}, "", ""},
		"in two parts, too far apart":       {rules.OurSideFact{Watched: 60, Bad: append(turned(15, 9, lost, 0), turned(15, 9, lost, 61*time.Second)...)}, "", ""},
		"in two parts, a minute apart":      {rules.OurSideFact{Watched: 60, Bad: append(turned(15, 9, lost, 0), turned(15, 9, lost, time.Minute)...)}, "30 of 60 endpoints on 9 hosts turned unreachable within a minute", "unreachable"},
		"a canary failed once":              {rules.OurSideFact{Canaries: []rules.CanaryFact{fails("a", 1)}}, "", ""},
		"one of one":                        {rules.OurSideFact{Canaries: []rules.CanaryFact{fails("a", 2)}}, "canary a fails: timeout_connect", "timeout_connect"},
		"one of two is half":                {rules.OurSideFact{Canaries: []rules.CanaryFact{fails("a", 2), well}}, "canary a fails: timeout_connect", "timeout_connect"},
		"one of three is less":              {rules.OurSideFact{Canaries: []rules.CanaryFact{fails("a", 9), well, well}}, "", ""},
		"one that was never well is none":   {rules.OurSideFact{Canaries: []rules.CanaryFact{never}}, "", ""},
		"and does not dilute the others":    {rules.OurSideFact{Canaries: []rules.CanaryFact{fails("a", 2), never, never, never}}, "canary a fails: timeout_connect", "timeout_connect"},
		"our own listener decides alone":    {rules.OurSideFact{Canaries: []rules.CanaryFact{alone(fails("loopback", 2)), well, well, well}}, "canary loopback fails: timeout_connect", "timeout_connect"},
		"our own listener dilutes nothing":  {rules.OurSideFact{Canaries: []rules.CanaryFact{fails("a", 2), alone(well), well}}, "canary a fails: timeout_connect", "timeout_connect"},
		"a crowd of canaries is not listed": {rules.OurSideFact{Canaries: slices.Repeat([]rules.CanaryFact{fails("a", 2)}, 7)}, "canary a fails: timeout_connect; canary a fails: timeout_connect; canary a fails: timeout_connect; canary a fails: timeout_connect; canary a fails: timeout_connect; and 2 further canaries fail", "timeout_connect"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, c := rules.DefaultOurSide().Step(rules.OurSideState{}, tt.fact, detectorStart)
			switch {
			case c == nil && tt.text == "":
			case c == nil || c.Evidence.Text != tt.text || c.Fault != tt.fault || !c.Open || c.Since.IsZero() || c.Since.After(detectorStart):
				t.Errorf("got  %+v\nwant %q, %q", c, tt.text, tt.fault)
			}
		})
	}
}

// TestOurSideIsRecalled: after a restart it ends when half of those that turned
// are well, and the same facts open nothing again.
func TestOurSideIsRecalled(t *testing.T) {
	t.Parallel()
	rule := rules.DefaultOurSide()
	bad := func(n int) rules.OurSideFact {
		return rules.OurSideFact{Watched: 60, Bad: turned(n, 14, probes.FaultUnreachable, 0)}
	}
	s, c := rule.Step(rules.OurSideState{}, bad(40), detectorStart)
	if c == nil {
		t.Fatal("it does not open")
	}
	stands := rules.Standing{Rule: c.Key.Rule, Scope: c.Key.Scope}.After(s.Episode, *c)
	s = rules.OurSideState{}.Recall(stands)
	var told []rules.Change
	restart := detectorStart.Add(10 * time.Minute)
	for i, n := range []int{40, 20, 20, 19, 19, 19, 19, 19, 19, 19, 19, 19} {
		var c *rules.Change
		if s, c = rule.Step(s, bad(n), restart.Add(time.Duration(10*i)*time.Second)); c != nil {
			told = append(told, *c)
		}
	}
	if len(told) != 1 || told[0].Open || told[0].At.Sub(restart) != 90*time.Second || told[0].Number != 2 {
		t.Fatalf("told %+v, want its end a minute after fewer than half were bad", told)
	}
	if want := "our own way out is well again: 19 of the 40 endpoints that turned bad are so still"; told[0].Evidence.Text != want {
		t.Errorf("got %q, want %q", told[0].Evidence.Text, want)
	}
}

// TestOurSideOpensOnceForATurn: what is left of it, still more than 30 % of all
// and of a moment ago, opens nothing anew.
func TestOurSideOpensOnceForATurn(t *testing.T) {
	t.Parallel()
	var s rules.OurSideState
	var told []string
	for i, n := range []int{60, 29, 29, 29, 29, 29, 29, 29, 29, 29, 29, 29} {
		var c *rules.Change
		fact := rules.OurSideFact{Watched: 80, Bad: turned(n, 14, probes.FaultUnreachable, 0)}
		if s, c = rules.DefaultOurSide().Step(s, fact, detectorStart.Add(time.Duration(10*i)*time.Second)); c != nil {
			told = append(told, fmt.Sprint(i, c.Open))
		}
	}
	if want := []string{"0 true", "7 false"}; !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
}

// TestOurSideClearsWhenItsCanaryAnswers also when it answers once alone.
func TestOurSideClearsWhenItsCanaryAnswers(t *testing.T) {
	t.Parallel()
	rule, s := rules.DefaultOurSide(), rules.OurSideState{}
	var told []string
	for i, failures := range []int{2, 3, 0, 0, 1, 0, 0, 0, 0} { // 30 s apart: a bad look begins the minute anew
		var c *rules.Change
		fact := rules.OurSideFact{Canaries: []rules.CanaryFact{{ID: "a", Known: true, Failures: failures, Fault: "refused"}}}
		if s, c = rule.Step(s, fact, detectorStart.Add(time.Duration(30*i)*time.Second)); c != nil {
			told = append(told, fmt.Sprint(i, c.Open, c.Evidence.Numerator, c.Evidence.Denominator))
		}
	}
	if want := []string{"0 true 0 0", "7 false 0 0"}; !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
}

func TestOurSideValidate(t *testing.T) {
	t.Parallel()
	if err := rules.DefaultOurSide().Validate(); err != nil {
		t.Errorf("the defaults: %v", err)
	}
	packRefused(t, rules.OurSide{}.Validate(), "endpoints", "hosts", "share", "within", "failures", "canaries", "clear")
	o := rules.DefaultOurSide()
	o.Hosts, o.Canaries = 21, 1
	packRefused(t, o.Validate(), "hosts")
}

// TestOurSideFaults: the four of the design, and what more says of a canary
// that it was not reached.
func TestOurSideFaults(t *testing.T) {
	t.Parallel()
	ours := []probes.Fault{"dns_failed", "timeout_dns", "unreachable", "timeout_connect"}
	canary := append(slices.Clone(ours), "dns_not_found", "dns_no_address", "refused", "timeout_tls", "reset", "closed", "timeout_response")
	for _, f := range append(probes.Faults(), "") {
		if got, want := rules.OurSideFault(string(f)), slices.Contains(ours, f); got != want {
			t.Errorf("OurSideFault(%q) is %v, want %v", f, got, want)
		}
		if got, want := rules.CanaryFault(string(f)), slices.Contains(canary, f); got != want {
			t.Errorf("CanaryFault(%q) is %v, want %v", f, got, want)
		}
	}
}

func BenchmarkOurSide(b *testing.B) {
	fact := rules.OurSideFact{Watched: 100_000}
	for i := range 50_000 {
		fact.Bad = append(fact.Bad, rules.BadEndpoint{Host: fmt.Sprint("h", i%9000), Fault: "unreachable", Since: detectorStart.Add(-time.Duration(i*7919%60_000) * time.Millisecond)})
	}
	for b.Loop() {
		rules.DefaultOurSide().Step(rules.OurSideState{}, fact, detectorStart)
	}
}
