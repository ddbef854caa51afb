package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"io"
	"strings"
	"time"
)

// document is all that was measured.
type document struct {
	settings settings
	rates    []atRate
	bases    []base
	replays  []replaysAt
	promises []promise
}

// model says what was measured and how; limits what it does not show.
var (
	//go:embed model.md
	model string
	//go:embed limits.md
	limits string
)

// write prints the document in Markdown.
func (d document) write(w io.Writer) error {
	var b bytes.Buffer
	b.WriteString(model)
	s := d.settings
	fmt.Fprintf(&b, "\nThis run: `-months %d -trials %d -seeds %d -seed %d`.\n", s.months, s.trials, s.seeds, s.seed)
	d.writePromises(&b)
	d.writeDelays(&b)
	d.writeBases(&b)
	d.writeReplays(&b)
	b.WriteString("\n" + limits)
	_, err := w.Write(b.Bytes())
	return err
}

func (d document) writePromises(b *bytes.Buffer) {
	b.WriteString("\n## Figures that hold\n\n| figure | wanted | measured | |\n|---|---|---|---|\n")
	for _, p := range d.promises {
		word := "holds"
		if !p.holds {
			word = "**missed**"
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", p.what, p.wanted, p.measured, word)
	}
}

// writeDelays prints the main table: a row for each rate and rule.
func (d document) writeDelays(b *bytes.Buffer) {
	b.WriteString("\n## Time to detect, rough baseline of 0.3 %\n\n" +
		"Median / p90 from the start of the incident to the end of the tick that alarms.\n\n| attempts/s | rule | least failures | alarms per 30 d |")
	for _, ratio := range d.settings.ratios {
		fmt.Fprintf(b, " %s |", percent(ratio))
	}
	b.WriteString("\n|---|---|---|---|" + strings.Repeat("---|", len(d.settings.ratios)) + "\n")
	for _, m := range d.rates {
		d.writeRow(b, m, 0, "**hookvigil**", "none asked", m.quiet.ours)
		for p, peer := range peers() {
			d.writeRow(b, m, 1+p, peer.name, fmt.Sprint(m.quiet.least[p]), m.quiet.peers[p])
		}
	}
}

func (d document) writeRow(b *bytes.Buffer, m atRate, rule int, name, least string, alarms int) {
	fmt.Fprintf(b, "| %v | %s | %s | %s |", m.rate, name, least, perMonth(float64(alarms)/float64(d.settings.months)))
	for i := range d.settings.ratios {
		delays := m.delays[i][rule]
		fmt.Fprintf(b, " %s / %s |", short(quantile(delays, 0.5)), short(quantile(delays, 0.9)))
	}
	b.WriteString("\n")
}

func (d document) writeBases(b *bytes.Buffer) {
	b.WriteString("\n## Alarms in 30 days while the healthy ratio is a higher one\n\n| healthy ratio |")
	for _, rate := range d.settings.rates {
		fmt.Fprintf(b, " %v/s |", rate)
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(d.settings.rates)) + "\n")
	for _, x := range d.bases {
		kind := "smooth"
		if x.rough {
			kind = "rough"
		}
		fmt.Fprintf(b, "| %s, %s |", percent(x.healthy), kind)
		for _, alarms := range x.alarms {
			fmt.Fprintf(b, " %s |", perMonth(alarms))
		}
		b.WriteString("\n")
	}
}

func (d document) writeReplays(b *bytes.Buffer) {
	b.WriteString("\n## Seed 000, attempt by attempt\n\nFrom 21:48 and from 23:10 (GMT+7) to when the daemon knows: with the grace of 60 s.\n\n" +
		"| attempts/s | replays | found after 21:48: median / p90 / last | before it | critical | opened again | resolved after 23:10: first / median / last |\n|---|---|---|---|---|---|---|\n")
	for _, r := range d.replays {
		found, cleared := r.found(), r.cleared()
		fmt.Fprintf(b, "| %v | %d | %s / %s / %s | %d | %d | %d | %s / %s / %s |\n", r.rate, len(r.all),
			exact(quantile(found, 0.5)), exact(quantile(found, 0.9)), exact(found[len(found)-1]),
			r.count(func(x replay) bool { return x.before > 0 }), r.count(func(x replay) bool { return x.critical }),
			r.count(func(x replay) bool { return x.again > 0 }),
			exact(cleared[0]), exact(quantile(cleared, 0.5)), exact(cleared[len(cleared)-1]))
	}
}

func percent(ratio float64) string { return fmt.Sprintf("%g %%", ratio*100) }

func perMonth(v float64) string {
	if v >= 10 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// short writes a delay for a table: seconds under two minutes, minutes under
// two hours, hours from there; a day is never.
func short(d time.Duration) string {
	switch {
	case d >= day:
		return "> 24h"
	case d >= 2*time.Hour:
		return fmt.Sprintf("%.1fh", d.Hours())
	case d >= 2*time.Minute:
		return fmt.Sprintf("%.1fm", d.Minutes())
	default:
		return fmt.Sprintf("%.0fs", d.Seconds())
	}
}

// exact writes a delay to the second.
func exact(d time.Duration) string {
	if d >= day {
		return "never"
	}
	return d.String()
}
