package main

import (
	"log/slog"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/hookvigil/hookvigil/internal/config"
	"github.com/hookvigil/hookvigil/internal/demo"
)

func newDemo() *cobra.Command {
	var listen string
	var verbose, once bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show within three minutes what hookvigil is for",
		Long: `Play a published incident of a payment platform, one second for each minute:
the daemon, simulated merchants, a stand-in for Slack and a mailbox, with one
page that shows what arrives. It needs no configuration, account or network:
everything is on loopback and in a temporary folder that is removed at the end.
After the story it goes on in good health until SIGINT or SIGTERM.

Exit status: 0 ended when asked to, 1 something could not be started.`,
		Example: "  hookvigil demo",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			syscall.Umask(0o077) // whatever we write is ours alone
			ctx, stop := signal.NotifyContext(cmd.Context(), syscall.SIGTERM, syscall.SIGINT)
			defer stop()
			level := slog.LevelError
			if verbose {
				level = slog.LevelInfo
			}
			err := demo.Run(ctx, demo.Options{
				Log: newLog(cmd.ErrOrStderr(), config.Log{Level: level}), Out: cmd.OutOrStdout(),
				Listen: listen, Version: version, Once: once,
			})
			if err != nil {
				return failed(hintOnBusy(err, "--listen"))
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:0", "loopback address of the page; port 0: any that is free")
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "the daemon's log, on standard error")
	cmd.Flags().BoolVar(&once, "once", false, "end with the story")
	_ = cmd.Flags().MarkHidden("once") // there is such a flag
	return cmd
}
