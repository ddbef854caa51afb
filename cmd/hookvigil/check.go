package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/hookvigil/hookvigil/internal/config"
)

func newCheck() *cobra.Command {
	var probe, asJSON bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Check the configuration: every fault at once",
		Long: `Do what start-up does, without starting: read the configuration and every file
that it names, and print every fault with its line. With --probe, also look
once at each endpoint, target and certificate file; what is worst comes first.

Exit status: 0 good, 1 something that was looked at is not (--probe), 2 the
configuration has faults. Warnings change nothing.`,
		Example: `  hookvigil check
  hookvigil check --probe --config hookvigil.yaml`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return check(cmd, probe, asJSON) },
	}
	cmd.Flags().BoolVar(&probe, "probe", false, "look once at each endpoint, target and certificate file")
	addJSON(cmd, &asJSON)
	return cmd
}

// checkOutput is what check --json prints.
type checkOutput struct {
	Faults  []config.Fault `json:"faults"` // warnings among them, marked
	Results []checkResult  `json:"results,omitempty"`
}

func check(cmd *cobra.Command, probe, asJSON bool) error {
	cfg, faults := config.Load(configPath(cmd))
	out := checkOutput{Faults: filled(faults)}
	broken := config.Failed(faults)
	if probe && !broken {
		out.Results = lookAtAll(cmd.Context(), newEyes(cmd, cfg), cfg)
	}
	var err error
	if asJSON {
		err = printJSON(cmd, out)
	} else {
		err = printCheck(cmd, cfg, out)
	}
	switch {
	case broken:
		return refused()
	case err != nil:
		return err
	case wrong(out.Results) > 0:
		return finding()
	}
	return nil
}

// printCheck writes faults to stderr, as a compiler does, and what is good to
// stdout.
func printCheck(cmd *cobra.Command, cfg *config.Config, out checkOutput) error {
	config.Print(cmd.ErrOrStderr(), out.Faults)
	if config.Failed(out.Faults) {
		return nil
	}
	w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0)
	r := cfg.Records
	fmt.Fprintf(w, "%s is good: %s, %s, %s, %s\n", cfg.Path, plural(len(r.Merchants), "merchant"), plural(len(r.Endpoints), "endpoint"),
		plural(len(r.Targets), "target"), plural(len(r.CertificateFiles), "certificate file"))
	if n := len(out.Results); n > 0 {
		fmt.Fprintf(w, "%s\n\nID\tPROBE\tFAULT\tCERTIFICATE\tDETAIL\n", tally(out.Results))
		for _, r := range out.Results {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", r.ID, dash(r.Verdict), dash(r.Fault), dash(r.Certificate), dash(r.Detail))
		}
	}
	return w.Flush()
}

// tally sums up before the table.
func tally(results []checkResult) string {
	looked := 0
	for _, r := range results {
		if !r.Suspended {
			looked++
		}
	}
	text := plural(looked, "look") + ": all well"
	if bad := wrong(results); bad > 0 {
		text = fmt.Sprintf("%s: %d not well, the worst first", plural(looked, "look"), bad)
	}
	if n := len(results) - looked; n > 0 {
		text += fmt.Sprintf("; %d suspended", n)
	}
	return text
}
