package email_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting/email"
)

func TestValidateNamesEveryFault(t *testing.T) {
	t.Parallel()
	sound := func() email.Config {
		return email.Config{
			SMTP: email.Server{Host: "smtp.example.com", Username: "u", Password: "hidden-marker"},
			From: "alerts@example.com", To: []string{"sre@example.com"},
		}
	}
	for sentence, tc := range map[string]struct {
		change func(*email.Config)
		want   []string // one for each fault
	}{
		"sound":                          {func(*email.Config) {}, nil},
		"sound, with everything":         {func(c *email.Config) { c.SMTP.Port, c.SMTP.TLS, c.Timeout = 65535, "implicit", 10*time.Minute }, nil},
		"no TLS to localhost":            {func(c *email.Config) { c.SMTP.Host, c.SMTP.TLS = "localhost", "none" }, nil},
		"no TLS to an IPv6 loopback":     {func(c *email.Config) { c.SMTP.Host, c.SMTP.TLS = "::1", "none" }, nil},
		"no TLS to another host":         {func(c *email.Config) { c.SMTP.TLS = "none" }, []string{"smtp.tls: none"}},
		"no TLS to a look-alike":         {func(c *email.Config) { c.SMTP.Host, c.SMTP.TLS = "127.0.0.1.evil.test", "none" }, []string{"smtp.tls: none"}},
		"a port in the host":             {func(c *email.Config) { c.SMTP.Host = "smtp.example.com:25" }, []string{"smtp.host:"}},
		"a URL as host":                  {func(c *email.Config) { c.SMTP.Host = "smtps://smtp.example.com" }, []string{"smtp.host:"}},
		"a port too high":                {func(c *email.Config) { c.SMTP.Port = 65536 }, []string{"smtp.port: 65536"}},
		"a port below 0":                 {func(c *email.Config) { c.SMTP.Port = -1 }, []string{"smtp.port: -1"}},
		"a password alone":               {func(c *email.Config) { c.SMTP.Username = "" }, []string{"smtp.username:"}},
		"a username alone":               {func(c *email.Config) { c.SMTP.Password = "" }, []string{"smtp.username:"}},
		"connections below 0":            {func(c *email.Config) { c.Connections = -1 }, []string{"connections: -1"}},
		"as many connections as allowed": {func(c *email.Config) { c.Connections = 64 }, nil},
		"one connection too many":        {func(c *email.Config) { c.Connections = 65 }, []string{"connections: 65"}},
		"a timeout below 0":              {func(c *email.Config) { c.Timeout = -1 }, []string{"timeout: -1ns"}},
		"a timeout just too long":        {func(c *email.Config) { c.Timeout = 10*time.Minute + 1 }, []string{"timeout:"}},
		"a sender that is not ASCII":     {func(c *email.Config) { c.From = "büro@example.com" }, []string{"from:"}},
		"a sender with a line break":     {func(c *email.Config) { c.From = "a@example.com\r\nBcc: b@example.com" }, []string{"from:"}},
		"the second recipient is wrong":  {func(c *email.Config) { c.To = append(c.To, "sre") }, []string{"to[1]:"}},
		"nothing at all":                 {func(c *email.Config) { *c = email.Config{} }, []string{"smtp.host: is empty", "from:"}},
		"everything at once": {func(c *email.Config) {
			*c = email.Config{SMTP: email.Server{Host: "a b", Port: -1, TLS: "ssl", Username: "u"}, From: "x", To: []string{"y"}, Timeout: -1}
		}, []string{"smtp.host:", "smtp.port:", "smtp.tls: \"ssl\"", "smtp.username:", "from:", "to[0]:", "timeout:"}},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			c := sound()
			tc.change(&c)
			err := c.Validate()
			var got []string
			if err != nil {
				got = strings.Split(err.Error(), "\n")
			}
			if len(got) != len(tc.want) {
				t.Fatalf("got %q, want %d faults", got, len(tc.want))
			}
			for i, want := range tc.want {
				if !strings.HasPrefix(got[i], want) || strings.Contains(got[i], "hidden-marker") {
					t.Errorf("got %q, want %q", got[i], want)
				}
			}
		})
	}
}
