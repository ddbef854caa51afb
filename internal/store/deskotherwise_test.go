package store_test

import (
	"strings"
	"testing"

	"github.com/hookvigil/hookvigil/alerting"
)

// What a member is stands in the row of its condition, which knows the new fault
// before the desk does.
func TestAnotherFaultNamesTheIncidentAnew(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	e, c := failed("a", "h1", noon, minute(2))
	step(t, s, e, c)
	id := turn(t, s, minute(2)).Decision.Incidents[0].ID
	e.Episode.Fault = "tls_handshake"
	other := e.open(minute(4), c.Severity)
	step(t, s, e, other)
	turn(t, s, minute(4))
	in, entries := incident(t, s, id)
	if in.Title != "a is down: tls_handshake" || in.Severity != c.Severity {
		t.Errorf("it is %s, %q; want it as loud as before, and named after what it fails with now", in.Severity, in.Title)
	}
	if last := entries[len(entries)-1]; last.Kind != alerting.EntryUpdated || !strings.HasSuffix(last.Text, "tls_handshake since 12:00") {
		t.Errorf("the timeline ends with %s %q", last.Kind, last.Text)
	}
	if ops := kindsOf(send(t, s, "ops/C1", minute(5))); ops != "root" {
		t.Errorf("sent %q, want the root as it is now, and no reply", ops)
	}
}
