// Command hookvigil watches over webhooks: it probes webhook endpoints, checks
// their certificates as a second signal, and shows what it finds.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	_ "time/tzdata" // merchants' time zones, also where the machine has none

	"github.com/spf13/cobra"
)

// version is set by the linker.
var version = "dev"

// Exit statuses of every verb.
const (
	exitGood    = 0
	exitFinding = 1 // something is wrong out there
	exitUsage   = 2 // something is wrong with the call or the configuration
)

func main() { os.Exit(run(context.Background(), os.Args[1:])) }

// run executes one command line and returns the exit status.
func run(ctx context.Context, args []string) int {
	root := newRoot()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitGood
	}
	var exit *exitError
	if errors.As(err, &exit) {
		if exit.text != "" {
			fmt.Fprintln(root.ErrOrStderr(), "hookvigil: "+exit.text)
		}
		return exit.status
	}
	fmt.Fprintf(root.ErrOrStderr(), "hookvigil: %v\nTry 'hookvigil --help'.\n", err) // cobra's own: a wrong flag, an unknown verb
	return exitUsage
}

// exitError carries an exit status through cobra.
type exitError struct {
	status int
	text   string // empty: everything has been said
}

// Error implements error.
func (e *exitError) Error() string { return e.text }

// finding is returned when everything worked and something is wrong out there.
func finding() error { return &exitError{status: exitFinding} }

// usage is returned for a wrong call or configuration.
func usage(format string, args ...any) error {
	return &exitError{status: exitUsage, text: fmt.Sprintf(format, args...)}
}

// failed is returned when the verb could not do its work.
func failed(err error) error { return &exitError{status: exitFinding, text: err.Error()} }

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "hookvigil",
		Short: "Watches over webhooks: reachable, in time, and with a good certificate",
		Long: `hookvigil watches over webhooks. One daemon probes webhook endpoints, checks
their certificates as a second, independent signal, and shows what it finds.

Exit status: 0 good, 1 a finding, 2 a wrong call or configuration.`,
		Example: `  hookvigil init                          # a commented configuration
  hookvigil check                         # is it right? every fault at once
  hookvigil serve                         # watch
  hookvigil probe https://hooks.example.com/payout
  hookvigil certificate hooks.example.com`,
		SilenceUsage: true, SilenceErrors: true, Version: version,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.PersistentFlags().StringP("config", "c", "hookvigil.yaml", "configuration file")
	root.AddCommand(newServe(), newCheck(), newInit(), newProbe(), newCertificate(), newExplain(), newVersion())
	return root
}
