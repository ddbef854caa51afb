package alerting_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

func factsOf(t *testing.T, n alerting.Notice) alerting.Facts {
	t.Helper()
	var f alerting.Facts
	if err := json.Unmarshal(n.Facts, &f); err != nil {
		t.Fatal(err)
	}
	return f
}

// fifty makes the changes of n endpoints on hosts of their own, and shows
// them failing.
func (h *house) fifty(n int, fault string) []rules.Change {
	var list []rules.Change
	for i := range n {
		c := down(fmt.Sprint("e", i), fmt.Sprint("h", i), true, at(float64(i)/60), at(2+float64(i)/60))
		c.Fault = fault
		list = append(list, c)
		h.world.Failing = append(h.world.Failing, alerting.Failing{Rule: rules.RuleEndpointDown, Scope: c.Key.Scope, Host: c.Host, Fault: fault, Since: c.Since})
	}
	return list
}

func TestFiftyInOneTurnAreOneRootAndOneMail(t *testing.T) {
	t.Parallel()
	h := &house{d: desk()}
	got := h.decide(at(3), h.fifty(50, "timeout_connect")...)
	if len(got.Incidents) != 1 || kinds(got.Notices) != "ops:root mail:mail" {
		t.Fatalf("%d incidents, told %s", len(got.Incidents), kinds(got.Notices))
	}
	f := factsOf(t, got.Notices[1])
	if f.Title != "50 endpoints: timeout_connect" || f.MemberCount != 50 || f.Severity != rules.Critical {
		t.Errorf("the mail says %q, %d members, %s", f.Title, f.MemberCount, f.Severity)
	}
	if want := "50 endpoints: timeout_connect: first e0: refused since 12:00"; f.Happened != want || got.Entries[0].Text != want {
		t.Errorf("it says %q, the timeline %q, want %q", f.Happened, got.Entries[0].Text, want)
	}
}

func TestTheFirstOfFiftySaysFifty(t *testing.T) {
	t.Parallel()
	h := &house{d: desk()}
	changes := h.fifty(50, "timeout_connect")
	got := h.decide(at(2), changes[0])
	if f := happened(t, got); f.Title != "50 endpoints: timeout_connect" {
		t.Errorf("the first notice says %q", f.Title)
	}
	got = h.decide(at(3), changes[1:3]...)
	if f := happened(t, got); f.Title != "50 endpoints: timeout_connect" || kinds(got.Notices) != "ops:root" || !strings.HasSuffix(f.Happened, "; and 1 more before that") {
		t.Errorf("then %q, %s, %q", f.Title, kinds(got.Notices), f.Happened)
	}
}

func TestOneHostIsOneIncident(t *testing.T) {
	t.Parallel()
	h := &house{d: desk()}
	for i := range 6 {
		h.world.Failing = append(h.world.Failing, alerting.Failing{Rule: rules.RuleEndpointDown, Scope: rules.ScopeOf(rules.ScopeEndpoint, fmt.Sprint("e", i)), Host: "hooks.example", Fault: "refused", Since: noon})
	}
	got := h.decide(at(2), down("e0", "hooks.example", true, noon, at(2)))
	if in := got.Incidents[0]; in.Title != "6 endpoints of hooks.example: refused" || in.Scope != "host:hooks.example" {
		t.Errorf("got %q in %s", in.Title, in.Scope)
	}
}

// TestLanesThatWereToldHearTheEnd has a page that went out by fall-back, and a
// thread of a route that is gone.
func TestLanesThatWereToldHearTheEnd(t *testing.T) {
	t.Parallel()
	told := []alerting.Destination{{Lane: "old/C9", Recipient: "C9", Form: alerting.FormThread}, {Lane: "ops/C1", Recipient: "C1"}, {Lane: "pager/key", Recipient: "key"}}
	for name, c := range map[string]struct {
		then func(h *house) alerting.Decision
		want string
	}{
		"resolved": {func(h *house) alerting.Decision { return h.decide(at(9), down("a", "h1", false, noon, at(9))) },
			"ops:root ops:resolve mail:resolve old:root old:resolve pager:resolve"},
		"louder": {func(h *house) alerting.Decision {
			c := down("a", "h1", true, noon, at(9))
			c.Severity = rules.Critical
			return h.decide(at(9), c)
		}, "ops:root ops:update mail:mail old:root old:update pager:mail"},
		"acknowledged": {func(h *house) alerting.Decision {
			d, err := h.command(t, 9, alerting.Command{Do: alerting.CommandAcknowledge, By: "sari"})
			if err != nil {
				t.Error(err)
			}
			return d
		}, "ops:root ops:update old:root old:update"},
		"resolved without any route": {func(h *house) alerting.Decision {
			h.d.Routes = nil
			return h.decide(at(9), down("a", "h1", false, noon, at(9)))
		}, "old:root old:resolve ops:resolve pager:resolve"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := &house{d: desk()}
			id := h.decide(at(2), down("a", "h1", true, noon, at(2))).Incidents[0].ID
			h.world.Told = map[string][]alerting.Destination{id: told}
			got := c.then(h)
			if kinds(got.Notices) != c.want {
				t.Errorf("told %s, want %s", kinds(got.Notices), c.want)
			}
			keys, last := map[string]bool{}, ""
			for _, n := range got.Notices {
				if keys[n.IdemKey] || n.ID <= last {
					t.Errorf("key %s, ID %s after %s", n.IdemKey, n.ID, last)
				}
				keys[n.IdemKey], last = true, n.ID
			}
		})
	}
}

func TestOpenedAndGoneInOneTurnIsOneMessage(t *testing.T) {
	t.Parallel()
	h := &house{d: desk()}
	got := h.decide(at(9), down("a", "h1", true, noon, at(2)), down("a", "h1", false, noon, at(8)))
	if kinds(got.Notices) != "ops:root ops:resolve mail:resolve" || len(got.Entries) != 2 {
		t.Fatalf("told %s, %d entries", kinds(got.Notices), len(got.Entries))
	}
	if f := happened(t, got); f.State != alerting.StateResolved || f.Happened != "a is down: refused: refused since 12:00; recovered after 9m: refused since 12:00" {
		t.Errorf("%s: %q", f.State, f.Happened)
	}
}

// TestFoldedMailsSayWhereItGoesOn: whoever got the single's mail, and gets none
// of the common cause, is not left waiting.
func TestFoldedMailsSayWhereItGoesOn(t *testing.T) {
	t.Parallel()
	h := &house{d: desk()}
	h.d.Routes = func(in alerting.Incident) []alerting.Destination {
		if in.Rule == alerting.RuleCommonCause {
			return []alerting.Destination{{Lane: "ops/C1", Recipient: "C1", Form: alerting.FormThread}}
		}
		return []alerting.Destination{{Lane: "mail/" + in.Merchant, Recipient: in.Merchant}}
	}
	changes := h.fifty(5, "refused")
	all := h.world.Failing
	h.world.Failing = all[:1]
	h.decide(at(2), changes[0])
	h.world.Failing = all
	got := h.decide(at(3), changes[1:]...)
	if len(got.Incidents) != 2 || strings.Count(kinds(got.Notices), "mail:mail") != 1 || strings.Count(kinds(got.Notices), "ops:root") != 1 {
		t.Errorf("%d incidents, told %s", len(got.Incidents), kinds(got.Notices))
	}
	for _, n := range got.Notices {
		if f := factsOf(t, n); n.Kind == alerting.KindMail && !strings.Contains(f.Happened, "it goes on in") {
			t.Errorf("the mail says %q", f.Happened)
		}
	}
}

func TestOrphans(t *testing.T) {
	t.Parallel()
	orphan := func(by string) alerting.Orphan {
		return alerting.Orphan{Change: down("a", "h1", true, noon, at(2)), ResolvedBy: by, ResolvedAt: at(5)}
	}
	for name, c := range map[string]struct {
		minute  float64
		orphan  alerting.Orphan
		others  []rules.Change
		resolve bool // its own incident by hand, at 5
		entries string
		absent  bool // nobody has looked for a while
	}{
		"a person resolved it long ago: told again, as another": {36, orphan("sari"), nil, false,
			"opened: a is down: refused: still failing; was resolved by sari at 12:05 UTC: refused since 12:00", false},
		"nobody has looked since":                      {36, orphan("sari"), nil, false, "", true},
		"it was in none at all":                        {36, orphan(""), nil, false, "opened: a is down: refused: still failing: refused since 12:00", false},
		"a person has just resolved its group by hand": {30, orphan("sari"), nil, true, "", false},
		"a change of this turn brought it back": {36, orphan("sari"), []rules.Change{down("a", "h1", true, noon, at(36))}, false,
			"opened: a is down: refused: refused since 12:00", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := &house{d: desk()}
			h.world.Absent = c.absent
			if c.resolve {
				h.decide(at(2), down("a", "h1", true, noon, at(2)))
				if _, err := h.command(t, 5, alerting.Command{Do: alerting.CommandResolve, By: "sari"}); err != nil {
					t.Fatal(err)
				}
			} else {
				h.world.Generations = map[string]int{"v1:endpoint:a": 3}
			}
			h.world.Orphans = []alerting.Orphan{c.orphan}
			got := h.decide(at(c.minute), c.others...)
			var said []string
			for _, e := range got.Entries {
				said = append(said, string(e.Kind)+": "+e.Text)
			}
			if strings.Join(said, "\n") != c.entries {
				t.Errorf("got %q, want %q", said, c.entries)
			}
			if c.entries != "" && got.Incidents[0].Generation != 4 {
				t.Errorf("generation %d, want 4", got.Incidents[0].Generation)
			}
		})
	}
}

// TestBadAgainTakesItsOldSeat: an episode is in an incident once.
func TestBadAgainTakesItsOldSeat(t *testing.T) {
	t.Parallel()
	h := &house{d: desk()}
	h.decide(at(2), down("a", "h1", true, noon, at(2)))
	if _, err := h.command(t, 5, alerting.Command{Do: alerting.CommandResolve, By: "sari"}); err != nil {
		t.Fatal(err)
	}
	louder := down("a", "h1", true, noon, at(6))
	louder.Number, louder.Severity = 2, rules.Critical
	got := h.decide(at(6), louder)
	in := got.Incidents[0]
	if !in.Live() || in.Reopens != 1 || in.Severity != rules.Critical || len(in.Members) != 1 || !in.Members[0].Left.IsZero() {
		t.Errorf("reopened as %+v", in)
	}
}
