package digest

import (
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/rules"
)

// TestNobodyKnowsWhatCameAfterTheWindow: states are taken after it, and a strip
// ends with it.
func TestNobodyKnowsWhatCameAfterTheWindow(t *testing.T) {
	t.Parallel()
	for sentence, tc := range map[string]struct {
		state        rules.Word
		made         time.Duration // after the end
		when, advice string
	}{
		"failing when it was made":    {rules.StateFailing, 3 * time.Minute, ", none until 00:00 WIB", "Nothing failed between 21:00 and 00:00 WIB. "},
		"healthy when it was made":    {rules.StateHealthy, 3 * time.Minute, ", none since", "Nothing has failed since 21:00 WIB. "},
		"recovering when it was made": {rules.StateRecovering, 3 * time.Minute, ", none since", "Nothing has failed since 21:00 WIB. "},
		"made at the end":             {rules.StateFailing, 0, ", none since", "Nothing has failed since 21:00 WIB. "},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			e := past().Endpoints[1]
			e.State = tc.state
			f := factsOf(e)
			f.Made = f.Window.End.Add(tc.made)
			f = throughJSON(t, Judge(f))
			v := newVoice(f)
			if got := v.whenFailed(f, e); !strings.HasSuffix(got, tc.when) {
				t.Errorf("got %q, want %q at its end", got, tc.when)
			}
			if got := v.advise(f.Actions[0], f.AsOf()); !strings.HasPrefix(got, tc.advice) {
				t.Errorf("got %q, want %q", got, tc.advice)
			}
		})
	}
}

func TestAvailabilityInWords(t *testing.T) {
	t.Parallel()
	for sentence, tc := range map[string]struct {
		covered, until time.Duration
		faults         []Fault
		want           string
	}{
		"a look lasts longer than the window":  {20 * time.Second, 16 * time.Second, nil, "100% of the 16 s that we watched"},
		"a look is shorter":                    {10 * time.Second, 16 * time.Second, nil, "100% of the 10 s that we watched"},
		"probed, and never well":               {0, time.Hour, []Fault{{probes.FaultRefused, 3600, 0}}, "not known, it was never well yet"},
		"nobody looked":                        {0, time.Hour, nil, "not known, nobody looked"},
		"nobody looked, and a delivery failed": {0, time.Hour, []Fault{{probes.FaultRefused, 0, 1}}, "not known, nobody looked"},
	} {
		e := healthy("a")
		e.State, e.Covered, e.Faults = rules.StateDegraded, tc.covered, tc.faults
		f := factsOf(e)
		f.Until = f.Window.Start.Add(tc.until)
		if got := newVoice(f).available(f, e); got != tc.want {
			t.Errorf("%s: got %q, want %q", sentence, got, tc.want)
		}
	}
}

// TestPartsOfAStripDoNotOverlap: one begins where the one before it ends, also
// in the middle of a second.
func TestPartsOfAStripDoNotOverlap(t *testing.T) {
	t.Parallel()
	e := healthy("a")
	e.Strip = make([]Count, 12)
	e.Strip[0], e.Strip[1], e.Strip[2] = Count{12, 1}, Count{12, 9}, Count{12, 2}
	f := factsOf(e)
	f.Window = Window{evening.Start, evening.Start.Add(140 * time.Second)} // 11.7 s each
	want := "first between 18:00:00 and 18:00:11, most between 18:00:11 and 18:00:23, last between 18:00:23 and 18:00:35 WIB"
	if got := newVoice(f).whenFailed(f, e); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
