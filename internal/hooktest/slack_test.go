package hooktest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/internal/hooktest"
)

const alerts = hooktest.DefaultSlackChannel

// slackAnswer is what a client sees.
type slackAnswer struct {
	status int // 0: the connection ended without an answer
	header http.Header
	raw    string

	OK        bool           `json:"ok"`
	Error     string         `json:"error"`
	TS        string         `json:"ts"`
	Channel   string         `json:"channel"`
	Text      string         `json:"text"`
	Message   slackShown     `json:"message"`
	Messages  []slackShown   `json:"messages"`
	HasMore   bool           `json:"has_more"`
	Permalink string         `json:"permalink"`
	BotID     string         `json:"bot_id"`
	Meta      map[string]any `json:"response_metadata"`
}

type slackShown struct {
	TS         string                  `json:"ts"`
	Text       string                  `json:"text"`
	Thread     string                  `json:"thread_ts"`
	ReplyCount int                     `json:"reply_count"`
	Blocks     []map[string]any        `json:"blocks"`
	Metadata   *hooktest.SlackMetadata `json:"metadata"`
	Edited     map[string]string       `json:"edited"`
}

// slackClient is a plain client with no patience but that of ctx.
type slackClient struct {
	t    *testing.T
	s    *hooktest.Slack
	http *http.Client
}

func newSlack(t *testing.T, o hooktest.SlackOptions) (*hooktest.Slack, *slackClient) {
	t.Helper()
	s := hooktest.StartSlack(t, o)
	transport := &http.Transport{DisableKeepAlives: true}
	return s, &slackClient{t: t, s: s, http: &http.Client{Transport: transport}}
}

func (c *slackClient) send(ctx context.Context, address, kind, token, body string) slackAnswer {
	c.t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return slackAnswer{raw: err.Error()}
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	out := slackAnswer{status: resp.StatusCode, header: resp.Header, raw: string(raw)}
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") {
		if err := json.Unmarshal(raw, &out); err != nil {
			c.t.Fatalf("%s: %v", raw, err)
		}
	}
	return out
}

// call sends a form with the right token in it, as slack-go does.
func (c *slackClient) call(method hooktest.SlackMethod, args ...string) slackAnswer {
	c.t.Helper()
	return c.callFor(c.t.Context(), method, args...)
}

func (c *slackClient) callFor(ctx context.Context, method hooktest.SlackMethod, args ...string) slackAnswer {
	c.t.Helper()
	form := url.Values{"token": {hooktest.DefaultSlackToken}}
	for i := 0; i < len(args); i += 2 {
		form.Set(args[i], args[i+1])
	}
	return c.send(ctx, c.s.APIURL()+string(method), "application/x-www-form-urlencoded", "", form.Encode())
}

// must is call for what cannot fail.
func (c *slackClient) must(method hooktest.SlackMethod, args ...string) slackAnswer {
	c.t.Helper()
	a := c.call(method, args...)
	if !a.OK {
		c.t.Fatalf("%s: got %d %s, want ok", method, a.status, a.raw)
	}
	return a
}

func (c *slackClient) hook(kind, body string) slackAnswer {
	c.t.Helper()
	return c.send(c.t.Context(), c.s.HookURL(""), kind, "", body)
}

func (c *slackClient) waitFor(until func(hooktest.SlackStats) bool) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), generous)
	defer cancel()
	if err := c.s.Wait(ctx, until); err != nil {
		c.t.Fatal(err)
	}
}

func idem(key string) string {
	return fmt.Sprintf(`{"event_type":"incident","event_payload":{"idem":%q}}`, key)
}

func section(text string) string {
	return fmt.Sprintf(`{"type":"section","text":{"type":"mrkdwn","text":%q}}`, text)
}

func TestSlackTakesFormsAndJSON(t *testing.T) {
	t.Parallel()
	s, c := newSlack(t, hooktest.SlackOptions{})
	form := c.must(hooktest.SlackPost, "channel", "#alerts", "text", "by form", "blocks", "["+section("one")+"]", "metadata", idem("k1"))
	body := fmt.Sprintf(`{"channel":%q,"text":"by JSON","blocks":[%s],"metadata":%s,"thread_ts":null,"link_names":true}`, alerts, section("two"), idem("k2"))
	byJSON := c.send(t.Context(), s.APIURL()+"chat.postMessage", "application/json; charset=utf-8", hooktest.DefaultSlackToken, body)
	if !byJSON.OK || byJSON.Channel != alerts || byJSON.Message.Text != "by JSON" || byJSON.Message.TS != byJSON.TS {
		t.Errorf("got %+v", byJSON)
	}
	list := s.Messages(alerts)
	if len(list) != 2 || list[0].TS != form.TS || list[1].TS != byJSON.TS {
		t.Fatalf("got %+v, want both messages", list)
	}
	for i, want := range []struct{ text, block, idem string }{{"by form", "one", "k1"}, {"by JSON", "two", "k2"}} {
		got := list[i].Latest()
		if got.Text != want.text || string(got.Blocks) != "["+section(want.block)+"]" || got.Metadata.Idem() != want.idem || got.At.IsZero() {
			t.Errorf("got %+v, want %+v", got, want)
		}
		if n := s.Copies(alerts, want.idem); n != 1 {
			t.Errorf("got %d copies of %s, want 1", n, want.idem)
		}
	}
	for i, call := range s.Calls() {
		if call.Method != hooktest.SlackPost || !call.TokenOK || call.Channel != alerts || call.Idem == "" || !call.Stored ||
			call.Status != 200 || call.Error != "" || call.TS != list[i].TS || call.Blocks == "" || call.At.IsZero() {
			t.Errorf("call %d: got %+v", i+1, call)
		}
	}
	if got, want := s.Stats(), (hooktest.SlackStats{Calls: 2, Posts: 2}); got.Calls != want.Calls || got.Posts != want.Posts || got.Duplicates != 0 {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestSlackNeverGivesATimestampTwice(t *testing.T) {
	t.Parallel()
	s, c := newSlack(t, hooktest.SlackOptions{Channels: []hooktest.SlackChannel{{ID: "C1"}, {ID: "C2"}}})
	form := regexp.MustCompile(`^\d{10}\.\d{6}$`)
	var mu sync.Mutex
	seen := map[string]bool{}
	for range 2 {
		var wg sync.WaitGroup
		for worker := range 8 {
			wg.Go(func() {
				for range 10 {
					a := c.call(hooktest.SlackPost, "channel", fmt.Sprint("C", 1+worker%2), "text", "x")
					mu.Lock()
					if !form.MatchString(a.TS) || seen[a.TS] {
						t.Errorf("got %q, want a new ts with microseconds", a.TS)
					}
					seen[a.TS] = true
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		s.Close() // what is remembered outlives it
		if a := c.call(hooktest.SlackAuthTest); a.status != 0 {
			t.Errorf("closed: got %d, want a refused connection", a.status)
		}
		if err := s.Start(); err != nil {
			t.Fatal(err)
		}
	}
	list := slices.Concat(s.Messages("C1"), s.Messages("C2"))
	if len(list) != 160 || len(seen) != 160 {
		t.Errorf("got %d messages with %d timestamps, want 160", len(list), len(seen))
	}
	for _, id := range []string{"C1", "C2"} {
		if !slices.IsSortedFunc(s.Messages(id), func(a, b hooktest.SlackMessage) int { return strings.Compare(a.TS, b.TS) }) {
			t.Errorf("%s: messages are not in the order of their timestamps", id)
		}
	}
}

func TestSlackKeepsThreads(t *testing.T) {
	t.Parallel()
	s, c := newSlack(t, hooktest.SlackOptions{})
	root := c.must(hooktest.SlackPost, "channel", alerts, "text", "root").TS
	other := c.must(hooktest.SlackPost, "channel", alerts, "text", "other").TS
	first := c.must(hooktest.SlackPost, "channel", alerts, "text", "first", "thread_ts", root).TS
	below := c.must(hooktest.SlackPost, "channel", alerts, "text", "reply to a reply", "thread_ts", first).TS
	shown := c.must(hooktest.SlackPost, "channel", alerts, "text", "shown", "thread_ts", root, "reply_broadcast", "true").TS
	for _, ts := range []string{root, below} { // any message of a thread leads to it
		replies := c.must(hooktest.SlackReplies, "channel", alerts, "ts", ts)
		if got, want := stamps(replies.Messages), []string{root, first, below, shown}; !slices.Equal(got, want) {
			t.Errorf("got replies %v, want %v", got, want)
		}
		if parent := replies.Messages[0]; parent.ReplyCount != 3 || parent.Thread != root || replies.Messages[2].Thread != root {
			t.Errorf("got parent %+v and reply %+v", parent, replies.Messages[2])
		}
	}
	if got, want := stamps(c.must(hooktest.SlackReplies, "channel", alerts, "ts", other).Messages), []string{other}; !slices.Equal(got, want) {
		t.Errorf("message without replies: got %v, want %v", got, want)
	}
	if got, want := stamps(c.must(hooktest.SlackHistory, "channel", alerts).Messages), []string{shown, other, root}; !slices.Equal(got, want) {
		t.Errorf("got history %v, want %v", got, want)
	}
	if got := s.Messages(alerts)[3]; got.Thread != root || got.Broadcast {
		t.Errorf("got %+v, want a reply to the root", got)
	}
	for method, arg := range map[hooktest.SlackMethod]string{hooktest.SlackPost: "thread_ts", hooktest.SlackReplies: "ts"} {
		if a := c.call(method, "channel", alerts, "text", "x", arg, "1.000000"); a.Error != "thread_not_found" {
			t.Errorf("%s to nothing: got %q, want thread_not_found", method, a.Error)
		}
	}
}

func stamps(list []slackShown) []string {
	var out []string
	for _, m := range list {
		out = append(out, m.TS)
	}
	return out
}

func TestSlackKeepsEdits(t *testing.T) {
	t.Parallel()
	s, c := newSlack(t, hooktest.SlackOptions{})
	blocks := "[" + section("block") + "]"
	ts := c.must(hooktest.SlackPost, "channel", alerts, "text", "v1", "blocks", blocks, "metadata", idem("k")).TS
	edit := func(args ...string) slackAnswer {
		return c.must(hooktest.SlackUpdate, append([]string{"channel", alerts, "ts", ts}, args...)...)
	}
	before := s.Messages(alerts)[0]
	if a := edit("text", "v2"); a.TS != ts || a.Text != "v2" || a.Message.Edited["ts"] == "" {
		t.Errorf("got %+v", a)
	}
	edit("blocks", blocks)
	edit("text", "v4", "blocks", blocks, "metadata", "{}")
	if len(before.Versions) != 1 {
		t.Errorf("got %d versions in what was handed out before, want 1", len(before.Versions))
	}
	type version struct{ text, blocks, idem string }
	var got []version
	for _, v := range s.Messages(alerts)[0].Versions {
		got = append(got, version{v.Text, string(v.Blocks), v.Metadata.Idem()})
	}
	want := []version{{"v1", blocks, "k"}, {"v2", "", "k"}, {"v2", blocks, "k"}, {"v4", blocks, ""}}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if st := s.Stats(); st.Posts != 1 || st.Edits != 3 {
		t.Errorf("got %+v, want one post and three edits", st)
	}
	if a := c.call(hooktest.SlackUpdate, "channel", alerts, "ts", "1.000000", "text", "x"); a.Error != "message_not_found" {
		t.Errorf("got %q, want message_not_found", a.Error)
	}
	for i := range 300 {
		edit("text", fmt.Sprint("edit ", i))
		if i == 280 {
			before = s.Messages(alerts)[0]
		}
	}
	if got := before.Latest().Text; got != "edit 280" {
		t.Errorf("got %q in what was handed out before, want it unchanged", got)
	}
	if got := s.Messages(alerts)[0]; len(got.Versions) != 256 || got.Latest().Text != "edit 299" {
		t.Errorf("got %d versions up to %q, want the latest 256", len(got.Versions), got.Latest().Text)
	}
}

func TestSlackHistoryHasPagesAndBounds(t *testing.T) {
	t.Parallel()
	_, c := newSlack(t, hooktest.SlackOptions{})
	var ts []string // newest first
	for i := range 7 {
		ts = slices.Insert(ts, 0, c.must(hooktest.SlackPost, "channel", alerts, "text", "x", "metadata", idem(fmt.Sprint("k", i))).TS)
	}
	var got []string
	for cursor, pages := "", 1; ; pages++ {
		a := c.must(hooktest.SlackHistory, "channel", alerts, "limit", "3", "cursor", cursor)
		got = append(got, stamps(a.Messages)...)
		cursor, _ = a.Meta["next_cursor"].(string)
		if a.HasMore != (cursor != "") || a.HasMore != (pages < 3) {
			t.Fatalf("page %d: got has_more %v and cursor %q", pages, a.HasMore, cursor)
		}
		if cursor == "" {
			break
		}
	}
	if !slices.Equal(got, ts) {
		t.Errorf("got %v, want %v", got, ts)
	}
	for sentence, tc := range map[string]struct {
		args []string
		want []string
	}{
		"after the oldest":      {[]string{"oldest", ts[2]}, ts[:2]},
		"from the oldest":       {[]string{"oldest", ts[2], "inclusive", "1"}, ts[:3]},
		"before the latest":     {[]string{"latest", ts[4]}, ts[5:]},
		"between both":          {[]string{"oldest", ts[5], "latest", ts[1]}, ts[2:5]},
		"between and at both":   {[]string{"oldest", ts[5], "latest", ts[1], "inclusive", "true"}, ts[1:6]},
		"a day without message": {[]string{"latest", "1700000000"}, nil},
	} {
		a := c.must(hooktest.SlackHistory, append(tc.args, "channel", alerts)...)
		if got := stamps(a.Messages); !slices.Equal(got, tc.want) {
			t.Errorf("%s: got %v, want %v", sentence, got, tc.want)
		}
	}
	thread := c.must(hooktest.SlackPost, "channel", alerts, "text", "r", "thread_ts", ts[0]).TS
	page := c.must(hooktest.SlackReplies, "channel", alerts, "ts", ts[0], "limit", "1")
	next, _ := page.Meta["next_cursor"].(string)
	page = c.must(hooktest.SlackReplies, "channel", alerts, "ts", ts[0], "cursor", next)
	if got := stamps(page.Messages); !slices.Equal(got, []string{thread}) {
		t.Errorf("second page of the thread: got %v, want %v", got, thread)
	}
	if m := c.must(hooktest.SlackHistory, "channel", alerts, "limit", "1").Messages[0]; m.Metadata != nil {
		t.Errorf("got metadata %+v without include_all_metadata", m.Metadata)
	}
	if m := c.must(hooktest.SlackHistory, "channel", alerts, "limit", "1", "include_all_metadata", "1").Messages[0]; m.Metadata.Idem() != "k6" {
		t.Errorf("got metadata %+v, want the key k6", m.Metadata)
	}
}

func TestSlackRefusesWhatSlackRefuses(t *testing.T) {
	t.Parallel()
	s, c := newSlack(t, hooktest.SlackOptions{Channels: []hooktest.SlackChannel{
		{ID: alerts}, {ID: "COLD", Archived: true}, {ID: "COUT", NotMember: true},
	}})
	ts := c.must(hooktest.SlackPost, "channel", alerts, "text", "there").TS
	stored := s.Stats().Posts
	many := strings.TrimSuffix(strings.Repeat(`{"type":"divider"},`, 51), ",")
	long := func(n int) string { return strings.Repeat("é", n) } // two bytes, one character
	for sentence, tc := range map[string]struct {
		method hooktest.SlackMethod
		args   []string
		want   string
	}{
		"a method that is not there":    {"chat.shout", nil, "unknown_method"},
		"a channel that is not there":   {hooktest.SlackPost, []string{"channel", "C404", "text", "x"}, "channel_not_found"},
		"an archived channel":           {hooktest.SlackPost, []string{"channel", "COLD", "text", "x"}, "is_archived"},
		"a channel of others":           {hooktest.SlackPost, []string{"channel", "COUT", "text", "x"}, "not_in_channel"},
		"no text":                       {hooktest.SlackPost, []string{"channel", alerts}, "no_text"},
		"a text too long":               {hooktest.SlackPost, []string{"channel", alerts, "text", long(40_001)}, "msg_too_long"},
		"blocks that are no JSON":       {hooktest.SlackPost, []string{"channel", alerts, "blocks", "[{"}, "invalid_blocks_format"},
		"blocks that are no list":       {hooktest.SlackPost, []string{"channel", alerts, "blocks", section("x")}, "invalid_blocks_format"},
		"51 blocks":                     {hooktest.SlackPost, []string{"channel", alerts, "blocks", "[" + many + "]"}, "invalid_blocks"},
		"a section too long":            {hooktest.SlackPost, []string{"channel", alerts, "blocks", "[" + section(long(3001)) + "]"}, "invalid_blocks"},
		"an empty section":              {hooktest.SlackPost, []string{"channel", alerts, "blocks", "[" + section("") + "]"}, "invalid_blocks"},
		"a section without text":        {hooktest.SlackPost, []string{"channel", alerts, "blocks", `[{"type":"section"}]`}, "invalid_blocks"},
		"a field too long":              {hooktest.SlackPost, []string{"channel", alerts, "blocks", `[{"type":"section","fields":[{"type":"mrkdwn","text":"` + long(2001) + `"}]}]`}, "invalid_blocks"},
		"a header too long":             {hooktest.SlackPost, []string{"channel", alerts, "blocks", header("plain_text", long(151))}, "invalid_blocks"},
		"a header in mrkdwn":            {hooktest.SlackPost, []string{"channel", alerts, "blocks", header("mrkdwn", "x")}, "invalid_blocks"},
		"a context without elements":    {hooktest.SlackPost, []string{"channel", alerts, "blocks", `[{"type":"context","elements":[]}]`}, "invalid_blocks"},
		"an alert, which is for modals": {hooktest.SlackPost, []string{"channel", alerts, "blocks", `[{"type":"alert"}]`}, "invalid_blocks"},
		"a block_id twice":              {hooktest.SlackPost, []string{"channel", alerts, "blocks", `[{"type":"divider","block_id":"a"},{"type":"divider","block_id":"a"}]`}, "invalid_blocks"},
		"a markdown block too long":     {hooktest.SlackPost, []string{"channel", alerts, "blocks", `[{"type":"markdown","text":"` + long(12_001) + `"}]`}, "invalid_blocks"},
		"attachments that are no JSON":  {hooktest.SlackPost, []string{"channel", alerts, "attachments", "x"}, "invalid_attachments"},
		"metadata without a type":       {hooktest.SlackPost, []string{"channel", alerts, "text", "x", "metadata", `{"event_payload":{}}`}, "invalid_metadata_format"},
		"metadata without a payload":    {hooktest.SlackPost, []string{"channel", alerts, "text", "x", "metadata", `{"event_type":"x"}`}, "invalid_metadata_format"},
		"an edit without text":          {hooktest.SlackUpdate, []string{"channel", alerts, "ts", ts}, "no_text"},
		"an edit elsewhere":             {hooktest.SlackUpdate, []string{"channel", "C404", "ts", ts, "text", "x"}, "channel_not_found"},
		"an edit in the archive":        {hooktest.SlackUpdate, []string{"channel", "COLD", "ts", ts, "text", "x"}, "is_inactive"},
		"an edit too long":              {hooktest.SlackUpdate, []string{"channel", alerts, "ts", ts, "text", long(40_001)}, "msg_too_long"},
		"a history elsewhere":           {hooktest.SlackHistory, []string{"channel", "C404"}, "channel_not_found"},
		"a history of others":           {hooktest.SlackHistory, []string{"channel", "COUT"}, "not_in_channel"},
		"a limit that is no number":     {hooktest.SlackHistory, []string{"channel", alerts, "limit", "x"}, "invalid_limit"},
		"a cursor that is none":         {hooktest.SlackHistory, []string{"channel", alerts, "cursor", "eA=="}, "invalid_cursor"},
		"an oldest that is no ts":       {hooktest.SlackHistory, []string{"channel", alerts, "oldest", "x"}, "invalid_ts_oldest"},
		"a latest that is no ts":        {hooktest.SlackHistory, []string{"channel", alerts, "latest", "x"}, "invalid_ts_latest"},
		"a link to nothing":             {hooktest.SlackPermalink, []string{"channel", alerts, "message_ts", "1.000000"}, "message_not_found"},
	} {
		if a := c.call(tc.method, tc.args...); a.OK || a.Error != tc.want || a.status != http.StatusOK {
			t.Errorf("%s: got %d %q, want %s", sentence, a.status, a.raw, tc.want)
		}
	}
	if got := s.Stats(); got.Posts != stored || got.Edits != 0 {
		t.Errorf("got %+v, want nothing stored", got)
	}
	for sentence, args := range map[string][]string{
		"a text that just fits":    {"text", long(40_000)},
		"a section that just fits": {"blocks", "[" + section(long(3000)) + "]"},
		"a header that just fits":  {"blocks", header("plain_text", long(150))},
		"50 blocks":                {"blocks", "[" + strings.TrimSuffix(strings.Repeat(`{"type":"divider"},`, 50), ",") + "]"},
	} {
		if a := c.call(hooktest.SlackPost, append(args, "channel", alerts)...); !a.OK {
			t.Errorf("%s: got %s, want ok", sentence, a.raw)
		}
	}
}

func header(kind, text string) string {
	return fmt.Sprintf(`[{"type":"header","text":{"type":%q,"text":%q}}]`, kind, text)
}

func TestSlackLooksAtTokenAndBody(t *testing.T) {
	t.Parallel()
	s, c := newSlack(t, hooktest.SlackOptions{Token: "xoxb-right"})
	const form, JSON = "application/x-www-form-urlencoded", "application/json"
	for sentence, tc := range map[string]struct{ kind, token, body, want string }{
		"no token":                   {form, "", "channel=alerts&text=x", "not_authed"},
		"another token":              {form, "xoxb-wrong", "channel=alerts&text=x", "invalid_auth"},
		"another token in the form":  {form, "", "token=xoxb-wrong&channel=alerts&text=x", "invalid_auth"},
		"the token in a JSON body":   {JSON, "", `{"token":"xoxb-right","channel":"alerts","text":"x"}`, "not_authed"},
		"a body that is no JSON":     {JSON, "xoxb-right", "channel=alerts", "invalid_json"},
		"JSON that is no object":     {JSON, "xoxb-right", "[]", "json_not_object"},
		"a form that is none":        {form, "xoxb-right", "%zz", "invalid_form_data"},
		"a body of some kind":        {"text/xml", "xoxb-right", "<x/>", "invalid_post_type"},
		"a body of no kind":          {"", "xoxb-right", "x", "missing_post_type"},
		"the token in the header":    {form, "xoxb-right", "channel=alerts&text=x", ""},
		"the token in the form":      {form, "", "token=xoxb-right&channel=alerts&text=x", ""},
		"the token and a JSON body":  {JSON, "xoxb-right", `{"channel":"alerts","text":"x"}`, ""},
		"JSON in a string, as in it": {JSON, "xoxb-right", `{"channel":"alerts","blocks":"[{\"type\":\"divider\"}]"}`, ""},
	} {
		a := c.send(t.Context(), s.APIURL()+"chat.postMessage", tc.kind, tc.token, tc.body)
		if a.status != http.StatusOK || a.Error != tc.want || a.OK != (tc.want == "") {
			t.Errorf("%s: got %d %s, want %q", sentence, a.status, a.raw, tc.want)
		}
		last := s.Calls()[len(s.Calls())-1]
		if last.TokenOK != (tc.token == "xoxb-right" || strings.HasPrefix(tc.body, "token=xoxb-right")) || last.Error != tc.want {
			t.Errorf("%s: got call %+v", sentence, last)
		}
	}
	s.SetToken("xoxb-rotated")
	if a := c.send(t.Context(), s.APIURL()+"auth.test", "", "xoxb-right", ""); a.Error != "invalid_auth" {
		t.Errorf("after a rotation: got %s, want invalid_auth", a.raw)
	}
	if a := c.send(t.Context(), s.APIURL()+"auth.test", "", "xoxb-rotated", ""); !a.OK || a.BotID == "" {
		t.Errorf("got %s, want who it is", a.raw)
	}
	if a := c.send(t.Context(), s.APIURL()+"chat.postMessage", form, "xoxb-rotated", strings.Repeat("x", 1<<20+1)); a.status != http.StatusRequestEntityTooLarge {
		t.Errorf("a body without end: got %d, want 413", a.status)
	}
}

func TestSlackGivesPermalinks(t *testing.T) {
	t.Parallel()
	s, c := newSlack(t, hooktest.SlackOptions{})
	root := c.must(hooktest.SlackPost, "channel", alerts, "text", "root").TS
	reply := c.must(hooktest.SlackPost, "channel", alerts, "text", "reply", "thread_ts", root).TS
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.APIURL()+"chat.getPermalink?channel="+alerts+"&message_ts="+reply, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+hooktest.DefaultSlackToken)
	resp, err := c.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var a slackAnswer
	if err := json.NewDecoder(resp.Body).Decode(&a); err != nil {
		t.Fatal(err)
	}
	want := "https://hooktest.slack.test/archives/" + alerts + "/p" + strings.Replace(reply, ".", "", 1) + "?thread_ts=" + root + "&cid=" + alerts
	if !a.OK || a.Permalink != want {
		t.Errorf("got %q, want %q", a.Permalink, want)
	}
}

func TestSlackHooksAnswerInWords(t *testing.T) {
	t.Parallel()
	s, c := newSlack(t, hooktest.SlackOptions{
		Channels: []hooktest.SlackChannel{{ID: "C1", NotMember: true}, {ID: "C2", Archived: true}},
		Hooks:    map[string]string{hooktest.DefaultSlackHook: "C1", "/services/old": "C2", "/services/astray": "C3"},
	})
	for sentence, tc := range map[string]struct {
		path, kind, body string
		status           int
		want             string
	}{
		"a message":              {"", "application/json", `{"text":"hello"}`, 200, "ok"},
		"a message in a form":    {"", "application/x-www-form-urlencoded", "payload=" + url.QueryEscape(`{"text":"hello"}`), 200, "ok"},
		"something that is none": {"", "application/json", `hello`, 400, "invalid_payload"},
		"nothing":                {"", "application/json", ``, 400, "invalid_payload"},
		"a message without text": {"", "application/json", `{}`, 400, "no_text"},
		"bad blocks":             {"", "application/json", `{"blocks":[{"type":"alert"}]}`, 400, "invalid_blocks"},
		"a hook that is revoked": {"/services/gone", "application/json", `{"text":"hello"}`, 404, "no_service"},
		"an archived channel":    {"/services/old", "application/json", `{"text":"hello"}`, 410, "channel_is_archived"},
		"a deleted channel":      {"/services/astray", "application/json", `{"text":"hello"}`, 404, "channel_not_found"},
	} {
		a := c.send(t.Context(), s.HookURL(tc.path), tc.kind, "", tc.body)
		if a.status != tc.status || a.raw != tc.want {
			t.Errorf("%s: got %d %q, want %d %q", sentence, a.status, a.raw, tc.status, tc.want)
		}
	}
	list := s.Messages("C1")
	if len(list) != 2 || !list[0].Hook || list[0].Latest().Text != "hello" {
		t.Fatalf("got %+v, want two messages by hook", list)
	}
	if err := s.SetChannel(hooktest.SlackChannel{ID: "C1"}); err != nil {
		t.Fatal(err)
	}
	if a := c.call(hooktest.SlackUpdate, "channel", "C1", "ts", list[0].TS, "text", "x"); a.Error != "cant_update_message" {
		t.Errorf("edit of a hook's message: got %q, want cant_update_message", a.Error)
	}
	for _, call := range s.Calls() {
		if raw, err := json.Marshal(call); err != nil || bytes.Contains(raw, []byte("/services/")) {
			t.Errorf("got %s %v, want no path, which is a secret", raw, err)
		}
	}
}

func TestSlackChangesAtRunTime(t *testing.T) {
	t.Parallel()
	s, c := newSlack(t, hooktest.SlackOptions{})
	ts := c.must(hooktest.SlackPost, "channel", alerts, "text", "x").TS
	for _, step := range []struct {
		channel hooktest.SlackChannel
		want    string
	}{
		{hooktest.SlackChannel{ID: alerts, Archived: true}, "is_archived"},
		{hooktest.SlackChannel{ID: alerts, NotMember: true}, "not_in_channel"},
		{hooktest.SlackChannel{ID: alerts}, ""},
	} {
		if err := s.SetChannel(step.channel); err != nil {
			t.Fatal(err)
		}
		if a := c.call(hooktest.SlackPost, "channel", alerts, "text", "y"); a.Error != step.want {
			t.Errorf("%+v: got %q, want %q", step.channel, a.Error, step.want)
		}
	}
	if err := s.SetChannel(hooktest.SlackChannel{ID: "CNEW", Name: "new"}); err != nil {
		t.Fatal(err)
	}
	c.must(hooktest.SlackPost, "channel", "new", "text", "z")
	if list := s.Messages(alerts); len(list) != 2 || list[0].TS != ts {
		t.Errorf("got %+v, want the messages kept", list)
	}
	if s.SetChannel(hooktest.SlackChannel{}) == nil || s.Messages("C404") != nil {
		t.Error("got a channel without ID, or messages without a channel")
	}
}

func TestSlackStartsOnceAndSaysWhy(t *testing.T) {
	t.Parallel()
	s, _ := newSlack(t, hooktest.SlackOptions{})
	if err := s.Start(); err == nil || !strings.Contains(err.Error(), "running") {
		t.Errorf("second start: got %v, want a refusal", err)
	}
	for sentence, o := range map[string]hooktest.SlackOptions{
		"a taken port":          {Addr: strings.TrimPrefix(s.URL(), "http://")},
		"no address":            {Addr: "localhost"},
		"a channel without ID":  {Channels: []hooktest.SlackChannel{{Name: "x"}}},
		"a hook somewhere else": {Hooks: map[string]string{"/hook": alerts}},
	} {
		f := &fakeTB{}
		if hooktest.StartSlack(f, o); f.failed == "" || f.cleanups != 0 {
			t.Errorf("%s: got failure %q and %d clean-ups, want a failure alone", sentence, f.failed, f.cleanups)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := s.Wait(ctx, func(st hooktest.SlackStats) bool { return st.Posts > 0 }); err == nil || !strings.Contains(err.Error(), "Posts:0") {
		t.Errorf("got %v, want an error with the figures", err)
	}
}
