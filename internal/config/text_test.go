package config_test

import (
	"strings"
	"testing"

	"github.com/hookvigil/hookvigil/internal/config"
	"pgregory.net/rapid"
)

func TestNearest(t *testing.T) {
	t.Parallel()
	known := []string{"ack_budget", "confirm", "confirm_after", "id", "interval", "level", "timeout", "url", "token", "token_file", "probe"}
	for word, want := range map[string]string{
		"timout": "timeout", "Timeout": "timeout", "time_out": "timeout", "tiemout": "timeout", "ackBudget": "ack_budget",
		"ack-budget": "ack_budget", "intervall": "interval", "ulr": "url", "uri": "url", "tokenfile": "token_file", "confrim": "confirm",
		"probes": "probe", "ID": "id", "x": "", "if": "", "password": "", "zzz": "", "": "",
	} {
		if got, ok := config.Nearest(word, known); got != want || ok != (want != "") {
			t.Errorf("nearest to %q is %q, want %q", word, got, want)
		}
	}
}

func TestSlipsIsADistance(t *testing.T) {
	t.Parallel()
	const limit = 100
	words := rapid.StringMatching(`[a-c]{0,8}`)
	rapid.Check(t, func(t *rapid.T) {
		a, b := words.Draw(t, "a"), words.Draw(t, "b")
		d := config.Slips(a, b, limit)
		if d != config.Slips(b, a, limit) || (d == 0) != (a == b) || d > max(len(a), len(b)) || d < len(a)-len(b) {
			t.Fatalf("%q to %q is %d, back %d", a, b, d, config.Slips(b, a, limit))
		}
		i := rapid.IntRange(0, len(a)).Draw(t, "at")
		if got := config.Slips(a, a[:i]+"x"+a[i:], limit); got != 1 {
			t.Fatalf("one letter more is %d slips", got)
		}
		if low := rapid.IntRange(0, 10).Draw(t, "limit"); config.Slips(a, b, low) != min(d, low) {
			t.Fatalf("%q to %q is %d below the limit %d, want %d", a, b, config.Slips(a, b, low), low, min(d, low))
		}
	})
}

func TestHide(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		line       string
		column     int
		want       string
		wantColumn int
	}{
		"nothing to hide":                   {"  timeout: 45s", 12, "  timeout: 45s", 12},
		"a token":                           {"token: abc", 8, "token: <secret>", 8},
		"a token with commas":               {"  - token: a,b}c", 12, "  - token: <secret>", 12},
		"a name that ends in a secret":      {"client_secret: abc", 1, "client_secret: <secret>", 1},
		"a token in JSON":                   {`{"token":"a\"b","x":1}`, 17, `{"token":<secret>,"x":1}`, 19},
		"a token in a flow mapping":         {"{name: x, token: abc, role: y}", 23, "{name: x, token: <secret>, role: y}", 28},
		"the column inside what is hid":     {"token: abcdef", 11, "token: <secret>", 8},
		"in upper case":                     {"API_KEY: abc", 1, "API_KEY: <secret>", 1},
		"the name of a file":                {"token_file: secrets/x", 13, "token_file: secrets/x", 13},
		"the name of a header":              {"token_header: x-callback-token", 15, "token_header: x-callback-token", 15},
		"a list of tokens":                  {"tokens: [{name: x}]", 1, "tokens: [{name: x}]", 1},
		"a name in the environment":         {"token: ${TOKEN}", 8, "token: ${TOKEN}", 8},
		"a password in a URL":               {"url: https://u:p@x.example/a", 6, "url: https://<secret>@x.example/a", 6},
		"a query":                           {"url: https://x.example/a?key=1&b=2 # x", 40, "url: https://x.example/a?<secret> # x", 38},
		"two secrets":                       {"{password: a, secret: b}", 24, "{password: <secret>, secret: <secret>}", 38},
		"a token of Slack under any key":    {"{token_file: xoxb-1-2-abc, channel: C01}", 1, "{token_file: <secret>, channel: C01}", 1},
		"an incoming webhook under any key": {"{url: https://hooks.slack.com/services/T0/B0/x, a: b}", 48, "{url: https://<secret>, a: b}", 24},
		"a URL in place of a file":          {"webhook_url_file: https://chat.example.com/hooks/x", 19, "webhook_url_file: <secret>", 19},
		"a file":                            {"webhook_url_file: secrets/slack.url", 19, "webhook_url_file: secrets/slack.url", 19},
		"a key in the middle of a word":     {"monkey: banana", 9, "monkey: banana", 9},
		"characters of more than one byte":  {"name: Zażółć # token: x", 8, "name: Zażółć # token: <secret>", 8},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, column := config.Hide(tt.line, tt.column)
			if got != tt.want || column != tt.wantColumn {
				t.Errorf("got %q column %d, want %q column %d", got, column, tt.want, tt.wantColumn)
			}
		})
	}
}

// TestSecretsOnSeveralLines: what continues a secret is not shown either.
func TestSecretsOnSeveralLines(t *testing.T) {
	for name, text := range map[string]string{
		"a literal":                "version: 1\nserver:\n  tokens:\n    - name: ops\n      token: |\n        hunter2\n        hunter2: x\n      role: viewer\n",
		"a quote":                  "version: 1\nserver:\n  tokens:\n    - name: ops\n      token: \"hunter2\n        hunter2 \\q\"\n      role: viewer\n",
		"a quote never closed":     "version: 1\nserver:\n  tokens:\n    - name: ops\n      token: \"hunter2\n        hunter2\n      role: viewer\n",
		"a mapping":                "version: 1\nserver:\n  tokens:\n    - name: ops\n      token:\n        hunter2: hunter2\n",
		"a list":                   "version: 1\nserver:\n  tokens:\n    - name: ops\n      token:\n        - hunter2\n",
		"indented with a tab":      "version: 1\nserver:\n  tokens:\n    - name: ops\n      token: |\n\t\thunter2\n",
		"indented too little":      "version: 1\nserver:\n  tokens:\n    - name: ops\n      token: |\n     hunter2\n",
		"an anchor":                "version: 1\nx-a: &a {token: hunter2}\nmerchants: [{id: a, endpoints: [*a]}]\n",
		"a duplicate":              "version: 1\nserver: {tokens: [{token: hunter2, token: hunter2}]}\n",
		"a tag":                    "version: 1\nserver: {tokens: [{token: !x hunter2}]}\n",
		"a key in the wrong place": "version: 1\ntoken: hunter2\npassword: hunter2 hunter2\nserver: {password: hunter2}\n",
	} {
		t.Run(name, func(t *testing.T) {
			_, faults := load(t, text)
			if text := printed(t, faults); !config.Failed(faults) || strings.Contains(text, marker) {
				t.Errorf("want a fault without the secret:\n%s", text)
			}
		})
	}
}
