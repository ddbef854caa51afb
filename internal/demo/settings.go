package demo

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"text/template"
	"time"

	"github.com/hookvigil/hookvigil/internal/config"
	"github.com/hookvigil/hookvigil/internal/hooktest"
)

// settingsText is the daemon's configuration. What differs from the defaults
// is how long things take.
const settingsText = `version: 1
data_dir: data
log: {level: info}
server: {listen: "{{.Listen}}", public_url: "http://{{.Listen}}"}
guard: {allow: [127.0.0.0/8]}      # the merchants of the demonstration live here
tls: {ca_files: [demo-ca.pem]}

defaults:
  probe: {level: reach, interval: 2s, timeout: 3s, ack_budget: 1s, confirm: 1, confirm_after: 1s}
  schedule: "15s, 1m, 3m"          # the sender tries again after a quarter of an hour, one and three
  certificate: {interval: 3s, timeout: 2s, warn_below: 20s, page_below: 1s}

merchants:
{{- range .Merchants}}
  - id: {{.ID}}
    name: {{.Name}}
    timezone: Asia/Jakarta
{{- if .Digest}}
    digest: {to: [{{.Digest}}]}
{{- end}}
    endpoints:
{{- range .Endpoints}}
      - {id: {{.ID}}, url: "{{url .ID}}/webhooks", products: [{{.Product}}], deadline: {{$.Deadline}}}
{{- end}}
{{- end}}

targets:
  - {id: ` + ledgerTarget + `, address: "{{.Ledger}}"}

sources:
  - {id: core, grade: A}

rules:                             # the code is the same; an hour is a minute here
  endpoint_down: {span: 8s, good: 2}
  endpoint_failing: {window: 10s, attempts: 5}
  error_ratio:
    tick: 1s
    grace: 2s
    window: 20s
    recent: 1m
    day: 24m
    clear_for: 10s
    reopen: 1m
    settle: 24m
  loss_coming: {within: 1s, urgent: 1s} # all that fails here is lost within minutes: it would drown the story
  events_lost: {within: 1s}
  reopen: 1m

incidents: {settle: 2s, flapping: {within: 1m, stable: 30s}}

digest: {every: {{.Window}}, offset: {{.Offset}}, bucket: {{.Bucket}}, spread: 0s, delay: {{.Delay}}, receiver: mail, report_to: ops}

deadman: {prove: 0s}
receivers:
  ops: {kind: slack, token_file: slack.token, channel: {{.Channel}}, api_url: "{{.SlackURL}}"}
  mail: {kind: email, smtp: {host: 127.0.0.1, port: {{.MailPort}}, tls: none}, from: hookvigil <alerts@demo.example>, to: [` + mailbox + `]}

routes:
  - {to: [ops, mail]}
`

// settings are the values of settingsText.
type settings struct {
	Listen    string
	Merchants []merchant
	Ledger    string
	Channel   string
	SlackURL  string
	MailPort  uint16
	Deadline  time.Duration // of the sender

	Window, Offset, Bucket, Delay time.Duration // of digests
}

// writeSettings writes the configuration and what it names into dir, and
// returns the path of the file. Windows of digests follow the story that began
// at begun.
func writeSettings(dir, listen string, s *stage, k *sinks, begun time.Time) (string, error) {
	tmpl, err := template.New("").Funcs(template.FuncMap{"url": func(id string) string { return s.receivers[id].URL() }}).Parse(settingsText)
	if err != nil {
		return "", fmt.Errorf("settings: %w", err)
	}
	var text bytes.Buffer
	err = tmpl.Execute(&text, settings{
		Listen: listen, Merchants: merchants(), Ledger: s.receivers[ledgerTarget].Addr().String(),
		Channel: hooktest.DefaultSlackChannel, SlackURL: k.slack.APIURL(), MailPort: k.mail.Addr().Port(), Deadline: waits,
		Window: windowLength, Offset: offsetFor(begun), Bucket: windowBucket, Delay: windowDelay,
	})
	if err != nil {
		return "", fmt.Errorf("settings: %w", err)
	}
	if _, err := s.ca.WritePEM(dir, "demo-ca"); err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(dir, "slack.token"), []byte(hooktest.DefaultSlackToken), 0o600); err != nil {
		return "", err
	}
	path := filepath.Join(dir, "hookvigil.yaml")
	return path, os.WriteFile(path, text.Bytes(), 0o600)
}

// offsetFor returns the offset of windows of which one begins with the first
// bucket after windowBegins of the story.
func offsetFor(begun time.Time) time.Duration {
	start := begun.Add(windowBegins + windowBucket - 1).Truncate(windowBucket)
	return time.Duration(start.Unix()) * time.Second % windowLength
}

// loadSettings reads the configuration by the way of everybody's.
func loadSettings(path string) (*config.Config, error) {
	cfg, faults := config.Load(path)
	for _, f := range faults {
		if f.Warning { // of short windows: they are meant
			continue
		}
		return nil, fmt.Errorf("settings: %s; %s", f.String(), f.Hint)
	}
	return cfg, nil
}
