package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"html/template"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync/atomic"
	"time"
)

//go:embed templates/*.html assets/style.css
var files embed.FS

const stylePath = "/assets/style.css"

// policy lets a page load our stylesheet and send our search form, and
// nothing else; no other site may frame it.
const policy = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// Options holds what the pages can do without. The zero value is useful.
type Options struct {
	Now      func() time.Time // nil: time.Now
	Panicked func()           // called once for each page that broke; nil: nobody is told
}

// pages serves the pages.
type pages struct {
	src   Source
	log   *slog.Logger
	opt   Options
	mux   *http.ServeMux
	tmpl  *template.Template
	style []byte
	print string // of the stylesheet: its address changes with its content

	// When the log last said that incidents, or digests, cannot be read; Unix ns.
	complained, complainedDigests atomic.Int64
}

// New returns the handler of the built-in pages: GET and HEAD of /,
// /endpoints/{id}, /targets/{id}, /incidents, /incidents/{id} (an incident's
// short number leads on to its ID) and
// /assets/style.css; anything else is 404 or 405. The pages of incidents are
// 503 while incidents cannot be read; the others say so and show the rest, and
// so does the overview when digests cannot be read. It starts nothing and is safe for concurrent use. A page that
// breaks answers 500, is logged and reported, and harms no other. A nil log
// drops what it is given.
func New(src Source, log *slog.Logger, opt Options) http.Handler {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Panicked == nil {
		opt.Panicked = func() {}
	}
	style, err := files.ReadFile("assets/style.css")
	if err != nil {
		panic(err) // not in the binary: a bug of ours
	}
	sum := sha256.Sum256(style)
	p := &pages{
		src: src, log: log, opt: opt, mux: http.NewServeMux(), style: style, print: hex.EncodeToString(sum[:6]),
		tmpl: template.Must(template.New("").Funcs(funcs()).ParseFS(files, "templates/*.html")),
	}
	p.mux.HandleFunc("GET /{$}", p.overview)
	p.mux.HandleFunc("GET /endpoints/{id}", p.endpoint)
	p.mux.HandleFunc("GET /targets/{id}", p.target)
	p.mux.HandleFunc("GET /incidents", p.incidents)
	p.mux.HandleFunc("GET /incidents/{id}", p.incident)
	p.mux.HandleFunc("GET "+stylePath, p.stylesheet)
	p.mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		p.missing(w, r, "There is no such page.")
	})
	return p
}

// ServeHTTP implements [http.Handler].
func (p *pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	defer func() {
		switch cause := recover(); cause {
		case nil:
		case http.ErrAbortHandler:
			panic(cause)
		default:
			p.broke(w, r, slog.Any("panic", cause), slog.String("stack", string(debug.Stack())))
		}
	}()
	p.mux.ServeHTTP(w, r)
}

// render writes a page only when all of it could be made.
func (p *pages) render(w http.ResponseWriter, r *http.Request, status int, name string, data any) {
	var b bytes.Buffer
	if err := p.tmpl.ExecuteTemplate(&b, name, data); err != nil {
		p.broke(w, r, slog.Any("err", err))
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // the reader is gone: nothing to do
}

// broke answers 500. Nothing has been written before: render writes last.
func (p *pages) broke(w http.ResponseWriter, r *http.Request, why ...slog.Attr) {
	p.opt.Panicked()
	why = append(why, slog.String("path", r.URL.Path))
	p.log.LogAttrs(r.Context(), slog.LevelError, "page broke", why...)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(http.StatusInternalServerError)
	_, _ = w.Write([]byte(brokenPage)) // as above
}

// brokenPage needs no template: that may be what is broken.
const brokenPage = `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>page broke · hookvigil</title><link rel="stylesheet" href="` + stylePath + `"></head>
<body><main><h1>This page broke</h1><p>That is a bug in hookvigil; it is in its log. Probes and alerts go on.</p>
<p><a href="/">Back to the overview</a></p></main></body></html>
`

func (p *pages) missing(w http.ResponseWriter, r *http.Request, text string) {
	p.render(w, r, http.StatusNotFound, "missing", struct {
		frame
		Text string
	}{p.frame("not found"), text})
}

func (p *pages) stylesheet(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	if r.URL.RawQuery == "v="+p.print {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	_, _ = w.Write(p.style) // the reader is gone: nothing to do
}

// frame is what every page has around its content.
type frame struct {
	Title   string
	Here    string // path of the page in the main navigation; empty: none
	Style   string
	Now     time.Time
	Summary Summary
	Refresh int    // seconds; 0: not
	Toggle  string // address of this page with Refresh the other way round; empty: none
}

func (p *pages) frame(title string) frame {
	return frame{
		Title: title + " · hookvigil", Style: stylePath + "?v=" + p.print,
		Now: p.opt.Now().UTC(), Summary: p.src.Summary(),
	}
}
