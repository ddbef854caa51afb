package main

import (
	"github.com/spf13/cobra"

	"github.com/hookvigil/hookvigil/internal/config"
)

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
