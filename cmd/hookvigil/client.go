package main

import (
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

// ask gets a path from the running daemon, over the socket in its data
// directory: whoever may open the socket is the administrator.
func ask(ctx context.Context, dataDir, path string) ([]byte, error) {
	socket := filepath.Join(dataDir, daemon.SocketName)
	client := &http.Client{
		Timeout: askTimeout,
		Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		}},
	}
	defer client.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost"+path, http.NoBody)
	if err != nil {
		return nil, usage("%v", err)
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, unanswered(err, dataDir, socket)
	}
	defer resp.Body.Close() // it was read to its end
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return nil, failed(fmt.Errorf("answer of the daemon: %w", err))
	}
	if resp.StatusCode != http.StatusOK {
		return nil, problem(raw, resp.StatusCode)
	}
	return raw, nil
}

// unanswered says why the daemon gave no answer, and what to do.
func unanswered(err error, dataDir, socket string) error {
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return usage("no daemon runs on %s; start it with 'hookvigil serve', or name its configuration with --config", dataDir)
	case errors.Is(err, fs.ErrPermission):
		return usage("%s is for the daemon's own user; call as that user: sudo -u USER hookvigil ...", socket)
	}
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		if wrapped.Timeout() {
			return failed(fmt.Errorf("the daemon on %s did not answer within %s", dataDir, askTimeout))
		}
		err = wrapped.Err
	}
	return failed(fmt.Errorf("ask the daemon: %w", err))
}

// problem turns an RFC 9457 answer into a line. What is not there was a wrong
// call; anything else is the daemon's trouble.
func problem(raw []byte, status int) error {
	var p struct{ Detail string }
	text := fmt.Sprintf("the daemon answered %d %s", status, http.StatusText(status))
	if json.Unmarshal(raw, &p) == nil && p.Detail != "" {
		text = p.Detail
	}
	if status == http.StatusNotFound {
		return usage("%s", text)
	}
	return failed(errors.New(text))
}
