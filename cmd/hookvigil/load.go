package main

import (
	"errors"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/hookvigil/hookvigil/internal/config"
	"github.com/hookvigil/hookvigil/internal/registry"
)

// defaultConfig is the configuration when --config names none.
const defaultConfig = "hookvigil.yaml"

// configPath returns what --config says.
func configPath(cmd *cobra.Command) string {
	path, err := cmd.Flags().GetString("config")
	if err != nil {
		return defaultConfig // the flag is defined on the root
	}
	return path
}

// loadIfThere reads the configuration for a verb that can do without: the
// default file may be absent, one that was named may not. Faults are printed
// to stderr; warnings are for check and serve to tell.
func loadIfThere(cmd *cobra.Command) (*config.Config, error) {
	path := configPath(cmd)
	if !cmd.Flags().Changed("config") {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return &config.Config{Defaults: registry.DefaultDefaults()}, nil
		}
	}
	cfg, faults := config.Load(path)
	if config.Failed(faults) {
		return nil, printed(cmd, faults)
	}
	return cfg, nil
}

// printed shows faults that stop a verb.
func printed(cmd *cobra.Command, faults []config.Fault) error {
	config.Print(cmd.ErrOrStderr(), faults)
	return refused()
}
