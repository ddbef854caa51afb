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
	return b.String()
}

func heading(s string) string { return strings.ToUpper(s) }

func (e entry) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", e.Name, strings.ToUpper(e.Word))
	if e.URL != "" {
		fmt.Fprintf(&b, "  %s\n", e.URL)
	}
	for _, r := range e.Rows {
		fmt.Fprintf(&b, "  %s: %s\n", r.Label, r.Value)
	}
	if len(e.Strip) > 0 {
		var steps []string
		for _, c := range e.Strip {
			switch {
			case c.Text != "":
				steps = append(steps, c.Text)
			case c.Class == cellNone:
				steps = append(steps, "?")
			default:
				steps = append(steps, "0")
			}
		}
		fmt.Fprintf(&b, "  %s: %s\n", e.StripTitle, strings.Join(steps, ", "))
	}
	return b.String()
}

func (t table) text() string {
	var b strings.Builder
	for _, r := range t.Rows {
		fmt.Fprintf(&b, "- %s\n", r[0])
		for i, v := range r[1:] {
			if v != "" {
				fmt.Fprintf(&b, "  %s: %s\n", t.Head[i+1], v)
			}
		}
	}
	if t.More != "" {
		fmt.Fprintf(&b, "- %s\n", t.More)
	}
	return b.String()
}
