package digest

import (
	"fmt"
	"strings"
)

// text is the digest for a terminal, a pager, or to be read aloud: no tables,
// no drawing.
func (p page) text() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("%s: %s", p.Word, p.Headline)
	line("%s", p.Title)
	for _, l := range p.Lines {
		line("%s", l)
	}
	if len(p.Steps) > 0 {
		line("\n%s", heading(p.StepsTitle))
	}
	for i, s := range p.Steps {
		line("%d. %s: %s", i+1, s.Name, s.Text)
	}
	if len(p.Entries) > 0 {
		line("\n%s", heading(p.EntriesTitle))
	}
	for i, e := range p.Entries {
		if i > 0 {
			line("")
		}
		b.WriteString(e.text())
	}
	if p.EntriesMore != "" {
		line("\n%s", p.EntriesMore)
	}
	for _, t := range p.Tables {
		line("\n%s", heading(t.Title))
		b.WriteString(t.text())
	}
	line("\n-- ")
	for _, l := range p.Footer {
		line("%s", l)
	}
	if p.Link != "" {
		line("%s: %s", p.Open, p.Link)
	}
	if p.Leave != "" {
		line("%s: %s", p.Leaves, p.Leave)
	}
	return b.String()
}

func heading(s string) string { return strings.ToUpper(s) }

func (e entry) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", e.Name, strings.ToUpper(e.Word))
	if e.URL != "" {
		fmt.Fprintf(&b, "  %s\n", e.URL)
	}
	for _, line := range rowLines(e.Rows) {
		fmt.Fprintf(&b, "  %s\n", line)
	}
	return b.String()
}

// rowLines are rows as they are read.
func rowLines(rows []row) []string {
	var list []string
	for _, r := range rows {
		line := r.Value
		if r.Label != "" {
			line = r.Label + ": " + r.Value
		}
		list = append(list, line)
	}
	return list
}

func (t table) text() string {
	var b strings.Builder
	if t.Note != "" {
		fmt.Fprintf(&b, "%s\n", t.Note)
	}
	for _, line := range t.Lines {
		fmt.Fprintf(&b, "- %s\n", line)
	}
	if t.More != "" {
		fmt.Fprintf(&b, "- %s\n", t.More)
	}
	return b.String()
}
