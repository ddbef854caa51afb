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
	if l.Late != "" {
		line("\n", l.Late)
	}
	line()
	for _, r := range l.Rows {
		line(fmt.Sprintf("%-15s %s", r.Name+":", r.Value))
	}
	if l.Heading != "" {
		line("\n", l.Heading)
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
	if l.Link != "" {
		line("\nIncident: ", l.Link)
	}
	if l.Runbook != "" {
		line("\nRunbook: ", l.Runbook)
	}
	line("\n-- \n", l.Footer)
	return b.String()
}
