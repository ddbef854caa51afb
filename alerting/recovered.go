package alerting

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/hookvigil/hookvigil/rules"
)

// recovered is the line of an incident whose last member has cleared. It
// quotes the member that the title is about, whichever of them cleared last:
// the platform's incident ends with the platform's ratio, not with a channel's.
func (in Incident) recovered(now time.Time) string {
	return fmt.Sprintf("recovered after %s: %s", short(lasted(&in, now)), in.spoken())
}

// spoken is the text of the member that speaks for an incident: that of its
// own rule and scope, else of its scope, else the one that failed longest, and
// of equals the one that joined last. One of many says which it is.
func (in Incident) spoken() string {
	if len(in.Members) == 0 {
		return ""
	}
	members := slices.Clone(in.Members)
	slices.Reverse(members) // MaxFunc keeps the first of equals
	m := slices.MaxFunc(members, func(a, b Membership) int {
		return cmp.Or(cmp.Compare(in.closeness(a.Key), in.closeness(b.Key)), cmp.Compare(a.failed(), b.failed()))
	})
	if in.closeness(m.Key) > 0 || len(members) == 1 {
		return m.Text
	}
	_, id := m.Key.Scope.Split()
	return phrase(id, m.Text)
}

// closeness says how much a condition is what the incident's title is about.
func (in Incident) closeness(k rules.Key) int {
	switch {
	case in.Scope != k.Scope:
		return 0
	case in.Rule != k.Rule:
		return 1
	default:
		return 2
	}
}

// failed is how long an episode that has left its incident lasted.
func (m Membership) failed() time.Duration { return m.Left.Sub(m.Since) }
