package rules_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/rules"
)

// A delivery that succeeded lets the span begin anew, and no more than that.
func TestDeliveriesVetoForASpan(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	never := 1_000_000
	tests := map[string]struct {
		delivered []int // seconds after the first failure at which a delivery succeeded
		opens     int   // seconds after the first failure; a million: never
	}{
		"without deliveries it opens after the span":   {nil, 120},
		"one from before the failures vetoes nothing":  {[]int{-1}, 120},
		"one a minute in lets the span begin anew":     {[]int{60}, 180},
		"one in the last second of the span does, too": {[]int{119}, 240},
		"those that go on veto for as long":            {[]int{0, 60, 120, 180, 240, 300, 360, 420, 480, 540, 600}, never},
		"a sender's clock that runs ahead counts now":  {[]int{3600}, never},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, rule, opened := rules.Episode{}, rules.DefaultEndpointDown(), never
			for s := 0; s <= 600 && opened == never; s += 30 {
				f := rules.DownFact{Endpoint: "ep", Policy: probes.Policy{Confirm: 2}}
				f.Memory.FirstFailure, f.Memory.Failures = begin, 3+s/30
				f.Memory.Last = probes.Result{At: begin.Add(time.Duration(s) * time.Second), Verdict: probes.Down, Fault: probes.FaultRefused}
				for _, d := range tt.delivered {
					if d <= s || d == 3600 {
						f.Delivered = begin.Add(time.Duration(d) * time.Second)
					}
				}
				var c *rules.Change
				if e, c = rule.Step(e, f, f.Memory.Last.At); c != nil {
					opened = s
				}
			}
			if opened != tt.opens {
				t.Errorf("opened after %d s, want %d", opened, tt.opens)
			}
		})
	}
}

// waited plays one probe a minute of an endpoint; what each finds is verdicts,
// the last stays. The oldest event waits since the begin until it is over.
func waited(rule rules.EndpointDown, verdicts []probes.Verdict, change func(minute int, f *rules.DownFact), long int) []string {
	begin := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	var facts []rules.DownFact
	var memory probes.Memory
	for minute := 0; minute <= long; minute++ {
		r := probes.Result{At: begin.Add(time.Duration(minute) * time.Minute), Verdict: verdicts[min(minute, len(verdicts)-1)], Level: probes.LevelReach, Status: 405}
		memory.Last = r
		if r.Verdict == probes.Down {
			memory.Last.Fault = probes.FaultRefused
			if memory.Failures++; memory.Failures == 1 {
				memory.FirstFailure = r.At
			}
		} else {
			memory.Failures, memory.FirstFailure = 0, time.Time{}
		}
		f := rules.DownFact{Endpoint: "ep", Memory: memory, Oldest: begin, Waiting: 3, LastFault: "http_5xx"}
		change(minute, &f)
		facts = append(facts, f)
	}
	var e rules.Episode
	var told []string
	for _, f := range facts {
		var c *rules.Change
		if e, c = rule.Step(e, f, f.Memory.Last.At); c != nil {
			told = append(told, fmt.Sprintf("%d open %t %s %s", int(f.Memory.Last.At.Sub(begin).Minutes()), c.Open, c.Severity, c.Fault))
		}
	}
	return told
}

// An endpoint of few events is down when they wait and none gets through,
// whatever the probe says.
func TestEventsThatWaitOpenThoughTheProbeIsWell(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	after := func(minute int) time.Time { return begin.Add(time.Duration(minute) * time.Minute) }
	well, slow := []probes.Verdict{probes.Healthy}, []probes.Verdict{probes.Degraded}
	nothing := func(int, *rules.DownFact) {}
	opens := "60 open true high http_5xx"
	for name, tt := range map[string]struct {
		verdicts []probes.Verdict
		change   func(minute int, f *rules.DownFact)
		want     []string
	}{
		"an hour opens":              {well, nothing, []string{opens}},
		"a slow probe is well, too":  {slow, nothing, []string{opens}},
		"59 minutes do not":          {well, func(m int, f *rules.DownFact) { f.Oldest = after(max(m-59, 0)) }, nil},
		"nothing waits":              {well, func(_ int, f *rules.DownFact) { f.Oldest = time.Time{} }, nil},
		"one that is rejected alone": {well, func(m int, f *rules.DownFact) { f.Delivered = after(m / 7 * 7) }, nil},
		"one was delivered after it": {well, func(_ int, f *rules.DownFact) { f.Delivered = begin.Add(time.Second) }, nil},
		"one at the same moment":     {well, func(_ int, f *rules.DownFact) { f.Delivered = begin }, nil},
		"one was delivered before":   {well, func(_ int, f *rules.DownFact) { f.Delivered = begin.Add(-1) }, []string{opens}},
		"a probe without an opinion": {[]probes.Verdict{probes.Unknown}, nothing, nil},
		"a probe that is blocked":    {[]probes.Verdict{probes.Blocked}, nothing, nil},
		"delivered, it clears with the next good probe": {well, func(m int, f *rules.DownFact) {
			if m >= 65 {
				f.Oldest, f.Waiting = time.Time{}, 0
			}
		}, []string{opens, "65 open false high http_5xx"}},
		"at once after it opened it takes two": {well, func(m int, f *rules.DownFact) {
			if m >= 61 {
				f.Oldest, f.Waiting = time.Time{}, 0
			}
		}, []string{opens, "62 open false high http_5xx"}},
		"a younger one that waits clears, too": {well, func(m int, f *rules.DownFact) {
			if m >= 65 {
				f.Oldest = after(m - 59)
			}
		}, []string{opens, "65 open false high http_5xx"}},
		"one that waits as long does not": {well, func(m int, f *rules.DownFact) {
			if m >= 65 {
				f.Oldest = after(5)
			}
		}, []string{opens}},
		"a probe that fails first is told once, and clears when none waits": {
			[]probes.Verdict{probes.Down, probes.Down, probes.Down, probes.Down, probes.Healthy},
			func(m int, f *rules.DownFact) {
				if f.Oldest = begin.Add(-time.Hour); m >= 10 {
					f.Oldest = time.Time{}
				}
			}, []string{"2 open true high refused", "10 open false high refused"},
		},
		"a failed probe that is not confirmed does not lend its time": {
			append(slices.Repeat([]probes.Verdict{probes.Healthy}, 59), probes.Down, probes.Healthy), nothing, []string{opens},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			long := 70
			if name == "one that waits as long does not" {
				long = 65
			}
			if told := waited(rules.DefaultEndpointDown(), tt.verdicts, tt.change, long); !slices.Equal(told, tt.want) {
				t.Errorf("got %q, want %q", told, tt.want)
			}
		})
	}
	if told := waited(rules.EndpointDown{Span: time.Minute, Good: 2}, well, nothing, 200); told != nil {
		t.Errorf("switched off: got %q, want nothing", told)
	}
}

func TestEventsThatWaitSaySo(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	f := rules.DownFact{Endpoint: "ep", Merchant: "m", Host: "h", Oldest: begin, Waiting: 3, LastFault: "http_5xx"}
	f.Memory.Last = probes.Result{At: begin.Add(time.Hour), Verdict: probes.Healthy, Status: 405}
	e, c := rules.DefaultEndpointDown().Step(rules.Episode{Phase: rules.PhasePending, Since: begin.Add(50 * time.Minute), Fault: "refused"}, f, begin.Add(time.Hour))
	if c == nil || c.Key.Scope != "endpoint:ep" || c.Merchant != "m" || c.Host != "h" || !c.Since.Equal(begin) || c.Fault != "http_5xx" {
		t.Fatalf("got %+v, want the endpoint's, since the event waits", c)
	}
	want := rules.Evidence{
		Text: "nothing was delivered since 2026-11-21 10:00:00 UTC, while the probe is well (healthy with 405): 3 events wait, the last attempt of the oldest ended with http_5xx",
		From: begin, To: begin.Add(time.Hour), Clears: "2 healthy probes in a row, and no event that waits for 1h without a delivery since",
	}
	if c.Evidence != want {
		t.Errorf("got  %+v\nwant %+v", c.Evidence, want)
	}
	f.Delivered, e.Good = begin.Add(time.Hour), 1
	if _, c = rules.DefaultEndpointDown().Step(e, f, begin.Add(61*time.Minute)); c == nil || c.Evidence.Text != "answers again: healthy with 405 after 0s; 3 events wait to be delivered" {
		t.Errorf("got %+v, want that it cleared, and what waits", c)
	}
}

func TestEndpointDownValidates(t *testing.T) {
	t.Parallel()
	if err := rules.DefaultEndpointDown().Validate(); err != nil {
		t.Errorf("defaults: %v", err)
	}
	packRefused(t, rules.EndpointDown{Span: -1, OldestFor: -1}.Validate(), "span", "good", "oldest_for")
}

// An endpoint that goes on to fail in another way is said to; one that fails in
// two ways in turn is not, and nothing is said without end.
func TestAnotherFaultIsToldOnceItStays(t *testing.T) {
	t.Parallel()
	refused, hangs := probes.FaultRefused, probes.FaultTimeoutResponse
	tests := map[string]struct {
		fault func(n int) probes.Fault
		told  []string
	}{
		"it stays":        {func(n int) probes.Fault { return map[bool]probes.Fault{true: refused, false: hangs}[n < 10] }, []string{"refused", "timeout_response"}},
		"once is no news": {func(n int) probes.Fault { return map[bool]probes.Fault{true: hangs, false: refused}[n == 10] }, []string{"refused"}},
		"in turn":         {func(n int) probes.Fault { return map[bool]probes.Fault{true: refused, false: hangs}[n%2 == 0] }, []string{"refused"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if told := faultsTold(tt.fault); !slices.Equal(told, tt.told) {
				t.Errorf("told %v, want %v", told, tt.told)
			}
		})
	}
	t.Run("bounded", func(t *testing.T) {
		t.Parallel()
		told := faultsTold(func(n int) probes.Fault { return map[bool]probes.Fault{true: refused, false: hangs}[n/3%2 == 0] })
		if len(told) != 20 {
			t.Errorf("told %d times in 1,000 probes, want 20", len(told))
		}
	})
}

// faultsTold plays 1,000 failing probes, and returns the fault of each change.
func faultsTold(fault func(n int) probes.Fault) (told []string) {
	begin := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	policy, rule, episode := probes.Policy{Interval: time.Minute}, rules.DefaultEndpointDown(), rules.Episode{}
	memory := probes.Memory{Proven: []probes.Level{probes.LevelReach}}
	for n := range 1000 {
		memory, _ = memory.Step(probes.Result{At: begin.Add(time.Duration(n) * time.Minute), Level: probes.LevelReach, Verdict: probes.Down, Fault: fault(n)}, policy)
		var c *rules.Change
		if episode, c = rule.Step(episode, rules.DownFact{Endpoint: "ep", Memory: memory, Policy: policy}, memory.Last.At); c != nil {
			told = append(told, c.Fault)
		}
	}
	return told
}

// A stray failure before a stop and a short one after it are no outage that
// spans the time between.
func TestTheTimeInWhichNobodyLookedIsNoOutage(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	var m probes.Memory
	var e rules.Episode
	rule, policy, opened := rules.DefaultEndpointDown(), probes.DefaultPolicy(), -1
	for _, s := range []int{0, 60, 3600, 3610, 3620, 3660, 3720} {
		r := probes.Result{At: begin.Add(time.Duration(s) * time.Second), Level: probes.LevelReach, Verdict: probes.Down, Fault: probes.FaultRefused}
		if s == 0 {
			r.Verdict, r.Fault = probes.Healthy, probes.FaultNone
		}
		m, _ = m.Step(r, policy)
		var c *rules.Change
		if e, c = rule.Step(e, rules.DownFact{Endpoint: "ep", Memory: m, Policy: policy}, r.At); c != nil && opened < 0 {
			opened = s
		}
	}
	if opened != 3660 { // a minute and a half before, and half a minute after
		t.Errorf("opened after %d s, want 3660: not with the quick re-probes after the start", opened)
	}
}
