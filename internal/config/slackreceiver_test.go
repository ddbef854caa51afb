package config_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/hookvigil/hookvigil/alerting/slack"
	"github.com/hookvigil/hookvigil/internal/config"
)

func TestLoadSlackButtons(t *testing.T) {
	cfg := mustLoad(t, `
version: 1
receivers:
  ops:
    kind: slack
    token_file: secrets/slack.token
    channel: C0123456789
    signing_secret_file: secrets/slack.signing
    app_token_file: secrets/slack.app
    users:
      U0123: {name: ana, role: operator}
      W0BUDI: {name: Budi Santoso, role: viewer}
routes: [{to: [ops]}]
`)
	want := &slack.Config{
		Token: "xoxb-" + marker + "-of-a-bot", Channel: "C0123456789", SigningSecret: marker + "-signing-secret", AppToken: "xapp-" + marker,
		Users: map[string]slack.User{"U0123": {Name: "ana", Role: slack.RoleOperator}, "W0BUDI": {Name: "Budi Santoso", Role: slack.RoleViewer}},
	}
	if got := cfg.Receivers[0].Slack; !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestBadSlackButtons(t *testing.T) {
	for name, tt := range map[string]struct{ lines, want string }{
		"users that are a list":      {"app_token_file: secrets/slack.app, users: [U0123]", "receivers.ops.users: wanted a mapping, got a list"},
		"a user that is a name":      {"app_token_file: secrets/slack.app, users: {U0123: ana}", "receivers.ops.users.U0123: wanted a mapping, got a text"},
		"an unknown key of a user":   {"app_token_file: secrets/slack.app, users: {U0123: {name: ana, rle: operator}}", "receivers.ops.users.U0123.rle: unknown key"},
		"a role that is none":        {"app_token_file: secrets/slack.app, users: {U0123: {name: ana, role: ingest}}", `receivers.ops.users.U0123.role: "ingest" is no role; want viewer, operator or admin`},
		"a user without a name":      {"app_token_file: secrets/slack.app, users: {U0123: {role: viewer}}", `receivers.ops.users.U0123.name: "" is no name; want 1 to 80 characters`},
		"an ID that is none":         {"app_token_file: secrets/slack.app, users: {ana: {name: ana, role: viewer}}", "receivers.ops.users.ana: is no ID of a person in Slack; want one such as U0123ABCD"},
		"users whom nobody hears":    {"users: {U0123: {name: ana, role: viewer}}", "receivers.ops.users: set, but nothing that they press arrives; want signing_secret_file"},
		"the wrong token":            {"app_token_file: secrets/slack.token", "receivers.ops.app_token_file: is no app-level token; want xapp-"},
		"a secret instead of a file": {"app_token_file: xapp-1-" + marker, "receivers.ops.app_token_file: is the secret itself"},
		"a file that is not there":   {"signing_secret_file: secrets/none", "receivers.ops.signing_secret_file: "},
		"a secret in the open file":  {"signing_secret: " + marker + "-and-more-of-it", "receivers.ops.signing_secret: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			supply(t)
			put(t, "hookvigil.yaml", "version: 1\nreceivers:\n  ops: {kind: slack, token_file: secrets/slack.token, channel: C0123456789, "+tt.lines+"}\nroutes: [{to: [ops]}]\n", 0o644)
			_, faults := config.Load("hookvigil.yaml")
			text := printed(t, faults)
			if !config.Failed(faults) || !strings.Contains(text, tt.want) || strings.Contains(text, marker) {
				t.Errorf("want %q, and no secret:\n%s", tt.want, text)
			}
		})
	}
}
