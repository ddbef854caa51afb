package email

import (
	"cmp"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
	"github.com/hookvigil/hookvigil/rules"
)

// maxMembers bounds the members that a mail lists; alerting.Facts has no more.
const maxMembers = 20

// letter is what a mail says, in one order for the text and its HTML twin. All
// of it is clean; none of it is escaped.
type letter struct {
	Subject string
	Word    string // severity and state
	Title   string
	Late    string // empty: it is not
	Rows    []row
	Members []member
	Heading string // above the members
	More    string // members that are not listed; empty: none
	Link    string // http or https; empty: none
	Runbook string // likewise
	Footer  string
}

type row struct{ Name, Value string }

type member struct{ Word, Name, Fault, Text, Since string }

func newLetter(n alerting.Notice, f alerting.Facts, now time.Time) letter {
	l := letter{
		Word: word(n, f), Title: title(n, f),
		Link: link(f.URL), Runbook: link(f.Runbook),
	}
	l.Subject = "[" + l.Word + "] " + l.Title
	if f.Number != "" {
		l.Subject += " (#" + clean(f.Number, longName) + ")"
	}
	if n.Late {
		l.Late = fmt.Sprintf("This mail is late: it was decided on %s and sent on %s.", utc(n.Created), utc(now))
	}
	l.Rows = rows(f)
	l.list(f)
	l.Footer = "Sent by hookvigil. All times are UTC."
	if f.Incident != "" {
		l.Footer += fmt.Sprintf(" Incident %s, version %d.", clean(f.Incident, longName), n.Version)
	}
	return l
}

func title(n alerting.Notice, f alerting.Facts) string {
	untitled := "Notice without a title"
	if n.Kind == alerting.KindTest {
		untitled = "Test of this receiver"
	}
	return cmp.Or(clean(f.Title, longName), untitled)
}

// word is what a filter and a tired reader look for first.
func word(n alerting.Notice, f alerting.Facts) string {
	parts := []string{severity(n, f), clean(string(f.State), longName)}
	switch n.Kind {
	case alerting.KindTest:
		parts = []string{"test"}
	case alerting.KindDead:
		parts = []string{severity(n, f), "not delivered"}
	default:
	}
	return strings.TrimSpace(strings.Join(parts, " "))
}

func severity(n alerting.Notice, f alerting.Facts) string {
	return clean(string(cmp.Or(f.Severity, n.Severity)), longName)
}

// rows are the facts in the order in which they are asked for.
func rows(f alerting.Facts) []row {
	e := f.Evidence
	var list []row
	add := func(name, value string) {
		if value = clean(value, longText); value != "" {
			list = append(list, row{name, value})
		}
	}
	add("What happened", f.Happened)
	add("When", utc(f.At))
	add("Since", utc(f.StartedAt))
	add("Opened", utc(f.OpenedAt))
	add("Acknowledged", signed(f.AcknowledgedAt, f.AcknowledgedBy))
	if !f.ResolvedAt.IsZero() {
		add("Resolved", signed(f.ResolvedAt, cmp.Or(f.ResolvedBy, "the rules")))
		add("Lasted", lasted(f))
	}
	add("Evidence", e.Text)
	add("Counts", counts(e))
	if !f.State.Live() { // what would clear it is done
		e.Clears = ""
	}
	add("What clears it", e.Clears)
	add("Rule", string(f.Rule))
	add("Where", string(f.Scope))
	add("Merchant", f.Merchant)
	return list
}

func signed(at time.Time, by string) string {
	if by == "" || at.IsZero() {
		return utc(at)
	}
	return utc(at) + " by " + by
}

func lasted(f alerting.Facts) string {
	start := f.StartedAt
	if start.IsZero() {
		start = f.OpenedAt
	}
	if start.IsZero() || f.ResolvedAt.Before(start) {
		return ""
	}
	return f.ResolvedAt.Sub(start).Round(time.Second).String()
}

// counts puts the numbers before the ratio that they make. What they count is
// said by the text of the evidence: failures, duplicates, events that wait.
func counts(e rules.Evidence) string {
	if e.Denominator <= 0 {
		return ""
	}
	s := fmt.Sprintf("%d of %d (%s)", e.Numerator, e.Denominator, (rules.Ratio(float64(e.Numerator) / float64(e.Denominator))).Short())
	if e.Threshold > 0 {
		s += ", threshold " + e.Threshold.Short()
	}
	if e.Baseline > 0 {
		s += ", ordinary " + e.Baseline.Short()
	}
	if !e.From.IsZero() && !e.To.IsZero() {
		s += ", from " + utc(e.From) + " to " + utc(e.To)
	}
	return s
}

// list takes the members over, in the order of the facts: worst first.
func (l *letter) list(f alerting.Facts) {
	shown := f.Members[:min(len(f.Members), maxMembers)]
	if len(shown) == 0 {
		return
	}
	total := max(f.MemberCount, len(f.Members))
	l.Heading = fmt.Sprintf("Affected: %d, worst first", total)
	for _, m := range shown {
		state := "cleared"
		if m.Open {
			state = "open"
		}
		l.Members = append(l.Members, member{
			Word: state, Name: clean(string(m.Scope), longName), Fault: clean(cmp.Or(m.Fault, string(m.Rule)), longName),
			Text: clean(m.Text, longText), Since: utc(m.Since),
		})
	}
	if total > len(shown) {
		l.More = fmt.Sprintf("and %d more", total-len(shown))
	}
}

// link returns an address that a browser opens, else nothing.
func link(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	return u.String()
}

// utc writes a time that means the same to everybody; the zero time is empty.
func utc(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}
