package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/hookvigil/hookvigil/internal/config"
	"github.com/hookvigil/hookvigil/internal/daemon"
)

func newServe() *cobra.Command {
	return &cobra.Command{
		Use:   "serve",
		Short: "Run the daemon",
		Long: `Run the daemon until SIGTERM or SIGINT, then drain and stop within 10 s.
SIGHUP, or POST /-/reload, reads the configuration again: what changed is
swapped in, the rest goes on; a bad file changes nothing and says so.`,
		Example: "  hookvigil serve --config /etc/hookvigil/hookvigil.yaml",
		Args:    cobra.NoArgs,
		RunE:    serve,
	}
}

func serve(cmd *cobra.Command, _ []string) error {
	cfg, err := load(cmd)
	if err != nil {
		return err
	}
	syscall.Umask(0o077) // whatever we write is ours alone
	ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	log := newLog(cmd, cfg.Log)
	d := daemon.New(daemon.Options{
		Config: cfg, Version: version, Log: log,
		Load: func() (*config.Config, []config.Fault) { return config.Load(configPath(cmd)) },
	})
	var hangups sync.WaitGroup
	defer hangups.Wait()
	done, cancel := context.WithCancel(ctx)
	defer cancel()
	hangups.Go(func() { reloadOnHangup(done, d, log) })
	if err := d.Run(ctx); err != nil {
		return failed(err)
	}
	return nil
}

// reloadOnHangup reloads at each SIGHUP until ctx ends.
func reloadOnHangup(ctx context.Context, d *daemon.Daemon, log *slog.Logger) {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangup:
			if _, err := d.Reload(ctx); err != nil {
				log.Error("configuration not loaded", "err", err)
			}
		}
	}
}

// newLog returns the daemon's logger: logfmt or JSON on stderr.
func newLog(cmd *cobra.Command, cfg config.Log) *slog.Logger {
	opts := &slog.HandlerOptions{Level: cfg.Level}
	if cfg.Format == "json" {
		return slog.New(slog.NewJSONHandler(cmd.ErrOrStderr(), opts))
	}
	return slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), opts))
}
