package main

import (
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/hookvigil/hookvigil/internal/config"
	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
)

// probeFlags are what the command line sets over the configuration.
type probeFlags struct {
	level, tokenFile, ca, resolver string
	timeout                        time.Duration
	allow                          []string
	json                           bool
}

func newProbe() *cobra.Command {
	f := probeFlags{}
	cmd := &cobra.Command{
		Use:   "probe URL|ENDPOINT",
		Short: "Probe one URL as the daemon would",
		Long: `Probe one URL, or a configured endpoint by its ID, by the daemon's own code
path: guard, phases, verdict, and the certificate beside it.

Exit status: 0 healthy, 1 a finding, 2 a wrong call.`,
		Example: "  hookvigil probe https://hooks.example.com/payout\n  hookvigil probe --level ping --token-file secrets/x.token https://hooks.example.com/payout\n  hookvigil probe --allow 127.0.0.1/32 http://127.0.0.1:8080/",
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return probeOne(cmd, args[0], f) },
	}
	cmd.Flags().StringVar(&f.level, "level", "", "how far to go: tls, reach, refuse, ping (default reach)")
	cmd.Flags().StringVar(&f.tokenFile, "token-file", "", "token for level ping")
	cmd.Flags().StringVar(&f.ca, "ca", "", "PEM file of roots to trust besides the system's")
	cmd.Flags().StringVar(&f.resolver, "resolver", "", "DNS server to ask, host:port")
	cmd.Flags().DurationVar(&f.timeout, "timeout", 0, "deadline, at most 30s")
	cmd.Flags().StringArrayVar(&f.allow, "allow", nil, "CIDR that the guard lets through, besides guard.allow")
	cmd.Flags().BoolVar(&f.json, "json", false, "print JSON")
	return cmd
}

func probeOne(cmd *cobra.Command, arg string, f probeFlags) error {
	cfg, err := loadIfThere(cmd)
	if err != nil {
		return err
	}
	if err := f.guard(cfg); err != nil {
		return err
	}
	w, err := f.endpoint(cfg, arg)
	if err != nil {
		return err
	}
	e := newEyes(cfg, slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil)))
	var result probes.Result
	var report *certificate.Report
	var wg sync.WaitGroup
	wg.Go(func() { result = e.prober.Probe(cmd.Context(), w.Probe) })
	if w.Watch != nil {
		wg.Go(func() {
			rep := e.judge(cmd.Context(), w.Watch.Target, w.Watch.Policy)
			report = &rep
		})
	}
	wg.Wait()
	if f.json {
		err = printJSON(cmd, probeOutputOf(w.Shown, result, report))
	} else {
		printProbe(cmd.OutOrStdout(), w.Shown, result, report)
	}
	if err == nil && (result.Verdict != probes.Healthy || report != nil && report.Verdict != certificate.OK) {
		return finding()
	}
	return err
}

// guard puts the flags over the configured guard.
func (f probeFlags) guard(cfg *config.Config) error {
	for _, a := range f.allow {
		p, err := netip.ParsePrefix(a)
		if err != nil {
			return usage("--allow %s is not a CIDR; wanted 127.0.0.1/32", a)
		}
		cfg.Guard.Allow = append(cfg.Guard.Allow, p)
	}
	if f.resolver != "" {
		cfg.Guard.Resolver = f.resolver
	}
	for _, e := range cfg.Guard.Validate() {
		return usage("guard: %v", e)
	}
	return nil
}

// endpoint finds the configured endpoint, or makes one of a URL.
func (f probeFlags) endpoint(cfg *config.Config, arg string) (registry.Watched, error) {
	ep := registry.Endpoint{ID: "probe", URL: arg}
	if w, ok := snapshotOf(cfg).Endpoint(arg); ok {
		ep = w.Endpoint
	} else if !strings.Contains(arg, "://") {
		return registry.Watched{}, usage("%s is neither a URL nor a configured endpoint; wanted https://...", arg)
	}
	if f.level != "" {
		level := probes.Level(f.level)
		ep.Probe.Level = &level
	}
	if f.timeout != 0 {
		d := registry.Duration(f.timeout)
		ep.Probe.Timeout, ep.Certificate.Timeout = &d, &d
	}
	if f.tokenFile != "" {
		raw, err := os.ReadFile(f.tokenFile)
		if err != nil {
			return registry.Watched{}, usage("--token-file: %v", err)
		}
		ep.Token = probes.Secret(strings.TrimRight(string(raw), "\r\n"))
	}
	if f.ca != "" {
		pool, err := poolOf(f.ca)
		if err != nil {
			return registry.Watched{}, usage("--ca: %v", err)
		}
		ep.Material.Roots = pool
	}
	w, faults := registry.ResolveEndpoint(ep, cfg.Defaults)
	for _, fault := range faults {
		if !fault.Warning {
			return w, usage("%s: %s%s", fault.Path, fault.Message, hint(fault.Hint))
		}
	}
	return w, nil
}

func hint(s string) string {
	if s == "" {
		return ""
	}
	return " (" + s + ")"
}

// probeOutput is what probe --json prints.
type probeOutput struct {
	URL         string              `json:"url"`
	Verdict     probes.Verdict      `json:"verdict"`
	Fault       probes.Fault        `json:"fault"`
	Notes       []string            `json:"notes"`
	Level       probes.Level        `json:"level"`
	Method      string              `json:"method,omitempty"`
	Status      int                 `json:"status"`
	TookSeconds float64             `json:"took_seconds"`
	Phases      map[string]float64  `json:"phases"`
	Address     string              `json:"address,omitempty"`
	Location    string              `json:"location,omitempty"`
	RetryAfter  float64             `json:"retry_after_seconds,omitempty"`
	Detail      string              `json:"detail,omitempty"`
	Certificate *certificate.Report `json:"certificate"` // null over http://
}

func probeOutputOf(shown string, r probes.Result, rep *certificate.Report) probeOutput {
	out := probeOutput{
		URL: shown, Verdict: r.Verdict, Fault: r.Fault, Notes: r.Notes.Words(), Level: r.Level, Method: r.Method, Status: r.Status,
		TookSeconds: r.Took.Seconds(), Location: r.Location, RetryAfter: r.RetryAfter.Seconds(), Detail: r.Detail, Certificate: rep,
		Phases: map[string]float64{
			"resolve_seconds": r.Phases.Resolve.Seconds(), "connect_seconds": r.Phases.Connect.Seconds(), "tls_seconds": r.Phases.TLS.Seconds(),
			"wait_seconds": r.Phases.Wait.Seconds(), "read_seconds": r.Phases.Read.Seconds(),
		},
	}
	if r.Addr.IsValid() {
		out.Address = r.Addr.String()
	}
	return out
}

// printProbe writes what a person wants to know, the verdict first.
func printProbe(out io.Writer, shown string, r probes.Result, rep *certificate.Report) {
	fmt.Fprintf(out, "%s: %s", shown, r.Verdict)
	if r.Fault != probes.FaultNone {
		fmt.Fprintf(out, " (%s)", r.Fault)
	}
	fmt.Fprintf(out, " after %s\n", seconds(r.Took))
	line := func(name, format string, args ...any) {
		fmt.Fprintf(out, "  %-12s %s\n", name, fmt.Sprintf(format, args...))
	}
	if r.Detail != "" {
		line("detail", "%s", r.Detail)
	}
	if r.Fault == probes.FaultBlocked {
		line("hint", "--allow CIDR, or guard.allow in the configuration, lets a range of your own through")
	}
	line("level", "%s", levelNote(r))
	if r.Location != "" {
		line("redirects to", "%s (not followed: a POST would arrive there empty)", r.Location)
	}
	if r.Addr.IsValid() {
		line("address", "%s", r.Addr)
	}
	p := r.Phases
	line("phases", "resolve %s, connect %s, tls %s, wait %s, read %s", seconds(p.Resolve), seconds(p.Connect), seconds(p.TLS), seconds(p.Wait), seconds(p.Read))
	if r.Notes != 0 {
		line("notes", "%s", strings.Join(r.Notes.Words(), ", "))
	}
	if rep != nil {
		line("certificate", "%s", verdictLine(*rep))
	}
}
