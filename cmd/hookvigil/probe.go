package main

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
)

// probeFlags are what the command line sets over the configuration.
type probeFlags struct {
	level, tokenFile, ca, resolver string
	timeout                        time.Duration // 0: not given
	allow                          []string
	json                           bool
}

func newProbe() *cobra.Command {
	f := probeFlags{}
	cmd := &cobra.Command{
		Use:   "probe URL|ENDPOINT",
		Short: "Probe one URL or configured endpoint, as the daemon would",
		Long: `Probe one URL, or a configured endpoint by its ID, by the daemon's own code
path: guard, phases, verdict, and the certificate beside it. Levels:

  tls     DNS, TCP and TLS, no request
  reach   OPTIONS, then HEAD after 405 or 501; no token (default)
  refuse  POST with a wrong token: the endpoint must refuse it
  ping    POST with the right token: reaches the handler, marked as synthetic

Exit status: 0 healthy with a good certificate, 1 anything else, 2 a wrong call
or configuration.`,
		Example: `  hookvigil probe https://hooks.example.com/payout
  hookvigil probe --level ping --token-file secrets/x.token https://hooks.example.com/payout
  hookvigil probe --allow 127.0.0.1 http://127.0.0.1:8080/
  hookvigil probe toko-maju-payouts`,
		Args:              one("a URL, or the ID of a configured endpoint"),
		ValidArgsFunction: endpointIDs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("timeout") && (f.timeout <= 0 || f.timeout > probes.MaxTimeout) {
				return outsideTimeout(f.timeout)
			}
			return probe(cmd, args[0], f)
		},
	}
	cmd.Flags().StringVar(&f.level, "level", "", "how far to go: tls, reach, refuse, ping (default the endpoint's, or reach)")
	cmd.Flags().StringVar(&f.tokenFile, "token-file", "", "file with the token for level ping")
	cmd.Flags().StringVar(&f.ca, "ca", "", "PEM file of roots to trust besides those of the configuration and the system")
	cmd.Flags().StringVar(&f.resolver, "resolver", "", "DNS server to ask, host:port")
	cmd.Flags().DurationVar(&f.timeout, "timeout", 0, "deadline, over 0s and at most 30s (default the endpoint's, or 30s)")
	cmd.Flags().StringArrayVar(&f.allow, "allow", nil, "address or CIDR that the guard lets through, besides guard.allow; may be repeated")
	addJSON(cmd, &f.json)
	words := []string{}
	for _, l := range probes.Levels() {
		words = append(words, string(l))
	}
	completes(cmd, "level", words...)
	return cmd
}

func outsideTimeout(d time.Duration) error {
	return usage("--timeout %s is outside (0s, 30s]; senders give up after 30s", d)
}

func probe(cmd *cobra.Command, arg string, f probeFlags) error {
	cfg, err := loadIfThere(cmd)
	if err != nil {
		return err
	}
	if err := f.guard(&cfg.Guard); err != nil {
		return err
	}
	w, err := f.endpoint(cmd, cfg, arg)
	if err != nil {
		return err
	}
	result, report := newEyes(cmd, cfg).both(cmd.Context(), w)
	if f.json {
		err = printJSON(cmd, probeJSON(w.Shown, result, report))
	} else {
		var text strings.Builder
		printProbe(&text, w.Shown, result, report)
		_, err = cmd.OutOrStdout().Write([]byte(text.String()))
	}
	if err == nil && (result.Verdict != probes.Healthy || report != nil && report.Verdict != certificate.OK) {
		return finding()
	}
	return err
}

// both looks at an endpoint with both signals at once, as independently as
// the daemon does. The report is nil over http://.
func (e eyes) both(ctx context.Context, w registry.Watched) (probes.Result, *certificate.Report) {
	var result probes.Result
	var report *certificate.Report
	var wg sync.WaitGroup
	wg.Go(func() { result = e.prober.Probe(ctx, w.Probe) })
	if w.Watch != nil {
		wg.Go(func() { report = new(e.judge(ctx, *w.Watch)) })
	}
	wg.Wait()
	return result, report
}
