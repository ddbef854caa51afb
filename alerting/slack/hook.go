package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	slackgo "github.com/slack-go/slack"

	"github.com/hookvigil/hookvigil/alerting"
)

// hookRoot stands for the message that a webhook does not name.
const hookRoot = "webhook"

// maxHookAnswer bounds the answer of a webhook, in bytes: it is one word.
const maxHookAnswer = 1024

// hookMessage is a message as an incoming webhook takes it.
type hookMessage struct {
	Text     string                `json:"text"`
	Blocks   []slackgo.Block       `json:"blocks,omitempty"`
	Mrkdwn   bool                  `json:"mrkdwn"`
	Parse    string                `json:"parse"`
	Links    bool                  `json:"unfurl_links"`
	Media    bool                  `json:"unfurl_media"`
	Metadata slackgo.SlackMetadata `json:"metadata"`
}

// sendHook posts n by the webhook. A message cannot be updated: of an
// incident's state only the first is told, and what happens then by events.
func (r *Receiver) sendHook(ctx context.Context, n alerting.Notice, prev alerting.Ref) (alerting.Ref, error) {
	if n.Kind == alerting.KindRoot && prev.Root != "" {
		return prev, nil
	}
	m, err := r.message(n, false)
	if err != nil {
		return alerting.Ref{}, err
	}
	msg := hookMessage{Text: escape(m.text), Blocks: m.blocks, Parse: "none", Metadata: metadataOf(n)}
	if n.Reduced {
		msg.Blocks = nil
	}
	body, err := json.Marshal(msg)
	if err != nil {
		return alerting.Ref{}, &alerting.SendError{Class: alerting.ClassMessage, Err: errors.New("slack: the message cannot be written as JSON")}
	}
	x := r.exchange()
	if err := x.hook(ctx, r.cfg.WebhookURL.Reveal(), body); err != nil {
		return alerting.Ref{}, r.failure("incoming webhook", x, err)
	}
	return alerting.Ref{Root: hookRoot, Last: hookRoot}, nil
}

// hook makes the request. What Slack says in plain text becomes the error that
// the Web API would give.
func (x *exchange) hook(ctx context.Context, url string, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return errors.New("the URL cannot be used") // err holds it
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	resp, err := x.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxHookAnswer))
	switch said := string(bytes.TrimSpace(answer)); {
	case err != nil:
		return err
	case resp.StatusCode == http.StatusOK && said == "ok":
		return nil
	case resp.StatusCode != http.StatusOK && isWord(said):
		return slackgo.SlackErrorResponse{Err: said}
	default:
		return errors.New("the answer is not Slack's")
	}
}
