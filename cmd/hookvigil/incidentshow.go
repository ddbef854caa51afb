package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

func incidentShow(cmd *cobra.Command, id string, asJSON bool) error {
	d, err := running(cmd)
	if err != nil {
		return err
	}
	in, a, err := d.incident(cmd.Context(), id)
	switch {
	case err != nil:
		return err
	case asJSON:
		return printAnswer(cmd, a)
	}
	var b strings.Builder
	in.printTop(&b, a.at)
	in.printMembers(&b, len(in.Members))
	in.printReconciliation(&b, a.at)
	in.printTimeline(&b)
	_, err = io.WriteString(cmd.OutOrStdout(), b.String())
	return err
}

// printTop writes what it is, why, and how long: what is needed first stands
// first.
func (in incident) printTop(out io.Writer, now time.Time) {
	fmt.Fprintf(out, "%s: %s, %s: %s\n", in.Number, in.State, in.Severity, in.Title)
	in.printEvidence(out)
	line(out, "cause", in.cause())
	in.printTimes(out, now)
	where := fmt.Sprintf("%s on %s", in.Rule, in.Scope)
	if in.Merchant != "" {
		where += fmt.Sprintf(", merchant %s", in.Merchant)
	}
	line(out, "rule", where)
	if in.Parent != "" {
		line(out, "part of", numberOf(in.Parent))
	}
	line(out, "id", string(in.ID))
}

// printTimes writes what happened when, and who has it in hand.
func (in incident) printTimes(out io.Writer, now time.Time) {
	line(out, "since", fmt.Sprintf("%s; opened %s, %s later", utc(in.StartedAt), clock(in.OpenedAt, in.StartedAt), lasting(alerting.Between(in.StartedAt, in.OpenedAt))))
	if in.State.Live() {
		line(out, "open for", lasting(in.lasted(now)))
	}
	if !in.AlertedAt.IsZero() {
		line(out, "first told", clock(in.AlertedAt, in.StartedAt))
	}
	switch {
	case !in.AcknowledgedAt.IsZero():
		by := signed(in.AcknowledgedBy, clock(in.AcknowledgedAt, in.StartedAt))
		if in.State.Live() && !in.AckUntil.IsZero() {
			by += ", until " + clock(in.AckUntil, in.StartedAt)
		}
		line(out, "acknowledged", by)
	case in.State.Live():
		line(out, "acknowledged", "by nobody yet")
	}
	in.printCourse(out)
	if !in.State.Live() && !in.ResolvedAt.IsZero() {
		by := in.ResolvedBy
		if by == "" {
			by = "by the rules"
		}
		line(out, "resolved", signed(by, clock(in.ResolvedAt, in.StartedAt))+", after "+lasting(in.lasted(now)))
	}
	if in.Reopens > 0 {
		line(out, "reopened", plural(in.Reopens, "time"))
	}
}

// printCourse writes how it goes on, and what the clock alone will do.
func (in incident) printCourse(out io.Writer) {
	if in.SharePeak.Ratio > 0 {
		fails := in.SharePeak.Short() + " at worst"
		if in.State.Live() {
			fails = in.Share.Short() + " now, " + fails
		}
		line(out, "fails", fails)
	}
	if !in.MitigatedAt.IsZero() {
		line(out, "first fix", clock(in.MitigatedAt, in.StartedAt))
	}
	if !in.RecoveringAt.IsZero() {
		line(out, "well since", clock(in.RecoveringAt, in.StartedAt))
	}
	if !in.State.Live() {
		if !in.ReconciledAt.IsZero() {
			line(out, "reconciled", clock(in.ReconciledAt, in.StartedAt))
		}
		return
	}
	if in.Flapping {
		line(out, "flapping", "it comes and goes: told again once it has been stable")
	}
	if q := in.Quiet; q != nil {
		line(out, "quiet", fmt.Sprintf("%s of %s until %s: %s", q.Kind, q.By, clock(q.Until, in.StartedAt), q.Reason))
	}
	if next := in.next(); next != "" {
		line(out, "next", next)
	}
}

// next is what the clock alone will do; empty when that is said elsewhere.
func (in incident) next() string {
	switch {
	case in.Quiet != nil:
		return ""
	case !in.OverAt.IsZero():
		return "over at " + clock(in.OverAt, in.StartedAt) + ", when nothing fails until then"
	case !in.AgainAt.IsZero():
		return "told again at " + clock(in.AgainAt, in.StartedAt) + ", unless somebody acknowledges it"
	default:
		return ""
	}
}

// signed is a moment with who did it. Some names are words that tell how.
func signed(who text, at string) string {
	switch {
	case who == "":
		return at
	case strings.Contains(string(who), " "): // "by the rules", "folded into kq72ma"
		return fmt.Sprintf("%s, %s", who, at)
	default:
		return fmt.Sprintf("by %s, %s", who, at)
	}
}

// printEvidence writes why, and what would clear it. What the text has said
// is not said again.
func (in incident) printEvidence(out io.Writer) {
	e := in.Evidence
	line(out, "because", string(e.Text))
	counted := fmt.Sprintf("%d of %d", e.Numerator, e.Denominator)
	if e.High.Ratio > 0 && !strings.Contains(string(e.Text), counted) { // without an interval the counts are no ratio's
		line(out, "", fmt.Sprintf("%s failed, %s to %s with 95%% confidence", counted, e.Low.Short(), e.High.Short()))
	}
	if !e.From.IsZero() && !e.To.IsZero() {
		line(out, "", fmt.Sprintf("seen from %s to %s", utc(e.From), clock(e.To, e.From)))
	}
	if e.Threshold.Ratio > 0 {
		line(out, "threshold", e.Threshold.Short()+", ordinarily "+e.Baseline.Short())
	}
	if in.State.Live() {
		line(out, "clears with", string(e.Clears))
	}
}

// cause is why it fails, in words, as far as the incident itself tells.
func (in incident) cause() string {
	whole := alerting.Incident{
		Rule: rules.Rule(in.Rule), Scope: rules.Scope(in.Scope), StartedAt: in.StartedAt,
		Evidence: rules.Evidence{Where: in.Evidence.Where, How: in.Evidence.How},
	}
	for _, m := range in.Members {
		whole.Members = append(whole.Members, alerting.Membership{
			Key: rules.Key{Rule: rules.Rule(m.Rule), Scope: rules.Scope(m.Scope)}, Fault: string(m.Fault), Since: m.Since, Left: m.Left,
		})
	}
	return plain(whole.Because(nil))
}

// printMembers writes the conditions, those that are met first, then the
// oldest; at most so many.
func (in incident) printMembers(out io.Writer, most int) {
	if len(in.Members) == 0 {
		return
	}
	members := slices.Clone(in.Members)
	slices.SortStableFunc(members, func(a, b member) int {
		if order := yesFirst(a.Left.IsZero(), b.Left.IsZero()); order != 0 {
			return order
		}
		return a.Since.Compare(b.Since)
	})
	said := plural(len(members), "member")
	if cleared := len(members) - in.open(); cleared > 0 {
		said += fmt.Sprintf(", %d cleared", cleared)
	}
	fmt.Fprintf(out, "\n%s\n", said)
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	for _, m := range members[:min(len(members), most)] {
		state := "since " + clock(m.Since, in.StartedAt)
		if !m.Left.IsZero() {
			state = "cleared " + clock(m.Left, in.StartedAt)
		}
		fmt.Fprintf(w, "  %s\t%s\t%s\t%s\t%s\n", m.Scope, m.Rule, dash(string(m.Fault)), state, m.Text)
	}
	_ = w.Flush() // into memory
	if hidden := len(members) - most; hidden > 0 {
		fmt.Fprintf(out, "  and %d more: hookvigil incident show %s\n", hidden, in.Number)
	}
}

// printTimeline writes what happened, in order; a date stands where the day
// changes.
func (in incident) printTimeline(out io.Writer) {
	if len(in.Timeline) == 0 {
		return
	}
	fmt.Fprint(out, "\ntimeline (UTC)\n")
	printEntries(out, in.Timeline)
}

func printEntries(out io.Writer, entries []entry) {
	wide := 0
	for _, e := range entries {
		wide = max(wide, len(e.word()))
	}
	var before time.Time
	for _, e := range entries {
		if !sameDay(e.At, before) {
			fmt.Fprintf(out, "  %s\n", e.At.UTC().Format(time.DateOnly))
		}
		before = e.At
		fmt.Fprintln(out, strings.TrimRight(fmt.Sprintf("  %s  %-*s  %s", e.At.UTC().Format(time.TimeOnly), wide, e.word(), e.told()), " "))
	}
}

// word is what the entry is about: "severity raised".
func (e entry) word() string { return strings.ReplaceAll(string(e.Kind), "_", " ") }

// told is what happened, with who did it in front; the word that stands
// before it is not said again.
func (e entry) told() string {
	said := strings.TrimPrefix(string(e.Text)+": ", e.word()+": ")
	said = strings.TrimPrefix(strings.TrimSuffix(said, ": "), e.word()+" ")
	switch {
	case e.Actor == "":
		return said
	case said == "":
		return "by " + string(e.Actor)
	default:
		return string(e.Actor) + ": " + said
	}
}
