package webhook_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting/webhook"
	"github.com/hookvigil/hookvigil/probes"
)

func TestValidateNamesEveryFault(t *testing.T) {
	t.Parallel()
	const marker = "hidden-marker"
	whsec := func(n int) string { return "whsec_" + strings.Repeat("AAAA", n/3) } // n bytes
	for sentence, tc := range map[string]struct {
		change func(*webhook.Config)
		want   []string // one for each fault
	}{
		"sound":                       {func(*webhook.Config) {}, nil},
		"http to this machine":        {func(c *webhook.Config) { c.URL = "http://127.0.0.1:9/x" }, nil},
		"http to another machine":     {func(c *webhook.Config) { c.URL = "http://pager.example.com/" + marker }, []string{"url: is not https"}},
		"no URL":                      {func(c *webhook.Config) { c.URL = "" }, []string{"url: is empty"}},
		"a URL with a password":       {func(c *webhook.Config) { c.URL = "https://u:" + marker + "@example.com/" }, []string{"url: "}},
		"no URL at all":               {func(c *webhook.Config) { c.URL = marker }, []string{"url: "}},
		"no secret":                   {func(c *webhook.Config) { c.Secret = "" }, []string{"secret: is empty"}},
		"a secret without its prefix": {func(c *webhook.Config) { c.Secret = marker }, []string{"secret: number 1 does not begin with whsec_"}},
		"a secret that is no base64":  {func(c *webhook.Config) { c.Secret = "whsec_" + marker }, []string{"secret: number 1 is no base64"}},
		"the second secret is too short": {
			func(c *webhook.Config) { c.Secret = probes.Secret(newSecret + " " + whsec(21)) }, []string{"secret: number 2 has 21 bytes"}},
		"a secret just long enough":    {func(c *webhook.Config) { c.Secret = probes.Secret(whsec(24)) }, nil},
		"a secret just short enough":   {func(c *webhook.Config) { c.Secret = probes.Secret(whsec(63)) }, nil},
		"a secret just too long":       {func(c *webhook.Config) { c.Secret = probes.Secret(whsec(66)) }, []string{"secret: number 1 has 66 bytes"}},
		"too many secrets":             {func(c *webhook.Config) { c.Secret = probes.Secret(strings.Repeat(newSecret+" ", 5)) }, []string{"secret: holds 5"}},
		"a header of ours":             {func(c *webhook.Config) { c.Headers = headers("webhook-ID", marker) }, []string{"headers.webhook-ID: is set"}},
		"the host as a header":         {func(c *webhook.Config) { c.Headers = headers("host", marker) }, []string{"headers.host: is set"}},
		"a header that is no word":     {func(c *webhook.Config) { c.Headers = headers("X Y", marker) }, []string{`headers: "X Y" is no name`}},
		"a header without a value":     {func(c *webhook.Config) { c.Headers = headers("X-Y", " ") }, []string{"headers.X-Y: is empty"}},
		"a header with a line break":   {func(c *webhook.Config) { c.Headers = headers("X-Y", marker+"\r\nX: y") }, []string{"headers.X-Y: is empty"}},
		"a timeout just too short":     {func(c *webhook.Config) { c.Timeout = 100*time.Millisecond - 1 }, []string{"timeout: "}},
		"a timeout as long as it gets": {func(c *webhook.Config) { c.Timeout = 30 * time.Second }, nil},
		"a timeout just too long":      {func(c *webhook.Config) { c.Timeout = 30*time.Second + 1 }, []string{"timeout: "}},
		"everything at once":           {func(c *webhook.Config) { *c = webhook.Config{Timeout: -1, Headers: headers("Te", "x")} }, []string{"url: ", "secret: ", "headers.Te: ", "timeout: "}},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			c := webhook.Config{URL: "https://pager.example.com/hook", Secret: newSecret}
			tc.change(&c)
			var list []string
			err := c.Validate()
			if err != nil {
				list = strings.Split(err.Error(), "\n")
			}
			if len(list) != len(tc.want) {
				t.Fatalf("got %q, want %d faults", list, len(tc.want))
			}
			for i, want := range tc.want {
				if !strings.HasPrefix(list[i], want) || strings.Contains(list[i], marker) {
					t.Errorf("got %q, want %q without the secret", list[i], want)
				}
			}
		})
	}
}

func headers(name, value string) map[string]probes.Secret {
	return map[string]probes.Secret{name: probes.Secret(value)}
}
