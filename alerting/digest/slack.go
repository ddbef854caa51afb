package digest

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/hookvigil/hookvigil/alerting"
)

// Bounds of a Slack message, in characters
// (docs.slack.dev/reference/block-kit/blocks). Ours has at most 14 of the 50
// blocks.
const (
	slackHeader  = 150
	slackSection = 3000
	slackText    = 3500
	slackEntries = 10
)

// block is one of Slack's, as far as a digest needs it.
type block struct {
	Type     string      `json:"type"`
	Text     *slackWords `json:"text,omitempty"`
	Elements []any       `json:"elements,omitempty"`
}

// slackWords is plain text: Slack looks for no mention, link or markup in it.
type slackWords struct {
	Type  string `json:"type"`
	Text  string `json:"text"`
	Emoji bool   `json:"emoji"`
}

// Slack words f, which [Judge] has judged, as blocks, and as a text for
// notifications and for where blocks are refused. The text is not escaped:
// whoever sends it does that, see [SlackEscaped]. It is pure and safe for concurrent use.
func Slack(f Facts) (text string, blocks json.RawMessage, err error) {
	p := newPage(f, slackEntries)
	sections := p.sections()
	list := []block{{Type: "header", Text: plain(alerting.Cut(fmt.Sprintf("%s %s: %s", light(p.Class), p.Word, p.Headline), slackHeader))}}
	for _, s := range sections {
		list = append(list, block{Type: "section", Text: plain(s)})
	}
	list = append(list, p.slackFooter())
	blocks, err = json.Marshal(list)
	text = strings.Join(append([]string{p.Subject}, sections...), "\n\n") + "\n\n" + strings.Join(p.Footer, "\n") + "\n"
	if p.Link != "" {
		text += p.Open + ": " + p.Link + "\n"
	}
	return alerting.Cut(text, slackText), blocks, err
}

// SlackEscaped words f as [Slack] does, and escapes the text for where it is
// shown as it goes to Slack: no name in it is a mention or a link there. Who
// sends escapes itself, and takes Slack.
func SlackEscaped(f Facts) (text string, blocks json.RawMessage, err error) {
	text, blocks, err = Slack(f)
	return escaped(text), blocks, err
}

// escaped writes the three characters that Slack gives a meaning
// (docs.slack.dev/messaging/formatting-message-text).
func escaped(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

// sections are the parts of the message, each with its title, and a line for
// each thing that is well or a row of a table.
func (p page) sections() []string {
	list := []string{gather(p.Title+", "+p.Lines[0], p.Lines[1:])}
	add := func(title string, parts []string) {
		if len(parts) > 0 {
			list = append(list, gather(title, parts))
		}
	}
	var steps, entries []string
	for i, s := range p.Steps {
		steps = append(steps, fmt.Sprintf("%d. %s: %s", i+1, s.Name, s.Text))
	}
	for _, e := range p.Entries {
		entries = append(entries, "- "+strings.Join(e.Short, "\n  "))
	}
	if p.EntriesMore != "" {
		entries = append(entries, p.EntriesMore)
	}
	add(p.StepsTitle, steps)
	add(p.EntriesTitle, entries)
	for _, t := range p.Tables {
		add(t.Title, []string{strings.TrimSuffix(t.text(), "\n")})
	}
	return list
}

// gather puts parts under a title, as many as a section holds.
func gather(title string, parts []string) string {
	room := slackSection - utf8.RuneCountInString(title) - 8
	kept := []string{title}
	for _, part := range parts {
		n := utf8.RuneCountInString(part) + 1
		if n > room {
			kept = append(kept, alerting.Cut(part, max(room, 1)))
			break
		}
		kept, room = append(kept, part), room-n
	}
	return strings.Join(kept, "\n")
}

func (p page) slackFooter() block {
	b := block{Type: "context", Elements: []any{plain(alerting.Cut(strings.Join(p.Footer, " "), slackSection))}}
	if p.Link != "" { // a link of the configuration, without what could break out of it
		b.Elements = append(b.Elements, map[string]any{"type": "mrkdwn", "text": "<" + escaped(p.Link) + "|" + p.Open + ">", "verbatim": true})
	}
	return b
}

func plain(s string) *slackWords { return &slackWords{Type: "plain_text", Text: s} }

func light(v Verdict) string {
	switch v {
	case OK:
		return "🟢"
	case Act:
		return "🔴"
	default:
		return "🟠"
	}
}
