// Package plain words an incident in lines of plain English, for receivers
// that show text as it is. What a line is for, and where it stands, is the
// receiver's own. All of it is pure.
package plain

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// Read returns the facts of a notice with what must not be empty filled in.
// Facts that cannot be read are said to be so: it is an alert all the same.
func Read(n alerting.Notice) alerting.Facts {
	var f alerting.Facts
	if err := json.Unmarshal(n.Facts, &f); err != nil {
		f = alerting.Facts{Title: "a notice about " + n.Subject + " whose facts cannot be read"}
	}
	f.Severity = cmp.Or(f.Severity, n.Severity)
	if f.Title == "" && n.Kind == alerting.KindTest {
		f.Title = "Test of a receiver"
	}
	f.Title = cmp.Or(f.Title, "notice from hookvigil")
	return f
}

// Voice is what a receiver asks of the strings of strangers. It is read-only
// once in use, and safe for concurrent use.
type Voice struct {
	Clean   func(s string, most int) string // makes a stranger's text fit to stand there, in most characters
	Name    int                             // characters of a name or an ID
	Line    int                             // characters of a line of a list
	Members int                             // of an incident that are listed
}

// Merchant is whose it is, by ID and name; empty: nobody's.
func (v Voice) Merchant(f alerting.Facts) string {
	id, name := v.Clean(f.Merchant, v.Name), v.Clean(f.About.MerchantName, v.Name)
	if id == "" || name == "" || name == id {
		return cmp.Or(id, name)
	}
	return id + " (" + name + ")"
}

// By says when something was done, and by whom; empty: it was not.
func (v Voice) By(t time.Time, who string) string {
	if t.IsZero() || who == "" {
		return UTC(t)
	}
	return UTC(t) + " by " + v.Clean(who, v.Name)
}

// Affected is how far it reaches, or, when it is over, how far it did.
func (v Voice) Affected(f alerting.Facts, over bool) string {
	var of, now, worst string
	if f.About.Endpoints > 0 {
		of = count(f.About.Endpoints, "endpoint")
	}
	if service := v.Clean(f.About.Service, v.Name); service != "" {
		of = "our own service " + service
	}
	if f.About.Merchants > 0 {
		of = strings.TrimPrefix(of+" of "+count(f.About.Merchants, "merchant"), " of ")
	}
	if f.Share > 0 && !over {
		now = rules.Ratio(f.Share).String() + " fails now"
	}
	if f.PeakShare > f.Share || over && f.PeakShare > 0 {
		worst = rules.Ratio(f.PeakShare).String() + " at worst"
	}
	return Join(of, now, worst)
}

// Listed are the conditions of an incident that has several, open ones first,
// a line each.
func (v Voice) Listed(f alerting.Facts) []string {
	if f.MemberCount < 2 || f.State == "" {
		return nil
	}
	var lines []string
	for _, m := range f.Members[:min(len(f.Members), v.Members)] {
		lines = append(lines, v.member(m))
	}
	if more := f.MemberCount - len(lines); more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", more))
	}
	return lines
}

func (v Voice) member(m alerting.Member) string {
	mark := "cleared"
	if m.Open {
		mark = "open"
	}
	_, id := m.Scope.Split()
	line := mark + ": " + v.Clean(cmp.Or(id, string(m.Scope)), v.Name)
	if m.Fault != "" && !strings.HasPrefix(m.Text, m.Fault) { // else the text says it
		line += ", " + v.Clean(m.Fault, v.Name)
	}
	line += Since(m.Since)
	if m.Text != "" {
		line += ": " + v.Clean(m.Text, v.Line)
	}
	return alerting.Cut(line, v.Line)
}

// Held lists what the summary of a storm stands for, the worst first.
func (v Voice) Held(f alerting.Facts) []string {
	var lines []string
	for _, h := range f.Held {
		lines = append(lines, h.Words(v.Clean, v.Name, v.Line).Line())
	}
	if rest := f.HeldRest(); rest != "" {
		lines = append(lines, "and "+rest)
	}
	return lines
}

// Loss is what will be lost when nobody does anything; empty: nothing is known
// to.
func Loss(a alerting.About) string {
	var waiting, risk, lost string
	if a.Waiting > 0 {
		waiting = count(a.Waiting, "failed event") + " waiting for a retry"
	}
	if a.AtRisk > 0 {
		risk = fmt.Sprintf("%d with the last automatic try within 6 h", a.AtRisk)
	}
	if !a.NextLoss.IsZero() {
		risk = Join(risk, "the first at "+UTC(a.NextLoss))
	}
	if a.Lost > 0 {
		lost = fmt.Sprintf("%d had the last automatic try and were not delivered", a.Lost)
	}
	return Join(waiting, risk, lost)
}

// UTC writes a moment for a person; empty for none.
func UTC(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}

// Since goes on with a sentence: ", since 2006-01-02 15:04:05 UTC"; empty for
// no moment.
func Since(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return ", since " + UTC(t)
}

// Join puts what is not empty into one line.
func Join(parts ...string) string { return strings.Join(Filled(parts), "; ") }

// Filled leaves out what is empty.
func Filled(parts []string) []string {
	var kept []string
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return kept
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
