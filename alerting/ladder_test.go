package alerting_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// critical is a critical incident that opens at minute 0.
func critical(d alerting.Desk) *house {
	h := &house{d: d}
	h.decide(at(0), platform(true, at(-4), at(0)))
	return h
}

// pages returns the minutes at which mails were decided.
func (h *house) pages() (list []string) {
	for _, n := range h.notices {
		if strings.HasPrefix(n.Lane, "mail/") {
			list = append(list, fmt.Sprintf("%.0f", n.Created.Sub(noon).Minutes()))
		}
	}
	return list
}

// Source of the figures: reference alerting.md section 3, escalation ladder.
func TestWhoDoesNotAnswerIsToldAgain(t *testing.T) {
	h := critical(lively())
	for m := 1.0; m < 24*60; m++ {
		h.decide(at(m))
	}
	if got, want := fmt.Sprint(h.pages()), "[0 5 30 60 180 300 420 540 660 780 900]"; got != want {
		t.Errorf("mails at minutes %s, want %s", got, want)
	}
	in := h.only(t)
	if !h.d.Unattended(in, at(24*60), time.Minute) || h.d.Unattended(in, at(24*60), time.Minute) && in.Story.Step != 10 {
		t.Errorf("after the last step it is attended: step %d", in.Story.Step)
	}
}

func TestNobodyIsToldAgain(t *testing.T) {
	quiet := alerting.Quiet{Silences: []alerting.Silence{{
		ID: "s1", Matcher: alerting.Matcher{All: true}, From: at(2), Until: at(200), By: "ana", Reason: "known", Created: at(2),
	}}}
	for name, prepare := range map[string]func(*testing.T, *house){
		"who has acknowledged": func(t *testing.T, h *house) {
			t.Helper()
			got, err := h.d.Command(h.world.Incidents[0], alerting.Command{Do: alerting.CommandAcknowledge, By: "ana"}, nil, at(2))
			if err != nil {
				t.Fatal(err)
			}
			h.keep(got)
		},
		"while it is silenced": func(_ *testing.T, h *house) { h.world.Quiet = quiet },
		"once it recovers": func(_ *testing.T, h *house) {
			h.world.Levels = map[rules.Scope]alerting.Level{rules.ScopePlatform: failing(3)}
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := critical(lively())
			prepare(t, h)
			h.through(3, 190)
			if got := fmt.Sprint(h.pages()); got != "[0]" {
				t.Errorf("mails at minutes %s", got)
			}
			if h.d.Unattended(h.only(t), at(190), time.Minute) {
				t.Error("nobody looks after it")
			}
		})
	}
}

func TestAnAcknowledgementEnds(t *testing.T) {
	h := critical(lively())
	got, err := h.d.Command(h.world.Incidents[0], alerting.Command{Do: alerting.CommandAcknowledge, By: "ana"}, nil, at(2))
	if err != nil {
		t.Fatal(err)
	}
	h.keep(got)
	h.through(3, 250)
	in := h.only(t)
	if in.State != alerting.StateOpen || !in.AcknowledgedAt.IsZero() {
		t.Errorf("after four hours it is %s", in.State)
	}
	if got, want := fmt.Sprint(h.pages()[1:]), "[242 247"; !strings.HasPrefix(got, want) { // 4 h, and again after 5 min
		t.Errorf("mails at minutes %s, want %s", got, want)
	}
	i := slices.IndexFunc(h.entries, func(e alerting.Entry) bool { return e.Kind == alerting.EntryExpired })
	if i < 0 || h.entries[i].Text != "ana acknowledged it 4h ago, and it still fails: it is open again" {
		t.Errorf("timeline %v", h.entries)
	}
}

// The lead hears of it after a quarter of an hour, and how it ends.
func TestTheLadderTellsOthers(t *testing.T) {
	d := lively()
	lead := alerting.Destination{Lane: "lead/+62", Recipient: "+62", Form: alerting.FormState}
	d.Escalate = func(alerting.Incident) []alerting.Rung {
		return []alerting.Rung{{After: 15 * time.Minute, To: []alerting.Destination{lead}}}
	}
	h := critical(d)
	h.through(1, 20)
	told := slices.DeleteFunc(slices.Clone(h.notices), func(n alerting.Notice) bool { return n.Lane != lead.Lane })
	if len(told) != 1 || told[0].Created.Sub(at(15)) > 10*time.Second {
		t.Fatalf("the lead was told %d times", len(told))
	}
	last := h.entries[len(h.entries)-1]
	if last.Kind != alerting.EntryEscalated || last.Text != "nobody has acknowledged it for 15m: told to lead" {
		t.Errorf("%s: %q", last.Kind, last.Text)
	}
	h.world.Told = map[string][]alerting.Destination{h.only(t).ID: {lead}}
	h.decide(at(30), platform(false, at(-4), at(30)))
	n := h.notices[len(h.notices)-1]
	if n.Lane != lead.Lane || n.Kind != alerting.KindState {
		t.Errorf("the end is told to %s as %s", n.Lane, n.Kind)
	}
}

// The ladder stands still while nothing fails, and goes on where it was.
func TestTheLadderStandsStillWhileItRecovers(t *testing.T) {
	t.Parallel()
	level := func(n int) func(*house, float64) {
		return func(h *house, m float64) {
			h.world.Levels = map[rules.Scope]alerting.Level{rules.ScopePlatform: failing(n)}
			h.decide(at(m))
		}
	}
	clears := func(h *house, m float64) { h.decide(at(m), loudDown(1, false, at(m))) }
	fails := func(h *house, m float64) { h.decide(at(m), loudDown(2, true, at(m))) }
	acknowledges := func(h *house, m float64) {
		got, err := h.d.Command(h.world.Incidents[0], alerting.Command{Do: alerting.CommandAcknowledge, By: "ana"}, nil, at(m))
		if err != nil {
			panic(err)
		}
		h.keep(got)
	}
	for sentence, tc := range map[string]struct {
		endpoint bool
		steps    map[float64]func(*house, float64)
		until    float64
		want     string // minutes of the mails
	}{
		"it fails all the time":                  {false, nil, 130, "[0 5 30 60]"},
		"it recovers for 20 min before a step":   {false, map[float64]func(*house, float64){10: level(3), 30: level(40)}, 130, "[0 5 50 80]"},
		"it recovers twice":                      {false, map[float64]func(*house, float64){2: level(3), 4: level(40), 20: level(3), 25: level(40)}, 70, "[0 7 37 67]"},
		"it recovers until long after all steps": {false, map[float64]func(*house, float64){7: level(3), 500: level(40)}, 530, "[0 5 523]"},
		"it recovers just before a step":         {false, map[float64]func(*house, float64){4.5: level(3), 60: level(40)}, 61, "[0 60]"},
		"an endpoint that is back for a minute":  {true, map[float64]func(*house, float64){3: clears, 4: fails}, 40, "[0 6 31]"},
		"an acknowledgement ends meanwhile": {false, map[float64]func(*house, float64){2: acknowledges, 240: level(3), 250: level(40)}, 290,
			"[0 255 280]"},
		"an acknowledgement ends before": {false, map[float64]func(*house, float64){2: acknowledges, 246: level(3), 250: level(40)}, 285, "[0 242 251 276]"},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			h := &house{d: lively()}
			if tc.endpoint {
				h.decide(at(0), loudDown(1, true, at(0)))
			} else {
				h.world.Levels = map[rules.Scope]alerting.Level{rules.ScopePlatform: failing(40)}
				h.decide(at(0), platform(true, at(-4), at(0)))
			}
			for tenth := range int(tc.until * 10) {
				m := float64(tenth+1) / 10
				if step := tc.steps[m]; step != nil {
					step(h, m)
				}
				before := len(h.pages())
				h.decide(at(m))
				if in := h.only(t); in.State == alerting.StateRecovering && (len(h.pages()) != before || !in.Story.AgainAt.IsZero()) {
					t.Fatalf("minute %.1f: told while it recovers, or again at %s", m, in.Story.AgainAt)
				}
			}
			if got := fmt.Sprint(h.pages()); got != tc.want {
				t.Errorf("mails at minutes %s, want %s", got, tc.want)
			}
		})
	}
}

// loudDown is the change of an endpoint whose failure is critical.
func loudDown(episode int, open bool, when time.Time) rules.Change {
	c := down("a", "h", open, when, when)
	c.Key.Episode, c.Severity = episode, rules.Critical
	return c
}

// After a time in which nobody looked, nobody is woken again for what may be
// over, until it was looked at.
func TestNobodyIsToldAgainBeforeItWasLookedAt(t *testing.T) {
	h := critical(lively())
	h.through(1, 4)
	h.world.Absent = true
	h.decide(at(90)) // two rungs are overdue
	if got := fmt.Sprint(h.pages()); got != "[0]" {
		t.Errorf("mails at minutes %s, want none with the first turn", got)
	}
	h.world.Absent = false
	h.decide(at(92))
	if got := fmt.Sprint(h.pages()); got != "[0 92]" {
		t.Errorf("mails at minutes %s, want one when it still fails", got)
	}
}
