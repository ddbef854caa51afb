package probes

import (
	"bytes"
	"context"
	"net/http"
	"time"
)

// methods lists what a level asks, the next one only when the answer to the
// one before was 405 or 501.
func (l Level) methods() []string {
	switch l {
	case LevelReach:
		return []string{http.MethodOptions, http.MethodHead}
	case LevelRefuse, LevelPing:
		return []string{http.MethodPost}
	default:
		return nil // LevelTLS sends nothing
	}
}

// newRequest builds the request of ep's level. Every request carries the
// marks; only a POST has a body, and only a ping the token.
func (p *Prober) newRequest(ctx context.Context, ep Endpoint, method string, at time.Time) (*http.Request, error) {
	var body []byte
	id := ""
	if method == http.MethodPost {
		body, id = newPing(at, ep.Body)
	}
	req, err := http.NewRequestWithContext(ctx, method, ep.URL.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if len(body) == 0 {
		req.Body = http.NoBody
	}
	req.Close = !ep.Policy.KeepAlive
	req.Header.Set("User-Agent", p.userAgent)
	req.Header.Set(SyntheticHeader, "1")
	req.Header.Set("Accept", "*/*")
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
		if token, send := ep.credential(); send {
			ep.authenticate(req.Header, token, id, at, body)
		}
	}
	return req, nil
}

// credential returns what a POST of ep proves itself with, and whether
// anything is sent: never the right token over http:// unless that is allowed.
func (ep Endpoint) credential() (Secret, bool) {
	switch {
	case ep.Policy.Level == LevelRefuse:
		return wrongToken(), true
	case ep.Policy.Level != LevelPing || ep.Token == "":
		return "", false
	case ep.URL.Scheme == "http" && !ep.Policy.AllowCleartext:
		return "", false
	default:
		return ep.Token, true
	}
}
