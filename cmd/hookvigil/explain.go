package main

import (
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/hookvigil/hookvigil/rules"
)

func newExplain() *cobra.Command {
	asJSON := false
	cmd := &cobra.Command{
		Use:   "explain ENDPOINT|INCIDENT",
		Short: "Say why an endpoint is in its state, or why an incident is open",
		Long: `Ask the running daemon, over the socket in its data directory. Of an endpoint:
what each signal last said, what that means, and what waits to be delivered. Of
an incident, by its ID or number: the evidence, its members, who was told and
when, and what would clear it. An endpoint goes before an incident of the same
name. With --json the answer of the API; of an incident {"incident","notices"}.

Exit status: 0 the endpoint is healthy or suspended, or the incident is over,
1 it is not or the daemon gave no answer, 2 a wrong call or configuration, or
no daemon runs.`,
		Example: `  hookvigil explain toko-maju-payouts
  hookvigil explain kq72ma`,
		Args:              one("the ID of an endpoint or an incident"),
		ValidArgsFunction: explainable,
		RunE:              func(cmd *cobra.Command, args []string) error { return explain(cmd, args[0], asJSON) },
	}
	addJSON(cmd, &asJSON)
	return cmd
}

func explain(cmd *cobra.Command, id string, asJSON bool) error {
	d, err := running(cmd)
	if err != nil {
		return err
	}
	var e explained
	a, err := d.get(cmd.Context(), "/api/v1/endpoints/"+url.PathEscape(id), &e)
	switch {
	case refusedWith(err, http.StatusNotFound):
		return explainIncident(cmd, d, id, asJSON)
	case err != nil:
		return err
	case asJSON:
		err = printAnswer(cmd, a)
	default:
		var b strings.Builder
		e.print(&b)
		explainBacklog(cmd, d, &b, id)
		_, err = io.WriteString(cmd.OutOrStdout(), b.String())
	}
	if err != nil {
		return err
	}
	switch e.State {
	case rules.StateHealthy, rules.StateSuspended:
		return nil
	default: // no data is never healthy
		return finding()
	}
}
