package demo

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/hookvigil/hookvigil/internal/hooktest"
	"github.com/hookvigil/hookvigil/rules"
)

//go:embed templates/*.html assets/style.css
var files embed.FS

// What a page may load, and what a mail may: a mail its own inline styles, no
// script, no link that leads anywhere, nothing from outside.
const (
	pagePolicy = "default-src 'none'; style-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	mailPolicy = "sandbox; default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)

// refreshEvery is how often the page asks again, in seconds.
const refreshEvery = 2

// page serves what arrived. Its parts are safe for concurrent use.
type page struct {
	log      *slog.Logger
	begun    time.Time
	daemon   string // "http://127.0.0.1:1234"
	messages func() []hooktest.SlackMessage
	mails    func() []hooktest.SMTPMessage
	sent     func() tally
	tmpl     *template.Template
	mux      *http.ServeMux
}

// newPage returns the handler of the page of a demonstration that runs.
func newPage(d *demo) http.Handler {
	p := &page{
		log: d.opts.Log, begun: d.begun, daemon: d.api,
		messages: d.sinks.messages, mails: d.sinks.mail.Messages, sent: d.sender.total,
	}
	return p.handler()
}

func (p *page) handler() http.Handler {
	p.tmpl = template.Must(template.New("").Funcs(template.FuncMap{"clock": clock, "iso": iso}).ParseFS(files, "templates/*.html"))
	p.mux = http.NewServeMux()
	p.mux.HandleFunc("GET /{$}", p.front)
	p.mux.HandleFunc("GET /mail/{n}", p.mail)
	p.mux.HandleFunc("GET /mail/{n}/html", p.mailHTML)
	p.mux.HandleFunc("GET /style.css", p.style)
	return p
}

// ServeHTTP implements [http.Handler].
func (p *page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", pagePolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	p.mux.ServeHTTP(w, r)
}

func clock(t time.Time) string { return t.UTC().Format("15:04:05") }
func iso(t time.Time) string   { return t.UTC().Format(time.RFC3339) }

// frame is what both pages have.
type frame struct {
	Title   string
	Refresh int // seconds; 0: not
}

// front is the page with the story.
type front struct {
	frame
	Toggle  string // the same page with Refresh the other way round
	Daemon  string
	Story   string    // the clock of the incident
	Now     time.Time // the clock of this machine
	Since   string    // since the begin, as minutes and seconds
	Step    scene     // that runs
	Scenes  []scene
	Next    *scene // nil: it was the last
	Share   rules.Ratio
	Sent    tally
	Threads []thread
	Mailbox string
	Mails   []letter
}

// scene is a step as the page shows it.
type scene struct {
	step
	Clock    string // in the incident
	Real     time.Time
	In       int // seconds until it begins, when it has not
	Now, Ago bool
}

func (p *page) front(w http.ResponseWriter, r *http.Request) {
	now := time.Now()
	since := now.Sub(p.begun)
	f := front{
		frame: frame{Title: "hookvigil demo", Refresh: refreshEvery}, Toggle: "/?refresh=0",
		Daemon: p.daemon, Story: clockAt(since).Format("15:04"), Now: now, Since: minutes(since),
		Share: shareAt(since), Sent: p.sent(), Threads: threadsOf(p.messages()), Mailbox: mailbox, Mails: lettersOf(p.mails()),
	}
	if r.FormValue("refresh") == "0" {
		f.Refresh, f.Toggle = 0, "/"
	}
	f.Scenes = scenesAt(p.begun, since)
	for i, s := range f.Scenes {
		if s.Now {
			f.Step = s
		}
		if !s.Now && !s.Ago && f.Next == nil {
			f.Next = &f.Scenes[i]
		}
	}
	p.render(w, "front", f)
}

// scenesAt returns the story as it stands at a time since it began.
func scenesAt(begun time.Time, since time.Duration) []scene {
	steps := story()
	at := stepAt(steps, since)
	list := make([]scene, len(steps))
	for i, s := range steps {
		list[i] = scene{
			step: s, Clock: clockAt(s.At).Format("15:04"), Real: begun.Add(s.At),
			In: int((s.At - since).Seconds()) + 1, Now: i == at, Ago: i < at,
		}
	}
	return list
}

// minutes writes a span as on a stop watch: "1:07".
func minutes(d time.Duration) string {
	s := int(d.Seconds())
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

// letterAt finds the mail that a request asks for, and answers 404 without.
func (p *page) letterAt(w http.ResponseWriter, r *http.Request) (letter, bool) {
	n, err := strconv.Atoi(r.PathValue("n"))
	list := p.mails()
	if err != nil || n < 1 || n > len(list) {
		http.Error(w, "There is no such mail.", http.StatusNotFound)
		return letter{}, false
	}
	return letterOf(n, list[n-1]), true
}

func (p *page) mail(w http.ResponseWriter, r *http.Request) {
	if l, ok := p.letterAt(w, r); ok {
		p.render(w, "mail", struct {
			frame
			letter
		}{frame{Title: l.Subject}, l})
	}
}

// mailHTML serves a mail's HTML alone, for a frame without any rights.
func (p *page) mailHTML(w http.ResponseWriter, r *http.Request) {
	l, ok := p.letterAt(w, r)
	if !ok {
		return
	}
	w.Header().Set("Content-Security-Policy", mailPolicy)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte(l.HTML)) // the reader is gone: nothing to do
}

func (p *page) style(w http.ResponseWriter, r *http.Request) {
	http.ServeFileFS(w, r, files, "assets/style.css")
}

// render writes a page only when all of it could be made.
func (p *page) render(w http.ResponseWriter, name string, data any) {
	var b bytes.Buffer
	if err := p.tmpl.ExecuteTemplate(&b, name, data); err != nil {
		p.log.Error("page broke", "page", name, "err", err)
		http.Error(w, "This page broke: that is a bug in hookvigil.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(b.Bytes()) // the reader is gone: nothing to do
}
