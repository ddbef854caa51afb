package promquery

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	maxBody  = 4 << 20 // bytes of an answer, unpacked
	maxShown = 200     // bytes of a query, or of an answer, in an error or a log
)

// client asks one server.
type client struct {
	cfg  Config
	base *url.URL // without userinfo
	user *url.Userinfo
	http *http.Client
}

// newClient follows no redirect: the token would go along.
func newClient(cfg Config) (*client, error) {
	u, err := url.Parse(cfg.URL)
	if err != nil {
		return nil, errors.New("url: is no URL") // its text holds the whole URL
	}
	c := &client{cfg: cfg, user: u.User, base: u.JoinPath("api/v1/query")}
	c.base.User = nil
	c.http = &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy:               http.ProxyFromEnvironment, // as for all that we send
			TLSClientConfig:     &tls.Config{RootCAs: cfg.Roots, MinVersion: tls.VersionTLS12},
			ForceAttemptHTTP2:   true,
			MaxIdleConnsPerHost: 2,
			IdleConnTimeout:     2 * maxEvery,
		},
	}
	return c, nil
}

// instant evaluates a query at a moment. The error says what was asked and
// what was answered, both cut, and holds no secret.
func (c *client) instant(ctx context.Context, name, query string, at time.Time) (answer, error) {
	a, err := c.exchange(ctx, query, at)
	if err != nil {
		return a, fmt.Errorf("query %s (%s): %w", name, cut(query, maxShown), err)
	}
	return a, nil
}

func (c *client) exchange(ctx context.Context, query string, at time.Time) (answer, error) {
	req, err := c.request(ctx, query, at)
	if err != nil {
		return answer{}, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return answer{}, c.failure(ctx, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	switch {
	case len(body) > maxBody:
		return answer{}, fmt.Errorf("the answer has more than %d MiB; want fewer labels, as in sum by (channel, instance) (...)", maxBody>>20)
	case err != nil:
		return answer{}, fmt.Errorf("read the answer: %w", c.failure(ctx, err))
	}
	return c.judge(resp, body)
}

func (c *client) request(ctx context.Context, query string, at time.Time) (*http.Request, error) {
	u := *c.base
	values := u.Query()
	values.Set("query", query)
	values.Set("time", strconv.FormatFloat(float64(at.UnixMilli())/1000, 'f', 3, 64))
	values.Set("timeout", c.cfg.Timeout.String())
	u.RawQuery = values.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, errors.New("the URL makes no request") // its text holds the URL
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "hookvigil")
	if c.user != nil {
		password, _ := c.user.Password()
		req.SetBasicAuth(c.user.Username(), password)
	}
	if c.cfg.Token != "" {
		req.Header.Set("Authorization", "Bearer "+c.cfg.Token.Reveal())
	}
	return req, nil
}

// judge reads an answer. A server that refuses a query says why, with a status
// that is not 200.
func (c *client) judge(resp *http.Response, body []byte) (answer, error) {
	var a answer
	err := json.Unmarshal(body, &a)
	switch {
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		return a, fmt.Errorf("status %d: a redirect, which is not followed; want the URL of the server itself", resp.StatusCode)
	case resp.StatusCode != http.StatusOK && (err != nil || a.Error == ""):
		return a, fmt.Errorf("status %d: %s", resp.StatusCode, c.show(string(body)))
	case resp.StatusCode != http.StatusOK || err == nil && a.Status != "success":
		return a, fmt.Errorf("status %d: %s: %s", resp.StatusCode, c.show(a.ErrorType), c.show(a.Error))
	case err != nil:
		return a, errors.New("the answer is not that of a Prometheus; want the URL without /api/v1/query: " + c.show(string(body)))
	default:
		return a, nil
	}
}

// failure takes the URL out of an error of the client, and says a timeout so
// that people understand.
func (c *client) failure(ctx context.Context, err error) error {
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() != nil {
		return fmt.Errorf("no answer within %s", c.cfg.Timeout)
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	return err
}

// show cuts what a server says, in case that it says our secrets back.
func (c *client) show(text string) string {
	secrets := []string{c.cfg.Token.Reveal()}
	if password, ok := c.user.Password(); ok {
		secrets = append(secrets, password)
	}
	for _, s := range secrets {
		if s != "" {
			text = strings.ReplaceAll(text, s, "<secret>")
		}
	}
	return cut(strings.TrimSpace(text), maxShown)
}
