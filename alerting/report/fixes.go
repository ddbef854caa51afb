package report

import (
	"cmp"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/hookvigil/hookvigil/alerting"
)

// fix is something after which less failed.
type fix struct {
	at   time.Time
	by   string // empty: the figures said so
	text string // what it brought, as the timeline has it
}

// fixes returns those since the incident opened for the last time, in order.
// What the figures and a person say of one fix is one: the next begins when it
// was worse in between.
func (w *writer) fixes() []fix {
	var list []fix
	holds := false
	for _, e := range w.Entries {
		switch e.Kind {
		case alerting.EntryReopened:
			list, holds = nil, false
		case alerting.EntryWorse:
			holds = false
		case alerting.EntryMitigated:
			if !holds {
				list, holds = append(list, fix{at: e.At}), true
			}
			list[len(list)-1].says(e)
		default: // says nothing of a fix
		}
	}
	if len(list) == 0 && !w.Incident.MitigatedAt.IsZero() {
		list = append(list, fix{at: w.Incident.MitigatedAt, by: w.Incident.MitigatedBy})
	}
	return list
}

// says adds what one entry says of a fix: what was done stands before what it
// brought.
func (f *fix) says(e alerting.Entry) {
	text := strings.TrimSuffix(strings.TrimPrefix(e.Text+": ", word(e)+": "), ": ")
	if e.Actor == "" {
		f.text = join("; ", f.text, strings.Replace(text, " fails now, ", " failed then, ", 1))
		return
	}
	f.by, f.text = cmp.Or(f.by, e.Actor), join("; ", text, f.text)
}

// nth names a fix: "first fix".
func nth(i int) string {
	names := []string{"first fix", "second fix", "third fix"}
	if i < len(names) {
		return names[i]
	}
	return fmt.Sprintf("fix %d", i+1)
}

// join puts sep between what is not empty.
func join(sep string, parts ...string) string {
	var kept []string
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, sep)
}

// capital begins with a capital letter.
func capital(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return s
	}
	return string(unicode.ToUpper(first)) + s[size:]
}
