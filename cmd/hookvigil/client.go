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
	"path/filepath"
	"syscall"
	"time"

	"github.com/hookvigil/hookvigil/internal/daemon"
)

// ask gets a path from the running daemon, over the socket in its data
// directory: whoever may open the socket is the administrator.
func ask(ctx context.Context, dataDir, path string) ([]byte, error) {
	socket := filepath.Join(dataDir, daemon.SocketName)
	client := &http.Client{
		Timeout: 10 * time.Second,
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
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED) {
		return nil, usage("no daemon runs on %s; start it with 'hookvigil serve', or name its configuration with --config", dataDir)
	}
	if err != nil {
		return nil, failed(fmt.Errorf("ask the daemon: %w", err))
	}
	defer resp.Body.Close() //nolint:errcheck // it was read to its end
	raw, err := io.ReadAll(io.LimitReader(resp.Body, 32<<20))
	if err != nil {
		return nil, failed(fmt.Errorf("answer of the daemon: %w", err))
	}
	if resp.StatusCode != http.StatusOK {
		return nil, problem(raw, resp.StatusCode)
	}
	return raw, nil
}

// problem turns an RFC 9457 answer into a line.
func problem(raw []byte, status int) error {
	var p struct{ Title, Detail string }
	if json.Unmarshal(raw, &p) != nil || p.Detail == "" {
		return failed(fmt.Errorf("the daemon answered %d %s", status, http.StatusText(status)))
	}
	return failed(errors.New(p.Detail))
}
