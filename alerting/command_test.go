package alerting_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// command lets a person speak about the one incident of h.
func (h *house) command(t *testing.T, minute float64, c alerting.Command) (alerting.Decision, error) {
	t.Helper()
	got, err := h.d.Command(h.world.Incidents[0], c, h.world.Told[h.world.Incidents[0].ID], at(minute))
	h.keep(got)
	return got, err
}

// happened returns what the first notice of a decision says.
func happened(t *testing.T, d alerting.Decision) alerting.Facts {
	t.Helper()
	if len(d.Notices) == 0 {
		t.Fatal("nothing is told")
	}
	return factsOf(t, d.Notices[0])
}

func TestCommands(t *testing.T) {
	t.Parallel()
	type do struct {
		alerting.Command
		state  alerting.State // then
		entry  string         // kind, actor and text; "": none
		told   string         // lane:kind
		refuse string         // part of the error
	}
	ack, resolve, note := alerting.CommandAcknowledge, alerting.CommandResolve, alerting.CommandNote
	for name, steps := range map[string][]do{
		"acknowledged: the thread hears it, no mail": {
			{alerting.Command{Do: ack, By: "sari"}, alerting.StateAcknowledged, "acknowledged sari acknowledged", "ops:root ops:update", ""},
		},
		"acknowledged by a second person: recorded, the first stays": {
			{alerting.Command{Do: ack, By: "sari"}, alerting.StateAcknowledged, "acknowledged sari acknowledged", "ops:root ops:update", ""},
			{alerting.Command{Do: ack, By: "budi", Text: "me too"}, alerting.StateAcknowledged, "acknowledged budi acknowledged too, after sari: me too", "ops:root ops:update", ""},
		},
		"acknowledged twice by one person: a double click is nothing": {
			{alerting.Command{Do: ack, By: "sari"}, alerting.StateAcknowledged, "acknowledged sari acknowledged", "ops:root ops:update", ""},
			{alerting.Command{Do: ack, By: "sari"}, alerting.StateAcknowledged, "", "", ""},
		},
		"resolved by hand: all hear it, with what is still open": {
			{alerting.Command{Do: resolve, By: "sari", Text: "planned work"}, alerting.StateResolved,
				"resolved sari resolved by hand after 5m; 1 condition was still open: it is told again when it stays so for 30m: planned work", "ops:root ops:resolve mail:resolve", ""},
			{alerting.Command{Do: resolve, By: "budi"}, alerting.StateResolved, "", "", "cannot resolve an incident that is resolved: it is over"},
			{alerting.Command{Do: ack, By: "budi"}, alerting.StateResolved, "", "", "cannot ack an incident that is resolved"},
			{alerting.Command{Do: note, By: "budi", Text: "x"}, alerting.StateResolved, "note budi x", "ops:root ops:update", ""},
		},
		"a note is one clean line": {
			{alerting.Command{Do: note, By: "sari\n", Text: " called\tthem\r\n\x1b[31mtwice\u202e "}, alerting.StateOpen, "note sari called them [31mtwice", "ops:root ops:update", ""},
			{alerting.Command{Do: note, By: "sari", Text: strings.Repeat("ü", 2000)}, alerting.StateOpen, "note sari " + strings.Repeat("ü", 2000), "ops:root ops:update", ""},
			{alerting.Command{Do: note, By: "sari", Text: strings.Repeat("ü", 2001)}, alerting.StateOpen, "", "", "2001 characters"},
			{alerting.Command{Do: note, By: "sari", Text: "\n\u202e"}, alerting.StateOpen, "", "", "text is missing"},
			{alerting.Command{Do: note, Text: "x"}, alerting.StateOpen, "", "", "who says so is missing"},
			{alerting.Command{Do: "shout", By: "sari"}, alerting.StateOpen, "", "", "no such command"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := &house{d: desk()}
			h.decide(at(2), down("a", "h1", true, noon, at(2)))
			for i, s := range steps {
				got, err := h.command(t, 5, s.Command)
				if refused, ok := errors.AsType[*alerting.CommandError](err); ok != (s.refuse != "") || ok && !strings.Contains(refused.Error(), s.refuse) {
					t.Fatalf("step %d: error %v, want %q", i, err, s.refuse)
				}
				entry := ""
				for _, e := range got.Entries {
					entry += string(e.Kind) + " " + e.Actor + " " + e.Text
				}
				if entry != s.entry || kinds(got.Notices) != s.told || h.world.Incidents[0].State != s.state {
					t.Errorf("step %d: %s, %q, told %q; want %s, %q, %q", i, h.world.Incidents[0].State, entry, kinds(got.Notices), s.state, s.entry, s.told)
				}
			}
		})
	}
}

func TestNoticesSayWhoSpoke(t *testing.T) {
	t.Parallel()
	h := &house{d: desk()}
	h.decide(at(2), down("a", "h1", true, noon, at(2)))
	got, err := h.command(t, 5, alerting.Command{Do: alerting.CommandAcknowledge, By: "sari", Text: "on it"})
	if err != nil {
		t.Fatal(err)
	}
	if f := happened(t, got); f.Happened != "sari: acknowledged: on it" || f.AcknowledgedBy != "sari" || !f.AcknowledgedAt.Equal(at(5)) {
		t.Errorf("told %q by %q at %s", f.Happened, f.AcknowledgedBy, f.AcknowledgedAt)
	}
}

func TestWhatIsAcknowledgedStaysSoUnlessItBecomesCritical(t *testing.T) {
	t.Parallel()
	louder := func(severity rules.Severity) rules.Change {
		c := down("a", "h1", true, noon, at(6))
		c.Number, c.Severity = 2, severity
		return c
	}
	joined := down("a", "h1", true, at(5), at(6))
	joined.Key.Rule = rules.RuleCertificate
	for name, c := range map[string]struct {
		change rules.Change
		state  alerting.State
		told   string
	}{
		"a member joins":      {joined, alerting.StateAcknowledged, "ops:root"},
		"it becomes critical": {louder(rules.Critical), alerting.StateOpen, "ops:root ops:update mail:mail"},
		"the same severity":   {louder(rules.High), alerting.StateAcknowledged, ""},
		"it clears":           {down("a", "h1", false, noon, at(6)), alerting.StateResolved, "ops:root ops:resolve mail:resolve"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := &house{d: desk()}
			h.decide(at(2), down("a", "h1", true, noon, at(2)))
			if _, err := h.command(t, 5, alerting.Command{Do: alerting.CommandAcknowledge, By: "sari"}); err != nil {
				t.Fatal(err)
			}
			got := h.decide(at(6), c.change)
			in := h.world.Incidents[0]
			if in.State != c.state || kinds(got.Notices) != c.told {
				t.Errorf("%s, told %q; want %s, %q", in.State, kinds(got.Notices), c.state, c.told)
			}
			if c.state == alerting.StateOpen && (in.AcknowledgedBy != "" || !strings.Contains(happened(t, got).Happened, "now critical: refused since 12:00; sari acknowledged it before that: it is open again")) {
				t.Errorf("acknowledged by %q, told %q", in.AcknowledgedBy, happened(t, got).Happened)
			}
		})
	}
}

func TestAWorseMemberLeads(t *testing.T) {
	t.Parallel()
	h := &house{d: desk()}
	cert := down("a", "h1", true, noon, at(2))
	cert.Key.Rule, cert.Fault = rules.RuleCertificate, "expiring"
	h.decide(at(2), cert)
	worse := down("a", "h1", true, at(1), at(3))
	worse.Severity = rules.Critical
	got := h.decide(at(3), worse)
	if in := h.world.Incidents[0]; len(h.world.Incidents) != 1 || in.Severity != rules.Critical || in.Rule != rules.RuleEndpointDown || in.Title != "a is down: refused" {
		t.Errorf("%d incidents, the first %s %s %q", len(h.world.Incidents), in.Severity, in.Rule, in.Title)
	}
	if kinds(got.Notices) != "ops:root ops:update mail:mail" {
		t.Errorf("told %s, want it said loudly", kinds(got.Notices))
	}
}

func TestCommandIsPure(t *testing.T) {
	t.Parallel()
	h := &house{d: desk()}
	h.decide(at(2), down("a", "h1", true, noon, at(2)))
	in := h.world.Incidents[0]
	c := alerting.Command{Do: alerting.CommandResolve, By: "sari"}
	first, err := h.d.Command(in, c, nil, at(5))
	again, err2 := h.d.Command(in, c, nil, at(5))
	if err != nil || err2 != nil || !reflect.DeepEqual(first, again) {
		t.Errorf("two answers to the same question: %v, %v", err, err2)
	}
	if !in.Live() || !in.Members[0].Left.IsZero() {
		t.Error("Command changed the incident it was given")
	}
}
