package rules_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

func platformRatio() rules.ErrorRatio {
	return rules.ErrorRatio{Rule: rules.RulePlatformErrorRatio, Scope: rules.ScopePlatform, Detector: rules.DefaultDetector()}
}

// feed steps ticks of n attempts and k failures, from a tick of the test's day on.
func feed(r rules.ErrorRatio, s rules.Series, from time.Duration, ticks, n, k int) (rules.Series, []rules.Change) {
	var told []rules.Change
	for i := range ticks {
		at := detectorStart.Add(from + time.Duration(i)*r.Detector.Tick)
		var c *rules.Change
		if s, c = r.Step(s, rules.Tick{At: at, N: n, K: k}); c != nil {
			told = append(told, *c)
		}
	}
	return s, told
}

func TestErrorRatioTurnsAlarmsIntoChanges(t *testing.T) {
	t.Parallel()
	r := platformRatio()
	s, told := feed(r, rules.Series{}, 0, 360, 200, 0)
	if len(told) != 0 {
		t.Fatalf("an hour of delivered attempts told %+v", told)
	}
	s, opened := feed(r, s, time.Hour, 60, 200, 20)
	if len(opened) != 1 {
		t.Fatalf("10%% of 20 a second told %d changes, want 1: %+v", len(opened), opened)
	}
	c := opened[0]
	want := rules.Key{Rule: rules.RulePlatformErrorRatio, Scope: "platform", Episode: 1}
	if c.Key != want || c.Number != 1 || !c.Open || c.Severity != rules.Critical {
		t.Errorf("opened with %+v, want key %+v, number 1, open, critical", c, want)
	}
	if since := detectorStart.Add(time.Hour); !c.Since.Equal(since) || !c.At.After(since) || s.Episode.Since != c.Since {
		t.Errorf("opened since %s at %s; want since the change point %s", c.Since, c.At, since)
	}
	if !strings.HasPrefix(c.Evidence.Text, "platform: ") || !strings.Contains(c.Evidence.Text, "first attempts failed (10%) since 2023-11-11 01:00:00 UTC") {
		t.Errorf("text %q", c.Evidence.Text)
	}
	s, cleared := feed(r, s, 70*time.Minute, 120, 200, 0)
	if len(cleared) != 1 || cleared[0].Open || cleared[0].Number != 2 || cleared[0].Key != want || cleared[0].Since != c.Since {
		t.Fatalf("recovery told %+v, want one change, number 2 of the same key and since", cleared)
	}
	if text := cleared[0].Evidence.Text; !strings.HasPrefix(text, "platform: recovered; 1,200 of ") {
		t.Errorf("text %q", text)
	}
	_, again := feed(r, s, 90*time.Minute, 60, 200, 20)
	if len(again) != 1 || again[0].Key.Episode != 2 || again[0].Number != 1 || !again[0].Open {
		t.Errorf("opening again told %+v, want a further episode", again)
	}
}

func TestErrorRatioIsRaisedOnce(t *testing.T) {
	t.Parallel()
	r := platformRatio()
	// 2.8 % is worth an alarm in time, and its exact bound is under 4 %
	s, told := feed(r, rules.Series{}, 0, 720, 1000, 28)
	if len(told) != 1 || told[0].Severity != rules.High {
		t.Fatalf("2.8%% told %+v, want one change, high", told)
	}
	s, told = feed(r, s, 2*time.Hour, 360, 1000, 200)
	if len(told) != 1 || !told[0].Open || told[0].Severity != rules.Critical || told[0].Number != 2 || told[0].Key.Episode != 1 {
		t.Fatalf("getting worse told %+v, want number 2 of episode 1, open, critical", told)
	}
	if s.Episode.Worst != rules.Critical {
		t.Errorf("episode %+v, want worst critical", s.Episode)
	}
}

func TestErrorRatioClearsWhatItsLostCountsLeftOpen(t *testing.T) {
	t.Parallel()
	r := platformRatio()
	s, _ := feed(r, rules.Series{}, 0, 60, 200, 40)
	if s.Episode.Phase != rules.PhaseOpen {
		t.Fatalf("episode %+v, want open", s.Episode)
	}
	s.Detector = rules.DetectorState{}
	s, told := feed(r, s, 10*time.Minute, 59, 200, 0)
	if len(told) != 0 || s.Episode.Phase != rules.PhaseOpen {
		t.Fatalf("told %+v, phase %s within 10 minutes; want open still", told, s.Episode.Phase)
	}
	s, told = feed(r, s, 10*time.Minute, 59, 200, 0) // repeated ticks are no evidence
	if len(told) != 0 || s.Episode.Phase != rules.PhaseOpen {
		t.Fatalf("ticks that were repeated told %+v", told)
	}
	_, told = feed(r, s, 10*time.Minute+59*10*time.Second, 1, 200, 0)
	if len(told) != 1 || told[0].Open || told[0].Key.Episode != 1 || told[0].Number != 2 {
		t.Errorf("told %+v, want that episode 1 cleared", told)
	}
}

func TestSeriesRoundTripsAsJSON(t *testing.T) {
	t.Parallel()
	r := platformRatio()
	for name, ticks := range map[string]int{"unseen": 0, "quiet": 3, "open": 60} {
		s, _ := feed(r, rules.Series{}, 0, ticks, 200, 40)
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var back rules.Series
		if err := json.Unmarshal(b, &back); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if back != s {
			t.Errorf("%s: got %+v, want %+v", name, back, s)
		}
	}
}

func TestDetectorTellsWhatItCountedLately(t *testing.T) {
	t.Parallel()
	r := platformRatio()
	if e := r.Detector.Lately(rules.DetectorState{}); !e.To.IsZero() || e.Denominator != 0 {
		t.Errorf("a state that has seen nothing gave %+v", e)
	}
	s, _ := feed(r, rules.Series{}, 0, 60, 100, 1)
	e := r.Detector.Lately(s.Detector)
	if e.Numerator != 30 || e.Denominator != 3000 || !e.To.Equal(detectorStart.Add(10*time.Minute)) || e.To.Sub(e.From) != 5*time.Minute {
		t.Errorf("got %d of %d from %s to %s, want 30 of 3000 in the 5 minutes up to the tenth", e.Numerator, e.Denominator, e.From, e.To)
	}
	other := r.Detector
	other.Tick = 20 * time.Second
	if e := other.Lately(s.Detector); e.Denominator != 0 {
		t.Errorf("on another grid it gave %+v, want nothing", e)
	}
}
