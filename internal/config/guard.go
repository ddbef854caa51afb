package config

import (
	"fmt"
	"net/netip"
	"net/url"

	"github.com/hookvigil/hookvigil/internal/registry"
	"github.com/hookvigil/hookvigil/probes"
)

func (l *loader) guardSection() {
	g := probes.GuardConfig{AllowPorts: l.in.Guard.AllowPorts, DenyPorts: l.in.Guard.DenyPorts, Resolver: l.in.Resolver}
	for i, text := range l.in.Guard.Allow {
		p, ok := l.prefix(fmt.Sprintf("guard.allow[%d]", i), text)
		if !ok {
			p = netip.PrefixFrom(netip.IPv6Unspecified(), 128) // keeps the positions of the others
		}
		g.Allow = append(g.Allow, p)
	}
	for _, e := range g.Validate() {
		path := "guard." + e.Field
		if e.Field == "resolver" {
			path = e.Field
		}
		l.bad(path, "", "%s", e.Message)
	}
	if _, err := netip.ParseAddrPort(g.Resolver); g.Resolver != "" && err != nil {
		l.bad("resolver", "", "%q is not the address and port of a DNS server; wanted 192.0.2.53:53", clip(g.Resolver))
	}
	l.cfg.Guard, l.guard = g, probes.NewGuard(g)
}

func (l *loader) prefix(path, text string) (netip.Prefix, bool) {
	p, err := netip.ParsePrefix(text)
	if err == nil {
		return p, true
	}
	if addr, aerr := netip.ParseAddr(text); aerr == nil {
		return p, l.bad(path, "for this one address write "+single(addr), "%q has no length; wanted a network such as 10.0.0.0/8", clip(text))
	}
	return p, l.bad(path, "", "%q is not a network; wanted a CIDR such as 10.0.0.0/8", clip(text))
}

func single(addr netip.Addr) string {
	return netip.PrefixFrom(addr.WithZone(""), addr.BitLen()).String()
}

// blocked warns of an endpoint that the guard will refuse, as far as the URL
// alone shows it: names are resolved when they are dialled.
func (l *loader) blocked(p place, u *url.URL) {
	if addr, err := netip.ParseAddr(u.Hostname()); err == nil {
		if err := l.guard.Judge(addr); err != nil {
			l.report(p, registry.Fault{
				Path: "url", Message: "will not be probed: " + err.Error(), Warning: true,
				Hint: fmt.Sprintf("when you mean it: guard: {allow: [%s]}", single(addr.Unmap())),
			})
		}
	}
	if port := probes.PortOf(u); u.Host != "" {
		if err := l.guard.JudgePort(port); err != nil {
			l.report(p, registry.Fault{
				Path: "url", Message: "will not be probed: " + err.Error(), Warning: true,
				Hint: fmt.Sprintf("when you mean it: guard: {allow_ports: [%d]}", port),
			})
		}
	}
}
