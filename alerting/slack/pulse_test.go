package slack_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
)

// A pulse is one message that is kept up to date; a webhook, which only makes
// new messages, sends none.
func TestAPulseIsOneMessage(t *testing.T) {
	t.Parallel()
	pulse := alerting.Notice{
		IdemKey: "pulse/ops/" + room + ":1", Subject: "pulse/ops", Kind: alerting.KindPulse, Flow: alerting.FlowState, Recipient: room,
		Facts: json.RawMessage(`{"title":"hookvigil is alive"}`), Created: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC), Attempts: 1,
	}
	b := newBench(t)
	ref := b.send(pulse, alerting.Ref{})
	pulse.IdemKey, pulse.Created = pulse.IdemKey+"2", pulse.Created.Add(time.Hour)
	if again := b.send(pulse, ref); again != ref {
		t.Errorf("the second is %+v, the first %+v", again, ref)
	}
	list := b.s.Messages(room)
	if len(list) != 1 || len(list[0].Versions) != 2 || !strings.Contains(list[0].Latest().Text, "2026-11-21 13:00:00 UTC") {
		t.Errorf("%d messages: %+v", len(list), list)
	}
	hook := newBench(t, byHook)
	hook.send(pulse, alerting.Ref{})
	if n := hook.s.Stats().Posts; n != 0 {
		t.Errorf("by webhook %d messages", n)
	}
}
