package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"syscall"
	"time"

	"github.com/hookvigil/hookvigil/internal/daemon"
)

// Bounds of one question to the daemon.
const (
	askTimeout = 10 * time.Second
	maxAnswer  = 32 << 20 // bytes
)

// actorHeader carries the name of the person at the terminal.
const actorHeader = "X-Hookvigil-Actor"

// question is what a verb asks the running daemon.
type question struct {
	method string // empty: GET
	path   string
	body   any           // sent as JSON; nil: nothing is sent
	wait   time.Duration // for the answer; 0: askTimeout
	typed  places        // what the person typed for a place in it; nil: nothing else than its name
}

// answer is what the daemon said.
type answer struct {
	raw []byte
	at  time.Time // by the clock of the daemon: ages count from it
}

// decode reads the answer into v.
func (a answer) decode(v any) error {
	if err := json.Unmarshal(a.raw, v); err != nil {
		return failed(fmt.Errorf("answer of the daemon: %w", err))
	}
	return nil
}

// ask gets a path from the running daemon.
func ask(ctx context.Context, dataDir, path string) ([]byte, error) {
	a, err := question{path: path}.put(ctx, dataDir)
	return a.raw, err
}

// put puts the question to the running daemon, over the socket in its data
// directory: whoever may open the socket is the administrator. An answer that
// is no success is an error; [refusedWith] tells which.
func (q question) put(ctx context.Context, dataDir string) (answer, error) {
	socket := filepath.Join(dataDir, daemon.SocketName)
	client := &http.Client{
		Timeout: q.bound(ctx),
		Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		}},
	}
	defer client.CloseIdleConnections()
	req, err := q.request(ctx)
	if err != nil {
		return answer{}, usage("%v", err)
	}
	resp, err := client.Do(req)
	if err != nil {
		return answer{}, q.unanswered(err, dataDir, socket)
	}
	defer resp.Body.Close() // it was read to its end
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return answer{}, failed(fmt.Errorf("answer of the daemon: %w", err))
	}
	if resp.StatusCode < http.StatusOK || resp.StatusCode >= http.StatusMultipleChoices {
		return answer{}, q.typed.problem(raw, resp.StatusCode)
	}
	at, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		at = time.Now() // it is the same machine's clock
	}
	return answer{raw: raw, at: at.UTC()}, nil
}

// bound is how long the answer may take, 0 when ctx itself says until when.
func (q question) bound(ctx context.Context) time.Duration {
	if _, bounded := ctx.Deadline(); bounded {
		return 0
	}
	return q.patience()
}

func (q question) patience() time.Duration {
	if q.wait > 0 {
		return q.wait
	}
	return askTimeout
}

func (q question) request(ctx context.Context) (*http.Request, error) {
	if q.method == "" || q.method == http.MethodGet {
		return http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost"+q.path, http.NoBody)
	}
	var body io.Reader = http.NoBody
	if q.body != nil {
		raw, err := json.Marshal(q.body)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, q.method, "http://localhost"+q.path, body)
	if err != nil {
		return nil, err
	}
	if q.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set(actorHeader, actor())
	return req, nil
}

// unanswered says why the daemon gave no answer, and what to do.
func (q question) unanswered(err error, dataDir, socket string) error {
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return usage("no daemon runs on %s; start it with 'hookvigil serve', or name its configuration with --config", dataDir)
	case errors.Is(err, fs.ErrPermission):
		return usage("%s is for the daemon's own user; call as that user: sudo -u USER hookvigil ...", socket)
	}
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		if wrapped.Timeout() {
			return failed(fmt.Errorf("the daemon on %s did not answer within %s", dataDir, q.patience()))
		}
		err = wrapped.Err
	}
	return failed(fmt.Errorf("ask the daemon: %w", err))
}

// problem turns an RFC 9457 answer into a line. What is not there, or cannot
// be read, was a wrong call; anything else is the daemon's refusal or trouble.
// What is wrong with a place in the request is said of what was typed for it.
func (t places) problem(raw []byte, status int) error {
	var p struct {
		Detail text
		Errors []struct{ Location, Message text }
	}
	said := fmt.Sprintf("the daemon answered %d %s", status, http.StatusText(status))
	if json.Unmarshal(raw, &p) == nil && p.Detail != "" {
		said = string(p.Detail)
	}
	for _, e := range p.Errors {
		said += fmt.Sprintf("; %s: %s", t.nameOf(string(e.Location)), e.Message)
	}
	exit := &exitError{status: exitFinding, text: said, http: status}
	switch status {
	case http.StatusNotFound, http.StatusBadRequest, http.StatusUnprocessableEntity:
		exit.status = exitUsage
	}
	return exit
}

// refusedWith reports whether the daemon answered with that HTTP status.
func refusedWith(err error, status int) bool {
	exit, ok := errors.AsType[*exitError](err)
	return ok && exit.http == status
}
