package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
)

// maxAnswer bounds what is read of an answer, in bytes: nothing in it matters,
// and a connection can be used again only when it is read.
const maxAnswer = 64 << 10

// Receiver posts notices to one address. It implements [alerting.Receiver],
// and is safe for concurrent use.
type Receiver struct {
	cfg    Config
	keys   [][]byte
	log    *slog.Logger
	client *http.Client
}

var _ alerting.Receiver = (*Receiver)(nil)

// Destination is the one lane of a receiver: each thing that happens is a call.
func Destination(receiver string) alerting.Destination {
	return alerting.Destination{Lane: receiver + "/hook", Form: alerting.FormHook}
}

// New returns a receiver for a Config that passed Validate. It sends nothing.
// A nil log is silence.
func New(cfg Config, log *slog.Logger) *Receiver {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	signing, _ := keys(cfg.Secret) // Validate has decoded them
	return &Receiver{cfg: cfg, keys: signing, log: log, client: newClient(cfg)}
}

// newClient returns a client that follows no redirect and asks no proxy:
// what is signed goes where the configuration says, or nowhere.
func newClient(cfg Config) *http.Client {
	return &http.Client{
		Timeout:       cfg.timeout(),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			TLSClientConfig:        &tls.Config{RootCAs: cfg.Roots, MinVersion: tls.VersionTLS12},
			ForceAttemptHTTP2:      true,
			TLSHandshakeTimeout:    cfg.timeout(),
			MaxIdleConnsPerHost:    4,
			IdleConnTimeout:        time.Minute,
			MaxResponseHeaderBytes: maxAnswer,
			DisableCompression:     true,
		},
	}
}

// Send posts n once. It blocks until the answer is there, at most
// Config.Timeout and no longer than ctx. prev is not needed: the returned Ref
// holds the webhook-id, which comes from n.IdemKey alone. Every error is a
// [*alerting.SendError] without a secret.
func (r *Receiver) Send(ctx context.Context, n alerting.Notice, _ alerting.Ref) (alerting.Ref, error) {
	if len(r.keys) == 0 {
		return alerting.Ref{}, &alerting.SendError{Class: alerting.ClassAuth, Err: errors.New("webhook: there is no secret to sign with")}
	}
	body, err := encode(n)
	if err != nil {
		return alerting.Ref{}, &alerting.SendError{Class: alerting.ClassMessage, Err: fmt.Errorf("webhook: %w", err)}
	}
	id := idOf(n.IdemKey)
	var written atomic.Bool // the receiver may have all of it
	trace := &httptrace.ClientTrace{
		GotConn:      func(httptrace.GotConnInfo) { written.Store(true) },
		WroteRequest: func(i httptrace.WroteRequestInfo) { written.Store(i.Err == nil) },
	}
	req, err := r.request(httptrace.WithClientTrace(ctx, trace), id, body)
	if err != nil {
		return alerting.Ref{}, &alerting.SendError{Class: alerting.ClassDestination, Err: err}
	}
	resp, err := r.client.Do(req)
	if err != nil {
		return alerting.Ref{}, r.unanswered(ctx, err, written.Load())
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxAnswer)) // the status has said all
	if failed := r.refused(resp, time.Now()); failed != nil {
		return alerting.Ref{}, failed
	}
	r.log.DebugContext(ctx, "webhook accepted", "lane", n.Lane, "webhook_id", id, "status", resp.StatusCode)
	return alerting.Ref{Root: id, Last: id}, nil
}

// request is one signed attempt.
func (r *Receiver) request(ctx context.Context, id string, body []byte) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.cfg.URL.Reveal(), bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("webhook: the URL cannot be used") // err holds it
	}
	for name, value := range r.cfg.Headers {
		req.Header.Set(name, value.Reveal())
	}
	now := time.Now()
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "hookvigil")
	req.Header.Set("webhook-id", id)
	req.Header.Set("webhook-timestamp", stamp(now))
	req.Header.Set("webhook-signature", signature(r.keys, id, now, body))
	return req, nil
}
