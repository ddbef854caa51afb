package alerting_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func at(minutes float64) time.Time { return noon.Add(time.Duration(minutes * float64(time.Minute))) }

// desk tells a Slack channel with threads, and a mail address.
func desk() alerting.Desk {
	d := alerting.DefaultDesk()
	d.Settle, d.Ladder = 0, alerting.Ladder{} // at once, and once: others follow the clock
	d.BaseURL = "https://hooks.example.com"
	d.Routes = func(alerting.Incident) []alerting.Destination {
		return []alerting.Destination{{Lane: "ops/C1", Recipient: "C1", Form: alerting.FormThread}, {Lane: "mail/sre@x.example", Recipient: "sre@x.example"}}
	}
	return d
}

// down makes the change of an endpoint that opens or clears.
func down(id, host string, open bool, since, when time.Time) rules.Change {
	n := 1
	if !open {
		n = 2
	}
	return rules.Change{
		Key: rules.Key{Rule: rules.RuleEndpointDown, Scope: rules.ScopeOf(rules.ScopeEndpoint, id), Episode: 1}, Number: n, Open: open,
		Since: since, At: when, Severity: rules.High, Fault: "refused", Merchant: "m_" + id, Host: host, Evidence: rules.Evidence{Text: "refused since 12:00"},
	}
}

// house keeps a world from decision to decision, as the store does.
type house struct {
	d       alerting.Desk
	world   alerting.World
	entries []alerting.Entry
	notices []alerting.Notice
}

func (h *house) decide(now time.Time, changes ...rules.Change) alerting.Decision {
	if h.world.Generations == nil {
		h.world.Generations = map[string]int{}
	}
	got := h.d.Decide(h.world, changes, now)
	h.keep(got)
	return got
}

// keep writes down what was decided.
func (h *house) keep(got alerting.Decision) {
	for _, in := range got.Incidents {
		in.Stored = in.Version
		replaced := false
		for i, have := range h.world.Incidents {
			if have.ID == in.ID {
				h.world.Incidents[i], replaced = in, true
			}
		}
		if !replaced {
			h.world.Incidents = append(h.world.Incidents, in)
		}
		h.world.Generations[in.GroupKey] = max(h.world.Generations[in.GroupKey], in.Generation)
	}
	h.entries, h.notices = append(h.entries, got.Entries...), append(h.notices, got.Notices...)
}

// kinds lists what a decision tells, lane by lane.
func kinds(list []alerting.Notice) string {
	var words []string
	for _, n := range list {
		words = append(words, n.Lane[:strings.Index(n.Lane, "/")]+":"+string(n.Kind))
	}
	return strings.Join(words, " ")
}

func TestOneEndpointIsOneIncidentOneThreadOneMail(t *testing.T) {
	t.Parallel()
	h := &house{d: desk()}
	got := h.decide(at(2), down("a", "h1", true, noon, at(2)))
	if len(got.Incidents) != 1 || kinds(got.Notices) != "ops:root mail:mail" {
		t.Fatalf("opening: %d incidents, %s", len(got.Incidents), kinds(got.Notices))
	}
	in := got.Incidents[0]
	if in.State != alerting.StateOpen || in.Severity != rules.High || in.Merchant != "m_a" || !in.StartedAt.Equal(noon) || in.Title != "a is down: refused" {
		t.Errorf("opened as %+v", in)
	}
	if got := h.decide(at(2), down("a", "h1", true, noon, at(2))); len(got.Incidents) != 0 || len(got.Notices) != 0 {
		t.Errorf("the same change again: %d incidents, %s; want nothing", len(got.Incidents), kinds(got.Notices))
	}
	got = h.decide(at(9), down("a", "h1", false, noon, at(9)))
	if kinds(got.Notices) != "ops:root ops:resolve mail:resolve" || got.Incidents[0].ID != in.ID || got.Incidents[0].State != alerting.StateResolved {
		t.Errorf("clearing: %s, %+v; want the same incident resolved", kinds(got.Notices), got.Incidents)
	}
	for i := 1; i < len(h.notices); i++ {
		if a, b := h.notices[i-1], h.notices[i]; a.Lane == b.Lane && a.ID >= b.ID {
			t.Errorf("notice IDs do not rise: %s then %s", a.ID, b.ID)
		}
	}
}

func TestBadAgainWithinTheReopenWindowIsTheSameIncident(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		again time.Time
		same  bool
	}{
		"at 30 minutes it is the same": {at(39), true},
		"just after it is another":     {at(39).Add(time.Second), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := &house{d: desk()}
			first := h.decide(at(2), down("a", "h1", true, noon, at(2))).Incidents[0]
			h.decide(at(9), down("a", "h1", false, noon, at(9)))
			next := down("a", "h1", true, test.again, test.again)
			next.Key.Episode = 2
			got := h.decide(test.again, next).Incidents[0]
			if (got.ID == first.ID) != test.same || !got.Live() {
				t.Errorf("got %s generation %d, first was %s; want the same: %t", got.ID, got.Generation, first.ID, test.same)
			}
			if !test.same && got.Generation != 2 {
				t.Errorf("generation %d, want 2", got.Generation)
			}
		})
	}
}

func TestFiftyEndpointsAreOneIncident(t *testing.T) {
	t.Parallel()
	h := &house{d: desk()}
	for i := range 50 {
		h.world.Failing = append(h.world.Failing, alerting.Failing{Rule: rules.RuleEndpointDown, Scope: rules.ScopeOf(rules.ScopeEndpoint, fmt.Sprint("e", i)), Host: fmt.Sprint("h", i), Fault: "refused", Since: at(float64(i) / 60)})
	}
	for i := range 50 {
		h.decide(at(2+float64(i)/60), down(fmt.Sprint("e", i), fmt.Sprint("h", i), true, at(float64(i)/60), at(2+float64(i)/60)))
	}
	if n := len(h.world.Incidents); n != 1 {
		t.Fatalf("%d incidents, want 1", n)
	}
	in := h.world.Incidents[0]
	if in.Rule != alerting.RuleCommonCause || in.Severity != rules.Critical || len(in.Members) != 50 || in.Title != "50 endpoints: refused" {
		t.Errorf("got %s %s %q with %d members", in.Rule, in.Severity, in.Title, len(in.Members))
	}
	if n := strings.Count(kinds(h.notices), "mail:"); n != 1 {
		t.Errorf("%d mails, want 1", n)
	}
	for i := range 50 {
		h.decide(at(10), down(fmt.Sprint("e", i), fmt.Sprint("h", i), false, at(float64(i)/60), at(10)))
	}
	if in := h.world.Incidents[0]; in.State != alerting.StateResolved || strings.Count(kinds(h.notices), "ops:resolve") != 1 {
		t.Errorf("after all came back: %s, %s", in.State, kinds(h.notices[len(h.notices)-4:]))
	}
}

func TestSinglesFoldIntoACommonCauseThatShowsLater(t *testing.T) {
	t.Parallel()
	h := &house{d: desk()}
	for i := range 4 {
		h.world.Failing = append(h.world.Failing, alerting.Failing{Rule: rules.RuleEndpointDown, Scope: rules.ScopeOf(rules.ScopeEndpoint, fmt.Sprint("e", i)), Host: fmt.Sprint("h", i), Fault: "refused", Since: noon})
		h.decide(at(2), down(fmt.Sprint("e", i), fmt.Sprint("h", i), true, noon, at(2)))
	}
	if n := len(h.world.Incidents); n != 4 {
		t.Fatalf("four endpoints: %d incidents, want 4: not enough for a common cause", n)
	}
	h.world.Failing = append(h.world.Failing, alerting.Failing{Rule: rules.RuleEndpointDown, Scope: "endpoint:e4", Host: "h4", Fault: "refused", Since: at(1)})
	h.decide(at(3), down("e4", "h4", true, at(1), at(3)))
	live := 0
	for _, in := range h.world.Incidents {
		if in.Live() {
			live++
			if len(in.Members) != 5 || in.Title != "5 endpoints: refused" || !in.StartedAt.Equal(noon) {
				t.Errorf("the common one: %q with %d members since %s", in.Title, len(in.Members), in.StartedAt)
			}
		} else if in.Parent == "" {
			t.Errorf("%s was resolved without a parent", in.Title)
		}
	}
	if live != 1 {
		t.Errorf("%d live incidents, want 1", live)
	}
}

func TestNoCommonCauseWithoutOne(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*alerting.Failing, int){
		"another fault":          func(f *alerting.Failing, _ int) { f.Fault = "http_5xx" },
		"long ago":               func(f *alerting.Failing, _ int) { f.Since = noon.Add(-11 * time.Minute) },
		"two hosts, few of each": func(f *alerting.Failing, i int) { f.Host = fmt.Sprint("h", i%2) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := &house{d: desk()}
			for i := range 6 {
				f := alerting.Failing{Rule: rules.RuleEndpointDown, Scope: rules.ScopeOf(rules.ScopeEndpoint, fmt.Sprint("e", i)), Host: fmt.Sprint("h", i), Fault: "refused", Since: noon}
				change(&f, i)
				h.world.Failing = append(h.world.Failing, f)
			}
			if in := h.decide(at(2), down("x", "h1", true, noon, at(2))).Incidents[0]; in.Rule != rules.RuleEndpointDown {
				t.Errorf("got %s %q, want the endpoint's own incident", in.Rule, in.Title)
			}
		})
	}
}

func TestCertificateAndProbeOfOneEndpointAreOneIncident(t *testing.T) {
	t.Parallel()
	h := &house{d: desk()}
	h.decide(at(2), down("a", "h1", true, noon, at(2)))
	cert := down("a", "h1", true, noon, at(3))
	cert.Key.Rule, cert.Fault = rules.RuleCertificate, "expired_leaf"
	h.decide(at(3), cert)
	if n := len(h.world.Incidents); n != 1 || len(h.world.Incidents[0].Members) != 2 {
		t.Fatalf("%d incidents, want one with two members", n)
	}
	h.decide(at(5), down("a", "h1", false, noon, at(5)))
	if !h.world.Incidents[0].Live() {
		t.Error("resolved although the certificate is still bad")
	}
	target := cert
	target.Key.Scope = "target:ledger"
	if got := h.decide(at(6), target); len(got.Incidents) != 1 || got.Incidents[0].Title != "certificate of ledger: expired_leaf" {
		t.Errorf("a certificate on its own: %+v", got.Incidents)
	}
}

// Two that write to one mailbox, or one that was begun anew, must not be taken
// for one another: receivers know messages by the incident's ID.
func TestAnotherInstallationHasOtherIncidents(t *testing.T) {
	t.Parallel()
	ids, keys := map[string]bool{}, map[string]bool{}
	for _, installation := range []int64{1, 2, 2} {
		h := &house{d: desk(), world: alerting.World{Installation: installation}}
		got := h.decide(at(2), down("a", "h1", true, noon, at(2)))
		ids[got.Incidents[0].ID], keys[got.Notices[0].IdemKey] = true, true
	}
	if len(ids) != 2 || len(keys) != 2 {
		t.Errorf("two installations have the incidents %v and the keys %v, want two of each", ids, keys)
	}
}

func TestDecideIsPure(t *testing.T) {
	t.Parallel()
	h := &house{d: desk()}
	h.decide(at(2), down("a", "h1", true, noon, at(2)), down("b", "h2", true, noon, at(2)))
	changes := []rules.Change{down("a", "h1", false, noon, at(4)), down("c", "h3", true, at(2), at(4))}
	before := fmt.Sprintf("%+v", h.world)
	first := h.d.Decide(h.world, changes, at(4))
	for range 20 {
		if again := h.d.Decide(h.world, changes, at(4)); !reflect.DeepEqual(first, again) {
			t.Fatalf("two answers to the same question:\n%+v\n%+v", first, again)
		}
	}
	if after := fmt.Sprintf("%+v", h.world); after != before {
		t.Error("Decide changed the world it was given")
	}
}
