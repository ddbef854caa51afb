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
sources: [{id: core, discover: true}, {id: queue, discover: false}]
watch: [{id: am, url: "http://127.0.0.1:9093/-/ready", every: 30s}]
rules: {silence: {}, primary_blind: {within: 6h}}
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
		"hookvigil.yaml:11:18: warning: watch[].url: not in this version: only heartbeats are watched for, and no URL is asked yet (1 URL)",
		"hookvigil.yaml:12:22: warning: rules.primary_blind: not in this version: a bad certificate opens certificate",
		"hookvigil.yaml:14:27: warning: merchants[].digest.to: 5001 merchants have digest addresses and nobody sends them: there is no digest.receiver",
		"merchants.ndjson:1:64: warning: merchants[].incidents.to: nobody tells incidents to 5000 merchants with addresses: there is neither incidents.merchants.receiver nor digest.receiver",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
