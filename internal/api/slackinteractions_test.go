package api_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/hookvigil/hookvigil/alerting/slack"
)

// unsigned is for the matrix: a token does not stand in for a signature.
var unsigned = []int{401, 401, 401, 401, 401, 401, 401, 401, 401}

// slackOnly says of a request what its signature tells it to; anything else is
// refused.
func slackOnly(_ context.Context, s slack.Signed) error {
	switch s.Signature {
	case "good " + s.Timestamp + " " + string(s.Body) + " " + s.Remote:
		return nil
	case "malformed":
		return fmt.Errorf("wrapped: %w", slack.ErrMalformed)
	case "none":
		return slack.ErrNoButtons
	case "broken":
		return errors.New("MARKER-of-the-inside")
	case "panic":
		panic("MARKER-of-the-inside")
	case "long":
		if len(s.Body) != 1<<20 {
			return slack.ErrMalformed
		}
		return nil
	default:
		return slack.ErrRefused
	}
}

func TestSlackInteractions(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		signature, path, body string
		status                int
		detail                string
	}{
		"signed":                           {"good 17 payload=x 127.0.0.1", "", "payload=x", 200, ""},
		"with what others hide in a query": {"good 17 payload=x 127.0.0.1", "?payload=y", "payload=x", 200, ""},
		"unsigned":                         {"", "", "payload=x", 401, "is not signed by Slack"},
		"forged":                           {"v0=ab", "", "payload=x", 401, "is not signed by Slack"},
		"signed for another body":          {"good 17 payload=y 127.0.0.1", "", "payload=x", 401, "is not signed by Slack"},
		"signed for a query alone":         {"good 17 payload=x 127.0.0.1", "?payload=x", "", 401, "is not signed by Slack"},
		"signed, and no interaction":       {"malformed", "", "payload=x", 400, "want a form with one field payload"},
		"nobody takes them":                {"none", "", "payload=x", 404, "no Slack receiver has a signing_secret_file"},
		"a fault of ours":                  {"broken", "", "payload=x", 500, "the fault is on our side"},
		"a panic":                          {"panic", "", "payload=x", 500, "the fault is on our side"},
		"as long as may be":                {"long", "", strings.Repeat("x", 1<<20), 200, ""},
		"a byte longer":                    {"long", "", strings.Repeat("x", 1<<20+1), 413, "at most 1 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, allTokens())
			a := w.ask(t, http.MethodPost, "/slack/interactions"+tt.path, "", tt.body, func(r *http.Request) {
				r.Header.Set("X-Slack-Signature", tt.signature)
				r.Header.Set("X-Slack-Request-Timestamp", "17")
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			})
			if a.status != tt.status || !strings.Contains(a.body, tt.detail) || tt.status == 200 && a.body != "" {
				t.Errorf("got %d %s, want %d %q", a.status, a.body, tt.status, tt.detail)
			}
			if strings.Contains(a.body+w.log.String(), "MARKER") || a.header.Get("WWW-Authenticate") != "" {
				t.Errorf("the answer tells of the inside, or asks for a token: %s", a.body)
			}
		})
	}
}

func TestSlackInteractionsNeedAServer(t *testing.T) {
	t.Parallel()
	bare := newBareWorld(t, newWorld(t, allTokens()))
	bare.ask(t, http.MethodPost, "/slack/interactions", "", "payload=x").problem(t, 404)
	newWorld(t, allTokens()).ask(t, http.MethodGet, "/slack/interactions", viewerToken, "").problem(t, 405)
}
