package probes

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// judge gives the verdict of a probe whose answer is complete.
func (l *look) judge() Result {
	if l.r.Took == 0 {
		l.stop()
	}
	if fault := l.statusFault(); fault != FaultNone {
		return l.end(fault, fmt.Sprintf("%s answered %d", l.r.Method, l.r.Status))
	}
	l.r.Fault, l.r.Verdict = FaultNone, Healthy
	if l.r.Took > l.ep.Policy.AckBudget {
		l.r.Notes |= NoteSlow
		l.r.Verdict = Degraded
		l.r.Detail = fmt.Sprintf("answered after %s; the ack budget is %s", l.r.Took.Round(time.Millisecond), l.ep.Policy.AckBudget)
	}
	return l.r
}

// statusFault says what the status means at the probe's level. At reach any
// complete answer will do but 3xx and 5xx; at refuse the endpoint must not
// accept the wrong token; a ping must be accepted. A 3xx is never followed
// and never good: a POST would arrive empty at another host.
func (l *look) statusFault() Fault {
	status := l.r.Status
	switch level := l.ep.Policy.Level; {
	case level == LevelTLS:
		return FaultNone
	case status < 200 || status > 599:
		return FaultMalformed
	case status < 300 && level == LevelRefuse:
		return FaultAcceptsUnauthenticated
	case status < 300:
		return FaultNone
	case status < 400:
		return FaultHTTP3xx
	case status >= 500:
		return FaultHTTP5xx
	case level != LevelPing:
		return FaultNone
	}
	return clientFault(status)
}

func clientFault(status int) Fault {
	switch status {
	case http.StatusUnauthorized:
		return FaultHTTP401
	case http.StatusNotFound:
		return FaultHTTP404
	case http.StatusGone:
		return FaultHTTP410
	case http.StatusTooManyRequests:
		return FaultHTTP429
	default:
		return FaultHTTP4xx
	}
}

// retryAfter reads the header of a 429 or 503: seconds or a date, at most 1 h.
func retryAfter(status int, h http.Header, now time.Time) time.Duration {
	if status != http.StatusTooManyRequests && status != http.StatusServiceUnavailable {
		return 0
	}
	v := strings.TrimSpace(h.Get("Retry-After"))
	wait := time.Duration(0)
	if n, err := strconv.ParseUint(v, 10, 32); err == nil {
		wait = time.Duration(n) * time.Second
	} else if at, err := http.ParseTime(v); err == nil {
		wait = at.Sub(now)
	}
	return min(max(wait, 0), maxRetryAfter)
}

// locationHost returns the host that a redirect points to, and never more of
// the address than that.
func locationHost(status int, h http.Header, base *url.URL) string {
	if status < 300 || status > 399 || h.Get("Location") == "" {
		return ""
	}
	u, err := base.Parse(h.Get("Location"))
	if err != nil {
		return ""
	}
	host := clip(u.Host)
	return host[:min(len(host), 100)]
}

// redact takes out of a text whatever secrets the request carried.
func (l *look) redact(text string) string {
	if token := l.ep.Token.Reveal(); token != "" {
		text = strings.ReplaceAll(text, token, "<secret>")
	}
	if q := l.ep.URL.RawQuery; len(q) > 3 {
		text = strings.ReplaceAll(text, q, "<query>")
	}
	return text
}
