package main

import (
	"strings"

	"github.com/spf13/cobra"
)

func newIncident() *cobra.Command {
	return verbs(&cobra.Command{
		Use:   "incident",
		Short: "List, show, acknowledge, resolve and report incidents",
		Long: `Ask the running daemon, over the socket in its data directory, about incidents,
and tell it what people do about them. ID is an incident's ID or its number.`,
		Example: `  hookvigil incident ls                            # what is wrong, the worst first
  hookvigil incident show kq72ma                   # why, and what happened
  hookvigil incident ack kq72ma -m "calling acme"  # somebody is on it
  hookvigil explain kq72ma                         # and who was told
  hookvigil incident export kq72ma > report.md     # for those who read it afterwards`,
	}, newIncidentLs(), newIncidentShow(), newIncidentAck(), newIncidentResolve(), newIncidentNote(), newIncidentReconcile(), newIncidentExport())
}

func newIncidentLs() *cobra.Command {
	all, limit, asJSON := false, 0, false
	cmd := &cobra.Command{
		Use:   "ls",
		Short: "List incidents, the worst and newest first",
		Long: `List the live incidents; with --all also those that are over, the last first.
With --json the answer of the API, newest first.

Exit status: 0 good, whatever is listed, 1 the daemon gave no answer, 2 a wrong
call or configuration, or no daemon runs.`,
		Example: `  hookvigil incident ls
  hookvigil incident ls --all --limit 200`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return incidentLs(cmd, all, limit, asJSON) },
	}
	cmd.Flags().BoolVarP(&all, "all", "a", false, "also those that are over")
	addLimit(cmd, &limit)
	addJSON(cmd, &asJSON)
	return cmd
}

func newIncidentShow() *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "show ID",
		Short: "Show an incident: why, since when, and what happened",
		Long: `Show an incident with its evidence, its members and its timeline.

Exit status: 0 good, 1 the daemon gave no answer, 2 there is no such incident, a
wrong call or configuration, or no daemon runs.`,
		Example:           "  hookvigil incident show kq72ma",
		Args:              one("the ID or number of an incident"),
		ValidArgsFunction: liveIncidents,
		RunE:              func(cmd *cobra.Command, args []string) error { return incidentShow(cmd, args[0], asJSON) },
	}
	addJSON(cmd, &asJSON)
	return cmd
}

const exitOfAct = `

Exit status: 0 done, 1 not done: the incident has changed, or the daemon refused
or gave no answer, 2 there is no such incident, a wrong call or configuration,
or no daemon runs.`

func newIncidentAck() *cobra.Command {
	return newAct(deed{verb: "ack", done: "acknowledged"}, &cobra.Command{
		Short: "Say that somebody is on it",
		Long: `Acknowledge an incident, in the name of whoever is logged in: it stands in the
timeline and is told to everybody who knows of the incident.` + exitOfAct,
		Example: `  hookvigil incident ack kq72ma
  hookvigil incident ack kq72ma -m "calling acme"`,
	})
}

func newIncidentResolve() *cobra.Command {
	return newAct(deed{verb: "resolve", done: "resolved"}, &cobra.Command{
		Short: "End an incident by hand",
		Long: `Resolve an incident. The rules resolve it by themselves once everything in it
has cleared; by hand is for what they cannot see.` + exitOfAct,
		Example: `  hookvigil incident resolve kq72ma -m "acme has moved to another host"`,
	})
}

// newAct makes the verb of a deed that may come with a text.
func newAct(a deed, cmd *cobra.Command) *cobra.Command {
	asJSON := false
	cmd.Use, cmd.Args, cmd.ValidArgsFunction = a.verb+" ID", one("the ID or number of an incident"), liveIncidents
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return a.do(cmd, args[0], asJSON) }
	cmd.Flags().StringVarP(&a.text, "message", "m", "", "what the timeline is to say about it")
	addJSON(cmd, &asJSON)
	return cmd
}

func newIncidentNote() *cobra.Command {
	asJSON, firstFix := false, false
	cmd := &cobra.Command{
		Use:   "note ID TEXT...",
		Short: "Write a line into the timeline of an incident",
		Long:  `Write a note into the timeline, in the name of whoever is logged in.` + exitOfAct,
		Example: `  hookvigil incident note kq72ma acme renews the certificate at 11:00 UTC
  hookvigil incident note kq72ma "their status page says: fixed"
  hookvigil incident note kq72ma --first-fix rolled back the release of 21:40`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) < 2 || args[0] == "" || strings.TrimSpace(strings.Join(args[1:], " ")) == "" {
				return misused(cmd, "note wants the ID or number of an incident, and a text")
			}
			return nil
		},
		ValidArgsFunction: liveIncidents,
		RunE: func(cmd *cobra.Command, args []string) error {
			return deed{verb: "note", done: "noted", text: strings.Join(args[1:], " "), firstFix: firstFix}.do(cmd, args[0], asJSON)
		},
	}
	cmd.Flags().BoolVar(&firstFix, "first-fix", false, "the first fix has worked: the incident is mitigated")
	addJSON(cmd, &asJSON)
	return cmd
}
