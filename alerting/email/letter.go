package email

import (
	"cmp"
	"fmt"
	"regexp"
	"time"

	"github.com/hookvigil/hookvigil/alerting"
)

// maxMembers bounds the members that a mail lists; alerting.Facts has no more.
const maxMembers = 20

// letter is what a mail says, in one order for the text and its HTML twin. All
// of it is clean; none of it is escaped.
type letter struct {
	Subject string
	Word    string // severity and state
	Tone    tone   // the colour of it
	Title   string
	Lead    []string // sentences: how it stands, and what is odd about this mail
	Parts   []part   // those that have something to say
	Members []member
	Heading string // above the members
	More    string // members that are not listed; empty: none
	Command string // what takes the incident on; empty: nobody needs to
	Link    string // http or https; empty: none
	Runbook string // likewise
	Footer  string
}

type part struct {
	Heading string
	Rows    []row
}

type row struct{ Name, Value string }

type member struct{ Word, Name, Fault, Text, Since string }

func newLetter(n alerting.Notice, f alerting.Facts, now time.Time) letter {
	l := letter{
		Word: word(n, f), Tone: toneOf(n, f), Title: title(n, f), Lead: lead(n, f, now),
		Link: alerting.Link(f.URL, longLink), Runbook: alerting.Link(f.Runbook, longLink), Command: command(n, f),
	}
	l.Subject = "[" + l.Word + "] " + l.Title
	if f.Number != "" {
		l.Subject += " (#" + alerting.Line(f.Number, longName) + ")"
	}
	for _, p := range []part{
		{"What is known", known(f)}, {"What was held back, the worst first", held(f)}, {"Cause, and what to do", toDo(f)}, {"What it costs", costs(f)}, {"How it went", course(f)}, {"Where", where(f)},
	} {
		if len(p.Rows) > 0 {
			l.Parts = append(l.Parts, p)
		}
	}
	l.list(f)
	l.Footer = "Sent by hookvigil. All times are UTC."
	if f.Incident != "" {
		l.Footer += fmt.Sprintf(" Incident %s, version %d.", alerting.Line(f.Incident, longName), n.Version)
	}
	return l
}

func title(n alerting.Notice, f alerting.Facts) string {
	untitled := "Notice without a title"
	if n.Kind == alerting.KindTest {
		untitled = "Test of this receiver"
	}
	return cmp.Or(alerting.Line(f.Title, longName), untitled)
}

var number = regexp.MustCompile(`^[a-z0-9]{1,32}$`)

// command is how a person takes the incident on, where nobody has.
func command(n alerting.Notice, f alerting.Facts) string {
	needed := live(f) && f.State != alerting.StateRecovering && f.AcknowledgedAt.IsZero()
	if n.Kind == alerting.KindDead || !needed || !number.MatchString(f.Number) {
		return ""
	}
	return "hookvigil incident ack " + f.Number
}

// live reports whether f tells of an incident that still needs somebody.
func live(f alerting.Facts) bool { return f.State != "" && f.State.Live() }

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
			Word: state, Name: alerting.Line(string(m.Scope), longName), Fault: alerting.Line(cmp.Or(m.Fault, string(m.Rule)), longName),
			Text: alerting.Line(m.Text, longText), Since: utc(m.Since),
		})
	}
	if total > len(shown) {
		l.More = fmt.Sprintf("and %d more", total-len(shown))
	}
}

// utc writes a time that means the same to everybody; the zero time is empty.
func utc(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}
