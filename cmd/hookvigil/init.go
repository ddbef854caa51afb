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

// configMode is the mode of a new configuration: it names where secrets are,
// so that strangers have no business in it.
const configMode = 0o640

func newInit() *cobra.Command {
	example := "full"
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Write a commented configuration",
		Long: `Write a commented configuration to the file that --config names
(hookvigil.yaml), or to standard output with --config -. An existing file is
never overwritten.

Exit status: 0 written, 2 not written.`,
		Example: `  hookvigil init --example minimal
  hookvigil init --config /etc/hookvigil/hookvigil.yaml
  hookvigil init --config - | less`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return initialize(cmd, example) },
	}
	cmd.Flags().StringVar(&example, "example", example, "which one: "+strings.Join(config.Examples(), ", "))
	completes(cmd, "example", config.Examples()...)
	return cmd
}

func initialize(cmd *cobra.Command, example string) error {
	text, err := config.Example(example)
	if err != nil {
		return usage("--example: %v", err)
	}
	path := configPath(cmd)
	if path == "-" {
		_, err := fmt.Fprint(cmd.OutOrStdout(), text)
		return err
	}
	if err := writeNew(path, text); err != nil {
		return err
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "wrote %s\nnext: do what its first lines say and put your own URLs in, then\n  hookvigil check --config %s --probe\n  hookvigil serve --config %s\n", path, path, path)
	return err
}

// writeNew writes a file that is not there yet; half of one is not left behind.
func writeNew(path, text string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, configMode)
	if errors.Is(err, fs.ErrExist) {
		return usage("%s is there already and was not touched; name another with --config", path)
	}
	if err != nil {
		return usage("%v", err)
	}
	_, err = file.WriteString(text)
	if err := errors.Join(err, file.Close()); err != nil {
		return failed(errors.Join(err, os.Remove(path)))
	}
	return nil
}
