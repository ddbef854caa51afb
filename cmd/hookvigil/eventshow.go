package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hookvigil/hookvigil/internal/deliveries"
	"github.com/hookvigil/hookvigil/probes"
)

func eventShow(cmd *cobra.Command, id, source string, asJSON bool) error {
	d, err := running(cmd)
	if err != nil {
		return err
	}
	found, a, err := d.event(cmd.Context(), source, id)
	switch {
	case err != nil:
		return err
	case asJSON:
		return printAnswer(cmd, a)
	}
	var b strings.Builder
	found.print(&b, a.at)
	_, err = io.WriteString(cmd.OutOrStdout(), b.String())
	return err
}

// event reads one event. Without a source it is looked for in all of them.
func (d daemonAt) event(ctx context.Context, source, id string) (eventStory, answer, error) {
	if source != "" {
		var s eventStory
		a, err := d.get(ctx, eventPath(source, id), &s)
		return s, a, err
	}
	names, err := d.sources(ctx)
	if err != nil {
		return eventStory{}, answer{}, err
	}
	var found eventStory
	var last answer
	var in []string // where it was found
	for _, name := range names {
		var s eventStory
		a, err := d.get(ctx, eventPath(name, id), &s)
		switch {
		case refusedWith(err, http.StatusNotFound):
		case err != nil:
			return eventStory{}, answer{}, err
		default:
			found, last, in = s, a, append(in, shownArg(name))
		}
	}
	switch len(in) {
	case 0:
		return eventStory{}, answer{}, usage("no source has an event %s; 'hookvigil event ls' lists those that failed", shownArg(id))
	case 1:
		return found, last, nil
	}
	return eventStory{}, answer{}, usage("event %s is in %d sources: %s; name one with --source", shownArg(id), len(in), strings.Join(in, ", "))
}

// sources returns the names of all sources, as they are.
func (d daemonAt) sources(ctx context.Context) ([]string, error) {
	var p page[struct{ Value string }]
	_, err := d.get(ctx, "/api/v1/facets/source?"+url.Values{"limit": {strconv.Itoa(maxPage)}}.Encode(), &p)
	var names []string
	for _, f := range p.Items {
		names = append(names, f.Value)
	}
	return names, err
}

// print writes where the event stands at each endpoint, with every try there.
func (s eventStory) print(out io.Writer, now time.Time) {
	endpoints := []text{}
	for i, e := range s.Endpoints {
		if i > 0 {
			fmt.Fprintln(out)
		}
		e.print(out, now)
		printTries(out, s.triesAt(e.Endpoint))
		endpoints = append(endpoints, e.Endpoint)
	}
	for _, a := range s.Attempts {
		if slices.Contains(endpoints, a.Endpoint) {
			continue
		}
		if len(endpoints) > 0 {
			fmt.Fprintln(out)
		}
		fmt.Fprintf(out, "%s at %s: only its tries are known\n", cut(string(s.ID), maxNameShown), cut(dash(string(a.Endpoint)), maxNameShown))
		printTries(out, s.triesAt(a.Endpoint))
		endpoints = append(endpoints, a.Endpoint)
	}
}

// maxNameShown bounds an ID in a sentence, in cells: more than any has.
const maxNameShown = 300

func (s eventStory) triesAt(endpoint text) []told {
	return slices.DeleteFunc(slices.Clone(s.Attempts), func(a told) bool { return a.Endpoint != endpoint })
}

// print writes where the event stands: what is needed first stands first.
func (e event) print(out io.Writer, now time.Time) {
	fmt.Fprintf(out, "%s at %s: %s\n", cut(string(e.ID), maxNameShown), cut(dash(string(e.Endpoint)), maxNameShown), cut(string(e.State), maxNameShown))
	for i, said := range e.stands(now) {
		line(out, []string{"stands", ""}[min(i, 1)], said)
	}
	line(out, "what", cut(e.what(), maxNameShown))
	line(out, "from", cut(e.from(), maxNameShown))
	for i, said := range e.moments() {
		line(out, []string{"times", ""}[min(i, 1)], said)
	}
	for i, said := range e.late() {
		line(out, []string{"late because", ""}[min(i, 1)], said)
	}
	if e.Schedule != "" {
		line(out, "schedule", cut(string(e.Schedule), maxNameShown))
	}
}

// stands says what came of the event, or will.
func (e event) stands(now time.Time) []string {
	switch deliveries.EventState(e.State) {
	case deliveries.EventDelivered:
		return []string{e.delivered()}
	case deliveries.EventExhausted:
		return []string{"LOST: " + e.lastTry(now), "only a person can resend it"}
	case deliveries.EventCanceled:
		return []string{"its sender gave it up after " + tries(e.Attempts)}
	case deliveries.EventRetrying:
		return e.waits(now)
	default:
		return []string{"no automatic try is known yet, and nothing was delivered"}
	}
}

func (e event) delivered() string {
	by := "automatically"
	if e.DeliveredBy != text(deliveries.Automatic) {
		by = "by " + cut(dash(string(e.DeliveredBy)), maxNameShown)
	}
	said := utc(e.DeliveredAt) + " " + by
	if wait := e.DeliveredAt.Sub(e.FirstAttemptAt); !e.FirstAttemptAt.IsZero() && e.Attempts+e.ManualAttempts > 1 && wait >= 0 {
		said += ", " + spell(wait) + " after the first try"
	}
	return said
}

// lastTry says when the last automatic try was, or should have been.
func (e event) lastTry(now time.Time) string {
	switch {
	case e.ExhaustsAt.IsZero():
		return "no automatic try is left"
	case e.LastAttemptAt.Before(e.ExhaustsAt) && !e.NextRetryAt.IsZero():
		return fmt.Sprintf("the last automatic try was due %s, %s ago, and was not heard of", utc(e.ExhaustsAt), spell(now.Sub(e.ExhaustsAt)))
	default:
		return fmt.Sprintf("the last automatic try was %s, %s ago", utc(e.ExhaustsAt), spell(now.Sub(e.ExhaustsAt)))
	}
}

// waits says when the next and the last try come.
func (e event) waits(now time.Time) []string {
	const lost = "; then lost unless resent"
	next, last := "", ""
	switch {
	case e.NextRetryAt.IsZero():
		next = "when the next try comes is not known"
	case e.NextRetryAt.After(now):
		next = fmt.Sprintf("next try %s, in %s", utc(e.NextRetryAt), spell(e.NextRetryAt.Sub(now)))
	default:
		next = fmt.Sprintf("the next try was due %s, %s ago, and was not heard of", utc(e.NextRetryAt), spell(now.Sub(e.NextRetryAt)))
	}
	switch {
	case e.ExhaustsAt.IsZero():
		last = "when the last try comes is not known"
	case e.ExhaustsAt.Equal(e.NextRetryAt):
		last = "that is the last automatic try" + lost
	case e.ExhaustsAt.After(now):
		last = fmt.Sprintf("last automatic try %s, in %s%s", utc(e.ExhaustsAt), spell(e.ExhaustsAt.Sub(now)), lost)
	default:
		last = e.lastTry(now)
	}
	return []string{next, last}
}

// moments are the times of the event in order, each with how long it was
// after the one before.
func (e event) moments() []string {
	var said []string
	var before time.Time
	for _, m := range []struct {
		name string
		at   time.Time
	}{{"happened", e.OccurredAt}, {"created", e.CreatedAt}, {"first try", e.FirstAttemptAt}, {"delivered", e.DeliveredAt}} {
		if m.at.IsZero() {
			continue
		}
		one := m.name + " " + utc(m.at)
		switch d := m.at.Sub(before); {
		case before.IsZero():
		case d < 0:
			one += ", " + spell(-d) + " before that: clocks disagree"
		default:
			one += ", " + spell(d) + " later"
		}
		said, before = append(said, one), m.at
	}
	if !e.ExpiresAt.IsZero() {
		said = append(said, "expires "+utc(e.ExpiresAt))
	}
	return said
}

// late says who made the event late; nothing when nobody did, or it is not
// known.
func (e event) late() []string {
	words := map[deliveries.LagClass]string{
		deliveries.LagChannel:    "the payment channel confirmed it late",
		deliveries.LagReconciled: "it was found in reconciliation only",
		deliveries.LagNearExpiry: "it was paid about when it expired",
		deliveries.LagDispatcher: "its sender was slow to try it",
		deliveries.LagEndpoint:   "the endpoint took more than one try",
	}
	var said []string
	for _, class := range e.LagClasses {
		if w := words[deliveries.LagClass(class)]; w != "" {
			said = append(said, w)
		}
	}
	return said
}

// printTries writes a line for each try. The error ends it, and is whole: it
// is what somebody looks for here.
func printTries(out io.Writer, list []told) {
	if len(list) == 0 {
		fmt.Fprint(out, "\n  its tries are not kept any more\n")
		return
	}
	fmt.Fprintln(out)
	t := columns{
		heads: []column{{}, {head: "#"}, {head: "BY"}, {head: "STARTED (UTC)"}, {head: "TOOK"}, {head: "RESULT"}, {head: "ERROR"}},
	}
	for _, a := range list {
		mark, number, length := markOf(deliveries.EventExhausted), "-", "-"
		if a.Fault == text(probes.FaultNone) {
			mark = markOf(deliveries.EventDelivered)
		}
		if a.Number > 0 {
			number = strconv.Itoa(a.Number)
		}
		if a.Duration > 0 {
			length = took(time.Duration(a.Duration * float64(time.Second)))
		}
		t.rows = append(t.rows, []string{
			mark, number, cut(dash(string(a.By)), maxIDShown), a.StartedAt.UTC().Format(time.DateTime), length,
			cut(resultOf(a.Status, a.Fault), maxIDShown), cut(dash(string(a.Error)), maxNameShown),
		})
	}
	t.print(out, math.MaxInt, nil)
}
