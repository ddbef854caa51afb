package main

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hookvigil/hookvigil/internal/deliveries"
)

func newEvent() *cobra.Command {
	return verbs(&cobra.Command{
		Use:   "event",
		Short: "List events that failed, and show every try of one",
		Long: `Ask the running daemon, over the socket in its data directory, about the events
that senders report.`,
		Example: `  hookvigil event ls --state exhausted --since 2d  # what was lost
  hookvigil event show evt_77                      # where it stands, and every try`,
	}, newEventLs(), newEventShow())
}

func newEventLs() *cobra.Command {
	var f eventFilter
	cmd := &cobra.Command{
		Use:   "ls",
		Short: "List events, the newest first",
		Long: `List events, those with the newest first try first, also what was delivered at
its first try; --state retrying,exhausted lists those that wait and those that
are lost. With --json the answer of the API.

  ` + markOf(deliveries.EventRetrying) + `  retrying   automatic tries are left, or may be
  ` + markOf(deliveries.EventExhausted) + `  exhausted  no automatic try is left: lost unless a person resends it
  ` + markOf(deliveries.EventDelivered) + `  delivered  in the end, by whatever try
  ` + markOf(deliveries.EventCanceled) + `  canceled   its sender gave it up
  ` + markOf(deliveries.EventPending) + `  pending    no automatic try is known yet

TRIES are automatic ones and, behind a +, those that people asked for. LAST is
what came of the newest. AGE counts from the first try. "…" marks what was cut;
TYPE goes where there is no room, and stands in --verbose.

Exit status: 0 good, whatever is listed, 1 the daemon gave no answer, 2 a wrong
call or configuration, or no daemon runs.`,
		Example: `  hookvigil event ls
  hookvigil event ls --endpoint toko-maju-payouts --state retrying,exhausted
  hookvigil event ls --channel ID_BCA --since 6h --verbose`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return eventLs(cmd, f) },
	}
	f.add(cmd)
	return cmd
}

func newEventShow() *cobra.Command {
	source, asJSON := "", false
	cmd := &cobra.Command{
		Use:   "show ID",
		Short: "Show an event: where it stands, and every try",
		Long: `Show an event at each of its endpoints, with every try that is kept and who
caused it: Automatic, or the person's name. Without --source it is looked for in
all of them. With --json the answer of the API.

Exit status: 0 good, 1 the daemon gave no answer, 2 there is no such event, or
more than one, a wrong call or configuration, or no daemon runs.`,
		Example: `  hookvigil event show evt_77
  hookvigil event show evt_77 --source core`,
		Args:              one("the ID of an event"),
		ValidArgsFunction: failedEvents,
		RunE:              func(cmd *cobra.Command, args []string) error { return eventShow(cmd, args[0], source, asJSON) },
	}
	cmd.Flags().StringVar(&source, "source", "", "of that source")
	addJSON(cmd, &asJSON)
	return cmd
}

// eventFilter selects events.
type eventFilter struct {
	words        map[string]*string // filters that the API takes as they are, by flag
	states       []string
	since, until string
	limit        int
	verbose      bool
	asJSON       bool
}

// add adds the flags of the filter.
func (f *eventFilter) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	f.words = map[string]*string{
		"merchant": flags.String("merchant", "", "only those of that merchant"),
		"endpoint": flags.String("endpoint", "", "only those at that endpoint"),
		"source":   flags.String("source", "", "only those of that source"),
		"type":     flags.String("type", "", "only those of that type, such as payout.succeeded"),
		"product":  flags.String("product", "", "only those of that product"),
		"channel":  flags.String("channel", "", "only those of that payment channel"),
		"key":      flags.String("key", "", "only those about that business key"),
	}
	flags.StringSliceVar(&f.states, "state", nil, "only those in that state, see above; may be repeated")
	flags.StringVar(&f.since, "since", "", "first tried at most so long ago (90m, 6h, 2d), or from that RFC 3339 time on")
	flags.StringVar(&f.until, "until", "", "first tried before that, as --since")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "two more lines for each: what it is, and the times of day")
	addLimit(cmd, &f.limit)
	addJSON(cmd, &f.asJSON)
	completes(cmd, "state", eventStates()...)
	completesMerchants(cmd)
	_ = cmd.RegisterFlagCompletionFunc("endpoint", endpointIDs) // fails without the flag alone
}

// query checks the filter, and returns it as the API takes it.
func (f *eventFilter) query(cmd *cobra.Command, now time.Time) (url.Values, error) {
	if err := goodLimit(cmd, f.limit); err != nil {
		return nil, err
	}
	q := url.Values{}
	for flag, value := range f.words {
		if *value != "" {
			q.Set(flag, *value)
		}
	}
	for _, state := range f.states {
		if !slices.Contains(eventStates(), state) {
			return nil, misused(cmd, "--state %s is not a state; one of %s", shownArg(state), strings.Join(eventStates(), ", "))
		}
		q.Add("state", state)
	}
	from, err := ago(cmd, "since", f.since, now)
	if err != nil {
		return nil, err
	}
	to, err := ago(cmd, "until", f.until, now)
	if err != nil {
		return nil, err
	}
	if !from.IsZero() && !to.IsZero() && !from.Before(to) {
		return nil, misused(cmd, "--since %s is not before --until %s", shownArg(f.since), shownArg(f.until))
	}
	for flag, at := range map[string]time.Time{"from": from, "to": to} {
		if !at.IsZero() {
			q.Set(flag, at.UTC().Format(time.RFC3339Nano))
		}
	}
	return q, nil
}

// ago reads a flag that says how long ago something was, or when; nothing is
// the zero time.
func ago(cmd *cobra.Command, flag, value string, now time.Time) (time.Time, error) {
	if value == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.RFC3339, value); err == nil {
		return t, nil
	}
	d, ok := lengthOf(value)
	if !ok {
		return time.Time{}, misused(cmd, "--%s %s is neither a length of time nor a time; wanted such as 90m, 6h, 2d or 2026-05-04T10:00:00Z", flag, shownArg(value))
	}
	return now.Add(-d), nil
}

// maxAgo bounds how far back --since goes: ten years.
const maxAgo = 10 * 365 * 24 * time.Hour

// lengthOf reads a length of time, which may be in days: "2d".
func lengthOf(s string) (time.Duration, bool) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.ParseFloat(days, 64)
		if err != nil || !(n >= 0 && n <= maxAgo.Hours()/24) { // not a number is neither
			return 0, false
		}
		return time.Duration(n * float64(24*time.Hour)), true
	}
	d, err := time.ParseDuration(s)
	return d, err == nil && d >= 0 && d <= maxAgo
}

// failedEvents lets the shell complete the IDs of events that wait, or are
// lost.
func failedEvents(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var ids []string
	for _, e := range typing[event](cmd, eventsPath, url.Values{"state": {string(deliveries.EventExhausted), string(deliveries.EventRetrying)}}) {
		ids = append(ids, cobra.CompletionWithDesc(string(e.ID), fmt.Sprintf("%s at %s", e.State, e.Endpoint)))
	}
	return ids, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}
