package slack_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/alerting/slack"
)

const kindDigest alerting.Kind = "digest"

func digestNotice() alerting.Notice {
	return alerting.Notice{
		ID: "d1", IdemKey: "v1:digest/toko/health/1:ops/" + room, Lane: "ops/" + room, Recipient: room, Subject: "digest/toko/health/1",
		Version: 1, Kind: kindDigest, Flow: alerting.FlowEvent, Severity: "low", Facts: json.RawMessage(`{"merchant":"<!channel>"}`),
		Created: opened, Due: opened,
	}
}

func TestAKindMayHaveItsOwnWording(t *testing.T) {
	t.Parallel()
	const sound = `[{"type":"header","text":{"type":"plain_text","text":"all is well","emoji":false}},{"type":"context","elements":[{"type":"mrkdwn","text":"<https://a.example|more>","verbatim":true}]}]`
	says := func(text, blocks string, err error) slack.Wording {
		return func(json.RawMessage) (string, json.RawMessage, error) { return text, json.RawMessage(blocks), err }
	}
	many := "[" + strings.TrimSuffix(strings.Repeat(`{"type":"divider"},`, 51), ",") + "]"
	for sentence, tc := range map[string]struct {
		wording slack.Wording
		reduced bool
		refused bool   // as a message: the outbox has it sent as plain text
		text    string // in it
		blocks  string // in them; empty: none are sent
	}{
		"a sound one":                        {says("OK <!channel> & all", sound, nil), false, false, "OK &lt;!channel&gt; &amp; all", "all is well"},
		"a sound one, as plain text":         {says("OK", sound, nil), true, false, "OK", ""},
		"one without blocks":                 {says("OK", "", nil), false, false, "OK", ""},
		"one that fails":                     {says("", "", errors.New("version 2 is not known")), false, true, "", ""},
		"one that fails, as plain text":      {says("", "", errors.New("version 2 is not known")), true, false, "version 2 is not known. What it would have told is kept: hookvigil outbox ls shows notice d1.", ""},
		"one that panics":                    {func(json.RawMessage) (string, json.RawMessage, error) { panic("template") }, false, true, "", ""},
		"one that panics, as plain text":     {func(json.RawMessage) (string, json.RawMessage, error) { panic("template") }, true, false, "a panic, see the log", ""},
		"one that has no text":               {says("", sound, nil), false, true, "", ""},
		"one whose blocks are none":          {says("OK", `{"type":`, nil), false, true, "", ""},
		"one whose blocks are too many":      {says("OK", many, nil), false, true, "", ""},
		"broken blocks do not matter then":   {says("OK", `{"type":`, nil), true, false, "OK", ""},
		"the wording of another kind":        {nil, false, false, "notice from hookvigil", "notice from hookvigil"},
		"a text that is far too long is cut": {says(strings.Repeat("x", 50_000), "", nil), false, false, "xxx…", ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			t.Parallel()
			for _, way := range [][]func(*slack.Config){nil, {byHook}} {
				way = append(way, func(c *slack.Config) {
					c.Wordings = map[alerting.Kind]slack.Wording{"other": says("wrong", "", nil), kindDigest: tc.wording}
				})
				b := newBench(t, way...)
				n := digestNotice()
				n.Reduced = tc.reduced
				if tc.refused {
					b.fail(n, alerting.Ref{}, alerting.ClassMessage)
					if got := len(b.s.Messages(room)); got != 0 {
						t.Errorf("got %d messages, want none", got)
					}
					continue
				}
				b.send(n, alerting.Ref{})
				got := b.messages(1)[0].Latest()
				if !strings.Contains(got.Text, tc.text) || !strings.Contains(string(got.Blocks), tc.blocks) || tc.blocks == "" && len(got.Blocks) > len("null") {
					t.Errorf("got text %q and blocks %s", got.Text, got.Blocks)
				}
			}
		})
	}
}

// TestAWordedNoticeIsFoundAgain: a lost answer does not make it twice.
func TestAWordedNoticeIsFoundAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *slack.Config) {
		c.Wordings = map[alerting.Kind]slack.Wording{kindDigest: func(json.RawMessage) (string, json.RawMessage, error) { return "OK", nil, nil }}
	})
	n := digestNotice()
	n.Created = time.Now()
	first := b.send(n, alerting.Ref{})
	n.Attempts = 2
	if again := b.send(n, alerting.Ref{}); again != first {
		t.Errorf("got %v, want %v", again, first)
	}
	b.messages(1)
}
