package store_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/internal/conditions"
	"github.com/hookvigil/hookvigil/rules"
)

// Five thousand endpoints on as many hosts that fail for one cause are one
// incident and one mail, and at most 20 messages in Slack, as one takes them
// while they come. Source of the figures: reference alerting.md section 6.
func TestFiveThousandEndpointsAreOneIncident(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	const all, at = stormSize, 250
	slack, mails := 0, 0
	told := func(minutes float64) {
		for {
			got, err := s.CommitDesk(t.Context(), request(minute(minutes)), func(w alerting.World, c []rules.Change) alerting.Decision {
				return desk().Decide(w, c, minute(minutes))
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, n := range send(t, s, "ops/C1", minute(minutes)) {
				if n.Kind != alerting.KindRoot || n.Prev == (alerting.Ref{}) {
					slack++ // a change of the message that is there is none
				}
			}
			mails += len(send(t, s, "mail/sre", minute(minutes)))
			if !got.More {
				return
			}
		}
	}
	var list []*endpoint
	commit := func(of []*endpoint, changes []rules.Change, minutes float64) {
		c := conditions.Commit{Changes: changes}
		for _, e := range of {
			c.Standing = append(c.Standing, e.Standing)
		}
		commitShard(t, s, c)
		told(minutes)
	}
	for from := range all / at {
		var changes []rules.Change
		for i := range at {
			n := from*at + i
			e, c := failed(fmt.Sprint("e", n), fmt.Sprint("h", n), minute(float64(n)/all), minute(2))
			list, changes = append(list, e), append(changes, c)
		}
		commit(list[from*at:], changes, 2+float64(from)*at/all)
	}
	found := incidents(t, s, alerting.IncidentFilter{Live: true})
	if len(found) != 1 || found[0].Rule != alerting.RuleCommonCause || len(found[0].Members) != all {
		t.Fatalf("%d incidents, the first %s with %d members", len(found), found[0].Rule, len(found[0].Members))
	}
	if slack > 20 || mails > 2 {
		t.Errorf("%d messages in Slack, %d mails", slack, mails)
	}
	for some := range slices.Chunk(list, at) {
		var changes []rules.Change
		for _, e := range some {
			changes = append(changes, e.clear(minute(9)))
		}
		commit(some, changes, 9)
	}
	if left := incidents(t, s, alerting.IncidentFilter{Live: true}); len(left) != 0 || slack > 20 || mails > 3 {
		t.Errorf("in the end %d live incidents, %d messages in Slack, %d mails", len(left), slack, mails)
	}
}
