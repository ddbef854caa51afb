package hooktest_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/hookvigil/hookvigil/internal/hooktest"
)

const buttons = `[{"type":"actions","block_id":"b","elements":[{"type":"button","action_id":"go","value":"v1","text":{"type":"plain_text","text":"Go"}}]}]`

func TestSlackPressIsWhatSlackSends(t *testing.T) {
	t.Parallel()
	s, c := newSlack(t, hooktest.SlackOptions{})
	c.must(hooktest.SlackPost, "channel", alerts, "text", "without")
	ts := c.must(hooktest.SlackPost, "channel", alerts, "text", "with", "blocks", buttons).TS
	type request struct {
		head http.Header
		body string
	}
	got := make(chan request, 9)
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		got <- request{r.Header, r.PostForm.Get("payload")}
		w.WriteHeader(http.StatusTeapot)
	}))
	t.Cleanup(app.Close)
	if status, err := s.Press(t.Context(), app.URL, hooktest.SlackPress{Action: "go", User: "U0BUDI"}); status != http.StatusTeapot || err != nil {
		t.Fatalf("got %d, %v", status, err)
	}
	r := <-got
	var payload struct {
		Type        string
		User        struct{ ID string }
		Container   map[string]any
		ResponseURL string `json:"response_url"`
		Actions     []struct {
			ID    string `json:"action_id"`
			Value string
			TS    string `json:"action_ts"`
		}
	}
	if err := json.Unmarshal([]byte(r.body), &payload); err != nil {
		t.Fatal(err)
	}
	if payload.Type != "block_actions" || payload.User.ID != "U0BUDI" || payload.Container["message_ts"] != ts || payload.Actions[0].ID != "go" || payload.Actions[0].Value != "v1" || payload.Actions[0].TS == "" {
		t.Errorf("got %+v", payload)
	}
	if !strings.HasPrefix(r.head.Get("X-Slack-Signature"), "v0=") || r.head.Get("X-Slack-Request-Timestamp") == "" {
		t.Errorf("got head %v, want it signed", r.head)
	}
	if _, err := s.Press(t.Context(), app.URL, hooktest.SlackPress{Action: "none"}); err == nil {
		t.Error("a button that no message has was pressed")
	}
	c.send(t.Context(), payload.ResponseURL, "application/json", "", `{"text":"no","response_type":"ephemeral","replace_original":false}`)
	if a := c.send(t.Context(), s.URL()+"/actions/T0/404", "application/json", "", `{"text":"no"}`); a.status != http.StatusNotFound {
		t.Errorf("a response URL that nobody was given: got %d", a.status)
	}
	if list := s.Answers(); len(list) != 1 || list[0].Text != "no" || !list[0].Ephemeral || list[0].Replaces {
		t.Errorf("got answers %+v", list)
	}
}

// TestSlackSignsAsItsManualSays, with the manual's own figures
// (docs.slack.dev/authentication/verifying-requests-from-slack).
func TestSlackSignsAsItsManualSays(t *testing.T) {
	t.Parallel()
	const body = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
	h := hooktest.SignSlack("8f742231b10e8888abcd99yyyzzz85a5", time.Unix(1531420618, 0), []byte(body))
	if got, want := h.Get("X-Slack-Signature"), "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestSlackRefusesBadButtons(t *testing.T) {
	t.Parallel()
	_, c := newSlack(t, hooktest.SlackOptions{})
	button := func(id, value, text string) string {
		return `{"type":"button","action_id":"` + id + `","value":"` + value + `","text":{"type":"plain_text","text":"` + text + `"}}`
	}
	for name, tt := range map[string]struct {
		elements string
		good     bool
	}{
		"as long as may be": {button(strings.Repeat("i", 255), strings.Repeat("v", 2000), strings.Repeat("t", 75)), true},
		"two of one ID":     {button("a", "v", "t") + "," + button("a", "v", "t"), false},
		"a long ID":         {button(strings.Repeat("i", 256), "v", "t"), false},
		"a long value":      {button("a", strings.Repeat("v", 2001), "t"), false},
		"a long text":       {button("a", "v", strings.Repeat("t", 76)), false},
		"no text":           {button("a", "v", ""), false},
		"no element":        {"", false},
		"no object":         {"7", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := c.call(hooktest.SlackPost, "channel", alerts, "text", "x", "blocks", `[{"type":"actions","elements":[`+tt.elements+`]}]`)
			if a.OK != tt.good {
				t.Errorf("got %s, want good: %t", a.raw, tt.good)
			}
		})
	}
}

// dial opens a socket as a client does.
func (c *slackClient) dial() *websocket.Conn {
	c.t.Helper()
	a := c.send(c.t.Context(), c.s.APIURL()+string(hooktest.SlackConnect), "application/x-www-form-urlencoded", hooktest.DefaultSlackAppToken, "")
	var open struct{ URL string }
	if err := json.Unmarshal([]byte(a.raw), &open); err != nil || !a.OK {
		c.t.Fatalf("got %s", a.raw)
	}
	conn, _, err := websocket.DefaultDialer.DialContext(c.t.Context(), open.URL, nil) //nolint:bodyclose // gorilla has closed it
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { _ = conn.Close() })
	if _, resp, err := websocket.DefaultDialer.DialContext(c.t.Context(), open.URL, nil); err == nil || resp == nil || resp.StatusCode != http.StatusForbidden { //nolint:bodyclose // likewise
		c.t.Errorf("a ticket opens two sockets: %v", err)
	}
	return conn
}

func TestSlackSocketBringsPresses(t *testing.T) {
	t.Parallel()
	s, c := newSlack(t, hooktest.SlackOptions{})
	if a := c.call(hooktest.SlackConnect); a.Error != "invalid_auth" {
		t.Errorf("with a bot token: got %s", a.raw)
	}
	if err := s.Deliver("x"); err == nil {
		t.Error("what no socket takes was delivered")
	}
	c.must(hooktest.SlackPost, "channel", alerts, "text", "with", "blocks", buttons)
	conn := c.dial()
	var e struct {
		Type    string
		ID      string `json:"envelope_id"`
		Payload struct{ Type string }
		Reason  string
	}
	next := func(want string) {
		t.Helper()
		if err := conn.ReadJSON(&e); err != nil || e.Type != want {
			t.Fatalf("got %+v, %v, want %s", e, err, want)
		}
	}
	next("hello")
	c.waitFor(func(s hooktest.SlackStats) bool { return s.Sockets == 1 })
	id, err := s.PressSocket(hooktest.SlackPress{Action: "go"})
	if err != nil {
		t.Fatal(err)
	}
	next("interactive")
	if e.ID != id || e.Payload.Type != "block_actions" {
		t.Errorf("got %+v, want envelope %s", e, id)
	}
	for range 2 {
		if err := conn.WriteJSON(map[string]string{"envelope_id": e.ID}); err != nil {
			t.Fatal(err)
		}
	}
	c.waitFor(func(s hooktest.SlackStats) bool { return s.Acks == 2 })
	if err := s.AwaitAck(t.Context(), id); err != nil || s.Acks(id) != 2 {
		t.Errorf("got %d acks, %v, want 2", s.Acks(id), err)
	}
	if err := s.Disconnect("warning"); err != nil {
		t.Fatal(err)
	}
	next("disconnect")
	s.CutSockets()
	if _, _, err := conn.ReadMessage(); err == nil {
		t.Error("a socket that was cut brings something")
	}
	c.waitFor(func(s hooktest.SlackStats) bool { return s.Sockets == 0 })
	again := c.dial()
	c.waitFor(func(s hooktest.SlackStats) bool { return s.Sockets == 1 })
	s.Close() // returns although a socket is open
	_ = again.SetReadDeadline(time.Now().Add(generous))
	for err = nil; err == nil; _, _, err = again.ReadMessage() {
		continue // hello
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.AwaitAck(ctx, "never"); err == nil {
		t.Error("waited for nothing, and got it")
	}
}
