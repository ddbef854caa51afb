package webhook

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
)

// refused classes an answer; nil for one that accepts.
func (r *Receiver) refused(resp *http.Response, now time.Time) *alerting.SendError {
	if resp.StatusCode/100 == 2 {
		return nil
	}
	wait, asked := retryAfter(resp.Header.Get("Retry-After"), now)
	class, hint := classOf(resp.StatusCode, asked)
	e := &alerting.SendError{Class: class, Err: fmt.Errorf("%s: answered %s%s", r.where(), status(resp.StatusCode), hint)}
	if class == alerting.ClassLimited {
		e.RetryAfter = wait
	}
	return e
}

// classOf says what a status means, and what to do about it. asked: it came
// with a Retry-After. A status that says nothing against this notice is tried
// again; nothing is lost by that, because the webhook-id stays.
func classOf(code int, asked bool) (class alerting.Class, hint string) {
	switch {
	case code == http.StatusTooManyRequests:
		return alerting.ClassLimited, ""
	case code == http.StatusRequestTimeout, code == http.StatusConflict, code == http.StatusTooEarly, code/100 == 5:
		if asked {
			return alerting.ClassLimited, ""
		}
		return alerting.ClassTransient, ""
	case code == http.StatusUnauthorized, code == http.StatusForbidden, code == http.StatusProxyAuthRequired:
		return alerting.ClassAuth, "; compare the signing secret and the headers with what the receiver expects, and reload"
	case code/100 == 3:
		return alerting.ClassDestination, "; redirects are not followed: give the final address as url"
	case code == http.StatusGone:
		return alerting.ClassDestination, "; the receiver wants no more: remove it, or give its new address"
	case unreadable(code):
		return alerting.ClassMessage, "; the receiver's log says what it does not take"
	default: // 404, 405, 421, 451 and whatever else is said of an address
		return alerting.ClassDestination, "; check url: there is nothing that takes a POST"
	}
}

// unreadable reports whether a status is about what was sent: a smaller form
// may be taken.
func unreadable(code int) bool {
	switch code {
	case http.StatusBadRequest, http.StatusNotAcceptable, http.StatusLengthRequired, http.StatusRequestEntityTooLarge,
		http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity, http.StatusRequestHeaderFieldsTooLarge:
		return true
	default:
		return false
	}
}

// unanswered classes a request without an answer. written: the receiver may
// have got it.
func (r *Receiver) unanswered(ctx context.Context, err error, written bool) *alerting.SendError {
	class := alerting.ClassTransient
	if written {
		class = alerting.ClassAmbiguous
	}
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err // without the URL
	}
	text := r.hide(err.Error())
	if isCertificate(err) {
		text += "; check the receiver's certificate, and tls.ca_files"
	}
	if cause := context.Cause(ctx); cause != nil {
		return &alerting.SendError{Class: class, Err: fmt.Errorf("%s: no answer: %w", r.where(), cause)}
	}
	return &alerting.SendError{Class: class, Err: fmt.Errorf("%s: no answer: %s", r.where(), text)}
}

func isCertificate(err error) bool {
	_, ok := errors.AsType[*tls.CertificateVerificationError](err)
	_, name := errors.AsType[x509.HostnameError](err)
	return ok || name
}

// where names the receiver by its host: the rest of the URL may be secret.
func (r *Receiver) where() string {
	u, err := url.Parse(r.cfg.URL.Reveal())
	if err != nil {
		return "webhook"
	}
	return "webhook: POST to " + u.Host
}

// leastSecret is how long the path of a URL must be to be one: a shorter one
// is part of ordinary words, and keeps nobody out.
const leastSecret = 8

// hide takes our secrets out of text, wherever it came from.
func (r *Receiver) hide(text string) string {
	secrets := []string{r.cfg.URL.Reveal()}
	if u, err := url.Parse(r.cfg.URL.Reveal()); err == nil && len(u.RequestURI()) >= leastSecret {
		secrets = append(secrets, u.RequestURI())
	}
	secrets = append(secrets, strings.Fields(r.cfg.Secret.Reveal())...)
	for _, value := range r.cfg.Headers {
		secrets = append(secrets, value.Reveal())
	}
	for _, s := range secrets {
		if s != "" {
			text = strings.ReplaceAll(text, s, "<secret>")
		}
	}
	return strings.Join(strings.Fields(text[:min(len(text), maxText)]), " ")
}

// maxText bounds the text of a failure, in bytes.
const maxText = 400

// status is a code with its words: "503 Service Unavailable".
func status(code int) string {
	return strings.TrimSpace(strconv.Itoa(code) + " " + http.StatusText(code))
}

// retryAfter reads the header, seconds or a date, and whether there is one
// that makes sense.
func retryAfter(header string, now time.Time) (time.Duration, bool) {
	if seconds, err := strconv.ParseInt(header, 10, 32); err == nil && seconds >= 0 {
		return time.Duration(seconds) * time.Second, true
	}
	if at, err := http.ParseTime(header); err == nil {
		return max(0, at.Sub(now)), true
	}
	return 0, false
}
