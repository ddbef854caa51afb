package main

import (
	"github.com/spf13/cobra"
)

func newMaintenance() *cobra.Command {
	return verbs(&cobra.Command{
		Use:   "maintenance",
		Short: "Plan work: quiet, and not counted in availability",
		Long: `While planned work lasts, what it matches is quiet as under a silence, and probes
of its endpoints do not count in availability. It may recur, by the clocks of a
time zone. ID is a name that you give it.`,
		Example: `  hookvigil maintenance ls                # what is planned, and when it is next
  hookvigil maintenance add acme-sundays --merchant acme --zone Asia/Jakarta --start "2026-06-07 02:00" \
    --for 2h --recur "FREQ=WEEKLY;BYDAY=SU" --reason "they back up"
  hookvigil maintenance rm acme-sundays   # not any more`,
	}, newMaintenanceLs(), newMaintenanceAdd(), newMaintenanceRm())
}

func newMaintenanceLs() *cobra.Command {
	all, limit, asJSON := false, 0, false
	cmd := &cobra.Command{
		Use:   "ls",
		Short: "List planned work: what lasts now, then what comes next",
		Long: `List planned work in the order in which it comes; with --all also what is over,
and what was removed, with who did so and when. Times are those of its zone. With --json the answer of the API, by ID, with all
of it.

Exit status: 0 good, whatever is listed, 1 the daemon gave no answer, 2 a wrong
call or configuration, or no daemon runs.`,
		Example: `  hookvigil maintenance ls`,
		Args:    noArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return maintenanceLs(cmd, all, limit, asJSON) },
	}
	cmd.Flags().BoolVarP(&all, "all", "a", false, "also what is over, or was removed")
	addLimit(cmd, &limit)
	addJSON(cmd, &asJSON)
	return cmd
}

func newMaintenanceAdd() *cobra.Command {
	var f maintenanceFlags
	cmd := &cobra.Command{
		Use:   "add ID {--merchant M | --endpoint E | ...} --start TIME --for 2h --reason TEXT",
		Short: "Plan work, once or again and again",
		Long: `Plan work, in the name of whoever is logged in. A flag that is given more than
once, or with commas, means any of its words; what several flags say must all be
so. --replace changes a plan that is there.

--recur is a recurrence as RFC 5545 writes it: FREQ=DAILY, WEEKLY or MONTHLY, and
INTERVAL, BYDAY, BYMONTHDAY, and UNTIL or COUNT where it ends. Where the clocks of
the zone skip its time, it begins when they have; where they show it twice, at
the first. --start is a day on which it recurs.

Exit status: 0 done, 1 not done: there is such a plan, or it has changed, or the
daemon refused or gave no answer, 2 a wrong call or configuration, no such
merchant or endpoint, or no daemon runs.`,
		Example: `  hookvigil maintenance add acme-move --merchant acme --start 2026-06-07T02:00:00+07:00 --for 90m --reason "new host"
  hookvigil maintenance add acme-sundays --endpoint acme-payouts --zone Asia/Jakarta --start "2026-06-07 02:00" \
    --for 2h --recur "FREQ=WEEKLY;BYDAY=SU" --reason "they back up"`,
		Args:              one("an ID: a name for the plan"),
		ValidArgsFunction: noCompletion,
		RunE:              func(cmd *cobra.Command, args []string) error { return maintenanceAdd(cmd, args[0], f) },
	}
	f.matcher.add(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.zone, "zone", "UTC", "IANA name of the time zone, by whose clocks it recurs")
	flags.StringVar(&f.start, "start", "", "when it begins first: an RFC 3339 time, or \"2026-06-07 02:00\" in its zone")
	flags.StringVar(&f.length, "for", "", "how long each time, 1m to 7d, as 90m or 2h")
	flags.StringVar(&f.recurrence, "recur", "", "how it recurs, as FREQ=WEEKLY;BYDAY=SU (default once)")
	flags.StringVarP(&f.reason, "reason", "m", "", "why, for whoever is on call next")
	flags.BoolVar(&f.replace, "replace", false, "change the plan with that ID")
	addJSON(cmd, &f.asJSON)
	completes(cmd, "recur", "FREQ=DAILY", "FREQ=WEEKLY", "FREQ=WEEKLY;BYDAY=SU", "FREQ=MONTHLY;BYDAY=1SU", "FREQ=MONTHLY;BYMONTHDAY=-1")
	completes(cmd, "zone", "UTC", "Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura", "Asia/Manila", "Asia/Singapore")
	completes(cmd, "for", "30m", "1h", "2h", "4h")
	return cmd
}

func newMaintenanceRm() *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "rm ID",
		Short: "Drop a plan, and end it when it lasts",
		Long: `Drop a plan of work, in the name of whoever is logged in. With --json
{"id","done"}.

Exit status: 0 done, 1 not done: it has changed, or the daemon refused or gave no
answer, 2 there is no such plan, a wrong call or configuration, or no daemon
runs.`,
		Example:           "  hookvigil maintenance rm acme-sundays",
		Args:              one("the ID of a plan"),
		ValidArgsFunction: plannedWork,
		RunE:              func(cmd *cobra.Command, args []string) error { return maintenanceRm(cmd, args[0], asJSON) },
	}
	addJSON(cmd, &asJSON)
	return cmd
}

func noCompletion(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return nil, cobra.ShellCompDirectiveNoFileComp
}
