package main

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/internal/config"
)

// addCompletion gives root the verb that writes a shell's script. It answers a
// shell that it does not know as every other verb of verbs does.
func addCompletion(root *cobra.Command) {
	root.SetCompletionCommandGroupID(groupOther)
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		if c.Name() == "completion" {
			verbs(c)
		}
	}
}

// completes lets the shell complete a flag by one of a few words.
func completes(cmd *cobra.Command, flag string, words ...string) {
	_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)) // fails without the flag alone
}

// endpointIDs lets the shell complete the IDs of configured endpoints. A
// configuration with faults completes as far as it can be read.
func endpointIDs(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	cfg, _ := config.Load(configPath(cmd)) // nobody reads faults while typing
	ids := make([]string, 0, len(cfg.Records.Endpoints))
	for _, ep := range cfg.Records.Endpoints {
		ids = append(ids, ep.ID)
	}
	return ids, cobra.ShellCompDirectiveNoFileComp
}

// completionWait bounds what a shell waits for the daemon while somebody
// types, unless its context has a bound already.
const completionWait = 2 * time.Second

// typing asks the daemon for what could come next; without an answer there is
// nothing to offer, and nobody reads why.
func typing[T any](cmd *cobra.Command, path string, filter url.Values) []T {
	cfg, _ := config.Load(configPath(cmd))
	if cfg.DataDir == "" {
		return nil
	}
	ctx := cmd.Context()
	if _, bounded := ctx.Deadline(); !bounded {
		shorter, cancel := context.WithTimeout(ctx, completionWait)
		defer cancel()
		ctx = shorter
	}
	found, _ := listOf[T](ctx, daemonAt{dir: cfg.DataDir}, path, filter, maxPage)
	return found.items
}

// liveIncidents lets the shell complete the numbers of live incidents.
func liveIncidents(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	live := typing[incident](cmd, incidentsPath, url.Values{"live": {"true"}})
	worstFirst(live)
	var numbers []string
	for _, in := range live {
		numbers = append(numbers, cobra.CompletionWithDesc(string(in.Number), fmt.Sprintf("%s, %s: %s", in.State, in.Severity, in.Title)))
	}
	return numbers, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}

// explainable lets the shell complete what can be explained.
func explainable(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	incidents, directive := liveIncidents(cmd, args, begun)
	endpoints, _ := endpointIDs(cmd, args, begun)
	return append(incidents, endpoints...), directive
}

// unsentNotices lets the shell complete notices that can be retried.
func unsentNotices(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	var all []notice
	for _, state := range []string{"dead", "waiting"} {
		all = append(all, typing[notice](cmd, outboxPath, url.Values{"state": {state}})...)
	}
	var ids []string
	for _, n := range all {
		ids = append(ids, cobra.CompletionWithDesc(n.short(all), fmt.Sprintf("%s, %s", n.State, n.Lane)))
	}
	return ids, cobra.ShellCompDirectiveNoFileComp
}

// receiverNames lets the shell complete the receivers that have had notices.
func receiverNames(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, n := range typing[notice](cmd, outboxPath, nil) {
		names = append(names, alerting.ReceiverOf(string(n.Lane)))
	}
	slices.Sort(names)
	return slices.Compact(names), cobra.ShellCompDirectiveNoFileComp
}
