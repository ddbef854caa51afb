package rules_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// beatsAt plays a heartbeat of one a minute with a grace of five, watched from
// start on, with a check each second, and returns what was told.
func beatsAt(long time.Duration, beats ...time.Duration) []rules.Change {
	silence := rules.Silence{Every: time.Minute, Grace: 5 * time.Minute}
	f := rules.SilenceFact{Scope: "heartbeat:am", Started: detectorStart}
	var e rules.Episode
	var told []rules.Change
	for at := time.Duration(0); at <= long; at += time.Second {
		if len(beats) > 0 && beats[0] <= at {
			f.Last, beats = detectorStart.Add(beats[0]), beats[1:]
		}
		var c *rules.Change
		if e, c = silence.Step(e, f, detectorStart.Add(at)); c != nil {
			told = append(told, *c)
		}
	}
	return told
}

func TestSilence(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		long  time.Duration
		beats []time.Duration
		want  []time.Duration // when it opened, cleared, opened, ...
		text  string          // of the last
	}{
		"beats in time tell nothing":                    {10 * time.Minute, []time.Duration{time.Minute, 2 * time.Minute, 7 * time.Minute}, nil, ""},
		"nothing within every and grace is no silence":  {6*time.Minute - time.Second, nil, nil, ""},
		"no beat since the watch began opens":           {20 * time.Minute, nil, []time.Duration{6 * time.Minute}, "heartbeat am: no beat since the watch began at 2023-11-11 00:00:00 UTC; wanted every 1m, at most 5m late"},
		"no beat since the last opens":                  {20 * time.Minute, []time.Duration{2 * time.Minute}, []time.Duration{8 * time.Minute}, "heartbeat am: no beat since 2023-11-11 00:02:00 UTC; wanted every 1m, at most 5m late"},
		"a beat clears":                                 {11 * time.Minute, []time.Duration{2 * time.Minute, 10 * time.Minute}, []time.Duration{8 * time.Minute, 10 * time.Minute}, "heartbeat am: beats again, after 8m"},
		"a beat clears, and the next silence is an own": {17 * time.Minute, []time.Duration{2 * time.Minute, 10 * time.Minute}, []time.Duration{8 * time.Minute, 10 * time.Minute, 16 * time.Minute}, "heartbeat am: no beat since 2023-11-11 00:10:00 UTC; wanted every 1m, at most 5m late"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			told := beatsAt(tt.long, tt.beats...)
			if len(told) != len(tt.want) {
				t.Fatalf("told %+v, want %d changes", told, len(tt.want))
			}
			for i, c := range told {
				open, episode, number := i%2 == 0, 1+i/2, 1+i%2
				if c.At.Sub(detectorStart) != tt.want[i] || c.Open != open || c.Key.Episode != episode || c.Number != number || c.Severity != rules.Critical {
					t.Errorf("change %d: %+v, want open %t after %s, episode %d, number %d, critical", i, c, open, tt.want[i], episode, number)
				}
			}
			if n := len(told); n > 0 && told[n-1].Evidence.Text != tt.text {
				t.Errorf("text %q\nwant %q", told[n-1].Evidence.Text, tt.text)
			}
		})
	}
}

func TestSilenceThatIsOpenWaitsForABeatThroughARestart(t *testing.T) {
	t.Parallel()
	silence := rules.Silence{Every: time.Minute}
	f := rules.SilenceFact{Scope: "heartbeat:am", Started: detectorStart}
	e, c := silence.Step(rules.Episode{}, f, detectorStart.Add(time.Minute))
	if c == nil || !c.Open {
		t.Fatalf("got %+v, want that it opened", c)
	}
	f.Started = detectorStart.Add(time.Hour)
	if e, c = silence.Step(e, f, f.Started.Add(time.Second)); c != nil || e.Phase != rules.PhaseOpen {
		t.Errorf("a new watch told %+v, phase %q; want open, and nothing told", c, e.Phase)
	}
	f.Last = f.Started.Add(2 * time.Second)
	if _, c = silence.Step(e, f, f.Last); c == nil || c.Open {
		t.Errorf("the beat told %+v, want that it cleared", c)
	}
}

// What is excused is not counted, and said beside the last beat as it was.
func TestSilenceSaysWhatIsExcused(t *testing.T) {
	t.Parallel()
	silence, three := rules.Silence{Every: time.Minute, Grace: time.Minute}, 3*time.Hour
	for name, tt := range map[string]struct {
		fact rules.SilenceFact
		want string
	}{
		"after the last beat":      {rules.SilenceFact{Last: detectorStart, Started: detectorStart.Add(-time.Hour), Excused: three}, "no beat since 2023-11-11 00:00:00 UTC (3h of it this process stood still or did not run); wanted every 1m"},
		"before any beat":          {rules.SilenceFact{Started: detectorStart, Excused: three}, "no beat since the watch began at 2023-11-11 00:00:00 UTC (3h of it this process stood still or did not run); wanted"},
		"a watch that began again": {rules.SilenceFact{Last: detectorStart, Started: detectorStart.Add(three)}, "no beat since 2023-11-11 00:00:00 UTC (3h of it"},
	} {
		tt.fact.Scope = "heartbeat:am"
		if _, c := silence.Step(rules.Episode{}, tt.fact, detectorStart.Add(three+2*time.Minute-time.Second)); c != nil {
			t.Errorf("%s: told %+v within two minutes in which we listened", name, c)
		}
		_, c := silence.Step(rules.Episode{}, tt.fact, detectorStart.Add(three+2*time.Minute))
		if c == nil || !strings.Contains(c.Evidence.Text, tt.want) {
			t.Errorf("%s: told %+v\nwant %q", name, c, tt.want)
		}
	}
}

func TestSilenceValidates(t *testing.T) {
	t.Parallel()
	if err := (rules.Silence{Every: time.Minute}).Validate(); err != nil {
		t.Errorf("every minute: %v", err)
	}
	err := rules.Silence{Grace: -1}.Validate()
	if err == nil || !strings.Contains(err.Error(), "every: ") || !strings.Contains(err.Error(), "grace: ") {
		t.Errorf("got %v, want both faults", err)
	}
}

func TestStandingEnds(t *testing.T) {
	t.Parallel()
	now := detectorStart.Add(time.Hour)
	for name, tt := range map[string]struct {
		phase rules.Phase
		told  bool
	}{
		"an open one clears":          {rules.PhaseOpen, true},
		"a pending one is dropped":    {rules.PhasePending, false},
		"one not met stays as it was": {rules.PhaseNone, false},
	} {
		s := rules.Standing{
			Rule: rules.RuleEndpointDown, Scope: "endpoint:a", Merchant: "m", Host: "a.example",
			Episode: rules.Episode{Number: 3, Changes: 1, Phase: tt.phase, Since: detectorStart, Worst: rules.High},
		}
		end, c := s.End("the endpoint was removed", now)
		if (c != nil) != tt.told || end.Episode.Phase != rules.PhaseNone || end.Cleared.Equal(now) != tt.told {
			t.Errorf("%s: got %+v, %+v", name, end, c)
		}
		if c != nil && (c.Open || c.Number != 2 || c.Key.Episode != 3 || c.Merchant != "m" || c.Host != "a.example" || c.Evidence.Text != "the endpoint was removed") {
			t.Errorf("%s: told %+v", name, c)
		}
		if tt.phase == rules.PhaseNone && end != s {
			t.Errorf("%s: got %+v, want %+v", name, end, s)
		}
	}
}
