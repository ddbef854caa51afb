package config_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hookvigil/hookvigil/internal/config"
)

// TestKeysOfLaterAreCounted: one warning a key, at its first use, however
// many merchants have it and in however many files they stand.
func TestKeysOfLaterAreCounted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "hookvigil.yaml")
	put(t, path, `version: 1
include: conf.d
merchants_file: merchants.ndjson
server:
  public_url: https://hooks.example.com
  tokens:
    - {name: a, role: ingest, source: core, token_file: core.token}
    - {name: b, role: viewer, token_file: ops.token}
defaults: {schedule: svix}
merchants:
  - {id: y1, digest: {to: [a@y1.example]}, incidents: }
  - {id: y2, digest: {}, endpoints: [{id: y2-a, url: "https://y2.example/", deadline: 10s, schedule: ""}]}
`, 0o644)
	put(t, filepath.Join(dir, "conf.d/more.yaml"), "merchants: [{id: y3, digest: {mode: daily}}]\n", 0o644)
	put(t, filepath.Join(dir, "core.token"), "a-token-of-the-sender", 0o600)
	put(t, filepath.Join(dir, "ops.token"), "a-token-of-an-operator", 0o600)
	var lines strings.Builder
	for i := range 5_000 {
		fmt.Fprintf(&lines, `{"id":"m%d","digest":{"to":["ops@m.example"]},"incidents":{"to":["ops@m.example"]},"endpoints":[{"id":"m%d-a","url":"https://m.example/","schedule":"svix"},{"id":"m%d-b","url":"https://m.example/","schedule":"svix"}]}`+"\n", i, i, i)
	}
	put(t, filepath.Join(dir, "merchants.ndjson"), lines.String(), 0o600)

	_, faults := config.Load(path)
	var got []string
	for _, f := range faults {
		got = append(got, strings.TrimPrefix(f.String(), dir+"/"))
		if f.Excerpt == "" {
			t.Errorf("%s: no excerpt", f)
		}
	}
	want := []string{
		"hookvigil.yaml:5:3: warning: server.public_url: not in this version: nothing links to it yet",
		"hookvigil.yaml:7:17: warning: server.tokens[].role: not in this version: attempts are not taken in yet (1 token)",
		"hookvigil.yaml:7:31: warning: server.tokens[].source: not in this version: attempts are not taken in yet (1 token)",
		"hookvigil.yaml:9:12: warning: defaults.schedule: not in this version: attempts are not taken in yet",
		"hookvigil.yaml:11:14: warning: merchants[].digest: not in this version: no digest is sent yet (5002 merchants)",
		"hookvigil.yaml:12:77: warning: merchants[].endpoints[].deadline: not in this version: attempts are not taken in yet (1 endpoint)",
		"merchants.ndjson:1:46: warning: merchants[].incidents: not in this version: no incident is opened yet (5000 merchants)",
		"merchants.ndjson:1:136: warning: merchants[].endpoints[].schedule: not in this version: attempts are not taken in yet (10000 endpoints)",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
