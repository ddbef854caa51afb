package conditions_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/conditions"
	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/internal/ingest"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/rules"
)

// flow plays independent attempts of one channel at a steady rate, tick by
// tick, and stops early when until says so. It returns the log time then.
func flow(c *conditions.Conditions, p *tape, r *rand.Rand, f flowing, until func() bool) time.Time {
	perTick := int(f.rate * rules.TickLength.Seconds())
	step := rules.TickLength / time.Duration(perTick)
	p.tick(f.channel, f.from, perTick, 0)
	for at := f.from; at.Before(f.to); at = at.Add(rules.TickLength) {
		k := 0
		for range perTick {
			if r.Float64() < f.ratio {
				k++
			}
		}
		for i := range p.entries { // the same ones all the time: a day is long
			e, ended := &p.entries[i], at.Add(time.Duration(i)*step)
			e.Attempt.StartedAt, e.Received, e.Fault = ended.Add(-e.Attempt.Duration), ended, probes.FaultNone
			if i < k {
				e.Fault = probes.FaultHTTP5xx
			}
			e.Position.Offset = p.at + 1 + uint32(i)
		}
		p.at += uint32(perTick)
		give(c, p.entries)
		if until != nil && until() {
			f.to = at.Add(rules.TickLength)
		}
	}
	p.entries = p.entries[:0]
	return f.to
}

type flowing struct {
	channel     string
	from, to    time.Time
	rate, ratio float64
}

// TestFourPercentOpensWithinFiveMinutes counts to the end of the tick that
// decided. It is closed a grace later, so that log time is a minute further.
func TestFourPercentOpensWithinFiveMinutes(t *testing.T) {
	t.Parallel()
	var slowest, seen time.Duration
	var within int // of log time
	for seed := range uint64(20) {
		c := conditions.New(conditions.Config{}, newMemory(), quiet())
		r, p := rand.New(rand.NewPCG(seed, 1)), &tape{}
		begin := day.Add(time.Hour)
		flow(c, p, r, flowing{"", day, begin, 20, 0.003}, nil)
		if open := c.Standing(); len(open) != 0 {
			t.Fatalf("seed %d: before the incident stands %+v", seed, open)
		}
		at := flow(c, p, r, flowing{"", begin, begin.Add(10 * time.Minute), 20, 0.04}, func() bool { return len(c.Standing()) > 0 })
		s, open := c.Open(rules.RulePlatformErrorRatio, rules.ScopePlatform)
		if !open || !s.Episode.Worst.Worse(rules.Low) {
			t.Fatalf("seed %d: stands %+v, want platform_error_ratio open", seed, c.Standing())
		}
		if !strings.HasPrefix(s.Evidence.Text, "platform: ") || s.Evidence.Threshold != 0.04 {
			t.Errorf("seed %d: evidence %+v", seed, s.Evidence)
		}
		slowest, seen = max(slowest, s.OpenedAt.Sub(begin)), max(seen, at.Sub(begin))
		if at.Sub(begin) <= 5*time.Minute {
			within++
		}
	}
	t.Logf("the slowest of 20 was opened by the tick that ended %s after the begin, at log time %s; %d of 20 within 5m of log time", slowest, seen, within)
	if slowest > 5*time.Minute {
		t.Errorf("opened by the tick that ended %s after the begin, want at most 5m", slowest)
	}
	if seen > slowest+conditions.DefaultGrace+rules.TickLength {
		t.Errorf("opened at log time %s after the begin, want a grace after %s", seen, slowest)
	}
}

func TestAnOrdinaryDayOpensNothing(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			c := conditions.New(conditions.Config{}, newMemory(), quiet())
			flow(c, &tape{}, rand.New(rand.NewPCG(seed, 2)), flowing{"ID_BCA", day, day.Add(24 * time.Hour), 1, 0.003}, func() bool {
				for _, s := range c.Standing() {
					t.Errorf("opened %+v", s)
				}
				return t.Failed()
			})
			if late := c.LateTotal(); late != 0 {
				t.Errorf("%d late, want none", late)
			}
		})
	}
}

func TestOneChannelThatFailsIsNamed(t *testing.T) {
	t.Parallel()
	c := conditions.New(conditions.Config{}, newMemory(), quiet())
	p := &tape{}
	for at := day; at.Before(day.Add(90 * time.Minute)); at = at.Add(rules.TickLength) {
		k := 0
		if !at.Before(day.Add(time.Hour)) {
			k = 1 // half of its attempts, 1 % of all
		}
		p.tick("ID_BCA", at, 98, 0)
		p.tick("ID_OVO", at, 2, k)
		slices.SortFunc(p.entries, func(a, b ingest.Entry) int { return a.Received.Compare(b.Received) })
		for i := range p.entries {
			p.entries[i].Position.Offset = p.at - uint32(len(p.entries)) + uint32(i) + 1
		}
		p.play(c)
	}
	open := c.Standing()
	if len(open) != 1 || open[0].Rule != rules.RuleChannelErrorRatio || open[0].Scope != "channel:ID_OVO" || open[0].Episode.Phase != rules.PhaseOpen {
		t.Fatalf("stands %+v, want channel_error_ratio of channel:ID_OVO alone", open)
	}
	if text := open[0].Evidence.Text; !strings.HasPrefix(text, "channel ID_OVO: ") {
		t.Errorf("text %q, want the channel in front", text)
	}
	got, ok := c.Ratio("channel:ID_OVO")
	if !ok || got.Denominator != 60 || got.Numerator != 30 || got.To.Sub(got.From) != 5*time.Minute {
		t.Errorf("ratio %+v, %t; want 30 of 60 in 5 minutes", got, ok)
	}
	if got, ok := c.Ratio("channel:ID_BCA"); !ok || got.Denominator != 98*30 || got.Numerator != 0 {
		t.Errorf("ratio %+v, %t; want 0 of 2,940", got, ok)
	}
	if got, ok := c.Ratio("platform"); !ok || got.Denominator != 3000 {
		t.Errorf("ratio %+v, %t; want all 3,000", got, ok)
	}
	for _, scope := range []rules.Scope{"channel:none", "endpoint:ID_BCA", "platform:x"} {
		if got, ok := c.Ratio(scope); ok {
			t.Errorf("ratio of %s is %+v, want none", scope, got)
		}
	}
}

func TestWhatCounts(t *testing.T) {
	t.Parallel()
	counted := func(e *ingest.Entry) {}
	for name, tt := range map[string]struct {
		change  func(e *ingest.Entry)
		verdict ingest.Verdict
		want    int // of the platform's window
		late    int64
	}{
		"a first attempt":                        {counted, ingest.Counted, 1, 0},
		"a retry does not":                       {func(e *ingest.Entry) { e.Kind = deliveries.KindRetry }, ingest.Counted, 0, 0},
		"what is in no denominator does not":     {func(e *ingest.Entry) { e.Counts = false }, ingest.Counted, 0, 0},
		"a duplicate does not":                   {counted, ingest.Duplicate, 0, 0},
		"a correction of history does not":       {counted, ingest.Replaced, 0, 0},
		"at the last moment of the grace":        {received(70*time.Second - 1), ingest.Counted, 1, 0},
		"late at the end of the grace":           {received(70 * time.Second), ingest.Counted, 0, 1},
		"late by years":                          {received(200 * 365 * 24 * time.Hour), ingest.Counted, 0, 1},
		"ahead by five minutes waits for its":    {received(-5 * time.Minute), ingest.Counted, 1, 0},
		"ahead by more is not believed":          {received(-5*time.Minute - 1), ingest.Counted, 0, 1},
		"ended at the last moment of the tick":   {func(e *ingest.Entry) { e.Attempt.Duration += rules.TickLength - 1 }, ingest.Counted, 1, 0},
		"of a time that no number can hold":      {func(e *ingest.Entry) { e.Attempt.StartedAt = time.Time{} }, ingest.Counted, 0, 1},
		"of a time that no number can hold, too": {func(e *ingest.Entry) { e.Attempt.StartedAt = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC) }, ingest.Counted, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := conditions.New(conditions.Config{}, newMemory(), quiet())
			p := &tape{}
			e := p.add("", day, day, false)
			tt.change(e)
			next := ingest.Position{Segment: 1, Offset: e.Position.Offset + 1}
			c.Took(t.Context(), ingest.Group{Entries: p.entries, Next: next}, []ingest.Verdict{tt.verdict}, false)
			c.Idle(t.Context(), day.Add(3*time.Minute))
			if got, _ := c.Ratio(rules.ScopePlatform); got.Denominator != tt.want {
				t.Errorf("counted %d, want %d", got.Denominator, tt.want)
			}
			if got := c.LateTotal(); got != tt.late {
				t.Errorf("%d late, want %d", got, tt.late)
			}
		})
	}
}

// received lets the attempt be received so long after its tick began.
func received(after time.Duration) func(e *ingest.Entry) {
	return func(e *ingest.Entry) { e.Received = day.Add(after) }
}

func TestOvertakenByLogTime(t *testing.T) {
	t.Parallel()
	c := conditions.New(conditions.Config{}, newMemory(), quiet())
	p := &tape{}
	p.add("", day, day, true)
	p.add("", day.Add(time.Minute), day.Add(70*time.Second), true) // closes the first tick
	p.add("", day, day.Add(69*time.Second), true)                  // received before that, and behind it in the log
	p.play(c)
	if got, _ := c.Ratio(rules.ScopePlatform); got.Denominator != 1 || c.LateTotal() != 1 {
		t.Errorf("counted %d, %d late; want 1 and 1", got.Denominator, c.LateTotal())
	}
}

func TestOvertakenByLogTimeBeforeARestart(t *testing.T) {
	t.Parallel()
	store := newMemory()
	c := conditions.New(conditions.Config{}, store, quiet())
	p := &tape{}
	p.add("ID_BCA", day, day, true)
	p.add("", day.Add(time.Minute), day.Add(70*time.Second), true) // closes the first tick
	p.play(c)
	if err := running(t, c)(); err != nil {
		t.Fatal(err)
	}
	c = loaded(t, conditions.Config{}, store)
	p.add("ID_OVO", day, day.Add(69*time.Second), true)
	p.play(c)
	if c.LateTotal() != 1 {
		t.Errorf("%d late, want 1: log time goes on where it was", c.LateTotal())
	}
}

func TestWhatIsReplayedIsNotLateAgain(t *testing.T) {
	t.Parallel()
	for name, replay := range map[string]bool{"told for the first time": false, "replayed": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := conditions.New(conditions.Config{}, newMemory(), quiet())
			p := &tape{}
			p.add("", day, day.Add(time.Hour), true)
			tell(c, p.entries, replay)
			if got, want := c.LateTotal() == 0, replay; got != want {
				t.Errorf("%d late, want none only of a replay", c.LateTotal())
			}
		})
	}
}

func TestIdleClosesTheLastTicks(t *testing.T) {
	t.Parallel()
	c := conditions.New(conditions.Config{}, newMemory(), quiet())
	p := &tape{}
	p.tick("", day, 10, 10)
	p.play(c)
	c.Idle(t.Context(), day.Add(90*time.Second-1)) // 70 s and the 20 s that it stays behind
	if got, ok := c.Ratio(rules.ScopePlatform); ok {
		t.Errorf("closed too early: %+v", got)
	}
	c.Idle(t.Context(), day.Add(90*time.Second))
	if got, _ := c.Ratio(rules.ScopePlatform); got.Denominator != 10 {
		t.Errorf("counted %d, want 10", got.Denominator)
	}
	c.Idle(t.Context(), day) // a clock that went back changes nothing
	p.tick("", day.Add(80*time.Second), 5, 0)
	p.play(c)
	c.Idle(t.Context(), day.Add(4*time.Minute))
	if got, _ := c.Ratio(rules.ScopePlatform); got.Denominator != 15 {
		t.Errorf("counted %d, want 15", got.Denominator)
	}
	c.Idle(t.Context(), day.Add(time.Hour))
	if got, ok := c.Ratio(rules.ScopePlatform); ok || len(c.Ratios()) != 0 {
		t.Errorf("an hour later the ratio is %+v, want none", got)
	}
}

func TestAClockThatWasWrongDoesNotBlind(t *testing.T) {
	t.Parallel()
	for name, ahead := range map[string]time.Duration{"ours alone": 0, "the sender's too": 365 * 24 * time.Hour} {
		c := conditions.New(conditions.Config{}, newMemory(), quiet())
		p, r := &tape{}, rand.New(rand.NewPCG(1, 3))
		flow(c, p, r, flowing{"ID_BCA", day, day.Add(time.Hour), 20, 0.003}, nil)
		wrong := day.Add(365*24*time.Hour + time.Hour)
		for i := range 120 { // two minutes by the wrong clock
			p.add("ID_BCA", day.Add(time.Hour+ahead+time.Duration(i)*time.Second), wrong.Add(time.Duration(i)*time.Second), false)
			p.play(c)
		}
		begin := day.Add(62 * time.Minute)
		flow(c, p, r, flowing{"ID_BCA", begin, begin.Add(5 * time.Minute), 20, 0.5}, nil)
		if open := c.Standing(); len(open) != 2 {
			t.Errorf("%s: stands %+v, want platform and channel open", name, open)
		}
	}
}

func TestChannelsBeyondTheBoundCountForThePlatform(t *testing.T) {
	t.Parallel()
	c := conditions.New(conditions.Config{MostValues: 2}, newMemory(), quiet())
	p := &tape{}
	for _, channel := range []string{"a", "b", "c", "d", "a", ""} {
		p.add(channel, day, day, false)
	}
	p.play(c)
	c.Idle(t.Context(), day.Add(3*time.Minute))
	if n := len(c.Ratios()); n != 3 {
		t.Errorf("ratios %+v, want platform and two channels", c.Ratios())
	}
	for scope, want := range map[rules.Scope]int{"platform": 6, "channel:a": 2, "channel:b": 1, "channel:c": 0, "channel:d": 0, "channel:": 0} {
		if got, _ := c.Ratio(scope); got.Denominator != want {
			t.Errorf("%s counted %d, want %d", scope, got.Denominator, want)
		}
	}
}

func TestOtherSettingsGoOn(t *testing.T) {
	t.Parallel()
	c := conditions.New(conditions.Config{}, newMemory(), quiet())
	p, r := &tape{}, rand.New(rand.NewPCG(1, 4))
	flow(c, p, r, flowing{"ID_BCA", day, day.Add(time.Hour), 20, 0.003}, nil)
	cfg := conditions.DefaultConfig()
	cfg.Platform.Tick = 20 * time.Second
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	c.SetConfig(cfg)
	begin := day.Add(time.Hour)
	flow(c, p, r, flowing{"ID_BCA", begin, begin.Add(10 * time.Minute), 20, 0.5}, nil)
	if open := c.Standing(); len(open) != 2 {
		t.Errorf("stands %+v, want platform and channel open", open)
	}
}

func TestConfigNamesEveryFault(t *testing.T) {
	t.Parallel()
	if err := (conditions.Config{}).Validate(); err != nil {
		t.Errorf("the zero value: %v", err)
	}
	bad := conditions.Config{
		EndpointDown: rules.EndpointDown{Span: -1}, Certificate: rules.Certificate{Rounds: -1}, Grace: -1, MostValues: -1,
		Platform: rules.Detector{Tick: 1}, Channel: rules.Detector{Tick: 1}, Heartbeats: []conditions.Heartbeat{{}, {}},
	}
	err := bad.Validate()
	if err == nil {
		t.Fatal("want faults")
	}
	for _, path := range []string{
		"endpoint_down.span: ", "endpoint_down.good: ", "certificate.rounds: ", "certificate.good: ", "grace: ", "most_values: ",
		"platform_error_ratio: ", "channel_error_ratio: ", `heartbeats[0] "": every: `, "heartbeats[0].id: is empty", "heartbeats[1].id: \"\" is there twice",
	} {
		if !strings.Contains(err.Error(), path) {
			t.Errorf("%q is missing in: %v", path, err)
		}
	}
}

func BenchmarkTook(b *testing.B) {
	const group = 1000 // a second of attempts
	c := conditions.New(conditions.Config{}, newMemory(), quiet())
	p := &tape{}
	channels := make([]string, 50)
	for i := range channels {
		channels[i] = fmt.Sprint("CHANNEL_", i)
	}
	for i := range group {
		p.add(channels[i%len(channels)], day, day, i%300 == 0)
	}
	verdicts := slices.Repeat([]ingest.Verdict{ingest.Counted}, group)
	second, position := day, uint32(0)
	b.ReportAllocs()
	for b.Loop() {
		for i := range p.entries {
			e := &p.entries[i]
			position++
			e.Position.Offset = position
			e.Attempt.StartedAt, e.Received = second, second.Add(time.Second)
		}
		next := ingest.Position{Segment: 1, Offset: position + 1}
		c.Took(b.Context(), ingest.Group{Entries: p.entries, Next: next}, verdicts, false)
		second = second.Add(time.Second)
		if position > 1<<31 {
			b.Fatal("the log of the benchmark is full")
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/group, "ns/attempt")
}
