package pagerduty

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/probes"
)

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 64 << 10

// maxExplained bounds the text of a failure, in characters.
const maxExplained = 400

// newClient returns a client that follows no redirect: the key would go along.
// The proxy of the environment is used, as it is for Slack: a pager is often
// the one thing outside that a network lets through. It never sees the key,
// because what it carries is TLS, and this machine itself is reached without.
func newClient(timeout time.Duration) *http.Client {
	return &http.Client{
		Timeout:       timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			ForceAttemptHTTP2:   true,
			TLSHandshakeTimeout: timeout,
			MaxIdleConnsPerHost: 2,
			IdleConnTimeout:     time.Minute,
		},
	}
}

// answer is what PagerDuty says.
type answer struct {
	Status  string          `json:"status"`
	Message string          `json:"message"`
	Errors  json.RawMessage `json:"errors"` // a list of texts, as a rule
}

// post sends one event. A failure without an answer is transient: the event
// may have arrived, and arriving twice it does nothing twice.
func (r *Receiver) post(ctx context.Context, e event) error {
	body, err := encode(e)
	if err != nil {
		return r.failed(e.Action, alerting.ClassMessage, "cannot be written as JSON")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.cfg.endpoint(), bytes.NewReader(body))
	if err != nil {
		return r.failed(e.Action, alerting.ClassTransient, "the URL cannot be used") // err holds it
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "hookvigil")
	resp, err := r.client.Do(req)
	if err != nil {
		return r.failed(e.Action, alerting.ClassTransient, bare(err))
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil && resp.StatusCode == http.StatusAccepted {
		return r.failed(e.Action, alerting.ClassTransient, "the answer cannot be read: "+bare(err))
	}
	return r.judge(e.Action, resp, raw)
}

// judge reads an answer: accepted is 202 with the status success, and nothing
// else is, least of all the page of a proxy.
func (r *Receiver) judge(a action, resp *http.Response, raw []byte) error {
	var said answer
	unreadable := json.Unmarshal(raw, &said) != nil
	if resp.StatusCode == http.StatusAccepted && said.Status == "success" {
		return nil
	}
	text := fmt.Sprintf("answered %d %s", resp.StatusCode, http.StatusText(resp.StatusCode))
	switch {
	case resp.StatusCode/100 == 2 || unreadable:
		text += ", which is not PagerDuty's"
	default:
		text = strings.Join([]string{text, said.Status, said.Message, errorsOf(said)}, ": ")
	}
	failed := r.failed(a, classOf(resp.StatusCode, said), text)
	if failed.Class == alerting.ClassAuth {
		failed.Err = fmt.Errorf("%w; put the integration key of an Events API v2 integration in place, and reload", failed.Err)
	}
	if failed.Class == alerting.ClassLimited {
		failed.RetryAfter = retryAfter(resp.Header.Get("Retry-After"), time.Now())
	}
	return failed
}

// classOf says what an answer means for the next try (developer.pagerduty.com,
// Events API v2, "Response codes & retry logic"): 400 is for ever, 429 and 5xx
// are for later. An unknown key is a 400 that says so.
func classOf(status int, said answer) alerting.Class {
	switch status {
	case http.StatusTooManyRequests:
		return alerting.ClassLimited
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusProxyAuthRequired:
		return alerting.ClassAuth
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		all := strings.ToLower(said.Message + " " + string(said.Errors))
		for _, name := range []string{"routing key", "routing_key", "integration key", "service key"} {
			if strings.Contains(all, name) {
				return alerting.ClassAuth
			}
		}
		return alerting.ClassMessage
	default: // 5xx, a proxy's 404 or 200
		return alerting.ClassTransient
	}
}

// errorsOf is PagerDuty's list of what is wrong, as far as it is one.
func errorsOf(said answer) string {
	var list []string
	if json.Unmarshal(said.Errors, &list) != nil {
		return ""
	}
	return strings.Join(list, ", ")
}

// failed is a failure without a secret, wherever its text came from.
func (r *Receiver) failed(a action, class alerting.Class, text string) *alerting.SendError {
	for _, key := range []probes.Secret{r.cfg.RoutingKey, r.cfg.TestKey} {
		if key != "" {
			text = strings.ReplaceAll(text, key.Reveal(), "<secret>")
		}
	}
	for strings.Contains(text, ": : ") {
		text = strings.ReplaceAll(text, ": : ", ": ")
	}
	text = alerting.Line(strings.TrimSuffix(text, ": "), maxExplained)
	return &alerting.SendError{Class: class, Err: fmt.Errorf("pagerduty: %s: %s", a, text)}
}

// bare is err without the URL that net/http puts around it.
func bare(err error) string {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	return err.Error()
}

// retryAfter reads the header: seconds or a date; 0 without one that makes
// sense.
func retryAfter(header string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseInt(header, 10, 32); err == nil {
		return time.Duration(max(0, seconds)) * time.Second
	}
	if at, err := http.ParseTime(header); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}

// encode writes v as JSON in which & and < stand for themselves.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return b.Bytes(), err
}
