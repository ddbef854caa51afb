package main

import (
	"regexp"
	"strings"

	"github.com/spf13/cobra"
)

// The groups of verbs in the help.
const (
	groupWatch = "watch"
	groupLook  = "look"
	groupAct   = "act"
	groupOther = "other"
)

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "hookvigil",
		Short: "Watches over webhooks: reachable, in time, and with a good certificate",
		Long: `One daemon probes webhook endpoints, checks their certificates as a second,
independent signal, judges the deliveries that senders report, and tells people
what is wrong: one incident for each cause.

Exit status of every verb: 0 good, 1 a finding or a failure, 2 a wrong call or
configuration. Results go to standard output, everything else to standard error.`,
		Example: `  hookvigil init                                     # a commented configuration
  hookvigil check                                    # is it right? every fault at once
  hookvigil serve                                    # watch
  hookvigil probe https://hooks.example.com/payout   # one look, now
  hookvigil certificate hooks.example.com            # at every address of the name
  hookvigil incident ls                              # what is wrong, the worst first`,
		SilenceUsage: true, SilenceErrors: true, Version: version,
		SuggestionsMinimumDistance: 2,
		Args:                       knownVerb,
		RunE:                       func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.PersistentFlags().StringP("config", "c", defaultConfig, "configuration file")
	root.AddGroup(&cobra.Group{ID: groupWatch, Title: "Watch:"}, &cobra.Group{ID: groupLook, Title: "Look once:"},
		&cobra.Group{ID: groupAct, Title: "Act:"}, &cobra.Group{ID: groupOther, Title: "Other:"})
	add := func(group string, verbs ...*cobra.Command) {
		for _, v := range verbs {
			v.GroupID = group
		}
		root.AddCommand(verbs...)
	}
	add(groupWatch, newServe(), newCheck(), newInit(), newExplain(), newBacklog(), newCondition())
	add(groupLook, newProbe(), newCertificate(), newRules(), newDemo())
	add(groupAct, newIncident(), newSilence(), newMaintenance(), newEvent(), newOutbox(), newDigest(), newNotify())
	add(groupOther, newVersion())
	root.SetFlagErrorFunc(wrongFlag)
	root.SetVersionTemplate(versionLine())
	addHelp(root)
	addCompletion(root)
	return root
}

// knownVerb is what a verb of verbs makes of words that are none.
func knownVerb(parent *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	whose := "there is"
	if parent.HasParent() {
		whose = parent.Name() + " has"
	}
	return misused(parent, "%s no verb %s%s", whose, shownArg(args[0]), didYouMean(parent, args[0]))
}

// didYouMean names what is spelt nearly like word among the children of cmd,
// or all of them.
func didYouMean(cmd *cobra.Command, word string) string {
	if near := cmd.SuggestionsFor(word); len(near) > 0 {
		return "; did you mean " + strings.Join(near, " or ") + "?"
	}
	names := []string{}
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	return "; one of " + strings.Join(names, ", ")
}

// wrongFlag explains a flag that a verb does not know, or its bad value. A
// flag after a misspelt verb is the verb's fault.
func wrongFlag(cmd *cobra.Command, err error) error {
	if cmd.HasSubCommands() && cmd.Flags().NArg() > 0 {
		return knownVerb(cmd, cmd.Flags().Args())
	}
	text := err.Error()
	if name, ok := strings.CutPrefix(text, "unknown flag: --"); ok {
		text += didYouMean(flagsOf(cmd), name)
	}
	return misused(cmd, "%s", text)
}

// flagsOf returns the flags of cmd as if they were verbs, to find the nearest.
func flagsOf(cmd *cobra.Command) *cobra.Command {
	flags := &cobra.Command{SuggestionsMinimumDistance: 2}
	listed := regexp.MustCompile(`(?m)^ +(?:-\w, )?--([a-z-]+)`)
	for _, m := range listed.FindAllStringSubmatch(cmd.Flags().FlagUsages(), -1) {
		flags.AddCommand(&cobra.Command{Use: m[1], Run: func(*cobra.Command, []string) {}})
	}
	return flags
}

// noArgs is for verbs that take flags alone.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return misused(cmd, "%s takes flags alone; got %s", cmd.Name(), shownArg(args[0]))
	}
	return nil
}

// one is for verbs that take exactly one argument.
func one(what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) == 0 || len(args) == 1 && args[0] == "":
			return misused(cmd, "%s wants %s", cmd.Name(), what)
		case len(args) > 1:
			return misused(cmd, "%s wants %s; got %d arguments: one call for each", cmd.Name(), what, len(args))
		}
		return nil
	}
}
