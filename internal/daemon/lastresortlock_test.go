package daemon_test

import (
	"database/sql" //nolint:depguard // a test holds here the lock that another program would; nothing of the program does
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/hookvigil/hookvigil/internal/hooktest"
)

// lockState holds the lock for writing state.db until it is told.
func lockState(t *testing.T, dir string) (unlock func()) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, "data", "state.db")+"?_pragma=busy_timeout(180000)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() }) // closed before, when all went well
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(t.Context(), `BEGIN IMMEDIATE`); err != nil {
		t.Fatal(err)
	}
	return func() {
		if _, err := db.ExecContext(t.Context(), `ROLLBACK`); err != nil {
			t.Error(err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestALockedStoreIsToldPastTheOutbox: the fixed notice arrives by Slack and by
// mail, the dead-man ping stops, and all goes on by itself once the lock is
// gone.
func TestALockedStoreIsToldPastTheOutbox(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	slack, mail := hooktest.StartSlack(t, hooktest.SlackOptions{}), hooktest.StartSMTP(t, hooktest.SMTPOptions{})
	write(t, filepath.Join(dir, "slack.token"), hooktest.DefaultSlackToken)
	var pings atomic.Int64
	outside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { pings.Add(1) }))
	t.Cleanup(outside.Close)
	write(t, filepath.Join(dir, "deadman.url"), outside.URL)
	d := start(t, dir, head+fmt.Sprintf(`
deadman: {url_file: deadman.url, every: 1s, prove: 0s}
receivers:
  ops: {kind: slack, token_file: slack.token, channel: %s, api_url: %q}
  mail: {kind: email, smtp: {host: 127.0.0.1, port: %d, tls: none}, from: alerts@example.com, to: [sre@example.com]}
routes: [{to: [ops, mail]}]
`, hooktest.DefaultSlackChannel, slack.APIURL(), mail.Addr().Port()))
	d.until("somebody outside is called", func() bool { return pings.Load() >= 2 })

	withheld := func() string {
		_, metrics := d.call(http.MethodGet, "/metrics", "")
		_, n, _ := strings.Cut(metrics, "\nhookvigil_deadman_pings_total{result=\"withheld\"} ")
		n, _, _ = strings.Cut(n, "\n")
		return n
	}
	unlock := lockState(t, dir)
	called, rounds := pings.Load(), withheld()
	d.SelfBroken("part", "it is broken on purpose")
	const text = "probes go on in memory" // whether the check or the conditions were the first to fail
	inSlack := func(text string) int {
		n := 0
		for _, m := range slack.Messages(hooktest.DefaultSlackChannel) {
			if strings.Contains(fmt.Sprintf("%+v", m.Latest()), text) {
				n++
			}
		}
		return n
	}
	inMail := func(text string) int {
		n := 0
		for _, m := range mail.Messages() {
			if strings.Contains(strings.Join(strings.Fields(strings.ReplaceAll(string(m.Data), "=\r\n", "")), " "), text) {
				n++
			}
		}
		return n
	}
	d.until("the ping is withheld", func() bool { return withheld() != rounds })
	before := pings.Load()
	if before > called+2 {
		t.Errorf("somebody outside was called %d times after the lock, want at most 2 rounds", before-called)
	}
	d.until("the notice is in Slack and in the mail", func() bool { return inSlack(text) > 0 && inMail(text) > 0 })
	if inSlack("1 critical condition is not recorded") != 1 || inMail("1 critical condition is not recorded") != 1 {
		t.Error("the notice does not say how much is not recorded")
	}
	var said string
	d.until("/-/duty says who was told", func() bool {
		var status int
		status, said = d.call(http.MethodGet, "/-/duty", "")
		return status == http.StatusServiceUnavailable && strings.Contains(said, "ops was told past the outbox at ") && strings.Contains(said, "mail was told past the outbox at ")
	})
	if !strings.Contains(said, text) || !strings.Contains(said, "store: not writable") {
		t.Errorf("/-/duty says %s", said)
	}
	if n := pings.Load(); n != before {
		t.Errorf("somebody outside was called %d times while the store could not be written", n-before)
	}

	unlock()
	d.until("it is on duty again", func() bool { return d.status("/-/duty") == http.StatusOK })
	d.until("somebody outside is called again", func() bool { return pings.Load() > before })
	d.until("the ordinary incident is told", func() bool { return inSlack("it is broken on purpose") > 0 && inMail("it is broken on purpose") > 0 })
	if inSlack(text) != 1 || inMail(text) != 1 {
		t.Errorf("told %d times in Slack and %d times by mail, want once each", inSlack(text), inMail(text))
	}
}
