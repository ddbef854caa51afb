package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// call runs the program in this process and returns its exit status.
func call(args ...string) (status int, stdout, stderr string) {
	var out, errs bytes.Buffer
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(&out)
	root.SetErr(&errs)
	status = statusOf(&errs, root.Execute())
	return status, out.String(), errs.String()
}

// groups returns the words of every verb that has verbs of its own.
func groups(cmd *cobra.Command, path ...string) (list [][]string) {
	for _, c := range cmd.Commands() {
		if c.HasSubCommands() {
			below := append(append([]string{}, path...), c.Name())
			list = append(append(list, below), groups(c, below...)...)
		}
	}
	return list
}

// One answer for all of them: alone the help, on standard output, with status
// 0; with a word that is none of its verbs 2, on standard error alone.
func TestVerbsOfVerbsAnswerAlike(t *testing.T) {
	t.Parallel()
	all := groups(newRoot())
	if len(all) < 10 {
		t.Fatalf("got %d verbs of verbs: %v; want at least 10", len(all), all)
	}
	for _, path := range all {
		t.Run(strings.Join(path, " "), func(t *testing.T) {
			t.Parallel()
			_, help, _ := call(append(slices.Clip(path), "--help")...)
			if status, out, errs := call(path...); status != exitGood || out != help || errs != "" {
				t.Errorf("alone: status %d, standard error %q, help on standard output: %t; want %d, nothing, true", status, errs, out == help, exitGood)
			}
			status, out, errs := call(append(slices.Clip(path), "xyzzyx")...)
			if status != exitUsage || out != "" || !strings.Contains(errs, path[len(path)-1]+` has no verb "xyzzyx"; one of `) {
				t.Errorf("with a wrong verb: status %d, standard output %q, standard error %q; want %d, nothing, and what there is", status, out, errs, exitUsage)
			}
		})
	}
}
