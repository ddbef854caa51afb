package main

import (
	"net/netip"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hookvigil/hookvigil/internal/config"
	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/probes"
)

// guard puts the flags over the configured guard.
func (f probeFlags) guard(g *probes.GuardConfig) error {
	for _, a := range f.allow {
		p, err := prefix(a)
		if err != nil {
			return usage("--allow %s is neither an address nor a CIDR; wanted 127.0.0.1 or 10.20.0.0/16", shownArg(a))
		}
		for _, e := range (probes.GuardConfig{Allow: []netip.Prefix{p}}).Validate() {
			return usage("--allow: %s", e.Message)
		}
		g.Allow = append(g.Allow, p)
	}
	return resolveBy(g, f.resolver)
}

// prefix reads a CIDR, or an address as the network of itself.
func prefix(s string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(s); err == nil {
		return addr.Prefix(addr.BitLen())
	}
	return netip.ParsePrefix(s)
}

// resolveBy puts --resolver over the configured one.
func resolveBy(g *probes.GuardConfig, resolver string) error {
	if resolver == "" {
		return nil
	}
	for _, e := range (probes.GuardConfig{Resolver: resolver}).Validate() {
		return usage("--resolver: %s", e.Message)
	}
	g.Resolver = resolver
	return nil
}

// endpoint finds the configured endpoint, or makes one of a URL, and puts the
// flags over it.
func (f probeFlags) endpoint(cmd *cobra.Command, cfg *config.Config, arg string) (registry.Watched, error) {
	ep := registry.Endpoint{ID: "probe", URL: arg}
	snap := snapshotOf(cfg)
	if w, ok := snap.Endpoint(arg); ok {
		ep = w.Endpoint
	} else if !strings.Contains(arg, "://") {
		return registry.Watched{}, notConfigured(snap, arg)
	}
	if err := f.over(&ep, cfg); err != nil {
		return registry.Watched{}, err
	}
	w, faults := registry.ResolveEndpoint(ep, cfg.Defaults)
	for _, fault := range faults {
		if !fault.Warning {
			return w, usage("%s", flagFault(fault))
		}
	}
	for _, fault := range faults {
		warn(cmd, "%s", flagFault(fault))
	}
	if f.tokenFile != "" && w.Probe.Policy.Level != probes.LevelPing {
		warn(cmd, "the token of --token-file is not sent at level %s; add --level ping", w.Probe.Policy.Level)
	}
	return w, nil
}

// notConfigured says that arg is no URL and no endpoint, and what it may have
// meant.
func notConfigured(snap *registry.Snapshot, arg string) error {
	ids := &cobra.Command{SuggestionsMinimumDistance: 2}
	for _, w := range snap.Endpoints() {
		ids.AddCommand(&cobra.Command{Use: w.ID, Run: func(*cobra.Command, []string) {}})
	}
	near := ""
	if len(ids.SuggestionsFor(arg)) > 0 {
		near = didYouMean(ids, arg)
	}
	return usage("%s is neither a URL nor the ID of a configured endpoint; wanted https://host/path%s", shownArg(arg), near)
}

// over puts the flags over an endpoint.
func (f probeFlags) over(ep *registry.Endpoint, cfg *config.Config) error {
	if f.level != "" {
		level := probes.Level(f.level)
		ep.Probe.Level = &level
		if level == probes.LevelTLS {
			ep.Probe.KeepAlive = new(false) // it has no meaning there
		}
	}
	if f.timeout != 0 {
		d := registry.Duration(f.timeout)
		ep.Probe.Timeout, ep.Certificate.Timeout = &d, &d
		if b := ep.Probe.AckBudget; b != nil && *b > d {
			ep.Probe.AckBudget = &d
		}
	}
	if f.tokenFile != "" {
		token, err := tokenOf(f.tokenFile)
		if err != nil {
			return err
		}
		ep.Token = token
	}
	if f.ca != "" {
		base := cfg.Defaults.Roots
		if ep.Material.Roots != nil {
			base = ep.Material.Roots
		}
		pool, err := withCA(base, f.ca)
		if err != nil {
			return err
		}
		ep.Material.Roots = pool
	}
	return nil
}

func tokenOf(path string) (probes.Secret, error) {
	raw, err := readSecret(path)
	if err != nil {
		return "", usage("--token-file: %v", err)
	}
	token := probes.Secret(strings.TrimRight(string(raw), "\r\n"))
	if token == "" {
		return "", usage("--token-file %s is empty", path)
	}
	return token, nil
}

// flagFault says a fault in the words of the command line.
func flagFault(f registry.Fault) string {
	name, hint := f.Path, f.Hint
	switch f.Path {
	case "url":
		name = "the URL"
	case "probe.level":
		name = "--level"
	case "token":
		name = "--token-file"
	}
	switch hint {
	case "":
	case "give token_file":
		hint = "; give --token-file"
	default:
		hint = "; " + hint
	}
	return name + ": " + f.Message + hint
}
