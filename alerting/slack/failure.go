package slack

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	slackgo "github.com/slack-go/slack"

	"github.com/hookvigil/hookvigil/alerting"
)

// failure classes what went wrong in x. Its text is our own or cleaned, and
// holds no secret; the cause is not wrapped, because it may.
func (r *Receiver) failure(method string, x *exchange, err error) *alerting.SendError {
	said, refused := errors.AsType[slackgo.SlackErrorResponse](err)
	class := x.class()
	text := ""
	switch {
	case refused:
		class, text = classOf(word(said.Err), class), explain(said)
	case x.status == 0:
		text = bare(err)
	case x.status == http.StatusOK:
		text = "the answer cannot be read: " + bare(err)
	default:
		text = fmt.Sprintf("answered %d %s", x.status, http.StatusText(x.status))
	}
	e := &alerting.SendError{Class: class, Err: &callError{
		word: word(said.Err), text: fmt.Sprintf("slack: %s: %s", method, alerting.Line(r.hide(text), maxExplained)),
	}}
	if class == alerting.ClassLimited {
		e.RetryAfter = x.retryAfter
	}
	return e
}

// class says what x means as far as HTTP tells.
func (x *exchange) class() alerting.Class {
	switch {
	case x.status == http.StatusTooManyRequests:
		return alerting.ClassLimited
	case x.status == http.StatusUnauthorized, x.status == http.StatusForbidden, x.status == http.StatusProxyAuthRequired:
		return alerting.ClassAuth
	case x.status == http.StatusGone:
		return alerting.ClassDestination
	case x.status == http.StatusRequestEntityTooLarge:
		return alerting.ClassMessage
	case x.status/100 == 2: // but not as Slack speaks
		return alerting.ClassAmbiguous
	case x.status == 0 && x.written.Load():
		return alerting.ClassAmbiguous
	default: // 5xx, a proxy's 404, no connection
		return alerting.ClassTransient
	}
}

// callError is a failed call.
type callError struct {
	word word // Slack's; empty: it said none
	text string
}

func (e *callError) Error() string { return e.text }

// wordOf returns Slack's word in err; empty when there is none.
func wordOf(err error) word {
	if e, ok := errors.AsType[*callError](err); ok {
		return e.word
	}
	return ""
}

// maxExplained bounds the text of a failure, in characters.
const maxExplained = 400

// explain is Slack's word with what helps a person.
func explain(said slackgo.SlackErrorResponse) string {
	parts := []string{said.Err}
	if hint := word(said.Err).hint(); hint != "" {
		parts = append(parts, hint)
	}
	if said.Needed != "" {
		parts = append(parts, "the token needs "+said.Needed)
	}
	more := said.ResponseMetadata.Messages
	return strings.Join(append(parts, more[:min(2, len(more))]...), "; ")
}

// bare is err without the URL that net/http puts around it.
func bare(err error) string {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	return err.Error()
}

// hide takes our secrets out of text, wherever it came from.
func (r *Receiver) hide(text string) string {
	secrets := []string{r.cfg.Token.Reveal(), r.cfg.WebhookURL.Reveal(), r.cfg.AppToken.Reveal(), r.cfg.SigningSecret.Reveal()}
	if u, err := url.Parse(r.cfg.WebhookURL.Reveal()); err == nil && len(u.Path) > 1 {
		secrets = append(secrets, u.RequestURI(), u.Path)
	}
	for _, s := range secrets {
		if s != "" {
			text = strings.ReplaceAll(text, s, "<secret>")
		}
	}
	return text
}
