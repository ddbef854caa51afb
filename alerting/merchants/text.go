package merchants

import (
	"fmt"
	"strings"
)

// text is the mail for a terminal, or to be read aloud: no tables, no drawing.
func (p page) text() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("%s", p.Hello)
	for _, s := range p.Opening {
		line("\n%s", s)
	}
	for _, s := range p.Sections {
		line("\n%s", strings.ToUpper(s.Heading))
		for i, it := range s.Items {
			mark := "-"
			if s.Numbered {
				mark = fmt.Sprintf("%d.", i+1)
			}
			line("%s %s", mark, it.line())
		}
	}
	if p.Closing != "" {
		line("\n%s", p.Closing)
	}
	line("\n-- ")
	for _, f := range p.Footer {
		line("%s", f)
	}
	return b.String()
}

func (i item) line() string {
	if i.Name == "" {
		return i.Text
	}
	return i.Name + ": " + i.Text
}
