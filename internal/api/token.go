package api

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/hookvigil/hookvigil/probes"
)

// Token lets one client in.
type Token struct {
	Name      string // for the audit; unique
	Role      Role
	Merchants []string // what it sees and changes; empty: all
	Source    string   // of the attempts it hands in (role ingest)
	Secret    probes.Secret
}

// Config is the server's own part of the configuration.
type Config struct {
	// Tokens let clients in. Without any, everything is allowed to loopback
	// connections and nothing to others.
	Tokens []Token
	// Listen is the address of the TCP listener, host:port. Without tokens a
	// request must name this host, localhost or a loopback address in its
	// Host header, so that no foreign page reaches us by a rebound name.
	Listen string
	// Version of the program, shown in the OpenAPI document.
	Version string
}

// Validate returns every fault of c, each with its path.
func (c Config) Validate() error {
	var errs []error
	names := map[string]bool{}
	for i, t := range c.Tokens {
		bad := func(field, format string, args ...any) {
			errs = append(errs, fmt.Errorf("tokens[%d].%s: %s", i, field, fmt.Sprintf(format, args...)))
		}
		if t.Name == "" || names[t.Name] {
			bad("name", "%q is empty or used twice; names tell tokens apart in the audit", t.Name)
		}
		names[t.Name] = true
		if err := new(Role).UnmarshalText([]byte(t.Role)); err != nil {
			bad("role", "%v", err)
		}
		if t.Secret == "" {
			bad("token_file", "the token is empty; openssl rand -hex 32 makes a good one")
		}
	}
	return errors.Join(errs...)
}

// tokenSet is the tokens in force. It holds hashes alone and is read-only.
type tokenSet struct {
	entries    []tokenEntry
	configured bool // any token was given, even a useless one: the open mode is off
}

type tokenEntry struct {
	sum    [sha256.Size]byte
	caller caller
}

func newTokenSet(tokens []Token) *tokenSet {
	set := &tokenSet{configured: len(tokens) > 0}
	for _, t := range tokens {
		if t.Secret == "" {
			continue // lets nobody in
		}
		e := tokenEntry{sum: sha256.Sum256([]byte(t.Secret.Reveal())), caller: caller{name: t.Name, role: t.Role, source: t.Source}}
		if len(t.Merchants) > 0 {
			e.caller.merchants = make(map[string]bool, len(t.Merchants))
			for _, m := range t.Merchants {
				e.caller.merchants[m] = true
			}
		}
		set.entries = append(set.entries, e)
	}
	return set
}

// find returns who presented that token. Its time tells neither how much of a
// guess was right nor which token matched.
func (s *tokenSet) find(presented string) (caller, bool) {
	sum, found := sha256.Sum256([]byte(presented)), -1
	for i := range s.entries {
		if subtle.ConstantTimeCompare(sum[:], s.entries[i].sum[:]) == 1 {
			found = i
		}
	}
	if found < 0 {
		return caller{}, false
	}
	return s.entries[found].caller, true
}

// presentedToken returns the token of a request and whether there was any: a
// bearer token, or the password of HTTP Basic with any user name, because
// browsers and scrapers know how to send that.
func presentedToken(r *http.Request) (token string, presented bool) {
	values := r.Header.Values("Authorization")
	if len(values) == 0 {
		return "", false
	}
	if len(values) > 1 {
		return "", true // which one is meant?
	}
	if _, password, ok := r.BasicAuth(); ok {
		return password, true
	}
	scheme, rest, _ := strings.Cut(values[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", true
	}
	return strings.TrimSpace(rest), true
}

// tokenInQuery reports whether a request carries a token in its URL, where
// proxies and histories keep it.
func tokenInQuery(r *http.Request) bool {
	if r.URL.RawQuery == "" {
		return false
	}
	for key := range r.URL.Query() {
		switch strings.ToLower(key) {
		case "token", "access_token", "auth_token", "api_token", "api_key", "apikey", "bearer", "authorization":
			return true
		}
	}
	return false
}
