package main

import (
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

func incidentLs(cmd *cobra.Command, all bool, limit int, asJSON bool) error {
	if err := goodLimit(cmd, limit); err != nil {
		return err
	}
	d, err := running(cmd)
	if err != nil {
		return err
	}
	if asJSON {
		q := url.Values{"limit": {strconv.Itoa(limit)}}
		if !all {
			q.Set("live", "true")
		}
		a, err := d.get(cmd.Context(), incidentsPath+"?"+q.Encode(), nil)
		if err != nil {
			return err
		}
		return printAnswer(cmd, a)
	}
	found, err := d.live(cmd.Context())
	if err != nil {
		return err
	}
	live := len(found.items)
	if all {
		if found, err = addOver(cmd, d, found, limit); err != nil {
			return err
		}
	}
	return printIncidents(cmd.OutOrStdout(), found, incidentsShown{all: all, limit: limit, live: live})
}

// addOver adds to the live incidents those that are over, the newest.
func addOver(cmd *cobra.Command, d daemonAt, live list[incident], limit int) (list[incident], error) {
	newest, err := listOf[incident](cmd.Context(), d, incidentsPath, nil, limit)
	if err != nil {
		return live, err
	}
	live.more = live.more || newest.more
	known := map[text]bool{}
	for _, in := range live.items {
		known[in.ID] = true
	}
	for _, in := range newest.items {
		if !known[in.ID] && !in.State.Live() {
			known[in.ID] = true
			live.items = append(live.items, in)
		}
	}
	return live, nil
}

// incidentsShown says what a list of incidents shows.
type incidentsShown struct {
	all   bool
	limit int
	live  int
}

// printIncidents writes how bad it is, and a line for each incident.
func printIncidents(out io.Writer, found list[incident], s incidentsShown) error {
	worstFirst(found.items)
	fmt.Fprintln(out, tallyIncidents(found.items, s))
	shown := found.items[:min(len(found.items), s.limit)]
	if len(shown) == 0 {
		return nil
	}
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprint(w, "\nNUMBER\tSEVERITY\tSTATE\tOPENED (UTC)\tFOR\tBY\tTITLE\n")
	for _, in := range shown {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", in.Number, in.Severity, in.shownState(), minute(in.OpenedAt), lasting(in.lasted(found.at)), dash(in.who()), in.line())
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if len(shown) < len(found.items) || found.more {
		fmt.Fprintf(out, "\nThere are more: --limit N shows more, up to %d.\n", maxPage)
	}
	return nil
}

// tallyIncidents sums up before the table.
func tallyIncidents(list []incident, s incidentsShown) string {
	if len(list) == 0 && s.all {
		return "no incident yet"
	}
	if s.live == 0 {
		if s.all {
			return "no live incident; these are over"
		}
		return "no live incident; --all lists those that are over"
	}
	bySeverity, untouched := map[rules.Severity]int{}, 0
	for _, in := range list[:s.live] {
		bySeverity[in.Severity]++
		if in.AcknowledgedAt.IsZero() && in.Quiet == nil && in.State != alerting.StateRecovering {
			untouched++
		}
	}
	var parts []string
	for _, severity := range []rules.Severity{rules.Critical, rules.High, rules.Low} {
		if n := bySeverity[severity]; n > 0 {
			parts = append(parts, strconv.Itoa(n)+" "+string(severity))
		}
	}
	said := plural(s.live, "live incident") + ": " + strings.Join(parts, ", ")
	if untouched > 0 {
		said += fmt.Sprintf("; %d not acknowledged", untouched)
	}
	return said
}

// who is who has it in hand, or ended it.
func (in incident) who() string {
	if !in.State.Live() {
		return string(in.ResolvedBy)
	}
	return string(in.AcknowledgedBy)
}

// line is the title, and where the incident belongs.
func (in incident) line() string {
	if in.Parent != "" {
		return fmt.Sprintf("%s (part of %s)", in.Title, numberOf(in.Parent))
	}
	return string(in.Title)
}

// minute writes a moment in a column that says UTC.
func minute(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04")
}
