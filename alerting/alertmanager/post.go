package alertmanager

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
)

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 64 << 10

// maxExplained bounds the text of one instance's failure, in characters.
const maxExplained = 300

// newClient returns a client that follows no redirect, because a password or a
// token would go along, and that knows no proxy: an Alertmanager is near, and
// Prometheus does not ask the environment for one either.
func newClient(cfg Config) *http.Client {
	return &http.Client{
		Timeout:       cfg.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			ForceAttemptHTTP2:   true,
			TLSClientConfig:     &tls.Config{RootCAs: cfg.Roots, MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout: cfg.Timeout,
			MaxIdleConnsPerHost: 2,
			IdleConnTimeout:     2 * time.Minute, // beyond the pace at which live incidents are told again
		},
	}
}

// post sends body to one instance; nil: it has it. A failure without an answer
// is transient: the alert may have arrived, and arriving twice it is one.
func (r *Receiver) post(ctx context.Context, base string, body []byte) *alerting.SendError {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint(base), bytes.NewReader(body))
	if err != nil {
		return r.failed(base, alerting.ClassTransient, "the URL cannot be used") // err holds it
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "hookvigil")
	switch {
	case r.cfg.Token != "":
		req.Header.Set("Authorization", "Bearer "+r.cfg.Token.Reveal())
	case r.cfg.Username != "":
		req.SetBasicAuth(r.cfg.Username, r.cfg.Password.Reveal())
	}
	resp, err := r.client.Do(req)
	if err != nil {
		return r.failed(base, alerting.ClassTransient, bare(err))
	}
	defer resp.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(resp.Body, maxAnswer)) // the status is the answer
	return r.judge(base, resp, said)
}

// judge reads an answer. As with Prometheus every 2xx is a yes, but for a page:
// that is the log-in of a proxy, and the alert has gone nowhere.
func (r *Receiver) judge(base string, resp *http.Response, said []byte) *alerting.SendError {
	status, text := resp.StatusCode, fmt.Sprintf("answered %d %s", resp.StatusCode, http.StatusText(resp.StatusCode))
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")) // of one that cannot be read it is empty
	switch {
	case status/100 == 2 && kind != "text/html":
		return nil
	case status/100 == 2:
		return r.failed(base, alerting.ClassTransient, text+" with a page of HTML, which is not Alertmanager's; is there a log-in in front of it?")
	case status/100 == 3:
		return r.failed(base, alerting.ClassTransient, text+"; redirects are not followed: want the final address in urls")
	case status == http.StatusNotFound:
		return r.failed(base, alerting.ClassTransient, text+"; want the address before "+alertsPath+" in urls, with the route prefix if there is one")
	}
	failed := r.failed(base, classOf(status), strings.TrimSuffix(text+": "+saidIn(said), ": "))
	if failed.Class == alerting.ClassLimited {
		failed.RetryAfter = retryAfter(resp.Header.Get("Retry-After"), time.Now())
	}
	return failed
}

// classOf says what a refusal means for the next try.
func classOf(status int) alerting.Class {
	switch status {
	case http.StatusTooManyRequests:
		return alerting.ClassLimited
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusProxyAuthRequired:
		return alerting.ClassAuth
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return alerting.ClassMessage
	default: // 5xx, and what is in front of it
		return alerting.ClassTransient
	}
}

// saidIn is what is wrong, as Alertmanager says it: a text in JSON, or an
// object with a message.
func saidIn(body []byte) string {
	var text string
	if json.Unmarshal(body, &text) == nil {
		return text
	}
	var object struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(body, &object) == nil {
		return object.Message
	}
	return ""
}

// failed is a failure without a secret, wherever its text came from.
func (r *Receiver) failed(base string, class alerting.Class, text string) *alerting.SendError {
	for _, secret := range []string{r.cfg.Token.Reveal(), r.cfg.Password.Reveal()} {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "<secret>")
		}
	}
	return &alerting.SendError{Class: class, Err: fmt.Errorf("%s: %s", hostOf(base), clean(text, maxExplained))}
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
