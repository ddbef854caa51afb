package config_test

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hookvigil/hookvigil/internal/config"
)

// A receiver that no route names may still hear what is critical when others
// fail, unless it is a program.
func TestASpareReceiverIsToldWhatItGets(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"slack.token": "xoxb-of-a-test",
		"hook.secret": "whsec_" + base64.StdEncoding.EncodeToString(make([]byte, 32)),
		"hookvigil.yaml": `version: 1
receivers:
  ops: {kind: slack, token_file: slack.token, channel: C0123456789}
  spare: {kind: slack, token_file: slack.token, channel: C0123456780}
  hook: {kind: webhook, url: "https://example.com/hook", secret_file: hook.secret}
routes: [{to: [ops]}]
`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, faults := config.Load(filepath.Join(dir, "hookvigil.yaml"))
	said := map[string]string{}
	for _, f := range faults {
		for _, name := range []string{"spare", "hook"} {
			if strings.Contains(f.String(), "receivers."+name) {
				said[name] += f.String()
			}
		}
	}
	if !strings.Contains(said["spare"], "only of what is critical while other receivers fail") || !strings.Contains(said["hook"], "it is told of no incident") {
		t.Errorf("said %q of %v", said, faults)
	}
}
