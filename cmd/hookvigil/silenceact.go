package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hookvigil/hookvigil/alerting"
)

// silenceFlags are a silence as it is called for.
type silenceFlags struct {
	matcher             matcherFlags
	from, until, length string
	reason              string
	asJSON              bool
}

// newSilenceBody is a silence as the API takes it.
type newSilenceBody struct {
	Matcher alerting.Matcher `json:"matcher"`
	From    time.Time        `json:"from,omitzero"`
	Until   time.Time        `json:"until,omitzero"`
	For     string           `json:"for,omitempty"`
	Reason  string           `json:"reason"`
}

// body is what the API is sent; an error says what is wrong with the call.
func (f silenceFlags) body(cmd *cobra.Command) (newSilenceBody, error) {
	b := newSilenceBody{Matcher: f.matcher.matcher(), For: f.length, Reason: f.reason}
	if err := f.matcher.check(cmd); err != nil {
		return b, err
	}
	switch {
	case (f.length == "") == (f.until == ""):
		return b, misused(cmd, "say how long: --for 1h, or --until 2026-06-07T04:00:00+07:00")
	case plain(f.reason) == "":
		return b, misused(cmd, "say why: --reason TEXT; whoever is on call next reads it")
	}
	var err error
	if b.From, err = rfc3339(cmd, "from", f.from); err == nil {
		b.Until, err = rfc3339(cmd, "until", f.until)
	}
	return b, err
}

// rfc3339 reads a flag that is a time; nothing is the zero time.
func rfc3339(cmd *cobra.Command, flag, value string) (time.Time, error) {
	if value == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, value)
	if err != nil {
		return t, misused(cmd, "--%s %s is no RFC 3339 time; wanted one such as 2026-06-07T04:00:00+07:00", flag, shownArg(value))
	}
	return t, nil
}

func silenceAdd(cmd *cobra.Command, f silenceFlags) error {
	body, err := f.body(cmd)
	if err != nil {
		return err
	}
	d, err := running(cmd)
	if err != nil {
		return err
	}
	var s silence
	names := placesOfMatcher(places{"body.from": "--from", "body.until": "--until", "body.for": "--for", "body.reason": "--reason"})
	if body.For != "" {
		names["body.until"] = "--for" // the daemon makes the end of it
	}
	a, err := d.put(cmd.Context(), question{method: http.MethodPost, path: silencesPath, body: body, typed: names}, &s)
	if err != nil {
		return err
	}
	if f.asJSON {
		return printAnswer(cmd, a)
	}
	var b strings.Builder
	s.printAdded(&b, a.at)
	_, err = io.WriteString(cmd.OutOrStdout(), b.String())
	return err
}

// printAdded says what is quiet now, and until when.
func (s silence) printAdded(out io.Writer, now time.Time) {
	if s.State == alerting.SilencePending {
		fmt.Fprintf(out, "%s begins %s and ends %s: %s\n", s.ID, utc(s.From), clock(s.Until, s.From), what(s.Matcher))
		return
	}
	fmt.Fprintf(out, "%s is in force until %s, for %s: %s\n", s.ID, clock(s.Until, now), lasting(s.Until.Sub(s.From)), what(s.Matcher))
	if len(s.Covers) == 0 {
		fmt.Fprintln(out, "no live incident falls silent")
		return
	}
	fmt.Fprintln(out, plural(len(s.Covers), "live incident")+" "+map[bool]string{true: "falls", false: "fall"}[len(s.Covers) == 1]+" silent:")
	for _, in := range s.Covers[:min(len(s.Covers), maxNotedCovers)] {
		fmt.Fprintf(out, "  %s  %-8s  %s\n", in.Number, in.Severity, in.Title)
	}
	if more := len(s.Covers) - maxNotedCovers; more > 0 {
		fmt.Fprintf(out, "  and %d more\n", more)
	}
}

// maxNotedCovers bounds the incidents that are listed.
const maxNotedCovers = 20

func silenceRm(cmd *cobra.Command, id string, asJSON bool) error {
	d, err := running(cmd)
	if err != nil {
		return err
	}
	if _, err := d.put(cmd.Context(), question{method: http.MethodDelete, path: silencesPath + "/" + url.PathEscape(id)}, nil); err != nil {
		return err
	}
	if asJSON {
		return printJSON(cmd, treated{ID: id, Done: "rm"})
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s is ended: what is still bad is told\n", plain(id))
	return err
}
