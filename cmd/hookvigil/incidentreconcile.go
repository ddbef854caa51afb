package main

import (
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/hookvigil/hookvigil/alerting"
)

// reconciling is what a person says about a payment channel of an incident.
type reconciling struct {
	channel    string
	writtenOff int
	done       bool
	note       string
}

// reconcileChange is that as the API takes it.
type reconcileChange struct {
	Version int                      `json:"version"`
	Channel string                   `json:"channel"`
	Action  alerting.ReconcileAction `json:"action"`
	Count   *int                     `json:"count,omitempty"`
	Note    string                   `json:"note,omitempty"`
}

func newIncidentReconcile() *cobra.Command {
	r, asJSON := reconciling{}, false
	cmd := &cobra.Command{
		Use:   "reconcile ID --channel CHANNEL [--written-off N | --done] [--note TEXT]",
		Short: "Say that failed events of a payment channel were made good, or given up",
		Long: `Write off events that failed in an incident and are not delivered: they were made
good in another way, or given up. What is delivered later by itself is counted
without anybody's doing; incident show tells how far each channel is. Once an
incident is over and each of its channels is done, it is reconciled.

--written-off is the number in all, in place of the one before; --done writes off
all that is left. --note alone leaves a remark. An empty --channel stands for the
events without one.` + exitOfAct,
		Example: `  hookvigil incident reconcile kq72ma --channel ID_BCA --written-off 12 --note "settled by hand"
  hookvigil incident reconcile kq72ma --channel ID_BCA --done
  hookvigil incident reconcile kq72ma --channel QR --note "statement comes on Monday"`,
		Args:              one("the ID or number of an incident"),
		ValidArgsFunction: liveIncidents,
		RunE:              func(cmd *cobra.Command, args []string) error { return r.run(cmd, args[0], asJSON) },
	}
	cmd.Flags().StringVar(&r.channel, "channel", "", "payment channel, as incident show lists it")
	cmd.Flags().IntVar(&r.writtenOff, "written-off", 0, "events of it that are written off, in all")
	cmd.Flags().BoolVar(&r.done, "done", false, "write off all of it that is left")
	cmd.Flags().StringVar(&r.note, "note", "", "what the report is to say about it")
	addJSON(cmd, &asJSON)
	return cmd
}

// change is what is said, as the API takes it; the version is still missing.
func (r reconciling) change(cmd *cobra.Command) (reconcileChange, error) {
	c := reconcileChange{Channel: r.channel, Note: r.note}
	counted := cmd.Flags().Changed("written-off")
	switch {
	case !cmd.Flags().Changed("channel"):
		return c, misused(cmd, "reconcile wants --channel: one that incident show lists, or '' for the events without one")
	case counted && r.done:
		return c, misused(cmd, "--written-off and --done exclude each other: --done writes off all that is left")
	case counted && r.writtenOff < 0:
		return c, misused(cmd, "--written-off %d is negative; wanted 0 or more events", r.writtenOff)
	case counted:
		c.Action, c.Count = alerting.ReconcileWriteOff, &r.writtenOff
	case r.done:
		c.Action = alerting.ReconcileFinish
	case plain(r.note) != "":
		c.Action = alerting.ReconcileNote
	default:
		return c, misused(cmd, "reconcile wants --written-off N, --done or --note TEXT")
	}
	return c, nil
}

func (r reconciling) run(cmd *cobra.Command, id string, asJSON bool) error {
	c, err := r.change(cmd)
	if err != nil {
		return err
	}
	d, err := running(cmd)
	if err != nil {
		return err
	}
	before, _, err := d.incident(cmd.Context(), id)
	if err != nil {
		return err
	}
	after, said, err := c.to(cmd, d, before)
	if refusedWith(err, http.StatusConflict) {
		// What the figures changed alone is not what a person has to know first.
		if now, _, again := d.incident(cmd.Context(), string(before.ID)); again == nil && now.Version != before.Version && len(now.since(before)) == 0 {
			after, said, err = c.to(cmd, d, now)
		}
	}
	switch {
	case refusedWith(err, http.StatusConflict):
		return deed{verb: "reconcile", done: "reconciled"}.overtaken(cmd, d, before, err)
	case err != nil:
		return err
	case asJSON:
		return printAnswer(cmd, said)
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: %s\n", after.Number, after.channel(r.channel))
	return err
}

// to says it of an incident as it was read.
func (c reconcileChange) to(cmd *cobra.Command, d daemonAt, in incident) (after incident, said answer, err error) {
	c.Version = in.Version
	said, err = d.put(cmd.Context(), question{
		method: http.MethodPost, path: incidentPath(string(in.ID)) + "/reconcile", body: c,
		typed: places{"body.channel": "--channel", "body.count": "--written-off", "body.note": "--note", "body.action": "--written-off, --done or --note"},
	}, &after)
	return after, said, err
}
