package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/hookvigil/hookvigil/internal/hooktest"
)

// sinks are where notices arrive: a fake Slack and a mail server.
type sinks struct {
	slack *hooktest.Slack
	mail  *hooktest.SMTP
}

// openSinks starts both, and writes them into the configuration.
func openSinks(w io.Writer, out string) (*sinks, error) {
	s := &sinks{}
	var err error
	if s.slack, err = hooktest.NewSlack(hooktest.SlackOptions{}); err != nil {
		return nil, err
	}
	if s.mail, err = hooktest.NewSMTP(hooktest.SMTPOptions{}); err != nil {
		return nil, err
	}
	if err := s.slack.Start(); err != nil {
		return nil, err
	}
	if err := s.mail.Start(); err != nil {
		s.slack.Close()
		return nil, err
	}
	for name, secret := range map[string]string{"rig-slack.token": hooktest.DefaultSlackToken, "rig-slack.signing": hooktest.DefaultSlackSigning} {
		if err := os.WriteFile(filepath.Join(filepath.Dir(out), name), []byte(secret), 0o600); err != nil {
			s.close()
			return nil, err
		}
	}
	fmt.Fprintf(w, "receivers:\n  ops: {kind: slack, token_file: rig-slack.token, channel: %s, api_url: %q,\n", hooktest.DefaultSlackChannel, s.slack.APIURL())
	fmt.Fprintf(w, "        signing_secret_file: rig-slack.signing, users: {%s: {name: presser, role: operator}}}\n", hooktest.DefaultSlackPresser)
	fmt.Fprintf(w, "  mail: {kind: email, smtp: {host: 127.0.0.1, port: %d, tls: none}, from: alerts@example.com, to: [sre@example.com]}\n", s.mail.Addr().Port())
	fmt.Fprint(w, "routes: [{to: [ops, mail]}]\n")
	return s, nil
}

func (s *sinks) close() {
	s.slack.Close()
	s.mail.Close()
}

// control serves what arrived, and lets receivers misbehave:
//
//	GET  /slack                  messages as they stand
//	GET  /mail                   mails as they were sent
//	POST /slack/press?action=hookvigil_ack&to=http://127.0.0.1:8420/slack/interactions   of the latest message that has it; user=U1
//	GET  /slack/answers          what those who pressed were told
//	POST /receivers/3/stop       likewise start; set?to=cert_expired
//	POST /slack/play?fault=limited&for=1m    likewise hang, drop_after, error_500, ...
//	POST /mail/play?verb=greeting&reply=421+4.3.2+busy&for=1m
func control(receivers []*hooktest.Receiver, s *sinks) http.Handler {
	mux := http.NewServeMux()
	do := func(pattern string, f func(r *http.Request) error) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if err := f(r); err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
			}
		})
	}
	do("POST /receivers/{i}/{verb}", func(r *http.Request) error { return command(receivers, r) })
	if s == nil {
		return mux
	}
	mux.HandleFunc("GET /slack", func(w http.ResponseWriter, _ *http.Request) { s.showSlack(w) })
	mux.HandleFunc("GET /mail", func(w http.ResponseWriter, _ *http.Request) { s.showMail(w) })
	mux.HandleFunc("GET /slack/answers", func(w http.ResponseWriter, _ *http.Request) {
		for _, a := range s.slack.Answers() {
			fmt.Fprintf(w, "%+v\n", a)
		}
	})
	do("POST /slack/press", s.press)
	do("POST /slack/play", s.playSlack)
	do("POST /mail/play", s.playMail)
	return mux
}

// command stops, starts or changes one receiver.
func command(receivers []*hooktest.Receiver, r *http.Request) error {
	i, err := strconv.Atoi(r.PathValue("i"))
	if err != nil || i < 0 || i >= len(receivers) {
		return fmt.Errorf("receiver %q: there are 0 to %d", r.PathValue("i"), len(receivers)-1)
	}
	switch verb := r.PathValue("verb"); verb {
	case "stop":
		receivers[i].Stop()
		return nil
	case "start":
		return receivers[i].Start()
	case "set":
		return receivers[i].Set(hooktest.Behaviour(r.FormValue("to")))
	default:
		return fmt.Errorf("%q is no command: stop, start, set", verb)
	}
}

func (s *sinks) showSlack(w io.Writer) {
	for _, m := range s.slack.Messages(hooktest.DefaultSlackChannel) {
		where := "message"
		if m.Thread != "" {
			where = "  reply to " + m.Thread
		}
		fmt.Fprintf(w, "%s %s, %d versions\n%s\n%s\n\n", where, m.TS, len(m.Versions), m.Latest().Text, m.Latest().Blocks)
	}
	fmt.Fprintf(w, "%+v\n", s.slack.Stats())
}

func (s *sinks) showMail(w io.Writer) {
	for _, m := range s.mail.Messages() {
		fmt.Fprintf(w, "--- %s to %v\n%s\n", m.At.UTC().Format(time.RFC3339), m.To, m.Data)
	}
	fmt.Fprintf(w, "%+v\n", s.mail.Stats())
}

// press tells the daemon that somebody pressed a button, as Slack does.
func (s *sinks) press(r *http.Request) error {
	status, err := s.slack.Press(r.Context(), r.FormValue("to"), hooktest.SlackPress{Action: r.FormValue("action"), User: r.FormValue("user")})
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("answered with status %d", status)
	}
	return err
}

func (s *sinks) playSlack(r *http.Request) error {
	d, err := time.ParseDuration(r.FormValue("for"))
	if err != nil {
		return err
	}
	return s.slack.Play(hooktest.SlackAny, hooktest.SlackStep{Fault: hooktest.SlackFault(r.FormValue("fault")), For: d}, hooktest.SlackStep{})
}

func (s *sinks) playMail(r *http.Request) error {
	d, err := time.ParseDuration(r.FormValue("for"))
	if err != nil {
		return err
	}
	return s.mail.Play(hooktest.SMTPVerb(r.FormValue("verb")), hooktest.SMTPStep{Reply: r.FormValue("reply"), For: d}, hooktest.SMTPStep{})
}

// serveControl serves h until ctx ends.
func serveControl(ctx context.Context, addr string, h http.Handler) error {
	server := &http.Server{Addr: addr, Handler: h, ReadHeaderTimeout: 5 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() }) // nobody waits for an answer any more
	defer stop()
	if err := server.ListenAndServe(); ctx.Err() == nil {
		return err
	}
	return nil
}
