package alerting_test

import (
	"strings"
	"testing"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// An incident says what is wrong now, not what it began with.
func TestTheTitleFollowsWhatIsWrong(t *testing.T) {
	t.Parallel()
	down := down("a", "h1", true, noon, at(2))
	expired := down
	expired.Key.Rule, expired.Fault = rules.RuleCertificate, "expired_leaf"
	other := down
	other.Number, other.Fault, other.Evidence.Text = 2, "timeout_response", "timeout_response at level reach"
	same := down
	same.Number, same.Evidence.Text = 2, "refused, 9 probes in a row"
	for name, tt := range map[string]struct {
		turns [][]rules.Change
		until float64 // looked at until so many minutes
		title string
		said  string // in an entry of the timeline; empty: nothing of that kind
	}{
		"the certificate goes on when the endpoint is up":      {[][]rules.Change{{down, expired}, {gone(down, "answers")}}, 17, "certificate of a: expired_leaf", `no longer "a is down: refused": refused since 12:00`},
		"the endpoint goes on when the certificate is renewed": {[][]rules.Change{{expired}, {down}, {gone(expired, "renewed")}}, 18, "a is down: refused", `no longer "certificate of a: expired_leaf": refused since 12:00`},
		"which of two clears first is no news":                 {[][]rules.Change{{down, expired}, {gone(down, "answers")}}, 15, "a is down: refused", ""},
		"the endpoint goes on to fail in another way":          {[][]rules.Change{{down}, {other}}, 12, "a is down: timeout_response", `no longer "a is down: refused": timeout_response at level reach`},
		"the same in other words is no news":                   {[][]rules.Change{{down}, {same}}, 12, "a is down: refused", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := &house{d: desk()}
			h.end(tt.turns)
			h.through(12, tt.until)
			if in := h.only(t); in.Title != tt.title || !in.Live() {
				t.Errorf("it is %s, %q; want it live and %q", in.State, in.Title, tt.title)
			}
			said := false
			for _, e := range h.entries {
				said = said || tt.said != "" && strings.HasSuffix(e.Text, tt.said)
				if tt.said == "" && e.Kind == alerting.EntryUpdated {
					t.Errorf("said %q, want nothing", e.Text)
				}
			}
			if tt.said != "" && !said {
				t.Errorf("nothing says %q: %+v", tt.said, h.entries)
			}
		})
	}
}
