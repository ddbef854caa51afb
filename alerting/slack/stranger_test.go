package slack_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestStrangersAreLogged: what is none of our buttons has no effect, and leaves
// one line with what is known of it, and nothing that may be a secret.
func TestStrangersAreLogged(t *testing.T) {
	t.Parallel()
	const known = "slack interaction is not known; nothing was done"
	for name, tc := range map[string]struct {
		payload string
		logged  []string // empty: nothing is
	}{
		"a button of an older version": {
			`{"type":"block_actions","user":{"id":"U0PRESSER"},"container":{"channel_id":"C0OPS"},"api_app_id":"A0APP","actions":[{"action_id":"hookvigil_snooze","value":"secret-value","action_ts":"1.2"}],"response_url":"https://hooks.slack.com/actions/secret-url"}`,
			[]string{"level=WARN", "remote=192.0.2.44", "type=block_actions", "actions=[hookvigil_snooze]", "slack_user=U0PRESSER", "channel=C0OPS", "slack_app=A0APP"},
		},
		"another app's shortcut": {`{"type":"shortcut","callback_id":"x","user":{"id":"U0PRESSER"}}`, []string{"level=WARN", "type=shortcut", "actions=[]"}},
		"several at once": {
			`{"type":"block_actions","actions":[{"action_id":"a"},{"action_id":"hookvigil_ack"},{"action_id":"c"},{"action_id":"d"}]}`,
			[]string{`actions="[a hookvigil_ack c]"`, "number=4"},
		},
		"words that are none": {
			`{"type":"block_actions","user":{"id":"<@U1>\nlevel=ERROR"},"actions":[{"action_id":"two words"},{"action_id":"xoxb-secret-token"}]}`,
			[]string{`actions="[? ?]"`, "slack_user=?"},
		},
		"a word without end": {`{"type":"block_actions","actions":[{"action_id":"` + strings.Repeat("a", 200) + `"}]}`, []string{"actions=[" + strings.Repeat("a", 79) + "…"}},
		"our own link":       {`{"type":"block_actions","actions":[{"action_id":"hookvigil_runbook"}]}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			if err := d.buttons.Interaction(t.Context(), signedBody(form(tc.payload), time.Now())); err != nil {
				t.Errorf("it is not answered: %v", err)
			}
			d.effects(0)
			log := d.log.String()
			if n := strings.Count(log, known); n != min(len(tc.logged), 1) {
				t.Errorf("%d lines:\n%s", n, log)
			}
			for _, want := range tc.logged {
				if !strings.Contains(log, want) {
					t.Errorf("want %s in\n%s", want, log)
				}
			}
			if strings.Contains(log, "secret") {
				t.Errorf("a secret is in the log:\n%s", log)
			}
		})
	}
}

// A stranger's button that is pressed all day does not fill the log.
func TestStrangersAreLoggedTenTimesAMinute(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for i := range 25 {
		body := form(fmt.Sprintf(`{"type":"block_actions","actions":[{"action_id":"other","action_ts":"%d"}]}`, i))
		if err := d.buttons.Interaction(t.Context(), signedBody(body, time.Now())); err != nil {
			t.Fatal(err)
		}
	}
	if n := strings.Count(d.log.String(), "is not known"); n != 10 {
		t.Errorf("%d lines, want 10", n)
	}
}
