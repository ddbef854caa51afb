package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"

	"github.com/spf13/cobra"
)

func newExplain() *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:     "explain ENDPOINT",
		Short:   "Say why an endpoint is in its state, as the running daemon sees it",
		Example: "  hookvigil explain toko-maju-payouts",
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return explain(cmd, args[0], asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// explained is the part of the API's endpoint that explain shows.
type explained struct {
	ID      string
	URL     string
	State   string
	Reasons []struct{ Signal, Word, Text string }
	Probe   *struct {
		Verdict, Fault, At, Level string
		Status                    int
		TookSeconds               float64 `json:"took_seconds"`
	}
	Certificate *struct {
		Verdict, NotAfter string
		Faults            []string
	}
}

func explain(cmd *cobra.Command, id string, asJSON bool) error {
	cfg, err := load(cmd)
	if err != nil {
		return err
	}
	raw, err := ask(cmd.Context(), cfg.DataDir, "/api/v1/endpoints/"+url.PathEscape(id))
	if err != nil {
		return err
	}
	if asJSON {
		_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s\n", raw)
		return err
	}
	var e explained
	if err := json.Unmarshal(raw, &e); err != nil {
		return failed(fmt.Errorf("answer of the daemon: %w", err))
	}
	printExplained(cmd.OutOrStdout(), e)
	return nil
}

func printExplained(out io.Writer, e explained) {
	fmt.Fprintf(out, "%s (%s) is %s\n", e.ID, e.URL, e.State)
	for _, r := range e.Reasons {
		fmt.Fprintf(out, "  because %s: %s\n", r.Signal, r.Text)
	}
	if p := e.Probe; p != nil {
		fmt.Fprintf(out, "  probe        %s, fault %s, status %d, %.3fs, level %s, at %s\n", p.Verdict, p.Fault, p.Status, p.TookSeconds, p.Level, p.At)
	} else {
		fmt.Fprintln(out, "  probe        nothing yet")
	}
	if c := e.Certificate; c != nil {
		fmt.Fprintf(out, "  certificate  %s %v\n", c.Verdict, c.Faults)
	}
	fmt.Fprintln(out, "  deliveries   nothing yet")
}
