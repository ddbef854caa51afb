package main

import (
	"crypto/tls"
	"encoding/hex"
	"net/netip"
	"strings"

	"github.com/hookvigil/hookvigil/internal/config"
	"github.com/hookvigil/hookvigil/probes/certificate"
)

// target reads HOST[:PORT] and what says how to get there.
func (f certificateFlags) target(arg string) (certificate.Target, error) {
	host, port, err := hostPort(arg, 443)
	if err != nil {
		return certificate.Target{}, err
	}
	t := certificate.Target{ID: host, Host: host, Port: port, Timeout: f.timeout, Own: true}
	if f.serverName != "" {
		if t.ServerName, _, err = hostPort(f.serverName, port); err != nil || strings.Contains(f.serverName, ":") {
			return t, usage("--server-name %s is not a host name", shownArg(f.serverName))
		}
	}
	if f.connect != "" {
		if t.Connect, err = addrPort(f.connect, port); err != nil {
			return t, err
		}
	}
	if (f.clientCert == "") != (f.clientKey == "") {
		return t, usage("--client-cert and --client-key come together")
	}
	if f.clientCert != "" {
		pair, err := tls.LoadX509KeyPair(f.clientCert, f.clientKey)
		if err != nil {
			return t, usage("--client-cert: %v", err)
		}
		t.ClientCert = &pair
	}
	return t, nil
}

// addrPort reads --connect: an address, with the port of the host when it has
// none of its own.
func addrPort(s string, port uint16) (netip.AddrPort, error) {
	host, at, err := hostPort(s, port)
	if err != nil {
		return netip.AddrPort{}, usage("--connect: %v", err)
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return netip.AddrPort{}, usage("--connect %s is not an address; wanted 203.0.113.7, 203.0.113.7:443 or [2001:db8::7]:443", shownArg(s))
	}
	return netip.AddrPortFrom(addr, at), nil
}

// policy puts the flags over the configured thresholds.
func (f certificateFlags) policy(cfg *config.Config) (certificate.Policy, error) {
	p := cfg.Defaults.Certificate.Policy
	for _, pin := range f.pins {
		raw, err := hex.DecodeString(strings.ReplaceAll(pin, ":", ""))
		if err != nil || len(raw) != len(certificate.Pin{}) {
			return p, usage("--pin %s is not 64 hex digits; openssl x509 -pubkey -noout | openssl pkey -pubin -outform der | sha256sum", shownArg(pin))
		}
		p.Pins = append(p.Pins, certificate.Pin(raw))
	}
	if f.ca != "" {
		pool, err := withCA(cfg.Defaults.Roots, f.ca)
		if err != nil {
			return p, err
		}
		p.Roots = pool
	}
	if f.servedFile != "" {
		raw, err := readFile(f.servedFile)
		if err != nil {
			return p, usage("--served-file: %v", err)
		}
		if p.Served, err = certificate.LoadChain(raw); err != nil {
			return p, usage("--served-file %s: %v", f.servedFile, err)
		}
	}
	return p, nil
}
