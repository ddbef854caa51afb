package slack

import (
	"io"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"sync/atomic"
	"time"

	slackgo "github.com/slack-go/slack"
)

// maxAnswer bounds the body of an answer, in bytes: a page of 200 messages
// with blocks has about 1 MB.
const maxAnswer = 8 << 20

// newClient returns a client that follows no redirect: the token would go
// along. The library's own has no timeout.
func newClient(timeout time.Duration) *http.Client {
	return &http.Client{
		Timeout:       timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy:               http.ProxyFromEnvironment, // as every Slack client in such a network
			ForceAttemptHTTP2:   true,
			TLSHandshakeTimeout: timeout,
			MaxIdleConnsPerHost: 4,
			IdleConnTimeout:     time.Minute,
		},
	}
}

// exchange is one request as it went. It is not for a second one.
type exchange struct {
	client     *http.Client
	written    atomic.Bool // Slack may have all of the request
	status     int         // of the answer; 0: there is none
	retryAfter time.Duration
}

func (r *Receiver) exchange() *exchange { return &exchange{client: r.client} }

// api returns the library's client for this request, which tries once.
func (x *exchange) api(cfg Config) *slackgo.Client {
	return slackgo.New(cfg.Token.Reveal(), slackgo.OptionAPIURL(cfg.apiURL()), slackgo.OptionHTTPClient(x))
}

// Do makes the request and notes how far it came. Between a connection and the
// failure to write into it, the request counts as written.
func (x *exchange) Do(req *http.Request) (*http.Response, error) {
	ctx := httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{
		GotConn:      func(httptrace.GotConnInfo) { x.written.Store(true) },
		WroteRequest: func(i httptrace.WroteRequestInfo) { x.written.Store(i.Err == nil) },
	})
	resp, err := x.client.Do(req.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	x.status = resp.StatusCode
	x.retryAfter = retryAfter(resp.Header.Get("Retry-After"), time.Now())
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(resp.Body, maxAnswer), resp.Body}
	return resp, nil
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
