package main

import (
	"io"
	"log/slog"

	"github.com/hookvigil/hookvigil/internal/config"
)

// newLog returns the daemon's logger: logfmt or JSON, a line each.
func newLog(out io.Writer, cfg config.Log) *slog.Logger {
	opts := &slog.HandlerOptions{Level: cfg.Level}
	if cfg.Format == "json" {
		return slog.New(slog.NewJSONHandler(out, opts))
	}
	return slog.New(slog.NewTextHandler(out, opts))
}
