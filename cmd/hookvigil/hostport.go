package main

import (
	"net/netip"
	"strings"
	"unicode"

	"github.com/hookvigil/hookvigil/probes"
)

// hostPort reads HOST[:PORT], where HOST is a name, an IPv4 address, or an
// IPv6 address with or without brackets. It is as strict as for a URL.
func hostPort(s string, port uint16) (string, uint16, error) {
	if strings.ContainsAny(s, "/?#@") {
		return "", 0, usage("%s is not HOST[:PORT]; leave out the scheme, the path and the rest", shownArg(s))
	}
	if strings.ContainsFunc(s, unicode.IsSpace) {
		return "", 0, usage("%s is not HOST[:PORT]: there is white space in it; wanted one host, such as hooks.example.com or hooks.example.com:8443", shownArg(s))
	}
	if addr, err := netip.ParseAddr(s); err == nil && addr.Is6() {
		s = "[" + s + "]"
	}
	u, err := probes.ParseURL("https://" + s + "/")
	if err != nil {
		return "", 0, usage("%s is not HOST[:PORT]: %v", shownArg(s), err)
	}
	if u.Port() != "" {
		port = probes.PortOf(u)
	}
	return u.Hostname(), port, nil
}
