package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/hookvigil/hookvigil/alerting"
)

// maxSayings bounds what waits to be told to people; beyond it is dropped: a
// person who hears nothing presses again.
const maxSayings = 64

// saying is what is told to one person who has pressed a button.
type saying struct {
	address string // the response URL: whoever has it can post there
	text    string
}

// say tells text to who has pressed, later: Slack waits for its own answer.
func (b *Buttons) say(app App, in interaction, text string) {
	if text == "" {
		return
	}
	if !mayAnswer(in.ResponseURL, app.Config.APIURL) {
		b.log.Warn("person who pressed is not answered", "slack_user", in.User.ID, "why", "the response URL is not Slack's")
		return
	}
	select {
	case b.told <- saying{in.ResponseURL, alerting.Cut(text, maxPlain)}:
	default:
		b.log.Warn("person who pressed is not answered", "slack_user", in.User.ID, "why", "too many are waiting")
	}
}

// mayAnswer reports whether a response URL is Slack's, or of the host that
// stands in for it.
func mayAnswer(address, api string) bool {
	u, err := url.Parse(address)
	if err != nil || u.User != nil {
		return false
	}
	if stand, err := url.Parse(api); api != "" && err == nil && u.Scheme == stand.Scheme && u.Host == stand.Host {
		return true
	}
	return u.Scheme == "https" && (u.Host == "hooks.slack.com" || u.Host == "hooks.slack-gov.com")
}

// answer tells people until ctx ends.
func (b *Buttons) answer(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case s := <-b.told:
			if err := b.post(ctx, s); err != nil && ctx.Err() == nil {
				b.log.Warn("person who pressed is not answered", "why", err)
			}
		}
	}
}

// post makes one attempt. Its error holds no address.
func (b *Buttons) post(ctx context.Context, s saying) error {
	body, err := json.Marshal(map[string]any{"response_type": "ephemeral", "replace_original": false, "text": escape(s.text)})
	if err != nil {
		return errors.New("the text cannot be written as JSON")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.address, bytes.NewReader(body))
	if err != nil {
		return errors.New("the response URL cannot be used")
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	resp, err := b.client.Do(req)
	if err != nil {
		return errors.New(strings.ReplaceAll(bare(err), s.address, "<secret>"))
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, maxHookAnswer) // the connection is used again; what it says does not matter
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("slack answered %d %s", resp.StatusCode, http.StatusText(resp.StatusCode))
	}
	return nil
}
