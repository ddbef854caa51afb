package config

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Fault is one thing that is wrong with a configuration, or with one line of
// an import. It holds no secret: values of keys that name one are hidden in
// the excerpt, and no message quotes them.
type Fault struct {
	Path    string `json:"path"` // "merchants[0].endpoints[3].probe.timeout"; empty: the file as a whole
	File    string `json:"file"` // as given to Load, or relative to that
	Line    int    `json:"line"` // from 1; 0: the file as a whole
	Column  int    `json:"column"`
	Message string `json:"message"`
	Hint    string `json:"hint"`              // what to do about it; may be empty
	Excerpt string `json:"-"`                 // the line with a caret below; may be empty
	Warning bool   `json:"warning,omitempty"` // stops nothing

	shown string // Path as people read it, with the record's ID; empty: Path
}

// String says where, what and wanted in one line; the hint is left to [Print].
func (f Fault) String() string {
	var b strings.Builder
	b.WriteString(f.File)
	if f.Line > 0 {
		fmt.Fprintf(&b, ":%d", f.Line)
	}
	if f.Column > 0 {
		fmt.Fprintf(&b, ":%d", f.Column)
	}
	if b.Len() > 0 {
		b.WriteString(": ")
	}
	if f.Warning {
		b.WriteString("warning: ")
	}
	if path := f.path(); path != "" {
		b.WriteString(path + ": ")
	}
	b.WriteString(f.Message)
	return b.String()
}

func (f Fault) path() string {
	if f.shown != "" {
		return f.shown
	}
	return f.Path
}

// Failed reports whether any fault is no warning: the Config that came with
// them must not be used.
func Failed(faults []Fault) bool {
	return slices.ContainsFunc(faults, func(f Fault) bool { return !f.Warning })
}

// maxPrinted is how many faults of one file are printed in full.
const maxPrinted = 100

// Print writes faults as people read them: each with its excerpt and hint, by
// file and line, at most 100 of one file, and a count at the end. It writes
// nothing when there is none, and does not say whether w took it.
func Print(w io.Writer, faults []Fault) {
	if len(faults) == 0 {
		return
	}
	faults = sorted(faults)
	var b strings.Builder
	for i := 0; i < len(faults); {
		end := i
		for end < len(faults) && faults[end].File == faults[i].File {
			end++
		}
		for _, f := range faults[i:min(end, i+maxPrinted)] {
			f.print(&b)
		}
		if more := end - i - maxPrinted; more > 0 {
			fmt.Fprintf(&b, "%s: and %s like these\n\n", faults[i].File, count(more, "more fault"))
		}
		i = end
	}
	b.WriteString(counts(faults) + "\n")
	_, _ = io.WriteString(w, b.String()) // to a terminal: nobody is left to tell
}

func (f Fault) print(b *strings.Builder) {
	b.WriteString(f.String() + "\n")
	if f.Excerpt != "" {
		b.WriteString(f.Excerpt + "\n")
	}
	if f.Hint != "" {
		b.WriteString("  hint: " + f.Hint + "\n")
	}
	b.WriteString("\n")
}

func counts(faults []Fault) string {
	warnings := 0
	for _, f := range faults {
		if f.Warning {
			warnings++
		}
	}
	switch errors := len(faults) - warnings; {
	case warnings == 0:
		return count(errors, "error")
	case errors == 0:
		return count(warnings, "warning")
	default:
		return count(errors, "error") + ", " + count(warnings, "warning")
	}
}

func count(n int, word string) string {
	if n != 1 {
		word += "s"
	}
	return fmt.Sprintf("%d %s", n, word)
}

// sorted returns the faults by file, line and column; of one place in the
// order they were found.
func sorted(faults []Fault) []Fault {
	out := slices.Clone(faults)
	slices.SortStableFunc(out, func(a, b Fault) int {
		if c := strings.Compare(a.File, b.File); c != 0 {
			return c
		}
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	return out
}
