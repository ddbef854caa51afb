package config_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting/digest"
	"github.com/hookvigil/hookvigil/internal/config"
	"github.com/hookvigil/hookvigil/rules"
)

func TestLoadDigest(t *testing.T) {
	const receivers = `
version: 1
receivers:
  mail: {kind: email, smtp: {host: smtp.example.com}, from: a@example.com}
  ops: {kind: slack, webhook_url_file: secrets/slack.url}
  desk: {kind: email, smtp: {host: smtp.example.com}, from: a@example.com, to: [b@example.com]}
routes: [{to: [ops]}]
`
	spans := func(every, spread, delay, dailyAt time.Duration) digest.Config {
		c := digest.DefaultConfig()
		c.Every, c.Spread, c.Delay, c.DailyAt = every, spread, delay, dailyAt
		return c
	}
	for name, tt := range map[string]struct {
		text string
		want config.Digest
	}{
		"all of it": {
			"digest: {every: 12h, spread: 2h, delay: 10m, daily_at: 7h30m, receiver: mail, report_to: ops}",
			config.Digest{Config: spans(12*time.Hour, 2*time.Hour, 10*time.Minute, 7*time.Hour+30*time.Minute), Receiver: "mail", ReportTo: "ops"},
		},
		"a mail without addresses of its own reaches merchants, and another the platform": {
			"digest: {receiver: mail, report_to: desk}",
			config.Digest{Config: digest.DefaultConfig(), Receiver: "mail", ReportTo: "desk"},
		},
		"other boundaries, and shorter buckets": {
			"digest: {every: 3m, offset: 1m, bucket: 5s, spread: 0s, delay: 5s}",
			config.Digest{Config: func() digest.Config {
				c := spans(3*time.Minute, 0, 5*time.Second, 9*time.Hour)
				c.Offset = time.Minute
				return c
			}(), Bucket: 5 * time.Second},
		},
		"one receiver for both": {
			"digest: {receiver: desk, report_to: desk}",
			config.Digest{Config: digest.DefaultConfig(), Receiver: "desk", ReportTo: "desk"},
		},
		"nothing below it":               {"digest:", config.Digest{Config: digest.DefaultConfig()}},
		"empty names":                    {`digest: {receiver: "", report_to: ""}`, config.Digest{Config: digest.DefaultConfig()}},
		"a longer window":                {"digest: {every: 7d}", config.Digest{Config: spans(7*24*time.Hour, 45*time.Minute, 3*time.Minute, 9*time.Hour)}},
		"a shorter window has less":      {"digest: {every: 1h}", config.Digest{Config: spans(time.Hour, 7*time.Minute+30*time.Second, 3*time.Minute, 9*time.Hour)}},
		"the shortest":                   {"digest: {every: 15m}", config.Digest{Config: spans(15*time.Minute, 15*time.Minute/8, 15*time.Minute/8, 9*time.Hour)}},
		"what is given does not shrink":  {"digest: {every: 1h, spread: 59m, delay: 0s}", config.Digest{Config: spans(time.Hour, 59*time.Minute, 0, 9*time.Hour)}},
		"one given, and the other not":   {"digest: {every: 30m, delay: 4m}", config.Digest{Config: spans(30*time.Minute, 30*time.Minute/8, 4*time.Minute, 9*time.Hour)}},
		"daily digests end at midnight":  {"digest: {daily_at: 0s}", config.Digest{Config: spans(6*time.Hour, 45*time.Minute, 3*time.Minute, 0)}},
		"a spread without a window":      {"digest: {spread: 5h}", config.Digest{Config: spans(6*time.Hour, 5*time.Hour, 3*time.Minute, 9*time.Hour)}},
		"a sender that is not asked yet": {"digest: {from: digests@example.com}", config.Digest{Config: digest.DefaultConfig()}},
	} {
		t.Run(name, func(t *testing.T) {
			cfg, faults := load(t, receivers+tt.text+"\n")
			if config.Failed(faults) {
				t.Fatalf("want no error:\n%s", printed(t, faults))
			}
			if tt.want.Bucket == 0 {
				tt.want.Bucket = rules.BucketLength
			}
			if cfg.Digest != tt.want {
				t.Errorf("got  %+v\nwant %+v", cfg.Digest, tt.want)
			}
			if err := cfg.Digest.Config.Validate(); err != nil {
				t.Errorf("what was loaded is not valid: %v", err)
			}
		})
	}
}

// TestDigestReceiversAreUsed: a receiver that digests alone go through is told
// of no incident, and that is meant.
func TestDigestReceiversAreUsed(t *testing.T) {
	cfg := mustLoad(t, `
version: 1
receivers:
  ops: {kind: slack, webhook_url_file: secrets/slack.url}
  mail: {kind: email, smtp: {host: smtp.example.com}, from: a@example.com}
  desk: {kind: slack, webhook_url_file: secrets/slack.url}
routes: [{to: [ops]}]
merchants: [{id: acme, digest: {to: [ops@acme.example], mode: problems}}]
digest: {receiver: mail, report_to: desk}
`)
	if d := cfg.Records.Merchants[0].Digest; d.Mode != "problems" || !slices.Equal(d.To, []string{"ops@acme.example"}) {
		t.Errorf("got %+v", d)
	}
}

// TestUnsentDigestsOfAMerchantsFile: the warning shows the line of the first,
// though others have been read since.
func TestUnsentDigestsOfAMerchantsFile(t *testing.T) {
	t.Chdir(t.TempDir())
	put(t, "hookvigil.yaml", "version: 1\nmerchants_file: m.ndjson\n", 0o644)
	put(t, "m.ndjson", `{"id":"a"}
{"id":"b","name":"éé","digest":{"to":["ops@b.example"]}}
{"id":"c","digest":{"to":["ops@c.example"]}}
{"id":"d","name":"a longer line than the one before","digest":{"to":["ops@d.example"],"mode":"off"}}
`, 0o644)
	_, faults := config.Load("hookvigil.yaml")
	const want = `m.ndjson:2:38: warning: merchants[].digest.to: 2 merchants have digest addresses and nobody sends them: there is no digest.receiver
     2 | {"id":"b","name":"éé","digest":{"to":["ops@b.example"]}}
       |                                      ^
  hint: digest: {receiver: mail}, and receivers: {mail: {kind: email, ...}}
`
	if got := printed(t, faults); !strings.Contains(got, want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestDigestOfTheIncludeFolder: the section may stand in any file.
func TestDigestOfTheIncludeFolder(t *testing.T) {
	t.Chdir(t.TempDir())
	put(t, "hookvigil.yaml", "version: 1\ninclude: conf.d\nmerchants: [{id: acme, digest: {to: [ops@acme.example]}}]\n", 0o644)
	put(t, "conf.d/mail.yaml", "receivers: {mail: {kind: email, smtp: {host: smtp.example.com}, from: a@example.com, to: [b@example.com]}}\nroutes: [{to: [mail]}]\ndigest: {receiver: mail, every: 1d}\n", 0o644)
	cfg, faults := config.Load("hookvigil.yaml")
	if len(faults) > 0 {
		t.Fatalf("want no fault:\n%s", printed(t, faults))
	}
	if cfg.Digest.Receiver != "mail" || cfg.Digest.Config.Every != 24*time.Hour {
		t.Errorf("got %+v", cfg.Digest)
	}
}

// Buckets divide the windows of every zone, and what does not end at the same
// times each day is said to drift.
func TestDigestWindowsThatDoNotFit(t *testing.T) {
	for text, want := range map[string]string{
		"digest: {every: 1h, bucket: 30m}":                                 "digest.bucket: 30m does not divide a quarter of an hour",
		"digest: {every: 20s, bucket: 7s}":                                 "digest.bucket: 7s does not divide",
		"digest: {every: 7h}":                                              "warning: digest.every: windows of 7h drift over the day",
		"digest: {every: 6h, offset: 20m}":                                 "digest.offset: 20m is cut by the buckets of 15m that",
		"rules: {endpoint_failing: {window: 10m}}":                         "rules.endpoint_failing.window: 10m is cut by the buckets",
		"rules: {endpoint_failing: {ratio: 0%}}":                           "rules.endpoint_failing.ratio: 0% is outside (0%, 100%]",
		"{digest: {bucket: 1m}, rules: {endpoint_failing: {attempts: 0}}}": "rules.endpoint_failing.attempts",
	} {
		t.Run(text, func(t *testing.T) {
			head := "version: 1\n"
			if strings.HasPrefix(text, "{") {
				head, text = "", strings.Replace(text, "{", "{version: 1, ", 1)
			}
			_, faults := load(t, head+text+"\n")
			if !slices.ContainsFunc(faults, func(f config.Fault) bool { return strings.Contains(f.String(), want) }) {
				t.Errorf("got\n%s\nwant one with %q", printed(t, faults), want)
			}
		})
	}
}
