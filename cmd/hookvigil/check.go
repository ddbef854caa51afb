package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/hookvigil/hookvigil/internal/config"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
)

func newCheck() *cobra.Command {
	var probe, asJSON bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Check the configuration: every fault at once",
		Long: `Do what start-up does, without starting: read the configuration and every file
it names, and print every fault with its line. With --probe, also look once at
each endpoint and target.

Exit status: 0 good, 1 an endpoint or a certificate is not (--probe), 2 faults.`,
		Example: "  hookvigil check --probe --config hookvigil.yaml",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return check(cmd, probe, asJSON) },
	}
	cmd.Flags().BoolVar(&probe, "probe", false, "look once at each endpoint and target")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// checkOutput is what check --json prints.
type checkOutput struct {
	Faults  []config.Fault `json:"faults"` // warnings among them, marked
	Results []checkResult  `json:"results,omitempty"`
}

type checkResult struct {
	ID          string `json:"id"`
	URL         string `json:"url"`
	Verdict     string `json:"verdict,omitempty"`
	Fault       string `json:"fault,omitempty"`
	Certificate string `json:"certificate,omitempty"`
	Detail      string `json:"detail,omitempty"`
	bad         bool
}

func check(cmd *cobra.Command, probe, asJSON bool) error {
	cfg, faults := config.Load(configPath(cmd))
	out := checkOutput{Faults: faults}
	if out.Faults == nil {
		out.Faults = []config.Fault{}
	}
	broken := config.Failed(faults)
	if probe && !broken {
		out.Results = checkAll(cmd.Context(), cfg)
	}
	if asJSON {
		if err := printJSON(cmd, out); err != nil {
			return err
		}
	} else {
		printCheck(cmd, cfg, out, broken)
	}
	if broken {
		return &exitError{status: exitUsage}
	}
	for _, r := range out.Results {
		if r.bad {
			return finding()
		}
	}
	return nil
}

func printCheck(cmd *cobra.Command, cfg *config.Config, out checkOutput, broken bool) {
	if len(out.Faults) > 0 {
		config.Print(cmd.ErrOrStderr(), out.Faults)
	}
	if broken {
		return
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s is good: %d merchants, %d endpoints, %d targets\n", cfg.Path,
		len(cfg.Records.Merchants), len(cfg.Records.Endpoints), len(cfg.Records.Targets))
	if len(out.Results) == 0 {
		return
	}
	w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tPROBE\tFAULT\tCERTIFICATE\tDETAIL")
	for _, r := range out.Results {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", r.ID, dash(r.Verdict), dash(r.Fault), dash(r.Certificate), r.Detail)
	}
	_ = w.Flush() // standard output: nobody is left to tell
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// atOnce bounds how many endpoints check looks at at a time.
const atOnce = 64

// checkAll looks once at everything, in the order of the snapshot.
func checkAll(ctx context.Context, cfg *config.Config) []checkResult {
	snap := snapshotOf(cfg)
	e := newEyes(cfg, slog.New(slog.DiscardHandler))
	results := make([]checkResult, len(snap.Endpoints())+len(snap.Targets()))
	var wg sync.WaitGroup
	slots := make(chan struct{}, atOnce)
	each := func(i int, look func() checkResult) {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			results[i] = look()
		})
	}
	for i, w := range snap.Endpoints() {
		each(i, func() checkResult {
			r := e.prober.Probe(ctx, w.Probe)
			out := checkResult{ID: w.ID, URL: w.Shown, Verdict: string(r.Verdict), Fault: string(r.Fault), Detail: r.Detail, bad: r.Verdict != probes.Healthy}
			if w.Watch != nil {
				rep := e.judge(ctx, w.Watch.Target, w.Watch.Policy)
				out.certificate(rep)
			}
			return out
		})
	}
	for i, t := range snap.Targets() {
		each(len(snap.Endpoints())+i, func() checkResult {
			out := checkResult{ID: t.ID, URL: t.Address}
			out.certificate(e.judge(ctx, t.Watch.Target, t.Watch.Policy))
			return out
		})
	}
	wg.Wait()
	return results
}

func (r *checkResult) certificate(rep certificate.Report) {
	r.Certificate = string(rep.Verdict)
	if rep.Verdict != certificate.OK {
		r.bad = true
		if len(rep.Faults) > 0 {
			r.Certificate += " " + string(rep.Faults[0])
		}
		if r.Detail == "" {
			r.Detail = rep.Detail
		}
	}
}

// levelNote says what a level asks, for people.
func levelNote(r probes.Result) string {
	if r.Method == "" {
		return string(r.Level)
	}
	if r.Status == 0 {
		return fmt.Sprintf("%s (%s)", r.Level, r.Method)
	}
	return fmt.Sprintf("%s (%s answered %d %s)", r.Level, r.Method, r.Status, http.StatusText(r.Status))
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3fs", d.Seconds()) }
