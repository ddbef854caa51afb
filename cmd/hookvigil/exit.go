package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// Exit statuses of every verb.
const (
	exitGood    = 0
	exitFinding = 1 // something is wrong out there, or the work could not be done
	exitUsage   = 2 // something is wrong with the call or the configuration
)

// exitError carries an exit status through cobra.
type exitError struct {
	status int
	text   string // empty: everything has been said
	http   int    // what the daemon refused with; 0: it did not
}

// Error implements error.
func (e *exitError) Error() string { return e.text }

// finding is returned when everything worked and something is wrong out there.
func finding() error { return &exitError{status: exitFinding} }

// refused is returned when the faults of the configuration have been printed.
func refused() error { return &exitError{status: exitUsage} }

// usage is returned for a wrong call or configuration.
func usage(format string, args ...any) error {
	return &exitError{status: exitUsage, text: fmt.Sprintf(format, args...)}
}

// misused is usage with a pointer to the verb's help.
func misused(cmd *cobra.Command, format string, args ...any) error {
	return usage("%s\nsee '%s --help'", fmt.Sprintf(format, args...), cmd.CommandPath())
}

// failed is returned when the verb could not do its work.
func failed(err error) error { return &exitError{status: exitFinding, text: err.Error()} }

// statusOf says what err is left to say, and returns the exit status.
func statusOf(stderr io.Writer, err error) int {
	if err == nil {
		return exitGood
	}
	exit, ok := errors.AsType[*exitError](err)
	if !ok {
		exit = &exitError{status: exitFinding, text: err.Error()} // standard output is closed or full
	}
	if exit.text != "" {
		fmt.Fprintln(stderr, "hookvigil: "+exit.text)
	}
	return exit.status
}

// warn tells of something that stops nothing.
func warn(cmd *cobra.Command, format string, args ...any) {
	fmt.Fprintf(cmd.ErrOrStderr(), "hookvigil: warning: %s\n", fmt.Sprintf(format, args...))
}
