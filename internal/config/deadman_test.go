package config_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/config"
)

func TestDeadman(t *testing.T) {
	const marker = "marker-of-the-ping"
	https := "https://hc.example.com/ping/" + marker
	d := func(change func(*config.Deadman)) config.Deadman {
		c := config.DefaultDeadman()
		change(&c)
		return c
	}
	for name, c := range map[string]struct {
		text, file string // file: what deadman.url holds
		want       config.Deadman
		fault      string // part of the one that is expected
	}{
		"nothing":                    {"", "", config.DefaultDeadman(), ""},
		"an empty section":           {"deadman:", "", config.DefaultDeadman(), ""},
		"a file":                     {"deadman: {url_file: deadman.url, every: 30s, prove: 2h}", https + "\n", config.Deadman{URL: "https://hc.example.com/ping/" + marker, Every: 30 * time.Second, Prove: 2 * time.Hour}, ""},
		"the environment":            {"deadman: {url: '${PING_URL}'}", "", d(func(c *config.Deadman) { c.URL = "https://hc.example.com/ping/" + marker }), ""},
		"proofs off":                 {"deadman: {prove: 0s}", "", d(func(c *config.Deadman) { c.Prove = 0 }), ""},
		"clear text to this machine": {"deadman: {url_file: deadman.url}", "http://127.0.0.1:1/" + marker, d(func(c *config.Deadman) { c.URL = "http://127.0.0.1:1/" + marker }), ""},
		"clear text elsewhere":       {"deadman: {url_file: deadman.url}", "http://hc.example.com/" + marker, d(func(c *config.Deadman) { c.URL = "http://hc.example.com/" + marker }), "warning: deadman.url_file: goes over the network in clear text"},
		"the URL itself":             {"deadman: {url: '" + https + "'}", "", config.Deadman{}, "deadman.url: a secret does not stand in the configuration itself"},
		"the URL in place of a path": {"deadman: {url_file: '" + https + "'}", "", config.Deadman{}, "deadman.url_file: is the secret itself"},
		"both":                       {"deadman: {url: '${PING_URL}', url_file: deadman.url}", https, config.Deadman{}, "url and url_file exclude each other"},
		"no such file":               {"deadman: {url_file: gone.url}", "", config.Deadman{}, "deadman.url_file: "},
		"another scheme":             {"deadman: {url_file: deadman.url}", "ftp://hc.example.com/" + marker, config.Deadman{}, "deadman.url_file: is not a URL of http or https"},
		"no URL at all":              {"deadman: {url_file: deadman.url}", "http://[" + marker, config.Deadman{}, "deadman.url_file: is not a URL of http or https"},
		"a user":                     {"deadman: {url_file: deadman.url}", "https://" + marker + "@hc.example.com/", config.Deadman{}, "deadman.url_file: has a user or a fragment"},
		"too often":                  {"deadman: {every: 999ms}", "", config.Deadman{}, "deadman.every: 999ms is outside [1s, 1h]"},
		"too seldom":                 {"deadman: {every: 61m}", "", config.Deadman{}, "is outside [1s, 1h]"},
		"proofs too often":           {"deadman: {prove: 59s}", "", config.Deadman{}, "deadman.prove: 59s is outside [1m, 1d]"},
		"proofs too seldom":          {"deadman: {prove: 25h}", "", config.Deadman{}, "is outside [1m, 1d]"},
		"an unknown key":             {"deadman: {grace: 1m}", "", config.Deadman{}, "deadman.grace: unknown key"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("PING_URL", https)
			dir := t.TempDir()
			path := filepath.Join(dir, "hookvigil.yaml")
			put(t, path, "version: 1\n"+c.text+"\n", 0o644)
			if c.file != "" {
				put(t, filepath.Join(dir, "deadman.url"), c.file, 0o600)
			}
			cfg, faults := config.Load(path)
			all := printed(t, faults)
			switch {
			case c.fault == "" && len(faults) > 0, c.fault != "" && (len(faults) != 1 || !strings.Contains(all, c.fault)):
				t.Errorf("faults:\n%s\nwant %q", all, c.fault)
			case !config.Failed(faults) && cfg.Deadman != c.want:
				t.Errorf("got %+v, want %+v", cfg.Deadman, c.want)
			}
			for _, f := range faults {
				if strings.Contains(f.String(), marker) {
					t.Errorf("the URL stands in a fault: %s", f)
				}
			}
		})
	}
}
