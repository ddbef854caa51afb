package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hookvigil/hookvigil/rules"
)

func newIncidentExport() *cobra.Command {
	zone := ""
	cmd := &cobra.Command{
		Use:   "export ID",
		Short: "Print the report of an incident, in Markdown",
		Long: `Print the report of an incident, for those who read it afterwards: what it was,
whom it concerned, when it was detected, told, acknowledged and over, and its
timeline. What people are to add to it, such as the reconciliation of each
payment channel, goes into the timeline with incident note.

Exit status: 0 good, 1 the daemon gave no answer, 2 there is no such incident, a
wrong call or configuration, or no daemon runs.`,
		Example: `  hookvigil incident export kq72ma > report.md
  hookvigil incident export kq72ma --zone Asia/Jakarta`,
		Args:              one("the ID or number of an incident"),
		ValidArgsFunction: liveIncidents,
		RunE:              func(cmd *cobra.Command, args []string) error { return incidentExport(cmd, args[0], zone) },
	}
	cmd.Flags().StringVar(&zone, "zone", "UTC", "IANA time zone of the report")
	return cmd
}

func incidentExport(cmd *cobra.Command, id, zone string) error {
	at, err := time.LoadLocation(zone)
	if err != nil || zone == "Local" {
		return misused(cmd, "--zone: %q is no time zone; wanted a name such as Asia/Jakarta", zone)
	}
	d, err := running(cmd)
	if err != nil {
		return err
	}
	in, a, err := d.incident(cmd.Context(), id)
	if err != nil {
		return err
	}
	_, err = io.WriteString(cmd.OutOrStdout(), report{in, at, a.at}.markdown())
	return err
}

// report is an incident on its way to paper.
type report struct {
	incident

	zone *time.Location
	now  time.Time // when the daemon answered
}

// when writes a moment with its distance from UTC, as reports have it.
func (r report) when(t time.Time) string { return t.In(r.zone).Format("2006-01-02 15:04:05 MST") }

func (r report) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\nIncident %s, %s, %s.\n\n", marked(r.Title), marked(r.Number), r.Severity, r.State)
	r.affected(&b)
	b.WriteString("\n## What happened\n\n")
	fmt.Fprintf(&b, "%s\n\n", marked(r.Evidence.Text))
	r.times(&b)
	if len(r.Timeline) > 0 {
		b.WriteString("\n## Timeline\n\n")
		for _, e := range r.Timeline {
			fmt.Fprintf(&b, "- %s: **%s** %s\n", r.when(e.At), e.word(), marked(text(e.told())))
		}
	}
	return b.String()
}

// affected lists what the incident was about, by kind.
func (r report) affected(out io.Writer) {
	for _, kind := range []string{rules.ScopeProduct, rules.ScopeChannel, rules.ScopeType, rules.ScopeMerchant, rules.ScopeEndpoint, rules.ScopeSource, rules.ScopeTarget} {
		var names []string
		for _, m := range r.Members {
			if of, id := rules.Scope(m.Scope).Split(); of == kind && !slices.Contains(names, id) {
				names = append(names, id)
			}
		}
		if len(names) > 0 {
			slices.Sort(names)
			fmt.Fprintf(out, "- Affected %ss: %s\n", kind, marked(text(strings.Join(names, ", "))))
		}
	}
	for _, m := range r.Members {
		if m.Scope == text(rules.ScopePlatform) {
			fmt.Fprintln(out, "- Affected: all traffic of the platform")
			return
		}
	}
}

// times says when it began, was told and was over.
func (r report) times(out io.Writer) {
	for _, t := range []struct {
		what string
		at   time.Time
		by   text
	}{
		{"First bad fact", r.StartedAt, ""}, {"Detected", r.DetectedAt, ""}, {"Alerted", r.AlertedAt, ""},
		{"Acknowledged", r.AcknowledgedAt, r.AcknowledgedBy}, {"Resolved", r.ResolvedAt, r.ResolvedBy},
	} {
		if t.at.IsZero() {
			continue
		}
		fmt.Fprintf(out, "- %s: %s", t.what, r.when(t.at))
		if t.by != "" {
			fmt.Fprintf(out, ", by %s", marked(t.by))
		}
		if after := t.at.Sub(r.StartedAt); after > 0 {
			fmt.Fprintf(out, " (%s after it began)", lasting(after))
		}
		fmt.Fprintln(out)
	}
	if r.State.Live() {
		fmt.Fprintf(out, "- Not over at %s, after %s\n", r.when(r.now), lasting(r.lasted(r.now)))
	}
	if r.Reopens > 0 {
		fmt.Fprintf(out, "- Open again %s\n", plural(r.Reopens, "time"))
	}
}

// marked makes a text that others chose plain in Markdown.
func marked(t text) string {
	const special = "\\`*_[]<>|&" // the others mean something only at the begin of a line, or beside these
	var b strings.Builder
	for _, c := range string(t) {
		if strings.ContainsRune(special, c) {
			b.WriteByte('\\')
		}
		b.WriteRune(c)
	}
	return b.String()
}
