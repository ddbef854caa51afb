package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

func newOutbox() *cobra.Command {
	return verbs(&cobra.Command{
		Use:   "outbox",
		Short: "List, retry and drop notices that were not sent",
		Long: `Every notice stands in the outbox until it is sent, replaced by a newer state of
the same incident, or dead: it will not be tried again by itself. ID is a
notice's ID as the list shows it, or its beginning, as long as that is unique
among those that are dead or wait.`,
		Example: `  hookvigil outbox ls                      # what is stuck comes first
  hookvigil outbox retry kq72ma-000003-0   # once the receiver is mended
  hookvigil outbox drop kq72ma-000003-0    # nobody needs it any more`,
	}, newOutboxLs(), newOutboxRetry(), newOutboxDrop())
}

// outboxFilter selects notices.
type outboxFilter struct {
	state string
	lane  string
	limit int
}

func newOutboxLs() *cobra.Command {
	var f outboxFilter
	asJSON := false
	cmd := &cobra.Command{
		Use:   "ls",
		Short: "List notices, those that are stuck first",
		Long: `List notices: the dead, then those that wait or are being sent, then those that
are done with; the newest first. With --json the answer of the API, newest first.

  dead      will not be tried again by itself: retry it, or drop it
  waiting   is tried at its time; an error class says how it failed last
  sending   is on the wire
  withheld  a silence or a maintenance window keeps it
  sent      the receiver has taken it
  replaced  a newer state of the same incident, or a summary, has told it
  dropped   a person has ended it

Exit status: 0 good, whatever is listed, 1 the daemon gave no answer, 2 a wrong
call or configuration, or no daemon runs.`,
		Example: `  hookvigil outbox ls
  hookvigil outbox ls --state dead
  hookvigil outbox ls --lane ops/C0123 --limit 200`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return outboxLs(cmd, f, asJSON) },
	}
	cmd.Flags().StringVar(&f.state, "state", "", "only those in that state: "+strings.Join(slices.Sorted(slices.Values(noticeStates())), ", "))
	cmd.Flags().StringVar(&f.lane, "lane", "", "only those of that lane: RECEIVER/DESTINATION")
	addLimit(cmd, &f.limit)
	addJSON(cmd, &asJSON)
	completes(cmd, "state", noticeStates()...)
	return cmd
}

const exitOfNotices = `

Exit status: 0 done, 1 not done to each of them, or the daemon gave no answer,
2 there is no such notice, a wrong call or configuration, or no daemon runs.`

func newOutboxRetry() *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "retry ID...",
		Short: "Send notices now that are dead or wait",
		Long: `Make notices due at once, and start their lanes if those have stopped.
With --json a line for each that was done: {"id","done"}.` + exitOfNotices,
		Example: `  hookvigil outbox retry kq72ma-000003-0
  hookvigil outbox retry kq72ma-000003-0 kq72ma-000003-1`,
		Args:              some,
		ValidArgsFunction: unsentNotices,
		RunE: func(cmd *cobra.Command, args []string) error {
			return treatment{verb: "retry", done: "is due now"}.do(cmd, args, asJSON)
		},
	}
	addJSON(cmd, &asJSON)
	return cmd
}

func newOutboxDrop() *cobra.Command {
	yes, asJSON := false, false
	cmd := &cobra.Command{
		Use:   "drop ID...",
		Short: "End notices: they are not sent",
		Long: `End notices that are dead or wait: nobody will get them. More than one at a time
needs --yes. With --json a line for each that was done: {"id","done"}.` + exitOfNotices,
		Example: `  hookvigil outbox drop kq72ma-000003-0
  hookvigil outbox drop --yes kq72ma-000003-0 kq72ma-000003-1`,
		Args:              some,
		ValidArgsFunction: unsentNotices,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 && !yes {
				return misused(cmd, "drop ends %d notices, which nobody will get: say --yes if that is meant", len(args))
			}
			return treatment{verb: "drop", done: "is dropped"}.do(cmd, args, asJSON)
		},
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "drop more than one at a time")
	addJSON(cmd, &asJSON)
	return cmd
}

// some is for verbs that take the IDs of notices.
func some(cmd *cobra.Command, args []string) error {
	if len(args) == 0 || slices.Contains(args, "") {
		return misused(cmd, "%s wants the IDs of notices, as 'hookvigil outbox ls' shows them", cmd.Name())
	}
	return nil
}
