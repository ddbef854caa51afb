package daemon_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting/digest"
	"github.com/hookvigil/hookvigil/internal/hooktest"
)

// midway sets digests so that the window that runs began between three and four
// hours ago: a test does not run over its end.
func midway(now time.Time) string {
	return fmt.Sprintf("digest: {offset: %dh}\n", (now.UTC().Hour()+3)%6)
}

// preview returns the facts and the text of a digest of the merchant shop.
func (r *running) preview(query string) (f digest.Facts, text string) {
	r.t.Helper()
	r.into(http.StatusOK, &f, http.MethodGet, "/api/v1/digests/preview?merchant=shop"+query, "")
	_, text = r.call(http.MethodGet, "/api/v1/digests/preview?merchant=shop&format=text"+query, "")
	return f, text
}

// What began to fail after the window is for the next digest, what was
// delivered since is told no more, and the rest has the time as of which it is.
func TestADigestTellsWhatBeganToFailInItsWindow(t *testing.T) {
	t.Parallel()
	receiver := hooktest.Start(t, hooktest.Options{})
	now := time.Now().UTC().Truncate(time.Second)
	text := head + midway(now) +
		merchants(fmt.Sprintf("{id: shop-a, url: %q, schedule: \"1h, 20h\"}", receiver.URL()+"/hook"))
	r := start(t, t.TempDir(), text)
	line := func(event string, number int, ago time.Duration, status int) string {
		return fmt.Sprintf(`{"source":"core","event":%q,"endpoint":"shop-a","attempt":%d,"started_at":%q,"status":%d}`+"\n",
			event, number, now.Add(-ago).Format(time.RFC3339), status)
	}
	r.told(line("before", 1, 5*time.Hour, 503)+line("before", 2, 4*time.Hour, 503)+line("after", 1, time.Hour, 503)+
		line("delivered since", 1, 5*time.Hour, 503)+line("delivered since", 2, time.Hour, 200), 5)
	past := "&window=" + now.Add(-5*time.Hour).Format(time.RFC3339)
	waiting := func(query string) int {
		f, _ := r.preview(query)
		if len(f.Endpoints) != 1 || f.Endpoints[0].Backlog == nil {
			return 0
		}
		return f.Endpoints[0].Backlog.Undelivered
	}
	r.until("both wait in the window that runs", func() bool { return waiting("") == 2 })
	f, said := r.preview(past)
	if b := f.Endpoints[0].Backlog; b == nil || b.Undelivered != 1 || !b.Oldest.Equal(now.Add(-5*time.Hour)) {
		t.Errorf("the window that is over tells %+v, want the one that failed first in it and waits still", b)
	}
	if f.Made.Before(now) || !f.AsOf().Equal(f.Made) || !strings.Contains(said, "Endpoint states, and what waits, are as of ") {
		t.Errorf("made %s, as of %s; it says:\n%s", f.Made, f.AsOf(), said)
	}
	if _, said := r.preview(""); strings.Contains(said, "what waits, are as of") || !strings.Contains(said, "told as of ") {
		t.Errorf("the window that runs says:\n%s", said)
	}
}

// What probes saw waits some time to be saved; a preview tells it before.
func TestAPreviewTellsWhatIsNotSavedYet(t *testing.T) {
	t.Parallel()
	receiver := hooktest.Start(t, hooktest.Options{})
	r := start(t, t.TempDir(), head+midway(time.Now())+merchants(fmt.Sprintf("{id: x, url: %q, probe: {interval: 1h}}", receiver.URL())))
	r.probeNow("x")
	r.probeNow("x") // the first is counted by now
	f, said := r.preview("")
	if e := f.Endpoints[0]; f.Covered == 0 || e.Covered == 0 || e.Answers == 0 || strings.Contains(said, "nobody looked") {
		t.Errorf("covered %s, %s of %d answers; it says:\n%s", f.Covered, e.P50, e.Answers, said)
	}
}

// Deliveries without a probe are data too.
func TestADigestOfDeliveriesAloneHasData(t *testing.T) {
	t.Parallel()
	now := time.Now().UTC()
	r := start(t, t.TempDir(), head+midway(now)+merchants(`{id: x, url: "https://203.0.113.1/", suspended: true}`))
	r.told(fmt.Sprintf(`{"source":"core","event":"a","endpoint":"x","attempt":1,"started_at":%q,"status":200}`, now.Format(time.RFC3339)), 1)
	r.until("it is counted", func() bool { f, _ := r.preview(""); return f.Endpoints[0].First.Total == 1 })
	if _, said := r.preview(""); strings.Contains(said, "no data") || !strings.Contains(said, "No probe counted: what is told comes from deliveries alone.") {
		t.Errorf("it says:\n%s", said)
	}
}

// ledger returns the states of a merchant's windows by their starts; each is
// there once.
func (r *running) ledger(merchant string) map[string]digest.State {
	r.t.Helper()
	var list struct {
		Items []struct {
			Start string       `json:"window_start"`
			State digest.State `json:"state"`
		}
	}
	r.into(http.StatusOK, &list, http.MethodGet, "/api/v1/digests?limit=500&merchant="+merchant, "")
	states := map[string]digest.State{}
	for _, row := range list.Items {
		if _, twice := states[row.Start]; twice {
			r.t.Fatalf("the window from %s is in the ledger twice", row.Start)
		}
		states[row.Start] = row.State
	}
	return states
}

// TestMerchantsGetTheirDigestInSlack goes from the configuration to the message.
func TestMerchantsGetTheirDigestInSlack(t *testing.T) {
	t.Parallel()
	for sentence, tc := range map[string]struct {
		to    string // digest.to
		slack string // how the receiver reaches the channel
	}{
		"beside mail, by a bot":           {"to: [ops@shop.example], ", "token_file: token, channel: " + hooktest.DefaultSlackChannel + ", api_url: "},
		"alone, by an incoming webhook":   {"", "webhook_url_file: hook"},
		"beside mail, by a webhook again": {"to: [ops@shop.example], ", "webhook_url_file: hook"},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			s, mails, receiver, dir := hooktest.StartSlack(t, hooktest.SlackOptions{}), hooktest.StartSMTP(t, hooktest.SMTPOptions{}), hooktest.Start(t, hooktest.Options{}), t.TempDir()
			write(t, dir+"/token", hooktest.DefaultSlackToken)
			write(t, dir+"/hook", s.HookURL(""))
			if strings.HasSuffix(tc.slack, "api_url: ") {
				tc.slack += s.APIURL()
			}
			r := start(t, dir, head+fmt.Sprintf(`deadman: {prove: 0s}
digest: {every: 3s, bucket: 1s, spread: 0s, receiver: mail}
merchants: [{id: shop, name: Toko <!channel> Maju, digest: {%sslack: shop-slack}, endpoints: [{id: x, url: %q}]}]
receivers:
  mail: {kind: email, smtp: {host: 127.0.0.1, port: %d, tls: none}, from: digests@example.com}
  shop-slack: {kind: slack, %s}
`, tc.to, receiver.URL(), mails.Addr().Port(), tc.slack))
			arrived := func(window string) bool {
				var want struct{ Text string }
				r.into(http.StatusOK, &want, http.MethodGet, "/api/v1/digests/preview?merchant=shop&format=slack&window="+window, "")
				return slices.ContainsFunc(s.Messages(hooktest.DefaultSlackChannel), func(m hooktest.SlackMessage) bool { return m.Latest().Text == want.Text })
			}
			r.until("a window was sent", func() bool {
				for start, state := range r.ledger("shop") {
					if state == digest.StateSent && arrived(start) {
						return true
					}
				}
				return false
			})
			if text := s.Messages(hooktest.DefaultSlackChannel)[0].Latest().Text; strings.Contains(text, "<!channel>") || !strings.Contains(text, "Toko &lt;!channel&gt; Maju") {
				t.Errorf("the message says:\n%s", text)
			}
			if got := len(mails.Messages()) > 0; tc.to == "" && got {
				t.Error("a mail went to nobody")
			}
			if tc.to != "" {
				r.until("the mail is there too", func() bool { return len(mails.Messages()) > 0 })
			}
		})
	}
}

// Merchants of the API name receivers of the configuration, and only those of
// the right kind.
func TestTheAPIChecksWhereDigestsGo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir+"/hook", "https://hooks.slack.example/services/T0/B0/x")
	r := start(t, dir, head+`receivers:
  mail: {kind: email, smtp: {host: 127.0.0.1, port: 1, tls: none}, from: digests@example.com, to: [sre@example.com]}
  shop-slack: {kind: slack, webhook_url_file: hook}
routes: [{to: [mail]}]
`)
	for name, status := range map[string]int{"nowhere": http.StatusUnprocessableEntity, "mail": http.StatusUnprocessableEntity, "shop-slack": http.StatusCreated} {
		got, body := r.call(http.MethodPut, "/api/v1/merchants/of-"+name, fmt.Sprintf(`{"digest":{"slack":%q}}`, name))
		if got != status || status != http.StatusCreated && !strings.Contains(body, "one of shop-slack") {
			t.Errorf("%s: %d %s, want %d", name, got, body, status)
		}
	}
	_, body := r.call(http.MethodGet, "/api/v1/merchants/of-shop-slack", "")
	var m struct{ Digest struct{ Slack string } }
	if err := json.Unmarshal([]byte(body), &m); err != nil || m.Digest.Slack != "shop-slack" {
		t.Errorf("it is kept as %s", body)
	}
}

// An event is lost in one window: the digest of the one before, made later,
// leaves it to the next.
func TestALostEventIsToldOnce(t *testing.T) {
	t.Parallel()
	receiver := hooktest.Start(t, hooktest.Options{})
	now := time.Now().UTC().Truncate(time.Second)
	text := head + midway(now) +
		merchants(fmt.Sprintf("{id: shop-a, url: %q, schedule: \"1h\"}", receiver.URL()+"/hook"))
	r := start(t, t.TempDir(), text)
	line := func(event string, number int, ago time.Duration) string {
		return fmt.Sprintf(`{"source":"core","event":%q,"endpoint":"shop-a","attempt":%d,"started_at":%q,"status":503}`+"\n", event, number, now.Add(-ago).Format(time.RFC3339))
	}
	r.told(line("before", 1, 8*time.Hour)+line("before", 2, 7*time.Hour)+line("across", 1, 4*time.Hour+10*time.Minute)+line("across", 2, 2*time.Hour), 4)
	lost := func(query string) int {
		f, _ := r.preview(query)
		if len(f.Endpoints) != 1 || f.Endpoints[0].Backlog == nil {
			return 0
		}
		return f.Endpoints[0].Backlog.Lost
	}
	r.until("both are told, each by the digest of the window in which it was lost", func() bool {
		return lost("&window="+now.Add(-5*time.Hour).Format(time.RFC3339)) == 1 && lost("") == 1
	})
}

// An hour has four parts where it is counted in quarters of an hour: a finer one
// would claim to know when.
func TestTheStripOfAnHourHasItsQuarters(t *testing.T) {
	t.Parallel()
	receiver := hooktest.Start(t, hooktest.Options{})
	r := start(t, t.TempDir(), head+"digest: {every: 1h}\n"+merchants(fmt.Sprintf("{id: shop-a, url: %q}", receiver.URL()+"/hook")))
	if f, _ := r.preview(""); len(f.Endpoints) != 1 || len(f.Endpoints[0].Strip) != 4 {
		t.Errorf("got %+v, want one endpoint with four parts", f.Endpoints)
	}
}
