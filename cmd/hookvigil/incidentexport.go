package main

import (
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

func newIncidentExport() *cobra.Command {
	zone := ""
	cmd := &cobra.Command{
		Use:   "export ID",
		Short: "Print the report of an incident, in Markdown",
		Long: `Print the report of an incident, for those who read it afterwards: what it was,
whom it concerned, when it was detected, told, acknowledged, fixed and over, whether
what had failed was made good in each payment channel, who was told, and the timeline.
What people are to add to it goes in with incident note and incident reconcile.

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
	if _, err := time.LoadLocation(zone); err != nil || zone == "Local" {
		return misused(cmd, "--zone: %q is no time zone; wanted a name such as Asia/Jakarta", zone)
	}
	d, err := running(cmd)
	if err != nil {
		return err
	}
	a, err := d.get(cmd.Context(), incidentPath(id)+"/report?"+url.Values{"zone": {zone}}.Encode(), nil)
	if err != nil {
		return err
	}
	_, err = io.WriteString(cmd.OutOrStdout(), tamed(string(a.raw)))
	return err
}

// tamed makes the lines of a document fit for a terminal.
func tamed(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		b.WriteString(plain(line))
		b.WriteByte('\n')
	}
	return b.String()
}
