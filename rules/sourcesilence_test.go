package rules_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

func TestSourceSilence(t *testing.T) {
	t.Parallel()
	const minute = time.Minute
	rule := rules.DefaultSourceSilence()
	for name, tt := range map[string]struct {
		scope     rules.Scope
		last      []time.Duration // arrivals after the start
		listening time.Duration
		gap       time.Duration
		unknown   bool
		want      []string // at which minute
		text      string
	}{
		"a source that is quiet for five minutes": {"source:core", []time.Duration{minute}, 0, time.Second, false, []string{"6 open critical 1.1"},
			"source core: no attempt since 2023-11-11 00:01:00 UTC; at this hour up to 1s between two are ordinary, and 5m are silence"},
		"an endpoint is low":                     {"endpoint:a", []time.Duration{minute}, 0, time.Second, false, []string{"6 open low 1.1"}, ""},
		"three times what is ordinary":           {"source:core", []time.Duration{minute}, 0, 4 * minute, false, []string{"13 open critical 1.1"}, ""},
		"at night as long is no silence":         {"source:core", []time.Duration{minute}, 0, 20 * minute, false, nil, ""},
		"what is not known opens nothing":        {"source:core", []time.Duration{minute}, 0, time.Second, true, nil, ""},
		"arrivals in time":                       {"source:core", []time.Duration{0, 4 * minute, 8 * minute, 12 * minute, 16 * minute}, 0, time.Second, false, nil, ""},
		"while nobody listened it was not quiet": {"source:core", []time.Duration{minute}, 4 * minute, time.Second, false, []string{"9 open critical 1.1"}, "source core: no attempt since we began to listen at 2023-11-11 00:04:00 UTC; at this hour up to 1s between two are ordinary, and 5m are silence"},
		"the next arrival clears":                {"source:core", []time.Duration{minute, 9 * minute}, 0, time.Second, false, []string{"6 open critical 1.1", "9 clear critical 1.2", "14 open critical 2.1"}, ""},
		"how long it was":                        {"source:core", []time.Duration{minute, 16 * minute}, 0, time.Second, false, []string{"6 open critical 1.1", "16 clear critical 1.2"}, "source core: attempts come again, after 15m"},
		"a gap beyond all bounds":                {"source:core", []time.Duration{minute}, 0, math.MaxInt64, false, nil, ""},
		"a second before it is due":              {"source:core", []time.Duration{16*minute + time.Second}, 0, time.Second, false, []string{"5 open critical 1.1", "17 clear critical 1.2"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var facts []rules.QuietFact
			for at := time.Duration(0); at <= 20*minute; at += minute {
				f := rules.QuietFact{Scope: tt.scope, Gap: tt.gap, Known: !tt.unknown, Listening: detectorStart}
				if at >= tt.listening {
					f.Listening = detectorStart.Add(tt.listening)
				}
				for _, l := range tt.last {
					if l <= at {
						f.Last = detectorStart.Add(l)
					}
				}
				facts = append(facts, f)
			}
			told, last := packTold(rule.Step, minute, facts)
			if !slices.Equal(told, tt.want) {
				t.Errorf("got %q, want %q", told, tt.want)
			}
			if tt.text != "" && last.Evidence.Text != tt.text {
				t.Errorf("text %q\nwant %q", last.Evidence.Text, tt.text)
			}
		})
	}
}

func TestSourceSilenceThatIsOpenWaitsForAnArrivalThroughARestart(t *testing.T) {
	t.Parallel()
	rule := rules.DefaultSourceSilence()
	f := rules.QuietFact{Scope: "source:core", Merchant: "m", Host: "h", Last: detectorStart.Add(1234567 * time.Nanosecond), Known: true}
	e, c := rule.Step(rules.Episode{}, f, detectorStart.Add(time.Hour))
	if c == nil || !c.Open || c.Merchant != "m" || c.Host != "h" || c.Key.Rule != rules.RuleSilence {
		t.Fatalf("got %+v, want that it opened", c)
	}
	e.Since = time.UnixMicro(e.Since.UnixMicro()).UTC() // as it is stored
	for name, next := range map[string]rules.QuietFact{
		"the same arrival":        f,
		"its arrival is unknown":  {Scope: f.Scope, Known: true},
		"a new start":             {Scope: f.Scope, Last: f.Last, Known: true, Listening: detectorStart.Add(2 * time.Hour)},
		"nothing is ordinary now": {Scope: f.Scope, Last: f.Last},
	} {
		if after, c := rule.Step(e, next, detectorStart.Add(3*time.Hour)); c != nil || after != e {
			t.Errorf("%s: told %+v, want nothing", name, c)
		}
	}
	f.Last = detectorStart.Add(3 * time.Hour)
	if _, c = rule.Step(e, f, f.Last); c == nil || c.Open {
		t.Errorf("an arrival told %+v, want that it cleared", c)
	}
	if _, c = rule.Step(rules.Episode{}, rules.QuietFact{Scope: f.Scope, Known: true}, f.Last); c != nil {
		t.Errorf("without any time it told %+v, want nothing", c)
	}
}

func TestSourceSilenceValidates(t *testing.T) {
	t.Parallel()
	if err := rules.DefaultSourceSilence().Validate(); err != nil {
		t.Errorf("defaults: %v", err)
	}
	packRefused(t, rules.SourceSilence{}.Validate(), "factor", "least")
	packRefused(t, rules.SourceSilence{Factor: math.NaN(), Least: time.Minute}.Validate(), "factor")
}

// quietSim is a source whose traffic swings by day and night, watched each 10 s.
type quietSim struct {
	seed     uint64
	mean     float64 // arrivals a second
	days     int
	restart  time.Duration // at which nobody listens for half an hour; 0: never
	dies     time.Duration // from when on nothing comes; 0: never
	learner  rules.GapLearner
	listened time.Time
}

// play returns when it opened, as times after the start.
func (s quietSim) play(t *testing.T) []time.Duration {
	t.Helper()
	r, rate, rule := rand.New(rand.NewPCG(s.seed, 11)), swing(s.mean), rules.DefaultSourceSilence()
	const tick = 10 * time.Second
	next := time.Duration(0)
	wait := func() time.Duration { return time.Duration(r.ExpFloat64() / (1.9 * s.mean) * float64(time.Second)) }
	var e rules.Episode
	var opened []time.Duration
	s.listened = detectorStart
	for at := tick; at <= time.Duration(s.days)*24*time.Hour; at += tick {
		away := s.restart > 0 && at > s.restart && at <= s.restart+30*time.Minute
		for ; next <= at; next += wait() { // thinned to the rate of the hour
			if r.Float64() < rate(next)/(1.9*s.mean) && !away && (s.dies == 0 || next < s.dies) {
				s.learner.Took(detectorStart.Add(next), 1)
			}
		}
		if away {
			s.start(t, detectorStart.Add(at))
			continue
		}
		now := detectorStart.Add(at)
		gap, known := s.learner.Expected(now)
		var c *rules.Change
		e, c = rule.Step(e, rules.QuietFact{Scope: "source:core", Last: s.learner.Last(), Gap: gap, Known: known, Listening: s.listened}, now)
		if c != nil && c.Open {
			opened = append(opened, at)
		}
	}
	return opened
}

// start is a restart: what was learned was stored.
func (s *quietSim) start(t *testing.T, at time.Time) {
	t.Helper()
	b, err := json.Marshal(s.learner)
	if err != nil {
		t.Fatal(err)
	}
	s.learner = rules.GapLearner{}
	if err := json.Unmarshal(b, &s.learner); err != nil {
		t.Fatal(err)
	}
	s.learner.Skip()
	s.listened = at
}

func TestAWeekOfDaysAndNightsIsNoSilence(t *testing.T) {
	t.Parallel()
	for name, mean := range map[string]float64{
		"one a second": 1, "one in ten seconds": 0.1, "one a minute": 1.0 / 60, "one in five minutes": 1.0 / 300, "one in twenty minutes": 1.0 / 1200,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(2) {
				s := quietSim{seed: seed, mean: mean, days: 8, restart: 74 * time.Hour} // 02:00 of the fourth day
				if opened := s.play(t); len(opened) > 0 {
					t.Errorf("seed %d: opened at %v, want never", seed, opened)
				}
			}
		})
	}
}

func TestADispatcherThatDiesAtNoonIsFound(t *testing.T) {
	t.Parallel()
	const noon = 84 * time.Hour // of the fourth day
	for name, tt := range map[string]struct {
		mean   float64
		within time.Duration
	}{
		"one a second":       {1, 6 * time.Minute},
		"one in ten seconds": {0.1, 6 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opened := quietSim{seed: 3, mean: tt.mean, days: 4, dies: noon}.play(t)
			if len(opened) != 1 || opened[0] < noon || opened[0] > noon+tt.within {
				t.Errorf("opened at %v, want once, within %v of %v", opened, tt.within, noon)
			}
		})
	}
}

// Time in which nobody listened is not counted, and said.
func TestSourceSilenceIsExcused(t *testing.T) {
	t.Parallel()
	rule := rules.DefaultSourceSilence()
	f := rules.QuietFact{Scope: "source:core", Last: detectorStart, Gap: time.Second, Known: true, Excused: time.Hour}
	if _, c := rule.Step(rules.Episode{}, f, detectorStart.Add(65*time.Minute-time.Second)); c != nil {
		t.Errorf("told %+v within five minutes in which we listened", c)
	}
	_, c := rule.Step(rules.Episode{}, f, detectorStart.Add(65*time.Minute))
	want := "source core: no attempt since 2023-11-11 00:00:00 UTC (1h of it this process stood still or did not run); at this hour up to 1s between two are ordinary, and 5m are silence"
	if c == nil || c.Evidence.Text != want {
		t.Errorf("told %+v, want %q", c, want)
	}
}
