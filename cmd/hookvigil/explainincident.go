package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hookvigil/hookvigil/alerting"
)

// maxExplained bounds the members that explain lists.
const maxExplained = 10

// explainIncident says why an incident is open, who was told, and what would
// clear it.
func explainIncident(cmd *cobra.Command, d daemonAt, id string, asJSON bool) error {
	in, a, err := d.incident(cmd.Context(), id)
	if refusedWith(err, http.StatusNotFound) {
		return usage("there is neither an endpoint nor an incident %s", shownArg(id))
	}
	if err != nil {
		return err
	}
	if asJSON {
		err = explainIncidentJSON(cmd, d, in, a)
	} else {
		err = in.explain(cmd, d, a.at)
	}
	if err == nil && in.State.Live() {
		return finding()
	}
	return err
}

// explainIncidentJSON prints both answers of the API as one object.
func explainIncidentJSON(cmd *cobra.Command, d daemonAt, in incident, a answer) error {
	found, err := listOf[json.RawMessage](cmd.Context(), d, outboxPath, url.Values{"subject": {string(in.ID)}}, maxUnsent)
	if err != nil {
		return err
	}
	return printJSON(cmd, struct {
		Incident json.RawMessage   `json:"incident"`
		Notices  []json.RawMessage `json:"notices"`
	}{a.raw, filled(found.items)})
}

func (in incident) explain(cmd *cobra.Command, d daemonAt, now time.Time) error {
	told, err := listOf[notice](cmd.Context(), d, outboxPath, url.Values{"subject": {string(in.ID)}}, maxUnsent)
	if err != nil {
		return err
	}
	var b strings.Builder
	in.printTop(&b, now)
	in.printMembers(&b, maxExplained)
	in.printTold(&b, told.items, now)
	if in.State == alerting.StateOpen {
		fmt.Fprintf(&b, "\nNobody has it in hand: hookvigil incident ack %s\n", in.Number)
	}
	_, err = io.WriteString(cmd.OutOrStdout(), b.String())
	return err
}

// lane is what one lane was told of an incident.
type lane struct {
	name  string
	sent  int
	first time.Time // zero: it was not told
	last  time.Time
	stuck []notice // the newest first
}

// lanesOf sorts notices by lane: what was not told comes first, then what is
// behind.
func lanesOf(notices []notice) []lane {
	byName := map[text]*lane{}
	for _, n := range notices {
		l := byName[n.Lane]
		if l == nil {
			l = &lane{name: string(n.Lane)}
			byName[n.Lane] = l
		}
		switch {
		case n.State == stateSent:
			l.add(n.Finished)
		case slices.Contains(unsent(), n.State), n.State == "withheld":
			l.stuck = append(l.stuck, n)
		}
	}
	list := make([]lane, 0, len(byName))
	for _, l := range byName {
		worstNotices(l.stuck)
		list = append(list, *l)
	}
	slices.SortFunc(list, func(a, b lane) int {
		return cmp.Or(yesFirst(a.first.IsZero(), b.first.IsZero()), yesFirst(len(a.stuck) > 0, len(b.stuck) > 0), cmp.Compare(a.name, b.name))
	})
	return list
}

func (l *lane) add(at time.Time) {
	l.sent++
	if l.first.IsZero() || at.Before(l.first) {
		l.first = at
	}
	if at.After(l.last) {
		l.last = at
	}
}

// printTold writes who was told and when, and what is stuck.
func (in incident) printTold(out io.Writer, notices []notice, now time.Time) {
	lanes := lanesOf(notices)
	if len(lanes) == 0 {
		fmt.Fprintf(out, "\nnobody was told: there is no notice about it; does a route take severity %s?\n", in.Severity)
		return
	}
	fmt.Fprint(out, "\nwho was told\n")
	wide := 0
	for _, l := range lanes {
		wide = max(wide, len([]rune(l.name)))
	}
	for _, l := range lanes {
		name := l.name
		for _, said := range l.told(in, notices, now) {
			fmt.Fprintf(out, "  %-*s  %s\n", wide, name, said)
			name = ""
		}
	}
}

// told says when the lane heard of it, and what is stuck in it.
func (l lane) told(in incident, all []notice, now time.Time) []string {
	var said []string
	if !l.first.IsZero() {
		said = append(said, l.heard(in))
	}
	switch {
	case len(l.stuck) > 0 && l.first.IsZero():
		said = append(said, "NOT TOLD: "+l.behind(now))
	case len(l.stuck) > 0:
		said = append(said, "not all: "+l.behind(now))
	case l.first.IsZero():
		said = append(said, "not told: what it was to hear was replaced or dropped")
	}
	if len(l.stuck) > 0 && l.stuck[0].State == string(alerting.ResultDead) {
		said = append(said, "once that is mended: hookvigil outbox retry "+l.stuck[0].short(all))
	}
	return said
}

// heard is when the lane was told.
func (l lane) heard(in incident) string {
	said := clock(l.first, in.StartedAt)
	if !l.first.Before(in.OpenedAt) {
		said += ", " + lasting(alerting.Between(in.OpenedAt, l.first)) + " after it opened"
	}
	if l.sent > 1 {
		said += fmt.Sprintf("; %d notices, the last at %s", l.sent, clock(l.last, in.StartedAt))
	}
	return said
}

// behind says what is stuck: the worst notice stands for the others.
func (l lane) behind(now time.Time) string {
	worst := l.stuck[0]
	said := fmt.Sprintf("%s %s after %s", plural(len(l.stuck), "notice"), worst.State, tries(worst.Attempts))
	if fate := worst.fate(now); fate != "" {
		said += ", " + fate
	}
	return said
}

func tries(n int) string {
	if n == 1 {
		return "1 try"
	}
	return fmt.Sprintf("%d tries", n)
}
