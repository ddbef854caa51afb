package digest

import (
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// A state that comes from attempts of another window asks for a look, and for
// nothing to be done about requests that nobody counted.
func TestAStateCarriedOverAsksForALook(t *testing.T) {
	t.Parallel()
	for sentence, tc := range map[string]struct {
		first   Count
		want    Verdict
		actions int
		fails   bool
	}{
		"no attempt in the window":       {Count{}, Attention, 0, false},
		"none of them failed":            {Count{40, 0}, Attention, 0, false},
		"some of them failed, and do so": {Count{40, 20}, Act, 1, true},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			e := healthy("a")
			e.State, e.First = rules.StateFailing, tc.first
			if tc.first.Failed > 0 {
				e.Faults = []Fault{{"http_5xx", 0, tc.first.Failed}}
			}
			f := Judge(factsOf(e, healthy("b")))
			if f.Verdict != tc.want || len(f.Actions) != tc.actions || e.FailsNow(f.Window) != tc.fails {
				t.Errorf("%s, %+v, fails now %t; want %s, %d actions, %t", f.Verdict, f.Actions, e.FailsNow(f.Window), tc.want, tc.actions, tc.fails)
			}
		})
	}
}

// What a person closed while it fails is not told as over.
func TestAnIncidentClosedByHandStillFails(t *testing.T) {
	t.Parallel()
	for language, want := range map[string]string{"en": "a is down", "id": "a mati"} {
		f := factsOf(healthy("a"))
		f.Language = language
		f.Incidents = []Incident{{ID: "inc_1", Title: "a is down: http_5xx", Severity: rules.High, Opened: evening.Start.Add(time.Hour), Resolved: evening.Start.Add(2 * time.Hour), StillFails: true}}
		v := newVoice(f)
		l, err := Mail(Judge(f))
		if err != nil || !strings.Contains(l.Text, want) || !strings.Contains(l.Text, v.StillFails) || !strings.Contains(l.HTML, v.StillFails) {
			t.Errorf("%s: wanted %q and %q in %v\n%s", language, want, v.StillFails, err, l.Text)
		}
	}
}
