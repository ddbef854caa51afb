package alertmanager_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/alerting/alertmanager"
	"github.com/hookvigil/hookvigil/probes"
)

func TestConfigIsJudged(t *testing.T) {
	t.Parallel()
	at := func(urls ...string) alertmanager.Config { return alertmanager.Config{URLs: urls} }
	local := func(change func(*alertmanager.Config)) alertmanager.Config {
		c := at("http://127.0.0.1:9093")
		change(&c)
		return c
	}
	label := func(name, value string) alertmanager.Config {
		return local(func(c *alertmanager.Config) { c.Labels = map[string]string{name: value} })
	}
	for sentence, tc := range map[string]struct {
		cfg  alertmanager.Config
		want string // what the faults begin with, by line; empty: there is none
	}{
		"a URL alone":                     {at("http://alertmanager.example.com:9093"), ""},
		"a cluster":                       {at("http://am-0.example.com:9093", "http://am-1.example.com:9093/prefix/"), ""},
		"nothing":                         {at(), "urls: is missing"},
		"too many":                        {at(strings.Split(strings.Repeat("http://a ", 17), " ")...), "urls: has 18"},
		"the same one twice":              {at("http://a:9093", "http://a:9093/"), "urls[1]: stands here twice"},
		"one that is no URL":              {at("http://a:9093", "a:9093"), "urls[1]: "},
		"one with its end":                {at("http://a:9093/api/v2/alerts"), "urls[0]: ends in /api/v2/alerts"},
		"one with a query":                {at("http://a:9093/?token=marker"), "urls[0]: has a query"},
		"one with a user":                 {at("http://u:marker@a:9093"), "urls[0]: "},
		"a token over the network":        {alertmanager.Config{URLs: []string{"http://a:9093"}, Token: "marker"}, "urls[0]: is not https"},
		"a token by TLS":                  {alertmanager.Config{URLs: []string{"https://a:9093"}, Token: "marker"}, ""},
		"a token on this machine":         {local(func(c *alertmanager.Config) { c.Token = "marker" }), ""},
		"a password":                      {local(func(c *alertmanager.Config) { c.Username, c.Password = "u", "marker" }), ""},
		"a password of nobody":            {local(func(c *alertmanager.Config) { c.Password = "marker" }), "username: is missing"},
		"a user without a password":       {local(func(c *alertmanager.Config) { c.Username = "u" }), "password: is missing"},
		"a user with a colon":             {local(func(c *alertmanager.Config) { c.Username, c.Password = "u:v", "marker" }), "username: holds a colon"},
		"a token and a password":          {local(func(c *alertmanager.Config) { c.Token, c.Username, c.Password = "marker", "u", "marker" }), "token: a username"},
		"a token with a line break":       {local(func(c *alertmanager.Config) { c.Token = "marker\n" }), "token: holds"},
		"a label":                         {label("team", "payments"), ""},
		"a label with a dash":             {label("my-team", "x"), "labels.my-team: is no name"},
		"a label of Prometheus' own":      {label("__name__", "x"), "labels.__name__: is no name"},
		"a label of ours":                 {label("severity", "critical"), "labels.severity: is set by hookvigil"},
		"another label of ours":           {label("event_type", "x"), "labels.event_type: is set by hookvigil"},
		"a label without a value":         {label("team", ""), "labels.team: is empty"},
		"a label with a line break":       {label("team", "a\nb"), "labels.team: is empty"},
		"a value that is just not long":   {label("team", strings.Repeat("x", 200)), ""},
		"a value that is too long":        {label("team", strings.Repeat("x", 201)), "labels.team: is empty, longer"},
		"resolve_after at its least":      {local(func(c *alertmanager.Config) { c.ResolveAfter = 2 * time.Minute }), ""},
		"resolve_after below its least":   {local(func(c *alertmanager.Config) { c.ResolveAfter = 2*time.Minute - 1 }), "resolve_after: "},
		"resolve_after beyond a day":      {local(func(c *alertmanager.Config) { c.ResolveAfter = 24*time.Hour + 1 }), "resolve_after: "},
		"a timeout beyond what is waited": {local(func(c *alertmanager.Config) { c.Timeout = 30*time.Second + 1 }), "timeout: "},
		"several faults":                  {alertmanager.Config{Password: probes.Secret("marker"), Timeout: -1}, "urls: \nusername: \ntimeout: "},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			err := tc.cfg.Validate()
			if tc.want == "" || err == nil {
				if err != nil || tc.want != "" {
					t.Errorf("got %v, want %q", err, tc.want)
				}
				return
			}
			got, want := strings.Split(err.Error(), "\n"), strings.Split(tc.want, "\n")
			if len(got) != len(want) || strings.Contains(err.Error(), "marker") {
				t.Fatalf("got %v, want %q and no secret", err, want)
			}
			for i := range want {
				if !strings.HasPrefix(got[i], want[i]) {
					t.Errorf("got %q, want it to begin with %q", got[i], want[i])
				}
			}
		})
	}
}

func TestDestinationIsARecord(t *testing.T) {
	t.Parallel()
	if got, want := alertmanager.Destination("am"), (alerting.Destination{Lane: "am/alerts", Form: alerting.FormState, Refresh: time.Minute}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
