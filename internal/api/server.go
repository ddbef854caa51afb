package api

import (
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// Server answers HTTP. Make it with New; it is safe for concurrent use.
type Server struct {
	cfg  Config
	deps Deps
	log  *slog.Logger

	mux      *http.ServeMux
	api      huma.API
	access   map[string]access // by pattern ("GET /metrics"); read-only once made
	document []byte            // OpenAPI, made once
	tokens   atomic.Pointer[tokenSet]
	failures failures
	returns  returns
	turn     turn
	inflow   *inflow
	origin   *http.CrossOriginProtection

	bodyTime, takeTime time.Duration // bodyTimeout and takeTimeout of attempts; a test's are longer
}

// New makes a server; cfg passed Validate. It starts nothing and listens
// nowhere.
func New(cfg Config, deps Deps, log *slog.Logger) *Server {
	deps.fill()
	s := &Server{
		cfg: cfg, deps: deps, log: log,
		mux: http.NewServeMux(), access: map[string]access{}, origin: http.NewCrossOriginProtection(), turn: newTurn(), inflow: newInflow(),
		bodyTime: bodyTimeout, takeTime: takeTimeout,
	}
	s.cfg.Tokens = nil // the hashes are enough
	s.SetTokens(cfg.Tokens)
	s.origin.AddInsecureBypassPattern("POST " + subscriptionPath) // a program of any origin may: the link is what proves it
	s.api = newHuma(guardedMux{s}, cfg.Version)
	s.routes()
	s.document = documentOf(s.api)
	return s
}

// SetTokens swaps the tokens; requests that were let in before go on.
func (s *Server) SetTokens(tokens []Token) { s.tokens.Store(newTokenSet(tokens)) }

// Handler answers on TCP listeners: callers need a token, or are on this
// machine when there is none.
func (s *Server) Handler() http.Handler { return http.HandlerFunc(s.serve) }

// Local answers on the unix socket, which only its owner can open: every
// caller is an admin.
func (s *Server) Local() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.serve(w, r.WithContext(context.WithValue(r.Context(), localKey{}, true)))
	})
}

// HTTPServer returns a server for h with the bounds that protect it from slow
// and greedy clients: 64 KiB of head within 5 s, bodies within 65 s, answers
// within 2 min, idle connections for 1 min. The caller sets TLS, listens and
// shuts it down.
func HTTPServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		MaxHeaderBytes:    maxHeaderBytes,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       importTimeout + 5*time.Second,
		WriteTimeout:      2 * time.Minute,
		IdleTimeout:       time.Minute,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug), // strangers' broken handshakes
	}
}
