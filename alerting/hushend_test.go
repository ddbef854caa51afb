package alerting_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hookvigil/hookvigil/alerting"
)

// What nobody has heard of, because it was quiet, and that recovers when the
// quiet ends, is no news when it is over; when it fails again it is.
func TestAQuietThatEndsWhileItRecovers(t *testing.T) {
	for sentence, tc := range map[string]struct {
		again bool
		told  string // what is told at last
	}{
		"it stays well":  {false, "[]"},
		"it fails again": {true, "[ops/C1:update mail/sre@x.example:mail"},
	} {
		t.Run(sentence, func(t *testing.T) {
			h := &house{d: lively()}
			h.world.Quiet = silenced(alerting.Matcher{Merchant: []string{"m_a"}}, 0)
			h.decide(at(3), down("a", "h", true, at(0), at(3)))
			h.decide(at(59), down("a", "h", false, at(0), at(59)))
			h.through(59.1, 60.4)
			if tc.again {
				c := down("a", "h", true, at(60), at(60.5))
				c.Key.Episode = 2
				h.decide(at(60.5), c)
			}
			h.through(60.6, 70)
			if got := fmt.Sprint(h.loud()); !strings.HasPrefix(got, tc.told) || len(h.notices) > 0 && !tc.again {
				t.Errorf("told %s, want %s; timeline %v", got, tc.told, h.kinds())
			}
			if over := slices.Contains(h.kinds(), string(alerting.EntryUnsilenced)); over != tc.again {
				t.Errorf("timeline %v; the end of the quiet in it: %t, want %t", h.kinds(), over, tc.again)
			}
		})
	}
}
