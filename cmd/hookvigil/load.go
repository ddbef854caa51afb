package main

import (
	"errors"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/hookvigil/hookvigil/internal/config"
	"github.com/hookvigil/hookvigil/internal/registry"
)

// configPath returns what --config says.
func configPath(cmd *cobra.Command) string {
	path, err := cmd.Flags().GetString("config")
	if err != nil {
		return "hookvigil.yaml" // the flag is defined on the root
	}
	return path
}

// load reads the configuration that a verb needs. Faults are printed to
// stderr; with any that is no warning the exit status is 2.
func load(cmd *cobra.Command) (*config.Config, error) {
	cfg, faults := config.Load(configPath(cmd))
	if len(faults) > 0 {
		config.Print(cmd.ErrOrStderr(), faults)
	}
	if config.Failed(faults) {
		return nil, &exitError{status: exitUsage}
	}
	return cfg, nil
}

// loadIfThere reads the configuration for a verb that can do without: the
// default file may be absent, one that was named may not.
func loadIfThere(cmd *cobra.Command) (*config.Config, error) {
	if !cmd.Flags().Changed("config") {
		if _, err := os.Stat(configPath(cmd)); errors.Is(err, fs.ErrNotExist) {
			return &config.Config{Defaults: registry.DefaultDefaults()}, nil
		}
	}
	cfg, faults := config.Load(configPath(cmd))
	if config.Failed(faults) {
		config.Print(cmd.ErrOrStderr(), faults)
		return nil, &exitError{status: exitUsage}
	}
	return cfg, nil
}
