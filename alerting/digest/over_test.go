package digest

import (
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
	"github.com/hookvigil/hookvigil/rules"
)

func TestWhatIsOver(t *testing.T) {
	t.Parallel()
	strip := func(counts ...Count) func(*Endpoint) { return func(e *Endpoint) { e.Strip = counts } }
	bad, good, none := Count{12, 3}, Count{12, 0}, Count{}
	for sentence, tc := range map[string]struct {
		change func(*Endpoint)
		since  time.Duration // of the window; 0: not over
	}{
		"the last part failed":               {strip(good, good, good, bad), 0},
		"only the last part was clean":       {strip(good, good, bad, good), 270 * time.Minute},
		"nothing is known after the failure": {strip(good, bad, none, none), 0},
		"a clean part, then nothing":         {strip(good, bad, good, none), 180 * time.Minute},
		"nothing, then a clean part":         {strip(bad, none, none, good), 90 * time.Minute},
		"it failed twice":                    {strip(bad, good, bad, good), 270 * time.Minute},
		"no part failed":                     {strip(good, good), 0},
		"there is no strip":                  {strip(), 0},
		"the first of twelve":                {strip(bad, good, good, good, good, good, good, good, good, good, good, good), 30 * time.Minute},
		"a third, up to a full second":       {strip(bad, good, good, good, good, good, good), 3086 * time.Second}, // 6 h / 7 = 3085.7 s
		"it is down":                         {func(e *Endpoint) { e.State = rules.StateDown }, 0},
		"it is suspended":                    {func(e *Endpoint) { e.State = rules.StateSuspended }, 0},
		"nothing is known of it now":         {func(e *Endpoint) { e.State = rules.StateNoData }, 0},
		"its ratio is still high":            {func(e *Endpoint) { e.State = rules.StateFailing }, 270 * time.Minute},
		"its certificate has expired":        {func(e *Endpoint) { e.Certificate.NotAfter = evening.End }, 0},
		"its certificate is for another": {func(e *Endpoint) {
			e.Certificate.Verdict, e.Certificate.Fault = certificate.Fail, certificate.FaultHostnameMismatch
		}, 0},
		"its certificate deserves a look":       {func(e *Endpoint) { e.Certificate.NotAfter = evening.End.Add(12 * day) }, 270 * time.Minute},
		"it has no certificate that we know of": {func(e *Endpoint) { e.Certificate = nil }, 270 * time.Minute},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			e := healthy("a")
			e.Strip = []Count{good, good, bad, good}
			tc.change(&e)
			since, over := e.over(evening)
			if over != (tc.since > 0) || over && !since.Equal(evening.Start.Add(tc.since)) {
				t.Errorf("got %v since %v, want since %v", over, since, evening.Start.Add(tc.since))
			}
		})
	}
}

// TestWhatIsOverAsksForNoAction has the two endpoints of the demo, and what
// may still be wrong with such ones.
func TestWhatIsOverAsksForNoAction(t *testing.T) {
	t.Parallel()
	for sentence, tc := range map[string]struct {
		change func(*Endpoint)
		want   Verdict
		begins string // what the first action says
	}{
		"it hung":       {func(*Endpoint) {}, Attention, "Nothing has failed since 21:00 WIB. 22 of 360 first attempts failed (6.1%) before: no answer came within 30 s. Answer 2xx"},
		"for its limit": {func(e *Endpoint) { e.Deadline = 3 * time.Second }, Attention, "Nothing has failed since 21:00 WIB. 22 of 360 first attempts failed (6.1%) before: no answer came within 3 s."},
		"it was renewed": {func(e *Endpoint) { e.Faults = []Fault{{"tls_expired", 9, 22}} }, Attention,
			"Nothing has failed since 21:00 WIB. 22 of 360 first attempts failed (6.1%) before: its certificate had expired, and a good one is served since; it is valid until 12 Jan 2024 00:00 WIB, 61 days. Let it"},
		"it was renewed, and nobody has seen the new one": {func(e *Endpoint) { e.Faults, e.Certificate = []Fault{{"tls_expired", 9, 22}}, nil }, Attention,
			"Nothing has failed since 21:00 WIB. 22 of 360 first attempts failed (6.1%) before: its certificate had expired, and a good one is served since. Let it"},
		"it was renewed a moment ago": {func(e *Endpoint) { e.Faults, e.Strip = []Fault{{"tls_expired", 9, 22}}, []Count{{12, 0}, {12, 12}} }, Act,
			"It answers again. 22 of 360 first attempts failed (6.1%) before: its certificate had expired, and a good one is served since; it is valid until 12 Jan 2024 00:00 WIB, 61 days."},
		"probes still meet an old one": {func(e *Endpoint) { e.Faults, e.State = []Fault{{"tls_expired", 9, 22}}, rules.StateDown }, Act,
			"It is down now, and 22 of 360 first attempts failed (6.1%). Its certificate expired, so nothing is delivered."},
		"only probes failed": {func(e *Endpoint) { e.First, e.Faults = Count{}, []Fault{{probes.FaultHTTP404, 9, 0}} }, Attention,
			"Nothing has failed since 21:00 WIB. Before that, it answered 404."},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			e := past().Endpoints[1]
			e.State = rules.StateHealthy
			tc.change(&e)
			f := Judge(factsOf(e))
			l, err := Mail(f)
			if err != nil {
				t.Fatal(err)
			}
			if f.Verdict != tc.want || !strings.Contains(l.Text, "1. "+e.ID+": "+tc.begins) {
				t.Errorf("got %s and\n%s\nwant %s and %q", f.Verdict, l.Text, tc.want, tc.begins)
			}
			if over := strings.Contains(l.Text, "last between 20:30 and 21:00 WIB, none since\n"); over != (tc.want == Attention) {
				t.Errorf("got a line that it is over: %v\n%s", over, l.Text)
			}
		})
	}
}

func TestWhatGoesOnAndWhatIsOverAreTwoActions(t *testing.T) {
	t.Parallel()
	f := Judge(factsOf(past().Endpoints[1], timingOut("a"), timingOut("b")))
	if len(f.Actions) != 2 || f.Actions[0].Endpoint != "a" || f.Actions[0].More != 1 || !f.Actions[0].Since.IsZero() || f.Actions[1].Since.IsZero() {
		t.Errorf("got %+v, want what goes on with one more, and what is over", f.Actions)
	}
}

// TestNothingExpiresInTheFuture holds the words to it, whatever an action says.
func TestNothingExpiresInTheFuture(t *testing.T) {
	t.Parallel()
	for _, language := range []string{"en", "id"} {
		v := newVoice(Facts{Language: language})
		for name, tc := range map[string]struct {
			action Action
			dated  bool
		}{
			"it ended":                {Action{Word: AdviseExpired, At: evening.End}, true},
			"it ends in a second":     {Action{Word: AdviseExpired, At: evening.End.Add(time.Second)}, false},
			"a good one, still valid": {Action{Word: AdviseRenewed, At: evening.End.Add(time.Second)}, true},
			"a good one that ended":   {Action{Word: AdviseRenewed, At: evening.End}, false},
		} {
			if got := v.advise(tc.action, evening.End); strings.Contains(got, "2023") != tc.dated {
				t.Errorf("%s, %s: got %q, want a date: %v", name, language, got, tc.dated)
			}
		}
	}
}

func TestAllThatCanBeOverHasWords(t *testing.T) {
	t.Parallel()
	f := factsOf()
	for _, fault := range probes.Faults() {
		e := past().Endpoints[1]
		e.Faults = []Fault{{fault, 1, 1}}
		if w := f.adviceOn(e); english().Was[w] == "" {
			t.Errorf("%s is advised as %s, which has no words for what is over", fault, w)
		}
	}
}
