package hooktest

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// respondPrefix is where the response URLs of payloads are.
const respondPrefix = "/actions/"

// pressFor bounds a press by HTTP: Slack waits for 3 s
// (docs.slack.dev/interactivity/handling-user-interaction).
const pressFor = 3 * time.Second

// SlackPress is somebody who presses a button of a message.
type SlackPress struct {
	Action  string // its action_id
	Channel string // empty: DefaultSlackChannel
	TS      string // of the message; empty: the latest one that has the button
	User    string // ID; empty: DefaultSlackPresser
}

// SlackAnswer is what was posted to the response URL of a payload.
type SlackAnswer struct {
	At        time.Time
	Text      string
	Ephemeral bool // only who pressed sees it
	Replaces  bool // it stands in place of the message with the button
}

// Payload returns what Slack tells an app of a press, as JSON; each call is
// another press. It returns an error when no message has such a button.
func (s *Slack) Payload(p SlackPress) ([]byte, error) {
	address := s.URL()
	s.mu.Lock()
	defer s.mu.Unlock()
	room := s.book.room(orElse(p.Channel, DefaultSlackChannel))
	if room == nil {
		return nil, fmt.Errorf("fake Slack: press: there is no channel %s", p.Channel)
	}
	post, block, button := room.button(p)
	if post == nil {
		return nil, fmt.Errorf("fake Slack: press: no message has a button %s", p.Action)
	}
	s.book.count++
	respond := fmt.Sprintf("%s%s/%d", respondPrefix, slackTeam, s.book.count)
	s.book.awaited[respond] = true
	user := orElse(p.User, DefaultSlackPresser)
	return json.Marshal(map[string]any{
		"type": "block_actions", "api_app_id": slackApp, "token": "deprecated", "trigger_id": fmt.Sprintf("%d.1", s.book.count),
		"user":         map[string]any{"id": user, "username": strings.ToLower(user), "name": strings.ToLower(user), "team_id": slackTeam},
		"team":         map[string]any{"id": slackTeam, "domain": "hooktest"},
		"container":    map[string]any{"type": "message", "message_ts": post.TS, "channel_id": room.ID, "is_ephemeral": false},
		"channel":      map[string]any{"id": room.ID, "name": room.Name},
		"message":      post.view(false),
		"state":        map[string]any{"values": map[string]any{}},
		"response_url": address + respond,
		"actions": []any{map[string]any{
			"type": "button", "block_id": block, "action_id": button.ActionID, "value": button.Value, "text": button.Text,
			"action_ts": s.book.nextTS(time.Now()),
		}},
	})
}

// button finds the message and the button that p is about.
func (r *slackRoom) button(p SlackPress) (post *slackPost, blockID string, found slackButton) {
	for _, candidate := range slices.Backward(r.posts) {
		if p.TS != "" && candidate.TS != p.TS {
			continue
		}
		var blocks []slackBlock
		if json.Unmarshal(candidate.Latest().Blocks, &blocks) != nil {
			continue // has none
		}
		for _, b := range blocks {
			for _, raw := range b.Elements {
				var e slackButton
				if json.Unmarshal(raw, &e) == nil && e.Type == "button" && e.ActionID == p.Action {
					return candidate, b.ID, e
				}
			}
		}
	}
	return nil, "", slackButton{}
}

// PressForm returns a payload as the body of a request.
func PressForm(payload []byte) []byte {
	return []byte(url.Values{"payload": {string(payload)}}.Encode())
}

// SignSlack returns the headers with which Slack signs a body
// (docs.slack.dev/authentication/verifying-requests-from-slack).
func SignSlack(secret string, at time.Time, body []byte) http.Header {
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "v0:%s:%s", stamp, body)
	h := http.Header{}
	h.Set("Content-Type", "application/x-www-form-urlencoded")
	h.Set("X-Slack-Request-Timestamp", stamp)
	h.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
	return h
}

// Press tells the app at address of a press, signed, and returns the status of
// its answer. It returns an error when there is no such button, or no answer
// within 3 s.
func (s *Slack) Press(ctx context.Context, address string, p SlackPress) (int, error) {
	payload, err := s.Payload(p)
	if err != nil {
		return 0, err
	}
	body := PressForm(payload)
	return SendSigned(ctx, address, body, SignSlack(s.opts.SigningSecret, time.Now(), body))
}

// SendSigned posts body with those headers, and returns the status of the
// answer. It returns an error when there is none within 3 s.
func SendSigned(ctx context.Context, address string, body []byte, h http.Header) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, pressFor)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return 0, fmt.Errorf("fake Slack: press: %w", err)
	}
	req.Header = h
	transport := &http.Transport{DisableKeepAlives: true}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return 0, fmt.Errorf("fake Slack: press: %w", err)
	}
	return resp.StatusCode, resp.Body.Close()
}

// Answers returns what people who pressed were told, oldest first; at most
// MaxSlackCalls.
func (s *Slack) Answers() []SlackAnswer {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.book.answers)
}

// readAnswerLocked is readLocked for a response URL.
func (s *Slack) readAnswerLocked(r *http.Request, body []byte, now time.Time) (SlackCall, slackArgs, slackReply) {
	args := slackArgs{}
	word := args.addJSON(body)
	call := newCall(SlackRespond, args, now)
	call.TokenOK = s.book.awaited[r.URL.Path]
	switch {
	case !call.TokenOK:
		return call, args, refused("used_url")
	case word != "" || r.Method != http.MethodPost:
		return call, args, refused("invalid_payload")
	default:
		return call, args, slackReply{}
	}
}

func (s *Slack) answerLocked(call *SlackCall, args slackArgs) slackReply {
	if args["text"] == "" {
		return refused("no_text")
	}
	s.book.answers = keepLatest(s.book.answers, SlackAnswer{
		At: call.At, Text: args["text"], Ephemeral: args["response_type"] != "in_channel", Replaces: args["replace_original"] == "true",
	}, MaxSlackCalls)
	s.book.stats.Answers++
	return accepted(map[string]any{})
}

var errNoSocket = errors.New("fake Slack: no socket is open")
