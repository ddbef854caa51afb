package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hookvigil/hookvigil/internal/config"
)

func newInit() *cobra.Command {
	example := "full"
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Write a commented configuration",
		Long: `Write a commented configuration to the file that --config names
(hookvigil.yaml), or to standard output with --config -. An existing file is
never overwritten.`,
		Example: "  hookvigil init --example minimal\n  hookvigil init --config - | less",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return initialize(cmd, example) },
	}
	cmd.Flags().StringVar(&example, "example", example, "which one: "+strings.Join(config.Examples(), ", "))
	return cmd
}

func initialize(cmd *cobra.Command, example string) error {
	text, err := config.Example(example)
	if err != nil {
		return usage("%v", err)
	}
	path := configPath(cmd)
	if path == "-" {
		_, err := fmt.Fprint(cmd.OutOrStdout(), text)
		return err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
	if errors.Is(err, fs.ErrExist) {
		return usage("%s is there already; name another with --config", path)
	}
	if err != nil {
		return failed(err)
	}
	_, err = file.WriteString(text)
	if err := errors.Join(err, file.Close()); err != nil {
		return failed(err)
	}
	fmt.Fprintf(cmd.OutOrStdout(), "wrote %s\nnext: edit it, then 'hookvigil check --config %s' and 'hookvigil serve --config %s'\n", path, path, path)
	return nil
}
