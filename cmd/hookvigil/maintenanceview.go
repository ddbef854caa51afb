package main

import (
	"cmp"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hookvigil/hookvigil/alerting"
)

// maintenance is the API's plan of work, as far as it is shown.
type maintenance struct {
	ID         text
	Version    int
	Matcher    alerting.Matcher
	Zone       text
	Length     text
	Recurrence text
	EndsAt     time.Time `json:"ends_at"` // zero: it goes on for ever
	By, Reason text
	RemovedAt  time.Time   `json:"removed_at"` // zero: it was not
	RemovedBy  text        `json:"removed_by"`
	Now, Next  *occurrence // nil: there is none
}

// occurrence is one time of work.
type occurrence struct{ From, Until time.Time }

const maintenancePath = "/api/v1/maintenance"

func maintenanceAt(id string) string { return maintenancePath + "/" + url.PathEscape(id) }

func maintenanceLs(cmd *cobra.Command, all bool, limit int, asJSON bool) error {
	if err := goodLimit(cmd, limit); err != nil {
		return err
	}
	d, err := running(cmd)
	if err != nil {
		return err
	}
	query := url.Values{}
	if all {
		query.Set("removed", "true")
	}
	if asJSON {
		query.Set("limit", strconv.Itoa(limit))
		a, err := d.get(cmd.Context(), maintenancePath+"?"+query.Encode(), nil)
		if err != nil {
			return err
		}
		return printAnswer(cmd, a)
	}
	found, err := listOf[maintenance](cmd.Context(), d, maintenancePath, query, maxPage)
	if err != nil {
		return err
	}
	if !all {
		found.items = slices.DeleteFunc(found.items, func(m maintenance) bool { return m.state() == workOver || m.state() == workRemoved })
	}
	var b strings.Builder
	printMaintenance(&b, found, limit, all)
	_, err = io.WriteString(cmd.OutOrStdout(), b.String())
	return err
}

// The states of planned work.
const (
	workNow     = "now"
	workPlanned = "planned"
	workOver    = "over"
	workRemoved = "removed"
)

func (m maintenance) state() string {
	switch {
	case !m.RemovedAt.IsZero():
		return workRemoved
	case m.Now != nil:
		return workNow
	case m.Next != nil:
		return workPlanned
	default:
		return workOver
	}
}

// past orders what is over behind what is to come, and what was removed behind
// both.
func (m maintenance) past() int {
	return max(0, slices.Index([]string{workOver, workRemoved}, m.state())+1)
}

// nearest is the occurrence that lasts or comes next; zero: it is over.
func (m maintenance) nearest() occurrence {
	switch {
	case m.Now != nil:
		return *m.Now
	case m.Next != nil:
		return *m.Next
	default:
		return occurrence{}
	}
}

// printMaintenance writes how much is planned, and two lines for each.
func printMaintenance(out io.Writer, found list[maintenance], limit int, all bool) {
	slices.SortStableFunc(found.items, func(a, b maintenance) int {
		return cmp.Or(a.past()-b.past(), a.nearest().From.Compare(b.nearest().From), cmp.Compare(a.ID, b.ID))
	})
	fmt.Fprintln(out, tallyMaintenance(found.items, all))
	shown := found.items[:min(len(found.items), limit)]
	if len(shown) == 0 {
		return
	}
	t := columns{
		heads: []column{{head: "ID", least: 12}, {head: "STATE"}, {head: "WHEN"}, {head: "BY", least: 8}},
		give:  []int{3, 0},
	}
	for _, m := range shown {
		t.rows = append(t.rows, []string{string(m.ID), m.state(), dash(m.when()), dash(string(m.By))})
	}
	fmt.Fprintln(out)
	t.print(out, terminalWidth, func(i int) []string { return underRow(what(shown[i].Matcher), shown[i].note()) })
	if len(shown) < len(found.items) || found.more {
		fmt.Fprintf(out, "\nThere are more: --limit N shows more, up to %d.\n", maxPage)
	}
}

// when is the nearest occurrence by the clocks of the zone.
func (m maintenance) when() string {
	if m.past() > 0 {
		return ""
	}
	zone, err := time.LoadLocation(string(m.Zone))
	if err != nil {
		zone = time.UTC
	}
	from, until := m.nearest().From.In(zone), m.nearest().Until.In(zone)
	end := until.Format("15:04 MST")
	if from.Format(time.DateOnly) != until.Format(time.DateOnly) {
		end = until.Format("2006-01-02 15:04 MST")
	}
	return from.Format("Mon 2006-01-02 15:04") + " to " + end
}

// note is what stands under a plan.
func (m maintenance) note() string {
	said := string(m.Reason) + "; "
	if m.state() == workRemoved {
		said += fmt.Sprintf("removed %s UTC by %s; ", minute(m.RemovedAt), m.RemovedBy)
	}
	if m.Recurrence == "" {
		return said + "once"
	}
	said += fmt.Sprintf("%s in %s, %s each", m.Recurrence, m.Zone, m.Length)
	if !m.EndsAt.IsZero() {
		said += ", until " + minute(m.EndsAt) + " UTC"
	}
	return said
}

// tallyMaintenance sums up before the table.
func tallyMaintenance(list []maintenance, all bool) string {
	count := map[string]int{}
	for _, m := range list {
		count[m.state()]++
	}
	said := "no work is planned"
	switch {
	case count[workNow] > 0 && count[workPlanned] > 0:
		said = fmt.Sprintf("%s, %d of them now", plural(count[workNow]+count[workPlanned], "plan"), count[workNow])
	case count[workNow] > 0:
		said = plural(count[workNow], "plan") + ", now"
	case count[workPlanned] > 0:
		said = plural(count[workPlanned], "plan") + ", none now"
	}
	if len(list) == 0 && !all {
		return said + "; --all lists what is over"
	}
	for _, past := range []string{workOver, workRemoved} {
		if count[past] > 0 {
			said += fmt.Sprintf("; %d %s", count[past], past)
		}
	}
	return said
}

// plannedWork lets the shell complete plans.
func plannedWork(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var ids []string
	for _, m := range typing[maintenance](cmd, maintenancePath, nil) {
		ids = append(ids, cobra.CompletionWithDesc(string(m.ID), fmt.Sprintf("%s: %s", m.state(), what(m.Matcher))))
	}
	return ids, cobra.ShellCompDirectiveNoFileComp
}
