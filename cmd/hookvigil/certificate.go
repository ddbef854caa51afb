package main

import (
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hookvigil/hookvigil/probes/certificate"
)

// certificateFlags shape one look.
type certificateFlags struct {
	ca, clientCert, clientKey, connect, servedFile, resolver, file, key, serverName string
	pins                                                                            []string
	timeout                                                                         time.Duration
	json                                                                            bool
}

func newCertificate() *cobra.Command {
	f := certificateFlags{timeout: 10 * time.Second}
	cmd := &cobra.Command{
		Use:   "certificate HOST[:PORT] | --file FILE",
		Short: "Look at a certificate as the daemon's second signal would",
		Long: `Look at the certificate behind a name, at every address it resolves to, or at
a file, and judge it: dates, name, chain, trust, strength, pins, drift.

Exit status: 0 ok, 1 a finding, 2 a wrong call.`,
		Example: "  hookvigil certificate hooks.example.com\n  hookvigil certificate --connect 203.0.113.7:443 hooks.example.com\n  hookvigil certificate --file client.pem --key client.key",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.file != "" {
				return certificateFile(cmd, args, f)
			}
			return certificateHost(cmd, args, f)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.ca, "ca", "", "PEM file of roots to trust besides the system's")
	flags.StringVar(&f.clientCert, "client-cert", "", "PEM file of the client certificate to present")
	flags.StringVar(&f.clientKey, "client-key", "", "PEM file of its key")
	flags.StringVar(&f.connect, "connect", "", "dial this IP[:PORT] alone, resolve nothing")
	flags.StringVar(&f.serverName, "server-name", "", "name to ask for and to judge, when it is not HOST")
	flags.StringVar(&f.servedFile, "served-file", "", "PEM file that should be served; a difference is drift")
	flags.StringArrayVar(&f.pins, "pin", nil, "SPKI sha256 in hex that the chain must hold")
	flags.StringVar(&f.resolver, "resolver", "", "DNS server to ask, host:port")
	flags.StringVar(&f.file, "file", "", "judge this PEM or DER file instead of a host")
	flags.StringVar(&f.key, "key", "", "with --file: its key, which must match")
	flags.DurationVar(&f.timeout, "timeout", f.timeout, "for each address")
	flags.BoolVar(&f.json, "json", false, "print JSON")
	return cmd
}

func certificateHost(cmd *cobra.Command, args []string, f certificateFlags) error {
	if len(args) != 1 {
		return usage("certificate wants one HOST[:PORT], or --file FILE")
	}
	cfg, err := loadIfThere(cmd)
	if err != nil {
		return err
	}
	if f.resolver != "" {
		cfg.Guard.Resolver = f.resolver
	}
	for _, e := range cfg.Guard.Validate() {
		return usage("guard: %v", e)
	}
	t, err := f.target(args[0])
	if err != nil {
		return err
	}
	p, err := f.policy(cfg.Defaults.Certificate.Policy)
	if err != nil {
		return err
	}
	if p.Roots == nil {
		p.Roots = cfg.Defaults.Roots
	}
	report := newEyes(cfg, slog.New(slog.DiscardHandler)).judge(cmd.Context(), t, p)
	return f.print(cmd, t.Host, t.Port, report)
}

// target reads HOST[:PORT] and what says how to get there.
func (f certificateFlags) target(arg string) (certificate.Target, error) {
	host, port, err := hostPort(arg, 443)
	if err != nil {
		return certificate.Target{}, err
	}
	t := certificate.Target{ID: host, Host: host, Port: port, ServerName: f.serverName, Timeout: f.timeout, Own: true}
	if f.connect != "" {
		ip, at, err := hostPort(f.connect, port)
		if err != nil {
			return t, err
		}
		addr, err := netip.ParseAddr(ip)
		if err != nil {
			return t, usage("--connect %s is not an address; wanted 203.0.113.7 or 203.0.113.7:443", f.connect)
		}
		t.Connect = netip.AddrPortFrom(addr, at)
	}
	if (f.clientCert == "") != (f.clientKey == "") {
		return t, usage("--client-cert and --client-key come together")
	}
	if f.clientCert != "" {
		t.ClientCert, err = keyPair(f.clientCert, f.clientKey)
	}
	return t, err
}

func hostPort(s string, port uint16) (string, uint16, error) {
	if strings.Contains(s, "://") || strings.Contains(s, "/") {
		return "", 0, usage("%q is not HOST[:PORT]; leave out the scheme and the path", s)
	}
	if addr, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		return addr.String(), port, nil
	}
	host, p, err := net.SplitHostPort(s)
	if err != nil {
		if strings.Contains(s, ":") || s == "" {
			return "", 0, usage("%q is not HOST[:PORT]", s)
		}
		return s, port, nil
	}
	n, err := strconv.ParseUint(p, 10, 16)
	if err != nil || n == 0 || host == "" {
		return "", 0, usage("%q is not HOST[:PORT]; the port is 1 to 65535", s)
	}
	return host, uint16(n), nil
}

// policy puts the flags over the configured thresholds.
func (f certificateFlags) policy(p certificate.Policy) (certificate.Policy, error) {
	for _, pin := range f.pins {
		raw, err := hex.DecodeString(strings.ReplaceAll(pin, ":", ""))
		if err != nil || len(raw) != len(certificate.Pin{}) {
			return p, usage("--pin %s is not 64 hex digits", pin)
		}
		p.Pins = append(p.Pins, certificate.Pin(raw))
	}
	if f.ca != "" {
		pool, err := poolOf(f.ca)
		if err != nil {
			return p, usage("--ca: %v", err)
		}
		p.Roots = pool
	}
	if f.servedFile != "" {
		raw, err := os.ReadFile(f.servedFile)
		if err != nil {
			return p, usage("--served-file: %v", err)
		}
		if p.Served, err = certificate.LoadChain(raw); err != nil {
			return p, usage("--served-file %s: %v", f.servedFile, err)
		}
	}
	return p, nil
}

func certificateFile(cmd *cobra.Command, args []string, f certificateFlags) error {
	if len(args) != 0 {
		return usage("--file judges a file; leave out the host")
	}
	cfg, err := loadIfThere(cmd)
	if err != nil {
		return err
	}
	p, err := f.policy(cfg.Defaults.Certificate.Policy)
	if err != nil {
		return err
	}
	file := certificate.File{}
	if file.Chain, err = os.ReadFile(f.file); err != nil {
		return usage("--file: %v", err)
	}
	if f.key != "" {
		if file.Key, err = os.ReadFile(f.key); err != nil {
			return usage("--key: %v", err)
		}
		if info, err := os.Stat(f.key); err == nil {
			file.KeyMode = info.Mode()
		}
	}
	return f.print(cmd, f.file, 0, file.Judge(p, time.Now()))
}

// certificateOutput is what certificate --json prints.
type certificateOutput struct {
	Host      string                      `json:"host"`
	Port      uint16                      `json:"port"`
	Verdict   certificate.Verdict         `json:"verdict"`
	Faults    []certificate.Fault         `json:"faults"`
	Notes     []certificate.Fault         `json:"notes"`
	NotAfter  *time.Time                  `json:"not_after"` // null when no certificate was seen
	Detail    string                      `json:"detail,omitempty"`
	Addresses []certificate.AddressReport `json:"addresses"`
}

func (f certificateFlags) print(cmd *cobra.Command, host string, port uint16, rep certificate.Report) error {
	if f.json {
		out := certificateOutput{Host: host, Port: port, Verdict: rep.Verdict, Faults: rep.Faults, Notes: rep.Notes, Detail: rep.Detail, Addresses: rep.Addresses}
		if !rep.NotAfter.IsZero() {
			out.NotAfter = &rep.NotAfter
		}
		if err := printJSON(cmd, out); err != nil {
			return err
		}
	} else {
		printCertificate(cmd.OutOrStdout(), host, rep)
	}
	if rep.Verdict != certificate.OK {
		return finding()
	}
	return nil
}

func printCertificate(out io.Writer, host string, rep certificate.Report) {
	fmt.Fprintf(out, "%s: %s\n", host, verdictLine(rep))
	for _, a := range rep.Addresses {
		fmt.Fprintf(out, "  %s: %s\n", dash(a.Address), addressLine(a))
		for i, c := range a.Chain {
			fmt.Fprintf(out, "    %d %s\n      issuer %s\n      valid %s to %s (%s), %s, %s\n", i, c.Subject, c.Issuer,
				day(c.NotBefore), day(c.NotAfter), left(c.NotAfter), c.Key, c.Signature)
			if len(c.SANs) > 0 {
				fmt.Fprintf(out, "      names %s\n", strings.Join(c.SANs, ", "))
			}
			fmt.Fprintf(out, "      sha256 %s\n      spki   %s\n", c.Fingerprint, c.SPKI)
		}
	}
}

// verdictLine says a report in one line, the worst first.
func verdictLine(rep certificate.Report) string {
	s := string(rep.Verdict)
	if len(rep.Faults) > 0 {
		s += " " + joinFaults(rep.Faults)
	}
	if rep.Detail != "" {
		s += ": " + rep.Detail
	} else if !rep.NotAfter.IsZero() {
		s += ", valid to " + day(rep.NotAfter) + " (" + left(rep.NotAfter) + ")"
	}
	if len(rep.Notes) > 0 {
		s += " [" + joinFaults(rep.Notes) + "]"
	}
	return s
}

func addressLine(a certificate.AddressReport) string {
	return verdictLine(certificate.Report{Verdict: a.Verdict, Faults: a.Faults, Notes: a.Notes, NotAfter: a.NotAfter, Detail: a.Detail})
}

func joinFaults(list []certificate.Fault) string {
	words := make([]string, len(list))
	for i, f := range list {
		words[i] = string(f)
	}
	return strings.Join(words, ", ")
}

func day(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// left says how long until t, in the unit that a person thinks in.
func left(t time.Time) string {
	d := time.Until(t)
	word := "left"
	if d < 0 {
		d, word = -d, "ago"
	}
	if d < 48*time.Hour {
		return fmt.Sprintf("%.0f hours %s", d.Hours(), word)
	}
	return fmt.Sprintf("%.0f days %s", d.Hours()/24, word)
}
