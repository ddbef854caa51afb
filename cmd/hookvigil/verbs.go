package main

import (
	"strconv"

	"github.com/spf13/cobra"
)

// verbs makes a verb that only has verbs of its own. Alone it is a question, as
// hookvigil alone is: it answers with its help and status 0, as kubectl and gh
// do. A verb that it does not have is a wrong call.
func verbs(parent *cobra.Command, children ...*cobra.Command) *cobra.Command {
	parent.SuggestionsMinimumDistance = 2
	parent.Args = knownVerb
	parent.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	parent.AddCommand(children...)
	return parent
}

// addLimit adds the flag of every list.
func addLimit(cmd *cobra.Command, to *int) {
	cmd.Flags().IntVarP(to, "limit", "n", 50, "show at most so many, up to "+strconv.Itoa(maxPage))
}

// goodLimit checks what --limit says.
func goodLimit(cmd *cobra.Command, n int) error {
	if n < 1 || n > maxPage {
		return misused(cmd, "--limit %d is outside 1 to %d", n, maxPage)
	}
	return nil
}
