package alerting_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// told is a desk whose merchants hear of incidents by mail.
func toldMerchants() alerting.Desk {
	d := lively()
	d.Merchants.To = func(merchant string) []alerting.Destination {
		return []alerting.Destination{{Lane: "mail/" + merchant, Recipient: merchant}}
	}
	return d
}

// merchantMails are the mails of one merchant: the state that each tells.
func (h *house) merchantMails(merchant string) (list []string) {
	for _, n := range h.notices {
		if n.Kind == alerting.KindMerchant && n.Recipient == merchant {
			state := "live"
			if strings.Contains(string(n.Facts), `"state":"resolved"`) {
				state = "over"
			}
			list = append(list, state)
		}
	}
	return list
}

// Who closes an incident by hand has not mended the endpoint: its merchant
// hears of the end when there is one.
func TestAMerchantHearsNoEndThatIsNone(t *testing.T) {
	h := &house{d: toldMerchants()}
	h.decide(at(3), down("a", "h", true, at(0), at(3)))
	h.through(4, 10)
	got, err := h.d.Command(h.only(t), alerting.Command{Do: alerting.CommandResolve, By: "alice"}, nil, at(11))
	if err != nil {
		t.Fatal(err)
	}
	h.keep(got)
	if got := fmt.Sprint(h.merchantMails("m_a")); got != "[live]" {
		t.Errorf("told %s", got)
	}
}

// What goes on in a common cause is told to its end, once.
func TestAMerchantHearsTheEndOfWhatWasFolded(t *testing.T) {
	h := &house{d: toldMerchants()}
	h.decide(at(3), down("e0", "h0", true, at(0), at(3)))
	h.through(4, 9)
	for i := range 6 {
		c := down(fmt.Sprint("e", i), fmt.Sprint("h", i), true, at(1), at(10))
		h.world.Failing = append(h.world.Failing, alerting.Failing{Rule: c.Key.Rule, Scope: c.Key.Scope, Host: c.Host, Fault: c.Fault, Since: c.Since})
	}
	for i := range 5 {
		h.decide(at(10), down(fmt.Sprint("e", i+1), fmt.Sprint("h", i+1), true, at(1), at(10)))
	}
	h.through(10, 40)
	for i := range 6 {
		h.decide(at(40), down(fmt.Sprint("e", i), fmt.Sprint("h", i), false, at(0), at(40)))
	}
	h.through(41, 45)
	if got := fmt.Sprint(h.merchantMails("m_e0")); got != "[live over]" {
		t.Errorf("told %s", got)
	}
}

// A merchant that joins late has its five minutes, too.
func TestAMerchantThatJoinsLateIsToldLater(t *testing.T) {
	h := &house{d: toldMerchants()}
	for i := range 6 {
		c := down(fmt.Sprint("e", i), fmt.Sprint("h", i), true, at(0), at(3))
		h.world.Failing = append(h.world.Failing, alerting.Failing{Rule: c.Key.Rule, Scope: c.Key.Scope, Host: c.Host, Fault: c.Fault, Since: c.Since})
		h.decide(at(3), c)
	}
	h.through(4, 8)
	h.decide(at(8.5), down("late", "hl", true, at(5), at(8.5)))
	h.through(9, 20)
	if got := h.merchantMails("m_late"); len(got) != 0 {
		t.Errorf("told %v before a quarter of an hour was over", got)
	}
	h.through(20, 25)
	if got := fmt.Sprint(h.merchantMails("m_late")); got != "[live]" {
		t.Errorf("told %s", got)
	}
}

// What was worse an hour ago is no measure of what is bad now.
func TestAReopenedIncidentHasAPeakOfItsOwn(t *testing.T) {
	h := &house{d: lively()}
	level := func(n int) { h.world.Levels = map[rules.Scope]alerting.Level{rules.ScopePlatform: failing(n)} }
	level(600)
	h.decide(at(4), platform(true, at(0), at(4)))
	h.decide(at(20), platform(false, at(0), at(20)))
	level(80)
	c := platform(true, at(30), at(34))
	c.Key.Episode = 2
	h.decide(at(34), c)
	if in := h.only(t); in.State != alerting.StateOpen || in.SharePeak != 0.08 {
		t.Errorf("open again it is %s, at worst %v", in.State, in.SharePeak)
	}
}

// A route that the incident comes to later has its steps, also those whose
// time is over.
func TestALaterRouteIsEscalatedToo(t *testing.T) {
	d, late := lively(), false
	lead := alerting.Destination{Lane: "lead/x", Recipient: "x"}
	d.Escalate = func(alerting.Incident) []alerting.Rung {
		if !late {
			return nil
		}
		return []alerting.Rung{{After: 10 * time.Minute, To: []alerting.Destination{lead}}}
	}
	h := critical(d)
	h.through(1, 40)
	late = true
	h.through(40, 60)
	told := 0
	for _, n := range h.notices {
		if n.Lane == lead.Lane && strings.Contains(string(n.Facts), "told to lead") {
			told++
		}
	}
	if told != 1 {
		t.Errorf("the lead was told %d times", told)
	}
}

// An Alertmanager hears each minute that the incident lives, however it came
// to hear of it, and no version is spent on that.
func TestAStateIsToldAnew(t *testing.T) {
	d := lively()
	am := alerting.Destination{Lane: "am/alerts", Form: alerting.FormState, Refresh: time.Minute}
	d.Routes = func(alerting.Incident) []alerting.Destination { return nil }
	d.Leads = func(o alerting.Destination) (alerting.Destination, bool) { return am, o.Lane == am.Lane }
	h := &house{d: d}
	h.world.Told = map[string][]alerting.Destination{}
	h.decide(at(3), down("a", "h", true, at(0), at(3)))
	in := h.only(t)
	h.world.Told[in.ID] = []alerting.Destination{{Lane: am.Lane}}
	h.world.Incidents[0].Story.Told = true
	h.through(4, 14)
	if n := len(h.notices); n < 9 || n > 11 {
		t.Errorf("told %d times in ten minutes", n)
	}
	if after := h.only(t); after.Version != in.Version {
		t.Errorf("version %d, was %d", after.Version, in.Version)
	}
	seen := map[string]bool{}
	for _, n := range h.notices {
		if seen[n.IdemKey] || n.Kind != alerting.KindState {
			t.Errorf("%s is told twice, as %s", n.IdemKey, n.Kind)
		}
		seen[n.IdemKey] = true
	}
}

// A flapping incident that becomes critical is told at once.
func TestWhatFlapsAndBecomesCriticalIsTold(t *testing.T) {
	h := &house{d: lively()}
	for m := range 5 {
		c := down("a", "h", m%2 == 0, at(float64(m)), at(float64(m)))
		c.Key.Episode = m/2 + 1
		h.decide(at(float64(m)), c)
	}
	before := len(h.loud())
	c := down("a", "h", true, at(4), at(5))
	c.Key.Episode, c.Number, c.Severity = 3, 3, rules.Critical
	h.decide(at(5), c)
	if n := len(h.loud()) - before; n != 2 {
		t.Errorf("told %v", h.loud()[before:])
	}
}

// An endpoint that was recovering and fails again with others is not over: its
// incident goes on in theirs, and who was told of it hears of that.
func TestWhatRecoversAndFailsWithOthersGoesOnThere(t *testing.T) {
	d := lively()
	own := alerting.Destination{Lane: "mail/own", Recipient: "own"}
	d.Routes = func(in alerting.Incident) []alerting.Destination {
		if in.Rule == alerting.RuleCommonCause {
			return []alerting.Destination{{Lane: "mail/sre", Recipient: "sre"}}
		}
		return []alerting.Destination{own}
	}
	h := &house{d: d}
	h.decide(at(3), down("e0", "h0", true, at(0), at(3)))
	h.world.Told = map[string][]alerting.Destination{h.only(t).ID: {own}}
	first := h.only(t).ID
	h.decide(at(5), down("e0", "h0", false, at(0), at(5)))
	var all []rules.Change
	for i := range 6 {
		c := down(fmt.Sprint("e", i), fmt.Sprint("h", i), true, at(5.5), at(6))
		c.Key.Episode = 2
		h.world.Failing = append(h.world.Failing, alerting.Failing{Rule: c.Key.Rule, Scope: c.Key.Scope, Host: c.Host, Fault: c.Fault, Since: c.Since})
		all = append(all, c)
	}
	h.decide(at(6), all...)
	h.through(6.2, 10)
	if n := len(h.world.Incidents); n != 2 {
		t.Fatalf("%d incidents", n)
	}
	for _, in := range h.world.Incidents {
		if in.ID == first && in.Parent == "" {
			t.Errorf("the first is %s, resolved by %q", in.State, in.ResolvedBy)
		}
	}
	for _, n := range h.notices {
		if strings.Contains(string(n.Facts), "recovered after") {
			t.Errorf("told to %s that it is over", n.Lane)
		}
	}
	heard := 0
	for _, n := range h.notices {
		if n.Lane == own.Lane && n.Subject != first {
			heard++
		}
	}
	if heard == 0 {
		t.Error("who was told of the first never hears of the one that it goes on in")
	}
}

// What a person calls a first fix is believed for half an hour.
func TestAFirstFixThatFixedNothing(t *testing.T) {
	h := &house{d: lively()}
	h.decide(at(3), down("a", "h", true, at(0), at(3)))
	got, err := h.d.Command(h.only(t), alerting.Command{Do: alerting.CommandNote, By: "ana", Text: "restarted", FirstFix: true}, nil, at(5))
	if err != nil {
		t.Fatal(err)
	}
	h.keep(got)
	h.through(5.2, 34)
	if in := h.only(t); in.State != alerting.StateMitigated {
		t.Errorf("before that it is %s", in.State)
	}
	h.through(34, 36)
	if in := h.only(t); in.State != alerting.StateOpen || in.MitigatedBy != "" {
		t.Errorf("after that it is %s", in.State)
	}
}
