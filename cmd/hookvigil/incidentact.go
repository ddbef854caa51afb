package main

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// deed is what a person does to an incident.
type deed struct {
	verb string // ack, resolve, note: the end of the path
	done string // acknowledged, ...
	text string

	firstFix bool // with a note
}

// change is a deed as the API takes it: it is done to that version or not at
// all.
type change struct {
	Version int    `json:"version"`
	Text    string `json:"text"`

	FirstFix bool `json:"first_fix,omitempty"`
}

// do reads the incident and does the deed to the version that was read.
func (a deed) do(cmd *cobra.Command, id string, asJSON bool) error {
	d, err := running(cmd)
	if err != nil {
		return err
	}
	before, _, err := d.incident(cmd.Context(), id)
	if err != nil {
		return err
	}
	after, said, err := a.to(cmd, d, before)
	if refusedWith(err, http.StatusConflict) {
		// What the figures changed alone is not what a person has to know first.
		if now, _, again := d.incident(cmd.Context(), string(before.ID)); again == nil && now.Version != before.Version && len(now.since(before)) == 0 {
			after, said, err = a.to(cmd, d, now)
		}
	}
	switch {
	case refusedWith(err, http.StatusConflict):
		return a.overtaken(cmd, d, before, err)
	case err != nil:
		return err
	}
	if left := before.open(); a.verb == "resolve" && left > 0 {
		warn(cmd, "%s", a.leaves(left, after))
	}
	if asJSON {
		return printAnswer(cmd, said)
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: %s\n", a.saidOf(after), after.Title)
	return err
}

// leaves says what goes on although the incident is resolved, and when it is
// told again: as the timeline does, which knows.
func (a deed) leaves(left int, after incident) string {
	for _, e := range slices.Backward(after.Timeline) {
		if _, said, ok := strings.Cut(string(e.Text), "; "); ok && e.Kind == "resolved" {
			return strings.TrimSuffix(said, ": "+a.text)
		}
	}
	return plural(left, "condition") + " still open: what stays so is told again"
}

// to does the deed to an incident as it was read.
func (a deed) to(cmd *cobra.Command, d daemonAt, in incident) (after incident, said answer, err error) {
	names := places{"body.text": "-m", "body.first_fix": "--first-fix"}
	if a.verb == "note" {
		names["body.text"] = "TEXT"
	}
	said, err = d.put(cmd.Context(), question{
		method: http.MethodPost, path: incidentPath(string(in.ID)) + "/" + a.verb,
		body: change{Version: in.Version, Text: a.text, FirstFix: a.firstFix}, typed: names,
	}, &after)
	return after, said, err
}

// saidOf is what was done, and in whose name.
func (a deed) saidOf(in incident) string {
	switch {
	case a.firstFix:
		return fmt.Sprintf("%s is mitigated", in.Number)
	case a.verb == "note":
		return fmt.Sprintf("%s has the note", in.Number)
	case a.verb == "ack" && in.AcknowledgedBy != "":
		return fmt.Sprintf("%s is acknowledged by %s", in.Number, in.AcknowledgedBy)
	case a.verb == "resolve" && in.ResolvedBy != "":
		return fmt.Sprintf("%s is resolved by %s", in.Number, in.ResolvedBy)
	default:
		return fmt.Sprintf("%s is %s", in.Number, a.done)
	}
}

// overtaken says what somebody else has done since the incident was read.
// refusal stands when nothing has changed: then there is another reason.
func (a deed) overtaken(cmd *cobra.Command, d daemonAt, before incident, refusal error) error {
	now, _, err := d.incident(cmd.Context(), string(before.ID))
	if err != nil || now.Version == before.Version {
		return refusal
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s not %s: it changed in between\n", now.Number, a.done)
	printEntries(&b, now.since(before))
	fmt.Fprintf(&b, "it is %s now; look with 'hookvigil incident show %s', then call again", now.standing(), now.Number)
	return failed(errors.New(b.String()))
}

// since returns the lines of the timeline that before does not have.
func (in incident) since(before incident) []entry {
	last := 0
	for _, e := range before.Timeline {
		last = max(last, e.Seq)
	}
	var fresh []entry
	for _, e := range in.Timeline {
		if e.Seq > last {
			fresh = append(fresh, e)
		}
	}
	return fresh
}

// standing is the state, and who brought it there.
func (in incident) standing() string {
	if who := in.who(); who != "" {
		return fmt.Sprintf("%s (%s)", in.State, who)
	}
	return string(in.State)
}
