package main

import (
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hookvigil/hookvigil/internal/config"
	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/probes"
	"github.com/hookvigil/hookvigil/probes/certificate"
)

// certificateFlags shape one look.
type certificateFlags struct {
	ca, clientCert, clientKey, connect, servedFile, resolver, file, key, serverName string
	pins                                                                            []string
	timeout                                                                         time.Duration // 0: not given
	json                                                                            bool
}

func newCertificate() *cobra.Command {
	f := certificateFlags{}
	cmd := &cobra.Command{
		Use:   "certificate HOST[:PORT] | --file FILE",
		Short: "Look at a certificate, as the daemon's second signal would",
		Long: `Look at the certificate behind a name, at every address that it resolves to, or
at a file, and judge it: dates, name, chain, trust, strength, pins, drift. The
port is 443 when none is given; an IPv6 address with a port stands in [ and ].
Addresses of private networks and every port are allowed: you are asking, no
merchant.

Exit status: 0 ok, 1 anything else, 2 a wrong call or configuration.`,
		Example: `  hookvigil certificate hooks.example.com
  hookvigil certificate --connect 203.0.113.7 hooks.example.com
  hookvigil certificate --served-file /etc/tls/live.pem '[2001:db8::7]:8443'
  hookvigil certificate --file client.pem --key client.key`,
		Args: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("file") && len(args) == 0 {
				return f.aboutFile(cmd)
			}
			if cmd.Flags().Changed("file") {
				return misused(cmd, "--file judges a file; leave out %s", shownArg(args[0]))
			}
			return one("a HOST[:PORT], or --file FILE")(cmd, args)
		},
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, args []string) error { return lookAtCertificate(cmd, args, f) },
	}
	f.define(cmd)
	return cmd
}

func (f *certificateFlags) define(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.ca, "ca", "", "PEM file of roots to trust besides those of the configuration and the system")
	flags.StringVar(&f.clientCert, "client-cert", "", "PEM file of the client certificate to present")
	flags.StringVar(&f.clientKey, "client-key", "", "PEM file of its key")
	flags.StringVar(&f.connect, "connect", "", "dial this IP[:PORT] alone, resolve nothing")
	flags.StringVar(&f.serverName, "server-name", "", "name to ask for and to judge, when it is not HOST")
	flags.StringVar(&f.servedFile, "served-file", "", "PEM file that should be served; a difference is drift")
	flags.StringArrayVar(&f.pins, "pin", nil, "SPKI sha256 in hex; one certificate of the chain must have one; may be repeated")
	flags.StringVar(&f.resolver, "resolver", "", "DNS server to ask, host:port")
	flags.StringVar(&f.file, "file", "", "judge this PEM or DER file instead of a host")
	flags.StringVar(&f.key, "key", "", "with --file: PEM file of its key, which must match")
	flags.DurationVar(&f.timeout, "timeout", 0, "for each address, over 0s and at most 30s (default the configuration's, or 10s)")
	addJSON(cmd, &f.json)
}

// aboutFile refuses flags that say nothing about a file.
func (f *certificateFlags) aboutFile(cmd *cobra.Command) error {
	if f.file == "" {
		return misused(cmd, "--file wants the path of a file")
	}
	for _, name := range []string{"connect", "server-name", "client-cert", "client-key", "resolver", "timeout"} {
		if cmd.Flags().Changed(name) {
			return misused(cmd, "--%s has no meaning with --file", name)
		}
	}
	return nil
}

// lookAtCertificate looks at a host or a file and prints what it found.
func lookAtCertificate(cmd *cobra.Command, args []string, f certificateFlags) error {
	cfg, err := loadIfThere(cmd)
	if err != nil {
		return err
	}
	var out certificateOutput
	if f.file != "" {
		out, err = f.judgeFile(cfg)
	} else {
		out, err = f.judgeHost(cmd, cfg, args[0])
	}
	if err != nil {
		return err
	}
	if f.json {
		err = printJSON(cmd, out.json())
	} else {
		var text strings.Builder
		printCertificate(&text, out)
		_, err = cmd.OutOrStdout().Write([]byte(text.String()))
	}
	if err == nil && out.report.Verdict != certificate.OK {
		return finding()
	}
	return err
}

func (f certificateFlags) judgeHost(cmd *cobra.Command, cfg *config.Config, arg string) (certificateOutput, error) {
	if f.key != "" {
		return certificateOutput{}, misused(cmd, "--key comes with --file; a client's key is --client-key")
	}
	if cmd.Flags().Changed("timeout") && (f.timeout <= 0 || f.timeout > probes.MaxTimeout) {
		return certificateOutput{}, outsideTimeout(f.timeout)
	}
	if err := resolveBy(&cfg.Guard, f.resolver); err != nil {
		return certificateOutput{}, err
	}
	t, err := f.target(arg)
	if err != nil {
		return certificateOutput{}, err
	}
	if t.Timeout == 0 {
		t.Timeout = cfg.Defaults.Certificate.Timeout
	}
	p, err := f.policy(cfg)
	if err != nil {
		return certificateOutput{}, err
	}
	if p.Roots == nil {
		p.Roots = cfg.Defaults.Roots
	}
	report := newEyes(cmd, cfg).judge(cmd.Context(), registry.Watch{Target: t, Policy: p})
	return certificateOutput{host: t.Host, port: t.Port, report: report}, nil
}

func (f certificateFlags) judgeFile(cfg *config.Config) (certificateOutput, error) {
	p, err := f.policy(cfg)
	if err != nil {
		return certificateOutput{}, err
	}
	file := certificateFile(f.file, f.key)
	if file.Err != nil {
		return certificateOutput{}, usage("%v", file.Err)
	}
	return certificateOutput{host: f.file, report: file.Judge(p, time.Now())}, nil
}
