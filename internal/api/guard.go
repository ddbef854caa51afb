package api

import (
	"cmp"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hookvigil/hookvigil/internal/registry"
)

// access says who may use a route. The zero value lets nobody in.
type access struct {
	open  bool // everybody, without a token
	role  Role // the least role
	or    Role // another one that will do; empty: none
	house bool // about all merchants at once: not for a token with a scope
}

type localKey struct{}

// guard lets a request through to next when its caller may use the route.
func (s *Server) guard(a access, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a.open {
			next.ServeHTTP(w, r)
			return
		}
		c, refusal := s.admit(w, r)
		if refusal == nil {
			refusal = a.refuse(c)
		}
		if refusal != nil {
			writeProblem(w, refusal)
			return
		}
		next.ServeHTTP(w, r.WithContext(withCaller(r.Context(), c)))
	})
}

// refuse says why c may not use a route with that access; nil when it may.
func (a access) refuse(c caller) *huma.ErrorModel {
	switch {
	case !c.role.may(a.role) && !c.role.may(a.or):
		return problem(http.StatusForbidden, "a token with role "+string(c.role)+" may not do this; wanted "+a.wanted())
	case a.house && c.scoped():
		return problem(http.StatusForbidden, "this is about all merchants; the token is for some of them")
	default:
		return nil
	}
}

// wanted names the roles that may use a route.
func (a access) wanted() string {
	wanted := string(a.role) + " or more"
	if a.role == RoleIngest {
		wanted = string(RoleIngest) + " or " + string(RoleAdmin)
	}
	if a.or != "" {
		wanted = string(a.or) + ", " + wanted
	}
	return wanted
}

// actorHeader is how a client of the unix socket says on whose behalf it asks.
const actorHeader = "X-Hookvigil-Actor"

// localActor names a caller on the unix socket.
func localActor(r *http.Request) string {
	return cmp.Or(registry.Clean(r.Header.Get(actorHeader)), "local")
}

// admit says who asks, or why the request is refused. It sets the headers
// that go with a refusal.
func (s *Server) admit(w http.ResponseWriter, r *http.Request) (caller, *huma.ErrorModel) {
	if r.Context().Value(localKey{}) != nil {
		return caller{name: localActor(r), role: RoleAdmin}, nil
	}
	tokens := s.tokens.Load()
	if !tokens.configured {
		return s.admitLoopback(w, r)
	}
	presented, ok := presentedToken(r)
	if !ok {
		return caller{}, unauthorized(w, "a token is needed: Authorization: Bearer <token>, or HTTP Basic with the token as password")
	}
	c, ok := tokens.find(presented)
	if !ok {
		return caller{}, s.wrongToken(w, r)
	}
	return c, nil
}

// wrongToken counts and answers a wrong token. A right one is let in however
// many wrong ones came before it: behind one address (NAT, a proxy) there are
// many, and none may shut the others out.
func (s *Server) wrongToken(w http.ResponseWriter, r *http.Request) *huma.ErrorModel {
	from := neighbourhood(remoteAddress(r))
	if left := s.failures.wait(from, time.Now()); left > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(left/time.Second)+1))
		return problem(http.StatusTooManyRequests, "too many wrong tokens from this address")
	}
	s.failures.add(from, time.Now())
	if scheme, _, found := strings.Cut(r.Header.Get("Authorization"), " "); !found || !strings.EqualFold(scheme, "Bearer") && !strings.EqualFold(scheme, "Basic") {
		return unauthorized(w, "the Authorization header has no scheme that is known here; wanted: Bearer TOKEN")
	}
	return unauthorized(w, "the token is not known here")
}

// admitLoopback is the mode without tokens: this machine's own clients may do
// everything. What came through a proxy, or by a name that is not ours (DNS
// rebinding), is not from this machine.
func (s *Server) admitLoopback(w http.ResponseWriter, r *http.Request) (caller, *huma.ErrorModel) {
	switch {
	case !remoteAddress(r).IsLoopback():
		return caller{}, unauthorized(w, "no token is configured, so that only loopback connections are served; configure server.tokens")
	case r.Header.Get("Forwarded") != "" || r.Header.Get("X-Forwarded-For") != "":
		return caller{}, unauthorized(w, "no token is configured, and the request came through a proxy; configure server.tokens")
	case !s.ownHost(r.Host):
		return caller{}, unauthorized(w, "no token is configured, and the Host header names another host; use localhost, or configure server.tokens")
	}
	return caller{name: "loopback", role: RoleAdmin}, nil
}

// ownHost reports whether a Host header names this machine.
func (s *Server) ownHost(host string) bool {
	name := hostname(host)
	if strings.EqualFold(name, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(name)
	if err == nil && addr.Unmap().IsLoopback() {
		return true
	}
	unspecified := err == nil && addr.IsUnspecified()
	return name != "" && !unspecified && strings.EqualFold(name, hostname(s.cfg.Listen))
}

// hostname returns host[:port] without the port and without brackets.
func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
}

func unauthorized(w http.ResponseWriter, detail string) *huma.ErrorModel {
	w.Header().Add("WWW-Authenticate", `Bearer realm="hookvigil"`)
	w.Header().Add("WWW-Authenticate", `Basic realm="hookvigil", charset="UTF-8"`)
	return problem(http.StatusUnauthorized, detail)
}
