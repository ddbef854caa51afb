package email

import (
	"cmp"
	"fmt"
	"strings"
)

// text is the mail for those who read it in a terminal, on a pager or aloud.
func (l letter) text() string {
	var b strings.Builder
	line := func(parts ...string) { b.WriteString(strings.Join(parts, "") + "\n") }
	line(strings.ToUpper(l.Word), ": ", l.Title)
	for _, sentence := range l.Lead {
		line(sentence)
	}
	if l.Command != "" {
		line("\nTake it:  ", l.Command)
	}
	if l.Link != "" {
		line(l.gap(), "Incident: ", l.Link)
	}
	for _, p := range l.Parts {
		line("\n", strings.ToUpper(p.Heading))
		for _, r := range p.Rows {
			line(fmt.Sprintf("%-15s %s", r.Name+":", r.Value))
		}
	}
	if l.Heading != "" {
		line("\n", strings.ToUpper(l.Heading))
	}
	for _, m := range l.Members {
		line(fmt.Sprintf("- %-7s %s  %s, since %s", m.Word, m.Name, m.Fault, cmp.Or(m.Since, "?")))
		if m.Text != "" {
			line("  ", m.Text)
		}
	}
	if l.More != "" {
		line("- ", l.More)
	}
	if l.Runbook != "" {
		line("\nRunbook: ", l.Runbook)
	}
	line("\n-- \n", l.Footer)
	return b.String()
}

// gap keeps the links together.
func (l letter) gap() string {
	if l.Command != "" {
		return ""
	}
	return "\n"
}
