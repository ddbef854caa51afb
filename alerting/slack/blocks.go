package slack

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	slackgo "github.com/slack-go/slack"

	"github.com/hookvigil/hookvigil/alerting"
)

// Bounds in characters (docs.slack.dev/reference/block-kit/blocks). A message
// of ours has at most ten blocks of the 50 that Slack takes, and a section of
// at most ten fields.
const (
	maxHeader  = 150  // Slack's
	maxSection = 3000 // Slack's
	maxPlain   = 3500 // escaped five times as long: below Slack's 40,000
	maxLine    = 1400 // two of them fit into a section
	maxMember  = 200  // one line of the members
	maxValue   = 300  // a field; Slack takes 2000
	maxWhy     = 700  // a cause, an advice: three of them fit into a section
)

// figure is one fact with its name.
type figure struct{ label, value string }

// figures are the facts of an incident; none for any other notice.
func (w words) figures() []figure {
	if w.f.State == "" {
		return nil
	}
	list := []figure{
		{"Severity", string(w.f.Severity)},
		{"State", string(w.f.State)},
		{"Started", moment(w.f.StartedAt)},
		{"Open since", moment(w.f.OpenedAt)},
		{"Conditions", w.many()},
		{"Merchant", w.f.Merchant},
		{"Acknowledged", by(w.f.AcknowledgedAt, w.f.AcknowledgedBy) + w.ackUntil()},
		{"First fix", moment(w.f.MitigatedAt)},
		{"Recovering", moment(w.f.RecoveringAt)},
		{"Resolved", by(w.f.ResolvedAt, w.f.ResolvedBy)},
	}
	var kept []figure
	for _, f := range list {
		if f.value = alerting.Line(f.value, maxValue); f.value != "" {
			kept = append(kept, f)
		}
	}
	return kept
}

// many counts the conditions, where there is more than the one of the title.
func (w words) many() string {
	if w.f.MemberCount < 2 {
		return ""
	}
	return grouped(w.f.MemberCount)
}

func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return utc(t)
}

func by(t time.Time, who string) string {
	if t.IsZero() || who == "" {
		return moment(t)
	}
	return moment(t) + " by " + who
}

func (w words) fields() []*slackgo.TextBlockObject {
	var list []*slackgo.TextBlockObject
	for _, f := range w.figures() {
		list = append(list, plainText(f.label+"\n"+f.value))
	}
	return list
}

// members lists the conditions of a common cause, the open ones first.
func (w words) members() string {
	if w.f.MemberCount < 2 || w.f.State == "" {
		return ""
	}
	var lines []string
	room := maxSection - maxMember // for the last line
	for _, m := range w.f.Members {
		line := memberLine(m)
		if room -= utf8.RuneCountInString(line) + 1; room < 0 {
			break
		}
		lines = append(lines, line)
	}
	if more := w.f.MemberCount - len(lines); more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(lines, "\n")
}

func memberLine(m alerting.Member) string {
	mark := "○ cleared"
	if m.Open {
		mark = "● open"
	}
	_, id := m.Scope.Split()
	if id == "" {
		id = string(m.Scope)
	}
	what := alerting.Line(id, 60)
	if m.Fault != "" && !strings.HasPrefix(m.Text, m.Fault) { // else the text says it
		what += ": " + alerting.Line(m.Fault, 40)
	}
	line := fmt.Sprintf("%s  %s, since %s", mark, what, utc(m.Since))
	if m.Text != "" {
		line += ": " + alerting.Line(m.Text, maxMember)
	}
	return alerting.Cut(line, maxMember)
}

// sign closes a message: whose it is, and where there is more.
func (w words) sign(blocks []slackgo.Block) []slackgo.Block {
	name := "hookvigil"
	if number := w.number(); number != "" {
		name += " " + number
	}
	elements := []slackgo.MixedElement{plainText(name)}
	if link := linkTo(w.f.URL, "Open the incident"); link != "" {
		elements = append(elements, verbatim(link))
	}
	if link := linkTo(w.f.Runbook, "Runbook"); link != "" && len(w.buttons()) == 0 {
		elements = append(elements, verbatim(link))
	}
	if c := w.command(); c != "" {
		elements = append(elements, plainText(c))
	}
	return append(blocks, slackgo.NewContextBlock("", elements...))
}

// linkTo is a link in Slack's markup; empty for what is no address, or could
// break out of it.
func linkTo(address, label string) string {
	if address = alerting.Link(address, maxSection/2); address == "" {
		return ""
	}
	return "<" + escape(address) + "|" + label + ">"
}

func header(text string) slackgo.Block { return slackgo.NewHeaderBlock(plainText(text)) }

// appendText adds a section for each text that is not empty. Plain text knows
// no links, mentions or markup.
func appendText(blocks []slackgo.Block, texts ...string) []slackgo.Block {
	for _, t := range texts {
		if t != "" {
			blocks = append(blocks, slackgo.NewSectionBlock(plainText(alerting.Cut(t, maxSection)), nil, nil))
		}
	}
	return blocks
}

func plainText(s string) *slackgo.TextBlockObject {
	return slackgo.NewTextBlockObject(slackgo.PlainTextType, s, false, false)
}

func verbatim(s string) *slackgo.TextBlockObject {
	return slackgo.NewTextBlockObject(slackgo.MarkdownType, s, false, true)
}
