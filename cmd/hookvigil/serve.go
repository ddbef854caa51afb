package main

import (
	"context"
	"errors"
	"fmt"
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
		Long: `Run the daemon until SIGTERM or SIGINT, then drain and stop within 10 s. The
log goes to standard error. SIGHUP, or POST /-/reload, reads the configuration
again: what changed is swapped in, the rest goes on; a bad file changes nothing
and says so.

Exit status: 0 stopped when asked to, 1 it cannot run or stopped by itself,
2 the configuration has faults.`,
		Example: "  hookvigil serve --config /etc/hookvigil/hookvigil.yaml",
		Args:    noArgs,
		RunE:    serve,
	}
}

func serve(cmd *cobra.Command, _ []string) error {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP) // before anything else: by default it would kill
	defer signal.Stop(hangups)
	cfg, faults := config.Load(configPath(cmd))
	if config.Failed(faults) {
		return printed(cmd, faults)
	}
	log := newLog(cmd.ErrOrStderr(), cfg.Log)
	for _, f := range faults {
		log.Warn("configuration", "fault", f.String(), "hint", f.Hint)
	}
	syscall.Umask(0o077) // whatever we write is ours alone
	ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	d := daemon.New(daemon.Options{
		Config: cfg, Version: version, Log: log,
		Load: func() (*config.Config, []config.Fault) { return config.Load(configPath(cmd)) },
	})
	done, cancel := context.WithCancel(ctx)
	var reloads sync.WaitGroup
	reloads.Go(func() { reloadOnHangup(done, d, hangups, log) })
	err := d.Run(ctx)
	cancel()
	reloads.Wait()
	if err != nil {
		return failed(hintOnBusy(err, "server.listen"))
	}
	return nil
}

// hintOnBusy adds to an address that is taken what to do; setting is where the
// address comes from. Any other error stays as it is.
func hintOnBusy(err error, setting string) error {
	if !errors.Is(err, syscall.EADDRINUSE) {
		return err
	}
	return fmt.Errorf("%w; another program listens there, perhaps another hookvigil: stop it ('ss -ltnp' names it), or give another port in %s", err, setting)
}

// reloadOnHangup reloads at each hangup until ctx ends.
func reloadOnHangup(ctx context.Context, d *daemon.Daemon, hangups <-chan os.Signal, log *slog.Logger) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangups:
		}
		if d.Addr() == "" { // not listening yet
			log.Warn("not reloaded: still starting, with the configuration as it was a moment ago")
			continue
		}
		if _, err := d.Reload(ctx); err != nil && ctx.Err() == nil {
			log.Error("configuration not loaded", "err", err)
		}
	}
}
