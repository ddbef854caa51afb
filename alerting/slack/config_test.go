package slack_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting/slack"
)

func TestConfigValidate(t *testing.T) {
	t.Parallel()
	const signing = "8f742231b10e8888abcd99yyyzzz85a5"
	const hook = "https://hooks.slack.com/services/T0/B0/marker"
	for name, tt := range map[string]struct {
		cfg  slack.Config
		want []string // keys of the faults, in order
	}{
		"a token and a channel":           {slack.Config{Token: "xoxb-1", Channel: "C0123456"}, nil},
		"a webhook alone":                 {slack.Config{WebhookURL: hook}, nil},
		"the test's own API on loopback":  {slack.Config{Token: "xoxb-1", Channel: "C0123456", APIURL: "http://127.0.0.1:1/api/"}, nil},
		"the longest timeout":             {slack.Config{WebhookURL: hook, Timeout: 30 * time.Second}, nil},
		"buttons by HTTP":                 {slack.Config{Token: "xoxb-1", Channel: "C0123456", SigningSecret: signing, Users: people}, nil},
		"buttons by Socket Mode":          {slack.Config{Token: "xoxb-1", Channel: "C0123456", AppToken: "xapp-1"}, nil},
		"buttons of a webhook":            {slack.Config{WebhookURL: hook, SigningSecret: signing, AppToken: "xapp-marker"}, []string{"signing_secret", "app_token"}},
		"a bot token as app-level token":  {slack.Config{Token: "xoxb-1", Channel: "C0123456", AppToken: "xoxb-marker"}, []string{"app_token"}},
		"an app-level token of two lines": {slack.Config{Token: "xoxb-1", Channel: "C0123456", AppToken: "xapp-marker\n"}, []string{"app_token"}},
		"a token as signing secret":       {slack.Config{Token: "xoxb-1", Channel: "C0123456", SigningSecret: "xapp-marker-and-more"}, []string{"signing_secret"}},
		"a short signing secret":          {slack.Config{Token: "xoxb-1", Channel: "C0123456", SigningSecret: "marker"}, []string{"signing_secret"}},
		"a signing secret of two lines":   {slack.Config{Token: "xoxb-1", Channel: "C0123456", SigningSecret: "marker-marker-marker\n"}, []string{"signing_secret"}},
		"users whom nobody hears":         {slack.Config{Token: "xoxb-1", Channel: "C0123456", Users: people}, []string{"users"}},
		"users that are none": {slack.Config{Token: "xoxb-1", Channel: "C0123456", AppToken: "xapp-1", Users: map[string]slack.User{
			"ana": {Name: "ana", Role: "viewer"}, "U0A": {Role: "viewer"}, "U0B": {Name: "b\nc", Role: "viewer"}, "U0C": {Name: "c", Role: "owner"}, "W0D": {Name: strings.Repeat("d", 81), Role: "admin"},
		}}, []string{"users.U0A.name", "users.U0B.name", "users.U0C.role", "users.W0D.name", "users.ana"}},
		"nothing":                            {slack.Config{}, []string{"token"}},
		"both":                               {slack.Config{Token: "xoxb-1", Channel: "C0123456", WebhookURL: hook}, []string{"webhook_url"}},
		"a name instead of an ID":            {slack.Config{Token: "xoxb-1", Channel: "#alerts"}, []string{"channel"}},
		"no channel":                         {slack.Config{Token: "xoxb-1"}, []string{"channel"}},
		"a channel beside a webhook":         {slack.Config{WebhookURL: hook, Channel: "C0123456"}, []string{"channel"}},
		"an app-level token":                 {slack.Config{Token: "xapp-marker", Channel: "C0123456"}, []string{"token"}},
		"a token with a line break":          {slack.Config{Token: "xoxb-marker\n", Channel: "C0123456"}, []string{"token"}},
		"some other secret":                  {slack.Config{Token: "marker", Channel: "C0123456"}, []string{"token"}},
		"a webhook in clear text":            {slack.Config{WebhookURL: "http://hooks.slack.com/services/marker"}, []string{"webhook_url"}},
		"a webhook without a path":           {slack.Config{WebhookURL: "https://hooks.slack.com/"}, []string{"webhook_url"}},
		"a webhook that is no URL":           {slack.Config{WebhookURL: "marker"}, []string{"webhook_url"}},
		"an API in clear text over the net":  {slack.Config{Token: "xoxb-1", Channel: "C0123456", APIURL: "http://192.0.2.1/api/"}, []string{"api_url"}},
		"a query in the API's address":       {slack.Config{Token: "xoxb-1", Channel: "C0123456", APIURL: "https://slack.test/?marker"}, []string{"api_url"}},
		"a timeout just over the longest":    {slack.Config{WebhookURL: hook, Timeout: 30*time.Second + 1}, []string{"timeout"}},
		"a negative timeout":                 {slack.Config{WebhookURL: hook, Timeout: -1}, []string{"timeout"}},
		"all that can be wrong with a token": {slack.Config{Token: "marker", Channel: "x", APIURL: "ftp://x", Timeout: -1}, []string{"token", "channel", "api_url", "timeout"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err, got := tt.cfg.Validate(), []string(nil)
			if err != nil {
				for line := range strings.SplitSeq(err.Error(), "\n") {
					key, _, _ := strings.Cut(line, ":")
					got = append(got, key)
				}
				if strings.Contains(err.Error(), "marker") {
					t.Errorf("error holds the secret: %v", err)
				}
			}
			if strings.Join(got, " ") != strings.Join(tt.want, " ") {
				t.Errorf("got faults in %v (%v), want %v", got, err, tt.want)
			}
		})
	}
}
