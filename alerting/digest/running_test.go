package digest

import (
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

func TestLittleDataIsNeverHealthy(t *testing.T) {
	t.Parallel()
	seen := func(covered time.Duration) Endpoint {
		e := healthy("a")
		e.Covered, e.First = covered, Count{}
		return e
	}
	attempts := seen(8 * time.Second)
	attempts.First = Count{1, 0}
	switchedOff := seen(8 * time.Second)
	switchedOff.State = rules.StateSuspended
	slow := seen(8 * time.Second)
	slow.P95 = 20 * time.Second
	for sentence, tc := range map[string]struct {
		list     []Endpoint
		until    time.Duration // since the start of the window; 0: it is closed
		want     Verdict
		headline string
	}{
		"eight seconds of six hours":         {[]Endpoint{seen(8 * time.Second)}, 0, Attention, "data for 8 s of 6 h only"},
		"just under half":                    {[]Endpoint{seen(3*time.Hour - time.Second)}, 0, Attention, "data for 2 h 59 min of 6 h only"},
		"half of it":                         {[]Endpoint{seen(3 * time.Hour)}, 0, OK, "1 of 1 endpoint healthy"},
		"eight seconds, but an attempt came": {[]Endpoint{attempts}, 0, OK, "1 of 1 endpoint healthy"},
		"one of two":                         {[]Endpoint{seen(time.Minute), healthy("b")}, 0, Attention, "data for less than half of the time for 1 of 2 endpoints"},
		"switched off on purpose":            {[]Endpoint{switchedOff}, 0, OK, "1 of 1 endpoint healthy"},
		"little, and what there is is slow":  {[]Endpoint{slow}, 0, Attention, "1 of 1 endpoint to look at"},
		"all of an hour so far":              {[]Endpoint{seen(time.Hour)}, time.Hour, OK, "1 of 1 endpoint healthy"},
		"little of an hour so far":           {[]Endpoint{seen(time.Minute)}, time.Hour, Attention, "data for 1 min of 1 h only"},
		"nothing of an hour so far":          {[]Endpoint{noData().Endpoints[0]}, time.Hour, Attention, "no data for 1 of 1 endpoint"},
		"five minutes less a moment":         {[]Endpoint{seen(4 * time.Minute)}, 5*time.Minute - time.Second, Attention, "too early to tell, this window began 4 min 59 s ago"},
		"five minutes":                       {[]Endpoint{seen(4 * time.Minute)}, 5 * time.Minute, OK, "1 of 1 endpoint healthy"},
		"nothing yet":                        {[]Endpoint{noData().Endpoints[0]}, time.Second, Attention, "too early to tell, this window began 1 s ago"},
		"early, and something fails":         {[]Endpoint{timingOut("a")}, time.Minute, Act, "1 of 1 endpoint failing"},
		"told after its end":                 {[]Endpoint{seen(3 * time.Hour)}, 7 * time.Hour, OK, "1 of 1 endpoint healthy"},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			f := factsOf(tc.list...)
			if tc.until > 0 {
				f.Until = f.Window.Start.Add(tc.until)
			}
			f = Judge(f)
			if got := newVoice(f).headline(f); f.Verdict != tc.want || got != tc.headline {
				t.Errorf("got %s %q, want %s %q", f.Verdict, got, tc.want, tc.headline)
			}
		})
	}
}

func TestAPlatformThatHardlyLookedIsNotWell(t *testing.T) {
	t.Parallel()
	for sentence, tc := range map[string]struct {
		probing, until time.Duration
		want           Verdict
		headline       string
	}{
		"all of it":           {6 * time.Hour, 0, OK, "nothing new"},
		"ten minutes of it":   {10 * time.Minute, 0, Attention, "data for 10 min of 6 h only"},
		"none of it":          {0, 0, Attention, "nothing was watched"},
		"it has only begun":   {time.Minute, 2 * time.Minute, Attention, "too early to tell, this window began 2 min ago"},
		"nothing in a minute": {0, time.Minute, Attention, "too early to tell, this window began 1 min ago"},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			f := platform()
			f.Platform, f.Incidents = &Platform{Probing: tc.probing}, nil
			if tc.until > 0 {
				f.Until = f.Window.Start.Add(tc.until)
			}
			f = Judge(f)
			if got := newVoice(f).headline(f); f.Verdict != tc.want || got != tc.headline {
				t.Errorf("got %s %q, want %s %q", f.Verdict, got, tc.want, tc.headline)
			}
		})
	}
}

func TestAsOf(t *testing.T) {
	t.Parallel()
	middle := evening.Start.Add(time.Hour)
	for sentence, tc := range map[string]struct{ until, want time.Time }{
		"a closed window":      {time.Time{}, evening.End},
		"one that runs":        {middle, middle},
		"one that just closed": {evening.End, evening.End},
		"until after its end":  {evening.End.Add(time.Hour), evening.End},
		"until before it":      {evening.Start.Add(-time.Hour), evening.Start},
	} {
		if got := (Facts{Window: evening, Until: tc.until}).AsOf(); !got.Equal(tc.want) {
			t.Errorf("%s: got %s, want %s", sentence, got, tc.want)
		}
	}
}

// TestAWindowThatRunsLosesInItsOwnDigest: the next digest is the one of the
// window that runs.
func TestAWindowThatRunsLosesInItsOwnDigest(t *testing.T) {
	t.Parallel()
	for sentence, tc := range map[string]struct {
		loss time.Duration // from the end of the window
		runs bool
		want int
	}{
		"it runs, before its end":   {-time.Minute, true, 3},
		"it runs, at its end":       {0, true, 0},
		"closed, before the next":   {5 * time.Hour, false, 9},
		"closed, at the next's end": {6 * time.Hour, false, 0},
	} {
		f := factsOf(healthy("a"))
		if tc.runs {
			f.Until = f.Window.Start.Add(time.Hour)
		}
		b := &Backlog{Undelivered: 9, LossAt: f.Window.End.Add(tc.loss), LossEvents: 3, AtRisk6h: 9}
		if got := f.losing(b); got != tc.want {
			t.Errorf("%s: got %d, want %d", sentence, got, tc.want)
		}
	}
}

func TestOnlyPartsThatHaveBegunAreDrawn(t *testing.T) {
	t.Parallel()
	e := healthy("a")
	for until, want := range map[time.Duration]int{0: 12, 1: 1, 30 * time.Minute: 1, 30*time.Minute + 1: 2, 6*time.Hour - 1: 12} {
		f := factsOf(e)
		if until > 0 {
			f.Until = f.Window.Start.Add(until)
		}
		if got := len(f.begun(e)); got != want {
			t.Errorf("until %s: got %d parts, want %d", until, got, want)
		}
	}
}

func TestBadges(t *testing.T) {
	t.Parallel()
	over := past().Endpoints[1]
	with := func(e Endpoint, state rules.Word) Endpoint { e.State = state; return e }
	once := over
	once.State, once.First, once.Down, once.P95 = rules.StateHealthy, Count{1000, 1}, 0, time.Second
	for sentence, tc := range map[string]struct {
		e      Endpoint
		en, id string
		class  Verdict
	}{
		"failing, and it is over":       {over, "had failures", "sempat gagal", Attention},
		"healthy, after failures":       {with(over, rules.StateHealthy), "had failures", "sempat gagal", Attention},
		"one failure that is nothing":   {once, "healthy", "sehat", OK},
		"degraded":                      {with(over, rules.StateDegraded), "degraded", "terganggu", Attention},
		"failing, and it goes on":       {timingOut("a"), "failing", "gagal", Act},
		"down":                          {with(over, rules.StateDown), "down", "mati", Act},
		"healthy now, not watched then": {Endpoint{ID: "a", State: rules.StateHealthy}, "little data", "data sedikit", Attention},
		"hardly watched":                {thin().Endpoints[0], "little data", "data sedikit", Attention},
	} {
		for language, want := range map[string]string{"en": tc.en, "id": tc.id} {
			f := factsOf(tc.e)
			f.Language = language
			if got := newVoice(f).entry(f, tc.e, true); got.Word != want || got.Class != tc.class {
				t.Errorf("%s: got %q as %s, want %q as %s", sentence, got.Word, got.Class, want, tc.class)
			}
		}
	}
	early := Judge(firstMinutes())
	if got := newVoice(early).entry(early, early.Endpoints[0], true); got.Class == OK {
		t.Errorf("got a green badge %q, want none without data", got.Word)
	}
}

func TestWhatFailsNow(t *testing.T) {
	t.Parallel()
	over := past().Endpoints[1]
	down, proven := over, timingOut("a")
	down.State, proven.State = rules.StateDown, rules.StateHealthy
	for sentence, tc := range map[string]struct {
		e    Endpoint
		want bool
	}{
		"failing":                    {timingOut("a"), true},
		"failing, and it is over":    {over, false},
		"down":                       {down, true},
		"healthy":                    {healthy("a"), false},
		"healthy, with failures":     {proven, false},
		"failing, without any part":  {Endpoint{State: rules.StateFailing, First: Count{2, 2}}, true},
		"failing, before the window": {Endpoint{State: rules.StateFailing, First: Count{2, 0}}, false},
	} {
		if got := tc.e.FailsNow(evening); got != tc.want {
			t.Errorf("%s: got %v, want %v", sentence, got, tc.want)
		}
	}
}

func TestAFewAttemptsAreNoComparison(t *testing.T) {
	t.Parallel()
	v := newVoice(Facts{})
	for total, want := range map[int]bool{0: false, 1: false, 19: false, 20: true} {
		e := healthy("a")
		e.Before = Count{total, 0}
		if got := v.deliveries(e); strings.Contains(got, "the window before") != want {
			t.Errorf("%d attempts: got %q, want a comparison: %v", total, got, want)
		}
	}
}

// TestTheFirstMinutes: five of them, or a tenth of a short window.
func TestTheFirstMinutes(t *testing.T) {
	t.Parallel()
	for sentence, tc := range map[string]struct {
		length, until time.Duration
		want          bool
	}{
		"just begun":                 {6 * time.Hour, 0, true},
		"nearly five minutes":        {6 * time.Hour, 5*time.Minute - 1, true},
		"five minutes":               {6 * time.Hour, 5 * time.Minute, false},
		"nearly a tenth of 10 min":   {10 * time.Minute, time.Minute - 1, true},
		"a tenth of 10 min":          {10 * time.Minute, time.Minute, false},
		"a short one that is closed": {10 * time.Second, 10 * time.Second, false},
	} {
		f := Facts{Window: Window{evening.Start, evening.Start.Add(tc.length)}, Until: evening.Start.Add(tc.until)}
		if got := f.early(); got != tc.want {
			t.Errorf("%s: got %v, want %v", sentence, got, tc.want)
		}
	}
}
