package probes_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/probes"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// seen makes a result at reach, seconds after noon.
func seen(seconds int, v probes.Verdict, f probes.Fault) probes.Result {
	return probes.Result{EndpointID: "x", At: noon.Add(time.Duration(seconds) * time.Second), Level: probes.LevelReach, Verdict: v, Fault: f}
}

func TestMemoryConfirmsAFirstFailure(t *testing.T) {
	t.Parallel()
	p := probes.DefaultPolicy()
	steps := []struct {
		r         probes.Result
		next      time.Duration
		failures  int
		try       int
		confirmed bool
	}{
		{seen(0, probes.Healthy, probes.FaultNone), 0, 0, 0, false},
		{seen(60, probes.Down, probes.FaultRefused), 10 * time.Second, 1, 0, false},
		{seen(70, probes.Down, probes.FaultRefused), 10 * time.Second, 2, 1, false},
		{seen(80, probes.Down, probes.FaultTimeoutConnect), 0, 3, 2, true},
		{seen(120, probes.Unknown, probes.FaultInternal), 0, 3, 0, true}, // no opinion: neither clears nor counts
		{seen(180, probes.Down, probes.FaultRefused), 0, 4, 0, true},
		{seen(240, probes.Degraded, probes.FaultNone), 0, 0, 0, false},
	}
	var m probes.Memory
	for i, s := range steps {
		var next time.Duration
		m, next = m.Step(s.r, p)
		if next != s.next || m.Failures != s.failures || m.Last.Try != s.try || m.Confirmed(p) != s.confirmed {
			t.Errorf("step %d: next %s failures %d try %d confirmed %t, want %+v", i, next, m.Failures, m.Last.Try, m.Confirmed(p), s)
		}
		if m.Failures > 0 && !m.FirstFailure.Equal(noon.Add(time.Minute)) {
			t.Errorf("step %d: first failure at %s, want 12:01", i, m.FirstFailure)
		}
	}
}

func TestMemoryALevelThatWasNeverHealthyGivesNoOpinion(t *testing.T) {
	t.Parallel()
	p := probes.DefaultPolicy()
	m, next := probes.Memory{}.Step(seen(0, probes.Down, probes.FaultHTTP5xx), p)
	if m.Last.Verdict != probes.Unknown || m.Last.Fault != probes.FaultHTTP5xx || next != 0 {
		t.Errorf("got %s %s next %s, want unknown with the fault shown and the regular turn", m.Last.Verdict, m.Last.Fault, next)
	}
	m, _ = m.Step(seen(60, probes.Healthy, probes.FaultNone), p)
	m, _ = m.Step(seen(120, probes.Down, probes.FaultHTTP5xx), p)
	if m.Last.Verdict != probes.Down {
		t.Errorf("after it was healthy once: %s, want down", m.Last.Verdict)
	}
	ping := seen(180, probes.Down, probes.FaultHTTP401)
	ping.Level = probes.LevelPing
	if m, _ = m.Step(ping, p); m.Last.Verdict != probes.Unknown {
		t.Errorf("another level: %s, want unknown", m.Last.Verdict)
	}
}

func TestMemoryObeysTheEndpoint(t *testing.T) {
	t.Parallel()
	p := probes.DefaultPolicy()
	busy := seen(0, probes.Down, probes.FaultHTTP429)
	busy.Status, busy.RetryAfter = 429, 5*time.Minute
	if _, next := (probes.Memory{}).Step(busy, p); next != 5*time.Minute {
		t.Errorf("after Retry-After: 300 the next probe comes after %s, want 5m", next)
	}
	busy.RetryAfter = time.Second
	if _, next := (probes.Memory{}).Step(busy, p); next != time.Minute {
		t.Errorf("after Retry-After: 1 the next probe comes after %s, want no more than configured: 1m", next)
	}
	fast := p
	fast.Interval = time.Second
	proven, _ := probes.Memory{}.Step(seen(0, probes.Healthy, probes.FaultNone), fast)
	if _, next := proven.Step(seen(1, probes.Down, probes.FaultRefused), fast); next != time.Second {
		t.Errorf("a confirming probe after %s, want it no later than the regular one: 1s", next)
	}
	busy.RetryAfter = 24 * time.Hour
	if _, next := (probes.Memory{}).Step(busy, p); next != time.Hour {
		t.Errorf("Retry-After of a day: %s, want it capped at 1h", next)
	}
	var m probes.Memory
	gone := seen(0, probes.Healthy, probes.FaultNone)
	gone.Status = 410
	for i, want := range []time.Duration{0, 0, 24 * time.Hour, 24 * time.Hour} {
		var next time.Duration
		if m, next = m.Step(gone, p); next != want {
			t.Errorf("410 number %d: next after %s, want %s", i+1, next, want)
		}
	}
	if !m.IsGone() {
		t.Error("after four 410 the endpoint is not gone")
	}
	if m, next := m.Step(seen(0, probes.Down, probes.FaultRefused), p); !m.IsGone() || next != 24*time.Hour {
		t.Error("no answer at all undid the 410")
	}
	back := seen(0, probes.Healthy, probes.FaultNone)
	back.Status = 200
	if m, next := m.Step(back, p); m.IsGone() || next != 0 {
		t.Error("a 200 did not undo the 410")
	}
}

func TestMemorySurvivesJSON(t *testing.T) {
	t.Parallel()
	m, _ := probes.Memory{}.Step(seen(0, probes.Healthy, probes.FaultNone), probes.DefaultPolicy())
	r := seen(60, probes.Down, probes.FaultTimeoutTLS)
	r.Notes, r.Phases.TLS = probes.NoteSlow|probes.NoteCleartext, time.Second
	m, _ = m.Step(r, probes.DefaultPolicy())
	raw, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	var back probes.Memory
	if err := json.Unmarshal(raw, &back); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(m, back) {
		t.Errorf("got %+v, want %+v", back, m)
	}
}

func TestMemoryLeavesOutWhatNobodySaw(t *testing.T) {
	t.Parallel()
	type look struct {
		at      int // seconds
		verdict probes.Verdict
	}
	const well, down, unknown = probes.Healthy, probes.Down, probes.Unknown
	for name, tt := range map[string]struct {
		looks []look
		want  time.Duration
	}{
		"looks as they are due":          {[]look{{0, well}, {60, down}, {70, down}, {80, down}, {120, down}}, time.Minute},
		"one is late by half a turn":     {[]look{{0, well}, {60, down}, {150, down}}, 90 * time.Second},
		"an hour in which nobody looked": {[]look{{0, well}, {60, down}, {3660, down}}, 90 * time.Second},
		"and it goes on":                 {[]look{{0, well}, {60, down}, {3660, down}, {3670, down}, {3720, down}}, 150 * time.Second},
		"seen without an opinion first":  {[]look{{0, well}, {60, down}, {3660, unknown}, {3670, down}}, 100 * time.Second},
		"it was well in between":         {[]look{{0, well}, {60, down}, {3660, well}, {3720, down}, {3730, down}}, 10 * time.Second},
		"the clock was set back":         {[]look{{0, well}, {3660, down}, {70, down}, {80, down}}, 10 * time.Second},
		"nothing fails":                  {[]look{{0, well}, {3660, well}}, 0},
	} {
		var m probes.Memory
		for _, l := range tt.looks {
			fault := probes.FaultNone
			if l.verdict != well {
				fault = probes.FaultRefused
			}
			m, _ = m.Step(seen(l.at, l.verdict, fault), probes.DefaultPolicy())
		}
		if got := m.Span(); got != tt.want {
			t.Errorf("%s: failures span %s, want %s", name, got, tt.want)
		}
	}
}
