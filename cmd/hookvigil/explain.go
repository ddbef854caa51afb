package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hookvigil/hookvigil/internal/config"
	"github.com/hookvigil/hookvigil/rules"
)

func newExplain() *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "explain ENDPOINT",
		Short: "Say why an endpoint is in its state, as the running daemon sees it",
		Long: `Ask the running daemon, over the socket in its data directory, what each signal
last said of an endpoint, and what that means.

Exit status: 0 the endpoint is healthy or suspended, 1 it is not or the daemon
gave no answer, 2 a wrong call or configuration, or no daemon runs.`,
		Example:           "  hookvigil explain toko-maju-payouts",
		Args:              one("the ID of an endpoint"),
		ValidArgsFunction: endpointIDs,
		RunE:              func(cmd *cobra.Command, args []string) error { return explain(cmd, args[0], asJSON) },
	}
	addJSON(cmd, &asJSON)
	return cmd
}

func explain(cmd *cobra.Command, id string, asJSON bool) error {
	dir, err := dataDir(cmd)
	if err != nil {
		return err
	}
	raw, err := ask(cmd.Context(), dir, "/api/v1/endpoints/"+url.PathEscape(id))
	if err != nil {
		return err
	}
	var e explained
	if err := json.Unmarshal(raw, &e); err != nil {
		return failed(fmt.Errorf("answer of the daemon: %w", err))
	}
	text := strings.TrimRight(string(raw), "\n") + "\n"
	if !asJSON {
		var b strings.Builder
		e.print(&b)
		text = b.String()
	}
	if _, err := cmd.OutOrStdout().Write([]byte(text)); err != nil {
		return err
	}
	switch e.State {
	case rules.StateHealthy, rules.StateSuspended:
		return nil
	default: // no data is never healthy
		return finding()
	}
}

// dataDir returns where the daemon's socket is. A file that was broken after
// the daemon started must not keep anybody from asking it.
func dataDir(cmd *cobra.Command) (string, error) {
	path := configPath(cmd)
	cfg, faults := config.Load(path)
	if !config.Failed(faults) {
		return cfg.DataDir, nil
	}
	if cfg.DataDir == "" {
		return "", printed(cmd, faults)
	}
	warn(cmd, "%s has faults, which 'hookvigil check --config %s' shows; the daemon runs with what it read before", path, path)
	return cfg.DataDir, nil
}
