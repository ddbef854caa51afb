package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
)

func outboxLs(cmd *cobra.Command, f outboxFilter, asJSON bool) error {
	if err := goodLimit(cmd, f.limit); err != nil {
		return err
	}
	if f.state != "" && !slices.Contains(noticeStates(), f.state) {
		return misused(cmd, "--state %s is not a state; one of %s", shownArg(f.state), strings.Join(noticeStates(), ", "))
	}
	d, err := running(cmd)
	if err != nil {
		return err
	}
	if asJSON {
		q := f.query(f.state)
		q.Set("limit", strconv.Itoa(f.limit))
		a, err := d.get(cmd.Context(), outboxPath+"?"+q.Encode(), nil)
		if err != nil {
			return err
		}
		return printAnswer(cmd, a)
	}
	found, err := f.read(cmd.Context(), d)
	if err != nil {
		return err
	}
	return printNotices(cmd.OutOrStdout(), found, f)
}

// query is the filter as the API takes it.
func (f outboxFilter) query(state string) url.Values {
	q := url.Values{}
	if state != "" {
		q.Set("state", state)
	}
	if f.lane != "" {
		q.Set("lane", f.lane)
	}
	return q
}

// outboxPage is the notices of a filter.
type outboxPage struct {
	list[notice]
	cut map[string]bool // states of which there are more
}

// read returns the notices of the filter. Without a state, what is stuck comes
// too, however old it is.
func (f outboxFilter) read(ctx context.Context, d daemonAt) (outboxPage, error) {
	states := []string{f.state}
	if f.state == "" {
		states = append(unsent(), "")
	}
	all := outboxPage{cut: map[string]bool{}}
	known := map[text]bool{}
	for _, state := range states {
		found, err := listOf[notice](ctx, d, outboxPath, f.query(state), f.limit)
		if err != nil {
			return all, err
		}
		all.more, all.at, all.cut[state] = all.more || found.more, found.at, found.more
		for _, n := range found.items {
			if !known[n.ID] {
				known[n.ID] = true
				all.items = append(all.items, n)
			}
		}
	}
	worstNotices(all.items)
	return all, nil
}

// printNotices writes how much is stuck, and a line for each notice.
func printNotices(out io.Writer, found outboxPage, f outboxFilter) error {
	fmt.Fprintln(out, tallyNotices(found, f))
	shown := found.items[:min(len(found.items), f.limit)]
	if len(shown) == 0 {
		return nil
	}
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprint(w, "\nID\tSTATE\tLANE\tKIND\tABOUT\tDECIDED (UTC)\tTRIES\tWHAT\n")
	for _, n := range shown {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%d\t%s\n", n.short(found.items), n.State, n.Lane, n.Kind, dash(n.subject()), minute(n.Created), n.Attempts, dash(n.fate(found.at)))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if len(shown) < len(found.items) || found.more {
		fmt.Fprintf(out, "\nThere are more: --limit N shows more, up to %d.\n", maxPage)
	}
	return nil
}

// tallyNotices sums up before the table.
func tallyNotices(found outboxPage, f outboxFilter) string {
	if len(found.items) == 0 {
		if f.state == "" && f.lane == "" {
			return "no notice yet"
		}
		return "no such notice"
	}
	var parts []string
	for _, state := range noticeStates() {
		n := 0
		for _, row := range found.items {
			if row.State == state {
				n++
			}
		}
		count := strconv.Itoa(n)
		if found.cut[state] {
			count += " or more"
		}
		if n > 0 && (slices.Contains(unsent(), state) || f.state != "") {
			parts = append(parts, count+" "+state)
		}
	}
	if len(parts) == 0 {
		return "nothing is stuck; the last notices:"
	}
	return strings.Join(parts, ", ")
}
