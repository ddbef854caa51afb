package config

import (
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"strconv"

	"github.com/hookvigil/hookvigil/probes"
)

const (
	defaultListen = "127.0.0.1:8420"
	minToken      = 16 // bytes: what cannot be guessed
)

func (l *loader) level() slog.Level {
	levels := map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}
	return levels[l.oneOf("log.level", "a log level", or(l.in.Log.Level, "info"), "debug", "info", "warn", "error")]
}

func (l *loader) server() {
	in := l.in.Server
	l.cfg.Server = Server{
		Listen:      or(in.Listen, defaultListen),
		Insecure:    in.Insecure,
		PublicURL:   l.url("server.public_url", in.PublicURL),
		OperatorURL: l.url("server.operator_url", in.OperatorURL),
	}
	l.serverTLS()
	l.tokens()
	l.listener()
}

// listener refuses one that strangers could use or read.
func (l *loader) listener() {
	s := l.cfg.Server
	host, port, err := net.SplitHostPort(s.Listen)
	if _, perr := strconv.ParseUint(port, 10, 16); err != nil || perr != nil {
		l.bad("server.listen", "", "%q is not host:port; wanted 127.0.0.1:8420", clip(s.Listen))
		return
	}
	if onLoopback(host) {
		return
	}
	if l.in.Server.TLS.CertFile == "" && !s.Insecure {
		l.bad("server.listen", "give server.tls, listen on 127.0.0.1 behind a proxy, or set server.insecure: true", "%s can be reached from other machines, and has no TLS", clip(s.Listen))
	}
	if len(l.in.Server.Tokens) == 0 {
		l.bad("server.tokens", "give at least one, or listen on 127.0.0.1", "is missing, and %s can be reached from other machines", clip(s.Listen))
	}
}

// onLoopback reports whether a listener there is for this machine alone. A
// name other than localhost is not looked up.
func onLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.Unmap().IsLoopback()
}

func (l *loader) url(path, text string) *url.URL {
	if text == "" {
		return nil
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		l.bad(path, "", "is not a URL; wanted https://hooks.example.com")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		l.bad(path, "", "wanted https://host/path without user, query and fragment")
	default:
		return u
	}
	return nil
}

func (l *loader) serverTLS() {
	in := l.in.Server.TLS
	if (in.CertFile == "") != (in.KeyFile == "") {
		l.bad("server.tls", "", "cert_file and key_file come together")
	}
	if in.CertFile == "" || in.KeyFile == "" {
		return
	}
	l.cfg.Server.TLS = TLS{CertFile: l.path("server.tls.cert_file", in.CertFile), KeyFile: l.path("server.tls.key_file", in.KeyFile)}
	if message, hint := exposed(l.cfg.Server.TLS.KeyFile); message != "" {
		l.bad("server.tls.key_file", hint, "%s", message)
	}
	if _, err := l.files.pair(l.cfg.Server.TLS.CertFile, l.cfg.Server.TLS.KeyFile); err != nil {
		l.bad("server.tls.cert_file", "", "%v", err)
	}
}

func (l *loader) tokens() {
	names, values := map[string]int{}, map[probes.Secret]int{}
	for i, in := range l.in.Server.Tokens {
		path := fmt.Sprintf("server.tokens[%d]", i)
		t := Token{Name: in.Name, Role: in.Role, Merchants: in.Merchants, Source: in.Source, Token: l.tokenValue(path, in)}
		l.oneOf(path+".role", "a role", in.Role, "viewer", "operator", "admin", "ingest")
		l.tokenSource(path, in)
		if in.Name == "" {
			l.bad(path+".name", "give a name: it stands in the audit", "is missing")
		} else if first, ok := names[in.Name]; ok {
			l.bad(path+".name", "", "%q is used twice; first in server.tokens[%d]", clip(in.Name), first)
		}
		if first, ok := values[t.Token]; ok && t.Token != "" {
			l.bad(path, "give each its own, so that one can be withdrawn", "has the same token as server.tokens[%d]", first)
		}
		names[in.Name], values[t.Token] = i, i
		l.cfg.Server.Tokens = append(l.cfg.Server.Tokens, t)
	}
}

// tokenValue returns the token itself, from its file or the environment.
func (l *loader) tokenValue(path string, in tokenLayout) probes.Secret {
	value, key := in.Token, path+".token"
	switch {
	case l.set(path+".token") && in.TokenFile != "":
		l.bad(key, "", "token and token_file exclude each other")
		return ""
	case in.TokenFile != "":
		key += "_file"
		s := l.files.secret(l.path(key, in.TokenFile))
		if s.message != "" {
			l.bad(key, s.hint, "%s", s.message)
			return ""
		}
		value = s.value
	case value == "":
		l.bad(key, "give token_file", "is missing")
		return ""
	}
	if n := len(value.Reveal()); n < minToken {
		l.bad(key, "openssl rand -hex 32", "the token has %d bytes; wanted at least %d", n, minToken)
	}
	return value
}
